//! OCRA suites and inputs with one defect each, and the error that names it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use pushotp_oath::{Counter, DataInput, DataInputError as Input, Key, OcraSuite, Part, Question, SuiteError as Suite};
use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};

const SUITES: &[(&str, Suite)] = &[
    ("", Suite::Unknown(Part::Version)),
    ("OCRA-10:HOTP-SHA1-6:QN08", Suite::Unknown(Part::Version)),
    ("ocra-1:HOTP-SHA1-6:QN08", Suite::Unknown(Part::Version)),
    ("OCRA-1", Suite::Missing(Part::Function)),
    ("OCRA-1:TOTP-SHA1-6:QN08", Suite::Unknown(Part::Function)),
    ("OCRA-1:HOTP", Suite::Missing(Part::Hash)),
    ("OCRA-1:HOTP-MD5-6:QN08", Suite::Unknown(Part::Hash)),
    ("OCRA-1:HOTP-sha1-6:QN08", Suite::Unknown(Part::Hash)),
    ("OCRA-1:HOTP-SHA1:QN08", Suite::Missing(Part::Digits)),
    ("OCRA-1:HOTP-SHA1-3:QN08", Suite::Unknown(Part::Digits)),
    ("OCRA-1:HOTP-SHA1-11:QN08", Suite::Unknown(Part::Digits)),
    ("OCRA-1:HOTP-SHA1-06:QN08", Suite::Unknown(Part::Digits)),
    ("OCRA-1:HOTP-SHA1--6:QN08", Suite::Unknown(Part::Digits)),
    ("OCRA-1:HOTP-SHA1-+6:QN08", Suite::Unknown(Part::Digits)),
    ("OCRA-1:HOTP-SHA1-6-7:QN08", Suite::Order),
    ("OCRA-1:HOTP-SHA1-6", Suite::Missing(Part::Question)),
    ("OCRA-1:HOTP-SHA1-6:", Suite::Missing(Part::Question)),
    ("OCRA-1:HOTP-SHA1-6:C", Suite::Missing(Part::Question)),
    ("OCRA-1:HOTP-SHA1-6:PSHA1", Suite::Missing(Part::Question)),
    ("OCRA-1:HOTP-SHA1-6:QN03", Suite::Unknown(Part::Question)),
    ("OCRA-1:HOTP-SHA1-6:QN65", Suite::Unknown(Part::Question)),
    ("OCRA-1:HOTP-SHA1-6:QX08", Suite::Unknown(Part::Question)),
    ("OCRA-1:HOTP-SHA1-6:QN0a", Suite::Unknown(Part::Question)),
    ("OCRA-1:HOTP-SHA1-6:QN+8", Suite::Unknown(Part::Question)),
    ("OCRA-1:HOTP-SHA1-6:QN008", Suite::Unknown(Part::Question)),
    ("OCRA-1:HOTP-SHA1-6:QÄ08", Suite::Unknown(Part::Question)),
    ("OCRA-1:HOTP-SHA1-6:QN08-PMD5", Suite::Unknown(Part::Pin)),
    ("OCRA-1:HOTP-SHA1-6:QN08-S000", Suite::Unknown(Part::Session)),
    ("OCRA-1:HOTP-SHA1-6:QN08-S513", Suite::Unknown(Part::Session)),
    ("OCRA-1:HOTP-SHA1-6:QN08-S64", Suite::Unknown(Part::Session)),
    ("OCRA-1:HOTP-SHA1-6:QN08-S+64", Suite::Unknown(Part::Session)),
    ("OCRA-1:HOTP-SHA1-6:QN08-T0S", Suite::Unknown(Part::Time)),
    ("OCRA-1:HOTP-SHA1-6:QN08-T60S", Suite::Unknown(Part::Time)),
    ("OCRA-1:HOTP-SHA1-6:QN08-T60M", Suite::Unknown(Part::Time)),
    ("OCRA-1:HOTP-SHA1-6:QN08-T49H", Suite::Unknown(Part::Time)),
    ("OCRA-1:HOTP-SHA1-6:QN08-T01M", Suite::Unknown(Part::Time)),
    ("OCRA-1:HOTP-SHA1-6:QN08-T0001M", Suite::Unknown(Part::Time)),
    ("OCRA-1:HOTP-SHA1-6:QN08-T1D", Suite::Unknown(Part::Time)),
    ("OCRA-1:HOTP-SHA1-6:QN08-TM", Suite::Unknown(Part::Time)),
    ("OCRA-1:HOTP-SHA1-6:QN08-T1M30S", Suite::Unknown(Part::Time)),
    ("OCRA-1:HOTP-SHA1-6:QN08-", Suite::Order),
    ("OCRA-1:HOTP-SHA1-6:QN08-X", Suite::Order),
    ("OCRA-1:HOTP-SHA1-6:QN08-C", Suite::Order),
    ("OCRA-1:HOTP-SHA1-6:QN08-S064-PSHA1", Suite::Order),
    ("OCRA-1:HOTP-SHA1-6:QN08-T1M-T1M", Suite::Order),
    ("OCRA-1:HOTP-SHA1-6:QN08:QN08", Suite::Order),
];

/// What leaves out a part that has a default: refused, unless that is asked for.
const BARE: &[(&str, Part, &str)] = &[
    ("OCRA-1:HOTP-SHA1-6:Q", Part::Question, "OCRA-1:HOTP-SHA1-6:QN08"),
    ("OCRA-1:HOTP-SHA1-6:QH8", Part::Question, "OCRA-1:HOTP-SHA1-6:QH08"),
    ("OCRA-1:HOTP-SHA1-6:QN08-P", Part::Pin, "OCRA-1:HOTP-SHA1-6:QN08-PSHA1"),
    ("OCRA-1:HOTP-SHA1-6:QN08-S", Part::Session, "OCRA-1:HOTP-SHA1-6:QN08-S064"),
    ("OCRA-1:HOTP-SHA1-6:QN08-T", Part::Time, "OCRA-1:HOTP-SHA1-6:QN08-T1M"),
];

#[test]
fn suites() {
    for (text, error) in SUITES {
        assert_eq!(OcraSuite::parse(text), Err(*error), "{text}");
        assert_eq!(OcraSuite::parse_lenient(text), Err(*error), "{text}");
    }
    for len in [64, 65, 66, 1000] {
        let long = format!("OCRA-1:HOTP-SHA1-6:QN08-{}", "X".repeat(len - 24));
        assert_eq!(OcraSuite::parse(&long), Err(if len == 64 { Suite::Order } else { Suite::TooLong }), "{len}");
    }
}

#[test]
fn parts_that_are_left_out() {
    let parts = |suite: &OcraSuite| (suite.question(), suite.pin_hash(), suite.session_len(), suite.time_step());
    for (text, part, full) in BARE {
        assert_eq!(OcraSuite::parse(text), Err(Suite::Unknown(*part)), "{text}");
        let (lenient, full) = (OcraSuite::parse_lenient(text).unwrap(), OcraSuite::parse(full).unwrap());
        assert_eq!((lenient.as_str(), parts(&lenient)), (*text, parts(&full)));
        assert_eq!(OcraSuite::parse_lenient(full.as_str()), Ok(full));
    }
    for bad in ["QN", "QH", "QN3", "QN65", "QN008"] {
        let text = format!("OCRA-1:HOTP-SHA1-6:{bad}");
        assert_eq!(OcraSuite::parse_lenient(&text), Err(Suite::Unknown(Part::Question)), "{bad}");
    }
}

#[test]
fn inputs() {
    let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:C-QN08-PSHA1-S064-T1M").unwrap();
    let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890").unwrap());
    let good = DataInput {
        counter: Some(Counter::new(0)),
        pin_hash: Some(&[7; 20]),
        session: Some(&[7; 64]),
        timestamp: Some(UnixTime::from_secs(59)),
        ..DataInput::new(Question::Numeric("12345678"))
    };
    assert!(suite.generate(&key, &good).is_ok());
    let cases = [
        (DataInput { counter: None, ..good }, Input::Missing(Part::Counter)),
        (DataInput { pin_hash: None, ..good }, Input::Missing(Part::Pin)),
        (DataInput { session: None, ..good }, Input::Missing(Part::Session)),
        (DataInput { timestamp: None, ..good }, Input::Missing(Part::Time)),
        (DataInput { pin_hash: Some(&[7; 32]), ..good }, Input::Format(Part::Pin)),
        (DataInput { session: Some(&[7; 63]), ..good }, Input::Format(Part::Session)),
        (DataInput { challenge: Question::Hex("12345678"), ..good }, Input::Format(Part::Question)),
        (DataInput { challenge: Question::Numeric(""), ..good }, Input::Format(Part::Question)),
        (DataInput { challenge: Question::Numeric("123456789"), ..good }, Input::Format(Part::Question)),
        (DataInput { challenge: Question::Numeric("1234567a"), ..good }, Input::Format(Part::Question)),
    ];
    for (input, error) in cases {
        assert_eq!(suite.generate(&key, &input).unwrap_err(), error);
    }
    // What the suite does not have is no more welcome.
    let plain = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08").unwrap();
    let none = DataInput::new(good.challenge);
    let cases = [
        (DataInput { counter: good.counter, ..none }, Part::Counter),
        (DataInput { pin_hash: good.pin_hash, ..none }, Part::Pin),
        (DataInput { session: good.session, ..none }, Part::Session),
        (DataInput { timestamp: good.timestamp, ..none }, Part::Time),
    ];
    for (input, part) in cases {
        assert_eq!(plain.generate(&key, &input).unwrap_err(), Input::Unexpected(part));
    }
    // A hash is the question of QH64 alone.
    let hash = DataInput::new(Question::Hash(&[7; 32]));
    for (text, right) in [("QH64", true), ("QH63", false), ("QN64", false), ("QA64", false)] {
        let suite = OcraSuite::parse(&format!("OCRA-1:HOTP-SHA1-6:{text}")).unwrap();
        assert_eq!(suite.generate(&key, &hash).is_ok(), right, "{text}");
    }
    // And the kind of response is that of the suite.
    let whole = OcraSuite::parse("OCRA-1:HOTP-SHA1-0:QN08").unwrap();
    assert_eq!(whole.generate(&key, &none).unwrap_err(), Input::NotTruncated);
    assert_eq!(plain.generate_mac(&key, &none).unwrap_err(), Input::Truncated);
    let other = Key::new(HashAlgorithm::Sha256, SecretRef::new(b"12345678901234567890").unwrap());
    assert_eq!(plain.generate(&other, &none).unwrap_err(), Input::Algorithm);
}

#[test]
fn errors_name_the_part() {
    let parts = [
        (Part::Version, "version"),
        (Part::Function, "function"),
        (Part::Hash, "hash"),
        (Part::Digits, "digits"),
        (Part::Counter, "counter"),
        (Part::Question, "question"),
        (Part::Pin, "pin"),
        (Part::Session, "session"),
        (Part::Time, "time"),
    ];
    for (part, name) in parts {
        assert_eq!(Suite::Unknown(part).to_string(), format!("unknown or malformed: {name}"));
        assert_eq!(Input::Missing(part).to_string(), format!("the suite asks for: {name}"));
    }
}
