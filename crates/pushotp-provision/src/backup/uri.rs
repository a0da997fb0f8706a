use crate::{Error, Parsed, Policy, manual, motp, otpauth, steam};

/// What a vault keeps in its field for one-time passcodes: a URI, or a bare secret.
pub(crate) fn parse(text: &str, policy: &Policy) -> Result<Parsed, Error> {
    let scheme = text.trim_ascii_start().split_once("://").map(|(scheme, _)| scheme);
    let is = |known: &str| scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(known));
    if is("steam") {
        steam::parse(text, policy)
    } else if is("motp") {
        motp::parse(text, policy)
    } else if scheme.is_some() {
        otpauth::parse(text, policy)
    } else {
        manual::base32(text, policy)
    }
}
