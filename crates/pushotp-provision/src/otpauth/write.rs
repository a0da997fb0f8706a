use alloc::{string::String, vec::Vec};
use core::fmt::{self, Write as _};

use data_encoding::BASE32_NOPAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pushotp_types::{Digits, HashAlgorithm, Secret};
use zeroize::Zeroizing;

use super::parse;
use crate::{Credential, Error, Kind, Limits, Part, Policy};

/// All but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Writes a key URI in the form that all readers take: algorithm, digits and period only where they are not SHA-1, 6 and
/// 30, which every reader assumes and which would make a QR code larger.
///
/// The result is a secret. Old apps ignore what differs from those three, and then show wrong codes.
///
/// # Errors
/// [`Error::NotExpressible`] for a kind or a part that a URI has no place for; [`Error::TooLong`]; [`Error::Ambiguous`] if the names would be read as other ones, as an empty issuer, or an account
/// that begins with a space behind an issuer; and what [`parse`] says of a name that is too long and of a period of 0.
///
/// ```
/// use pushotp_provision::{Credential, Kind, otpauth};
/// use pushotp_types::Secret;
///
/// let secret = Secret::new(b"12345678901234567890")?;
/// let credential = Credential::new(Kind::totp(30), "alice", secret).with_issuer("Example");
/// assert_eq!(
///     otpauth::write(&credential)?.as_str(),
///     "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(credential: &Credential) -> Result<Zeroizing<String>, Error> {
    expressible(credential)?;
    let names = [credential.issuer(), credential.label_issuer(), Some(credential.account())];
    if names.iter().flatten().map(|name| name.len()).sum::<usize>() > Limits::DEFAULT.uri {
        return Err(Error::TooLong);
    }
    // Reserved at once, so that no copy of the secret stays behind when the text grows.
    let mut uri = Zeroizing::new(String::with_capacity(16 * 1024));
    append(credential, &mut uri).map_err(|_| Error::TooLong)?;
    let lenient = Policy::app().min_secret_bits(0);
    if parse(&uri, &lenient)?.credential == *credential { Ok(uri) } else { Err(Error::Ambiguous) }
}

/// What a URI has no parameter for must not be lost in silence.
fn expressible(credential: &Credential) -> Result<(), Error> {
    let missing = match credential.kind() {
        Kind::Totp { t0: 0, drift: 0, .. } | Kind::Hotp { .. } | Kind::Steam if credential.pin().is_none() => None,
        Kind::Totp { t0: 0, drift: 0, .. } | Kind::Hotp { .. } | Kind::Steam => Some(Part::Pin),
        Kind::Yandex { .. } => None,
        Kind::Totp { t0: 0, .. } => Some(Part::Field("drift")),
        Kind::Totp { .. } => Some(Part::Field("t0")),
        _ => Some(Part::Kind),
    };
    match missing {
        Some(part) => Err(Error::NotExpressible(part)),
        None if credential.private_id().is_some() => Err(Error::NotExpressible(Part::Field("private identity"))),
        None => Ok(()),
    }
}

fn append(credential: &Credential, uri: &mut String) -> fmt::Result {
    let host = match credential.kind() {
        // As a type of its own: a reader that does not know it refuses the URI, and shows no wrong codes.
        Kind::Yandex { .. } => "yaotp",
        kind => kind.name(),
    };
    write!(uri, "otpauth://{host}/")?;
    if let Some(issuer) = credential.label_issuer() {
        write!(uri, "{}:", utf8_percent_encode(issuer, ESCAPED))?;
    } else if credential.account().contains(':') {
        // An empty issuer, or the account would be taken apart.
        uri.push(':');
    }
    write!(uri, "{}?secret=", utf8_percent_encode(credential.account(), ESCAPED))?;
    append_base32(credential.secret(), uri)?;
    if let Some(issuer) = credential.issuer() {
        append_pair("issuer", issuer, uri)?;
    }
    append_codes(credential, uri)?;
    if let Some(serial) = credential.serial() {
        append_pair("serial", serial, uri)?;
    }
    credential.extra().try_for_each(|(name, value)| append_pair(name, value, uri))
}

fn append_codes(credential: &Credential, uri: &mut String) -> fmt::Result {
    if matches!(credential.kind(), Kind::Hotp { .. } | Kind::Totp { .. }) {
        if credential.algorithm() != HashAlgorithm::Sha1 {
            write!(uri, "&algorithm={}", credential.algorithm())?;
        }
        if credential.digits() != Digits::SIX {
            write!(uri, "&digits={}", credential.digits().get())?;
        }
    }
    match credential.kind() {
        Kind::Hotp { counter } => write!(uri, "&counter={counter}"),
        Kind::Totp { period, .. } if *period != 30 => write!(uri, "&period={period}"),
        Kind::Yandex { pin_length } => {
            if let Some(length) = pin_length {
                write!(uri, "&pin_length={length}")?;
            }
            let Some(pin) = credential.pin() else { return Ok(()) };
            uri.push_str("&pin=");
            append_base32(pin, uri)
        }
        _ => Ok(()),
    }
}

fn append_pair(name: &str, value: &str, uri: &mut String) -> fmt::Result {
    write!(uri, "&{}={}", utf8_percent_encode(name, ESCAPED), utf8_percent_encode(value, ESCAPED))
}

fn append_base32(secret: &Secret, uri: &mut String) -> fmt::Result {
    let secret = secret.expose();
    let mut base32 = Zeroizing::new(Vec::new());
    base32.resize(BASE32_NOPAD.encode_len(secret.len()), 0);
    BASE32_NOPAD.encode_mut(secret, &mut base32);
    uri.push_str(core::str::from_utf8(&base32).map_err(|_| fmt::Error)?);
    Ok(())
}
