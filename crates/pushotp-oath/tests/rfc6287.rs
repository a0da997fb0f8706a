//! RFC 6287: all of appendix C, and what it leaves out, computed by two implementations.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use data_encoding::HEXLOWER;
use pushotp_oath::{Counter, DataInput, DataInputError, Key, OcraSuite, OcraVerdict, Part, Question};
use pushotp_types::{SecretRef, UnixTime};
use serde_json::Value;

fn bytes(case: &Value, field: &str) -> Option<Vec<u8>> {
    Some(HEXLOWER.decode(case.get(field)?.as_str().unwrap().as_bytes()).unwrap())
}

/// The question of a case, as its suite writes it.
fn question<'a>(suite: &str, text: &'a str) -> Question<'a> {
    match suite.split(':').nth(2).unwrap().trim_start_matches("C-").as_bytes()[1] {
        b'N' => Question::Numeric(text),
        b'H' => Question::Hex(text),
        _ => Question::Alphanumeric(text),
    }
}

/// A number that may be written as text, for those above 2^53.
fn number(case: &Value, field: &str) -> Option<u64> {
    let value = case.get(field)?;
    Some(value.as_u64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap()))
}

/// The seconds of a time step: `T20S`, `T1M`, `T24H`.
fn step_secs(suite: &str) -> u64 {
    let (count, unit) = suite.rsplit_once("-T").unwrap().1.split_at(suite.rsplit_once("-T").unwrap().1.len() - 1);
    count.parse::<u64>().unwrap()
        * match unit {
            "S" => 1,
            "M" => 60,
            _ => 3600,
        }
}

/// Runs every case of a file: how many there were.
fn run(file: &str) -> usize {
    let file: Value = serde_json::from_str(file).unwrap();
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let (id, text) = (&case["id"], case["suite"].as_str().unwrap());
        let suite = OcraSuite::parse(text).unwrap();
        assert_eq!(suite.as_str(), text);
        let secret = bytes(case, "key_hex").unwrap();
        let key = Key::new(suite.algorithm(), SecretRef::new(&secret).unwrap());
        let (pin_hash, session) = (bytes(case, "pin_hash_hex"), bytes(case, "session_hex"));
        let asked = |field: &str| case.get(field).map(|value| question(text, value.as_str().unwrap()));
        let input = DataInput {
            counter: number(case, "counter").map(Counter::new),
            own_challenge: asked("question_own"),
            pin_hash: pin_hash.as_deref(),
            session: session.as_deref(),
            timestamp: number(case, "time_steps").map(|steps| UnixTime::from_secs(steps * step_secs(text))),
            ..DataInput::new(asked("question_other_party").or_else(|| asked("question")).unwrap())
        };
        let expect = case["expect"].as_str().unwrap();
        if suite.digits().is_none() {
            let mac = suite.generate_mac(&key, &input).unwrap();
            assert_eq!(HEXLOWER.encode(mac.expose()), expect, "{id}");
            assert!(mac.matches(mac.expose()) && !mac.matches(&mac.expose()[1..]), "{id}");
            continue;
        }
        assert_eq!(suite.generate(&key, &input).unwrap().expose(), expect, "{id}");
        assert!(matches!(suite.verify(&key, expect, &input).unwrap(), OcraVerdict::Match(_)), "{id}");
        let other = if expect.starts_with('0') { "1" } else { "0" };
        let wrong = format!("{other}{}", &expect[1..]);
        assert_eq!(suite.verify(&key, &wrong, &input).unwrap(), OcraVerdict::Mismatch, "{id}");
    }
    cases.len()
}

#[test]
fn appendix_c() {
    assert_eq!(run(include_str!("vectors/rfc6287_appendix_c.json")), 70);
}

// protocol.md: PASS-1
#[test]
fn beyond_appendix_c() {
    assert_eq!(run(include_str!("vectors/ocra_beyond_rfc6287.json")), 31);
}

/// Two challenges are joined as texts, before they are encoded: `1` and `2` are the number 12.
#[test]
fn two_challenges_are_joined_as_texts() {
    let key = |suite: &OcraSuite| Key::new(suite.algorithm(), SecretRef::new(b"12345678901234567890").unwrap());
    let same = |text: &str, (first, second): (Question<'_>, Question<'_>), joined: Question<'_>| {
        let suite = OcraSuite::parse(text).unwrap();
        let two = suite.generate(&key(&suite), &DataInput::mutual(first, second)).unwrap();
        let one = suite.generate(&key(&suite), &DataInput::new(joined)).unwrap();
        assert_eq!(two.expose(), one.expose(), "{text}");
    };
    let (n, h) = (Question::Numeric, Question::Hex);
    same("OCRA-1:HOTP-SHA1-6:QN08", (n("1"), n("2")), n("12"));
    same("OCRA-1:HOTP-SHA1-6:QN08", (n("0001"), n("0002")), n("10002"));
    same("OCRA-1:HOTP-SHA1-6:QH08", (h("abc"), h("d")), h("abcd"));
    let (first, second) = ([0x12; 32], [0xab; 32]);
    let (first_hex, second_hex) = (HEXLOWER.encode(&first), HEXLOWER.encode(&second));
    let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QH64").unwrap();
    let hashes = DataInput::mutual(Question::Hash(&first), Question::Hash(&second));
    let texts = DataInput::mutual(h(&first_hex), h(&second_hex));
    let code = |input| suite.generate(&key(&suite), input).unwrap();
    assert_eq!(code(&hashes).expose(), code(&texts).expose());
    // Each of the two has the suite's length at most, not both together.
    let nines = "9".repeat(64);
    let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN64").unwrap();
    assert!(suite.generate(&key(&suite), &DataInput::mutual(n(&nines), n(&nines))).is_ok());
    let bad = [(n("1"), h("2")), (n("1"), n("")), (n(""), n("1")), (n("1"), n("a")), (h("1"), h("2"))];
    for (first, second) in bad {
        let error = suite.generate(&key(&suite), &DataInput::mutual(first, second)).unwrap_err();
        assert_eq!(error, DataInputError::Format(Part::Question));
    }
}
