use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    json::{Object, Scalar, entry, file, list, records},
    token::{NONE, Stored, Token, Type},
};
use crate::{Error, Parsed, Part, Policy, Record};

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    version: Scalar<'a>,
    #[serde(borrow)]
    db: &'a RawValue,
}

#[derive(Deserialize)]
struct Database<'a> {
    #[serde(borrow)]
    version: Scalar<'a>,
    #[serde(borrow)]
    entries: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, rename = "type")]
    kind: Scalar<'a>,
    #[serde(borrow, default)]
    name: Scalar<'a>,
    #[serde(borrow, default)]
    issuer: Scalar<'a>,
    #[serde(borrow)]
    info: Object<Info<'a>>,
}

#[derive(Deserialize)]
struct Info<'a> {
    #[serde(borrow, default)]
    secret: Scalar<'a>,
    #[serde(borrow, default)]
    algo: Scalar<'a>,
    #[serde(borrow, default)]
    digits: Scalar<'a>,
    #[serde(borrow, default)]
    period: Scalar<'a>,
    #[serde(borrow, default)]
    counter: Scalar<'a>,
    #[serde(borrow, default)]
    pin: Scalar<'a>,
}

pub(crate) fn read(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let Object(found): Object<File<'_>> = file(text)?;
    match found.version.number(Error::Version)? {
        Some(1) => database(found.db.get(), policy),
        _ => Err(Error::Version),
    }
}

/// What is encrypted in an encrypted export.
pub(crate) fn database(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let Object(found): Object<Database<'_>> = file(text)?;
    if !matches!(found.version.number(Error::Version)?, Some(1..=3)) {
        return Err(Error::Version);
    }
    records(&list(found.entries, "entries", policy)?, |raw| token(&entry::<Object<_>>(raw)?.0, policy))
}

fn token(entry: &Entry<'_>, policy: &Policy) -> Result<Parsed, Error> {
    let info = &entry.info.0;
    Token {
        kind: Type::named(entry.kind.text(Part::Kind)?.ok_or(Error::Missing(Part::Kind))?)?,
        issuer: &entry.issuer,
        label_issuer: NONE,
        account: &entry.name,
        secret: Stored::Base32(&info.secret),
        algorithm: &info.algo,
        digits: &info.digits,
        period: &info.period,
        counter: &info.counter,
        pin: &info.pin,
    }
    .parse(policy)
}
