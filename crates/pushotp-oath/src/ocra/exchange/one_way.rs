use rand_core::CryptoRng;

use super::{Factors, signature};
use crate::{
    Key,
    ocra::{Challenge, ChallengeError, DataInputError, OcraSuite, OcraVerdict, verdict},
};

/// The server's side of a challenge that the client answers, at random or to sign something.
///
/// Starting makes the challenge, finishing consumes it: rightly or wrongly, it is answered once. A server of several
/// processes stores the challenge's text and takes it out, in one step, to [`resume`](Self::resume).
///
/// ```
/// use pushotp_oath::{Challenge, DataInput, Factors, Key, OcraSuite, OcraVerdict, OneWay};
/// use pushotp_types::{HashAlgorithm, SecretRef};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
///
/// # let mut rng = ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
/// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QN08").unwrap();
/// let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(b"12345678901234567890123456789012")?);
/// let exchange = OneWay::start(suite, &mut rng)?;
///
/// // The client, who sees the challenge:
/// let seen = Challenge::parse(&suite, exchange.challenge().as_str())?;
/// let response = suite.generate(&key, &DataInput::new(seen.question()))?;
///
/// let verdict = exchange.finish(&key, response.expose(), Factors::default())?;
/// assert!(matches!(verdict, OcraVerdict::Match(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A second try does not compile:
/// ```compile_fail
/// # use pushotp_oath::{Factors, Key, OneWay};
/// fn twice(exchange: OneWay, key: &Key) {
///     let _ = exchange.finish(key, "00000000", Factors::default());
///     let _ = exchange.finish(key, "00000001", Factors::default());
/// }
/// ```
///
/// Source: RFC 6287 §7.1, §7.3.1.
#[derive(Debug)]
#[must_use]
pub struct OneWay {
    suite: OcraSuite,
    challenge: Challenge,
}

impl OneWay {
    /// One-way challenge-response, with a random challenge.
    ///
    /// ```
    /// # use pushotp_oath::{OcraSuite, OneWay};
    /// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    /// # let mut rng = ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QN08").unwrap();
    /// let (one, two) = (OneWay::start(suite, &mut rng)?, OneWay::start(suite, &mut rng)?);
    /// assert_ne!(one.challenge().as_str(), two.challenge().as_str());
    /// # Ok::<(), pushotp_oath::ChallengeError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Challenge::generate`].
    pub fn start<R: CryptoRng + ?Sized>(suite: OcraSuite, rng: &mut R) -> Result<Self, ChallengeError> {
        Challenge::generate(&suite, rng).map(|challenge| Self { suite, challenge })
    }

    /// Plain signature: the response is over what is to be signed, or its hash.
    ///
    /// ```
    /// # use pushotp_oath::{Factors, Key, OcraSuite, OcraVerdict, OneWay};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
    /// let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(b"12345678901234567890123456789012")?);
    /// let verdict = OneWay::start_signature(suite, "SIG10000")?.finish(&key, "53095496", Factors::default())?;
    /// assert!(matches!(verdict, OcraVerdict::Match(_)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ChallengeError::Format`], and [`ChallengeError::Session`] for a suite with session information.
    pub fn start_signature(suite: OcraSuite, text: &str) -> Result<Self, ChallengeError> {
        signature(&suite, text).map(|challenge| Self { suite, challenge })
    }

    /// An exchange that another process started.
    ///
    /// ```
    /// # use pushotp_oath::{Challenge, Factors, Key, OcraSuite, OcraVerdict, OneWay};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08").unwrap();
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let stored = "11111111"; // taken out of the database: DELETE … RETURNING challenge
    /// let exchange = OneWay::resume(suite, Challenge::parse(&suite, stored)?);
    /// assert!(matches!(exchange.finish(&key, "243178", Factors::default())?, OcraVerdict::Match(_)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn resume(suite: OcraSuite, challenge: Challenge) -> Self {
        Self { suite, challenge }
    }

    /// What the client has to answer.
    ///
    /// ```
    /// # use pushotp_oath::{OcraSuite, OneWay};
    /// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    /// # let mut rng = ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// let exchange = OneWay::start(OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08").unwrap(), &mut rng)?;
    /// let shown = exchange.challenge().as_str();
    /// assert_eq!(shown.len(), 8);
    /// # Ok::<(), pushotp_oath::ChallengeError>(())
    /// ```
    #[must_use]
    pub const fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// Whether `typed` is the response.
    ///
    /// ```
    /// # use pushotp_oath::{Counter, DataInputError, Factors, Key, OcraSuite, OcraVerdict, OneWay, Part};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:C-QN08").unwrap();
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let finish = |factors| OneWay::start_signature(suite, "12345678").unwrap().finish(&key, "897640", factors);
    /// let factors = Factors { counter: Some(Counter::new(0)), ..Factors::default() };
    /// assert!(matches!(finish(factors), Ok(OcraVerdict::Match(_))));
    /// assert_eq!(finish(Factors::default()), Err(DataInputError::Missing(Part::Counter)));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// # Errors
    /// [`DataInputError`]: what the server itself put in is wrong, not what was typed.
    pub fn finish(
        self,
        key: &Key,
        typed: impl AsRef<[u8]>,
        factors: Factors<'_>,
    ) -> Result<OcraVerdict, DataInputError> {
        self.suite.verify(key, typed, &factors.with(self.challenge.question(), None))
    }

    /// The same for a suite with `t = 0`, whose response is a whole MAC.
    ///
    /// ```
    /// # use pushotp_oath::{DataInput, Factors, Key, OcraSuite, OcraVerdict, OneWay, Question};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-0:QN08").unwrap();
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let mac = suite.generate_mac(&key, &DataInput::new(Question::Numeric("12345678")))?; // by the client
    /// let verdict = OneWay::start_signature(suite, "12345678")?.finish_mac(&key, mac.expose(), Factors::default())?;
    /// assert!(matches!(verdict, OcraVerdict::Match(_)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The same.
    pub fn finish_mac(self, key: &Key, received: &[u8], factors: Factors<'_>) -> Result<OcraVerdict, DataInputError> {
        let mac = self.suite.generate_mac(key, &factors.with(self.challenge.question(), None))?;
        Ok(verdict(mac.matches(received), factors.counter))
    }
}
