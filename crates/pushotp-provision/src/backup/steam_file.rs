use alloc::{vec, vec::Vec};

use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{
    json::{Object, Scalar, entry, file, records, values},
    token::{NONE, Stored, Token, Type},
};
use crate::{Error, Parsed, Part, Policy, Record, notes::Notes};

/// Newer files have a map of accounts, older ones are one account.
#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    accounts: Option<&'a RawValue>,
}

/// The other secrets of an account confirm trades and move it to another phone; they are no one-time passcodes.
#[derive(Deserialize)]
struct Account<'a> {
    #[serde(borrow, default)]
    shared_secret: Scalar<'a>,
    #[serde(borrow, default, rename = "account_name")]
    name: Scalar<'a>,
    #[serde(borrow, default)]
    serial_number: Scalar<'a>,
}

pub(crate) fn read(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let (whole, Object(found)): (&RawValue, Object<File<'_>>) = (file(text)?, file(text)?);
    let accounts = match found.accounts {
        Some(accounts) => values(accounts, "accounts", policy)?,
        None => vec![whole],
    };
    records(&accounts, |raw| token(&entry::<Object<_>>(raw)?.0, policy))
}

fn token(account: &Account<'_>, policy: &Policy) -> Result<Parsed, Error> {
    let text = account.shared_secret.text(Part::Secret)?.ok_or(Error::SecretMissing)?;
    let secret = Zeroizing::new(BASE64.decode(text.as_bytes()).map_err(|_| Error::Base64)?);
    let token = Token {
        kind: Type::Steam,
        issuer: &Scalar::Text("Steam".into()),
        label_issuer: NONE,
        account: &account.name,
        secret: Stored::Bytes(&secret),
        algorithm: NONE,
        digits: NONE,
        period: NONE,
        counter: NONE,
        pin: NONE,
    };
    let mut parsed = token.parse(policy)?;
    let mut notes = Notes { policy, warnings: parsed.warnings };
    let serial = account.serial_number.filled(Part::Serial)?;
    notes.name(Part::Serial, serial)?;
    parsed.credential.serial = serial.map(Into::into);
    Ok(Parsed { credential: parsed.credential, warnings: notes.warnings })
}
