//! The seed files of servers: a token in each line. A bad line does not cost the others.

pub mod duo;
pub mod entra;
pub mod oath;
pub mod yubico;

use alloc::{borrow::Cow, string::String, vec::Vec};

use data_encoding::HEXLOWER;
use pushotp_types::Secret;
use zeroize::Zeroizing;

use crate::{
    Credential, Entry, Error, Format, Part, Place, Policy, Record, Records, bulk::difference, bulk::mark_duplicates,
    notes::Notes,
};

/// Columns of a line: more than any of the formats has.
const COLUMNS: usize = 64;

/// Reads each line that is neither empty nor a comment; `parse` gives none for a line that holds no token.
pub(crate) fn lines(
    format: Format,
    input: &[u8],
    policy: &Policy,
    mut parse: impl FnMut(&str, &mut Notes<'_>) -> Result<Option<Credential>, Error>,
) -> Result<Records, Error> {
    // Counted first: lines may be shorter than what is kept of them, which must not be kept twice while it grows.
    let mut records = Vec::with_capacity(numbered(input, policy)?.count().min(policy.limits.records));
    for (number, line) in numbered(input, policy)? {
        if records.len() == policy.limits.records {
            return Err(Error::TooMany);
        }
        let mut notes = Notes::new(policy);
        let result = match line.and_then(|line| parse(line, &mut notes)) {
            Ok(None) => continue,
            Ok(Some(credential)) => Ok(Entry::from(credential)),
            Err(error) => Err(error),
        };
        records.push(Record { place: Place::Line(number), result, warnings: notes.warnings });
    }
    mark_duplicates(records.iter_mut());
    if records.is_empty() { Err(Error::Empty) } else { Ok(Records::new(format, records)) }
}

/// The lines that say something, with their numbers; one that is too long or no UTF-8 is an error of its own.
pub(crate) fn numbered<'i>(
    input: &'i [u8],
    policy: &Policy,
) -> Result<impl Iterator<Item = (usize, Result<&'i str, Error>)> + use<'i>, Error> {
    let (file, limit) = (policy.limits.file, policy.limits.line);
    if input.len() > file {
        return Err(Error::TooLong);
    }
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let says = |(_, line): &(usize, &[u8])| !line.is_empty() && !line.starts_with(b"#");
    let lines = (1..).zip(input.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii)).filter(says);
    Ok(lines.map(move |(number, line)| {
        let text = if line.len() > limit { Err(Error::TooLong) } else { Ok(line) };
        let utf8 = |line| core::str::from_utf8(line).map_err(|_| Error::Utf8(Part::Field("line")));
        (number, text.and_then(utf8))
    }))
}

/// The columns of a line whose format knows no quotes. Those that are not there are empty.
pub(crate) struct Columns<'l>(Vec<Cow<'l, str>>);

impl<'l> Columns<'l> {
    /// Separated by a character, without quotes.
    pub(crate) fn split(line: &'l str, separator: char) -> Result<Self, Error> {
        let columns: Vec<_> = line.split(separator).take(COLUMNS + 1).map(|column| column.trim().into()).collect();
        if columns.len() > COLUMNS { Err(Error::TooMany) } else { Ok(Self(columns)) }
    }

    /// As spreadsheets write them, RFC 4180; a line break in quotes is none of a name.
    pub(crate) fn quoted(line: &'l str) -> Result<Self, Error> {
        let mut columns: Vec<Cow<'l, str>> = Vec::new();
        let mut rest = Some(line);
        while let Some(text) = rest {
            if columns.len() == COLUMNS {
                return Err(Error::TooMany);
            }
            let text = text.trim_start();
            if let Some(quoted) = text.strip_prefix('"') {
                let (column, after) = unquote(quoted)?;
                columns.push(column.into());
                rest = after;
            } else {
                let (column, after) =
                    text.split_once(',').map_or((text, None), |(column, after)| (column, Some(after)));
                columns.push(column.trim_end().into());
                rest = after;
            }
        }
        Ok(Self(columns))
    }

    pub(crate) fn get(&self, place: usize) -> &str {
        self.0.get(place).map_or("", |column| column)
    }

    /// Those from a place on.
    pub(crate) fn from(&self, place: usize) -> impl Iterator<Item = &str> {
        self.0.iter().skip(place).map(|column| &**column)
    }
}

/// What stands in quotes, twice for one, and what comes behind the comma after them.
fn unquote(text: &str) -> Result<(String, Option<&str>), Error> {
    let mut column = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"').ok_or(Error::Invalid(Part::Field("quotes")))?;
        column.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                column.push('"');
                rest = more;
            }
            None => match after.trim_start() {
                "" => return Ok((column, None)),
                after => {
                    let after = after.strip_prefix(',').ok_or(Error::Invalid(Part::Field("quotes")))?;
                    return Ok((column, Some(after)));
                }
            },
        }
    }
}

/// A text that is written line by line.
struct Lines(Zeroizing<String>);

impl Lines {
    /// Reserved at once, so that no copy of a secret stays behind when the text grows.
    fn new(credentials: &[Credential]) -> Self {
        let bytes = |credential: &Credential| {
            let names = [Some(credential.account()), credential.serial(), credential.issuer()];
            let names: usize = names.into_iter().flatten().map(str::len).sum();
            let extras: usize = credential.extra().map(|(_, value)| value.len()).sum();
            512 + 2 * (names + extras + credential.secret().expose().len())
        };
        Self(Zeroizing::new(String::with_capacity(256 + credentials.iter().map(bytes).sum::<usize>())))
    }

    fn line(&mut self, columns: &[&str]) {
        for (place, column) in columns.iter().enumerate() {
            if place > 0 {
                self.0.push(',');
            }
            self.0.push_str(column);
        }
        self.0.push('\n');
    }

    /// What was written must be read as what it was written from.
    fn verified(
        self,
        credentials: &[Credential],
        read: impl FnOnce(&[u8], &Policy) -> Result<Records, Error>,
    ) -> Result<Zeroizing<String>, Error> {
        const LOST: Error = Error::NotExpressible(Part::Field("line"));
        if credentials.is_empty() {
            return Ok(self.0);
        }
        let records = read(self.0.as_bytes(), &Policy::app().min_secret_bits(0)).map_err(|_| LOST)?.records;
        if records.len() != credentials.len() {
            return Err(LOST);
        }
        for (record, credential) in records.into_iter().zip(credentials) {
            let Ok(Entry::Credential(read)) = record.result else { return Err(LOST) };
            if let Some(part) = difference(&read, credential) {
                return Err(Error::NotExpressible(part));
            }
        }
        Ok(self.0)
    }
}

/// Hexadecimal that is erased.
fn hex(secret: &Secret) -> Zeroizing<String> {
    Zeroizing::new(HEXLOWER.encode(secret.expose()))
}

/// An extra by its name, or nothing.
fn extra<'c>(credential: &'c Credential, name: &str) -> &'c str {
    credential.extra().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}
