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
    #[serde(borrow, rename = "Authenticators")]
    entries: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    #[serde(borrow, default, rename = "Type")]
    kind: Scalar<'a>,
    #[serde(borrow, default)]
    issuer: Scalar<'a>,
    #[serde(borrow, default)]
    username: Scalar<'a>,
    #[serde(borrow, default)]
    secret: Scalar<'a>,
    #[serde(borrow, default)]
    pin: Scalar<'a>,
    #[serde(borrow, default)]
    algorithm: Scalar<'a>,
    #[serde(borrow, default)]
    digits: Scalar<'a>,
    #[serde(borrow, default)]
    period: Scalar<'a>,
    #[serde(borrow, default)]
    counter: Scalar<'a>,
}

pub(crate) fn read(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let Object(found): Object<File<'_>> = file(text)?;
    records(&list(found.entries, "Authenticators", policy)?, |raw| token(&entry::<Object<_>>(raw)?.0, policy))
}

fn token(entry: &Entry<'_>, policy: &Policy) -> Result<Parsed, Error> {
    let kind = match entry.kind.number(Error::Type)? {
        Some(1) => Type::Hotp,
        Some(2) => Type::Totp,
        Some(3) => Type::Motp,
        Some(4) => Type::Steam,
        Some(5) => Type::Yandex,
        Some(_) => return Err(Error::Type),
        None => return Err(Error::Missing(Part::Kind)),
    };
    let algorithm = match entry.algorithm.number(Error::Algorithm)? {
        None => Scalar::Missing,
        Some(0) => Scalar::Text("SHA1".into()),
        Some(1) => Scalar::Text("SHA256".into()),
        Some(2) => Scalar::Text("SHA512".into()),
        Some(_) => return Err(Error::Algorithm),
    };
    let secret = &entry.secret;
    Token {
        kind,
        issuer: &entry.issuer,
        label_issuer: NONE,
        account: &entry.username,
        secret: if kind == Type::Motp { Stored::Typed(secret) } else { Stored::Base32(secret) },
        algorithm: &algorithm,
        digits: &entry.digits,
        period: &entry.period,
        counter: &entry.counter,
        pin: &entry.pin,
    }
    .parse(policy)
}
