//! The record file of SafeWord: blocks of `name: value`, one for each token.

use alloc::vec::Vec;

use pushotp_types::{Digits, HashAlgorithm};

use crate::{
    Credential, Entry, Error, Format, Kind, Part, Place, Policy, Record, Records, Warning,
    bulk::mark_duplicates,
    csv::numbered,
    notes::{Notes, number},
};

/// Midnight of 2000-01-01 in UTC, from where one model counts its steps.
const YEAR_2000: u64 = 946_684_800;

/// What a block says.
#[derive(Default)]
struct Block<'i> {
    id: &'i str,
    model: &'i str,
    data: &'i str,
    signed: bool,
}

pub(crate) fn read(input: &[u8], policy: &Policy) -> Result<Records, Error> {
    let mut records = Vec::new();
    let mut open: Option<(usize, Block<'_>)> = None;
    for (place, line) in numbered(input, policy)? {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                records.push(Record::refused(Place::Line(place), error));
                continue;
            }
        };
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if name.eq_ignore_ascii_case("dn") {
            records.extend(open.take().map(|(place, block)| block.record(place, policy)));
            open = Some((place, Block::default()));
        }
        if records.len() > policy.limits.records {
            return Err(Error::TooMany);
        }
        if let Some((_, block)) = &mut open {
            block.see(name, value.trim_ascii());
        }
    }
    records.extend(open.map(|(place, block)| block.record(place, policy)));
    mark_duplicates(records.iter_mut());
    if records.is_empty() { Err(Error::Empty) } else { Ok(Records::new(Format::SafeWord, records)) }
}

impl<'i> Block<'i> {
    fn see(&mut self, name: &str, value: &'i str) {
        match name.to_ascii_lowercase().as_str() {
            "sccauthenticatorid" => self.id = value,
            "scctokentype" => self.model = value,
            "scctokendata" => self.data = value,
            "sccsignature" => self.signed = true,
            _ => {}
        }
    }

    fn record(&self, place: usize, policy: &Policy) -> Record {
        let mut notes = Notes::new(policy);
        let result = self.token(&mut notes).map(Entry::from);
        Record { place: Place::Line(place), result, warnings: notes.warnings }
    }

    /// A value of the data, `sccKey=…;sccMode=…`.
    fn datum(&self, name: &str) -> Option<&'i str> {
        let mut pairs = self.data.split(';').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| known.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    fn token(&self, notes: &mut Notes<'_>) -> Result<Credential, Error> {
        if self.id.is_empty() {
            return Err(Error::Missing(Part::Serial));
        }
        notes.name(Part::Serial, Some(self.id))?;
        notes.name(Part::Field("sccTokenType"), Some(self.model))?;
        let secret = notes.hex(self.datum("sccKey").ok_or(Error::SecretMissing)?.as_bytes())?;
        let kind = match self.datum("sccMode") {
            Some("E") => Kind::Hotp { counter: 0 },
            Some("T") => {
                let tick = self.datum("sccTick").ok_or(Error::Missing(Part::Field("sccTick")))?;
                let period = notes.period_of(number(tick).ok_or(Error::Period)?)?;
                Kind::Totp { period, t0: self.epoch(notes), drift: 0 }
            }
            _ => return Err(Error::Type),
        };
        let digits = self.datum("sccPwLen").map_or(Ok(Digits::SIX), |digits| notes.digits(digits))?;
        let algorithm = match self.datum("crypto") {
            Some(name) => Notes::new(notes.policy).algorithm(name)?,
            None => HashAlgorithm::Sha1,
        };
        if self.signed {
            notes.warnings.add(Warning::SignatureNotVerified);
        }
        let mut credential = Credential::new(kind, "", secret).with_codes(algorithm, digits).with_serial(self.id);
        if !self.model.is_empty() {
            credential.extra.push(("model".into(), self.model.into()));
        }
        Ok(credential)
    }

    /// Where the steps are counted from: the file does not say it.
    fn epoch(&self, notes: &mut Notes<'_>) -> u64 {
        if self.model.eq_ignore_ascii_case("eToken-PASS-TS") {
            return YEAR_2000;
        }
        notes.warnings.add(Warning::EpochAssumed);
        0
    }
}
