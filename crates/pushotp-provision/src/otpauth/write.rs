use alloc::{string::String, vec::Vec};
use core::fmt::Write as _;

use data_encoding::BASE32_NOPAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pushotp_types::{Digits, HashAlgorithm};
use zeroize::Zeroizing;

use super::{MAX_LEN, parse};
use crate::{Credential, Error, Kind, Policy};

/// All but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Writes a key URI in the form that all readers take: algorithm, digits and period only where they are not SHA-1, 6 and
/// 30, which every reader assumes and which would make a QR code larger.
///
/// The result is a secret. Old apps ignore what differs from those three, and then show wrong codes.
///
/// # Errors
/// [`Error::TooLong`]; [`Error::Ambiguous`] if the names would be read as other ones, as an empty issuer, or an account
/// that begins with a space behind an issuer; and what [`parse`] says of a name that is too long and of a period of 0.
///
/// ```
/// use pushotp_provision::{Credential, Kind, otpauth};
/// use pushotp_types::Secret;
///
/// let secret = Secret::new(b"12345678901234567890")?;
/// let credential = Credential::new(Kind::Totp { period: 30 }, "alice", secret).with_issuer("Example");
/// assert_eq!(
///     otpauth::write(&credential)?.as_str(),
///     "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(credential: &Credential) -> Result<Zeroizing<String>, Error> {
    let names = [credential.issuer(), credential.label_issuer(), Some(credential.account())];
    if names.iter().flatten().map(|name| name.len()).sum::<usize>() > MAX_LEN {
        return Err(Error::TooLong);
    }
    // Reserved at once, so that no copy of the secret stays behind when the text grows.
    let mut uri = Zeroizing::new(String::with_capacity(16 * 1024));
    append(credential, &mut uri).map_err(|_| Error::TooLong)?;
    let lenient = Policy::app().min_secret_bits(0);
    if parse(&uri, &lenient)?.credential == *credential { Ok(uri) } else { Err(Error::Ambiguous) }
}

fn append(credential: &Credential, uri: &mut String) -> core::fmt::Result {
    let kind = match credential.kind() {
        Kind::Hotp { .. } => "hotp",
        Kind::Totp { .. } => "totp",
    };
    write!(uri, "otpauth://{kind}/")?;
    if let Some(issuer) = credential.label_issuer() {
        write!(uri, "{}:", utf8_percent_encode(issuer, ESCAPED))?;
    } else if credential.account().contains(':') {
        // An empty issuer, or the account would be taken apart.
        uri.push(':');
    }
    write!(uri, "{}?secret=", utf8_percent_encode(credential.account(), ESCAPED))?;
    let secret = credential.secret().expose();
    let mut base32 = Zeroizing::new(Vec::new());
    base32.resize(BASE32_NOPAD.encode_len(secret.len()), 0);
    BASE32_NOPAD.encode_mut(secret, &mut base32);
    uri.push_str(core::str::from_utf8(&base32).map_err(|_| core::fmt::Error)?);
    if let Some(issuer) = credential.issuer() {
        write!(uri, "&issuer={}", utf8_percent_encode(issuer, ESCAPED))?;
    }
    match credential.algorithm() {
        HashAlgorithm::Sha1 => {}
        HashAlgorithm::Sha256 => uri.push_str("&algorithm=SHA256"),
        HashAlgorithm::Sha512 => uri.push_str("&algorithm=SHA512"),
    }
    if credential.digits() != Digits::SIX {
        write!(uri, "&digits={}", credential.digits().get())?;
    }
    match credential.kind() {
        Kind::Hotp { counter } => write!(uri, "&counter={counter}"),
        Kind::Totp { period: 30 } => Ok(()),
        Kind::Totp { period } => write!(uri, "&period={period}"),
    }
}
