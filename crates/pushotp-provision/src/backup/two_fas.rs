use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    json::{Object, Scalar, entry, file, list, records},
    token::{NONE, Stored, Token, Type},
};
use crate::{Error, Parsed, Part, Policy, Record, Warning};

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow, rename = "schemaVersion", default)]
    version: Scalar<'a>,
    #[serde(borrow)]
    services: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Service<'a> {
    #[serde(borrow, default)]
    name: Scalar<'a>,
    #[serde(borrow, default)]
    secret: Scalar<'a>,
    #[serde(borrow)]
    otp: Object<Otp<'a>>,
}

#[derive(Deserialize)]
struct Otp<'a> {
    #[serde(borrow, default)]
    account: Scalar<'a>,
    #[serde(borrow, default)]
    issuer: Scalar<'a>,
    #[serde(borrow, default)]
    algorithm: Scalar<'a>,
    #[serde(borrow, default)]
    digits: Scalar<'a>,
    #[serde(borrow, default)]
    period: Scalar<'a>,
    #[serde(borrow, default)]
    counter: Scalar<'a>,
    #[serde(borrow, default, rename = "tokenType")]
    kind: Scalar<'a>,
}

pub(crate) fn read(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let Object(found): Object<File<'_>> = file(text)?;
    version(&found.version)?;
    services(&list(found.services, "services", policy)?, policy)
}

/// What is encrypted in an encrypted export: the list alone.
#[cfg(feature = "backup-crypto")]
pub(crate) fn decrypted(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let raw: &RawValue = file(text)?;
    services(&super::json::elements(raw.get(), "services", policy)?, policy)
}

/// The first versions of the app wrote none.
pub(crate) fn version(found: &Scalar<'_>) -> Result<(), Error> {
    match found.number(Error::Version)? {
        None | Some(1..=4) => Ok(()),
        Some(_) => Err(Error::Version),
    }
}

fn services(entries: &[&RawValue], policy: &Policy) -> Result<Vec<Record>, Error> {
    records(entries, |raw| token(&entry::<Object<_>>(raw)?.0, policy))
}

/// The name is what the user sees and may change; the issuer is what the QR code said.
fn token(service: &Service<'_>, policy: &Policy) -> Result<Parsed, Error> {
    let otp = &service.otp.0;
    let kind = otp.kind.filled(Part::Kind)?;
    let named = service.name.filled(Part::Issuer)?.is_some();
    let mut parsed = Token {
        kind: kind.map_or(Ok(Type::Totp), Type::named)?,
        issuer: if named { &service.name } else { &otp.issuer },
        label_issuer: &otp.issuer,
        account: &otp.account,
        secret: Stored::Base32(&service.secret),
        algorithm: &otp.algorithm,
        digits: &otp.digits,
        period: &otp.period,
        counter: &otp.counter,
        pin: NONE,
    }
    .parse(policy)?;
    if kind.is_none() {
        parsed.warnings.add(Warning::KindAssumed);
    }
    Ok(parsed)
}
