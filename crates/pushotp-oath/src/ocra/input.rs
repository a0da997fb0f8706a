use core::fmt;

use pushotp_types::{HashAlgorithm, UnixTime};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::suite::{OcraSuite, Part, QuestionFormat};
use crate::Counter;

/// What goes into a response besides the key; which parts, the suite says.
///
/// ```
/// use pushotp_oath::{Counter, DataInput, Question};
///
/// let input = DataInput { counter: Some(Counter::new(0)), ..DataInput::new(Question::Numeric("12345678")) };
/// assert!(input.session.is_none());
/// ```
///
/// Source: RFC 6287 §5.1.
#[derive(Clone, Copy)]
pub struct DataInput<'a> {
    /// C: both sides count.
    pub counter: Option<Counter>,
    /// Q: the challenge; where both sides challenge each other, that of the other party.
    pub challenge: Question<'a>,
    /// Where both sides challenge each other, the challenge of the side that computes; it is appended.
    pub own_challenge: Option<Question<'a>>,
    /// P: the hash of the PIN, never the PIN: 20, 32 or 64 bytes.
    pub pin_hash: Option<&'a [u8]>,
    /// S: information about the session, as many bytes as the suite says.
    pub session: Option<&'a [u8]>,
    /// T: the time; the suite's time step divides it.
    pub timestamp: Option<UnixTime>,
}

impl<'a> DataInput<'a> {
    /// A challenge alone.
    ///
    /// ```
    /// # use pushotp_oath::{DataInput, Key, OcraSuite, Question};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08").unwrap();
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let response = suite.generate(&key, &DataInput::new(Question::Numeric("11111111"))).unwrap();
    /// assert_eq!(response.expose(), "243178");
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn new(challenge: Question<'a>) -> Self {
        Self { counter: None, challenge, own_challenge: None, pin_hash: None, session: None, timestamp: None }
    }

    /// Two challenges, for the mutual mode and for a signature with server authentication.
    ///
    /// The server computes over the client's challenge and then its own, the client the other way round.
    ///
    /// ```
    /// use pushotp_oath::{DataInput, Key, OcraSuite, Question};
    /// use pushotp_types::{HashAlgorithm, SecretRef};
    ///
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
    /// let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(b"12345678901234567890123456789012")?);
    /// let (client, server) = (Question::Alphanumeric("CLI22220"), Question::Alphanumeric("SRV11110"));
    /// assert_eq!(suite.generate(&key, &DataInput::mutual(client, server)).unwrap().expose(), "28247970");
    /// assert_eq!(suite.generate(&key, &DataInput::mutual(server, client)).unwrap().expose(), "15510767");
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// Source: RFC 6287 §7.2, §7.3.2.
    #[must_use]
    pub const fn mutual(other_party: Question<'a>, own: Question<'a>) -> Self {
        Self { own_challenge: Some(own), ..Self::new(other_party) }
    }
}

/// The PIN's hash and the session are not the log's.
impl fmt::Debug for DataInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataInput").field("counter", &self.counter).finish_non_exhaustive()
    }
}

/// A challenge, as its suite writes it.
///
/// ```
/// use pushotp_oath::{DataInput, Key, OcraSuite, Question};
/// use pushotp_types::{HashAlgorithm, SecretRef};
///
/// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QH64").unwrap();
/// let secret: [u8; 32] = core::array::from_fn(|n| n as u8);
/// let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(&secret)?);
/// let generate = |question| suite.generate(&key, &DataInput::new(question)).unwrap();
/// let digits = "20bd7d6a2455fb8121f617d55cf6612506d2cf3b663e4ae3908e3da29621293c";
/// assert_eq!(generate(Question::Hex(digits)).expose(), "64727617");
/// assert_eq!(format!("{:?}", Question::Hex(digits)), "Question(..)");
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Question<'a> {
    /// `QA`: ASCII letters and digits.
    Alphanumeric(&'a str),
    /// `QN`: decimal digits; leading zeros do not count.
    Numeric(&'a str),
    /// `QH`: hexadecimal digits of either case; leading zeros count.
    Hex(&'a str),
    /// `QH64`: the 32 bytes of a hash, which `Hex` would spell with 64 digits.
    Hash(&'a [u8; 32]),
}

impl<'a> Question<'a> {
    /// The text of a challenge, if it is of the format and at most so long.
    pub(super) fn text(self, format: QuestionFormat, most: u8) -> Option<&'a str> {
        let (text, is_one): (_, fn(u8) -> bool) = match (format, self) {
            (QuestionFormat::Alphanumeric, Self::Alphanumeric(text)) => (text, |byte| byte.is_ascii_alphanumeric()),
            (QuestionFormat::Numeric, Self::Numeric(text)) => (text, |byte| byte.is_ascii_digit()),
            (QuestionFormat::Hex, Self::Hex(text)) => (text, |byte| byte.is_ascii_hexdigit()),
            _ => return None,
        };
        let fits = (1..=usize::from(most)).contains(&text.len()) && text.bytes().all(is_one);
        fits.then_some(text)
    }
}

/// A challenge may be a transaction's text: it is not the log's.
impl fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Question(..)")
    }
}

/// Why a response cannot be computed; says nothing of the values.
///
/// ```
/// use pushotp_oath::{DataInputError, Part};
///
/// assert_eq!(DataInputError::Missing(Part::Session).to_string(), "the suite asks for: session");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DataInputError {
    /// The suite asks for a part that is not there.
    #[error("the suite asks for: {0}")]
    Missing(Part),
    /// A part that the suite does not have.
    #[error("the suite does not have: {0}")]
    Unexpected(Part),
    /// A part of another length or format than the suite says.
    #[error("not as the suite says: {0}")]
    Format(Part),
    /// The key was prepared for another hash function.
    #[error("the key is for another hash function")]
    Algorithm,
    /// The suite yields the whole MAC, which is no code.
    #[error("the suite yields a whole MAC")]
    NotTruncated,
    /// The suite yields a code, which is no whole MAC.
    #[error("the suite yields a code")]
    Truncated,
}

/// The parts of the message that have a fixed length; erased when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Fixed {
    counter: Option<[u8; 8]>,
    question: [u8; 128],
    timestamp: Option<[u8; 8]>,
}

impl Default for Fixed {
    fn default() -> Self {
        Self { counter: None, question: [0; 128], timestamp: None }
    }
}

impl Fixed {
    pub(super) fn fill(&mut self, suite: &OcraSuite, input: &DataInput<'_>) -> Result<(), DataInputError> {
        present(Part::Counter, suite.counter(), input.counter.is_some())?;
        present(Part::Pin, suite.pin_hash().is_some(), input.pin_hash.is_some())?;
        present(Part::Session, suite.session_len().is_some(), input.session.is_some())?;
        present(Part::Time, suite.time_step().is_some(), input.timestamp.is_some())?;
        if input.pin_hash.map(<[u8]>::len) != suite.pin_hash().map(HashAlgorithm::output_len) {
            return Err(DataInputError::Format(Part::Pin));
        }
        if input.session.map(<[u8]>::len) != suite.session_len() {
            return Err(DataInputError::Format(Part::Session));
        }
        self.counter = input.counter.map(|counter| counter.get().to_be_bytes());
        self.timestamp =
            input.timestamp.zip(suite.time_step()).map(|(time, step)| (time.as_secs() / step.as_secs()).to_be_bytes());
        self.ask(suite.question(), (input.challenge, input.own_challenge)).ok_or(DataInputError::Format(Part::Question))
    }

    pub(super) fn counter(&self) -> &[u8] {
        self.counter.as_ref().map_or(&[], |bytes| bytes)
    }

    pub(super) const fn question(&self) -> &[u8] {
        &self.question
    }

    pub(super) fn timestamp(&self) -> &[u8] {
        self.timestamp.as_ref().map_or(&[], |bytes| bytes)
    }

    /// Writes the challenge, 128 bytes with zeros on the right; `None` if it is not of the format.
    ///
    /// Two challenges are joined as texts, before anything is encoded.
    fn ask(
        &mut self,
        (format, most): (QuestionFormat, u8),
        questions: (Question<'_>, Option<Question<'_>>),
    ) -> Option<()> {
        let (first, second) = match questions {
            (Question::Hash(first), second) if format == QuestionFormat::Hex && most == 64 => {
                return self.put_hashes(first, second);
            }
            (first, second) => {
                let second = second.map_or(Some(""), |second| second.text(format, most));
                (first.text(format, most)?, second?)
            }
        };
        let digits = first.bytes().chain(second.bytes());
        match format {
            QuestionFormat::Alphanumeric => self.put(digits),
            QuestionFormat::Hex => self.put_nibbles(digits)?,
            QuestionFormat::Numeric => {
                let number = decimal(digits)?;
                let nibbles = number.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
                let minimal = nibbles.skip_while(|nibble| *nibble == 0);
                self.put_nibbles(minimal.map(|nibble| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }))?;
            }
        }
        Some(())
    }

    /// One hash or two, which are whole bytes.
    fn put_hashes(&mut self, first: &[u8; 32], second: Option<Question<'_>>) -> Option<()> {
        let second: &[u8] = match second {
            None => &[],
            Some(Question::Hash(second)) => second,
            Some(_) => return None,
        };
        self.put(first.iter().chain(second).copied());
        Some(())
    }

    fn put(&mut self, bytes: impl Iterator<Item = u8>) {
        for (place, byte) in self.question.iter_mut().zip(bytes) {
            *place = byte;
        }
    }

    /// Hexadecimal digits, two to a byte; the last one of an odd number gets a zero on its right.
    fn put_nibbles(&mut self, digits: impl Iterator<Item = u8>) -> Option<()> {
        for (index, digit) in digits.enumerate() {
            let nibble = u8::try_from(char::from(digit).to_digit(16)?).ok()?;
            let place = self.question.get_mut(index / 2)?;
            *place |= if index % 2 == 0 { nibble << 4 } else { nibble };
        }
        Some(())
    }
}

fn present(part: Part, asked: bool, given: bool) -> Result<(), DataInputError> {
    match (asked, given) {
        (true, false) => Err(DataInputError::Missing(part)),
        (false, true) => Err(DataInputError::Unexpected(part)),
        _ => Ok(()),
    }
}

/// A decimal number of up to 128 digits, which is 426 bits, as 54 bytes big-endian.
fn decimal(digits: impl Iterator<Item = u8>) -> Option<[u8; 54]> {
    let mut number = [0_u8; 54];
    for digit in digits {
        let mut carry = u16::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        for byte in number.iter_mut().rev() {
            let [high, low] = (u16::from(*byte) * 10 + carry).to_be_bytes();
            (*byte, carry) = (low, u16::from(high));
        }
    }
    Some(number)
}
