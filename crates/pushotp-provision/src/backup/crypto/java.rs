//! A `HashMap<String, String>` as Java serialises it, and nothing else that Java can: no other class, no reference.

use alloc::vec::Vec;

use crate::{Error, Policy};

/// Magic and version; an object of the class `java.util.HashMap` with its serial number.
const CLASS: &[u8] = b"\xac\xed\x00\x05\x73\x72\x00\x11java.util.HashMap\x05\x07\xda\xc1\xc3\x16\x60\xd1\x03";
/// Its fields as old Android writes them, and its load factor.
const ONE_FIELD: &[u8] = b"\x00\x01F\x00\x0aloadFactorxp";
/// And as the others do, with the threshold.
const TWO_FIELDS: &[u8] = b"\x00\x02F\x00\x0aloadFactorI\x00\x09thresholdxp";

/// The pairs, in the order of the file.
pub(super) fn pairs<'a>(input: &'a [u8], policy: &Policy) -> Result<Vec<(&'a str, &'a str)>, Error> {
    let mut reader = Reader { input, rest: input };
    reader.expect(CLASS)?;
    if reader.expect(ONE_FIELD).is_ok() {
        reader.take::<4>()?;
    } else {
        reader.expect(TWO_FIELDS)?;
        reader.take::<8>()?;
    }
    // A block of 8 bytes: capacity and size.
    reader.expect(b"\x77\x08")?;
    reader.take::<4>()?;
    let size = usize::try_from(u32::from_be_bytes(reader.take()?)).map_err(|_| Error::TooMany)?;
    // A token takes two, and there is one for the key.
    if size > policy.limits.records.saturating_mul(2).saturating_add(1) {
        return Err(Error::TooMany);
    }
    // A pair of empty strings has 6 bytes.
    let mut pairs = Vec::with_capacity(size.min(reader.rest.len() / 6));
    for _ in 0..size {
        pairs.push((reader.string()?, reader.string()?));
    }
    reader.expect(b"\x78")?;
    if reader.rest.is_empty() { Ok(pairs) } else { Err(reader.malformed()) }
}

struct Reader<'a> {
    input: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    const fn malformed(&self) -> Error {
        Error::Malformed { offset: self.input.len() - self.rest.len() }
    }

    fn expect(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.rest = self.rest.strip_prefix(bytes).ok_or(self.malformed())?;
        Ok(())
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(self.malformed())?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A string of at most 65,535 bytes. Java's UTF-8 differs for NUL and beyond the basic plane: there it is none.
    fn string(&mut self) -> Result<&'a str, Error> {
        self.expect(b"\x74")?;
        let length = u16::from_be_bytes(self.take()?).into();
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(self.malformed())?;
        let text = core::str::from_utf8(taken).map_err(|_| self.malformed())?;
        self.rest = rest;
        Ok(text)
    }
}
