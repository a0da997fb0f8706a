use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    json::{Object, Scalar, SignedBytes, entry, file, list, records},
    prefs,
    token::{NONE, Stored, Token, Type},
};
use crate::{Error, Parsed, Part, Place, Policy, Record};

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    tokens: Option<&'a RawValue>,
}

/// A token; in version 2 without its secret.
#[derive(Deserialize)]
pub(crate) struct Entry<'a> {
    #[serde(borrow, default)]
    algo: Scalar<'a>,
    #[serde(borrow, default)]
    pub(crate) counter: Scalar<'a>,
    #[serde(borrow, default)]
    digits: Scalar<'a>,
    /// Before the account.
    #[serde(borrow, default, rename = "issuerExt")]
    external: Scalar<'a>,
    /// The parameter.
    #[serde(borrow, default, rename = "issuerInt")]
    internal: Scalar<'a>,
    #[serde(borrow, default)]
    label: Scalar<'a>,
    #[serde(borrow, default)]
    period: Scalar<'a>,
    #[serde(default)]
    secret: SignedBytes,
    #[serde(borrow, default, rename = "type")]
    kind: Scalar<'a>,
}

pub(crate) fn read(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let Object(found): Object<File<'_>> = file(text)?;
    records(&list(found.tokens, "tokens", policy)?, |raw| counting(&entry::<Object<_>>(raw)?.0, policy))
}

/// The same entries as texts of a preferences file, one for each token and one for their order.
pub(crate) fn preferences(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let mut records = Vec::new();
    for (place, string) in prefs::strings(text).enumerate() {
        let json = string?.text()?;
        if !json.trim_ascii_start().starts_with('{') {
            continue;
        }
        if records.len() == policy.limits.records {
            return Err(Error::TooMany);
        }
        let found = serde_json::from_str::<Object<_>>(&json).map_err(|_| Error::Invalid(Part::Field("entry")));
        records.push(Record::of(Place::Entry(place), found.and_then(|Object(entry)| counting(&entry, policy))));
    }
    if records.is_empty() { Err(Error::Empty) } else { Ok(records) }
}

/// A token that stores the counter of the last code.
fn counting(entry: &Entry<'_>, policy: &Policy) -> Result<Parsed, Error> {
    token(entry, &entry.secret.0, &next(&entry.counter)?, policy)
}

/// A token with the counter of the next code.
pub(crate) fn token(entry: &Entry<'_>, secret: &[u8], counter: &Scalar<'_>, policy: &Policy) -> Result<Parsed, Error> {
    Token {
        kind: Type::named(entry.kind.text(Part::Kind)?.ok_or(Error::Missing(Part::Kind))?)?,
        issuer: &entry.internal,
        label_issuer: &entry.external,
        account: &entry.label,
        secret: Stored::Bytes(secret),
        algorithm: &entry.algo,
        digits: &entry.digits,
        period: &entry.period,
        counter,
        pin: NONE,
    }
    .parse(policy)
}

/// The counter of the next code: what is stored is that of the last one, and -1 before the first.
fn next(stored: &Scalar<'_>) -> Result<Scalar<'static>, Error> {
    Ok(match stored {
        Scalar::Missing => Scalar::Missing,
        Scalar::Negative(-1) => Scalar::Number(0),
        stored => {
            let stored = stored.number(Error::Counter)?.ok_or(Error::Counter)?;
            Scalar::Number(stored.checked_add(1).ok_or(Error::Counter)?)
        }
    })
}
