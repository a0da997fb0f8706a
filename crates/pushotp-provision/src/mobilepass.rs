//! Activation codes of the classic SafeNet MobilePASS: 20 base32 characters that hold the key.
//!
//! Feature `mobilepass`. A key has 80 bits, so it is read with [`Warning::WeakSecret`] and never generated. The PIN of the
//! app is no part of it.

use alloc::vec::Vec;

use pushotp_types::{HashAlgorithm, Secret};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{Credential, Error, Kind, Parsed, Policy, Warning, detect::text::mobilepass_check, notes::Notes};

/// Characters of a code without what stands between its groups.
const LEN: usize = 20;

/// Reads an activation code and derives its key: HOTP with SHA-256 and 6 digits, from counter 0.
///
/// `key_policy` is the text that some servers hand out with the code; mostly there is none. Hyphens and spaces may stand
/// anywhere, 0 is read as O and 1 as I with [`Warning::LookAlikes`], which only the app's policy tolerates.
///
/// # Errors
/// [`Error::SecretLength`], [`Error::Base32`], and [`Error::Checksum`] if neither of the two forms has a check that fits.
///
/// ```
/// use pushotp_provision::{Error, Kind, Policy, mobilepass};
///
/// let parsed = mobilepass::parse("AAAAK-AAAAK-AAAAK-AAAAK", "", &Policy::app())?;
/// assert_eq!(parsed.credential.kind(), &Kind::Hotp { counter: 0 });
/// assert_eq!(parsed.credential.secret().expose().len(), 32);
/// assert_eq!(mobilepass::parse("AAAAK-AAAAK-AAAAK-AAAAL", "", &Policy::app()), Err(Error::Checksum));
/// # Ok::<(), Error>(())
/// ```
pub fn parse(code: &str, key_policy: &str, policy: &Policy) -> Result<Parsed, Error> {
    let mut notes = Notes::new(policy);
    let symbols = symbols(notes.line(code)?, &mut notes)?;
    let entropy = legacy(&symbols).or_else(|| version_1(&symbols)).ok_or(Error::Checksum)?;
    let mut hash = Sha256::new();
    hash.update(entropy.as_slice());
    hash.update(key_policy.as_bytes());
    hash.update([0; 4]);
    let key = Zeroizing::new(<[u8; 32]>::from(hash.finalize()));
    if policy.min_secret_bits > 80 {
        return Err(Error::SecretTooWeak);
    }
    notes.warnings.add(Warning::WeakSecret);
    let secret = Secret::danger_import_weak(key.as_slice()).map_err(|_| Error::SecretTooLong)?;
    let mut credential = Credential::new(Kind::Hotp { counter: 0 }, "", secret);
    credential.algorithm = HashAlgorithm::Sha256;
    Ok(Parsed { credential, warnings: notes.warnings })
}

/// The 20 characters, in upper case.
fn symbols(code: &str, notes: &mut Notes<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut symbols = Zeroizing::new(Vec::with_capacity(LEN));
    for (position, byte) in code.bytes().enumerate() {
        let symbol = match byte.to_ascii_uppercase() {
            b' ' | b'-' => continue,
            base32 @ (b'A'..=b'Z' | b'2'..=b'7') => base32,
            look_alike @ (b'0' | b'1') => {
                notes.tolerate(Warning::LookAlikes, Error::Base32 { position })?;
                if look_alike == b'0' { b'O' } else { b'I' }
            }
            _ => return Err(Error::Base32 { position }),
        };
        if symbols.len() == LEN {
            return Err(Error::SecretLength);
        }
        symbols.push(symbol);
    }
    if symbols.len() == LEN { Ok(symbols) } else { Err(Error::SecretLength) }
}

/// The older form: each fifth character is the check of the four before it, and the other sixteen are the entropy.
fn legacy(symbols: &[u8]) -> Option<Zeroizing<[u8; 10]>> {
    let mut entropy = Zeroizing::new(Vec::with_capacity(LEN));
    for group in symbols.chunks(5) {
        let (check, four) = group.split_last()?;
        if mobilepass_check(four) != Some(*check) {
            return None;
        }
        entropy.extend_from_slice(four);
    }
    let (entropy, _) = *bits(&entropy);
    Some(Zeroizing::new(entropy))
}

/// The newer form: 80 bits of entropy, 5 of capabilities, 7 of padding, and 8 of SHA-256 over all of these.
fn version_1(symbols: &[u8]) -> Option<Zeroizing<[u8; 10]>> {
    let bits = bits(symbols);
    let (entropy, rest) = *bits;
    let [_, high, low, check] = rest.to_be_bytes();
    // 92 bits are hashed, as if zeros stood where the check stands.
    let mut hash = Sha256::new();
    hash.update(entropy);
    hash.update([high << 4 | low >> 4, low << 4]);
    let digest = Zeroizing::new(<[u8; 32]>::from(hash.finalize()));
    (digest.last() == Some(&check)).then_some(Zeroizing::new(entropy))
}

/// The first 80 bits of base32 characters, and those behind them.
fn bits(symbols: &[u8]) -> Zeroizing<([u8; 10], u32)> {
    let value = |symbol: &u8| if symbol.is_ascii_digit() { symbol - b'2' + 26 } else { symbol.wrapping_sub(b'A') };
    let (first, rest) = symbols.split_at_checked(16).unwrap_or((symbols, &[]));
    let mut buffer = Zeroizing::new(0_u128);
    for symbol in first {
        *buffer = *buffer << 5 | u128::from(value(symbol));
    }
    let mut out = Zeroizing::new(([0; 10], 0));
    for (to, from) in out.0.iter_mut().zip(Zeroizing::new(buffer.to_be_bytes()).iter().skip(6)) {
        *to = *from;
    }
    for symbol in rest {
        out.1 = out.1 << 5 | u32::from(value(symbol));
    }
    out
}
