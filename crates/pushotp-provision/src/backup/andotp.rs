use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    json::{Object, Scalar, elements, entry, file, records},
    token::{NONE, Stored, Token, Type},
};
use crate::{Error, Parsed, Part, Policy, Record};

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    secret: Scalar<'a>,
    #[serde(borrow, default)]
    issuer: Scalar<'a>,
    #[serde(borrow, default)]
    label: Scalar<'a>,
    #[serde(borrow, default)]
    digits: Scalar<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Scalar<'a>,
    #[serde(borrow, default)]
    algorithm: Scalar<'a>,
    #[serde(borrow, default)]
    period: Scalar<'a>,
    #[serde(borrow, default)]
    counter: Scalar<'a>,
}

pub(crate) fn read(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let raw: &RawValue = file(text)?;
    records(&elements(raw.get(), "entries", policy)?, |raw| token(&entry::<Object<_>>(raw)?.0, policy))
}

fn token(entry: &Entry<'_>, policy: &Policy) -> Result<Parsed, Error> {
    let kind = Type::named(entry.kind.text(Part::Kind)?.ok_or(Error::Missing(Part::Kind))?)?;
    let (secret, label) = (&entry.secret, old_label(&entry.issuer, &entry.label)?);
    Token {
        kind,
        issuer: &entry.issuer,
        label_issuer: NONE,
        account: label.as_ref().unwrap_or(&entry.label),
        secret: if kind == Type::Motp { Stored::Typed(secret) } else { Stored::Base32(secret) },
        algorithm: &entry.algorithm,
        digits: &entry.digits,
        period: &entry.period,
        counter: &entry.counter,
        pin: NONE,
    }
    .parse(policy)
}

/// Before there were issuers, a label was `Issuer - Account` or `Issuer - Issuer:Account`.
fn old_label<'a>(issuer: &Scalar<'_>, label: &'a Scalar<'_>) -> Result<Option<Scalar<'a>>, Error> {
    let (Some(issuer), Some(label)) = (issuer.filled(Part::Issuer)?, label.filled(Part::Account)?) else {
        return Ok(None);
    };
    let rest = label.strip_prefix(issuer).and_then(|rest| rest.strip_prefix(" - "));
    let rest = rest.map(|rest| rest.strip_prefix(issuer).and_then(|rest| rest.strip_prefix(':')).unwrap_or(rest));
    Ok(rest.map(|rest| Scalar::Text(rest.into())))
}
