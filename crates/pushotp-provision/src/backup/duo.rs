use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    json::{Object, Scalar, elements, entry, file, records},
    token::{NONE, Stored, Token, Type},
};
use crate::{Error, Parsed, Policy, Record};

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    name: Scalar<'a>,
    #[serde(borrow, rename = "otpGenerator")]
    generator: Option<Object<Generator<'a>>>,
}

#[derive(Deserialize)]
struct Generator<'a> {
    #[serde(borrow, default, rename = "otpSecret")]
    secret: Scalar<'a>,
    #[serde(borrow, default)]
    counter: Scalar<'a>,
}

pub(crate) fn read(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let raw: &RawValue = file(text)?;
    records(&elements(raw.get(), "entries", policy)?, |raw| token(&entry::<Object<_>>(raw)?.0, policy))
}

/// What has a counter counts. An account without a generator is one of Duo's own, for push.
fn token(entry: &Entry<'_>, policy: &Policy) -> Result<Parsed, Error> {
    let Object(generator) = entry.generator.as_ref().ok_or(Error::Push)?;
    let counts = !matches!(generator.counter, Scalar::Missing);
    Token {
        kind: if counts { Type::Hotp } else { Type::Totp },
        issuer: NONE,
        label_issuer: NONE,
        account: &entry.name,
        secret: Stored::Base32(&generator.secret),
        algorithm: NONE,
        digits: NONE,
        period: NONE,
        counter: &generator.counter,
        pin: NONE,
    }
    .parse(policy)
}
