use data_encoding::BASE64;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    Opening, Plain,
    cipher::cbc,
    json::{Object, Scalar, file},
    kdf::{Kdf, Key},
};
use crate::{Error, Format, Part};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(borrow, default)]
    password_protected: Scalar<'a>,
    #[serde(borrow, default)]
    salt: Scalar<'a>,
    #[serde(borrow, default)]
    kdf_type: Scalar<'a>,
    #[serde(borrow, default)]
    kdf_iterations: Scalar<'a>,
    #[serde(borrow, default)]
    kdf_memory: Scalar<'a>,
    #[serde(borrow, default)]
    kdf_parallelism: Scalar<'a>,
    #[serde(borrow, default, rename = "encKeyValidation_DO_NOT_EDIT")]
    validation: Scalar<'a>,
    #[serde(borrow, default)]
    data: Scalar<'a>,
}

/// PBKDF2 or Argon2id, HKDF to two keys, then AES-256-CBC and HMAC-SHA-256.
pub(super) fn open(text: &str, opening: &mut Opening<'_>) -> Result<Plain, Error> {
    let Object(found): Object<File<'_>> = file(text)?;
    if !matches!(found.password_protected, Scalar::Flag(true)) {
        return Err(Error::NotReadable(Format::BitwardenAccount));
    }
    let salt = required(&found.salt, "salt")?.as_bytes();
    let key = match found.kdf()? {
        // Argon2 takes a salt of a fixed length here.
        kdf @ Kdf::Argon2id { .. } => kdf.derive(opening, &Sha256::digest(salt))?,
        kdf => kdf.derive(opening, salt)?,
    };
    let keys = Keys::new(&key)?;
    let (validation, data) = (required(&found.validation, "encKeyValidation")?, required(&found.data, "data")?);
    keys.open(validation).map_err(|error| if error == Error::Mac { Error::Decrypt } else { error })?;
    keys.open(data)
}

fn required<'a>(value: &'a Scalar<'_>, name: &'static str) -> Result<&'a str, Error> {
    value.text(Part::Field(name))?.ok_or(Error::Missing(Part::Field(name)))
}

impl File<'_> {
    fn kdf(&self) -> Result<Kdf, Error> {
        let number = |value: &Scalar<'_>, name| {
            let part = Part::Field(name);
            value.number(Error::Invalid(part))?.ok_or(Error::Missing(part))
        };
        let iterations = number(&self.kdf_iterations, "kdfIterations")?;
        match number(&self.kdf_type, "kdfType")? {
            0 => Ok(Kdf::Pbkdf2Sha256 { iterations }),
            1 => Ok(Kdf::Argon2id {
                // The file says MiB.
                kib: number(&self.kdf_memory, "kdfMemory")?.saturating_mul(1024),
                passes: iterations,
                lanes: number(&self.kdf_parallelism, "kdfParallelism")?,
            }),
            _ => Err(Error::Unsupported(Part::Field("kdfType"))),
        }
    }
}

struct Keys {
    encryption: Key,
    mac: Key,
}

impl Keys {
    fn new(key: &Key) -> Result<Self, Error> {
        let mut keys = Self { encryption: Key::default(), mac: Key::default() };
        let hkdf = Hkdf::<Sha256>::from_prk(key.as_slice()).map_err(|_| Error::Decrypt)?;
        hkdf.expand(b"enc", keys.encryption.as_mut_slice()).map_err(|_| Error::Decrypt)?;
        hkdf.expand(b"mac", keys.mac.as_mut_slice()).map_err(|_| Error::Decrypt)?;
        Ok(keys)
    }

    /// `2.iv|ciphertext|mac`, each in base64. The MAC is verified first.
    fn open(&self, text: &str) -> Result<Plain, Error> {
        let malformed = Error::Invalid(Part::Field("encrypted text"));
        let mut parts = text.strip_prefix("2.").ok_or(malformed)?.split('|');
        let mut next = || parts.next().and_then(|part| BASE64.decode(part.as_bytes()).ok()).ok_or(malformed);
        let (iv, ciphertext, mac) = (next()?, next()?, next()?);
        if parts.next().is_some() {
            return Err(malformed);
        }
        let mut computed = Hmac::<Sha256>::new_from_slice(self.mac.as_slice()).map_err(|_| malformed)?;
        computed.update(&iv);
        computed.update(&ciphertext);
        computed.verify_slice(&mac).map_err(|_| Error::Mac)?;
        cbc(&self.encryption, <&[u8; 16]>::try_from(iv.as_slice()).map_err(|_| malformed)?, &ciphertext)
    }
}
