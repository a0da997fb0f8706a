//! Reading and writing the fixed templates, before anything is authenticated: no allocation, no recursion.

use alloc::vec::Vec;

use crate::Error;

/// A CBOR item's head: major type and argument.
type Head = (u8, u64);

/// What is left of an input.
pub(crate) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) const fn new(input: &'a [u8]) -> Self {
        Self(input)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Error::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn uint<const N: usize>(&mut self) -> Result<u64, Error> {
        Ok(self.take(N)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// The next head, in its shortest form.
    pub(crate) fn head(&mut self) -> Result<Head, Error> {
        let [initial] = *self.take(1)?.first_chunk::<1>().ok_or(Error::Truncated)?;
        let (argument, least) = match initial & 0x1f {
            short @ 0..=23 => (u64::from(short), 0),
            24 => (self.uint::<1>()?, 24),
            25 => (self.uint::<2>()?, 1 << 8),
            26 => (self.uint::<4>()?, 1 << 16),
            27 => (self.uint::<8>()?, 1 << 32),
            31 => return Err(Error::NotCanonical),
            _ => return Err(Error::Shape),
        };
        if argument < least { Err(Error::NotCanonical) } else { Ok((initial >> 5, argument)) }
    }

    /// Exactly this head.
    pub(crate) fn expect(&mut self, expected: Head) -> Result<(), Error> {
        if self.head()? == expected { Ok(()) } else { Err(Error::Shape) }
    }

    /// A whole byte string.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let (2, len) = self.head()? else { return Err(Error::Shape) };
        self.take(usize::try_from(len).map_err(|_| Error::Truncated)?)
    }

    /// A byte string of exactly this length.
    pub(crate) fn array<const N: usize>(&mut self, otherwise: Error) -> Result<&'a [u8; N], Error> {
        self.bytes()?.try_into().map_err(|_| otherwise)
    }

    /// The protocol's version, 1.
    pub(crate) fn version(&mut self) -> Result<(), Error> {
        match self.head()? {
            (0, 1) => Ok(()),
            (0, _) => Err(Error::Version),
            _ => Err(Error::Shape),
        }
    }

    /// The end of the input.
    pub(crate) const fn end(&self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Trailing) }
    }
}

/// Whether a ciphertext is 64·n bytes, 1 <= n <= `most`, and a tag.
pub(crate) const fn is_padded(ciphertext: &[u8], most: usize) -> bool {
    match ciphertext.len().checked_sub(16) {
        Some(plain) => plain % 64 == 0 && plain >= 64 && plain <= 64 * most,
        None => false,
    }
}

/// The head of a byte string of `len` bytes, under 65,536, in its shortest form.
pub(crate) fn with_bytes_head<T>(len: usize, then: impl FnOnce(&[u8]) -> T) -> T {
    let [.., high, low] = len.to_be_bytes();
    match len {
        0..=23 => then(&[0x40 | low]),
        24..=255 => then(&[0x58, low]),
        _ => then(&[0x59, high, low]),
    }
}

/// Appends a byte string.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    with_bytes_head(bytes.len(), |head| out.extend_from_slice(head));
    out.extend_from_slice(bytes);
}

/// The external additional data of every seal and signature: `["pushotp", 1, tenant]`.
pub(crate) fn external_aad(tenant: &pushotp_types::TenantId) -> Vec<u8> {
    let mut aad = Vec::with_capacity(48);
    aad.extend_from_slice(b"\x83\x67pushotp\x01");
    put_bytes(&mut aad, tenant.as_bytes());
    aad
}
