//! `motp://issuer:account?secret=HEX`, a Mobile-OTP token.

use crate::{
    Credential, Error, Kind, Parsed, Part, Policy, Warning,
    notes::Notes,
    otpauth::{label::Label, query::Query},
};

/// Reads a Mobile-OTP token. Its PIN, which is a part of the key, is not in the text.
///
/// # Errors
/// [`Error`], which names the part and never its value.
///
/// ```
/// use pushotp_provision::{Kind, Policy, Warning, motp};
///
/// let parsed = motp::parse("motp://Example:alice?secret=0123456789abcdef", &Policy::app())?;
/// assert_eq!((parsed.credential.kind(), parsed.credential.account()), (&Kind::Motp, "alice"));
/// assert!(parsed.warnings.contains(Warning::PinMissing)); // ask for it
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
pub fn parse(uri: &str, policy: &Policy) -> Result<Parsed, Error> {
    let mut notes = Notes::new(policy);
    let (scheme, rest) = notes.line(uri)?.split_once("://").ok_or(Error::Scheme)?;
    if !scheme.eq_ignore_ascii_case("motp") {
        return Err(Error::Scheme);
    }
    let (label, query) = rest.split_once('?').unwrap_or((rest, ""));
    let query = Query::parse(query, &mut notes)?;
    let label = Label::parse(label, query.issuer.as_deref())?;
    notes.name(Part::Account, Some(&label.account))?;
    notes.name(Part::Issuer, query.issuer.as_deref())?;
    notes.name(Part::Issuer, label.issuer.as_deref())?;
    let secret = notes.hex(query.secret.as_ref().ok_or(Error::SecretMissing)?)?;
    notes.warnings.add(Warning::PinMissing);
    let mut credential = Credential::new(Kind::Motp, label.account, secret).with_issuers(query.issuer, label.issuer);
    credential.extra = query.extra;
    if !credential.extra.is_empty() {
        notes.warnings.add(Warning::UnknownParameter);
    }
    Ok(Parsed { credential, warnings: notes.warnings })
}
