//! Yandex Key: a secret of 16 bytes, or of 26 of which the last 12 bits are a check of the others.
//!
//! The URI `otpauth://yaotp/…` is read by [`otpauth`](crate::otpauth); here is the bare secret.

use pushotp_types::Secret;

use crate::{Credential, Error, Kind, Parsed, Part, Policy, Warning, notes::Notes};

/// Reads a bare secret of Yandex Key, in base32. Its PIN, which is a part of the key, is not in it.
///
/// # Errors
/// [`Error::Checksum`] if the check does not fit, [`Error::Invalid`] for another length, and what is said of base32.
///
/// ```
/// use pushotp_provision::{Error, Kind, Policy, yandex};
///
/// let parsed = yandex::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY", &Policy::server())?;
/// assert_eq!(parsed.credential.kind(), &Kind::Yandex { pin_length: None });
/// let typo = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY"; // 26 bytes
/// assert_eq!(yandex::parse(typo, &Policy::server()), Err(Error::Checksum));
/// # Ok::<(), Error>(())
/// ```
pub fn parse(text: &str, policy: &Policy) -> Result<Parsed, Error> {
    let mut notes = Notes::new(policy);
    let secret = notes.line(text)?.as_bytes();
    let secret = notes.base32(secret)?;
    notes.warnings.add(Warning::PinMissing);
    let kind = Kind::Yandex { pin_length: None };
    Ok(Parsed { credential: Credential::new(kind, "", key(secret.expose())?), warnings: notes.warnings })
}

/// The divisor of the check, 13 bits.
const DIVISOR: u32 = 0b1_1000_1111_0011;

/// The 16 bytes that codes are computed from.
pub(crate) fn key(secret: &[u8]) -> Result<Secret, Error> {
    let (key, rest) = secret.split_first_chunk::<16>().ok_or(Error::Invalid(Part::Secret))?;
    match rest.len() {
        0 => {}
        10 if remainder(secret) == 0 => {}
        10 => return Err(Error::Checksum),
        _ => return Err(Error::Invalid(Part::Secret)),
    }
    Secret::danger_import_weak(key).map_err(|_| Error::SecretTooLong)
}

/// The remainder of the first 196 bits, added to the 12 bits that must equal it.
fn remainder(secret: &[u8]) -> u32 {
    let bits = secret.iter().flat_map(|byte| (0..8).rev().map(move |place| u32::from(byte >> place & 1)));
    let (mut rest, mut stored) = (0, 0);
    for (place, bit) in bits.enumerate() {
        if place < 196 {
            rest = rest << 1 | bit;
            rest ^= DIVISOR * (rest >> 12);
        } else {
            stored = stored << 1 | bit;
        }
    }
    rest ^ stored
}
