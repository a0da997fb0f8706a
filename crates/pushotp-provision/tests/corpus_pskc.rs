//! PSKC files of other projects and of vendors, read from beside the tree; each has an expectation of a separate reader.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::{fs, path::PathBuf};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use pushotp_provision::{
    Entry, Error, Format, Kind, Mac, Part, Policy, Unlock, Warning, detect,
    pskc::{self, Key, KeyContainer},
};
use serde_json::Value;

/// What other readers call a field, and what it is called here.
const NAMES: [(&str, &str); 26] = [
    ("id", "key_id"),
    ("algorithm", "algorithm"),
    ("algorithm_suite", "suite"),
    ("issuer", "issuer"),
    ("manufacturer", "manufacturer"),
    ("serial", "serial"),
    ("model", "model"),
    ("issue_no", "issue_no"),
    ("device_binding", "device_binding"),
    ("device_userid", "device_user_id"),
    ("device_start_date", "device_start_date"),
    ("device_expiry_date", "device_expiry_date"),
    ("crypto_module", "crypto_module_id"),
    ("key_userid", "user_id"),
    ("key_profile", "key_profile_id"),
    ("key_reference", "key_reference"),
    ("friendly_name", "friendly_name"),
    ("response_encoding", "response_encoding"),
    ("response_length", "response_length"),
    ("response_check", "response_check_digits"),
    ("challenge_encoding", "challenge_encoding"),
    ("challenge_min_length", "challenge_min"),
    ("challenge_max_length", "challenge_max"),
    ("challenge_check", "challenge_check_digits"),
    ("pin_usage", "pin_usage_mode"),
    ("time_offset", "time"),
];

fn folder() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/provisioning");
    let root = std::env::var_os("PUSHOTP_CORPUS").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let folder = root.join("pskc");
    if folder.join("EXPECTED.json").exists() {
        return Some(folder);
    }
    assert!(std::env::var("PUSHOTP_REQUIRE_DATA").as_deref() != Ok("1"), "no corpus at {}", root.display());
    println!("skipped: there is no corpus at {}", root.display());
    None
}

/// A field as text, dates as this crate leaves them.
fn text(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.replace("+00:00", "Z")
}

/// The dates of a draft are the other way round.
fn same(expected: &str, ours: Option<&str>) -> bool {
    ours == Some(expected) || expected == "2008-01-01T00:00:00" && ours == Some("01/01/2008")
}

fn field_differs(name: &str, expected: &Value, key: &Key) -> Option<String> {
    if name == "key_usage" {
        let usages: Vec<&str> = key.fields().filter(|(name, _)| *name == "key_usage").map(|(_, value)| value).collect();
        return (expected != &Value::from(usages)).then(|| format!("{name} is not {expected}"));
    }
    let ours = NAMES.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| ours);
    let credential = match &key.record.result {
        Ok(Entry::Credential(credential)) => Some(credential),
        _ => None,
    };
    if let (Some(Kind::YubikeyOtp { public_id }), "key_userid") = (credential.map(|key| key.kind()), name) {
        let private = HEXLOWER.encode(credential?.private_id()?.expose());
        let user = format!("CN={}, UID={private}", public_id.as_deref()?);
        return (user != text(expected)).then(|| "not the user's identities".into());
    }
    (!same(&text(expected), key.field(ours))).then(|| format!("{name} {expected}, not {:?}", key.field(ours)))
}

/// Whether an error is the one that another reader words like this.
fn same_error(words: &str, error: Error) -> bool {
    match words {
        _ if words.contains("MAC value does not match") => error == Error::Mac,
        _ if words.contains("No algorithm specified") => error == Error::Missing(Part::Field("EncryptionMethod")),
        _ if words.contains("Unsupported algorithm") => matches!(error, Error::Unsupported(Part::Field(_))),
        // A key for a certificate, or parameters that are not complete.
        _ if words.contains("No key available") => {
            [Error::Unsupported(Part::Field("encryption for an RSA key")), Error::Missing(Part::Field("PBKDF2-params"))]
                .contains(&error)
        }
        _ => false,
    }
}

/// How a key differs from what is expected of it.
fn key_differs(expected: &Value, key: &Key) -> Option<String> {
    for (name, value) in expected.as_object().unwrap() {
        let difference = match (name.as_str(), &key.record.result) {
            ("mac_check", _) => None,
            ("policy", _) => {
                value.as_object().unwrap().iter().find_map(|(name, value)| field_differs(name, value, key))
            }
            ("secret_hex", Ok(Entry::Credential(credential))) => {
                let secret = HEXLOWER.encode(credential.secret().expose());
                (value.as_str() != Some(&secret)).then(|| "another secret".into())
            }
            ("secret_hex", result) => Some(format!("{result:?}")),
            ("secret_error", Err(error)) => {
                (!same_error(value.as_str().unwrap(), *error)).then(|| format!("{error}, not {value}"))
            }
            ("secret_error", Ok(_)) => Some("not refused".into()),
            (name, _) => field_differs(name, value, key),
        };
        if difference.is_some() {
            return difference;
        }
    }
    let without_secret = expected.get("secret_hex").is_none() && expected.get("secret_error").is_none();
    let refused = key.record.result.as_ref().err() == Some(&Error::SecretMissing);
    (without_secret != refused).then(|| format!("{:?}", key.record.result))
}

/// The name behind the address, for there are several addresses of the same.
fn fragment(uri: Option<&str>) -> Option<String> {
    let name = uri?.rsplit('#').next()?.to_ascii_lowercase();
    Some(if name == "pbe-3des112-cbc" { "tripledes-cbc".into() } else { name })
}

fn container_differs(expected: &Value, container: &KeyContainer) -> Option<String> {
    let expect = |name: &str| expected[name].as_str();
    let checks = [
        (expect("version") == container.version.as_deref(), "version"),
        (expect("id") == container.id.as_deref(), "id"),
        (fragment(expect("encryption_algorithm")) == fragment(container.encryption_algorithm.as_deref()), "encryption"),
        (expect("encryption_key_name") == container.encryption_key_name.as_deref(), "key name"),
        (fragment(expect("mac_algorithm")) == fragment(container.mac_algorithm.as_deref()), "MAC"),
        (expected.get("signature").is_some() == container.signed, "signature"),
        (container.signed == container.warnings.contains(Warning::SignatureNotVerified), "warning of the signature"),
        (expected["keys"].as_array().unwrap().len() == container.keys.len(), "number of keys"),
    ];
    let own = checks.into_iter().find(|(holds, _)| !holds).map(|(_, name)| name.to_owned());
    let mut keys = expected["keys"].as_array().unwrap().iter().zip(&container.keys);
    own.or_else(|| keys.find_map(|(expected, key)| key_differs(expected, key)))
}

/// Files that are to be refused, and why they are.
fn refused(name: &str, input: &[u8], unlock: &Unlock<'_>) -> Option<String> {
    let (error, expected) = match pskc::parse(input, &Policy::app(), unlock) {
        Err(error) => (error, None),
        Ok(container) => (*container.keys[0].record.result.as_ref().err()?, Some(container.keys.len())),
    };
    let fits = match name {
        "pypskc_invalid_not-boolean.pskcxml" => error == Error::Invalid(Part::Field("CheckDigits")),
        "pypskc_invalid_not-integer2.pskcxml" => error == Error::Invalid(Part::Field("MinLength")),
        "pypskc_invalid_wrongversion.pskcxml" => error == Error::Version,
        "freeipa_pskc-missingmac.xml" => error == Error::MacMissing,
        // Not well-formed: it says where.
        _ => matches!(error, Error::MalformedLine { line, .. } if line > 1),
    };
    (!fits || expected.is_some_and(|keys| keys != 1)).then(|| format!("{error}"))
}

#[test]
fn every_file_is_read_as_its_corpus_says() {
    let Some(folder) = folder() else { return };
    let files: Value = serde_json::from_slice(&fs::read(folder.join("EXPECTED.json")).unwrap()).unwrap();
    let (mut held, mut keys, mut outside, mut wrong) = (0, 0, 0, Vec::new());
    for (name, case) in files.as_object().unwrap() {
        let input = fs::read(folder.join(name)).unwrap();
        let key = case["unlock"]["key_hex"].as_str().map(|hex| HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).unwrap());
        let mut unlock =
            case["unlock"]["passphrase"].as_str().map_or(Unlock::none(), |word| Unlock::none().password(word));
        if let Some(key) = &key {
            unlock = unlock.key(key);
        }
        assert_eq!(detect(&input).format(), Some(Format::Pskc), "{name}");
        // What one vendor and two drafts do, and nobody else.
        let over_plaintext = ["actividentity", "hoyer-01", "draft-02_figure4"].iter().any(|part| name.contains(part));
        let policy = if over_plaintext { Policy::app().mac(Mac::OverPlaintext) } else { Policy::app() };
        let difference = if case.get("policy").is_some() || case["expect"]["result"] == "reject" {
            refused(name, &input, &unlock)
        } else if name.contains("camellia") {
            // Outside: the right result is the precise error.
            outside += 1;
            let container = pskc::parse(&input, &policy, &unlock).unwrap();
            let error = *container.keys[0].record.result.as_ref().unwrap_err();
            (error != Error::Unsupported(Part::Field("encryption with Camellia"))).then(|| error.to_string())
        } else {
            match pskc::parse(&input, &policy, &unlock) {
                Ok(container) => {
                    keys += container.keys.len();
                    container_differs(&case["expect"], &container)
                }
                Err(error) => Some(error.to_string()),
            }
        };
        match difference {
            Some(difference) => wrong.push(format!("{name}: {difference}")),
            None => held += 1,
        }
    }
    println!(
        "pskc: {held} of {} files as expected, {keys} keys; {outside} of them are outside: Camellia",
        held + wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(held >= 48 && keys >= 80, "{held} files, {keys} keys: the corpus is not the one that this test is about");
}

/// What the file of one vendor needs is refused unless it is asked for, and a changed value is not read then either.
#[test]
fn a_mac_over_the_plaintext_must_be_asked_for() {
    let Some(folder) = folder() else { return };
    let input = fs::read_to_string(folder.join("pypskc_actividentity_test.pskcxml")).unwrap();
    let key = HEXLOWER.decode(b"fe0de6b806c09b762c4b49a666a27b72").unwrap();
    let unlock = Unlock::none().key(&key);
    let error = |input: &str, policy: &Policy| {
        let container = pskc::parse(input.as_bytes(), policy, &unlock).unwrap();
        container.keys.into_iter().next().unwrap().record.result.err()
    };
    let over_plaintext = Policy::app().mac(Mac::OverPlaintext);
    assert_eq!(error(&input, &Policy::app()), Some(Error::Mac));
    assert_eq!(error(&input, &over_plaintext), None);
    assert_eq!(error(&input.replace("1HBJ", "1HBK"), &over_plaintext), Some(Error::Mac));
}

/// Whatever is read can be written, and is read again as the same.
#[test]
fn every_credential_survives_both_ways_of_writing() {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    let Some(folder) = folder() else { return };
    let mut rng = ChaCha20Rng::seed_from_u64(6030);
    let (mut written, key) = (0, [7; 32]);
    for entry in fs::read_dir(folder).unwrap() {
        let input = fs::read(entry.unwrap().path()).unwrap();
        let keys = ["12345678901234567890123456789012", "4A057F6AB6FCB57AB5408E46A9835E68"];
        for hex in keys {
            let shared = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).unwrap();
            let unlock = Unlock::none().key(&shared).password("qwerty");
            let Ok(container) = pskc::parse(&input, &Policy::app(), &unlock) else { continue };
            let credentials = container.keys.into_iter().filter_map(|key| match key.record.result {
                Ok(Entry::Credential(credential)) => Some(*credential),
                _ => None,
            });
            let before: Vec<_> = credentials.collect();
            let plain = pskc::write(&before).unwrap();
            let sealed = pskc::write_encrypted(&before, "Pre-shared-key", &key, &mut rng).unwrap();
            for xml in [plain.as_str(), &sealed] {
                let again = pskc::parse(xml.as_bytes(), &Policy::app(), &Unlock::none().key(&key)).unwrap();
                assert!(again.credentials().eq(before.iter()));
                written += before.len();
            }
        }
    }
    assert!(written > 180, "{written} written");
}
