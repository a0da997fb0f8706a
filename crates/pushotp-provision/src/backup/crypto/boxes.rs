//! Files with one box: a salt, a nonce, and a list of tokens under the key of the password.

use data_encoding::BASE64;
use serde::Deserialize;

use super::{
    Opening, Plain,
    cipher::{cbc, gcm},
    json::{Object, Scalar, file},
    kdf::Kdf,
};
use crate::{Error, Mac, Part, Warning};

#[derive(Deserialize)]
struct TwoFas<'a> {
    #[serde(borrow, default, rename = "schemaVersion")]
    version: Scalar<'a>,
    #[serde(borrow, default, rename = "servicesEncrypted")]
    sealed: Scalar<'a>,
}

/// `data:salt:iv`, PBKDF2 with 10,000 iterations and AES-256-GCM.
pub(super) fn two_fas(text: &str, opening: &mut Opening<'_>) -> Result<Plain, Error> {
    let Object(found): Object<TwoFas<'_>> = file(text)?;
    super::super::two_fas::version(&found.version)?;
    let part = Part::Field("servicesEncrypted");
    let sealed = found.sealed.text(part)?.ok_or(Error::Missing(part))?;
    let mut parts = sealed.split(':').map(|part| BASE64.decode(part.as_bytes()).map_err(|_| Error::Base64));
    let mut next = || parts.next().unwrap_or(Err(Error::Invalid(part)));
    let (sealed, salt, nonce) = (next()?, next()?, next()?);
    if parts.next().is_some() {
        return Err(Error::Invalid(part));
    }
    let key = Kdf::Pbkdf2Sha256 { iterations: 10_000 }.derive(opening, &salt)?;
    gcm(&key, &nonce, &sealed, &[])
}

/// Iterations, 12 bytes of salt, 12 of nonce, then PBKDF2 and AES-256-GCM.
pub(super) fn andotp(input: &[u8], opening: &mut Opening<'_>) -> Result<Plain, Error> {
    let cut = Error::Malformed { offset: input.len() };
    let (iterations, rest) = input.split_first_chunk().ok_or(cut)?;
    let (salt, rest) = rest.split_first_chunk::<12>().ok_or(cut)?;
    let (nonce, sealed) = rest.split_first_chunk::<12>().ok_or(cut)?;
    let key = Kdf::Pbkdf2Sha1 { iterations: u32::from_be_bytes(*iterations).into() }.derive(opening, salt)?;
    gcm(&key, nonce, sealed, &[])
}

/// What both files of Stratum begin with has 16 bytes.
fn after_magic(input: &[u8]) -> Result<&[u8], Error> {
    Ok(input.split_first_chunk::<16>().ok_or(Error::Malformed { offset: input.len() })?.1)
}

/// 16 bytes of salt, 12 of nonce, then Argon2id with 64 MiB and AES-256-GCM.
pub(super) fn stratum(input: &[u8], opening: &mut Opening<'_>) -> Result<Plain, Error> {
    let cut = Error::Malformed { offset: input.len() };
    let (salt, rest) = after_magic(input)?.split_first_chunk::<16>().ok_or(cut)?;
    let (nonce, sealed) = rest.split_first_chunk::<12>().ok_or(cut)?;
    let key = Kdf::Argon2id { kib: 64 << 10, passes: 3, lanes: 4 }.derive(opening, salt)?;
    gcm(&key, nonce, sealed, &[])
}

/// 20 bytes of salt, 16 of IV, then PBKDF2 and AES-256-CBC, with no MAC at all.
pub(super) fn stratum_legacy(input: &[u8], opening: &mut Opening<'_>) -> Result<Plain, Error> {
    if opening.policy.mac == Mac::Required {
        return Err(Error::MacMissing);
    }
    opening.warnings.add(Warning::MacMissing);
    let cut = Error::Malformed { offset: input.len() };
    let (salt, rest) = after_magic(input)?.split_first_chunk::<20>().ok_or(cut)?;
    let (iv, sealed) = rest.split_first_chunk::<16>().ok_or(cut)?;
    let key = Kdf::Pbkdf2Sha1 { iterations: 64_000 }.derive(opening, salt)?;
    cbc(&key, iv, sealed)
}

#[derive(Deserialize)]
struct Proton<'a> {
    #[serde(borrow, default)]
    version: Scalar<'a>,
    #[serde(borrow, default)]
    salt: Scalar<'a>,
    #[serde(borrow, default)]
    content: Scalar<'a>,
}

/// Argon2id with 19 MiB and AES-256-GCM, the nonce before the ciphertext.
pub(super) fn proton(text: &str, opening: &mut Opening<'_>) -> Result<Plain, Error> {
    let Object(found): Object<Proton<'_>> = file(text)?;
    if found.version.number(Error::Version)? != Some(1) {
        return Err(Error::Version);
    }
    let (salt, content) = (base64(&found.salt, "salt")?, base64(&found.content, "content")?);
    let (nonce, sealed) = content.split_first_chunk::<12>().ok_or(Error::Invalid(Part::Field("content")))?;
    let key = Kdf::Argon2id { kib: 19_456, passes: 2, lanes: 1 }.derive(opening, &salt)?;
    gcm(&key, nonce, sealed, b"proton.authenticator.export.v1")
}

/// A value in base64 that the file must have.
pub(super) fn base64(value: &Scalar<'_>, name: &'static str) -> Result<alloc::vec::Vec<u8>, Error> {
    let part = Part::Field(name);
    let text = value.text(part)?.ok_or(Error::Missing(part))?;
    BASE64.decode(text.as_bytes()).map_err(|_| Error::Invalid(part))
}
