use pushotp_provision::{Credential, Error, Policy, otpauth};

/// A key URI that parses is written in a form that parses to the same credential, whichever policy reads it.
pub fn otpauth(input: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(input) else { return false };
    let Ok(parsed) = otpauth::parse(text, &Policy::app()) else { return false };
    let credential = parsed.credential;
    match otpauth::write(&credential) {
        Ok(uri) => assert!(otpauth::parse(&uri, &Policy::app()).unwrap().credential == credential),
        // Names of the field may be ambiguous or become longer; then nothing is written.
        Err(error) => assert!(error == Error::TooLong || error == Error::Ambiguous && names(&credential).contains(':')),
    }
    if let Ok(strict) = otpauth::parse(text, &Policy::server()) {
        assert!(strict.credential == credential, "the policies read it differently");
    }
    true
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
