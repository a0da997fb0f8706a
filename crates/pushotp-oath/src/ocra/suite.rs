use core::{fmt, time::Duration};

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
///
/// ```
/// use pushotp_oath::{OcraSuite, QuestionFormat};
///
/// assert_eq!(OcraSuite::PUSH.question(), (QuestionFormat::Hex, 64));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionFormat {
    /// `QA`: ASCII letters and digits.
    Alphanumeric,
    /// `QN`: decimal digits.
    Numeric,
    /// `QH`: hexadecimal digits.
    Hex,
}

/// What is taken for a suite.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grammar {
    /// The form that the RFC's examples have.
    Canonical,
    /// Also what the RFC says of parts that are left out, and what it prints once.
    Lenient,
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
    ///
    /// ```
    /// # use pushotp_oath::OcraSuite;
    /// assert_eq!(OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QH64"), Ok(OcraSuite::PUSH));
    /// ```
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
    /// ```
    /// # use pushotp_oath::{OcraSuite, Part, SuiteError};
    /// assert!(OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08").is_ok());
    /// assert_eq!(OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN8"), Err(SuiteError::Unknown(Part::Question)));
    /// ```
    ///
    /// # Errors
    /// [`SuiteError`], which names the part.
    pub fn parse(text: &str) -> Result<Self, SuiteError> {
        Self::parse_by(Grammar::Canonical, text)
    }

    /// Reads a suite that may leave out what has a default: `Q` is `QN08`, `P` is `PSHA1`, `S` is `S064`, `T` is `T1M`.
    /// A challenge's length may have one digit, as the RFC prints it once.
    ///
    /// For suites of others, such as tiqr's. The text is still what is hashed, as it came: `S` and `S064` give different
    /// responses. Sessions have to be of the full length; who pads a shorter one does it before.
    ///
    /// ```
    /// use pushotp_oath::OcraSuite;
    ///
    /// let tiqr = OcraSuite::parse_lenient("OCRA-1:HOTP-SHA1-6:QH10-S")?;
    /// assert_eq!((tiqr.as_str(), tiqr.session_len()), ("OCRA-1:HOTP-SHA1-6:QH10-S", Some(64)));
    /// assert!(OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QH10-S").is_err());
    /// # Ok::<(), pushotp_oath::SuiteError>(())
    /// ```
    ///
    /// # Errors
    /// [`SuiteError`], which names the part.
    ///
    /// Source: RFC 6287 §6.3, §6.4.
    pub fn parse_lenient(text: &str) -> Result<Self, SuiteError> {
        Self::parse_by(Grammar::Lenient, text)
    }

    fn parse_by(grammar: Grammar, text: &str) -> Result<Self, SuiteError> {
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
        let mut suite = Self { len: text.len(), algorithm, digits, ..Self::PUSH };
        suite.text = [0; MAX_LEN];
        for (place, byte) in suite.text.iter_mut().zip(text.bytes()) {
            *place = byte;
        }
        suite.data_input(grammar, input)?;
        Ok(suite)
    }

    /// `[C-]Q…[-P…][-S…][-T…]`, in this order.
    fn data_input(&mut self, grammar: Grammar, text: &str) -> Result<(), SuiteError> {
        let mut parts = text.split('-').peekable();
        let bare = |rest: &str| grammar == Grammar::Lenient && rest.is_empty();
        self.counter = parts.next_if_eq(&"C").is_some();
        let question = parts.next().and_then(|part| part.strip_prefix('Q'));
        let question = question.ok_or(SuiteError::Missing(Part::Question))?;
        self.question = if bare(question) {
            (QuestionFormat::Numeric, 8)
        } else {
            self::question(grammar, question).ok_or(SuiteError::Unknown(Part::Question))?
        };
        let mut next = |letter: char| parts.next_if(|part| part.starts_with(letter)).and_then(|part| part.get(1..));
        if let Some(pin) = next('P') {
            let pin = if bare(pin) { Some(HashAlgorithm::Sha1) } else { hash(pin) };
            self.pin = Some(pin.ok_or(SuiteError::Unknown(Part::Pin))?);
        }
        if let Some(session) = next('S') {
            let session = if bare(session) { Some(64) } else { number(session, 3, 1..=512) };
            self.session = Some(session.ok_or(SuiteError::Unknown(Part::Session))?);
        }
        if let Some(time) = next('T') {
            let time = if bare(time) { Some(60) } else { seconds(time) };
            self.time = Some(time.ok_or(SuiteError::Unknown(Part::Time))?);
        }
        if parts.next().is_some() { Err(SuiteError::Order) } else { Ok(()) }
    }

    /// The text, exactly as it was parsed.
    ///
    /// ```
    /// # use pushotp_oath::OcraSuite;
    /// let (long, short) = ("OCRA-1:HOTP-SHA1-6:QN08-S064", "OCRA-1:HOTP-SHA1-6:Q-S");
    /// assert_eq!(OcraSuite::parse_lenient(long)?.as_str(), long);
    /// assert_eq!(OcraSuite::parse_lenient(short)?.as_str(), short); // nothing is filled in: it is hashed
    /// # Ok::<(), pushotp_oath::SuiteError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.text.split_at(self.len).0).unwrap_or_default()
    }

    /// The hash function that its key must be prepared for.
    ///
    /// ```
    /// # use pushotp_oath::{Key, OcraSuite};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08")?;
    /// let key = Key::new(suite.algorithm(), SecretRef::new(&[7; 32]).unwrap());
    /// assert_eq!(key.algorithm(), HashAlgorithm::Sha256);
    /// # Ok::<(), pushotp_oath::SuiteError>(())
    /// ```
    #[must_use]
    pub const fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// The length of the response, `None` where it is the whole MAC.
    ///
    /// ```
    /// # use pushotp_oath::OcraSuite;
    /// # use pushotp_types::Digits;
    /// assert_eq!(OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08")?.digits(), Some(Digits::SIX));
    /// assert_eq!(OcraSuite::parse("OCRA-1:HOTP-SHA1-0:QN08")?.digits(), None);
    /// # Ok::<(), pushotp_oath::SuiteError>(())
    /// ```
    #[must_use]
    pub const fn digits(&self) -> Option<Digits> {
        self.digits
    }

    /// C: whether both sides count.
    ///
    /// ```
    /// # use pushotp_oath::OcraSuite;
    /// assert!(OcraSuite::parse("OCRA-1:HOTP-SHA1-6:C-QN08")?.counter());
    /// assert!(!OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08")?.counter());
    /// # Ok::<(), pushotp_oath::SuiteError>(())
    /// ```
    #[must_use]
    pub const fn counter(&self) -> bool {
        self.counter
    }

    /// Q: how a challenge is written, and how many symbols it has at most.
    ///
    /// ```
    /// # use pushotp_oath::{OcraSuite, QuestionFormat};
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QA10")?;
    /// assert_eq!(suite.question(), (QuestionFormat::Alphanumeric, 10));
    /// # Ok::<(), pushotp_oath::SuiteError>(())
    /// ```
    #[must_use]
    pub const fn question(&self) -> (QuestionFormat, u8) {
        self.question
    }

    /// P: the hash function of the PIN.
    ///
    /// ```
    /// # use pushotp_oath::OcraSuite;
    /// # use pushotp_types::HashAlgorithm;
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA512-8:QN08-PSHA1")?;
    /// assert_eq!((suite.algorithm(), suite.pin_hash()), (HashAlgorithm::Sha512, Some(HashAlgorithm::Sha1)));
    /// # Ok::<(), pushotp_oath::SuiteError>(())
    /// ```
    #[must_use]
    pub const fn pin_hash(&self) -> Option<HashAlgorithm> {
        self.pin
    }

    /// S: the length of the session information in bytes.
    ///
    /// ```
    /// # use pushotp_oath::OcraSuite;
    /// assert_eq!(OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08-S128")?.session_len(), Some(128));
    /// assert_eq!(OcraSuite::PUSH.session_len(), None);
    /// # Ok::<(), pushotp_oath::SuiteError>(())
    /// ```
    #[must_use]
    pub fn session_len(&self) -> Option<usize> {
        self.session.map(usize::from)
    }

    /// T: the time step.
    ///
    /// ```
    /// use core::time::Duration;
    /// use pushotp_oath::{OcraSuite, QuestionFormat};
    /// use pushotp_types::HashAlgorithm;
    ///
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA512-8:C-QN08-PSHA1-S064-T1M")?;
    /// assert_eq!((suite.counter(), suite.question()), (true, (QuestionFormat::Numeric, 8)));
    /// assert_eq!((suite.pin_hash(), suite.session_len()), (Some(HashAlgorithm::Sha1), Some(64)));
    /// assert_eq!(suite.time_step(), Some(Duration::from_secs(60)));
    /// # Ok::<(), pushotp_oath::SuiteError>(())
    /// ```
    #[must_use]
    pub fn time_step(&self) -> Option<Duration> {
        self.time.map(|secs| Duration::from_secs(secs.into()))
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

/// The format and the length behind `Q`.
fn question(grammar: Grammar, text: &str) -> Option<(QuestionFormat, u8)> {
    let (format, length) = text.split_at_checked(1)?;
    let format = match format {
        "A" => QuestionFormat::Alphanumeric,
        "N" => QuestionFormat::Numeric,
        "H" => QuestionFormat::Hex,
        _ => return None,
    };
    let digits = if grammar == Grammar::Lenient { length.len().min(2) } else { 2 };
    Some((format, u8::try_from(number(length, digits, 4..=64)?).ok()?))
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
    // How many digits there are is free to choose, so none of them is a leading zero.
    if count.starts_with('0') {
        return None;
    }
    Some(u32::from(number(count, count.len(), 1..=most)?) * seconds)
}

/// A number of exactly so many ASCII digits, in a range.
fn number(text: &str, len: usize, range: core::ops::RangeInclusive<u16>) -> Option<u16> {
    if text.len() != len || !(1..=3).contains(&len) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = text.parse().ok()?;
    range.contains(&number).then_some(number)
}
