use core::fmt;

use pushotp_types::{Digits, HashAlgorithm};

/// The longest suite that the grammar can make has 47 characters.
const MAX_LEN: usize = 64;

/// An OCRA suite: what goes into a response, and how long it is.
///
/// The exact text is kept, for it is part of what is hashed: parsing accepts only the canonical form.
///
/// ```
/// use pushotp_oath::{OcraSuite, Part, SuiteError};
///
/// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA512-8:C-QN08-PSHA1")?;
/// assert_eq!(suite.as_str(), "OCRA-1:HOTP-SHA512-8:C-QN08-PSHA1");
/// assert_eq!(OcraSuite::parse("OCRA-1:HOTP-MD5-8:QN08"), Err(SuiteError::Unknown(Part::Hash)));
/// # Ok::<(), SuiteError>(())
/// ```
///
/// Source: RFC 6287 §6, with erratum 3729.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OcraSuite {
    text: [u8; MAX_LEN],
    len: usize,
    algorithm: HashAlgorithm,
    digits: Option<Digits>,
    counter: bool,
    question: (QuestionFormat, u8),
    pin: Option<HashAlgorithm>,
    session: Option<u16>,
    /// Seconds per time step.
    time: Option<u32>,
}

/// How a challenge is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QuestionFormat {
    Alphanumeric,
    Numeric,
    Hex,
}

/// A part of a suite.
///
/// ```
/// use pushotp_oath::{OcraSuite, Part, SuiteError};
///
/// assert_eq!(OcraSuite::parse("OCRA-1:HOTP-SHA1-6"), Err(SuiteError::Missing(Part::Question)));
/// assert_eq!(Part::Question.to_string(), "question");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// `OCRA-1`.
    Version,
    /// `HOTP`.
    Function,
    /// The hash function of the response.
    Hash,
    /// The number of digits, 0 or 4 to 10.
    Digits,
    /// `C`.
    Counter,
    /// `QA`, `QN` or `QH`, and 04 to 64.
    Question,
    /// `P` and a hash function.
    Pin,
    /// `S` and 001 to 512.
    Session,
    /// `T` and a time step: 1 to 59 S or M, 1 to 48 H.
    Time,
}

/// Why a text is no OCRA suite.
///
/// ```
/// use pushotp_oath::{OcraSuite, Part, SuiteError};
///
/// let error = OcraSuite::parse("OCRA-10:HOTP-SHA1-6:QN08").unwrap_err();
/// assert_eq!(error, SuiteError::Unknown(Part::Version));
/// assert_eq!(error.to_string(), "unknown or malformed: version");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteError {
    /// Longer than any suite.
    #[error("longer than 64 bytes")]
    TooLong,
    /// A part that is missing.
    #[error("missing: {0}")]
    Missing(Part),
    /// A part that is not in the canonical form.
    #[error("unknown or malformed: {0}")]
    Unknown(Part),
    /// Something that is no part, is there twice, or in another order.
    #[error("a part that is unknown, repeated or out of order")]
    Order,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "version",
            Self::Function => "function",
            Self::Hash => "hash",
            Self::Digits => "digits",
            Self::Counter => "counter",
            Self::Question => "question",
            Self::Pin => "pin",
            Self::Session => "session",
            Self::Time => "time",
        })
    }
}

impl OcraSuite {
    /// The suite of pushotp's passcodes: `OCRA-1:HOTP-SHA256-8:QH64`.
    pub const PUSH: Self = Self {
        text:
            *b"OCRA-1:HOTP-SHA256-8:QH64\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        len: 25,
        algorithm: HashAlgorithm::Sha256,
        digits: Some(Digits::EIGHT),
        counter: false,
        question: (QuestionFormat::Hex, 64),
        pin: None,
        session: None,
        time: None,
    };

    /// Reads a suite in its canonical form; upper case, no defaults left out.
    ///
    /// # Errors
    /// [`SuiteError`], which names the part.
    pub fn parse(text: &str) -> Result<Self, SuiteError> {
        if text.len() > MAX_LEN {
            return Err(SuiteError::TooLong);
        }
        let mut fields = text.split(':');
        if fields.next() != Some("OCRA-1") {
            return Err(SuiteError::Unknown(Part::Version));
        }
        let (algorithm, digits) = function(fields.next().ok_or(SuiteError::Missing(Part::Function))?)?;
        let input = fields.next().ok_or(SuiteError::Missing(Part::Question))?;
        if fields.next().is_some() {
            return Err(SuiteError::Order);
        }
        let mut suite = Self { text: [0; MAX_LEN], len: text.len(), algorithm, digits, ..Self::PUSH };
        for (place, byte) in suite.text.iter_mut().zip(text.bytes()) {
            *place = byte;
        }
        suite.data_input(input)?;
        Ok(suite)
    }

    /// `[C-]Q…[-P…][-S…][-T…]`, in this order.
    fn data_input(&mut self, text: &str) -> Result<(), SuiteError> {
        let mut parts = text.split('-').peekable();
        self.counter = parts.next_if_eq(&"C").is_some();
        let question = parts.next().ok_or(SuiteError::Missing(Part::Question))?;
        self.question = self::question(question)?;
        if let Some(pin) = parts.next_if(|part| part.starts_with('P')) {
            self.pin = Some(hash(&pin[1..]).ok_or(SuiteError::Unknown(Part::Pin))?);
        }
        if let Some(session) = parts.next_if(|part| part.starts_with('S')) {
            self.session = Some(number(&session[1..], 3, 1..=512).ok_or(SuiteError::Unknown(Part::Session))?);
        }
        if let Some(time) = parts.next_if(|part| part.starts_with('T')) {
            self.time = Some(seconds(&time[1..]).ok_or(SuiteError::Unknown(Part::Time))?);
        }
        if parts.next().is_some() { Err(SuiteError::Order) } else { Ok(()) }
    }

    /// The text, exactly as it was parsed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.text.split_at(self.len).0).unwrap_or_default()
    }

    /// The hash function that its key must be prepared for.
    #[must_use]
    pub const fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    pub(super) const fn response_digits(&self) -> Option<Digits> {
        self.digits
    }

    pub(super) const fn counter(&self) -> bool {
        self.counter
    }

    pub(super) const fn question(&self) -> (QuestionFormat, u8) {
        self.question
    }

    pub(super) fn pin_len(&self) -> Option<usize> {
        self.pin.map(HashAlgorithm::output_len)
    }

    pub(super) fn session_len(&self) -> Option<usize> {
        self.session.map(usize::from)
    }

    pub(super) const fn time_step(&self) -> Option<u32> {
        self.time
    }
}

impl fmt::Debug for OcraSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OcraSuite({})", self.as_str())
    }
}

fn function(text: &str) -> Result<(HashAlgorithm, Option<Digits>), SuiteError> {
    let mut parts = text.split('-');
    if parts.next() != Some("HOTP") {
        return Err(SuiteError::Unknown(Part::Function));
    }
    let algorithm = parts.next().ok_or(SuiteError::Missing(Part::Hash))?;
    let algorithm = hash(algorithm).ok_or(SuiteError::Unknown(Part::Hash))?;
    let digits = match parts.next().ok_or(SuiteError::Missing(Part::Digits))? {
        "0" => None,
        "10" => Digits::new(10).ok(),
        text => {
            let digits = number(text, 1, 4..=9).and_then(|digits| u8::try_from(digits).ok());
            let digits = digits.and_then(|digits| Digits::danger_short(digits).ok());
            Some(digits.ok_or(SuiteError::Unknown(Part::Digits))?)
        }
    };
    if parts.next().is_some() { Err(SuiteError::Order) } else { Ok((algorithm, digits)) }
}

fn hash(text: &str) -> Option<HashAlgorithm> {
    match text {
        "SHA1" => Some(HashAlgorithm::Sha1),
        "SHA256" => Some(HashAlgorithm::Sha256),
        "SHA512" => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

fn question(text: &str) -> Result<(QuestionFormat, u8), SuiteError> {
    let malformed = SuiteError::Unknown(Part::Question);
    let (format, length) = match text.as_bytes() {
        [b'Q', format, _, _] => (format, text.get(2..).ok_or(malformed)?),
        [b'Q', ..] => return Err(malformed),
        _ => return Err(SuiteError::Missing(Part::Question)),
    };
    let format = match format {
        b'A' => QuestionFormat::Alphanumeric,
        b'N' => QuestionFormat::Numeric,
        b'H' => QuestionFormat::Hex,
        _ => return Err(malformed),
    };
    let length = number(length, 2, 4..=64).and_then(|length| u8::try_from(length).ok());
    Ok((format, length.ok_or(malformed)?))
}

/// A time step in seconds.
fn seconds(text: &str) -> Option<u32> {
    let (count, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let (most, seconds) = match unit {
        "S" => (59, 1),
        "M" => (59, 60),
        "H" => (48, 3600),
        _ => return None,
    };
    Some(u32::from(number(count, count.len(), 1..=most)?) * seconds)
}

/// A number of exactly so many ASCII digits, in a range; without leading zeros where the length is free to choose.
fn number(text: &str, len: usize, range: core::ops::RangeInclusive<u16>) -> Option<u16> {
    if text.len() != len || !(1..=3).contains(&len) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = text.parse().ok()?;
    range.contains(&number).then_some(number)
}
