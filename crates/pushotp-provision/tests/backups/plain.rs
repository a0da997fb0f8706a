use pushotp_provision::{Error, Format, Kind, Part, Place, Policy, Support, Unlock, Warning, detect, read};

use crate::fixture::{app, first, only, plain, plains, server};

#[test]
fn every_format_is_told_and_read_by_both_policies() {
    for (format, count, text) in plains() {
        assert_eq!(detect(text.as_bytes()).format(), Some(format));
        for records in [app(text).unwrap(), server(text).unwrap()] {
            assert_eq!((records.format, records.records.len()), (format, count));
            assert_eq!(records.credentials().count(), count, "{format}: {records:?}");
            for (credential, account) in records.credentials().zip(["alice", "bob"]) {
                assert_eq!(credential.account(), account, "{format}");
                // Duo's accounts have no issuer.
                assert_eq!(credential.display_issuer().is_none(), format == Format::DuoBackup, "{format}");
                assert_eq!(credential.secret().expose(), b"12345678901234567890", "{format}");
                let kind = if account == "alice" { Kind::totp(30) } else { Kind::Hotp { counter: 7 } };
                assert_eq!(credential.kind(), &kind, "{format}");
            }
        }
    }
    let features = Format::ALL.iter().filter(|format| format.support() == Support::Feature("backup"));
    // And the one of Steam, which has no tokens of these kinds.
    assert_eq!(features.count(), plains().count() + 1);
}

#[test]
fn places_are_those_of_the_file() {
    let places = |format| app(plain(format)).unwrap().records.iter().map(|record| record.place).collect::<Vec<_>>();
    assert_eq!(places(Format::Bitwarden), [Place::Entry(0), Place::Entry(2)]);
    assert_eq!(places(Format::BitwardenCsv), [Place::Line(2), Place::Line(6)]);
}

/// What an entry lacks, its app takes for the usual.
#[test]
fn what_is_missing_is_the_usual() {
    let credential =
        only(app(r#"{"schemaVersion":1,"services":[{"name":"x","secret":"GEZDGNBVGY3TQOJQ","otp":{}}]}"#).unwrap());
    let credential = credential.unwrap();
    assert_eq!((credential.kind(), credential.digits().get()), (&Kind::totp(30), 6));
    assert_eq!((credential.issuer(), credential.account()), (Some("x"), ""));
    let old = app(r#"{"schemaVersion":1,"services":[{"name":"x","secret":"GEZDGNBVGY3TQOJQ","otp":{}}]}"#).unwrap();
    assert!(old.records[0].warnings.contains(Warning::KindAssumed));
}

#[test]
fn a_vault_s_name_and_user_are_kept_beside_the_token_s() {
    let credential = first(app(plain(Format::Bitwarden)).unwrap()).unwrap();
    assert!(credential.extra().eq([("item_name", "a"), ("item_username", "alice")]));
    let bare = r#"{"encrypted":false,"items":[{"name":"a","login":{"totp":"gezd gnbv gy3t qojq"}}]}"#;
    assert_eq!(only(app(bare).unwrap()).unwrap().account(), "");
    let steam = r#"{"encrypted":false,"items":[{"name":"a","login":{"totp":"steam://GEZDGNBVGY3TQOJQ"}}]}"#;
    assert_eq!(only(app(steam).unwrap()).unwrap().kind(), &Kind::Steam);
}

#[test]
fn an_issuer_that_the_user_changed_stands_before_the_one_of_the_code() {
    for (format, from, to) in [
        (Format::TwoFas, r#""name":"Example""#, r#""name":"Mine""#),
        (Format::LastPass, r#""issuerName":"Example""#, r#""issuerName":"Mine""#),
    ] {
        let credential = first(app(&plain(format).replace(from, to)).unwrap()).unwrap();
        assert_eq!((credential.issuer(), credential.label_issuer()), (Some("Mine"), Some("Example")), "{format}");
    }
}

#[test]
fn freeotp_counts_from_the_last_code() {
    let counter = |stored: &str| {
        let text = plain(Format::FreeOtpPlus).replace(r#""counter":6"#, &format!(r#""counter":{stored}"#));
        let records = app(&text).unwrap();
        let record = records.records.into_iter().nth(1).unwrap();
        record.result.map(|entry| match entry {
            pushotp_provision::Entry::Credential(credential) => credential.kind().clone(),
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(counter("-1").unwrap(), Kind::Hotp { counter: 0 });
    assert_eq!(counter("0").unwrap(), Kind::Hotp { counter: 1 });
    assert_eq!(counter("18446744073709551614").unwrap(), Kind::Hotp { counter: u64::MAX });
    for bad in ["-2", "18446744073709551615", "1.5", "[]", "true"] {
        assert_eq!(counter(bad).err(), Some(Error::Counter), "{bad}");
    }
}

#[test]
fn signed_bytes() {
    let secret = |bytes: &str| {
        let text = format!(r#"{{"tokenOrder":[],"tokens":[{{"label":"a","type":"TOTP","secret":{bytes}}}]}}"#);
        only(app(&text).unwrap()).map(|credential| credential.secret().expose().to_vec())
    };
    assert_eq!(secret("[-128,-1,0,127,128,255]").unwrap(), [128, 255, 0, 127, 128, 255]);
    for bad in ["[-129]", "[256]", "[1.0]", r#"["1"]"#, r#""AAAA""#, "[[1]]"] {
        assert_eq!(secret(bad).err(), Some(Error::Invalid(Part::Field("entry"))), "{bad}");
    }
    assert_eq!(secret("[]").err(), Some(Error::SecretMissing));
    let ones = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    assert_eq!(secret(&ones(1024)).unwrap().len(), 1024);
    assert_eq!(secret(&ones(1025)).err(), Some(Error::SecretTooLong));
    assert_eq!(secret(&ones(2000)).err(), Some(Error::SecretTooLong));
}

#[test]
fn tokens_with_a_pin() {
    let entry = |kind: &str, secret: &str, pin: &str| {
        let text = format!(
            r#"{{"Authenticators":[{{"Type":{kind},"Issuer":"x","Username":"a","Secret":"{secret}","Digits":6,"Pin":{pin}}}]}}"#
        );
        let records = app(&text).unwrap();
        let warned = records.records[0].warnings.contains(Warning::PinMissing);
        only(records).map(|credential| (credential.secret().expose().to_vec(), warned, credential.pin().is_some()))
    };
    // Hexadecimal as Mobile-OTP has it, and what is none.
    assert_eq!(
        entry("3", "0123456789abcdef", "null").unwrap(),
        (vec![1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef], true, false)
    );
    assert_eq!(entry("3", "ABC=", r#""1234""#).unwrap(), (b"ABC=".to_vec(), false, true));
    let yandex = "GEZDGNBVGY3TQOJQGEZDGNBVGY";
    assert_eq!(entry("5", yandex, r#""7586""#).unwrap(), (b"1234567890123456".to_vec(), false, true));
    assert_eq!(entry("5", yandex, r#""abcd""#).err(), Some(Error::Invalid(Part::Pin)));
    assert_eq!(entry("5", "GEZDGNBV", r#""7586""#).err(), Some(Error::Invalid(Part::Secret)));
}

#[test]
fn a_steam_account_alone_and_in_a_map() {
    let account = r#"{"shared_secret":"MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=","account_name":"alice","serial_number":"17","identity_secret":"c2VjcmV0","uri":"otpauth:\/\/totp\/x"}"#;
    for text in [account.to_owned(), format!(r#"{{"accounts":{{"alice":{account}}}}}"#)] {
        assert_eq!(detect(text.as_bytes()).format(), Some(Format::SteamFile));
        let credential = only(app(&text).unwrap()).unwrap();
        assert_eq!((credential.kind(), credential.serial()), (&Kind::Steam, Some("17")));
        assert_eq!(credential.secret().expose(), b"12345678901234567890");
        // The secret that confirms trades is none of a credential's.
        assert_eq!(credential.extra().count(), 0);
    }
}

#[test]
fn the_fields_of_a_keepass_entry() {
    let text = r#"{"Title":"x","TOTP Seed":"GEZDGNBVGY3TQOJQ","TOTP Settings":"60;8","Icon":3}"#;
    let credential = only(app(text).unwrap()).unwrap();
    assert_eq!((credential.kind(), credential.digits().get()), (&Kind::totp(60), 8));
}

#[test]
fn an_issuer_makes_a_token_a_steam_one_only_where_the_policy_permits_it() {
    let text = plain(Format::LastPass).replace(r#""issuerName":"Example""#, r#""issuerName":"Steam""#);
    let kind = |policy: &Policy| {
        let records = read(text.as_bytes(), policy, &Unlock::none()).unwrap();
        let warned = records.records[0].warnings.contains(Warning::KindByIssuer);
        (only(records).unwrap().kind().clone(), warned)
    };
    assert_eq!(kind(&Policy::app()), (Kind::totp(30), false));
    assert_eq!(kind(&Policy::app().steam_by_issuer(true)), (Kind::Steam, true));
}

#[test]
fn accounts_of_duo_itself_have_no_secret() {
    let text =
        r#"[{"name":"x","accountType":"DuoAccount"},{"name":"a","otpGenerator":{"otpSecret":"GEZDGNBVGY3TQOJQ"}}]"#;
    let records = app(text).unwrap();
    assert_eq!(records.records[0].result.as_ref().err(), Some(&Error::Push));
    assert!(records.records[1].result.is_ok());
}
