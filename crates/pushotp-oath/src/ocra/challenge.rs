use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroize;

use super::{
    OcraSuite, Question,
    suite::{Part, QuestionFormat},
};

/// The longest challenge of any suite.
const MAX_LEN: usize = 64;

/// A challenge to be answered once: not `Clone`, and consumed by the exchange that it belongs to.
///
/// ```
/// use pushotp_oath::{Challenge, OcraSuite};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
///
/// # let mut rng = ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
/// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-6:QN08").unwrap();
/// let challenge = Challenge::generate(&suite, &mut rng)?;
/// assert_eq!(challenge.as_str().len(), 8);
///
/// // One that was stored, or came from the other party:
/// let stored = Challenge::parse(&suite, challenge.as_str())?;
/// assert_eq!(stored.as_str(), challenge.as_str());
/// assert!(Challenge::parse(&suite, "letters").is_err());
/// # Ok::<(), pushotp_oath::ChallengeError>(())
/// ```
///
/// Source: RFC 6287 §5.1, §8.2.
pub struct Challenge {
    text: [u8; MAX_LEN],
    len: usize,
    format: QuestionFormat,
}

impl Challenge {
    /// A random challenge of the suite's full length, each symbol equally likely.
    ///
    /// ```
    /// # use pushotp_oath::{Challenge, ChallengeError, OcraSuite};
    /// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    /// # let mut rng = ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// let mut generate = |suite| Challenge::generate(&OcraSuite::parse(suite).unwrap(), &mut rng);
    /// let challenge = generate("OCRA-1:HOTP-SHA1-6:QN08")?;
    /// assert!(challenge.as_str().len() == 8 && challenge.as_str().bytes().all(|byte| byte.is_ascii_digit()));
    /// assert_eq!(generate("OCRA-1:HOTP-SHA1-8:QN07").unwrap_err(), ChallengeError::TooShort);
    /// # Ok::<(), ChallengeError>(())
    /// ```
    ///
    /// # Errors
    /// [`ChallengeError::TooShort`] for a suite whose challenges are shorter than its responses.
    pub fn generate<R: CryptoRng + ?Sized>(suite: &OcraSuite, rng: &mut R) -> Result<Self, ChallengeError> {
        let (format, most) = suite.question();
        if suite.digits().is_some_and(|digits| most < digits.get()) {
            return Err(ChallengeError::TooShort);
        }
        let mut challenge = Self { text: [0; MAX_LEN], len: most.into(), format };
        let symbols = format.symbols();
        for place in challenge.text.iter_mut().take(most.into()) {
            *place = draw(symbols, rng);
        }
        Ok(challenge)
    }

    /// A challenge from elsewhere: the other party's, one that was stored, or what is to be signed.
    ///
    /// ```
    /// # use pushotp_oath::{Challenge, ChallengeError, OcraSuite};
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08").unwrap();
    /// assert!(Challenge::parse(&suite, "1234").is_ok()); // a shorter one may come
    /// assert_eq!(Challenge::parse(&suite, "123456789").unwrap_err(), ChallengeError::Format);
    /// ```
    ///
    /// # Errors
    /// [`ChallengeError::Format`] if it is empty, longer than the suite says, or has foreign symbols.
    pub fn parse(suite: &OcraSuite, text: &str) -> Result<Self, ChallengeError> {
        let (format, most) = suite.question();
        let text = format.question(text).text(format, most).ok_or(ChallengeError::Format)?;
        let mut challenge = Self { text: [0; MAX_LEN], len: text.len(), format };
        for (place, byte) in challenge.text.iter_mut().zip(text.bytes()) {
            *place = byte;
        }
        Ok(challenge)
    }

    /// Its text, to be shown or sent.
    ///
    /// ```
    /// # use pushotp_oath::{Challenge, OcraSuite};
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08").unwrap();
    /// assert_eq!(Challenge::parse(&suite, "00001234")?.as_str(), "00001234"); // as it came
    /// # Ok::<(), pushotp_oath::ChallengeError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.text.split_at(self.len).0).unwrap_or_default()
    }

    /// As the part of a [`DataInput`](super::DataInput).
    ///
    /// ```
    /// # use pushotp_oath::{Challenge, DataInput, Key, OcraSuite};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08").unwrap();
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let challenge = Challenge::parse(&suite, "00000000")?;
    /// assert_eq!(suite.generate(&key, &DataInput::new(challenge.question()))?.expose(), "237653");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn question(&self) -> Question<'_> {
        self.format.question(self.as_str())
    }
}

/// It may be a transaction's text: it is not the log's.
impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge").finish_non_exhaustive()
    }
}

/// One symbol, by rejection: a byte that would favour the first symbols is drawn again.
fn draw<R: CryptoRng + ?Sized>(symbols: &[u8], rng: &mut R) -> u8 {
    let whole = 256 - 256 % symbols.len().max(1);
    loop {
        let mut byte = [0];
        rng.fill_bytes(&mut byte);
        let drawn = usize::from(byte[0]);
        byte.zeroize();
        if drawn < whole {
            return symbols.get(drawn % symbols.len().max(1)).copied().unwrap_or(b'0');
        }
    }
}

impl QuestionFormat {
    const fn symbols(self) -> &'static [u8] {
        match self {
            Self::Alphanumeric => b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            Self::Numeric => b"0123456789",
            Self::Hex => b"0123456789abcdef",
        }
    }

    pub(super) const fn question(self, text: &str) -> Question<'_> {
        match self {
            Self::Alphanumeric => Question::Alphanumeric(text),
            Self::Numeric => Question::Numeric(text),
            Self::Hex => Question::Hex(text),
        }
    }
}

/// Why there is no such challenge; says nothing of its text.
///
/// ```
/// use pushotp_oath::{Challenge, ChallengeError, OcraSuite};
///
/// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08").unwrap();
/// let error = Challenge::parse(&suite, "12a45678").unwrap_err();
/// assert_eq!(error, ChallengeError::Format);
/// assert_eq!(error.to_string(), "not as the suite says: question");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChallengeError {
    /// Empty, too long, or with symbols that the suite does not have.
    #[error("not as the suite says: {}", Part::Question)]
    Format,
    /// The suite's challenges are shorter than its responses, so that a response tells more than the challenge asks.
    #[error("the suite's challenges are shorter than its responses")]
    TooShort,
    /// A signature's suite has no session.
    #[error("a signature has no: {}", Part::Session)]
    Session,
}
