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

mod label;
mod query;
mod write;

use alloc::string::String;

use pushotp_types::{Digits, HashAlgorithm, Secret};

pub use self::write::write;
use self::{label::Label, query::Query};
use crate::{Credential, Error, Kind, Parsed, Part, Policy, Warning, Warnings, base32, credential::deceives};

/// The longest URI that is read, in bytes.
const MAX_LEN: usize = 4096;
/// The longest name, in bytes.
const MAX_NAME: usize = 512;

/// Reads a key URI.
///
/// Names are kept as they are, decoded once; pass them through [`display`](crate::display) before a person sees them.
/// An `image` parameter is never fetched.
///
/// # Errors
/// [`Error`], which names the part and never its value.
///
/// ```
/// use pushotp_provision::{Kind, Policy, Warning, otpauth};
///
/// let uri = "otpauth://totp/Example:alice?secret=gezd%20gnbv%20gy3t%20qojq&issuer=Example";
/// let parsed = otpauth::parse(uri, &Policy::app())?;
/// assert_eq!(parsed.credential.kind(), Kind::Totp { period: 30 });
/// assert_eq!(parsed.credential.secret().expose(), b"1234567890");
/// assert!(parsed.warnings.contains(Warning::WeakSecret));
/// assert!(otpauth::parse(uri, &Policy::server()).is_err());
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
pub fn parse(uri: &str, policy: &Policy) -> Result<Parsed, Error> {
    let mut warnings = Warnings::default();
    let trimmed = uri.trim_ascii();
    if trimmed.len() != uri.len() {
        warnings.add(Warning::Trimmed);
    }
    if trimmed.len() > MAX_LEN {
        return Err(Error::TooLong);
    }
    let (kind, label, query) = split(trimmed)?;
    let query = Query::parse(query, &mut warnings)?;
    let kind = kind_of(kind, &query, policy, &mut warnings)?;
    let label = Label::parse(label, query.issuer.as_deref())?;
    let issuer = query.issuer.map(|issuer| label.keep_plus(issuer, query.issuer_with_plus));
    let mut note = Note { policy, warnings };
    if issuer.is_some() && label.issuer.is_some() && issuer != label.issuer {
        note.tolerate(Warning::IssuerMismatch, Error::IssuerMismatch)?;
    }
    if label.account.is_empty() && policy.strict {
        return Err(Error::AccountMissing);
    }
    note.name(Part::Account, Some(&label.account))?;
    note.name(Part::Issuer, issuer.as_deref())?;
    note.name(Part::Issuer, label.issuer.as_deref())?;
    let secret = note.secret(query.secret.as_ref().ok_or(Error::SecretMissing)?)?;
    let algorithm = query.algorithm.as_deref().map_or(Ok(HashAlgorithm::Sha1), |text| note.algorithm(text))?;
    let digits = query.digits.as_deref().map_or(Ok(Digits::SIX), |text| note.digits(text))?;
    let credential =
        Credential { kind, secret, algorithm, digits, issuer, label_issuer: label.issuer, account: label.account };
    Ok(Parsed { credential, warnings: note.warnings })
}

/// Type, label and query. `#` is data: a raw one stands in labels of the field.
fn split(uri: &str) -> Result<(&str, &str, &str), Error> {
    let (scheme, rest) = uri.split_once("://").ok_or(Error::Scheme)?;
    if !scheme.eq_ignore_ascii_case("otpauth") && !scheme.eq_ignore_ascii_case("apple-otpauth") {
        return Err(Error::Scheme);
    }
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, label) = path.split_once('/').unwrap_or((path, ""));
    Ok((kind, label, query))
}

fn kind_of(kind: &str, query: &Query, policy: &Policy, warnings: &mut Warnings) -> Result<Kind, Error> {
    if query.steam {
        return Err(Error::Type);
    }
    if query.two_step {
        return Err(Error::TwoStep);
    }
    if kind.eq_ignore_ascii_case("totp") {
        if query.counter.is_some() {
            warnings.add(Warning::Unused);
        }
        let period = query.period.as_deref().map_or(Ok(30), |text| number(text).ok_or(Error::Period))?;
        let period = u32::try_from(period).ok().filter(|period| *period > 0).ok_or(Error::Period)?;
        return Ok(Kind::Totp { period });
    }
    if !kind.eq_ignore_ascii_case("hotp") {
        return Err(Error::Type);
    }
    if query.period.is_some() {
        warnings.add(Warning::Unused);
    }
    match query.counter.as_deref() {
        Some(text) => Ok(Kind::Hotp { counter: number(text).ok_or(Error::Counter)? }),
        None if policy.strict => Err(Error::CounterMissing),
        None => {
            warnings.add(Warning::CounterMissing);
            Ok(Kind::Hotp { counter: 0 })
        }
    }
}

/// ASCII digits, at most 20 of them.
fn number(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// The policy, and what it tolerated.
struct Note<'a> {
    policy: &'a Policy,
    warnings: Warnings,
}

impl Note<'_> {
    fn tolerate(&mut self, warning: Warning, error: Error) -> Result<(), Error> {
        if self.policy.strict {
            return Err(error);
        }
        self.warnings.add(warning);
        Ok(())
    }

    fn name(&mut self, part: Part, name: Option<&str>) -> Result<(), Error> {
        let name = name.unwrap_or_default();
        if name.len() > MAX_NAME {
            return Err(Error::PartTooLong(part));
        }
        if name.chars().any(deceives) {
            self.tolerate(Warning::Undisplayable, Error::Undisplayable(part))?;
        }
        Ok(())
    }

    fn secret(&mut self, text: &[u8]) -> Result<Secret, Error> {
        let bytes = base32::decode(text, self.policy.strict, &mut self.warnings)?;
        if bytes.is_empty() {
            return Err(Error::SecretMissing);
        }
        if bytes.len() * 8 < self.policy.min_secret_bits {
            return Err(Error::SecretTooWeak);
        }
        if bytes.len() < 16 {
            self.warnings.add(Warning::WeakSecret);
        }
        // Old tokens have 80 bits; the policy above is where that is decided.
        Secret::danger_import_weak(&bytes).map_err(|_| Error::SecretTooLong)
    }

    /// `SHA1`, `sha-256`, `HMACSHA512`, `HMAC_SHA1`, `Algorithm.sha1`. Nothing unknown becomes SHA-1.
    fn algorithm(&mut self, text: &str) -> Result<HashAlgorithm, Error> {
        if text.len() > 32 {
            return Err(Error::Algorithm);
        }
        let upper = text.to_ascii_uppercase();
        let bare = upper.strip_prefix("ALGORITHM.").unwrap_or(&upper);
        let bare = bare.strip_prefix("HMAC").map_or(bare, |rest| rest.strip_prefix(['-', '_']).unwrap_or(rest));
        let bare: String = bare.split('-').collect();
        let (algorithm, name) = match bare.as_str() {
            "SHA1" => (HashAlgorithm::Sha1, "SHA1"),
            "SHA256" => (HashAlgorithm::Sha256, "SHA256"),
            "SHA512" => (HashAlgorithm::Sha512, "SHA512"),
            _ => return Err(Error::Algorithm),
        };
        if text != name {
            self.warnings.add(Warning::AlgorithmSpelling);
        }
        Ok(algorithm)
    }

    fn digits(&mut self, text: &str) -> Result<Digits, Error> {
        let digits = Some(text).filter(|text| text.len() <= 2).and_then(number).ok_or(Error::Digits)?;
        let digits = u8::try_from(digits).ok().filter(|digits| *digits <= self.policy.max_digits);
        let digits = digits.and_then(|digits| Digits::new(digits).ok()).ok_or(Error::Digits)?;
        if digits.get() > 8 {
            self.warnings.add(Warning::ManyDigits);
        }
        Ok(digits)
    }
}
