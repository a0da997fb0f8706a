use alloc::vec::Vec;

use serde::Deserialize;

use super::{
    super::freeotp::{Entry, token},
    Opening, Plain,
    cipher::gcm,
    java,
    json::{Object, Scalar, SignedBytes, file},
    kdf::{Kdf, Key},
};
use crate::{Error, Parsed, Part, Place, Record};

/// The key of the secrets, under the key of the password.
#[derive(Deserialize)]
struct MasterKey<'a> {
    #[serde(borrow, default, rename = "mAlgorithm")]
    algorithm: Scalar<'a>,
    #[serde(borrow, rename = "mEncryptedKey")]
    sealed: Object<Sealed<'a>>,
    #[serde(borrow, default, rename = "mIterations")]
    iterations: Scalar<'a>,
    #[serde(default, rename = "mSalt")]
    salt: SignedBytes,
}

/// AES-256-GCM; what a key is for is authenticated with it.
#[derive(Deserialize)]
struct Sealed<'a> {
    #[serde(borrow, default, rename = "mCipher")]
    cipher: Scalar<'a>,
    #[serde(default, rename = "mCipherText")]
    text: SignedBytes,
    #[serde(default, rename = "mParameters")]
    parameters: SignedBytes,
    #[serde(borrow, default, rename = "mToken")]
    purpose: Scalar<'a>,
}

/// JSON in JSON.
#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow, default)]
    key: Scalar<'a>,
}

/// A map with the key, and for each token one entry with its secret and one with all the rest.
pub(super) fn read(input: &[u8], opening: &mut Opening<'_>) -> Result<Vec<Record>, Error> {
    let pairs = java::pairs(input, opening.policy)?;
    let mut sorted = pairs.clone();
    sorted.sort_unstable();
    let find = |wanted: &str| {
        let place = sorted.binary_search_by(|(name, _)| (*name).cmp(wanted)).ok()?;
        sorted.get(place).map(|(_, value)| *value)
    };
    let Object(master): Object<MasterKey<'_>> =
        file(find("masterKey").ok_or(Error::Missing(Part::Field("masterKey")))?)?;
    let master = master.open(opening)?;
    let mut records = Vec::with_capacity(pairs.len() / 2);
    for (place, (name, value)) in pairs.iter().enumerate() {
        if *name == "masterKey" || name.ends_with("-token") {
            continue;
        }
        let rest = find(&alloc::format!("{name}-token")).ok_or(Error::Missing(Part::Field("token")));
        let parsed = rest.and_then(|rest| one(value, rest, &master, opening));
        records.push(Record::of(Place::Entry(place), parsed));
    }
    if records.is_empty() { Err(Error::Empty) } else { Ok(records) }
}

fn one(wrapped: &str, rest: &str, master: &Key, opening: &Opening<'_>) -> Result<Parsed, Error> {
    let entry = Error::Invalid(Part::Field("entry"));
    let Object(wrapped): Object<Wrapped<'_>> = serde_json::from_str(wrapped).map_err(|_| entry)?;
    let sealed = wrapped.key.text(Part::Secret)?.ok_or(Error::SecretMissing)?;
    let Object(sealed): Object<Sealed<'_>> = serde_json::from_str(sealed).map_err(|_| entry)?;
    let Object(rest): Object<Entry<'_>> = serde_json::from_str(rest).map_err(|_| entry)?;
    // The key is the right one by now: only what lies under it can be wrong.
    let secret = sealed.open(master).map_err(|error| if error == Error::Decrypt { Error::Mac } else { error })?;
    token(&rest, &secret, &rest.counter, opening.policy)
}

impl MasterKey<'_> {
    fn open(&self, opening: &mut Opening<'_>) -> Result<Key, Error> {
        let part = Part::Field("mIterations");
        let iterations = self.iterations.number(Error::Invalid(part))?.ok_or(Error::Missing(part))?;
        let part = Part::Field("mAlgorithm");
        let kdf = match self.algorithm.text(part)?.ok_or(Error::Missing(part))? {
            "PBKDF2withHmacSHA1" => Kdf::Pbkdf2Sha1 { iterations },
            "PBKDF2withHmacSHA512" => Kdf::Pbkdf2Sha512 { iterations },
            _ => return Err(Error::Unsupported(part)),
        };
        let key = kdf.derive(opening, &self.salt.0)?;
        let master = self.sealed.0.open(&key)?;
        let master = <&[u8; 32]>::try_from(master.as_slice());
        Ok(Key::new(*master.map_err(|_| Error::Invalid(Part::Field("masterKey")))?))
    }
}

impl Sealed<'_> {
    fn open(&self, key: &Key) -> Result<Plain, Error> {
        let part = Part::Field("mCipher");
        if self.cipher.text(part)? != Some("AES/GCM/NoPadding") {
            return Err(Error::Unsupported(part));
        }
        let part = Part::Field("mToken");
        let purpose = self.purpose.text(part)?.ok_or(Error::Missing(part))?;
        gcm(key, self.nonce()?, &self.text.0, purpose.as_bytes())
    }

    /// DER: a string of 12 bytes, alone or before the length of the tag, 16.
    fn nonce(&self) -> Result<&[u8], Error> {
        let der = self.parameters.0.as_slice();
        let nonce = match der.strip_prefix(b"\x30\x11") {
            Some(sequence) => sequence.strip_suffix(b"\x02\x01\x10"),
            None => Some(der),
        };
        let nonce = nonce.and_then(|nonce| nonce.strip_prefix(b"\x04\x0c")).filter(|nonce| nonce.len() == 12);
        nonce.ok_or(Error::Unsupported(Part::Field("mParameters")))
    }
}
