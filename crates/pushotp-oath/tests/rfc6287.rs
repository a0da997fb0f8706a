//! RFC 6287, appendix C: one-way and plain signature. The mutual mode joins two questions, which no [`Question`] does yet.
//!
//! [`Question`]: pushotp_oath::Question
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use data_encoding::HEXLOWER;
use pushotp_oath::{Counter, DataInput, Key, OcraSuite, OcraVerdict, Question};
use pushotp_types::{SecretRef, UnixTime};
use serde_json::Value;

fn bytes(case: &Value, field: &str) -> Option<Vec<u8>> {
    Some(HEXLOWER.decode(case.get(field)?.as_str().unwrap().as_bytes()).unwrap())
}

#[test]
fn appendix_c() {
    let file: Value = serde_json::from_str(include_str!("vectors/rfc6287_appendix_c.json")).unwrap();
    let cases: Vec<_> = file["cases"].as_array().unwrap().iter().filter(|case| case["mode"] != "mutual").collect();
    for case in &cases {
        let (id, text) = (&case["id"], case["suite"].as_str().unwrap());
        let suite = OcraSuite::parse(text).unwrap();
        assert_eq!(suite.as_str(), text);
        let secret = bytes(case, "key_hex").unwrap();
        let key = Key::new(suite.algorithm(), SecretRef::new(&secret).unwrap());
        let question = case["question"].as_str().unwrap();
        let question = if text.contains("QN") { Question::Numeric(question) } else { Question::Alphanumeric(question) };
        let pin_hash = bytes(case, "pin_hash_hex");
        let input = DataInput {
            counter: case.get("counter").and_then(Value::as_u64).map(Counter::new),
            pin_hash: pin_hash.as_deref(),
            // T1M counts minutes.
            timestamp: case.get("time_steps").and_then(Value::as_u64).map(|steps| UnixTime::from_secs(steps * 60)),
            ..DataInput::new(question)
        };
        let expect = case["expect"].as_str().unwrap();
        assert_eq!(suite.generate(&key, &input).unwrap().expose(), expect, "{id}");
        assert_eq!(suite.verify(&key, expect, &input).unwrap(), OcraVerdict::Match, "{id}");
        let other = if expect.starts_with('0') { "1" } else { "0" };
        let wrong = format!("{other}{}", &expect[1..]);
        assert_ne!(suite.verify(&key, &wrong, &input).unwrap(), OcraVerdict::Match, "{id}");
    }
    assert_eq!(cases.len(), 50);
}
