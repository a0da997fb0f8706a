//! `steam://SECRET`, as Bitwarden stores a Steam Guard token.

use crate::{Credential, Error, Kind, Parsed, Policy, notes::Notes};

/// Reads a Steam secret: base32 behind `steam://`.
///
/// # Errors
/// [`Error::Scheme`], and what is said of the secret.
///
/// ```
/// use pushotp_provision::{Kind, Policy, steam};
///
/// let parsed = steam::parse("steam://GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", &Policy::server())?;
/// assert_eq!((parsed.credential.kind(), parsed.credential.digits().get()), (&Kind::Steam, 5));
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
pub fn parse(uri: &str, policy: &Policy) -> Result<Parsed, Error> {
    let mut notes = Notes::new(policy);
    let (scheme, secret) = notes.line(uri)?.split_once("://").ok_or(Error::Scheme)?;
    if !scheme.eq_ignore_ascii_case("steam") {
        return Err(Error::Scheme);
    }
    let secret = notes.base32(secret.strip_suffix('/').unwrap_or(secret).as_bytes())?;
    Ok(Parsed { credential: Credential::new(Kind::Steam, "", secret), warnings: notes.warnings })
}
