//! What the formats of many tokens have in common.

use alloc::{collections::BTreeMap, vec::Vec};

use pushotp_types::{Digits, HashAlgorithm, Secret};
use subtle::ConstantTimeEq;

use crate::{Credential, Entry, Error, Part, Record, Warning, notes::Notes};

/// Warns of every record whose serial number another one has too; which of them counts is the caller's to say.
pub(crate) fn mark_duplicates<'r>(records: impl Iterator<Item = &'r mut Record>) {
    let mut records: Vec<&mut Record> = records.collect();
    let mut seen = BTreeMap::new();
    for serial in records.iter().filter_map(|record| serial(record)) {
        *seen.entry(serial).or_insert(0_usize) += 1;
    }
    let twice = |record: &&mut Record| serial(record).is_some_and(|serial| seen.get(serial) > Some(&1));
    let marks: Vec<bool> = records.iter().map(twice).collect();
    for (record, _) in records.iter_mut().zip(marks).filter(|(_, twice)| *twice) {
        record.warnings.add(Warning::DuplicateSerial);
    }
}

fn serial(record: &Record) -> Option<&str> {
    match &record.result {
        Ok(Entry::Credential(credential)) => credential.serial(),
        _ => None,
    }
}

/// The first part in which two credentials differ; extras may stand in another order.
pub(crate) fn difference(one: &Credential, other: &Credential) -> Option<Part> {
    let sorted = |credential: &Credential| {
        let mut extra = credential.extra.clone();
        extra.sort();
        extra
    };
    let parts = [
        (one.kind == other.kind, Part::Kind),
        (one.algorithm == other.algorithm, Part::Field("algorithm")),
        (one.digits == other.digits, Part::Field("digits")),
        ((&one.issuer, &one.label_issuer) == (&other.issuer, &other.label_issuer), Part::Issuer),
        (one.account == other.account, Part::Account),
        (one.serial == other.serial, Part::Serial),
        (same(one.pin.as_ref(), other.pin.as_ref()), Part::Pin),
        (same(one.private_id.as_ref(), other.private_id.as_ref()), Part::Field("private identity")),
        (sorted(one) == sorted(other), Part::Field("extras")),
        (same(Some(&one.secret), Some(&other.secret)), Part::Secret),
    ];
    parts.into_iter().find(|(same, _)| !same).map(|(_, part)| part)
}

/// Compared in constant time.
fn same(one: Option<&Secret>, other: Option<&Secret>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.expose().ct_eq(other.expose()).into(),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// Hash function and digits of a suite of RFC 6287, `OCRA-1:HOTP-SHA1-6:QN08`; 0 digits are a whole HMAC.
pub(crate) fn ocra_suite(notes: &mut Notes<'_>, suite: &str) -> Result<(HashAlgorithm, Digits), Error> {
    const INVALID: Error = Error::Invalid(Part::Field("Suite"));
    notes.name(Part::Field("Suite"), Some(suite))?;
    let mut fields = suite.split(':');
    let (Some("OCRA-1"), Some(function), Some(_)) = (fields.next(), fields.next(), fields.next()) else {
        return Err(INVALID);
    };
    let (hash, digits) = function.strip_prefix("HOTP-").and_then(|rest| rest.rsplit_once('-')).ok_or(INVALID)?;
    let algorithm = match hash {
        "SHA1" => HashAlgorithm::Sha1,
        "SHA256" => HashAlgorithm::Sha256,
        "SHA512" => HashAlgorithm::Sha512,
        _ => return Err(INVALID),
    };
    let digits = if digits == "0" { Digits::SIX } else { notes.digits(digits)? };
    Ok((algorithm, digits))
}
