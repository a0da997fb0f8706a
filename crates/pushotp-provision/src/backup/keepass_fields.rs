use alloc::{vec, vec::Vec};
use core::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use super::json::{Scalar, file};
use crate::{Error, Place, Policy, Record, keepass};

/// Names and values in their order, also the same name twice.
struct Fields<'a>(Vec<(Scalar<'a>, Scalar<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(AnyFields)
    }
}

struct AnyFields;

impl<'de> Visitor<'de> for AnyFields {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

/// The fields of one entry as an object; what is no text is none of those that are looked at.
pub(crate) fn read(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let Fields(fields) = file(text)?;
    let fields = fields.iter().filter_map(|pair| match pair {
        (Scalar::Text(name), Scalar::Text(value)) => Some((&**name, &**value)),
        _ => None,
    });
    Ok(vec![Record::of(Place::Whole, keepass::from_fields(fields, policy))])
}
