mod challenge;
mod exchange;
mod input;
mod suite;

use core::fmt;

pub use challenge::{Challenge, ChallengeError};
pub use exchange::{Factors, GenuineServer, MutualClient, MutualServer, MutualSuites, OneWay};
pub use input::{DataInput, DataInputError, Question};
use pushotp_types::Code;
use subtle::ConstantTimeEq;
pub use suite::{OcraSuite, Part, QuestionFormat, SuiteError};

use crate::{Advance, Counter, Key, mac::Mac, truncate::truncate_mac};

/// What became of a typed OCRA response.
///
/// A challenge is answered once, rightly or wrongly: forget it with the verdict. [`OneWay`] does that by its type.
///
/// ```
/// use pushotp_oath::{DataInput, Key, OcraSuite, OcraVerdict, Question};
/// use pushotp_types::{HashAlgorithm, SecretRef};
///
/// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08").unwrap();
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let input = DataInput::new(Question::Numeric("00000000"));
/// assert!(matches!(suite.verify(&key, "237653", &input), Ok(OcraVerdict::Match(_))));
/// assert_eq!(suite.verify(&key, "237654", &input), Ok(OcraVerdict::Mismatch));
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum OcraVerdict {
    /// It is the response.
    Match(OcraMatch),
    /// It is not.
    Mismatch,
}

/// An OCRA response that is right.
///
/// ```
/// use pushotp_oath::{Counter, DataInput, Key, OcraSuite, OcraVerdict, Question};
/// use pushotp_types::{HashAlgorithm, SecretRef};
///
/// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:C-QN08").unwrap();
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let input = DataInput { counter: Some(Counter::new(0)), ..DataInput::new(Question::Numeric("12345678")) };
/// let verdict = suite.verify(&key, "897640", &input).unwrap();
/// let OcraVerdict::Match(found) = verdict else { panic!("it is the response") };
/// let advance = found.advance().expect("the suite counts");
/// assert_eq!((advance.from(), advance.to()), (Some(0), 1)); // commit it, or the response can be used again
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct OcraMatch {
    counter: Option<Counter>,
}

impl OcraMatch {
    /// For a suite with a counter, what the store has to write: only a server that succeeded counts on.
    ///
    /// `None` for a suite without one, whose challenge is what is used up; and after the last counter, which has no next.
    ///
    /// ```
    /// # use pushotp_oath::{DataInput, Key, OcraSuite, OcraVerdict, Question};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08").unwrap(); // without C
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verdict = suite.verify(&key, "237653", &DataInput::new(Question::Numeric("00000000"))).unwrap();
    /// assert!(matches!(verdict, OcraVerdict::Match(found) if found.advance().is_none()));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub fn advance(&self) -> Option<Advance> {
        let counter = self.counter?;
        Some(Advance::new(Some(counter.get()), counter.next()?.get()))
    }
}

fn verdict(right: bool, counter: Option<Counter>) -> OcraVerdict {
    if right { OcraVerdict::Match(OcraMatch { counter }) } else { OcraVerdict::Mismatch }
}

/// A whole MAC: the response of a suite with `t = 0`, which is no code and is not truncated in any way.
///
/// ```
/// use pushotp_oath::{DataInput, Key, OcraSuite, Question};
/// use pushotp_types::{HashAlgorithm, SecretRef};
///
/// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-0:QN08").unwrap();
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let mac = suite.generate_mac(&key, &DataInput::new(Question::Numeric("12345678"))).unwrap();
/// assert_eq!(mac.expose().len(), 20);
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
pub struct FullMac(Mac);

impl FullMac {
    /// Its bytes: 20, 32 or 64.
    ///
    /// ```
    /// # use pushotp_oath::{DataInput, Key, OcraSuite, Question};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-0:QN08").unwrap();
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let mac = suite.generate_mac(&key, &DataInput::new(Question::Numeric("12345678"))).unwrap();
    /// assert!(mac.expose().starts_with(b"\x20\xc9\x5b\xc9"));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether `received` is exactly this MAC; takes the same time wherever they differ.
    ///
    /// ```
    /// # use pushotp_oath::{DataInput, Key, OcraSuite, Question};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-0:QN08").unwrap();
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let mac = suite.generate_mac(&key, &DataInput::new(Question::Numeric("12345678"))).unwrap();
    /// assert!(mac.matches(mac.expose()) && !mac.matches(&mac.expose()[..16])); // a part of it is none
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub fn matches(&self, received: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(received).into()
    }
}

impl fmt::Debug for FullMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FullMac").finish_non_exhaustive()
    }
}

impl OcraSuite {
    /// The response to a challenge.
    ///
    /// # Errors
    /// [`DataInputError`] if the input is not what the suite asks for, if the key was prepared for another hash
    /// function, or if the suite does not truncate.
    ///
    /// ```
    /// use pushotp_oath::{DataInput, Key, OcraSuite, Question};
    /// use pushotp_types::{HashAlgorithm, SecretRef};
    ///
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08").unwrap();
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let response = suite.generate(&key, &DataInput::new(Question::Numeric("00000000"))).unwrap();
    /// assert_eq!(response.expose(), "237653");
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// Source: RFC 6287 §7.1.
    pub fn generate(&self, key: &Key, input: &DataInput<'_>) -> Result<Code, DataInputError> {
        let digits = self.digits().ok_or(DataInputError::NotTruncated)?;
        Ok(Code::from_value(truncate_mac(&self.mac(key, input)?), digits))
    }

    /// The response of a suite with `t = 0`.
    ///
    /// ```
    /// # use pushotp_oath::{DataInput, DataInputError, Key, OcraSuite, Question};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let input = DataInput::new(Question::Numeric("12345678"));
    /// let mac = |suite| OcraSuite::parse(suite).unwrap().generate_mac(&key, &input);
    /// assert_eq!(mac("OCRA-1:HOTP-SHA1-0:QN08").unwrap().expose().len(), 20);
    /// assert_eq!(mac("OCRA-1:HOTP-SHA1-6:QN08").unwrap_err(), DataInputError::Truncated);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// # Errors
    /// As [`generate`](Self::generate), and for a suite that truncates.
    pub fn generate_mac(&self, key: &Key, input: &DataInput<'_>) -> Result<FullMac, DataInputError> {
        match self.digits() {
            None => self.mac(key, input).map(FullMac),
            Some(_) => Err(DataInputError::Truncated),
        }
    }

    /// Whether `typed` is the response to a challenge.
    ///
    /// ```
    /// # use pushotp_oath::{DataInput, DataInputError, Key, OcraSuite, OcraVerdict, Part, Question};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let input = DataInput::new(Question::Numeric("00000000"));
    /// let verify = |suite| OcraSuite::parse(suite).unwrap().verify(&key, "237653", &input);
    /// assert!(matches!(verify("OCRA-1:HOTP-SHA1-6:QN08"), Ok(OcraVerdict::Match(_))));
    /// assert_eq!(verify("OCRA-1:HOTP-SHA1-6:C-QN08"), Err(DataInputError::Missing(Part::Counter)));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// # Errors
    /// As [`generate`](Self::generate): what the server itself put in is wrong, not what was typed.
    pub fn verify(
        &self,
        key: &Key,
        typed: impl AsRef<[u8]>,
        input: &DataInput<'_>,
    ) -> Result<OcraVerdict, DataInputError> {
        let right = self.generate(key, input)?.ct_matches(typed.as_ref());
        Ok(verdict(right.into(), input.counter))
    }

    fn mac(&self, key: &Key, input: &DataInput<'_>) -> Result<Mac, DataInputError> {
        if key.algorithm() != self.algorithm() {
            return Err(DataInputError::Algorithm);
        }
        let mut fixed = input::Fixed::default();
        fixed.fill(self, input)?;
        Ok(key.mac(&[
            self.as_str().as_bytes(),
            &[0],
            fixed.counter(),
            fixed.question(),
            input.pin_hash.unwrap_or_default(),
            input.session.unwrap_or_default(),
            fixed.timestamp(),
        ]))
    }
}
