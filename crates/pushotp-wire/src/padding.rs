//! Padding to a multiple of 64, so that a message's length tells little.

use alloc::vec::Vec;

use crate::{Error, cursor::with_bytes_head};

/// What stands around a payload in the plaintext.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Nothing: the payload is the plaintext.
    Bare,
    /// A `COSE_Sign1`: two heads, protected and unprotected header, and a signature of 64 bytes.
    Signed,
}

impl Frame {
    const fn len(self, payload: usize) -> usize {
        match self {
            Self::Bare => payload,
            // d2 84, 47 and seven bytes, a0, the payload's own head, 58 40 and the signature.
            Self::Signed => 2 + 8 + 1 + if payload < 256 { 2 } else { 3 } + payload + 66,
        }
    }

    /// The shortest run of zeros that fills up the last block, for a payload of `base` bytes without its pad.
    fn shortest(self, base: usize) -> Option<usize> {
        (0..=87).find(|pad| self.len(base + encoded(*pad)).is_multiple_of(64))
    }
}

/// The encoded length of a pad.
const fn encoded(pad: usize) -> usize {
    pad + if pad < 24 { 1 } else { 2 }
}

/// Puts the right pad in the place of the empty one, the last byte of `payload`.
pub(crate) fn pad(mut payload: Vec<u8>, frame: Frame) -> Result<Vec<u8>, Error> {
    payload.pop();
    let len = frame.shortest(payload.len()).ok_or(Error::Padding)?;
    with_bytes_head(len, |head| payload.extend_from_slice(head));
    payload.resize(payload.len() + len, 0);
    Ok(payload)
}

/// Whether `pad`, the last element of a payload of `len` bytes, is what [`pad`] would have put there.
///
/// Encoding the payload again cannot tell: a pad of any length and content encodes to itself.
pub(crate) fn check(pad: &[u8], len: usize, frame: Frame) -> Result<(), Error> {
    let base = len.checked_sub(encoded(pad.len())).ok_or(Error::Padding)?;
    let right = frame.shortest(base) == Some(pad.len()) && pad.iter().all(|byte| *byte == 0);
    if right { Ok(()) } else { Err(Error::Padding) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_padded_to_a_block_and_checks() {
        for frame in [Frame::Bare, Frame::Signed] {
            for base in 1..600 {
                let padded = pad(alloc::vec![0x40; base], frame).unwrap();
                assert_eq!(frame.len(padded.len()) % 64, 0, "{base}");
                let len = frame.shortest(base - 1).unwrap();
                assert_eq!(check(&alloc::vec![0; len], padded.len(), frame), Ok(()));
            }
        }
    }

    #[test]
    fn twenty_five_missing_bytes_are_filled_with_eighty_seven() {
        // A byte string of 23 takes 24 bytes, one of 24 takes 26.
        assert_eq!(Frame::Bare.shortest(64 - 25), Some(87));
        assert_eq!(Frame::Bare.shortest(64 - 24), Some(23));
        assert_eq!(Frame::Bare.shortest(64 - 26), Some(24));
    }

    #[test]
    fn a_longer_pad_or_one_with_a_bit_set_is_refused() {
        assert_eq!(check(&[0; 23], 64, Frame::Bare), Ok(()));
        let mut set = [0; 23];
        set[22] = 1;
        assert_eq!(check(&set, 64, Frame::Bare), Err(Error::Padding));
        assert_eq!(check(&[0; 87], 64 + 63, Frame::Bare), Err(Error::Padding));
        assert_eq!(check(&[0; 86], 128, Frame::Bare), Err(Error::Padding));
    }
}
