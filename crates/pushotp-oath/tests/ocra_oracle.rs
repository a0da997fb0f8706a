//! OCRA against an independent implementation: PyPI's `oath`, in a virtual environment of this test's own.
//!
//! It is asked where it is known to follow the RFC: 4 to 10 digits, questions of whole bytes, exact sessions. Skipped
//! where Python or the package cannot be had; an error where `PUSHOTP_REQUIRE_DATA` is set, as it is in CI.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test fails by panicking"
)]

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use data_encoding::HEXLOWER;
use pushotp_oath::{Counter, DataInput, Key, OcraSuite, Question};
use pushotp_types::{SecretRef, UnixTime};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use serde_json::{Value, json};

const PACKAGE: &str = "oath==1.4.5";

/// Python with the package, installed once.
fn python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ocra-oracle");
    let python = folder.join("bin/python");
    let run = |program: &Path, arguments: &[&str]| {
        Command::new(program).args(arguments).stdout(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    if run(&python, &["-c", "import oath._ocra"]) {
        return Some(python);
    }
    let made = run(Path::new("python3"), &["-m", "venv", "--clear", folder.to_str()?])
        && run(&python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries=1", PACKAGE]);
    made.then_some(python)
}

/// A random case: what the script is told of it.
fn case(rng: &mut ChaCha20Rng) -> Value {
    let mut pick = |bound: u32| rng.next_u32() % bound;
    let digits = 4 + pick(7);
    let hash = ["SHA1", "SHA256", "SHA512"][pick(3) as usize];
    let (format, most) = (["N", "A", "H"][pick(3) as usize], 4 + pick(61));
    let (counter, pin, session, time) = (pick(2) == 0, pick(4), pick(2) * (1 + pick(512)), pick(4));
    let symbols: &[u8] = match format {
        "N" => b"0123456789",
        "A" => b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        _ => b"0123456789abcdefABCDEF",
    };
    let mut question = |joined: u32| {
        // Whole bytes of hexadecimal, also when two are joined.
        let len = if format == "H" { 2 + 2 * pick(most / 2) } else { 1 + pick(most) };
        let len = len.min(most) / joined.max(1) * joined.max(1);
        (0..len.max(1))
            .map(|_| char::from(symbols[pick(u32::try_from(symbols.len()).unwrap()) as usize]))
            .collect::<String>()
    };
    let (first, second) = (question(2), question(2));
    let mutual = pick(3) == 0;
    let mut suite = format!("OCRA-1:HOTP-{hash}-{digits}:{}Q{format}{most:02}", if counter { "C-" } else { "" });
    let mut case = json!({ "question": first });
    if mutual {
        case["second"] = json!(second);
        case["joined"] = json!(format!("{first}{second}"));
    }
    let mut bytes = |len: usize| {
        let mut bytes = vec![0; len];
        rng.fill_bytes(&mut bytes);
        HEXLOWER.encode(&bytes)
    };
    case["key_hex"] = json!(bytes([20, 32, 64, 100][digits as usize % 4]));
    if counter {
        case["counter"] = json!(u64::from_str_radix(&bytes(8), 16).unwrap().to_string());
    }
    if let Some(hash) = ["SHA1", "SHA256", "SHA512"].get(pin as usize) {
        suite += &format!("-P{hash}");
        case["pin"] = json!(bytes(4));
    }
    if session > 0 {
        suite += &format!("-S{session:03}");
        case["session_hex"] = json!(bytes(session as usize));
    }
    if let Some((text, secs)) = [("20S", 20), ("1M", 60), ("48H", 172_800)].get(time as usize) {
        suite += &format!("-T{text}");
        case["time_steps"] = json!(u32::from_str_radix(&bytes(4), 16).unwrap());
        case["step_secs"] = json!(secs);
    }
    case["suite"] = json!(suite);
    case
}

fn hash(suite: &str, pin: &str) -> Vec<u8> {
    use sha1::Digest;
    match suite.split_once("-P").unwrap().1.split('-').next().unwrap() {
        "SHA1" => sha1::Sha1::digest(pin).to_vec(),
        "SHA256" => sha2::Sha256::digest(pin).to_vec(),
        _ => sha2::Sha512::digest(pin).to_vec(),
    }
}

fn ours(case: &Value) -> String {
    let text = |field: &str| case[field].as_str().unwrap_or_default();
    let suite = OcraSuite::parse(text("suite")).unwrap();
    let hex = |field: &str| case.get(field).map(|value| HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap());
    let question = |field: &str| match text("suite")
        .split_once(":Q")
        .or(text("suite").split_once("-Q"))
        .unwrap()
        .1
        .as_bytes()[0]
    {
        b'N' => Question::Numeric(case[field].as_str().unwrap()),
        b'A' => Question::Alphanumeric(case[field].as_str().unwrap()),
        _ => Question::Hex(case[field].as_str().unwrap()),
    };
    let pin_hash = case.get("pin").map(|pin| hash(text("suite"), pin.as_str().unwrap()));
    let (session, secret) = (hex("session_hex"), hex("key_hex").unwrap());
    let input = DataInput {
        counter: case.get("counter").map(|counter| Counter::new(counter.as_str().unwrap().parse().unwrap())),
        challenge: question("question"),
        own_challenge: case.get("second").map(|_| question("second")),
        pin_hash: pin_hash.as_deref(),
        session: session.as_deref(),
        timestamp: case
            .get("time_steps")
            .map(|steps| UnixTime::from_secs(steps.as_u64().unwrap() * case["step_secs"].as_u64().unwrap() + 7)),
    };
    let key = Key::new(suite.algorithm(), SecretRef::new(&secret).unwrap());
    suite.generate(&key, &input).unwrap_or_else(|error| panic!("{case}: {error}")).expose().to_owned()
}

#[test]
fn a_thousand_responses() {
    let Some(python) = python() else {
        assert!(std::env::var_os("PUSHOTP_REQUIRE_DATA").is_none(), "no Python with {PACKAGE}");
        println!("skipped: no Python with {PACKAGE}");
        return;
    };
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let cases: Vec<Value> = (0..1_000).map(|_| case(&mut rng)).collect();
    let asked = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ocra-oracle.jsonl");
    std::fs::write(&asked, cases.iter().map(|case| format!("{case}\n")).collect::<String>()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ocra_oracle.py");
    let output = Command::new(python).arg(script).stdin(File::open(asked).unwrap()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs = String::from_utf8(output.stdout).unwrap();
    assert_eq!(theirs.lines().count(), cases.len());
    for (case, theirs) in cases.iter().zip(theirs.lines()) {
        assert_eq!(ours(case), theirs, "{case}");
    }
}
