//! Texts of other projects, read from beside the tree; each says what it must be read as.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{fs, path::PathBuf};

use data_encoding::HEXLOWER;
use pushotp_provision::{
    Credential, Enrolment, Entry, Error, Format, Kind, Policy, Record, Support, Unlock, detect, keepass, manual,
    migration, mobilepass, read, read_as, yandex,
};
use pushotp_types::Secret;
use serde_json::Value;

/// The folder of the corpus, `None` where there is none.
fn root() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/provisioning");
    let root = std::env::var_os("PUSHOTP_CORPUS").map_or_else(|| PathBuf::from(default), PathBuf::from);
    if root.join("uris").is_dir() {
        return Some(root);
    }
    assert!(std::env::var("PUSHOTP_REQUIRE_DATA").as_deref() != Ok("1"), "no corpus at {}", root.display());
    println!("skipped: no corpus at {}", root.display());
    None
}

/// The lines of a file, with and without those that applications disagree about.
fn lines(file: &str) -> Option<Vec<Value>> {
    let text = fs::read_to_string(root()?.join("uris").join(file)).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn undisputed(file: &str) -> Option<Vec<Value>> {
    Some(lines(file)?.into_iter().filter(|line| line.get("disputed").is_none()).collect())
}

/// How a credential differs from what the corpus expects of it.
fn difference(expect: &Value, credential: &Credential) -> Option<String> {
    let counter = if let Kind::Hotp { counter } = credential.kind() { Some(*counter) } else { None };
    let text = |name: &str, ours: Option<&str>| {
        let expected = expect.get(name).and_then(Value::as_str);
        expected.filter(|expected| Some(*expected) != ours).map(|expected| format!("{name} {expected:?}, not {ours:?}"))
    };
    let number = |name: &str, ours: Option<u64>| {
        let expected = expect.get(name).and_then(Value::as_u64);
        expected.filter(|expected| Some(*expected) != ours).map(|expected| format!("{name} {expected}, not {ours:?}"))
    };
    let none = |name: &str, ours: Option<&str>| {
        let differs = expect.get(name).is_some_and(Value::is_null) && ours.is_some();
        differs.then(|| format!("{name} is {ours:?}"))
    };
    let secret = HEXLOWER.encode(credential.secret().expose());
    let algorithm = credential.algorithm().to_string();
    text("type", Some(credential.kind().name()))
        .or_else(|| text("issuer", credential.display_issuer()))
        .or_else(|| none("issuer", credential.display_issuer()))
        .or_else(|| text("label_issuer", credential.label_issuer()))
        .or_else(|| text("account", Some(credential.account())))
        .or_else(|| text("name", Some(credential.account())))
        .or_else(|| text("algorithm", Some(&algorithm)))
        .or_else(|| text("secret_hex", Some(&secret)))
        .or_else(|| number("digits", Some(credential.digits().get().into())))
        .or_else(|| number("period", credential.kind().period().map(u64::from)))
        .or_else(|| number("counter", counter))
}

/// The only record of a text.
fn only(input: &[u8], policy: &Policy) -> Result<Record, Error> {
    let mut records = read(input, policy, &Unlock::none())?.records;
    assert_eq!(records.len(), 1);
    Ok(records.remove(0))
}

/// A line of `otpauth.jsonl`: through detection, as a program reads it.
fn key_uri(input: &str) -> Result<Credential, Error> {
    if input.starts_with('{') {
        let object: Value = serde_json::from_str(input).unwrap();
        let fields = object.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
        return keepass::from_fields(fields, &Policy::app()).map(|parsed| parsed.credential);
    }
    match only(input.as_bytes(), &Policy::app())?.result? {
        Entry::Credential(credential) => Ok(*credential),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_undisputed_uri_is_read_as_its_corpus_says() {
    let Some(lines) = undisputed("otpauth.jsonl") else { return };
    let (mut read, mut by_time, mut refused, mut wrong) = (0, 0, 0, Vec::new());
    for line in &lines {
        let (id, input, expect) = (&line["id"], line["input"].as_str().unwrap(), &line["expect"]);
        let result = key_uri(input);
        // Half a key is not read, for it would give wrong codes; the numbers of the other half are in the error.
        if let Some(half) = expect.get("two_step") {
            let number = |name: &str| u32::try_from(half[name].as_u64().unwrap()).unwrap();
            let expected = Error::TwoStep {
                salt_bytes: number("salt_bytes"),
                output_bytes: number("output_bytes"),
                iterations: number("iterations"),
            };
            assert_eq!(result.err(), Some(expected), "{id}");
            read += 1;
            continue;
        }
        match (line["ok"] == true, result) {
            (true, Ok(credential)) => {
                read += 1;
                by_time += u32::from(
                    input.starts_with("otpauth:") && matches!(credential.kind(), Kind::Totp { .. } | Kind::Steam),
                );
                wrong.extend(difference(expect, &credential).map(|difference| format!("{id}: {difference}")));
            }
            (false, Err(_)) => refused += 1,
            (true, Err(error)) => wrong.push(format!("{id}: refused: {error}: {input}")),
            (false, Ok(_)) => wrong.push(format!("{id}: not refused: {input}")),
        }
    }
    println!("otpauth: {read} of 88 read, {by_time} of them TOTP and Steam URIs, {refused} of 23 refused");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((read, by_time, refused), (88, 45, 23), "the corpus is not the one that this test is about");
}

/// What applications disagree about is decided once: the table of `Policy`. Id, what an app gets, what a server gets.
const DECIDED: [(&str, Option<&str>, Option<&str>); 30] = [
    ("colon-07", Some("totp Example al:ice@google.com"), Some("totp Example al:ice@google.com")),
    ("colon-11", Some("totp My Company:user@example.com"), None),
    (
        "colon-17",
        Some("totp 喵 と Nyaa (https://old.huihui.cat) user"),
        Some("totp 喵 と Nyaa (https://old.huihui.cat) user"),
    ),
    ("colon-19", Some("totp Test: Foo User"), Some("totp Test: Foo User")),
    ("colon-23", Some("totp /e/ cool@ente.com"), Some("totp /e/ cool@ente.com")),
    ("daypassword-02", Some("totp issuer account"), None),
    ("dup-param-02", Some("totp  "), None),
    ("dup-param-04", Some("hotp  "), None),
    ("dup-param-06", None, None),
    ("hectorm-00-02", Some("hotp  OTPAuth"), Some("hotp  OTPAuth")),
    ("hectorm-05-02", Some("hotp ACME Co Firstname Lastname"), None),
    ("image-02", Some("totp  "), None),
    ("issuer-mismatch-02", Some("totp something username"), None),
    ("keepass-01", Some("totp ACME Co john@example.com"), Some("totp ACME Co john@example.com")),
    ("limits-01", None, None),
    ("num-05", Some("hotp  issuer"), None),
    ("plus-02", Some("totp Capawesome Cloud owner@capawesome.io"), Some("totp Capawesome Cloud owner@capawesome.io")),
    ("realworld-14", Some("totp Microsoft test2fa@petrsnd.org"), None),
    ("realworld-22", Some("totp Mongo Atlas Acc !@#444"), Some("totp Mongo Atlas Acc !@#444")),
    ("reject-basic-05", None, None),
    ("reject-basic-17", None, None),
    ("reject-basic-19", None, None),
    ("reject-num-02", None, None),
    ("reject-num-16", Some("totp  bar"), None),
    ("reject-num-18", Some("totp  bar"), Some("totp  bar")),
    ("reject-num-20", Some("totp Steam bar"), Some("totp Steam bar")),
    ("reject-num-22", Some("hotp  bar"), None),
    ("steam-02", Some("steam Steam "), None),
    ("steam-04", Some("totp Steam username"), None),
    ("yandex-01", Some("yandex  username"), Some("yandex  username")),
];

#[test]
fn every_disputed_uri_is_decided_by_the_policy() {
    let Some(lines) = lines("otpauth.jsonl") else { return };
    let disputed: Vec<&Value> = lines.iter().filter(|line| line.get("disputed").is_some()).collect();
    let shown = |input: &str, policy: &Policy| {
        let Ok(record) = only(input.as_bytes(), policy) else { return None };
        let Ok(Entry::Credential(credential)) = record.result else { return None };
        let issuer = credential.display_issuer().unwrap_or_default().to_owned();
        Some(format!("{} {issuer} {}", credential.kind().name(), credential.account()))
    };
    let mut wrong = Vec::new();
    for line in &disputed {
        let (id, input) = (line["id"].as_str().unwrap(), line["input"].as_str().unwrap());
        let found = (shown(input, &Policy::app()), shown(input, &Policy::server()));
        let decided = DECIDED.iter().find(|(known, ..)| *known == id).map(|(_, app, server)| (*app, *server));
        if decided != Some((found.0.as_deref(), found.1.as_deref())) {
            wrong.push(format!("({id:?}, {:?}, {:?}),", found.0, found.1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("otpauth: {} disputed lines decided", disputed.len());
    assert_eq!(disputed.len(), DECIDED.len());
}

#[test]
fn every_bare_secret_is_read_as_its_corpus_says() {
    let Some(lines) = undisputed("base32.jsonl") else { return };
    let (mut read, mut refused) = (0, 0);
    for line in &lines {
        let (id, input) = (&line["id"], line["input"].as_str().unwrap());
        let manual_only = line["tags"].as_array().unwrap().iter().any(|tag| tag == "manual-entry-only");
        let corrected = manual::correct(input, manual::LookAlikes::KeePassXc);
        assert_eq!(manual_only, !corrected.changes().is_empty() && line["ok"] == true, "{id}");
        let text = if manual_only { corrected.text() } else { input };
        match (line["ok"] == true, manual::base32(text, &Policy::app())) {
            (true, Ok(parsed)) => {
                let secret = HEXLOWER.encode(parsed.credential.secret().expose());
                assert_eq!(line["expect"]["secret_hex"], secret, "{id}");
                read += 1;
            }
            (false, Err(_)) => refused += 1,
            (true, Err(error)) => panic!("{id}: {error}"),
            (false, Ok(_)) => panic!("{id}: not refused"),
        }
    }
    println!("base32: {read} of 22 read, {refused} of 4 refused");
    assert_eq!((read, refused), (22, 4));
}

#[test]
fn every_export_is_read_as_its_corpus_says() {
    let Some(lines) = undisputed("migration.jsonl") else { return };
    let (mut read, mut refused, mut tokens) = (0, 0, 0);
    for line in &lines {
        let (id, input, expect) = (&line["id"], line["input"].as_str().unwrap(), &line["expect"]);
        let payload = match (line["ok"] == true, migration::parse(input, &Policy::app())) {
            (true, payload) => payload.unwrap_or_else(|error| panic!("{id}: {error}")),
            (false, payload) => {
                assert!(payload.is_err(), "{id}");
                refused += 1;
                continue;
            }
        };
        read += 1;
        assert_eq!(expect["batch_size"].as_u64().unwrap_or(1), payload.batch_size as u64, "{id}");
        assert_eq!(expect["batch_index"].as_u64().unwrap_or(0), payload.batch_index as u64, "{id}");
        assert_eq!(expect["batch_id"].as_i64().unwrap_or(0), i64::from(payload.batch_id), "{id}");
        assert_eq!(expect["version"].as_i64().unwrap_or(1), i64::from(payload.version), "{id}");
        let entries = expect["entries"].as_array().unwrap();
        assert_eq!(entries.len(), payload.records.len(), "{id}");
        for (entry, record) in entries.iter().zip(payload.records) {
            let Ok(Entry::Credential(credential)) = record.result else { panic!("{id}: {record:?}") };
            // The name as the exporter has it: with the issuer in front, where it was.
            let name = match credential.label_issuer() {
                Some(issuer) => format!("{issuer}:{}", credential.account()),
                None => credential.account().to_owned(),
            };
            assert_eq!(entry["name"], name, "{id}");
            let mut entry = entry.clone();
            entry.as_object_mut().unwrap().remove("name");
            assert_eq!(difference(&entry, &credential), None, "{id}");
            tokens += 1;
        }
    }
    println!("migration: {read} of 6 read with {tokens} tokens, {refused} of 3 refused");
    assert_eq!((read, refused), (6, 3));
}

/// A line of `vendor.jsonl`: whether it is as expected.
fn vendor(line: &Value) -> Result<(), String> {
    let (format, input, expect) = (line["format"].as_str().unwrap(), line["input"].as_str().unwrap(), &line["expect"]);
    let app = Policy::app();
    let same = |what: &str, ours: &str| match expect[what].as_str() {
        Some(expected) if expected == ours => Ok(()),
        expected => Err(format!("{what}: {expected:?}, not {ours:?}")),
    };
    let refused = |format: Format| {
        let explained = detect(input.as_bytes()).explain() == format.explain();
        let error = read(input.as_bytes(), &app, &Unlock::none()).err();
        let right = explained && error == Some(Error::NotReadable(format)) && format.support() == Support::Never;
        if right { Ok(()) } else { Err(format!("{error:?}")) }
    };
    let enrolment = || match only(input.as_bytes(), &app).and_then(|record| record.result) {
        Ok(Entry::Enrolment(enrolment)) => Ok(*enrolment),
        other => Err(format!("{other:?}")),
    };
    match format {
        "privacyidea-push" => {
            let Enrolment::Push(push) = enrolment()? else { return Err("no push".into()) };
            same("label", &push.label)?;
            same("url", &push.url)?;
            same("issuer", push.issuer.as_deref().unwrap_or_default())?;
            same("serial", &push.serial)?;
            same("enrollment_credential", core::str::from_utf8(push.credential.expose()).unwrap())?;
            let rest =
                expect["ttl_minutes"] == push.ttl_minutes && expect["sslverify"] == push.asks_for_tls_verification;
            if rest { Ok(()) } else { Err("ttl or sslverify".into()) }
        }
        "oathtoken" | "motp" => {
            difference(expect, &key_uri(input).map_err(|error| error.to_string())?).map_or(Ok(()), Err)
        }
        "yandex-secret" => match (line["ok"] == true, yandex::parse(input, &app)) {
            (true, Ok(parsed)) if expect["secret16_hex"].is_string() => {
                same("secret16_hex", &HEXLOWER.encode(parsed.credential.secret().expose()))
            }
            (true, Ok(_)) | (false, Err(_)) => Ok(()),
            (_, result) => Err(format!("{result:?}")),
        },
        // Codes are computed elsewhere; here the key is read.
        "motp-code" => {
            let parsed = manual::hex(input, &app).map_err(|error| error.to_string())?;
            (HEXLOWER.encode(parsed.credential.secret().expose()) == input).then_some(()).ok_or("another key".into())
        }
        "rsa-ctf" => refused(Format::SecurIdCtf),
        "entrust-igmobileotp" => refused(Format::Entrust),
        "ms-phonefactor" => refused(Format::Microsoft),
        "linotp-lseqr-chal" => refused(Format::LinOtpChallenge),
        "mobilepass8-activation-code" => match (line["ok"] == true, mobilepass::parse(input, "", &app)) {
            (true, Ok(parsed)) => {
                let codes: Vec<String> =
                    (0..5).map(|counter| hotp_sha256(parsed.credential.secret(), counter)).collect();
                let expected: Vec<&str> = expect["codes_from_counter_0"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|code| code.as_str().unwrap())
                    .collect();
                (codes == expected).then_some(()).ok_or(format!("{codes:?}"))
            }
            (false, Err(_)) => Ok(()),
            (_, result) => Err(format!("{result:?}")),
        },
        "mobilepassplus-activation-string" => {
            let Enrolment::MobilePassPlus(activation) = enrolment()? else { return Err("no activation".into()) };
            same("EnrollmentURL", &activation.url)?;
            same("UserID", &activation.user)?;
            same("Passphrase", core::str::from_utf8(activation.passphrase.expose()).unwrap())
        }
        "linotp-lseqr-init" => {
            let Enrolment::LinOtpOcra2(start) = enrolment()? else { return Err("no start".into()) };
            same("sharedsecret", &HEXLOWER.encode(start.shared_secret.expose()))?;
            same("ocrasuite", &start.suite)?;
            same("serial", start.serial.as_deref().unwrap_or_default())
        }
        other => Err(format!("{other} is not tested")),
    }
}

/// HOTP with SHA-256 and 6 digits, RFC 4226 §5.3 in a few lines: the crate that computes codes is no part of this one.
fn hotp_sha256(key: &Secret, counter: u64) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.expose()).unwrap();
    mac.update(&counter.to_be_bytes());
    let mac = mac.finalize().into_bytes();
    let at = usize::from(mac[31] & 15);
    let value = u32::from_be_bytes(mac[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", value % 1_000_000)
}

#[test]
fn every_vendors_text_is_read_or_explained() {
    let Some(lines) = undisputed("vendor.jsonl") else { return };
    let wrong: Vec<String> = lines
        .iter()
        .filter_map(|line| vendor(line).err().map(|difference| format!("{}: {difference}", line["id"])))
        .collect();
    println!("vendor: {} of {} as expected", lines.len() - wrong.len(), lines.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(lines.len(), 21);
}

#[test]
fn a_users_file_is_read_as_its_corpus_says() {
    let Some(root) = root() else { return };
    let file = fs::read(root.join("bulk/oathtk_users.oath")).unwrap();
    let records = read(&file, &Policy::app(), &Unlock::none()).unwrap();
    assert_eq!((records.format, records.records.len()), (Format::LiboathUsers, 25));
    let credentials: Vec<&Credential> = records.credentials().collect();
    assert_eq!(credentials.len(), 25);
    let of = |user: &str| credentials.iter().filter(|credential| credential.account() == user).count();
    assert_eq!([of("twouser"), of("threeuser"), of("fouruser"), of("fiveuser")], [2, 3, 4, 5]);
    let foo = credentials.iter().find(|credential| credential.account() == "foo").unwrap();
    assert_eq!(foo.kind(), &Kind::Hotp { counter: 0 });
    assert!(foo.extra().eq([("last_otp", "755224"), ("timestamp", "2009-12-07T17:25:42L")]));
    let again = pushotp_provision::liboath::write(credentials.iter().copied()).unwrap();
    let again = read_as(Format::LiboathUsers, again.as_bytes(), &Policy::app(), &Unlock::none()).unwrap();
    assert!(again.credentials().eq(credentials.iter().copied()));
}

/// Each file of the corpus is recognised as what its row says.
#[test]
fn every_file_is_recognised() {
    let Some(root) = root() else { return };
    let mut wrong = Vec::new();
    let mut count = 0;
    for folder in ["backups", "bulk"] {
        let expected: Value =
            serde_json::from_slice(&fs::read(root.join(folder).join("EXPECTED.json")).unwrap()).unwrap();
        for (name, row) in expected.as_object().unwrap() {
            let found = detect(&fs::read(root.join(folder).join(name)).unwrap()).format().map_or("none", Format::name);
            let format = match row["format"].as_str().unwrap() {
                // Ente's plain export is a list of URIs like others.
                "ente-plain" if name.contains("missing_fields") => "otpauth", // a single one
                "ente-plain" => "uri-list",
                "winauth-zip" => "zip",
                "steam" => "steam-mafile",
                other => other,
            };
            count += 1;
            if found != format {
                wrong.push(format!("{name}: {format}, not {found}"));
            }
        }
    }
    for entry in fs::read_dir(root.join("pskc")).unwrap() {
        let path = entry.unwrap().path();
        let format = match path.extension().and_then(|extension| extension.to_str()) {
            Some("pem") => "pem",
            Some("json") => continue,
            _ => "pskc",
        };
        count += 1;
        let found = detect(&fs::read(&path).unwrap()).format().map_or("none", Format::name);
        if found != format {
            wrong.push(format!("{}: {format}, not {found}", path.display()));
        }
    }
    println!("files: {} of {count} recognised", count - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 90);
}
