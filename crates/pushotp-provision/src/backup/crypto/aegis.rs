use alloc::vec::Vec;

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Opening, Plain,
    boxes::base64,
    cipher::gcm_detached,
    json::{Object, Scalar, entry, file, list},
    kdf::{Kdf, Key},
};
use crate::{Error, Part};

/// The passwords of a file: one to use it, one for its backups, and some to spare. Each costs a derivation.
const SLOTS: usize = 8;

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow, default)]
    version: Scalar<'a>,
    #[serde(borrow)]
    header: Object<Header<'a>>,
    #[serde(borrow, default)]
    db: Scalar<'a>,
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    slots: Option<&'a RawValue>,
    #[serde(borrow)]
    params: Object<Params<'a>>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow, default)]
    nonce: Scalar<'a>,
    #[serde(borrow, default)]
    tag: Scalar<'a>,
}

#[derive(Deserialize)]
struct Slot<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Scalar<'a>,
    #[serde(borrow, default)]
    key: Scalar<'a>,
    #[serde(borrow)]
    key_params: Object<Params<'a>>,
    #[serde(borrow, default)]
    n: Scalar<'a>,
    #[serde(borrow, default)]
    r: Scalar<'a>,
    #[serde(borrow, default)]
    p: Scalar<'a>,
    #[serde(borrow, default)]
    salt: Scalar<'a>,
}

/// The master key lies in a slot for each password, AES-256-GCM under a key of scrypt; the others are for the phone.
pub(super) fn open(text: &str, opening: &mut Opening<'_>) -> Result<Plain, Error> {
    let Object(found): Object<File<'_>> = file(text)?;
    if found.version.number(Error::Version)? != Some(1) {
        return Err(Error::Version);
    }
    let Object(header) = &found.header;
    let (nonce, tag) = header.params.0.decode()?;
    let sealed = base64(&found.db, "db")?;
    let master = master_key(&list(header.slots, "slots", opening.policy)?, opening)?;
    // The key is the right one by now: only what lies under it can be wrong.
    gcm_detached(&master, &nonce, &sealed, &tag, &[]).map_err(|_| Error::Mac)
}

fn master_key(slots: &[&RawValue], opening: &mut Opening<'_>) -> Result<Key, Error> {
    let mut tried = 0;
    for raw in slots {
        let Object(slot): Object<Slot<'_>> = entry(raw)?;
        if slot.kind.number(Error::Invalid(Part::Field("slot")))? != Some(1) {
            continue;
        }
        tried += 1;
        if tried > SLOTS {
            return Err(Error::TooMany);
        }
        let opened = slot.open(opening);
        if opened != Err(Error::Decrypt) {
            return opened;
        }
    }
    Err(if tried == 0 { Error::Unsupported(Part::Field("slot without a password")) } else { Error::Decrypt })
}

impl Slot<'_> {
    fn open(&self, opening: &mut Opening<'_>) -> Result<Key, Error> {
        let cost = |value: &Scalar<'_>, name| {
            let part = Part::Field(name);
            value.number(Error::Invalid(part))?.ok_or(Error::Missing(part))
        };
        let kdf = Kdf::Scrypt { n: cost(&self.n, "n")?, r: cost(&self.r, "r")?, p: cost(&self.p, "p")? };
        let (salt, sealed, (nonce, tag)) =
            (hex(&self.salt, "salt")?, hex(&self.key, "key")?, self.key_params.0.decode()?);
        let key = kdf.derive(opening, &salt)?;
        let master = gcm_detached(&key, &nonce, &sealed, &tag, &[])?;
        let master = <&[u8; 32]>::try_from(master.as_slice()).map_err(|_| Error::Invalid(Part::Field("key")))?;
        Ok(Key::new(*master))
    }
}

impl Params<'_> {
    fn decode(&self) -> Result<(Vec<u8>, Vec<u8>), Error> {
        Ok((hex(&self.nonce, "nonce")?, hex(&self.tag, "tag")?))
    }
}

fn hex(value: &Scalar<'_>, name: &'static str) -> Result<Vec<u8>, Error> {
    let part = Part::Field(name);
    let text = value.text(part)?.ok_or(Error::Missing(part))?;
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| Error::Invalid(part))
}
