//! Protocol Buffers as far as an export needs them: numbers and bytes, no groups, no recursion.

use crate::Error;

/// A value by its wire type.
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Of a fixed width, which no field of ours has.
    Fixed,
}

/// The fields of a message: number, value, and the offset of the value's bytes in the whole.
pub(super) struct Message<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Message<'a> {
    pub(super) const fn new(rest: &'a [u8], offset: usize) -> Self {
        Self { rest, offset }
    }

    fn field(&mut self) -> Result<(u64, Value<'a>, usize), Error> {
        let tag = self.varint()?;
        let start = self.offset;
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            1 => {
                self.take(8)?;
                Value::Fixed
            }
            2 => {
                let len = self.varint()?;
                let len = usize::try_from(len).map_err(|_| Error::Malformed { offset: start })?;
                let start = self.offset;
                return Ok((tag >> 3, Value::Bytes(self.take(len)?), start));
            }
            5 => {
                self.take(4)?;
                Value::Fixed
            }
            // Groups, which nobody writes any more, and numbers without a meaning.
            _ => return Err(Error::Malformed { offset: start }),
        };
        Ok((tag >> 3, value, start))
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Error::Malformed { offset: self.offset })?;
        self.rest = rest;
        self.offset += len;
        Ok(taken)
    }

    /// Seven bits in each byte, the lowest first, in at most ten bytes.
    fn varint(&mut self) -> Result<u64, Error> {
        let offset = self.offset;
        let mut value = 0;
        for place in 0..10 {
            let [byte] = *self.take(1)? else { return Err(Error::Malformed { offset }) };
            let bits = u64::from(byte & 0x7f);
            if place == 9 && bits > 1 {
                break;
            }
            value |= bits << (7 * place);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Error::Malformed { offset })
    }
}

/// Ends after the first error.
impl<'a> Iterator for Message<'a> {
    type Item = Result<(u64, Value<'a>, usize), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}
