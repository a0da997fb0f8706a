#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod read;

use alloc::vec::Vec;

use serde::{Serialize, de::DeserializeOwned};
pub use serde_bytes::{ByteArray, ByteBuf, Bytes};
use zeroize::{Zeroize, Zeroizing};

use read::Reader;

/// The longest input that [`decode`] looks at, in bytes; callers have lower limits of their own.
///
/// ```
/// use pushotp_cbor::{ByteBuf, CborError, MAX_LEN, decode, encode};
///
/// let longest = encode(&ByteBuf::from(vec![0; MAX_LEN - 3]))?; // of MAX_LEN bytes
/// assert!(decode::<ByteBuf>(&longest).is_ok());
/// assert_eq!(decode::<ByteBuf>(&[longest, vec![0]].concat()), Err(CborError::TooLarge));
/// # Ok::<(), CborError>(())
/// ```
pub const MAX_LEN: usize = 64 * 1024;

/// `value` as deterministic CBOR.
///
/// The result is deterministic if `T` is made of tuple structs, arrays, unsigned integers, text, [`ByteBuf`] or
/// [`ByteArray`], and of a `BTreeMap` with small unsigned keys where a map is needed.
///
/// # Errors
/// [`CborError::Unsupported`] if `T` has no CBOR form, such as a sequence of unknown length.
///
/// ```
/// assert_eq!(pushotp_cbor::encode(&("pushotp", 1))?, b"\x82\x67pushotp\x01");
/// # Ok::<(), pushotp_cbor::CborError>(())
/// ```
///
/// Source: RFC 8949 §4.2.1.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CborError> {
    let mut out = Vec::new();
    encode_into(value, &mut out)?;
    Ok(out)
}

/// Appends `value` to `out`, as [`encode`] would write it.
///
/// # Errors
/// [`CborError::Unsupported`]; `out` is as long as before.
///
/// ```
/// let mut out = vec![0xff];
/// pushotp_cbor::encode_into(&24_u8, &mut out)?;
/// assert_eq!(out, [0xff, 0x18, 24]);
/// # Ok::<(), pushotp_cbor::CborError>(())
/// ```
#[expect(clippy::disallowed_methods, reason = "the one writer of CBOR")]
pub fn encode_into<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), CborError> {
    let before = out.len();
    ciborium::ser::into_writer(value, &mut *out).map_err(|_| {
        out.truncate(before);
        CborError::Unsupported
    })
}

/// Reads a whole input as one `T`, and only if [`encode`] writes that `T` back as the very same bytes.
///
/// Long heads, tags, indefinite lengths, arrays for byte strings, duplicate keys, trailing bytes and elements that slide
/// from one array into the next: comparing the bytes refuses all of that at once, whatever the reader takes.
///
/// # Errors
/// [`CborError::TooLarge`] over [`MAX_LEN`]; [`CborError::Malformed`] if the input is no `T`;
/// [`CborError::NotCanonical`] if it is one in another encoding, or if bytes follow it.
///
/// ```
/// use pushotp_cbor::{CborError, decode};
///
/// assert_eq!(decode::<(u8, u8)>(&[0x82, 1, 2]), Ok((1, 2)));
/// assert_eq!(decode::<(u8, u8)>(&[0x9f, 1, 2, 0xff]), Err(CborError::NotCanonical));
/// assert_eq!(decode::<(u8, u8)>(&[0x82, 1]), Err(CborError::Malformed));
/// ```
#[expect(clippy::disallowed_methods, reason = "the one writer of CBOR, to compare with")]
pub fn decode<T: DeserializeOwned + Serialize>(input: &[u8]) -> Result<T, CborError> {
    if input.len() > MAX_LEN {
        return Err(CborError::TooLarge);
    }
    let value = T::deserialize(&mut Reader::new(input)).map_err(|_| refusal::<T>(input))?;
    let mut compare = Compare { rest: input };
    match ciborium::ser::into_writer(&value, &mut compare) {
        Ok(()) if compare.rest.is_empty() => Ok(value),
        _ => Err(CborError::NotCanonical),
    }
}

/// Why an input is refused: as a `T` in another encoding, or as none. ciborium tells, which is lenient and takes several
/// times as long.
#[cold]
#[expect(clippy::disallowed_methods, reason = "its value is not used")]
fn refusal<T: DeserializeOwned>(input: &[u8]) -> CborError {
    // Text and bytes pass through this buffer: ours, so that it is wiped, and never under 4 bytes, with which
    // ciborium 0.2.2 does not end on a multibyte character.
    let mut scratch = Zeroizing::new([0; 1024]);
    match ciborium::de::from_reader_with_buffer::<T, _>(input, scratch.as_mut_slice()) {
        Ok(_) => CborError::NotCanonical,
        Err(_) => CborError::Malformed,
    }
}

/// A sink that takes exactly the bytes of `rest`, so that nothing is allocated for the comparison.
struct Compare<'a> {
    rest: &'a [u8],
}

// For `&mut`: with its feature `std`, which another crate of the build may ask for, ciborium-io has no such impl of its own.
impl ciborium_io::Write for &mut Compare<'_> {
    type Error = CborError;

    fn write_all(&mut self, data: &[u8]) -> Result<(), CborError> {
        let (next, rest) = self.rest.split_at_checked(data.len()).ok_or(CborError::NotCanonical)?;
        // Most of what is written is one byte of a head, or the nothing that follows it: calls of `memcmp` for these
        // took longer than all the rest of decoding.
        let equal = match (next, data) {
            ([], _) => true,
            ([next], [byte]) => next == byte,
            _ => next == data,
        };
        self.rest = rest;
        if equal { Ok(()) } else { Err(CborError::NotCanonical) }
    }

    fn flush(&mut self) -> Result<(), CborError> {
        Ok(())
    }
}

/// [`encode`] for a value that holds a secret: the bytes are erased when dropped.
///
/// # Errors
/// As [`encode`].
///
/// ```
/// use pushotp_cbor::{ByteArray, encode_secret};
///
/// assert_eq!(encode_secret(&ByteArray::new([7; 4]))?[0], 0x44);
/// # Ok::<(), pushotp_cbor::CborError>(())
/// ```
pub fn encode_secret<T: Serialize + ?Sized>(value: &T) -> Result<Zeroizing<Vec<u8>>, CborError> {
    let mut out = Zeroizing::new(Vec::with_capacity(counted(value)?));
    let result = encode_into(value, &mut out);
    if result.is_err() {
        out.zeroize();
    }
    result.map(|()| out)
}

/// The length of the encoding: a buffer that never grows leaves no copies behind.
#[expect(clippy::disallowed_methods, reason = "the one writer of CBOR")]
fn counted<T: Serialize + ?Sized>(value: &T) -> Result<usize, CborError> {
    let mut count = Count(0);
    ciborium::ser::into_writer(value, &mut count).map_err(|_| CborError::Unsupported)?;
    Ok(count.0)
}

struct Count(usize);

impl ciborium_io::Write for &mut Count {
    type Error = CborError;

    fn write_all(&mut self, data: &[u8]) -> Result<(), CborError> {
        self.0 = self.0.saturating_add(data.len());
        Ok(())
    }

    fn flush(&mut self) -> Result<(), CborError> {
        Ok(())
    }
}

/// Why bytes are not the CBOR of a value; says nothing of the value.
///
/// ```
/// use pushotp_cbor::{CborError, decode};
///
/// let error = decode::<u8>(&[0x18, 1]).unwrap_err();
/// assert_eq!(error, CborError::NotCanonical);
/// assert_eq!(error.to_string(), "not the deterministic encoding");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborError {
    /// Longer than any value of the project.
    #[error("longer than 65536 bytes")]
    TooLarge,
    /// Not CBOR, or not of the expected shape.
    #[error("not of the expected shape")]
    Malformed,
    /// Another encoding of the value, or something behind it.
    #[error("not the deterministic encoding")]
    NotCanonical,
    /// The value has no CBOR form.
    #[error("the value has no CBOR form")]
    Unsupported,
}
