use pushotp_provision::{Error, Format, Limits, Part, Policy, Unlock, Warning, read};

use crate::fixture::{app, first, only, plain, plains, server, still};

/// A change of the first entry, and what becomes of it; the second one is read all the same.
const ENTRIES: &[(Format, &str, &str, Error)] = &[
    (Format::Aegis, r#""digits":6"#, r#""digits":0"#, Error::Digits),
    (Format::Aegis, r#""digits":6"#, r#""digits":11"#, Error::Digits),
    (Format::Aegis, r#""digits":6"#, r#""digits":-6"#, Error::Digits),
    (Format::Aegis, r#""digits":6"#, r#""digits":6.5"#, Error::Digits),
    (Format::Aegis, r#""digits":6"#, r#""digits":[6]"#, Error::Digits),
    (Format::Aegis, r#""digits":6"#, r#""digits":4294967302"#, Error::Digits),
    (Format::Aegis, r#""digits":6"#, r#""digits":99999999999999999999999999999999"#, Error::Digits),
    // The parser has no number that large, and says so of the entry.
    (Format::Aegis, r#""digits":6"#, r#""digits":1e999"#, Error::Invalid(Part::Field("entry"))),
    (Format::Aegis, r#""digits":6"#, r#""digits":6,"digits":8"#, Error::Invalid(Part::Field("entry"))),
    (Format::Aegis, r#""period":30"#, r#""period":0"#, Error::Period),
    (Format::Aegis, r#""period":30"#, r#""period":4294967296"#, Error::Period),
    (Format::Aegis, r#""period":30"#, r#""period":true"#, Error::Period),
    (Format::Aegis, r#""algo":"SHA1""#, r#""algo":"MD5""#, Error::Algorithm),
    (Format::Aegis, r#""algo":"SHA1""#, r#""algo":1"#, Error::Invalid(Part::Field("algorithm"))),
    (Format::Aegis, r#""type":"totp""#, r#""type":"otp""#, Error::Type),
    (Format::Aegis, r#""type":"totp""#, r#""type":null"#, Error::Missing(Part::Kind)),
    (Format::Aegis, r#""name":"alice""#, r#""name":{"a":1}"#, Error::Invalid(Part::Account)),
    (Format::Aegis, r#""info":{"secret""#, r#""info":[],"more":{"secret""#, Error::Invalid(Part::Field("entry"))),
    // The values in the order of their names are no entry.
    (
        Format::AndOtp,
        r#"[{"secret":"GEZDG"#,
        r#"[["GEZDGNBVGY3TQOJQ","x","a",6,"TOTP"],{"secret":"GEZDG"#,
        Error::Invalid(Part::Field("entry")),
    ),
    (Format::Aegis, r#""secret":"GEZDG"#, r#""secret":"0EZDG"#, Error::Base32 { position: 0 }),
    (Format::Aegis, r#"{"secret":"GEZ"#, r#"{"secret":null,"x":"GEZ"#, Error::SecretMissing),
    (Format::Aegis, r#""secret":"GEZDG"#, r#""secret":"\ud800"#, Error::Invalid(Part::Field("entry"))),
    (Format::TwoFas, r#""digits":6"#, r#""digits":0"#, Error::Digits),
    (Format::TwoFas, r#""period":30"#, r#""period":0"#, Error::Period),
    (Format::AndOtp, r#""digits":6"#, r#""digits":"+6""#, Error::Digits),
    (Format::AndOtp, r#""period":30"#, r#""period":"""#, Error::Period),
    (Format::FreeOtp, r"digits&quot;:6", r"digits&quot;:0", Error::Digits),
    (Format::FreeOtp, r"period&quot;:30", r"period&quot;:0", Error::Period),
    (Format::FreeOtp, r"{&quot;algo", r"{{&quot;algo", Error::Invalid(Part::Field("entry"))),
    (Format::FreeOtpPlus, r#""period":30"#, r#""period":0"#, Error::Period),
    (Format::Bitwarden, "issuer=Example\"", "digits=0\"", Error::Digits),
    (Format::Bitwarden, "issuer=Example\"", "period=0\"", Error::Period),
    (Format::Bitwarden, "\"totp\":\"otpauth", "\"totp\":3,\"x\":\"otpauth", Error::Invalid(Part::Secret)),
    (Format::BitwardenCsv, "issuer=Example\r", "digits=0\r", Error::Digits),
    (Format::Stratum, r#""Type":2"#, r#""Type":6"#, Error::Type),
    (Format::Stratum, r#""Algorithm":0"#, r#""Algorithm":3"#, Error::Algorithm),
    (Format::Stratum, r#""Digits":6"#, r#""Digits":0"#, Error::Digits),
    (Format::Stratum, r#""Period":30"#, r#""Period":0"#, Error::Period),
    (Format::Proton, "issuer=Example\"", "period=0\"", Error::Period),
    (Format::Raivo, r#""digits":"6""#, r#""digits":"0""#, Error::Digits),
    (Format::Raivo, r#""timer":"30""#, r#""timer":"0""#, Error::Period),
    (Format::DuoBackup, r#"{"otpSecret""#, r#"{"x""#, Error::SecretMissing),
];

#[test]
fn each_defect_costs_its_own_entry_and_no_other() {
    for (format, part, replaced, error) in ENTRIES {
        let text = plain(*format).replacen(part, replaced, 1);
        assert_ne!(text, plain(*format), "{part}");
        let records = still(*format, &text).unwrap();
        assert_eq!(records.records[0].result.as_ref().err(), Some(error), "{format}: {replaced}");
        assert!(records.records[1].result.is_ok(), "{format}: {replaced}");
        // Neither the value nor the text of the file.
        let said = format!("{:?} {error}", records.records[0]);
        assert!(!said.contains("GEZDG") && !said.contains("alice"), "{said}");
    }
}

/// What is wrong with the whole.
#[test]
fn what_is_no_such_file_is_refused() {
    let field = |name| Error::Invalid(Part::Field(name));
    for (format, part, replaced, error) in [
        (Format::Aegis, r#""version":1"#, r#""version":2"#, Error::Version),
        (Format::Aegis, r#""version":3"#, r#""version":4"#, Error::Version),
        (Format::Aegis, r#""entries":["#, r#""entries":{},"x":["#, field("entries")),
        (Format::Aegis, r#""entries":["#, r#""entries":[],"x":["#, Error::Empty),
        (Format::Aegis, r#""entries":["#, r#""entry":["#, Error::Missing(Part::Field("entries"))),
        (Format::Aegis, r#""entries":["#, r#""entries":[0,"#, field("entry")),
        (Format::TwoFas, r#""schemaVersion":4"#, r#""schemaVersion":5"#, Error::Version),
        (
            Format::Bitwarden,
            r#""encrypted":false"#,
            r#""encrypted":true"#,
            Error::NotReadable(Format::BitwardenAccount),
        ),
        (Format::BitwardenCsv, "login_totp", "totp", Error::Missing(Part::Field("login_totp"))),
        (Format::BitwardenCsv, "issuer=Example\r", "issuer=\"Example\r", Error::MalformedLine { line: 2, column: 0 }),
        (Format::Proton, r#""version":1"#, r#""version":2"#, Error::Version),
        (Format::FreeOtp, "<map>", "<!DOCTYPE map [<!ENTITY a \"b\">]><map>", Error::Malformed { offset: 95 }),
        (Format::FreeOtp, "&quot;algo", "&a;algo", Error::Malformed { offset: 93 }),
        (Format::FreeOtp, "&quot;algo", "&#xd800;algo", Error::Malformed { offset: 93 }),
        (Format::FreeOtp, "&quot;algo", "<b/>algo", Error::Malformed { offset: 63 }),
    ] {
        let text = plain(format).replacen(part, replaced, 1);
        assert_ne!(text, plain(format), "{part}");
        assert_eq!(still(format, &text).err(), Some(error), "{format}: {replaced}");
    }
    assert_eq!(
        app("{\"version\":1,\n\"header\":{\"slots\":null},\"db\":{").err(),
        Some(Error::MalformedLine { line: 2, column: 30 })
    );
}

/// As deep as the text is long, at the top, in an entry, in what nobody looks at.
#[test]
fn deep_nesting_ends() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let nested = deep(open, close);
        for (format, part) in [
            (Format::Aegis, r#""icon":null"#),
            (Format::Aegis, r#""uuid":"2""#),
            (Format::Stratum, r#""Categories":[]"#),
        ] {
            let text = plain(format).replacen(part, &format!(r#""icon":{nested}"#), 1);
            assert_ne!(text, plain(format));
            let _ = still(format, &text);
        }
        let text = plain(Format::Aegis).replacen('6', &nested, 1);
        assert!(matches!(still(Format::Aegis, &text).map(|records| first(records).is_err()), Ok(true) | Err(_)));
        for (format, ..) in plains() {
            // A list of one thing that is no entry, at most.
            assert!(
                still(format, &nested).is_ok_and(|records| first(records).is_err()) || still(format, &nested).is_err()
            );
            assert!(still(format, &open.repeat(100_000)).is_err(), "{format}");
        }
    }
}

#[test]
fn cut_anywhere_it_is_refused_or_ends_sooner() {
    for (format, count, text) in plains() {
        for end in 0..text.len() {
            let Some(cut) = text.get(..end) else { continue };
            match still(format, cut) {
                // Only what has no frame may end between two records.
                Ok(records) => {
                    assert!(matches!(format, Format::BitwardenCsv | Format::FreeOtp), "{format} at {end}");
                    assert!(records.records.len() <= count, "{format} at {end}");
                }
                Err(error) => assert_ne!(error, Error::UnknownFormat),
            }
        }
    }
}

#[test]
fn names_that_deceive_are_told_or_refused() {
    let text = plain(Format::Aegis).replacen("alice", "\u{202e}moc.liam", 1);
    let records = app(&text).unwrap();
    assert!(records.records[0].warnings.contains(Warning::Undisplayable));
    assert_eq!(first(server(&text).unwrap()).err(), Some(Error::Undisplayable(Part::Account)));
    // The same as an escape, in an issuer, in the name of a vault's item.
    for (format, part, replaced, named) in [
        (Format::Aegis, r#""issuer":"Example""#, r#""issuer":"\u202eelpmaxE""#, Part::Issuer),
        (Format::TwoFas, r#""issuer":"Example""#, r#""issuer":"\u202eelpmaxE""#, Part::Issuer),
        (Format::Bitwarden, r#""name":"a""#, r#""name":"\u0007""#, Part::Field("name")),
    ] {
        let text = plain(format).replacen(part, replaced, 1);
        assert_eq!(first(server(&text).unwrap()).err(), Some(Error::Undisplayable(named)), "{format}");
    }
    let long = plain(Format::Aegis).replacen("alice", &"a".repeat(513), 1);
    assert_eq!(first(app(&long).unwrap()).err(), Some(Error::PartTooLong(Part::Account)));
}

#[test]
fn no_more_entries_than_the_policy_permits() {
    let entry = r#"{"type":"TOTP","label":"a","secret":"GEZDGNBVGY3TQOJQ"}"#;
    let list = |count: usize| format!("[{}]", vec![entry; count].join(","));
    let policy = Policy::app().limits(Limits { records: 3, ..Limits::default() });
    let read = |count| read(list(count).as_bytes(), &policy, &Unlock::none()).map(|records| records.records.len());
    assert_eq!((read(3), read(4), read(100)), (Ok(3), Err(Error::TooMany), Err(Error::TooMany)));
    let short = Policy::app().limits(Limits { line: 100, ..Limits::default() });
    let table = plain(Format::BitwardenCsv);
    assert_eq!(pushotp_provision::read(table.as_bytes(), &short, &Unlock::none()).err(), Some(Error::TooLong));
}

/// What stands in the file is shown to nobody, however it is printed.
#[test]
fn nothing_shows_the_secret() {
    for (format, _, text) in plains() {
        let records = app(text).unwrap();
        let shown = format!("{records:?}").to_lowercase();
        for secret in ["gezdgnbv", "12345678901234567890", "49, 50", "31323334"] {
            assert!(!shown.contains(secret), "{format}: {shown}");
        }
    }
    assert!(only(app(plain(Format::LastPass)).unwrap()).is_ok());
}
