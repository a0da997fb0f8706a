//! Seed files of servers, read from beside the tree; each has expectations of the program that it is from.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{fs, path::PathBuf};

use data_encoding::HEXLOWER;
use pushotp_provision::{Credential, Entry, Error, Format, Kind, Part, Policy, Records, Unlock, Warning, detect, read};
use pushotp_types::HashAlgorithm;
use serde_json::Value;

fn folder() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/provisioning");
    let root = std::env::var_os("PUSHOTP_CORPUS").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let folder = root.join("bulk");
    if folder.join("EXPECTED.json").exists() {
        return Some(folder);
    }
    assert!(std::env::var("PUSHOTP_REQUIRE_DATA").as_deref() != Ok("1"), "no corpus at {}", root.display());
    println!("skipped: there is no corpus at {}", root.display());
    None
}

fn token<'r>(records: &'r Records, serial: &str) -> &'r Credential {
    records.credentials().find(|credential| credential.serial() == Some(serial)).expect(serial)
}

fn hex(credential: &Credential) -> String {
    HEXLOWER.encode(credential.secret().expose())
}

/// How a token differs from the fields that are stated of it.
fn differs(credential: &Credential, expected: &Value) -> Option<String> {
    let (period, counter) = match credential.kind() {
        Kind::Totp { period, .. } => (Some(u64::from(*period)), None),
        Kind::Hotp { counter } | Kind::Ocra { counter, .. } => (None, Some(*counter)),
        _ => (None, None),
    };
    let suite = match credential.kind() {
        Kind::Ocra { suite, .. } => suite.as_str(),
        _ => "",
    };
    let extra = |name: &str| credential.extra().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned());
    let fields = expected.as_object()?;
    fields.iter().find_map(|(name, value)| {
        let holds = match name.as_str() {
            "type" => value == credential.kind().name(),
            "digits" => value.as_u64() == Some(credential.digits().get().into()),
            "period" => value.as_u64() == period,
            "counter" => value.as_u64() == counter,
            "suite" => value == suite,
            "secret_hex" => *value == hex(credential),
            "upn" => value == credential.account(),
            "serial" => value.as_str() == credential.serial(),
            "epoch" => matches!(credential.kind(), Kind::Totp { t0: 946_684_800, .. }),
            name => value.as_str() == extra(name).as_deref(),
        };
        (!holds).then(|| format!("{name} is not {value}"))
    })
}

/// Expectations that are in the file itself.
fn stated(records: &Records, expected: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let read = records.credentials().count();
    for (name, value) in expected.as_object().unwrap() {
        match (name.as_str(), value) {
            ("count", count) if count.as_u64() != Some(read as u64) => wrong.push(format!("{read} read, not {count}")),
            ("rows" | "lines", rows) if rows.as_u64() != Some(records.records.len() as u64) => {
                wrong.push(format!("{} records, not {rows}", records.records.len()));
            }
            ("secret_hex", secret) => {
                wrong.extend(
                    records.credentials().filter(|token| *secret != hex(token)).map(|_| "another secret".into()),
                );
            }
            ("tokens", tokens) => {
                let pairs = records.credentials().zip(tokens.as_array().unwrap());
                wrong.extend(pairs.filter_map(|(credential, expected)| differs(credential, expected)));
            }
            (serial, Value::Object(_)) if records.credentials().any(|token| token.serial() == Some(serial)) => {
                wrong.extend(differs(token(records, serial), value));
            }
            _ => {}
        }
    }
    wrong
}

/// Expectations in words, by the file.
fn in_words(name: &str, records: &Records) -> bool {
    let errors: Vec<Error> =
        records.records.iter().filter_map(|record| record.result.as_ref().err().copied()).collect();
    let warned = |warning| records.records.iter().filter(|record| record.warnings.contains(warning)).count();
    match name {
        // A line without a key, and codes that were accepted: of counter 1 with SHA-512.
        "linotp_oath_tokens_sha512.csv" => {
            let hash = |serial| token(records, serial).algorithm();
            errors == [Error::SecretMissing]
                && ["htok_sha512_1", "htok_sha512_3"].iter().all(|serial| hash(serial) == HashAlgorithm::Sha512)
                && hash("htok_sha1_6") == HashAlgorithm::Sha1
                && token(records, "htok_sha512_1").digits().get() == 8
        }
        "linotp_safeword_tokens.dat" => warned(Warning::SignatureNotVerified) == 2,
        "linotp_safenet_tokens.xml" => warned(Warning::OddHex) == 1,
        "privacyidea_aladdin_partial.xml" => {
            errors == [Error::Missing(Part::Serial), Error::SecretMissing, Error::SecretMissing]
        }
        "privacyidea_yubico.csv" => errors == [Error::Type, Error::Type],
        "linotp_yubi_hmac.csv" => records.credentials().map(|token| token.digits().get()).eq([8, 6]),
        "linotp_yubi_chall_tokens.csv" => records.credentials().all(|token| token.serial().is_none()),
        "privacyidea_oathcsv_mixed.csv" => errors == [Error::SecretMissing],
        "entra_ms_docs.csv" => warned(Warning::SpareBits) == 1,
        _ => true,
    }
}

#[test]
fn every_file_is_read_as_its_corpus_says() {
    let Some(folder) = folder() else { return };
    let files: Value = serde_json::from_slice(&fs::read(folder.join("EXPECTED.json")).unwrap()).unwrap();
    let (mut held, mut records_read, mut wrong) = (0, 0, Vec::new());
    for (name, case) in files.as_object().unwrap() {
        let input = fs::read(folder.join(name)).unwrap();
        let format = detect(&input).format();
        assert_eq!(format.map(Format::name), case["format"].as_str(), "{name}");
        match read(&input, &Policy::app(), &Unlock::none()) {
            // RSA's seed files are recognised and explained only.
            Err(Error::NotReadable(format)) if format.name() == "rsa-sdtid" => held += 1,
            Err(error) => wrong.push(format!("{name}: {error}")),
            Ok(records) => {
                let mut differences = stated(&records, &case["expect"]);
                differences.extend((!in_words(name, &records)).then(|| format!("not what is expected: {records:?}")));
                records_read += records.credentials().count();
                held += usize::from(differences.is_empty());
                wrong.extend(differences.into_iter().map(|difference| format!("{name}: {difference}")));
            }
        }
    }
    println!("bulk: {held} of {} files as expected, {records_read} tokens", files.as_object().unwrap().len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(held >= 14 && records_read > 50, "{held} files: the corpus is not the one that this test is about");
}

/// What a server's policy makes of the same files.
#[test]
fn nothing_is_guessed_for_a_server() {
    let Some(folder) = folder() else { return };
    let strict = |name: &str| read(&fs::read(folder.join(name)).unwrap(), &Policy::server(), &Unlock::none());
    assert_eq!(strict("entra_deepnet_no_upn.csv").unwrap_err(), Error::Missing(Part::Field("upn")));
    let error = |name| *strict(name).unwrap().records[0].result.as_ref().unwrap_err();
    assert_eq!(error("entra_ms_docs.csv"), Error::SpareBits);
    assert_eq!(error("linotp_safenet_tokens.xml"), Error::Hex { position: 8 });
    assert_eq!(error("linotp_oath_tokens.csv"), Error::SecretTooWeak);
    assert!(matches!(strict("linotp_yubi_hmac.csv").unwrap().records[0].result, Ok(Entry::Credential(_))));
}
