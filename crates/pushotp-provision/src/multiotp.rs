//! The token file of multiOTP: `serial;manufacturer;type;seed;digits;interval or counter`, the seed in hexadecimal.

use pushotp_types::HashAlgorithm;

use crate::{
    Credential, Error, Format, Kind, Part, Policy, Records,
    csv::{Columns, lines},
    notes::{Notes, number},
};

pub(crate) fn read(input: &[u8], policy: &Policy) -> Result<Records, Error> {
    lines(Format::MultiOtp, input, policy, |line, notes| token(&Columns::split(line, ';')?, notes).map(Some))
}

fn token(columns: &Columns<'_>, notes: &mut Notes<'_>) -> Result<Credential, Error> {
    let (serial, manufacturer) = (columns.get(0), columns.get(1));
    if serial.is_empty() {
        return Err(Error::Missing(Part::Serial));
    }
    notes.name(Part::Serial, Some(serial))?;
    notes.name(Part::Field("manufacturer"), Some(manufacturer))?;
    let secret = notes.hex(columns.get(3).as_bytes())?;
    let moving = Some(columns.get(5)).filter(|moving| !moving.is_empty());
    let kind = match columns.get(2).to_ascii_lowercase().as_str() {
        "hotp" => Kind::Hotp {
            counter: notes.counter(moving.map(|moving| number(moving).ok_or(Error::Counter)).transpose()?)?,
        },
        "totp" => Kind::totp(notes.period_of(moving.map_or(Some(30), number).ok_or(Error::Period)?)?),
        "motp" => Kind::Motp,
        _ => return Err(Error::Type),
    };
    let digits = notes.digits(columns.get(4))?;
    let mut credential = Credential::new(kind, "", secret).with_codes(HashAlgorithm::Sha1, digits).with_serial(serial);
    if !manufacturer.is_empty() {
        credential.extra.push(("manufacturer".into(), manufacturer.into()));
    }
    Ok(credential)
}
