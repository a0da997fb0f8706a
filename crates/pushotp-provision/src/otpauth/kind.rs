use pushotp_types::Secret;

use super::query::Query;
use crate::{
    Error, Kind, Part, Warning, base32,
    notes::{Notes, number},
};

/// The type in the URI, before the parameters are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Hotp,
    Totp,
    DayPassword,
    Steam,
    Yandex,
}

impl Type {
    pub(super) fn of(host: &str) -> Result<Self, Error> {
        let known = [
            ("totp", Self::Totp),
            ("hotp", Self::Hotp),
            ("steam", Self::Steam),
            ("yaotp", Self::Yandex),
            ("daypassword", Self::DayPassword),
        ];
        if host.eq_ignore_ascii_case("pipush") {
            return Err(Error::Push);
        }
        let found = known.iter().find(|(name, _)| host.eq_ignore_ascii_case(name));
        found.map(|(_, kind)| *kind).ok_or(Error::Type)
    }

    /// What the type and the parameters say together, and the PIN if one is given.
    pub(super) fn kind(self, query: &mut Query<'_>, notes: &mut Notes<'_>) -> Result<(Kind, Option<Secret>), Error> {
        two_step(query)?;
        let encoder = query.take("encoder")?;
        let flag = query.take("steam")?.is_some();
        let steam = flag || encoder.as_deref().is_some_and(|encoder| encoder.eq_ignore_ascii_case("steam"));
        if let Some(encoder) = encoder.filter(|_| !steam) {
            query.extra.push(("encoder".into(), encoder));
        }
        match self {
            Self::Steam => Ok((fixed(Kind::Steam, query, notes), None)),
            Self::Totp if steam => Ok((fixed(Kind::Steam, query, notes), None)),
            _ if steam => Err(Error::Type),
            Self::Totp => Ok((totp(30, query, notes)?, None)),
            Self::DayPassword => Ok((totp(86_400, query, notes)?, None)),
            Self::Hotp => {
                if query.period.is_some() {
                    notes.warnings.add(Warning::Unused);
                }
                let counter = query.counter.as_deref().map(|text| number(text).ok_or(Error::Counter)).transpose()?;
                Ok((Kind::Hotp { counter: notes.counter(counter)? }, None))
            }
            Self::Yandex => yandex(query, notes),
        }
    }
}

/// Half a key must not be taken for one: with these parameters the app adds bytes of its own.
fn two_step(query: &Query<'_>) -> Result<(), Error> {
    let is_part = |name: &str| name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("2step_"));
    if !query.extra.iter().any(|(name, _)| is_part(name)) {
        return Ok(());
    }
    let value = |name: &str, default| {
        let found = query.extra.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| u32::try_from(number(value)?).ok()).unwrap_or(default)
    };
    Err(Error::TwoStep {
        salt_bytes: value("2step_salt", 10),
        output_bytes: value("2step_output", 20),
        iterations: value("2step_difficulty", 10_000),
    })
}

fn totp(default: u32, query: &Query<'_>, notes: &mut Notes<'_>) -> Result<Kind, Error> {
    if query.counter.is_some() {
        notes.warnings.add(Warning::Unused);
    }
    let period = query.period.as_deref().map_or(Some(default.into()), number).ok_or(Error::Period)?;
    Ok(Kind::totp(notes.period_of(period)?))
}

/// A kind whose period nobody may choose.
fn fixed(kind: Kind, query: &Query<'_>, notes: &mut Notes<'_>) -> Kind {
    if query.counter.is_some() {
        notes.warnings.add(Warning::Unused);
    }
    if query.period.as_deref().is_some_and(|period| period != "30") {
        notes.warnings.add(Warning::FixedCodes);
    }
    kind
}

fn yandex(query: &mut Query<'_>, notes: &mut Notes<'_>) -> Result<(Kind, Option<Secret>), Error> {
    let length = query.take("pin_length")?.map(|text| {
        let length = number(&text).and_then(|length| u8::try_from(length).ok());
        length.filter(|length| (4..=16).contains(length)).ok_or(Error::Invalid(Part::Pin))
    });
    let length = length.transpose()?;
    let pin = query.take("pin")?.map(zeroize::Zeroizing::new).map(|text| {
        let pin = base32::decode(text.as_bytes(), notes.policy.strict, &mut notes.warnings)?;
        let digits = pin.iter().all(u8::is_ascii_digit) && (4..=16).contains(&pin.len());
        Some(()).filter(|()| digits).ok_or(Error::Invalid(Part::Pin))?;
        Secret::danger_import_weak(&pin).map_err(|_| Error::Invalid(Part::Pin))
    });
    let pin = pin.transpose()?;
    if pin.is_none() {
        notes.warnings.add(Warning::PinMissing);
    }
    Ok((fixed(Kind::Yandex { pin_length: length }, query, notes), pin))
}
