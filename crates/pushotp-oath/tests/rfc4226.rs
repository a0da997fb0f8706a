//! RFC 4226, appendix D.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead};
use pushotp_types::{Digits, HashAlgorithm, SecretRef};
use serde_json::Value;

#[test]
fn appendix_d() {
    let file: Value = serde_json::from_str(include_str!("vectors/rfc4226_appendix_d.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890").unwrap());
    let hotp = Hotp::new(Digits::SIX);
    for case in cases {
        let (counter, expect) = (Counter::new(case["counter"].as_u64().unwrap()), case["expect"].as_str().unwrap());
        assert_eq!(hotp.generate(&key, counter).expose(), expect, "{}", case["id"]);
        let verdict = hotp.verify(&key, expect, counter, LookAhead::new(0).unwrap());
        let HotpVerdict::Match(found) = verdict else { panic!("{}", case["id"]) };
        assert_eq!(found.counter(), counter, "{}", case["id"]);
        // The next counter that the match names refuses the code.
        assert!(!matches!(hotp.verify(&key, expect, found.next(), LookAhead::new(10).unwrap()), HotpVerdict::Match(_)));
    }
    assert_eq!(cases.len(), 10);
}
