//! The seed files of Aladdin and SafeNet hardware tokens: `Tokens/Token/Applications/Application/Seed`.

use alloc::{borrow::ToOwned, vec::Vec};

use pushotp_types::{Digits, HashAlgorithm, Secret};
use roxmltree::Node;
use zeroize::Zeroizing;

use crate::{
    Credential, Entry, Error, Format, Kind, Part, Place, Policy, Record, Records, Warning,
    bulk::mark_duplicates,
    notes::{Notes, number},
    xml::{self, Lines, child, children, content},
};

/// What else stands in a token, and the names that it has here.
const EXTRAS: [(&str, &str); 4] = [
    ("CaseModel", "case_model"),
    ("Model", "model"),
    ("ProductionDate", "production_date"),
    ("ProductName", "product_name"),
];

pub(crate) fn read(input: &[u8], policy: &Policy) -> Result<Records, Error> {
    let document = xml::parse(input, &policy.limits)?;
    let root = document.root_element();
    if root.tag_name().name() != "Tokens" {
        return Err(Error::Missing(Part::Field("Tokens")));
    }
    let (mut records, mut lines) = (Vec::new(), Lines::new(&document));
    for token in children(root).filter(|child| child.tag_name().name() == "Token") {
        if records.len() == policy.limits.records {
            return Err(Error::TooMany);
        }
        let mut notes = Notes::new(policy);
        let result = parse(token, &mut notes).map(Entry::from);
        records.push(Record { place: Place::Line(lines.of(token)), result, warnings: notes.warnings });
    }
    mark_duplicates(records.iter_mut());
    if records.is_empty() { Err(Error::Empty) } else { Ok(Records::new(Format::AladdinXml, records)) }
}

fn parse(token: Node<'_, '_>, notes: &mut Notes<'_>) -> Result<Credential, Error> {
    let serial = token.attribute("serial").map(str::trim_ascii).unwrap_or_default();
    if serial.is_empty() {
        return Err(Error::Missing(Part::Serial));
    }
    notes.name(Part::Serial, Some(serial))?;
    let application = child(token, "Applications").and_then(|applications| child(applications, "Application"));
    let application = application.ok_or(Error::Missing(Part::Field("Application")))?;
    let seed = child(application, "Seed").ok_or(Error::SecretMissing)?;
    let secret = seed_of(&content(seed), notes)?;
    let counter =
        child(application, "MovingFactor").map(|node| number(&content(node)).ok_or(Error::Counter)).transpose()?;
    let counter = notes.counter(counter)?;
    // The file does not say it; the longer seeds are those of the tokens with SHA-256.
    let algorithm = if secret.expose().len() == 32 { HashAlgorithm::Sha256 } else { HashAlgorithm::Sha1 };
    if algorithm != HashAlgorithm::Sha1 {
        notes.warnings.add(Warning::AlgorithmAssumed);
    }
    let credential = Credential::new(Kind::Hotp { counter }, "", secret).with_serial(serial);
    let mut credential = credential.with_codes(algorithm, Digits::SIX);
    for (element, name) in EXTRAS {
        let Some(text) = child(token, element).map(content).filter(|text| !text.is_empty()) else { continue };
        notes.name(Part::Field(element), Some(&text))?;
        credential.extra.push((name.to_owned(), text.into_owned()));
    }
    Ok(credential)
}

/// Hexadecimal; some exporters take it for a number and leave out the zero in front.
fn seed_of(text: &str, notes: &mut Notes<'_>) -> Result<Secret, Error> {
    if text.len() % 2 == 0 {
        return notes.hex(text.as_bytes());
    }
    notes.tolerate(Warning::OddHex, Error::Hex { position: text.len() - 1 })?;
    notes.hex(&Zeroizing::new([b"0", text.as_bytes()].concat()))
}
