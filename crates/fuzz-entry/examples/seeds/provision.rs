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
    texts.iter().map(|(target, name, text)| (*target, (*name).to_owned(), text.as_bytes().to_vec())).collect()
}
