use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    json::{Object, Scalar, entry, file, list, records},
    uri,
};
use crate::{Error, Parsed, Part, Policy, Record, notes::Notes};

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    version: Scalar<'a>,
    #[serde(borrow)]
    entries: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    content: Object<Content<'a>>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow, default)]
    uri: Scalar<'a>,
    #[serde(borrow, default)]
    name: Scalar<'a>,
}

pub(crate) fn read(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let Object(found): Object<File<'_>> = file(text)?;
    if found.version.number(Error::Version)? != Some(1) {
        return Err(Error::Version);
    }
    records(&list(found.entries, "entries", policy)?, |raw| token(&entry::<Object<_>>(raw)?.0, policy))
}

/// A Steam URI has no account; there the name of the entry is all that tells tokens apart.
fn token(entry: &Entry<'_>, policy: &Policy) -> Result<Parsed, Error> {
    let text = entry.content.0.uri.text(Part::Secret)?.ok_or(Error::SecretMissing)?;
    let mut parsed = uri::parse(text, policy)?;
    let name = entry.content.0.name.filled(Part::Account)?.filter(|_| parsed.credential.account.is_empty());
    let mut notes = Notes { policy, warnings: parsed.warnings };
    notes.name(Part::Account, name)?;
    parsed.credential.account.extend(name);
    Ok(Parsed { credential: parsed.credential, warnings: notes.warnings })
}
