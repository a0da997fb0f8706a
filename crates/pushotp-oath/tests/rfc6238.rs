//! RFC 6238, appendix B, with its three hash functions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use data_encoding::HEXLOWER;
use pushotp_oath::{Key, Period, Step, Totp, Verdict, Window};
use pushotp_types::{Digits, HashAlgorithm, SecretRef, UnixTime};
use serde_json::Value;

#[test]
fn appendix_b() {
    let file: Value = serde_json::from_str(include_str!("vectors/rfc6238_appendix_b.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    let totp = Totp::new(Digits::EIGHT, Period::THIRTY);
    for case in cases {
        let algorithm = match case["hash"].as_str().unwrap() {
            "SHA-1" => HashAlgorithm::Sha1,
            "SHA-256" => HashAlgorithm::Sha256,
            _ => HashAlgorithm::Sha512,
        };
        let secret = HEXLOWER.decode(case["secret_hex"].as_str().unwrap().as_bytes()).unwrap();
        let key = Key::new(algorithm, SecretRef::new(&secret).unwrap());
        let (now, expect) =
            (UnixTime::from_secs(case["unix_time"].as_u64().unwrap()), case["expect"].as_str().unwrap());
        assert_eq!(totp.step_at(now), Step::new(case["step"].as_u64().unwrap()), "{}", case["id"]);
        assert_eq!(totp.generate(&key, now).expose(), expect, "{}", case["id"]);
        let Verdict::Match(found) = totp.verify(&key, expect, now, Window::ONE, None) else { panic!("{}", case["id"]) };
        assert_eq!(totp.verify(&key, expect, now, Window::ONE, Some(found.step())), Verdict::Replay, "{}", case["id"]);
    }
    assert_eq!(cases.len(), 18);
}
