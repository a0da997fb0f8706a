//! Base32 as tokens come in: RFC 4648, and what people and programs make of it.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::{
    error::Error,
    warning::{Warning, Warnings},
};

/// The longest secret, in bytes.
pub(crate) const MAX_BYTES: usize = 1024;

/// Decodes base32 in upper or lower case, with padding or without.
///
/// Spaces, hyphens, padding, spare bits and lengths that no encoder makes are warnings, or errors if `strict`. The digits
/// 0, 1, 8 and 9 are no base32, whatever they look like. An error names the position and never the character.
pub(crate) fn decode(text: &[u8], strict: bool, warnings: &mut Warnings) -> Result<Zeroizing<Vec<u8>>, Error> {
    let symbols = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let (symbols, padding) = text.split_at_checked(symbols).unwrap_or((text, &[]));
    let mut bytes = Zeroizing::new(Vec::with_capacity((symbols.len() * 5 / 8).min(MAX_BYTES)));
    let (mut buffer, mut bits, mut count) = (0_u16, 0_u32, 0_usize);
    for (position, byte) in symbols.iter().enumerate() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => {
                warnings.add(Warning::LowerCase);
                byte - b'a'
            }
            b'2'..=b'7' => byte - b'2' + 26,
            b' ' | b'-' if !strict => {
                warnings.add(Warning::Separators);
                continue;
            }
            _ => return Err(Error::Base32 { position }),
        };
        buffer = (buffer << 5) | u16::from(value);
        bits += 5;
        count += 1;
        if bits >= 8 {
            bits -= 8;
            if bytes.len() == MAX_BYTES {
                return Err(Error::SecretTooLong);
            }
            let [_, byte] = (buffer >> bits).to_be_bytes();
            bytes.push(byte);
            buffer &= (1 << bits) - 1;
        }
    }
    let odd = matches!(count % 8, 1 | 3 | 6);
    for (found, warning, error) in [
        (!padding.is_empty(), Warning::Padding, Error::Padding),
        (odd, Warning::SecretLength, Error::SecretLength),
        (buffer != 0, Warning::SpareBits, Error::SpareBits),
    ] {
        if found && strict {
            return Err(error);
        }
        if found {
            warnings.add(warning);
        }
    }
    Ok(bytes)
}
