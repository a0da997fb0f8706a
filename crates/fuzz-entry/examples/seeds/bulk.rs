use fuzz_entry::PSKC_KEY;
use pushotp_provision::{
    Credential, Kind,
    csv::{
        duo::{self, TokenType},
        entra, oath, yubico,
    },
    pskc,
};
use pushotp_types::{Digits, HashAlgorithm, Secret};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use crate::Seed;

const HEX: &str = "3132333435363738393031323334353637383930";

fn token(kind: Kind, account: &str) -> Credential {
    Credential::new(kind, account, Secret::new(b"12345678901234567890").unwrap())
}

fn yubikey() -> Credential {
    let kind = Kind::YubikeyOtp { public_id: Some("ekhgjhbctrgn".into()) };
    let private = Secret::danger_import_weak(&[1, 2, 3, 4, 5, 6]).unwrap();
    Credential::new(kind, "", Secret::new(&[9; 16]).unwrap()).with_private_id(private)
}

fn ocra() -> Credential {
    let suite = "OCRA-1:HOTP-SHA256-8:QN08".into();
    token(Kind::Ocra { suite, counter: 0 }, "").with_codes(HashAlgorithm::Sha256, Digits::EIGHT).with_serial("3")
}

pub(crate) fn seeds() -> Vec<Seed> {
    let hotp = || token(Kind::Hotp { counter: 7 }, "").with_serial("1");
    let totp = || token(Kind::totp(60), "").with_codes(HashAlgorithm::Sha256, Digits::EIGHT).with_serial("2");
    let seed = |target, name: &str, text: &str| -> Seed { (target, name.to_owned(), text.as_bytes().to_vec()) };
    let user = token(Kind::totp(30), "alice@example.com").with_serial("1").with_extra("manufacturer", "Acme, Inc.");
    let owned = token(Kind::totp(30), "alice").with_serial("1").with_extra("realm", "example");
    let slot =
        token(Kind::Hotp { counter: 0 }, "").with_codes(HashAlgorithm::Sha1, Digits::EIGHT).with_extra("slot", "1");
    let chosen = TokenType::Hotp(Digits::SIX);
    let mut seeds = containers();
    seeds.extend([
        seed("oath_csv", "version1", &oath::write(&[hotp(), totp(), ocra()]).unwrap()),
        seed("oath_csv", "version2", &oath::write(&[owned]).unwrap()),
        seed("entra_csv", "quoted", &entra::write(&[user]).unwrap()),
        seed("yubico_csv", "both", &yubico::write(&[slot, yubikey().with_serial("508328"), yubikey()]).unwrap()),
        seed("duo_csv", "hotp", &format!("0{}", duo::write(&[hotp()], chosen).unwrap().as_str())),
        seed("duo_csv", "yubikey", &format!("2508328,010203040506,{}\n", "09".repeat(16))),
        seed("multiotp", "kinds", &format!("1;Acme;HOTP;{HEX};6;7\n2;Acme;TOTP;{HEX};8;60\n3;;mOTP;{HEX};6;10\n")),
        seed(
            "safeword",
            "modes",
            &format!(
                "dn: sccAuthenticatorId=A\nsccAuthenticatorId: A\nsccTokenType: eToken-PASS-TS\n\
                 sccTokenData: sccKey={HEX};sccMode=T;sccTick=30;\nsccSignature: AA==\n\ndn: sccAuthenticatorId=B\n\
                 sccAuthenticatorId: B\nsccTokenData: sccKey={HEX};sccMode=E;sccPwLen=8;crypto=HmacSHA256\n"
            ),
        ),
        seed(
            "aladdin",
            "token",
            &format!(
                "<Tokens><Token serial=\"A1\"><Model>101</Model><Applications><Application><Seed>{HEX}</Seed>\
                 <MovingFactor>7</MovingFactor></Application></Applications></Token></Tokens>"
            ),
        ),
    ]);
    seeds
}

/// Key containers: plain, encrypted, and under a passphrase.
fn containers() -> Vec<Seed> {
    let all = [
        token(Kind::Hotp { counter: 7 }, "alice").with_serial("1").with_extra("key_usage", "OTP"),
        token(Kind::Totp { period: 60, t0: 0, drift: -4 }, "").with_codes(HashAlgorithm::Sha512, Digits::EIGHT),
        ocra().with_extra("pin_key_id", "4").with_extra("pin_min_length", "4"),
        Credential::new(Kind::Static, "", Secret::danger_import_weak(b"1234").unwrap()).with_extra("key_id", "4"),
        yubikey(),
        token(Kind::Other { algorithm: None }, ""),
    ];
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let plain = pskc::write(&all).unwrap();
    let [first, second, ..] = all;
    let sealed = pskc::write_encrypted(&[first, second], "K", &PSKC_KEY, &mut rng).unwrap();
    // RFC 6030, section 6.2, shortened.
    let passphrase = r#"<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><EncryptionKey><DerivedKey>
<KeyDerivationMethod Algorithm="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2"><PBKDF2-params><Salt>
<Specified>Ej7/PEpyEpw=</Specified></Salt><IterationCount>1000</IterationCount><KeyLength>16</KeyLength></PBKDF2-params>
</KeyDerivationMethod></DerivedKey></EncryptionKey><MACMethod Algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1">
<MACKey><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/><CipherData>
<CipherValue>2GTTnLwM3I4e5IO5FkufoOEiOhNj91fhKRQBtBJYluUDsPOLTfUvoU2dStyOwYZx</CipherValue></CipherData></MACKey></MACMethod>
<KeyPackage><Key Id="123456"><Data><Secret><EncryptedValue>
<EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/><CipherData>
<CipherValue>oTvo+S22nsmS2Z/RtcoF8Hfh+jzMe0RkiafpoDpnoZTjPYZu6V+A4aEn032yCr4f</CipherValue></CipherData></EncryptedValue>
<ValueMAC>LP6xMvjtypbfT9PdkJhBZ+D6O4w=</ValueMAC></Secret></Data></Key></KeyPackage></KeyContainer>"#;
    [("plain", plain.as_str()), ("sealed", &sealed), ("passphrase", passphrase)]
        .map(|(name, xml)| ("pskc", name.to_owned(), xml.as_bytes().to_vec()))
        .into()
}
