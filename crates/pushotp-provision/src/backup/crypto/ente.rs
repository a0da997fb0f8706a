use serde::Deserialize;

use super::{
    Opening, Plain,
    boxes::base64,
    json::{Object, Scalar, file},
    kdf::Kdf,
    secretstream,
};
use crate::{Error, Part};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(borrow, default)]
    version: Scalar<'a>,
    #[serde(borrow)]
    kdf_params: Object<Params<'a>>,
    #[serde(borrow, default)]
    encrypted_data: Scalar<'a>,
    #[serde(borrow, default)]
    encryption_nonce: Scalar<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Params<'a> {
    #[serde(borrow, default)]
    mem_limit: Scalar<'a>,
    #[serde(borrow, default)]
    ops_limit: Scalar<'a>,
    #[serde(borrow, default)]
    salt: Scalar<'a>,
}

/// Argon2id, whose memory a phone chose, and one message of a libsodium stream.
pub(super) fn open(text: &str, opening: &mut Opening<'_>) -> Result<Plain, Error> {
    let Object(found): Object<File<'_>> = file(text)?;
    if found.version.number(Error::Version)? != Some(1) {
        return Err(Error::Version);
    }
    let number = |value: &Scalar<'_>, name| {
        let part = Part::Field(name);
        value.number(Error::Invalid(part))?.ok_or(Error::Missing(part))
    };
    let Object(params) = &found.kdf_params;
    let (bytes, passes) = (number(&params.mem_limit, "memLimit")?, number(&params.ops_limit, "opsLimit")?);
    let kdf = Kdf::Argon2id { kib: bytes / 1024, passes, lanes: 1 };
    let salt = base64(&params.salt, "salt")?;
    let (header, sealed) =
        (base64(&found.encryption_nonce, "encryptionNonce")?, base64(&found.encrypted_data, "encryptedData")?);
    let key = kdf.derive(opening, &salt)?;
    secretstream::open(&key, &header, &sealed)
}
