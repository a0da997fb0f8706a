//! Exports of authenticator apps, read from beside the tree; each says what must be found in it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{collections::BTreeMap, fs, path::PathBuf};

use data_encoding::HEXLOWER;
use pushotp_provision::{
    Credential, Entry, Error, Format, KdfLimits, KdfUnit, Kind, Policy, Records, Support, Unlock, detect, read,
};
use serde_json::Value;

/// The folder and what it must hold, `None` where there is no corpus.
fn corpus() -> Option<(PathBuf, BTreeMap<String, Value>)> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/provisioning");
    let root = std::env::var_os("PUSHOTP_CORPUS").map_or_else(|| PathBuf::from(default), PathBuf::from).join("backups");
    let Ok(text) = fs::read_to_string(root.join("EXPECTED.json")) else {
        assert!(std::env::var("PUSHOTP_REQUIRE_DATA").as_deref() != Ok("1"), "no exports at {}", root.display());
        println!("skipped: no exports at {}", root.display());
        return None;
    };
    Some((root, serde_json::from_str(&text).unwrap()))
}

/// As an app reads it whose user agreed to what Ente's highest level costs.
fn patient() -> Policy {
    Policy::app().kdf_limits(KdfLimits { argon2_bytes: 1 << 30, ..KdfLimits::default() })
}

fn unlock(expected: &Value) -> Unlock<'_> {
    expected["password"].as_str().map_or(Unlock::none(), |password| Unlock::none().password(password))
}

/// What the corpus calls a format, by ours.
fn format(name: &str) -> Format {
    let name = match name {
        "ente-plain" => "uri-list",
        "winauth-zip" => "zip",
        "steam" => "steam-mafile",
        name => name,
    };
    *Format::ALL.iter().find(|format| format.name() == name).unwrap_or_else(|| panic!("no format {name}"))
}

/// How a credential differs from what the corpus expects of it.
fn differences(expect: &Value, credential: &Credential, format: Format) -> Vec<String> {
    let extra = |name: &str| credential.extra().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
    let counter = match credential.kind() {
        // These store the counter of the last code; the corpus says what is stored.
        Kind::Hotp { counter } if matches!(format, Format::FreeOtp | Format::FreeOtpPlus) => counter.checked_sub(1),
        Kind::Hotp { counter } => Some(*counter),
        _ => None,
    };
    let is_motp = matches!(credential.kind(), Kind::Motp);
    let mut wrong = Vec::new();
    for (name, expected) in expect.as_object().unwrap() {
        let ours = match name.as_str() {
            "type" => credential.kind().name().into(),
            "issuer" => credential.display_issuer().unwrap_or_default().into(),
            "account" => credential.account().into(),
            "secret_hex" => HEXLOWER.encode(credential.secret().expose()).into(),
            // Mobile-OTP has MD5 and 10 s, whatever stands in a file.
            "algorithm" | "period" if is_motp => continue,
            "algorithm" => credential.algorithm().to_string().into(),
            "digits" => credential.digits().get().into(),
            "period" => credential.kind().period().into(),
            "counter" => counter.into(),
            "pin" => String::from_utf8(credential.pin().unwrap().expose().to_vec()).unwrap().into(),
            "issuer_int" => credential.issuer().into(),
            "otp_issuer" => credential.label_issuer().unwrap_or_default().into(),
            "item_name" | "item_username" if expected.is_null() => continue,
            "item_name" | "item_username" => extra(name).into(),
            // Of these the URI, which holds the same, or the account is kept.
            "label" | "entry_name" | "entry_type" => continue,
            _ => panic!("a field that is not known: {name}"),
        };
        if Value::clone(&ours) != *expected {
            wrong.push(format!("{name} {expected}, not {ours}"));
        }
    }
    wrong
}

fn compare(file: &str, expected: &Value, records: &Records) -> (usize, Vec<String>) {
    let entries = expected["entries"].as_array().unwrap();
    let mut wrong = Vec::new();
    if records.records.len() != entries.len() {
        wrong.push(format!("{file}: {} records, not {}", records.records.len(), entries.len()));
    }
    for (place, (entry, record)) in entries.iter().zip(&records.records).enumerate() {
        match &record.result {
            Ok(Entry::Credential(credential)) => {
                let differences = differences(entry, credential, records.format);
                wrong.extend(differences.iter().map(|difference| format!("{file}, {place}: {difference}")));
            }
            other => wrong.push(format!("{file}, {place}: {other:?}")),
        }
    }
    (entries.len(), wrong)
}

#[test]
fn every_export_is_read_as_its_corpus_says() {
    let Some((root, expectations)) = corpus() else { return };
    let (mut files, mut entries, mut explained, mut wrong) = (0, 0, 0, Vec::new());
    for (file, expected) in &expectations {
        let input = fs::read(root.join(file)).unwrap();
        let (ours, found) = (format(expected["format"].as_str().unwrap()), detect(&input).format());
        // A list of one URI is a URI.
        let is_one = expected["count"] == 1 && found == Some(Format::Otpauth);
        if found != Some(ours) && !(is_one && ours == Format::UriList) {
            wrong.push(format!("{file}: detected as {found:?}, not {ours:?}"));
            continue;
        }
        match read(&input, &patient(), &unlock(expected)) {
            Ok(records) => {
                let (count, differences) = compare(file, expected, &records);
                files += 1;
                entries += count;
                wrong.extend(differences);
            }
            // Another program must read it; the help desk is told which.
            Err(Error::NotReadable(format)) if format == ours && format.support() == Support::Never => explained += 1,
            Err(error) => wrong.push(format!("{file}: {error}")),
        }
    }
    println!(
        "{files} of {} files read, with {entries} entries; {explained} recognised and explained",
        expectations.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(files >= 34 && entries > 170 && files + explained == expectations.len(), "not the corpus of this test");
}

/// Of each encrypted file: without a password, with a wrong one, with one bit changed, cut.
#[test]
fn an_encrypted_export_opens_with_its_password_only_and_only_whole() {
    let Some((root, expectations)) = corpus() else { return };
    let mut tested = 0;
    for (file, expected) in &expectations {
        let format = format(expected["format"].as_str().unwrap());
        let input = fs::read(root.join(file)).unwrap();
        if format.support() != Support::Feature("backup-crypto") || file == "stratum_t_ente.encrypted.json" {
            continue;
        }
        tested += 1;
        let open = |input: &[u8], password| {
            pushotp_provision::read_as(format, input, &patient(), &Unlock::none().password(password))
        };
        let right = expected["password"].as_str().unwrap();
        assert_eq!(read(&input, &patient(), &Unlock::none()).err(), Some(Error::Locked), "{file}");
        assert!(matches!(open(&input, "wrong").err(), Some(Error::Decrypt)), "{file}");
        assert!(matches!(open(&input, "").err(), Some(Error::Decrypt)), "{file}");
        assert!(open(&input, right).is_ok(), "{file}");
        // The names in FreeOTP's are outside of what is encrypted, and costs there are those of a token.
        if format != Format::StratumLegacy && format != Format::FreeOtp2 {
            assert!(open(&changed(&input), right).is_err(), "{file}");
        }
        assert!(open(&input[..input.len() - 40], right).is_err(), "{file}");
    }
    println!("{tested} encrypted files");
    assert!(tested >= 9, "not the corpus of this test");
}

/// A letter of the longest run of base64 replaced by another; in a binary file the last byte but twenty.
fn changed(input: &[u8]) -> Vec<u8> {
    let mut input = input.to_vec();
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'\\');
    let place = if std::str::from_utf8(&input).is_ok() {
        let mut runs = input.split(|byte| !is_base64(byte)).map(|run| (run.len(), run.as_ptr() as usize));
        let (length, start) = runs.by_ref().max().unwrap();
        let middle = start - input.as_ptr() as usize + length / 2;
        (middle..input.len()).find(|place| input[*place].is_ascii_alphabetic()).unwrap()
    } else {
        input.len() - 20
    };
    input[place] ^= if input[place].is_ascii_alphabetic() { 0x20 } else { 0x01 };
    input
}

/// The limits that hold unless the user is asked.
#[test]
fn a_gibibyte_is_refused_before_it_is_taken() {
    let Some((root, expectations)) = corpus() else { return };
    let file = "stratum_t_ente.encrypted.json";
    let input = fs::read(root.join(file)).unwrap();
    let expensive = Error::KdfTooExpensive { needed: 1 << 30, unit: KdfUnit::Bytes };
    let taken = allocation_counter::measure(|| {
        assert_eq!(read(&input, &Policy::app(), &unlock(&expectations[file])).err(), Some(expensive));
    });
    assert!(taken.bytes_max < 64 * input.len() as u64, "{taken:?}");
}

/// The presets differ where the table of the policy says so.
#[test]
fn a_server_takes_no_file_without_a_mac() {
    let Some((root, expectations)) = corpus() else { return };
    let file = "stratum_encrypted_legacy.bin";
    let (input, unlock) = (fs::read(root.join(file)).unwrap(), unlock(&expectations[file]));
    assert_eq!(read(&input, &Policy::server(), &unlock).err(), Some(Error::MacMissing));
    assert!(read(&input, &Policy::app(), &unlock).unwrap().warnings.contains(pushotp_provision::Warning::MacMissing));
}
