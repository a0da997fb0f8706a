//! The users file of liboath, which `pam_oath` reads: a token in each line.
//!
//! `TYPE user PIN key [moving factor [last passcode [time]]]`, separated by white space; the PIN is `-` where there is none
//! and `+` where it is kept elsewhere. A file that is written has to replace the old one safely, which is the caller's
//! part: a new file in the same folder, its owner and mode set, then renamed, without following links.
//!
//! ```
//! use pushotp_provision::{Kind, Policy, liboath};
//!
//! let file = "HOTP/T30/8\talice\t-\t3132333435363738393031323334353637383930\n";
//! let records = liboath::read(file.as_bytes(), &Policy::server())?;
//! let credential = records.credentials().next().unwrap();
//! assert_eq!((credential.kind(), credential.account(), credential.digits().get()), (&Kind::totp(30), "alice", 8));
//! assert_eq!(liboath::write([credential])?.as_str(), file);
//! # Ok::<(), pushotp_provision::Error>(())
//! ```

use alloc::{string::String, vec::Vec};
use core::fmt::Write as _;

use data_encoding::HEXLOWER;
use pushotp_types::{Digits, HashAlgorithm, Secret};
use zeroize::Zeroizing;

use crate::{
    Credential, Error, Format, Kind, Parsed, Part, Policy, Records,
    notes::{Notes, number},
    read::lines,
};

/// Extras of a record, by the names of the file's columns.
const LAST_OTP: &str = "last_otp";
const TIMESTAMP: &str = "timestamp";
const MOVING_FACTOR: &str = "moving_factor";
const EXTERNAL_PIN: &str = "external_pin";

/// Reads a users file. Each line has its own result; a user may have several tokens.
///
/// The last passcode and its time, which is local, are [extras](Credential::extra): `last_otp`, `timestamp`; for TOTP
/// `moving_factor`. A PIN that is kept elsewhere is `external_pin`.
///
/// # Errors
/// [`Error::Malformed`] for a file that is no UTF-8, [`Error::TooLong`], [`Error::TooMany`], [`Error::Empty`].
///
/// ```
/// use pushotp_provision::{Error, Part, Place, Policy, liboath};
///
/// let file = b"# tokens\nHOTP alice 4711 3132333435363738393031323334353637383930 7\nMOTP bob - 00\n";
/// let records = liboath::read(file, &Policy::server())?;
/// assert_eq!(records.credentials().next().unwrap().pin().unwrap().expose(), b"4711");
/// assert_eq!((records.records[1].place, records.records[1].result.as_ref().err()), (Place::Line(3), Some(&Error::Type)));
/// # Ok::<(), Error>(())
/// ```
pub fn read(file: &[u8], policy: &Policy) -> Result<Records, Error> {
    lines(Format::LiboathUsers, file, policy, |line| parse_line(line, policy))
}

fn parse_line(line: &str, policy: &Policy) -> Result<Parsed, Error> {
    let mut notes = Notes::new(policy);
    let mut columns = line.split_ascii_whitespace();
    let mut column = |part| columns.next().ok_or(Error::Missing(part));
    let (kind, digits) = token_type(column(Part::Kind)?, &mut notes)?;
    let (account, pin) = (column(Part::Account)?, column(Part::Pin)?);
    notes.name(Part::Account, Some(account))?;
    let secret = notes.hex(column(Part::Secret)?.as_bytes())?;
    let rest = [MOVING_FACTOR, LAST_OTP, TIMESTAMP].map(|name| (name, columns.next()));
    if columns.next().is_some() {
        return Err(Error::Unsupported(Part::Field("eighth column")));
    }
    let mut credential = Credential::new(kind, account, secret);
    credential.digits = digits;
    match pin {
        "-" => {}
        "+" => credential.extra.push((EXTERNAL_PIN.into(), "+".into())),
        pin => {
            let pin = Secret::danger_import_weak(pin.as_bytes()).map_err(|_| Error::Invalid(Part::Pin))?;
            credential.pin = Some(pin);
        }
    }
    for (name, value) in rest {
        let Some(value) = value else { break };
        notes.name(Part::Field(name), Some(value))?;
        match &mut credential.kind {
            Kind::Hotp { counter } if name == MOVING_FACTOR => *counter = number(value).ok_or(Error::Counter)?,
            _ => credential.extra.push((name.into(), value.into())),
        }
    }
    Ok(Parsed { credential, warnings: notes.warnings })
}

/// `HOTP`, `HOTP/E`, `HOTP/E/8`, `HOTP/T30`, `HOTP/T60/8`.
fn token_type(text: &str, notes: &mut Notes<'_>) -> Result<(Kind, Digits), Error> {
    let mut parts = text.split('/');
    if parts.next() != Some("HOTP") {
        return Err(Error::Type);
    }
    let kind = match parts.next() {
        None | Some("E") => Kind::Hotp { counter: 0 },
        Some(time) => {
            let period = time.strip_prefix('T').ok_or(Error::Type)?;
            Kind::totp(notes.period_of(number(period).ok_or(Error::Period)?)?)
        }
    };
    let digits = parts.next().map_or(Ok(Digits::SIX), |text| notes.digits(text))?;
    if digits > Digits::EIGHT {
        return Err(Error::Digits);
    }
    if parts.next().is_some() { Err(Error::Type) } else { Ok((kind, digits)) }
}

/// Writes a users file: a secret as a whole.
///
/// # Errors
/// [`Error::NotExpressible`] for what the file has no column for: another hash function than SHA-1, an issuer, a serial
/// number, a user or PIN with white space.
///
/// ```
/// use pushotp_provision::{Credential, Error, Kind, Part, liboath};
/// use pushotp_types::Secret;
///
/// let credential = Credential::new(Kind::Hotp { counter: 7 }, "alice", Secret::new(b"12345678901234567890")?);
/// let file = liboath::write([&credential])?;
/// assert_eq!(file.as_str(), "HOTP/E\talice\t-\t3132333435363738393031323334353637383930\t7\n");
/// let error = liboath::write([&credential.with_issuer("Example")]).err();
/// assert_eq!(error, Some(Error::NotExpressible(Part::Issuer)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write<'a>(credentials: impl IntoIterator<Item = &'a Credential>) -> Result<Zeroizing<String>, Error> {
    let mut file = Zeroizing::new(String::new());
    for credential in credentials {
        expressible(credential)?;
        // So that no copy of a secret stays behind when the text grows.
        let needed = line_len(credential);
        if file.capacity() - file.len() < needed {
            let mut grown = Zeroizing::new(String::with_capacity(2 * file.capacity() + needed));
            grown.push_str(&file);
            file = grown;
        }
        append(credential, &mut file).map_err(|_| Error::TooLong)?;
    }
    Ok(file)
}

fn expressible(credential: &Credential) -> Result<(), Error> {
    let word = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
    let pin = credential.pin().map(Secret::expose);
    let refused = match credential.kind() {
        _ if credential.algorithm() != HashAlgorithm::Sha1 => Some(Part::Field("algorithm")),
        _ if credential.digits() > Digits::EIGHT => Some(Part::Field("digits")),
        _ if credential.display_issuer().is_some() => Some(Part::Issuer),
        _ if credential.serial().is_some() => Some(Part::Serial),
        _ if !word(credential.account()) || credential.account().starts_with('\u{feff}') => Some(Part::Account),
        _ if pin.is_some_and(|pin| matches!(pin, b"-" | b"+") || !core::str::from_utf8(pin).is_ok_and(word)) => {
            Some(Part::Pin)
        }
        _ if !extras(credential) => Some(Part::Field("extra")),
        Kind::Hotp { .. } | Kind::Totp { t0: 0, drift: 0, .. } => None,
        _ => Some(Part::Kind),
    };
    refused.map_or(Ok(()), |part| Err(Error::NotExpressible(part)))
}

/// Whether the extras are columns of the file, one word each and none left out before another.
fn extras(credential: &Credential) -> bool {
    let names: Vec<&str> = credential.extra().map(|(name, _)| name).collect();
    let names = names.strip_prefix(&[EXTERNAL_PIN]).filter(|_| credential.pin().is_none()).unwrap_or(&names);
    let columns = match credential.kind() {
        Kind::Hotp { .. } => &[LAST_OTP, TIMESTAMP][..],
        _ => &[MOVING_FACTOR, LAST_OTP, TIMESTAMP],
    };
    let words = credential.extra().all(|(name, value)| {
        !value.is_empty() && !value.contains(char::is_whitespace) && (name != EXTERNAL_PIN || value == "+")
    });
    words && columns.starts_with(names)
}

fn line_len(credential: &Credential) -> usize {
    let extras: usize = credential.extra().map(|(_, value)| value.len() + 1).sum();
    let pin = credential.pin().map_or(1, |pin| pin.expose().len());
    64 + credential.account().len() + pin + 2 * credential.secret().expose().len() + extras
}

fn append(credential: &Credential, file: &mut String) -> core::fmt::Result {
    file.push_str("HOTP/");
    match credential.kind() {
        Kind::Totp { period, .. } => write!(file, "T{period}")?,
        _ => file.push('E'),
    }
    if credential.digits() != Digits::SIX {
        write!(file, "/{}", credential.digits().get())?;
    }
    let external = credential.extra().any(|(name, _)| name == EXTERNAL_PIN);
    let none = if external { "+" } else { "-" };
    let pin =
        credential.pin().map_or(Ok(none), |pin| core::str::from_utf8(pin.expose()).map_err(|_| core::fmt::Error))?;
    let mut key = Zeroizing::new(Vec::new());
    key.resize(2 * credential.secret().expose().len(), 0);
    HEXLOWER.encode_mut(credential.secret().expose(), &mut key);
    let key = core::str::from_utf8(&key).map_err(|_| core::fmt::Error)?;
    write!(file, "\t{}\t{pin}\t{key}", credential.account())?;
    let mut columns = credential.extra().filter(|(name, _)| *name != EXTERNAL_PIN).peekable();
    if let Kind::Hotp { counter } = credential.kind() {
        if *counter != 0 || columns.peek().is_some() {
            write!(file, "\t{counter}")?;
        }
    }
    for (_, value) in columns {
        write!(file, "\t{value}")?;
    }
    file.push('\n');
    Ok(())
}
