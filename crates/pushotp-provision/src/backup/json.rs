//! JSON without a tree: a tree of `[[],[],…]` takes a hundred times the memory of its text.

use alloc::{
    borrow::{Cow, ToOwned},
    vec::Vec,
};
use core::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;
use zeroize::{Zeroize, Zeroizing};

use crate::{Error, Parsed, Part, Place, Policy, Record, base32::MAX_BYTES, notes::number};

/// The shortest entry is `{"secret":"A"}`; a list of shorter ones would become many times as large as its text.
const SHORTEST: usize = 14;

/// A value of a file as a whole.
pub(crate) fn file<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    // The parser says where and why; why may hold what stands there.
    serde_json::from_str::<T>(text).map_err(|error| Error::MalformedLine { line: error.line(), column: error.column() })
}

/// An entry of a file that is well-formed: what is wrong is the entry's alone.
pub(crate) fn entry<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, Error> {
    serde_json::from_str(raw.get()).map_err(|_| Error::Invalid(Part::Field("entry")))
}

/// An object of such fields. By itself, the parser would take a list of their values for it as well.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(AnyObject(PhantomData))
    }
}

struct AnyObject<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AnyObject<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// The entries of a list that the file must have.
pub(crate) fn list<'a>(
    raw: Option<&'a RawValue>,
    name: &'static str,
    policy: &Policy,
) -> Result<Vec<&'a RawValue>, Error> {
    elements(raw.ok_or(Error::Missing(Part::Field(name)))?.get(), name, policy)
}

/// The entries of a list, not more than the policy permits: counted while they are read.
pub(crate) fn elements<'a>(text: &'a str, name: &'static str, policy: &Policy) -> Result<Vec<&'a RawValue>, Error> {
    let limit = policy.limits.records;
    let mut json = serde_json::Deserializer::from_str(text);
    let entries = json.deserialize_seq(Elements(limit)).map_err(|_| Error::Invalid(Part::Field(name)))?;
    if entries.len() > limit { Err(Error::TooMany) } else { Ok(entries) }
}

/// The values of an object, whatever their names are, as [`elements`] of a list.
pub(crate) fn values<'a>(raw: &'a RawValue, name: &'static str, policy: &Policy) -> Result<Vec<&'a RawValue>, Error> {
    let limit = policy.limits.records;
    let mut json = serde_json::Deserializer::from_str(raw.get());
    let entries = json.deserialize_map(Elements(limit)).map_err(|_| Error::Invalid(Part::Field(name)))?;
    if entries.len() > limit { Err(Error::TooMany) } else { Ok(entries) }
}

/// One more than so many, so that it shows.
struct Elements(usize);

impl<'a> Visitor<'a> for Elements {
    type Value = Vec<&'a RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while entries.len() <= self.0 {
            match list.next_element()? {
                Some(entry) => entries.push(entry),
                None => return Ok(entries),
            }
        }
        // The rest is left unread: the caller refuses the whole.
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(entries)
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((IgnoredAny, entry)) = map.next_entry()? {
            if entries.len() <= self.0 {
                entries.push(entry);
            }
        }
        Ok(entries)
    }
}

/// A record for each entry of a list.
pub(crate) fn records<'a>(
    entries: &[&'a RawValue],
    parse: impl Fn(&'a RawValue) -> Result<Parsed, Error>,
) -> Result<Vec<Record>, Error> {
    some(entries, |entry| Some(parse(entry)))
}

/// A record for each entry that is a token.
pub(crate) fn some<'a>(
    entries: &[&'a RawValue],
    parse: impl Fn(&'a RawValue) -> Option<Result<Parsed, Error>>,
) -> Result<Vec<Record>, Error> {
    let mut records = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let Some(parsed) = parse(entry) else { continue };
        if entry.get().len() < SHORTEST {
            return Err(Error::Invalid(Part::Field("entry")));
        }
        records.push(Record::of(Place::Entry(place), parsed));
    }
    if records.is_empty() { Err(Error::Empty) } else { Ok(records) }
}

/// A value whose type its app did not always keep to. Strings that had to be unescaped are erased.
#[derive(Default)]
pub(crate) enum Scalar<'a> {
    /// Absent, or null.
    #[default]
    Missing,
    Text(Cow<'a, str>),
    Number(u64),
    Negative(i64),
    Flag(bool),
    /// A fraction, a list, an object.
    Other,
}

impl Drop for Scalar<'_> {
    fn drop(&mut self) {
        if let Self::Text(Cow::Owned(text)) = self {
            text.zeroize();
        }
    }
}

impl Scalar<'_> {
    /// A text, `None` if there is none.
    pub(crate) fn text(&self, part: Part) -> Result<Option<&str>, Error> {
        match self {
            Self::Missing => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            _ => Err(Error::Invalid(part)),
        }
    }

    /// A text that says something.
    pub(crate) fn filled(&self, part: Part) -> Result<Option<&str>, Error> {
        Ok(self.text(part)?.filter(|text| !text.is_empty()))
    }

    /// A number from 0, also one that is written as a text.
    pub(crate) fn number(&self, error: Error) -> Result<Option<u64>, Error> {
        match self {
            Self::Missing => Ok(None),
            Self::Number(number) => Ok(Some(*number)),
            Self::Text(text) => number(text).map(Some).ok_or(error),
            _ => Err(error),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(AnyScalar)
    }
}

struct AnyScalar;

impl<'de> Visitor<'de> for AnyScalar {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Missing)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(u64::try_from(number).map_or(Scalar::Negative(number), Scalar::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

/// Bytes as Java writes them, from -128 to 127; also those from 128 to 255.
#[derive(Default)]
pub(crate) struct SignedBytes(pub(crate) Zeroizing<Vec<u8>>);

impl<'de> Deserialize<'de> for SignedBytes {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_seq(AnyBytes)
    }
}

struct AnyBytes;

impl<'de> Visitor<'de> for AnyBytes {
    type Value = SignedBytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of bytes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        // At its full length, so that no copy stays behind when it grows; one more than a secret may have.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 1));
        while let Some(value) = list.next_element::<i16>()? {
            if !(-128..=255).contains(&value) {
                return Err(A::Error::custom("no byte"));
            }
            let [byte, _] = value.to_le_bytes();
            if bytes.len() <= MAX_BYTES {
                bytes.push(byte);
            }
        }
        Ok(SignedBytes(bytes))
    }
}
