//! Bytes as they stand in JSON: keys and messages in base64, ids in hexadecimal.

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use zeroize::Zeroizing;

/// Bytes that may be secret: erased.
pub(crate) struct Bytes(pub(crate) Zeroizing<Vec<u8>>);

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Zeroizing::new(BASE64.encode(&self.0)).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Secret::deserialize(from)?.0;
        // No error may carry the text.
        BASE64.decode(text.as_bytes()).map(Self::from).map_err(|_| D::Error::custom("not base64"))
    }
}

/// A text that may be secret, such as a PIN: erased.
pub(crate) struct Secret(pub(crate) Zeroizing<String>);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Zeroizing::new).map(Self)
    }
}

/// The id of a token or of a login.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) [u8; 16]);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        HEXLOWER_PERMISSIVE.encode(&self.0).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes = HEXLOWER_PERMISSIVE.decode(String::deserialize(from)?.as_bytes()).ok();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(|| D::Error::custom("not an id"))
    }
}
