use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    json::{Object, Scalar, entry, file, list, records},
    token::{NONE, Stored, Token, Type},
};
use crate::{Error, Parsed, Policy, Record};

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    accounts: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow, default)]
    issuer_name: Scalar<'a>,
    #[serde(borrow, default)]
    original_issuer_name: Scalar<'a>,
    #[serde(borrow, default)]
    user_name: Scalar<'a>,
    #[serde(borrow, default)]
    secret: Scalar<'a>,
    #[serde(borrow, default)]
    time_step: Scalar<'a>,
    #[serde(borrow, default)]
    digits: Scalar<'a>,
    #[serde(borrow, default)]
    algorithm: Scalar<'a>,
}

pub(crate) fn read(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let Object(found): Object<File<'_>> = file(text)?;
    records(&list(found.accounts, "accounts", policy)?, |raw| token(&entry::<Object<_>>(raw)?.0, policy))
}

/// All of them are TOTP.
fn token(entry: &Entry<'_>, policy: &Policy) -> Result<Parsed, Error> {
    Token {
        kind: Type::Totp,
        issuer: &entry.issuer_name,
        label_issuer: &entry.original_issuer_name,
        account: &entry.user_name,
        secret: Stored::Base32(&entry.secret),
        algorithm: &entry.algorithm,
        digits: &entry.digits,
        period: &entry.time_step,
        counter: NONE,
        pin: NONE,
    }
    .parse(policy)
}
