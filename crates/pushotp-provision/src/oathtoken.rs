//! `oathtoken:///addToken?name=…&key=HEX`, of the app OATH Token.

use crate::{
    Credential, Error, Kind, Parsed, Part, Policy, Warning,
    notes::{Notes, number},
    otpauth::query::Query,
};

/// Reads a token of the app OATH Token: HOTP, or TOTP if `timeBased` says so.
///
/// # Errors
/// [`Error`], which names the part and never its value.
///
/// ```
/// use pushotp_provision::{Kind, Policy, oathtoken};
///
/// let uri = "oathtoken:///addToken?name=alice&key=3132333435363738393031323334353637383930&timeBased=true";
/// let parsed = oathtoken::parse(uri, &Policy::app())?;
/// assert_eq!((parsed.credential.kind(), parsed.credential.account()), (&Kind::totp(30), "alice"));
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
pub fn parse(uri: &str, policy: &Policy) -> Result<Parsed, Error> {
    let mut notes = Notes::new(policy);
    let (head, query) = notes.line(uri)?.split_once('?').ok_or(Error::SecretMissing)?;
    let (scheme, action) = head.split_once(':').ok_or(Error::Scheme)?;
    if !scheme.eq_ignore_ascii_case("oathtoken") {
        return Err(Error::Scheme);
    }
    if !action.trim_start_matches('/').eq_ignore_ascii_case("addToken") {
        return Err(Error::Type);
    }
    let mut query = Query::parse(query, &mut notes)?;
    let account = query.take("name")?.unwrap_or_default();
    notes.name(Part::Account, Some(&account))?;
    let key = zeroize::Zeroizing::new(query.take("key")?.ok_or(Error::SecretMissing)?);
    let secret = notes.hex(key.as_bytes())?;
    let by_time = query.take("timeBased")?.is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1");
    let kind = if by_time {
        Kind::totp(30)
    } else {
        let counter = query.counter.as_deref().map(|text| number(text).ok_or(Error::Counter)).transpose()?;
        Kind::Hotp { counter: notes.counter(counter)? }
    };
    let digits = query.digits.as_deref().map(|text| notes.digits(text)).transpose()?;
    let mut credential = Credential::new(kind, account, secret);
    credential.digits = digits.unwrap_or(credential.digits);
    credential.extra = query.extra;
    if !credential.extra.is_empty() {
        notes.warnings.add(Warning::UnknownParameter);
    }
    Ok(Parsed { credential, warnings: notes.warnings })
}
