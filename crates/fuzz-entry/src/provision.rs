use pushotp_provision::{Policy, otpauth};

/// A key URI that parses is written in one form, which parses to the same credential.
pub fn otpauth(input: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(input) else { return false };
    let Ok(parsed) = otpauth::parse(text, &Policy::app()) else { return false };
    // Names of the field may be ambiguous; then nothing is written.
    if let Ok(uri) = otpauth::write(&parsed.credential) {
        let again = otpauth::parse(&uri, &Policy::app()).unwrap();
        assert!(again.credential == parsed.credential);
        assert!(otpauth::write(&again.credential).unwrap() == uri);
    }
    if let Ok(strict) = otpauth::parse(text, &Policy::server()) {
        assert!(strict.credential == parsed.credential, "the policies read it differently");
    }
    true
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
