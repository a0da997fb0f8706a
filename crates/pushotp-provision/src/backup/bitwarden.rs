use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    csv,
    json::{Object, Scalar, entry, file, list, some},
    uri,
};
use crate::{Error, Parsed, Part, Place, Policy, Record, notes::Notes};

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow, default)]
    encrypted: Scalar<'a>,
    #[serde(borrow)]
    items: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, default)]
    name: Scalar<'a>,
    #[serde(borrow)]
    login: Option<Object<Login<'a>>>,
}

#[derive(Deserialize)]
struct Login<'a> {
    #[serde(borrow, default)]
    username: Scalar<'a>,
    #[serde(borrow, default)]
    totp: Scalar<'a>,
}

/// Of all items those with a one-time passcode.
pub(crate) fn read(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let Object(found): Object<File<'_>> = file(text)?;
    if matches!(found.encrypted, Scalar::Flag(true)) {
        return Err(Error::NotReadable(crate::Format::BitwardenAccount));
    }
    some(&list(found.items, "items", policy)?, |raw| {
        let item: Item<'_> = match entry::<Object<_>>(raw) {
            Ok(Object(item)) => item,
            Err(error) => return Some(Err(error)),
        };
        let Object(login) = item.login.as_ref()?;
        match login.totp.filled(Part::Secret) {
            Ok(totp) => Some(token(totp?, &item.name, &login.username, policy)),
            Err(error) => Some(Err(error)),
        }
    })
}

fn token(totp: &str, name: &Scalar<'_>, user: &Scalar<'_>, policy: &Policy) -> Result<Parsed, Error> {
    let (name, user) = (name.filled(Part::Field("name"))?, user.filled(Part::Field("username"))?);
    named(uri::parse(totp, policy)?, name, user, policy)
}

/// What the vault calls the item stands beside what the token calls itself.
fn named(mut parsed: Parsed, name: Option<&str>, user: Option<&str>, policy: &Policy) -> Result<Parsed, Error> {
    let mut notes = Notes { policy, warnings: parsed.warnings };
    for (key, field, value) in [("item_name", "name", name), ("item_username", "username", user)] {
        notes.name(Part::Field(field), value)?;
        parsed.credential.extra.extend(value.map(|value| (key.into(), value.into())));
    }
    Ok(Parsed { credential: parsed.credential, warnings: notes.warnings })
}

/// The columns that are looked at.
const COLUMNS: [&str; 3] = ["name", "login_username", "login_totp"];

pub(crate) fn table(text: &str, policy: &Policy) -> Result<Vec<Record>, Error> {
    let mut rows = csv::rows(text, policy.limits.line);
    let header = rows.next().ok_or(Error::Empty)??;
    let mut columns = [None; 3];
    for (place, field) in header.fields().enumerate() {
        let field = field.text();
        let known = COLUMNS.iter().position(|column| *column == field.as_str());
        if let Some(column) = known.and_then(|known| columns.get_mut(known)) {
            *column = column.or(Some(place));
        }
    }
    let [name, user, totp] = columns;
    let totp = totp.ok_or(Error::Missing(Part::Field("login_totp")))?;
    let mut records = Vec::new();
    for row in rows {
        let row = row?;
        let value = |column: Option<usize>| Some(row.fields().nth(column?)?.text()).filter(|text| !text.is_empty());
        let Some(uri) = value(Some(totp)) else { continue };
        if records.len() == policy.limits.records {
            return Err(Error::TooMany);
        }
        let (name, user) = (value(name), value(user));
        let parsed = uri::parse(&uri, policy).and_then(|parsed| {
            let (name, user) = (name.as_ref().map(|text| text.as_str()), user.as_ref().map(|text| text.as_str()));
            named(parsed, name, user, policy)
        });
        records.push(Record::of(Place::Line(row.line), parsed));
    }
    if records.is_empty() { Err(Error::Empty) } else { Ok(records) }
}
