//! URIs of other projects, read from beside the tree; each says what it must be read as.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{fs, path::PathBuf};

use data_encoding::HEXLOWER;
use pushotp_provision::{Kind, Parsed, Policy, otpauth};
use pushotp_types::HashAlgorithm;
use serde_json::Value;

/// The undisputed lines of a file, `None` where there is no corpus.
fn lines(file: &str) -> Option<Vec<Value>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/provisioning");
    let root = std::env::var_os("PUSHOTP_CORPUS").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let Ok(text) = fs::read_to_string(root.join("uris").join(file)) else {
        assert!(std::env::var("PUSHOTP_REQUIRE_DATA").as_deref() != Ok("1"), "{file} is not at {}", root.display());
        println!("skipped: {file} is not at {}", root.display());
        return None;
    };
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Some(lines.into_iter().filter(|line| line.get("disputed").is_none()).collect())
}

/// How a credential differs from what the corpus expects of it.
fn difference(expect: &Value, parsed: &Parsed) -> Option<String> {
    let credential = &parsed.credential;
    let algorithm = match credential.algorithm() {
        HashAlgorithm::Sha1 => "SHA1",
        HashAlgorithm::Sha256 => "SHA256",
        HashAlgorithm::Sha512 => "SHA512",
    };
    let (kind, period, counter) = match credential.kind() {
        Kind::Totp { period } => ("totp", Some(u64::from(period)), None),
        Kind::Hotp { counter } => ("hotp", None, Some(counter)),
        _ => ("other", None, None),
    };
    let text = |name: &str, ours: Option<&str>| {
        let expected = expect.get(name).and_then(Value::as_str);
        expected.filter(|expected| Some(*expected) != ours).map(|expected| format!("{name} {expected:?}, not {ours:?}"))
    };
    let number = |name: &str, ours: Option<u64>| {
        let expected = expect.get(name).and_then(Value::as_u64);
        expected.filter(|expected| Some(*expected) != ours).map(|expected| format!("{name} {expected}, not {ours:?}"))
    };
    let secret = HEXLOWER.encode(credential.secret().expose());
    text("type", Some(kind))
        .or_else(|| text("issuer", credential.display_issuer()))
        .or_else(|| text("label_issuer", credential.label_issuer()))
        .or_else(|| text("account", Some(credential.account())))
        .or_else(|| text("algorithm", Some(algorithm)))
        .or_else(|| text("secret_hex", Some(&secret)))
        .or_else(|| number("digits", Some(credential.digits().get().into())))
        .or_else(|| number("period", period))
        .or_else(|| number("counter", counter))
}

#[test]
fn every_undisputed_uri_is_read_as_its_corpus_says() {
    let Some(lines) = lines("otpauth.jsonl") else { return };
    let (mut read, mut refused, mut wrong) = (0, 0, Vec::new());
    for line in &lines {
        let (id, input, expect) = (&line["id"], line["input"].as_str().unwrap(), &line["expect"]);
        // Only HOTP and TOTP URIs are this crate's so far; the rest, and keys in two parts, must not be taken for one.
        let ours = matches!(expect["type"].as_str(), Some("hotp" | "totp"))
            && input.trim_start().to_ascii_lowercase().contains("otpauth://");
        let must_read = line["ok"] == true && ours && expect.get("two_step").is_none();
        match (must_read, otpauth::parse(input, &Policy::app())) {
            (true, Ok(parsed)) => {
                read += 1;
                wrong.extend(difference(expect, &parsed).map(|difference| format!("{id}: {difference}")));
            }
            (false, Err(_)) => refused += 1,
            (true, Err(error)) => wrong.push(format!("{id}: refused: {error}: {input}")),
            (false, Ok(_)) => wrong.push(format!("{id}: not refused: {input}")),
        }
    }
    println!("{read} read, {refused} refused");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(read > 70 && refused > 20, "the corpus is not the one that this test is about");
}
