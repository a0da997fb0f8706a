//! The key URI, `otpauth://`: read as the field writes it, written as every reader takes it.
//!
//! There is no standard, only a wiki page and drafts. What applications disagree about is decided by [`Policy`].
//!
//! ```
//! use pushotp_provision::{Policy, otpauth};
//!
//! let odd = "OTPAUTH://TOTP/Example%3Aalice?issuer=Example&secret=gezdgnbvgy3tqojqgezdgnbvgy3tqojq";
//! let read = otpauth::parse(odd, &Policy::app())?.credential;
//! let plain = "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example";
//! assert_eq!(otpauth::write(&read)?.as_str(), plain);
//! # Ok::<(), pushotp_provision::Error>(())
//! ```

mod kind;
pub(crate) mod label;
pub(crate) mod query;
mod write;

use pushotp_types::{Digits, HashAlgorithm, Secret};

pub use self::write::write;
use self::{kind::Type, label::Label, query::Query};
use crate::{Credential, Error, Kind, Parsed, Part, Policy, Warning, notes::Notes, yandex};

/// Reads a key URI.
///
/// HOTP, TOTP, day passwords, Steam in its spellings, and Yandex. Names are kept as they are, decoded once; pass them
/// through [`display`](crate::display) before a person sees them. Parameters that have no meaning here are kept as
/// [extras](Credential::extra); an `image` is never fetched.
///
/// # Errors
/// [`Error`], which names the part and never its value. [`Error::Push`] for an invitation to a push service,
/// and [`Error::TwoStep`] for half a key.
///
/// ```
/// use pushotp_provision::{Kind, Policy, Warning, otpauth};
///
/// let uri = "otpauth://totp/Example:alice?secret=gezd%20gnbv%20gy3t%20qojq&issuer=Example";
/// let parsed = otpauth::parse(uri, &Policy::app())?;
/// assert_eq!(parsed.credential.kind(), &Kind::totp(30));
/// assert_eq!(parsed.credential.secret().expose(), b"1234567890");
/// assert!(parsed.warnings.contains(Warning::WeakSecret));
/// assert!(otpauth::parse(uri, &Policy::server()).is_err());
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
pub fn parse(uri: &str, policy: &Policy) -> Result<Parsed, Error> {
    let mut notes = Notes::new(policy);
    let (host, label, query) = split(notes.line(uri)?)?;
    let token = Type::of(host)?;
    let mut query = Query::parse(query, &mut notes)?;
    let (kind, pin) = token.kind(&mut query, &mut notes)?;
    let label = Label::parse(label, query.issuer.as_deref())?;
    let issuer = query.issuer.take().map(|issuer| label.keep_plus(issuer, query.issuer_with_plus.take()));
    let kind = by_issuer(kind, issuer.as_deref().or(label.issuer.as_deref()), &mut notes);
    if issuer.is_some() && label.issuer.is_some() && issuer != label.issuer {
        notes.tolerate(Warning::IssuerMismatch, Error::IssuerMismatch)?;
    }
    if label.account.is_empty() && policy.strict {
        return Err(Error::AccountMissing);
    }
    notes.name(Part::Account, Some(&label.account))?;
    notes.name(Part::Issuer, issuer.as_deref())?;
    notes.name(Part::Issuer, label.issuer.as_deref())?;
    let secret = secret(&kind, &query, &mut notes)?;
    let serial = query.take("serial")?;
    notes.name(Part::Serial, serial.as_deref())?;
    let mut credential = Credential::new(kind, label.account, secret).with_issuers(issuer, label.issuer);
    (credential.algorithm, credential.digits) = codes(&credential, &query, &mut notes)?;
    (credential.serial, credential.pin, credential.extra) = (serial, pin, query.extra);
    if !credential.extra.is_empty() {
        notes.warnings.add(Warning::UnknownParameter);
    }
    Ok(Parsed { credential, warnings: notes.warnings })
}

/// Type, label and query. `#` is data: a raw one stands in labels of the field.
fn split(uri: &str) -> Result<(&str, &str, &str), Error> {
    let (scheme, rest) = uri.split_once("://").ok_or(Error::Scheme)?;
    if !scheme.eq_ignore_ascii_case("otpauth") && !scheme.eq_ignore_ascii_case("apple-otpauth") {
        return Err(Error::Scheme);
    }
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, label) = path.split_once('/').unwrap_or((path, ""));
    Ok((host, label, query))
}

/// Steam, if the policy lets an issuer decide that.
fn by_issuer(kind: Kind, issuer: Option<&str>, notes: &mut Notes<'_>) -> Kind {
    let named = issuer.is_some_and(|issuer| issuer.eq_ignore_ascii_case("steam"));
    if notes.policy.steam_by_issuer && named && matches!(kind, Kind::Totp { .. }) {
        notes.warnings.add(Warning::KindByIssuer);
        return Kind::Steam;
    }
    kind
}

fn secret(kind: &Kind, query: &Query<'_>, notes: &mut Notes<'_>) -> Result<Secret, Error> {
    let text = query.secret.as_ref().ok_or(Error::SecretMissing)?;
    let secret = notes.base32(text)?;
    if matches!(kind, Kind::Yandex { .. }) { yandex::key(secret.expose()) } else { Ok(secret) }
}

/// Hash function and digits; kinds that have theirs once and for all keep them, whatever the URI says.
fn codes(credential: &Credential, query: &Query<'_>, notes: &mut Notes<'_>) -> Result<(HashAlgorithm, Digits), Error> {
    if !matches!(credential.kind, Kind::Hotp { .. } | Kind::Totp { .. }) {
        let fixed = (credential.algorithm, credential.digits);
        let named = query.algorithm.as_deref().map(|text| notes.algorithm(text)).transpose()?;
        let same_digits = query.digits.as_deref().is_none_or(|digits| digits.parse() == Ok(fixed.1.get()));
        if named.is_some_and(|named| named != fixed.0) || !same_digits {
            notes.warnings.add(Warning::FixedCodes);
        }
        return Ok(fixed);
    }
    let algorithm = query.algorithm.as_deref().map_or(Ok(HashAlgorithm::Sha1), |text| notes.algorithm(text))?;
    let digits = query.digits.as_deref().map_or(Ok(Digits::SIX), |text| notes.digits(text))?;
    Ok((algorithm, digits))
}
