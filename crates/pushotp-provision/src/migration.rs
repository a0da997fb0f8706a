//! Google Authenticator's export, `otpauth-migration://offline?data=…`, over one or several QR codes.
//!
//! ```
//! use pushotp_provision::{Policy, migration::{self, Batch, Progress}};
//!
//! let uri = "otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC";
//! let mut batch = Batch::default();
//! let Progress::Complete(records) = batch.push(migration::parse(uri, &Policy::app())?)? else { panic!("one code") };
//! assert_eq!(records.len(), 1);
//! # Ok::<(), pushotp_provision::Error>(())
//! ```

mod batch;
mod wire;

use alloc::{string::String, vec::Vec};

use data_encoding::BASE64_NOPAD;
use pushotp_types::{Digits, HashAlgorithm};
use zeroize::Zeroizing;

pub use self::batch::{Batch, Progress};
use self::wire::{Message, Value};
use crate::{
    Credential, Error, Format, Kind, Parsed, Part, Place, Policy, Record, Records, Warning, Warnings, notes::Notes,
    otpauth::query::decode, read::text as text_of,
};

/// One QR code of an export.
///
/// ```
/// use pushotp_provision::{Policy, migration};
///
/// let uri = "otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC";
/// let payload = migration::parse(uri, &Policy::app())?;
/// assert_eq!((payload.batch_index, payload.batch_size, payload.records.len()), (0, 1, 1));
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Payload {
    /// Its tokens, and those that cannot be used.
    pub records: Vec<Record>,
    /// What the exporter wrote, mostly 1 or 2.
    pub version: i32,
    /// How many codes the export has; 1 if it does not say.
    pub batch_size: usize,
    /// Which of them this is, from 0.
    pub batch_index: usize,
    /// What the codes of one export have in common.
    pub batch_id: i32,
}

/// Reads one QR code of an export.
///
/// # Errors
/// [`Error::Scheme`], [`Error::Base64`], [`Error::Malformed`] with the byte of the decoded message, [`Error::TooLong`],
/// [`Error::TooMany`], and [`Error::Empty`] for a message without tokens, as random bytes often are.
///
/// ```
/// use pushotp_provision::{Error, Policy, migration};
///
/// assert_eq!(migration::parse("otpauth-migration://offline?data=", &Policy::app()).err(), Some(Error::Empty));
/// ```
pub fn parse(uri: &str, policy: &Policy) -> Result<Payload, Error> {
    let text = uri.trim_ascii();
    // Base64, with percent escapes for the padding and a few more.
    if text.len() > 4 * policy.limits.migration {
        return Err(Error::TooLong);
    }
    let bytes = message(text)?;
    if bytes.len() > policy.limits.migration {
        return Err(Error::TooLong);
    }
    let mut payload = Payload { records: Vec::new(), version: 1, batch_size: 1, batch_index: 0, batch_id: 0 };
    for field in Message::new(&bytes, 0) {
        let (number, value, offset) = field?;
        match (number, value) {
            (1, Value::Bytes(entry)) => {
                if payload.records.len() == policy.limits.entries {
                    return Err(Error::TooMany);
                }
                let place = Place::Entry(payload.records.len());
                payload.records.push(Record::of(place, parameters(Message::new(entry, offset), policy)));
            }
            (2, Value::Number(version)) => payload.version = int32(version),
            (3, Value::Number(size)) => payload.batch_size = place(size, policy)?,
            (4, Value::Number(index)) => payload.batch_index = place(index, policy)?,
            (5, Value::Number(id)) => payload.batch_id = int32(id),
            (1..=5, _) => return Err(Error::Malformed { offset }),
            _ => {}
        }
    }
    payload.batch_size = payload.batch_size.max(1);
    if payload.batch_index >= payload.batch_size {
        return Err(Error::Invalid(Part::Field("batch_index")));
    }
    if payload.records.is_empty() { Err(Error::Empty) } else { Ok(payload) }
}

/// Reads the QR codes of one export, one in each line, in any order.
///
/// The tokens of those that are there are read; [`Warning::CodesMissing`] says that some are not.
///
/// # Errors
/// As those of [`parse`], and [`Error::Invalid`] for a code of another export.
///
/// ```
/// use pushotp_provision::{Policy, Warning, migration};
///
/// let first = "otpauth-migration://offline?data=ChAKBWhlbGxvEgVhbGljZTACEAIYAiAAKAc";
/// let records = migration::read(first.as_bytes(), &Policy::app())?;
/// assert!(records.warnings.contains(Warning::CodesMissing));
/// let both = format!("{first}\notpauth-migration://offline?data=Cg4KBWhlbGxvEgNib2IwAhACGAIgASgH");
/// assert_eq!(migration::read(both.as_bytes(), &Policy::app())?.records.len(), 2);
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
pub fn read(input: &[u8], policy: &Policy) -> Result<Records, Error> {
    let mut batch = Batch::default();
    let mut records = None;
    for line in text_of(input)?.lines().map(str::trim_ascii).filter(|line| !line.is_empty()) {
        if let Progress::Complete(complete) = batch.push(parse(line, policy)?)? {
            records = Some(complete);
        }
    }
    let mut warnings = Warnings::default();
    let records = records.unwrap_or_else(|| {
        warnings.add(Warning::CodesMissing);
        batch.into_records()
    });
    Ok(Records { format: Format::Migration, records, warnings })
}

/// The bytes of the message.
fn message(uri: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    const DATA: Part = Part::Field("data");
    let (scheme, rest) = uri.split_once("://").ok_or(Error::Scheme)?;
    if !scheme.eq_ignore_ascii_case("otpauth-migration") {
        return Err(Error::Scheme);
    }
    let (_, query) = rest.split_once('?').ok_or(Error::Missing(DATA))?;
    let mut found = query.split('&').filter_map(|pair| pair.strip_prefix("data="));
    let data = found.next().ok_or(Error::Missing(DATA))?;
    if found.next().is_some() {
        return Err(Error::Repeated(DATA));
    }
    let mut base64 = Zeroizing::new(decode(data, DATA)?.to_vec());
    for byte in base64.iter_mut() {
        *byte = match *byte {
            // A plus that some program on the way took for a space; the alphabet of URLs.
            b' ' | b'-' => b'+',
            b'_' => b'/',
            other => other,
        };
    }
    let symbols = base64.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let symbols = base64.get(..symbols).unwrap_or_default();
    BASE64_NOPAD.decode(symbols).map(Zeroizing::new).map_err(|_| Error::Base64)
}

/// A number of 32 bits; negative ones come in ten bytes, of which the upper ones say nothing more.
const fn int32(value: u64) -> i32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

fn place(value: u64, policy: &Policy) -> Result<usize, Error> {
    usize::try_from(value).ok().filter(|place| *place <= policy.limits.entries).ok_or(Error::TooMany)
}

/// One token. What is absent or 0 has its default; what is not known is an error of this entry.
fn parameters(fields: Message<'_>, policy: &Policy) -> Result<Parsed, Error> {
    let mut notes = Notes::new(policy);
    let (mut secret, mut name, mut issuer) = (&[][..], "", "");
    let (mut algorithm, mut digits, mut kind, mut counter) = (0, 0, 0, None);
    let mut extra = Vec::new();
    for field in fields {
        match field? {
            (1, Value::Bytes(bytes), _) => secret = bytes,
            (2, Value::Bytes(bytes), _) => name = text(bytes, Part::Account)?,
            (3, Value::Bytes(bytes), _) => issuer = text(bytes, Part::Issuer)?,
            (4, Value::Number(value), _) => algorithm = value,
            (5, Value::Number(value), _) => digits = value,
            (6, Value::Number(value), _) => kind = value,
            (7, Value::Number(value), _) => counter = Some(value),
            (8, Value::Bytes(bytes), _) => {
                extra.push(("unique_id".into(), text(bytes, Part::Field("unique_id"))?.into()));
            }
            (1..=8, _, offset) => return Err(Error::Malformed { offset }),
            _ => {}
        }
    }
    let kind = match kind {
        0 | 2 => Kind::totp(30),
        1 => Kind::Hotp { counter: notes.counter(counter)? },
        _ => return Err(Error::Type),
    };
    notes.name(Part::Account, Some(name))?;
    notes.name(Part::Issuer, Some(issuer))?;
    // The name may begin with the issuer once more.
    let prefixed = name.strip_prefix(issuer).and_then(|rest| rest.strip_prefix(':')).filter(|_| !issuer.is_empty());
    let account = prefixed.map_or(name, |rest| rest.trim_start_matches(' '));
    let issuer = Some(issuer).filter(|issuer| !issuer.is_empty()).map(String::from);
    let label_issuer = issuer.clone().filter(|_| prefixed.is_some());
    let mut credential = Credential::new(kind, account, notes.secret(secret)?).with_issuers(issuer, label_issuer);
    (credential.algorithm, credential.digits, credential.extra) = (hash(algorithm)?, length(digits)?, extra);
    Ok(Parsed { credential, warnings: notes.warnings })
}

fn text(bytes: &[u8], part: Part) -> Result<&str, Error> {
    core::str::from_utf8(bytes).map_err(|_| Error::Utf8(part))
}

fn hash(value: u64) -> Result<HashAlgorithm, Error> {
    match value {
        0 | 1 => Ok(HashAlgorithm::Sha1),
        2 => Ok(HashAlgorithm::Sha256),
        3 => Ok(HashAlgorithm::Sha512),
        _ => Err(Error::Algorithm),
    }
}

fn length(value: u64) -> Result<Digits, Error> {
    match value {
        0 | 1 => Ok(Digits::SIX),
        2 => Ok(Digits::EIGHT),
        3 => Ok(Digits::SEVEN),
        _ => Err(Error::Digits),
    }
}
