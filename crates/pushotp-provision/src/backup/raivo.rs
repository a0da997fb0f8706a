use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    json::{Object, Scalar, elements, entry, file, records},
    token::{NONE, Stored, Token, Type},
};
use crate::{Error, Parsed, Part, Policy, Record};

/// All values are texts.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    issuer: Scalar<'a>,
    #[serde(borrow, default)]
    account: Scalar<'a>,
    #[serde(borrow, default)]
    secret: Scalar<'a>,
    #[serde(borrow, default)]
    algorithm: Scalar<'a>,
    #[serde(borrow, default)]
    digits: Scalar<'a>,
    #[serde(borrow, default)]
    kind: Scalar<'a>,
    #[serde(borrow, default)]
    timer: Scalar<'a>,
    #[serde(borrow, default)]
    counter: Scalar<'a>,
}

pub(crate) fn read(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let raw: &RawValue = file(text)?;
    records(&elements(raw.get(), "entries", policy)?, |raw| token(&entry::<Object<_>>(raw)?.0, policy))
}

fn token(entry: &Entry<'_>, policy: &Policy) -> Result<Parsed, Error> {
    let kind = Type::named(entry.kind.text(Part::Kind)?.ok_or(Error::Missing(Part::Kind))?)?;
    Token {
        kind,
        issuer: &entry.issuer,
        label_issuer: NONE,
        account: &entry.account,
        secret: Stored::Base32(&entry.secret),
        algorithm: &entry.algorithm,
        digits: &entry.digits,
        // A token that counts has a timer of 0.
        period: if kind == Type::Totp { &entry.timer } else { NONE },
        counter: &entry.counter,
        pin: NONE,
    }
    .parse(policy)
}
