use allocation_counter::measure;
use data_encoding::BASE64;
use pushotp_provision::{
    Error, Format, KdfLimits, KdfUnit, Kind, Part, Policy, Support, Unlock, Warning, detect, read, read_as,
};
use serde_json::Value;

/// An export that a password protects.
struct Case {
    id: String,
    format: Format,
    password: String,
    input: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let file: Value = serde_json::from_str(include_str!("../vectors/backups.json")).unwrap();
    let cases = file["cases"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let case = |case: &Value| Case {
        id: text(&case["id"]),
        format: *Format::ALL.iter().find(|format| format.name() == case["format"]).unwrap(),
        password: text(&case["password"]),
        input: BASE64.decode(text(&case["input"]).as_bytes()).unwrap(),
    };
    cases.map(case).collect()
}

fn case(id: &str) -> Case {
    cases().into_iter().find(|case| case.id == id).unwrap()
}

/// Whose key derivation is so cheap that it may be repeated.
fn is_cheap(case: &Case) -> bool {
    !["stratum", "stratum_legacy", "proton"].contains(&case.id.as_str())
}

fn open(case: &Case, input: &[u8], policy: &Policy) -> Result<usize, Error> {
    read_as(case.format, input, policy, &Unlock::none().password(&case.password)).map(|records| records.records.len())
}

#[test]
fn each_opens_with_its_password_and_holds_the_same_tokens() {
    let cases = cases();
    for case in &cases {
        assert_eq!(detect(&case.input).format(), Some(case.format), "{}", case.id);
        let records = read(&case.input, &Policy::app(), &Unlock::none().password(&case.password)).unwrap();
        assert_eq!(records.format, case.format);
        let tokens: Vec<_> =
            records.credentials().map(|token| (token.kind(), token.issuer(), token.account())).collect();
        let expected =
            [(&Kind::totp(30), Some("Example"), "alice"), (&Kind::Hotp { counter: 7 }, Some("Example"), "bob")];
        assert_eq!(tokens, expected, "{}", case.id);
        assert!(records.credentials().all(|token| token.secret().expose() == b"12345678901234567890"));
    }
    for format in Format::ALL.iter().filter(|format| format.support() == Support::Feature("backup-crypto")) {
        assert!(cases.iter().any(|case| case.format == *format), "{format} has no vector");
    }
}

#[test]
fn without_the_password_nothing_opens() {
    for case in cases() {
        let open = |unlock: &Unlock<'_>| read(&case.input, &Policy::app(), unlock).err();
        assert_eq!(open(&Unlock::none()), Some(Error::Locked), "{}", case.id);
        assert_eq!(open(&Unlock::none().key(&[7; 32])), Some(Error::Locked), "{}", case.id);
        assert_eq!(open(&Unlock::none().password("Correct horse")), Some(Error::Decrypt), "{}", case.id);
    }
}

/// Every byte of it, or some where the derivation takes long.
#[test]
fn a_changed_file_is_refused() {
    // In the one with a second password, much is not read; FreeOTP encrypts the secrets alone.
    let is_whole = |case: &&Case| case.id != "aegis_second_password" && case.format != Format::FreeOtp2;
    for case in cases().iter().filter(|case| is_cheap(case)).filter(is_whole) {
        let mut taken = 0;
        let step = match case.id.as_str() {
            "2fas" => 97,
            "bitwarden_argon2" | "andotp" => 13,
            _ => 1,
        };
        for place in (0..case.input.len()).step_by(step) {
            let mut changed = case.input.clone();
            // To another letter of the same alphabet, so that the JSON around it stays.
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            // Names of fields that nobody reads, and how a file is laid out.
            taken += usize::from(open(case, &changed, &Policy::app()).is_ok());
        }
        let in_text = std::str::from_utf8(&case.input).is_ok();
        assert!(if in_text { taken < case.input.len() / 4 } else { taken == 0 }, "{}: {taken}", case.id);
    }
}

/// What is sealed, bit by bit: none of them may be lost.
#[test]
fn every_bit_that_is_sealed_counts() {
    for case in cases().iter().filter(|case| is_cheap(case) && case.format != Format::TwoFasEncrypted) {
        let Ok(text) = std::str::from_utf8(&case.input) else { continue };
        let json: Value = serde_json::from_str(text).unwrap();
        let name = ["db", "encryptedData", "data", "content"].into_iter().find(|name| json[name].is_string()).unwrap();
        let sealed = json[name].as_str().unwrap();
        let (before, base64) = sealed.rsplit_once('|').map_or(("", sealed), |(before, mac)| (before, mac));
        let bytes = BASE64.decode(base64.as_bytes()).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << (place % 8);
            let joint = if before.is_empty() { "" } else { "|" };
            let changed = text.replace(sealed, &format!("{before}{joint}{}", BASE64.encode(&changed)));
            let error = open(case, changed.as_bytes(), &Policy::app()).err();
            assert!(matches!(error, Some(Error::Decrypt | Error::Mac)), "{} at {place}: {error:?}", case.id);
        }
        let cut = text.replace(sealed, &format!("{before}{}", if before.is_empty() { "" } else { "|" }));
        assert!(open(case, cut.as_bytes(), &Policy::app()).is_err(), "{}", case.id);
    }
}

/// One key for all, then a secret for each token: what is changed costs the whole or the token.
#[test]
fn every_part_of_freeotp_is_authenticated() {
    for case in cases().iter().filter(|case| case.format == Format::FreeOtp2) {
        let mark = b"mCipherText";
        let places =
            case.input.windows(mark.len()).enumerate().filter(|(_, window)| window == mark).map(|(place, _)| place);
        let mut outcomes = Vec::new();
        for place in places {
            let digit = (place..case.input.len()).find(|place| case.input[*place].is_ascii_digit()).unwrap();
            let mut changed = case.input.clone();
            changed[digit] = if changed[digit] == b'1' { b'2' } else { b'1' };
            let unlock = Unlock::none().password(&case.password);
            outcomes.push(read(&changed, &Policy::app(), &unlock).map(|records| {
                let refused = records.records.iter().filter_map(|record| record.result.as_ref().err());
                (records.credentials().count(), refused.copied().collect::<Vec<_>>())
            }));
        }
        let lost = || Ok((1, vec![Error::Mac]));
        assert_eq!(outcomes, [Err(Error::Decrypt), lost(), lost()], "{}", case.id);
    }
}

#[test]
fn cut_anywhere_it_is_refused() {
    for case in cases().iter().filter(|case| is_cheap(case)) {
        let step = if std::str::from_utf8(&case.input).is_ok() { 1 } else { 13 };
        for end in (0..case.input.len() - 1).step_by(step) {
            // A line end may be missing.
            assert!(open(case, &case.input[..end], &Policy::app()).is_err(), "{} at {end}", case.id);
        }
    }
}

/// A file that asks for what takes minutes or all memory: refused before anything is taken.
#[test]
fn bombs_are_refused_before_they_cost() {
    let iterations = |needed| Error::KdfTooExpensive { needed, unit: KdfUnit::Iterations };
    let bytes = |needed| Error::KdfTooExpensive { needed, unit: KdfUnit::Bytes };
    let not_valid = Error::Invalid(Part::Field("cost of the key derivation"));
    for (id, part, replaced, error) in [
        ("aegis", "\"n\": 2,", "\"n\": 1048576,", bytes(1 << 27)),
        ("aegis", "\"n\": 2,", "\"n\": 9223372036854775808,", bytes(u64::MAX)),
        ("aegis", "\"r\": 1,", "\"r\": 4294967296,", bytes(1 << 40)),
        ("aegis", "\"p\": 1,", "\"p\": 5,", Error::KdfTooExpensive { needed: 5, unit: KdfUnit::Lanes }),
        ("aegis", "\"n\": 2,", "\"n\": 3,", not_valid),
        ("aegis", "\"n\": 2,", "\"n\": 1,", not_valid),
        ("aegis", "\"r\": 1,", "\"r\": 0,", not_valid),
        ("aegis", "\"n\": 2,", "\"n\": -2,", Error::Invalid(Part::Field("n"))),
        ("bitwarden_pbkdf2", "\"kdfIterations\": 2", "\"kdfIterations\": 5000001", iterations(5_000_001)),
        ("bitwarden_pbkdf2", "\"kdfIterations\": 2", "\"kdfIterations\": 0", not_valid),
        ("bitwarden_pbkdf2", "\"kdfType\": 0", "\"kdfType\": 2", Error::Unsupported(Part::Field("kdfType"))),
        ("bitwarden_argon2", "\"kdfMemory\": 1", "\"kdfMemory\": 129", bytes(129 << 20)),
        ("bitwarden_argon2", "\"kdfMemory\": 1", "\"kdfMemory\": 18446744073709551615", bytes(u64::MAX)),
        ("bitwarden_argon2", "\"kdfIterations\": 1", "\"kdfIterations\": 17", iterations(17)),
        ("bitwarden_argon2", "\"kdfParallelism\": 4", "\"kdfParallelism\": 16777216", not_valid),
        ("ente", "\"memLimit\": 8192", "\"memLimit\": 1073741824", bytes(1 << 30)),
        ("ente", "\"memLimit\": 8192", "\"memLimit\": 0", not_valid),
        ("ente", "\"opsLimit\": 1", "\"opsLimit\": 4294967297", iterations(4_294_967_297)),
    ] {
        let case = case(id);
        let text = std::str::from_utf8(&case.input).unwrap();
        let bomb = text.replacen(part, replaced, 1);
        assert_ne!(bomb, text, "{part}");
        let taken =
            measure(|| assert_eq!(open(&case, bomb.as_bytes(), &Policy::app()).err(), Some(error), "{replaced}"));
        assert!(taken.bytes_max < 64 * bomb.len() as u64, "{replaced}: {taken:?}");
    }
    for (part, replaced, error) in [
        ("\"mIterations\": 2", "\"mIterations\": 9", None),
        ("\"mIterations\": 2", "\"mIterations\": 0", Some(not_valid)),
        ("withHmacSHA1\"", "withHmacSHA9\"", Some(Error::Unsupported(Part::Field("mAlgorithm")))),
        ("AES/GCM", "AES/CCM", Some(Error::Unsupported(Part::Field("mCipher")))),
        ("\"mParameters\": [4", "\"mParameters\": [5", Some(Error::Unsupported(Part::Field("mParameters")))),
    ] {
        let case = case("freeotp2_sha1");
        let place = case.input.windows(part.len()).position(|window| window == part.as_bytes()).unwrap();
        let mut changed = case.input.clone();
        changed[place..place + part.len()].copy_from_slice(replaced.as_bytes());
        assert_eq!(open(&case, &changed, &Policy::app()).err(), Some(error.unwrap_or(Error::Decrypt)), "{replaced}");
    }
    let andotp = case("andotp");
    let bomb = [&5_000_001_u32.to_be_bytes(), &andotp.input[4..]].concat();
    assert_eq!(open(&andotp, &bomb, &Policy::app()).err(), Some(iterations(5_000_001)));
}

/// What costs a fixed amount is bounded by a caller all the same.
#[test]
fn a_caller_may_permit_less() {
    let kdf = KdfLimits { pbkdf2_iterations: 9_999, argon2_bytes: 1 << 20, ..KdfLimits::default() };
    for case in cases() {
        let permitted = open(&case, &case.input, &Policy::app().kdf_limits(kdf));
        match case.id.as_str() {
            "2fas" | "stratum" | "stratum_legacy" | "proton" => {
                assert!(matches!(permitted, Err(Error::KdfTooExpensive { .. })), "{}", case.id);
            }
            _ => assert_eq!(permitted, Ok(2), "{}", case.id),
        }
    }
}

/// One derivation for each password that the file says it has, and not too many.
#[test]
fn slots_are_counted() {
    let case = case("aegis");
    let text = std::str::from_utf8(&case.input).unwrap();
    let mut json: Value = serde_json::from_str(text).unwrap();
    let slot = json["header"]["slots"][0].clone();
    let mut wrong = slot.clone();
    wrong["salt"] = Value::from("00");
    let mut with = |count: usize| {
        json["header"]["slots"] = vec![wrong.clone(); count].into_iter().chain([slot.clone()]).collect();
        open(&case, json.to_string().as_bytes(), &Policy::app())
    };
    assert_eq!((with(0), with(7), with(8)), (Ok(2), Ok(2), Err(Error::TooMany)));
    let biometric = text.replacen("\"type\": 1", "\"type\": 2", 1);
    let error = Error::Unsupported(Part::Field("slot without a password"));
    assert_eq!(open(&case, biometric.as_bytes(), &Policy::app()), Err(error));
}

#[test]
fn what_only_the_account_opens_is_explained() {
    let export = r#"{"encrypted":true,"encKeyValidation_DO_NOT_EDIT":"2.AA==|AA==|AA==","items":[]}"#;
    let unlock = Unlock::none().password("x");
    assert_eq!(detect(export.as_bytes()).format(), Some(Format::BitwardenAccount));
    let refused = Some(Error::NotReadable(Format::BitwardenAccount));
    assert_eq!(read(export.as_bytes(), &Policy::app(), &unlock).err(), refused);
    assert!(Format::BitwardenAccount.explain().contains("Export again"));
    let said = export.replacen(r#""encrypted":true"#, r#""encrypted":true,"passwordProtected":false"#, 1);
    assert_eq!(read(said.as_bytes(), &Policy::app(), &unlock).err(), refused);
}

#[test]
fn what_is_weak_is_said() {
    let warned = |id: &str, warning| {
        let case = case(id);
        let unlock = Unlock::none().password(&case.password);
        read(&case.input, &Policy::app(), &unlock).unwrap().warnings.contains(warning)
    };
    assert!(warned("2fas", Warning::WeakKdf) && warned("ente", Warning::WeakKdf) && warned("aegis", Warning::WeakKdf));
    assert!(!warned("proton", Warning::WeakKdf) && !warned("stratum_legacy", Warning::WeakKdf));
    assert!(warned("stratum_legacy", Warning::MacMissing) && !warned("stratum", Warning::MacMissing));
    let legacy = case("stratum_legacy");
    assert_eq!(open(&legacy, &legacy.input, &Policy::server()), Err(Error::MacMissing));
}

/// The files that are needed for it have no file of their own in them.
#[test]
fn a_password_is_not_tried_on_what_is_not_encrypted() {
    for case in cases() {
        let plain = case.format.name().replace("-encrypted", "").replace("-legacy", "");
        let plain =
            Format::ALL.iter().find(|format| format.name() == plain || format.name() == format!("{plain}-json"));
        let Some(plain) = plain.filter(|format| format.support() == Support::Feature("backup")) else { continue };
        assert!(read_as(*plain, &case.input, &Policy::app(), &Unlock::none().password(&case.password)).is_err());
    }
}
