use pushotp_provision::enrolment;
use pushotp_types::{DeviceId, EnrolmentId, Epoch, Offer, TenantId, UnixTime};

use crate::Seed;

pub(crate) fn seeds() -> Vec<Seed> {
    let offer = Offer {
        tenant: TenantId::new(b"example.com").unwrap(),
        enrolment: EnrolmentId::from_bytes([1; 16]),
        device: DeviceId::from_bytes([2; 16]),
        epoch: Epoch::FIRST,
        server_key: [9; 32],
        psk: [3; 32],
        url: "https://login.example.com/push".into(),
        expires: UnixTime::from_secs(1_800_000_000),
    };
    let uri = enrolment::write(&offer).unwrap();
    let texts = [
        ("enrolment", "offer", uri.as_str()),
        ("otpauth", "totp", "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example"),
        (
            "otpauth",
            "all",
            "otpauth://totp/A%20B:c%40d?secret=GEZDGNBVGY3TQOJQ&issuer=A%20B&algorithm=SHA512&digits=8&period=60",
        ),
        ("otpauth", "hotp", "otpauth://hotp/alice?secret=GEZDGNBVGY3TQOJQ&counter=18446744073709551615"),
        (
            "otpauth",
            "lenient",
            " otpauth://TOTP/x:%20a?Secret=gezd%20gnbv-gy3t%3d&issuer=y+z&algorithm=HmacSHA-256&image=x\n",
        ),
    ];
    let others = [
        ("otpauth", "steam", "otpauth://steam/Steam:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
        ("otpauth", "yandex", "otpauth://yaotp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY&pin_length=4&pin=GEZDGNA"),
        ("otpauth", "extra", "otpauth://daypassword/a:b?secret=AAAAAAAA&serial=X1&creator=c&encoder=other&x"),
        (
            "migration",
            "one",
            "otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC",
        ),
        ("migration", "first-of-two", "otpauth-migration://offline?data=ChAKBWhlbGxvEgVhbGljZTACEAIYAiAAKAc"),
        (
            "liboath",
            "columns",
            "# c\nHOTP/E/8\talice\t4711\t3132333435363738393031323334353637383930\t7\t755224\t2009-12-07T17:25:42L\n",
        ),
        ("liboath", "times", "HOTP/T30 bob - 00\nHOTP/T60/7 eve + 0011 3\nHOTP x\n"),
        ("manual", "groups", "gezd gnbv gy3t qojq"),
        ("manual", "padded", "MZXW6YTBOI======"),
        ("manual", "hex", "31:32:33:34:35:36:37:38:39:30"),
        ("vendor", "motp", "motp://Example:alice?secret=0123456789abcdef0123"),
        ("vendor", "oathtoken", "oathtoken:///addToken?name=a&key=0123456789abcdef0123&timeBased=true"),
        ("vendor", "steam", "steam://GEZDGNBVGY3TQOJQ"),
        ("vendor", "yandex", "GEZDGNBVGY3TQOJQGEZDGNBVGY"),
        ("vendor", "keeotp", "key=GEZDGNBVGY3TQOJQ&step=25&size=8&otpHashMode=Sha256&type=Totp"),
        ("vendor", "mobilepass", "AEBAV-GBAFG-AYDQD-QCIK6"),
        ("vendor", "mobilepass-1", "AEBAGBAFAYDQQCIKVKQY"),
        ("vendor", "mobilepass-plus", "RW5yb2xsbWVudFVSTD1odHRwczovL3gueS96P3NjPTAKVXNlcklEPWEKUGFzc3BocmFzZT0w"),
        (
            "vendor",
            "privacyidea",
            "otpauth://pipush/P1?url=https%3A//x.y/p&ttl=10&enrollment_credential=00ff&v=1&serial=P1&sslverify=1",
        ),
        (
            "vendor",
            "edumfa",
            "edumfa-push://edumfa/P1?url=http%3A//x.y/p&ttl=10&enrollment_credential=00ff&v=1&serial=P1&sslverify=0",
        ),
        (
            "vendor",
            "pairing",
            "lseqr://pair/AgICAAAAAQAAAExTUVIwMDAxAAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc",
        ),
        ("vendor", "ocra2", "lseqr://init?sh=00112233&os=OCRA-1%3AHOTP-SHA256-6%3AC-QA64&se=LSOC1"),
        ("any_format", "list", "# tokens\notpauth://totp/a?secret=AAAAAAAA\r\nsteam://AAAAAAAA\nnonsense\n"),
        ("any_format", "bare", "JBSW Y3DP EHPK 3PXP"),
        ("any_format", "users", "HOTP alice - 3132333435363738393031323334353637383930\n"),
    ];
    texts
        .iter()
        .chain(&others)
        .map(|(target, name, text)| (*target, (*name).to_owned(), text.as_bytes().to_vec()))
        .collect()
}
