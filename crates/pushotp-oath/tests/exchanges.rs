//! OCRA's four modes as types: RFC 6287 §7, with the values of appendix C, and challenges.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use data_encoding::HEXLOWER;
use pushotp_oath::{
    Challenge, ChallengeError, Counter, Factors, Key, MutualClient, MutualServer, MutualSuites, OcraSuite, OcraVerdict,
    OneWay,
};
use pushotp_types::{SecretRef, UnixTime};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde_json::Value;

fn appendix_c() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("vectors/rfc6287_appendix_c.json")).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap()
}

fn suite(case: &Value) -> OcraSuite {
    OcraSuite::parse(text(case, "suite")).unwrap()
}

fn key(case: &Value) -> Key {
    let secret = HEXLOWER.decode(text(case, "key_hex").as_bytes()).unwrap();
    Key::new(suite(case).algorithm(), SecretRef::new(&secret).unwrap())
}

fn pin_hash(case: &Value) -> Option<Vec<u8>> {
    Some(HEXLOWER.decode(case.get("pin_hash_hex")?.as_str()?.as_bytes()).unwrap())
}

fn factors<'a>(case: &Value, pin_hash: Option<&'a [u8]>) -> Factors<'a> {
    let timestamp = case.get("time_steps").and_then(Value::as_u64).map(|steps| UnixTime::from_secs(steps * 60));
    Factors {
        counter: case.get("counter").and_then(Value::as_u64).map(Counter::new),
        pin_hash,
        session: None,
        timestamp,
    }
}

#[test]
fn one_way_and_plain_signature() {
    let (mut one_way, mut signatures) = (0, 0);
    for case in appendix_c().iter().filter(|case| case["mode"] != "mutual") {
        let (suite, question, pin) = (suite(case), text(case, "question"), pin_hash(case));
        let start = || match text(case, "mode") {
            "one-way" => OneWay::resume(suite, Challenge::parse(&suite, question).unwrap()),
            _ => OneWay::start_signature(suite, question).unwrap(),
        };
        *if text(case, "mode") == "one-way" { &mut one_way } else { &mut signatures } += 1;
        assert_eq!(start().challenge().as_str(), question);
        let finish = |typed: &str| start().finish(&key(case), typed, factors(case, pin.as_deref())).unwrap();
        let OcraVerdict::Match(found) = finish(text(case, "expect")) else { panic!("{}", case["id"]) };
        // Only a suite that counts has something to store.
        let counter = case.get("counter").and_then(Value::as_u64);
        assert_eq!(found.advance().map(|advance| (advance.from(), advance.to())), counter.map(|c| (Some(c), c + 1)));
        assert_eq!(finish("00000000"), OcraVerdict::Mismatch, "{}", case["id"]);
    }
    assert_eq!((one_way, signatures), (40, 10));
}

/// The two sides of a case, by the number at the end of its id.
#[test]
fn mutual() {
    let cases = appendix_c();
    let mut run = 0;
    for server in cases.iter().filter(|case| case["mode"] == "mutual" && case["computed_by"] == "server") {
        let client = cases
            .iter()
            .find(|case| case["id"] == text(server, "id").replace("server", "client").as_str())
            .unwrap_or_else(|| panic!("no client for {}", server["id"]));
        let suites = MutualSuites { server: suite(server), client: suite(client) };
        let parse = |suite: &OcraSuite, field| Challenge::parse(suite, text(server, field)).unwrap();
        let of_client = || parse(&suites.server, "question_other_party");
        let of_server = || parse(&suites.client, "question_own");
        let pin = pin_hash(client);
        let at_client = factors(client, pin.as_deref());

        let at_server = MutualServer::start_signature(suites, of_client(), text(server, "question_own")).unwrap();
        assert_eq!(at_server.challenge().as_str(), of_server().as_str());
        let proof = at_server.response(&key(server), factors(server, None)).unwrap();
        assert_eq!(proof.expose(), text(server, "expect"), "{}", server["id"]);

        let verify = |typed: &str| {
            MutualClient::resume(suites, of_client()).verify(&key(server), of_server(), typed, factors(server, None))
        };
        // A server that does not know the secret gets no response; its own challenge thrown back is none either.
        for wrong in ["00000000", "", text(client, "expect")] {
            assert!(verify(wrong).unwrap().is_none(), "{}", server["id"]);
        }
        let genuine = verify(proof.expose()).unwrap().unwrap();
        let response = genuine.respond(&key(client), at_client).unwrap();
        assert_eq!(response.expose(), text(client, "expect"), "{}", client["id"]);

        let resumed = MutualServer::resume(suites, of_client(), of_server());
        assert_eq!(
            resumed.finish(&key(client), proof.expose(), at_client).unwrap(),
            OcraVerdict::Mismatch,
            "reflected"
        );
        let verdict = at_server.finish(&key(client), response.expose(), at_client).unwrap();
        assert!(matches!(verdict, OcraVerdict::Match(_)), "{}", client["id"]);
        run += 1;
    }
    assert_eq!(run, 10);
}

#[test]
fn a_whole_mac() {
    let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-0:QN08").unwrap();
    let key = Key::new(suite.algorithm(), SecretRef::new(b"12345678901234567890123456789012").unwrap());
    let start = || OneWay::resume(suite, Challenge::parse(&suite, "12345678").unwrap());
    let question = Challenge::parse(&suite, "12345678").unwrap();
    let mac = suite.generate_mac(&key, &pushotp_oath::DataInput::new(question.question())).unwrap();
    let finish = |received: &[u8]| start().finish_mac(&key, received, Factors::default()).unwrap();
    assert!(matches!(finish(mac.expose()), OcraVerdict::Match(_)));
    for received in [&mac.expose()[..31], &[0; 32], b""] {
        assert_eq!(finish(received), OcraVerdict::Mismatch);
    }
    assert!(start().finish(&key, "12345678", Factors::default()).is_err());
}

/// Each symbol of a generated challenge is equally likely: chi square, far from what `byte % n` would give.
#[test]
fn challenges_are_unbiased() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for (text, symbols) in [("QN64", 10), ("QA64", 62), ("QH64", 16)] {
        let suite = OcraSuite::parse(&format!("OCRA-1:HOTP-SHA1-6:{text}")).unwrap();
        let mut seen = [0_u32; 256];
        for _ in 0..4_000 {
            let challenge = Challenge::generate(&suite, &mut rng).unwrap();
            assert_eq!(challenge.as_str().len(), 64);
            challenge.as_str().bytes().for_each(|byte| seen[usize::from(byte)] += 1);
        }
        let draws = 4_000_u32 * 64;
        let square = |count: &u32| (f64::from(*count) - f64::from(draws) / f64::from(symbols)).powi(2);
        let chi =
            seen.iter().filter(|count| **count > 0).map(square).sum::<f64>() * f64::from(symbols) / f64::from(draws);
        assert_eq!(seen.iter().filter(|count| **count > 0).count(), usize::try_from(symbols).unwrap(), "{text}");
        // Expected: the number of symbols less one, with a deviation of about the root of twice that.
        let limit = f64::from(symbols) + 6.0 * (2.0 * f64::from(symbols)).sqrt();
        assert!(chi < limit, "{text}: {chi}");
        // The control: what a remainder of a byte would give.
        let biased: Vec<f64> = (0..symbols).map(|n| f64::from((256 + symbols - 1 - n) / symbols) / 256.0).collect();
        let mean = 1.0 / f64::from(symbols);
        let chi = biased.iter().map(|p| (p - mean).powi(2)).sum::<f64>() * f64::from(symbols) * f64::from(draws);
        assert!(symbols == 16 || chi > limit, "{text}: {chi}: the test sees no bias");
    }
}

#[test]
fn challenges_that_are_none() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    // RFC 6287 §8.2: at least as long as the response.
    let short = OcraSuite::parse("OCRA-1:HOTP-SHA1-8:QN07").unwrap();
    assert_eq!(Challenge::generate(&short, &mut rng).unwrap_err(), ChallengeError::TooShort);
    assert!(Challenge::generate(&OcraSuite::parse("OCRA-1:HOTP-SHA1-8:QN08").unwrap(), &mut rng).is_ok());
    assert!(Challenge::generate(&OcraSuite::parse("OCRA-1:HOTP-SHA1-0:QN04").unwrap(), &mut rng).is_ok());
    for (suite, text) in
        [("QN08", ""), ("QN08", "123456789"), ("QN08", "1234567a"), ("QH08", "g"), ("QA08", "a b"), ("QA08", "ä")]
    {
        let suite = OcraSuite::parse(&format!("OCRA-1:HOTP-SHA1-6:{suite}")).unwrap();
        assert_eq!(Challenge::parse(&suite, text).unwrap_err(), ChallengeError::Format, "{text:?}");
    }
    let session = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QA08-S064").unwrap();
    assert_eq!(OneWay::start_signature(session, "SIG00000").unwrap_err(), ChallengeError::Session);
    assert!(OneWay::start(session, &mut rng).is_ok());
}
