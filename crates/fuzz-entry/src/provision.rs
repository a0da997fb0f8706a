use pushotp_provision::{
    Credential, Entry, Error, Format, Kind, Parsed, Policy, Record, Unlock, detect, keepass, liboath, linotp, manual,
    migration, mobilepass, mobilepass_plus, motp, oathtoken, otpauth, push, read, read_as, steam, yandex,
};

/// A key URI that parses is written in a form that parses to the same credential, whichever policy reads it.
pub fn otpauth(input: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(input) else { return false };
    let Ok(parsed) = otpauth::parse(text, &Policy::app()) else { return false };
    let credential = parsed.credential;
    written(&credential);
    if let Ok(strict) = otpauth::parse(text, &Policy::server()) {
        assert!(strict.credential == credential, "the policies read it differently");
    }
    true
}

/// Written as a key URI, it is read as the same.
fn written(credential: &Credential) {
    match otpauth::write(credential) {
        Ok(uri) => assert!(otpauth::parse(&uri, &Policy::app()).unwrap().credential == *credential),
        // Names of the field may be ambiguous or become longer, and a counter that was missing is one parameter more;
        // then nothing is written.
        Err(Error::TooLong | Error::TooMany) => {}
        Err(error) => assert!(error == Error::Ambiguous && names(credential).contains(':'), "{error}"),
    }
}

fn names(credential: &Credential) -> String {
    [credential.issuer(), credential.label_issuer(), Some(credential.account())].into_iter().flatten().collect()
}

/// An enrolment URI that parses is the one text of its offer, but for the case of what stands before the fragment.
pub fn enrolment(input: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(input) else { return false };
    let Ok(offer) = pushotp_provision::enrolment::parse(text) else { return false };
    let uri = pushotp_provision::enrolment::write(&offer).unwrap();
    let start = pushotp_provision::enrolment::PREFIX.len();
    assert!(uri.eq_ignore_ascii_case(text) && uri.get(start..) == text.get(start..));
    true
}

/// Codes of an export: what is read is written as a key URI that is read as the same, and one code is a whole batch or not.
pub fn migration(input: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(input) else { return false };
    let Ok(payload) = migration::parse(text, &Policy::app()) else { return false };
    for credential in payload.records.iter().filter_map(Record::credential) {
        // A secret of a code has no least length here, and an account may begin with what a label cannot.
        if !credential.account().starts_with(' ') && credential.label_issuer() != Some("") {
            written(credential);
        }
    }
    let (size, count) = (payload.batch_size, payload.records.len());
    match migration::Batch::default().push(payload).unwrap() {
        migration::Progress::Complete(records) => assert!(size == 1 && records.len() == count),
        migration::Progress::Missing(missing) => assert!(missing.len() == size - 1),
        other => panic!("{other:?}"),
    }
    true
}

/// A users file: what is written of it is read as the same, and written as the same.
pub fn liboath(input: &[u8]) -> bool {
    let Ok(records) = liboath::read(input, &Policy::app()) else { return false };
    if records.credentials().next().is_none() {
        return false;
    }
    match liboath::write(records.credentials()) {
        Ok(file) => {
            let again = liboath::read(file.as_bytes(), &Policy::app()).unwrap();
            assert!(again.credentials().eq(records.credentials()));
            assert!(liboath::write(again.credentials()).unwrap() == file);
        }
        // White space that is none to others.
        Err(error) => assert!(input.contains(&0x0b) || !input.is_ascii(), "{error}"),
    }
    true
}

/// A typed secret: what is written is read as the same, and what needs correction is refused without.
pub fn manual(input: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(input) else { return false };
    let corrected = manual::correct(text, manual::LookAlikes::KeePassXc);
    let base32 = manual::base32(text, &Policy::app());
    if base32.is_ok() {
        assert!(corrected.changes().is_empty() || text.trim_ascii() != text, "a character was dropped in silence");
    }
    let parsed = [base32, manual::hex(text, &Policy::app())];
    for credential in parsed.iter().flatten().map(|parsed| &parsed.credential) {
        let again = manual::base32(&manual::write(credential.secret()), &Policy::app()).unwrap();
        assert!(again.credential.secret().expose() == credential.secret().expose());
        written(credential);
    }
    parsed.iter().any(Result::is_ok)
}

/// A parser of one token.
type Parse = fn(&str, &Policy) -> Result<Parsed, Error>;

/// The texts of single vendors, each parser by itself: what a server takes an app takes, as the same.
pub fn vendor(input: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(input) else { return false };
    let tokens: [Parse; 6] =
        [motp::parse, oathtoken::parse, steam::parse, yandex::parse, keepass::parse_query, |text, policy| {
            mobilepass::parse(text, "", policy)
        }];
    let mut taken = false;
    for parse in tokens {
        let app = parse(text, &Policy::app());
        if let Ok(server) = parse(text, &Policy::server()) {
            assert!(app.as_ref().unwrap().credential == server.credential);
        }
        let Ok(Parsed { credential, .. }) = app else { continue };
        taken = true;
        // What is unknown to one format may mean something in a key URI.
        let plain = credential.extra().next().is_none();
        if plain
            && matches!(credential.kind(), Kind::Hotp { .. } | Kind::Totp { .. } | Kind::Steam | Kind::Yandex { .. })
        {
            written(&credential);
        }
    }
    taken | invitations(text)
}

fn invitations(text: &str) -> bool {
    let (app, server) = (Policy::app(), Policy::server());
    let pairing = linotp::parse_pairing(text, &app).map(|(pairing, _)| pairing);
    if let Ok(strict) = linotp::parse_pairing(text, &server) {
        assert!(pairing.as_ref() == Ok(&strict.0));
    }
    if let Ok(pairing) = &pairing {
        assert!(pairing.signature.is_none() == pairing.public_key.is_some());
    }
    let url = push::parse(text, &app).map(|(push, _)| push.url);
    if let Ok((push, _)) = push::parse(text, &server) {
        assert!(push.asks_for_tls_verification && push.url.to_ascii_lowercase().starts_with("https://"));
        assert!(url.as_ref() == Ok(&push.url));
    }
    let activation = mobilepass_plus::parse(text, &app);
    if let Ok((activation, _)) = &activation {
        assert!(!activation.host().is_empty() && activation.url.contains(activation.host()));
    }
    pairing.is_ok() | url.is_ok() | activation.is_ok() | linotp::parse_ocra2(text, &app).is_ok()
}

/// Any file: it is read as what it is recognised as, and reading it as that says the same.
pub fn any_format(input: &[u8]) -> bool {
    let (policy, unlock) = (Policy::app(), Unlock::none());
    let result = read(input, &policy, &unlock);
    let Some(format) = detect(input).format() else {
        assert!(result.err() == Some(Error::UnknownFormat));
        return false;
    };
    match (&result, read_as(format, input, &policy, &unlock)) {
        (Ok(records), Ok(again)) => {
            assert!(records.format == format && records.records.len() == again.records.len());
            // A list is not recognised in vain.
            assert!(format != Format::UriList || !records.records.is_empty());
        }
        (Err(error), again) => assert!(again.err() == Some(*error)),
        (Ok(_), Err(error)) => panic!("{error}"),
    }
    result.is_ok_and(|records| records.records.iter().any(|record| matches!(record.result, Ok(Entry::Credential(_)))))
}
