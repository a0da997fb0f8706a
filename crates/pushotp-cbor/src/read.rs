//! Reading: serde over the bytes themselves, in the one encoding of each value. Nothing passes through a buffer, and
//! nothing is reserved for a length that is only declared.

use core::str;

use serde::{
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};

/// How deep arrays and maps may lie in each other.
const MAX_DEPTH: u8 = 16;

/// Not an encoding that [`encode`](crate::encode) writes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused")]
pub(crate) struct Refused;

impl de::Error for Refused {
    fn custom<T: core::fmt::Display>(_: T) -> Self {
        Self
    }
}

const UINT: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;

/// What is left of an input.
pub(crate) struct Reader<'de> {
    rest: &'de [u8],
    depth: u8,
}

impl<'de> Reader<'de> {
    pub(crate) const fn new(input: &'de [u8]) -> Self {
        Self { rest: input, depth: MAX_DEPTH }
    }

    fn take(&mut self, len: u64) -> Result<&'de [u8], Refused> {
        let len = usize::try_from(len).map_err(|_| Refused)?;
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Refused)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The major type of what comes next.
    fn major(&self) -> Result<u8, Refused> {
        self.rest.first().map(|initial| initial >> 5).ok_or(Refused)
    }

    /// The argument of the next head, which is of this major type and in its shortest form.
    fn head(&mut self, major: u8) -> Result<u64, Refused> {
        let (initial, rest) = self.rest.split_first().ok_or(Refused)?;
        if initial >> 5 != major {
            return Err(Refused);
        }
        self.rest = rest;
        match initial & 0x1f {
            short @ 0..=23 => Ok(short.into()),
            long => self.argument(long),
        }
    }

    fn argument(&mut self, long: u8) -> Result<u64, Refused> {
        let (len, least) = match long {
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            _ => return Err(Refused),
        };
        let argument = self.take(len)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        if argument < least { Err(Refused) } else { Ok(argument) }
    }

    /// Lets `visit` read `left` elements or entries, all of them.
    fn inner<T>(
        &mut self,
        left: u64,
        visit: impl FnOnce(&mut Elements<'_, 'de>) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        self.depth = self.depth.checked_sub(1).ok_or(Refused)?;
        let mut elements = Elements { reader: self, left };
        let value = visit(&mut elements)?;
        let left = elements.left;
        self.depth += 1;
        if left == 0 { Ok(value) } else { Err(Refused) }
    }
}

/// Methods that read as another one does.
macro_rules! forward {
    ($($($name:ident($($argument:ty),*))+ => $to:ident;)+) => {$($(
        #[inline]
        fn $name<V: Visitor<'de>>(self, $(_: $argument,)* visitor: V) -> Result<V::Value, Refused> {
            self.$to(visitor)
        }
    )+)+};
}

impl<'de> de::Deserializer<'de> for &mut Reader<'de> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.major()? {
            BYTES => self.deserialize_bytes(visitor),
            TEXT => self.deserialize_str(visitor),
            ARRAY => self.deserialize_seq(visitor),
            MAP => self.deserialize_map(visitor),
            // Or nothing that is read here: a tag, a negative number, a simple value or a float.
            _ => self.deserialize_u64(visitor),
        }
    }

    #[inline]
    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_u64(self.head(UINT)?)
    }

    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let len = self.head(BYTES)?;
        visitor.visit_borrowed_bytes(self.take(len)?)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let len = self.head(TEXT)?;
        visitor.visit_borrowed_str(str::from_utf8(self.take(len)?).map_err(|_| Refused)?)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let len = self.head(ARRAY)?;
        self.inner(len, |elements| visitor.visit_seq(elements))
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let len = self.head(MAP)?;
        self.inner(len, |entries| visitor.visit_map(entries))
    }

    // What is written as one of these is read as one of these, and not as whatever else its visitor takes.
    forward! {
        deserialize_u8() deserialize_u16() deserialize_u32() => deserialize_u64;
        deserialize_byte_buf() => deserialize_bytes;
        deserialize_string() => deserialize_str;
        deserialize_tuple(usize) deserialize_tuple_struct(&'static str, usize) => deserialize_seq;
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u128 f32 f64 char option unit unit_struct struct enum identifier ignored_any
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The elements of an array, or the entries of a map, that are left.
struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: u64,
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Refused;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refused> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = Refused;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        self.next_element_seed(seed)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        seed.deserialize(&mut *self.reader)
    }
}

#[cfg(test)]
mod tests {
    use alloc::{collections::BTreeMap, string::String, vec, vec::Vec};

    use serde::{Deserialize, de::DeserializeOwned};
    use serde_bytes::{ByteArray, ByteBuf};

    use super::*;

    fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
        T::deserialize(&mut Reader::new(bytes))
    }

    #[test]
    fn an_item_of_the_expected_type_is_read_in_its_shortest_form() {
        assert_eq!(read::<u64>(&[0x1b, 0, 0, 0, 1, 0, 0, 0, 0]), Ok(1 << 32));
        assert_eq!(read::<ByteArray<2>>(b"\x42ab").map(ByteArray::into_array), Ok(*b"ab"));
        assert_eq!(read::<String>(b"\x62\xc3\xa9"), Ok("é".into()));
        assert_eq!(read::<BTreeMap<u8, ByteBuf>>(b"\xa1\x01\x40"), Ok([(1, ByteBuf::new())].into()));
        for bytes in [
            &b""[..],
            b"\x18",
            b"\x18\x01",
            b"\x19\x00\xff",
            b"\x1c\x01",
            b"\x1f",
            b"\x20",
            b"\x41\x01",
            b"\xc0\x01",
            b"\xc2\x41\x01",
            b"\xf4",
            b"\xf9\x3c\x00",
            b"\xff",
        ] {
            assert_eq!(read::<u64>(bytes), Err(Refused), "{bytes:02x?}");
        }
    }

    #[test]
    fn what_a_visitor_would_take_besides_is_refused() {
        for bytes in [&b"\x62ab"[..], b"\x82\x61\x62", b"\x43abc", b"\x42a", b"\x5f\x42ab\xff"] {
            assert!(read::<ByteArray<2>>(bytes).is_err(), "{bytes:02x?}");
        }
        assert_eq!(read::<String>(b"\x42ab"), Err(Refused));
        assert_eq!(read::<String>(b"\x61\xff"), Err(Refused));
        assert_eq!(read::<(u8, u8)>(b"\x83\x01\x02\x03"), Err(Refused));
        assert_eq!(read::<(u8, u8)>(b"\x81\x01"), Err(Refused));
        assert_eq!(read::<((u8, u8), u8)>(b"\x82\x83\x01\x02\x09\x07"), Err(Refused));
        assert_eq!(read::<Vec<u64>>(b"\x9b\x00\x00\x01\x00\x00\x00\x00\x00\x01"), Err(Refused));
    }

    #[derive(Deserialize)]
    struct Nested(#[expect(dead_code, reason = "only its depth matters")] Vec<Self>);

    #[test]
    fn arrays_lie_in_each_other_sixteen_deep_at_most() {
        let nested = |depth: usize| [vec![0x81; depth - 1], vec![0x80]].concat();
        assert!(read::<Nested>(&nested(16)).is_ok());
        assert!(read::<Nested>(&nested(17)).is_err());
        assert!(read::<Nested>(&nested(60_000)).is_err());
    }
}
