use alloc::{boxed::Box, vec::Vec};

use pushotp_types::Offer;

use crate::{
    Credential, Error, Format, Warnings,
    linotp::{Ocra2Start, Pairing},
    mobilepass_plus::Activation,
    push::PushEnrolment,
};

/// A credential, and what was tolerated in reading it.
///
/// ```
/// use pushotp_provision::{Policy, otpauth};
///
/// let uri = "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example";
/// let parsed = otpauth::parse(uri, &Policy::server())?;
/// assert_eq!((parsed.credential.issuer(), parsed.credential.account()), (Some("Example"), "alice"));
/// assert!(parsed.warnings.is_empty());
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Parsed {
    /// The token.
    pub credential: Credential,
    /// What was unusual.
    pub warnings: Warnings,
}

/// All that a text or a file holds.
///
/// ```
/// use pushotp_provision::{Entry, Format, Policy, Unlock, read};
///
/// let list = "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQ\notpauth://totp/bob?secret=0";
/// let records = read(list.as_bytes(), &Policy::app(), &Unlock::none())?;
/// assert_eq!(records.format, Format::UriList);
/// let lines: Vec<String> = records.records.iter().map(|record| record.place.to_string()).collect();
/// assert_eq!(lines, ["line 1", "line 2"]);
/// assert!(matches!(&records.records[0].result, Ok(Entry::Credential(credential)) if credential.account() == "alice"));
/// assert!(records.records[1].result.is_err()); // one bad line does not cost the others
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub struct Records {
    /// What it was read as.
    pub format: Format,
    /// One for each token, in the order of the file; also those that were refused.
    pub records: Vec<Record>,
    /// What was unusual about the whole.
    pub warnings: Warnings,
}

/// One token of a file, or why it is none.
///
/// ```
/// use pushotp_provision::{Error, Place, Policy, Unlock, read};
///
/// let records = read(b"otpauth://totp/alice?secret=0", &Policy::app(), &Unlock::none())?;
/// assert_eq!(records.records[0].place, Place::Whole);
/// assert_eq!(records.records[0].result.as_ref().err(), Some(&Error::Base32 { position: 0 }));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub result: Result<Entry, Error>,
    /// What was unusual about it.
    pub warnings: Warnings,
}

/// What a record holds.
///
/// ```
/// use pushotp_provision::{Entry, Policy, Unlock, read};
///
/// let records = read(b"otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQ", &Policy::app(), &Unlock::none())?;
/// for record in records.records {
///     match record.result? {
///         Entry::Credential(credential) => assert_eq!(credential.account(), "alice"), // codes can be computed
///         other => println!("to be enrolled with its server: {other:?}"),
///     }
/// }
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Entry {
    /// A token whose codes can be computed.
    Credential(Box<Credential>),
    /// An invitation to enrol with a server: there is no key yet.
    Enrolment(Box<Enrolment>),
}

impl From<Credential> for Entry {
    fn from(credential: Credential) -> Self {
        Self::Credential(Box::new(credential))
    }
}

impl From<Enrolment> for Entry {
    fn from(enrolment: Enrolment) -> Self {
        Self::Enrolment(Box::new(enrolment))
    }
}

/// An invitation to enrol with a server, which makes the key together with the device or keeps it.
///
/// ```
/// use pushotp_provision::{Enrolment, Entry, Policy, Unlock, read};
///
/// let uri = b"pushotp://enrol#iQFLZXhhbXBsZS5jb21QAQEBAQEBAQEBAQEBAQEBAVACAgICAgICAgICAgICAgICAVggCQkJCQkJCQkJCQkJCQkJCQkJ\
///     CQkJCQkJCQkJCQkJCQlYIAMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDeB5odHRwczovL2xvZ2luLmV4YW1wbGUuY29tL3B1c2gaa0nSAA";
/// let mut records = read(uri, &Policy::app(), &Unlock::none())?.records;
/// let Some(Ok(Entry::Enrolment(enrolment))) = records.pop().map(|record| record.result) else { panic!() };
/// let Enrolment::PushOtp(offer) = &*enrolment else { panic!() };
/// assert_eq!(offer.url, "https://login.example.com/push");
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Enrolment {
    /// An offer of pushotp's own protocol.
    PushOtp(Offer),
    /// Push login with privacyIDEA or eduMFA.
    Push(PushEnrolment),
    /// The pairing of a LinOTP token.
    LinOtpPairing(Pairing),
    /// The start of an OCRA2 enrolment with LinOTP.
    LinOtpOcra2(Ocra2Start),
    /// The activation of SafeNet MobilePASS+.
    MobilePassPlus(Activation),
}

/// Where a record stands in its text.
///
/// ```
/// use pushotp_provision::Place;
///
/// assert_eq!(Place::Line(3).to_string(), "line 3");
/// assert_eq!(Place::Entry(0).to_string(), "entry 0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Place {
    /// The text is one record.
    #[error("the whole text")]
    Whole,
    /// A line, from 1.
    #[error("line {0}")]
    Line(usize),
    /// A byte, from 0.
    #[error("byte {0}")]
    Offset(usize),
    /// The place among the entries of a file, from 0, where neither line nor byte is known.
    #[error("entry {0}")]
    Entry(usize),
}

impl Records {
    /// Those of a file without warnings of its own.
    pub(crate) fn new(format: Format, records: Vec<Record>) -> Self {
        Self { format, records, warnings: Warnings::default() }
    }

    /// The credentials that were read, without what was tolerated.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, Unlock, read};
    /// let list = b"otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQ\notpauth://totp/bob?secret=0";
    /// let records = read(list, &Policy::app(), &Unlock::none())?;
    /// let accounts: Vec<_> = records.credentials().map(|credential| credential.account()).collect();
    /// assert_eq!(accounts, ["alice"]);
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    pub fn credentials(&self) -> impl Iterator<Item = &Credential> {
        self.records.iter().filter_map(Record::credential)
    }
}

impl Record {
    /// The credential, if it was read and is one.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, Unlock, read};
    /// let records = read(b"otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQ", &Policy::app(), &Unlock::none())?;
    /// assert_eq!(records.records[0].credential().map(|credential| credential.account()), Some("alice"));
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub fn credential(&self) -> Option<&Credential> {
        match &self.result {
            Ok(Entry::Credential(credential)) => Some(credential),
            _ => None,
        }
    }

    /// One that was refused.
    pub(crate) fn refused(place: Place, error: Error) -> Self {
        Self { place, result: Err(error), warnings: Warnings::default() }
    }

    /// What a parser of one invitation says.
    pub(crate) fn invites(enrolment: Result<(Enrolment, Warnings), Error>) -> Self {
        match enrolment {
            Ok((enrolment, warnings)) => Self { place: Place::Whole, result: Ok(enrolment.into()), warnings },
            Err(error) => Self::refused(Place::Whole, error),
        }
    }

    /// What a parser of one token says.
    pub(crate) fn of(place: Place, parsed: Result<Parsed, Error>) -> Self {
        match parsed {
            Ok(Parsed { credential, warnings }) => Self { place, result: Ok(credential.into()), warnings },
            Err(error) => Self::refused(place, error),
        }
    }
}
