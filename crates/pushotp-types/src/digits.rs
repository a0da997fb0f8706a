/// The number of decimal digits of a code: 6 to 10.
///
/// Ten digits gain nothing over nine, for the truncated value has 31 bits; they exist because tokens with ten exist.
///
/// ```
/// use pushotp_types::Digits;
///
/// assert_eq!(Digits::new(8), Ok(Digits::EIGHT));
/// assert!(Digits::new(5).is_err() && Digits::new(11).is_err());
/// ```
///
/// Source: RFC 4226 §5.3 and R4, at least six.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits(u8);

impl Digits {
    /// Six digits, the default of every authenticator.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits};
    /// assert_eq!(Code::from_value(1_284_755_224, Digits::SIX).expose(), "755224");
    /// ```
    pub const SIX: Self = Self(6);
    /// Seven digits.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits};
    /// assert_eq!(Code::from_value(1_284_755_224, Digits::SEVEN).expose(), "4755224");
    /// ```
    pub const SEVEN: Self = Self(7);
    /// Eight digits.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits};
    /// assert_eq!(Code::from_value(1_284_755_224, Digits::EIGHT).expose(), "84755224");
    /// ```
    pub const EIGHT: Self = Self(8);

    /// A number of digits.
    ///
    /// # Errors
    /// [`DigitsError`] outside 6 to 10.
    ///
    /// ```
    /// # use pushotp_types::Digits;
    /// assert!(Digits::new(0).is_err());
    /// ```
    pub const fn new(digits: u8) -> Result<Self, DigitsError> {
        if digits >= 6 && digits <= 10 { Ok(Self(digits)) } else { Err(DigitsError) }
    }

    /// Also 4 and 5 digits: for OCRA suites, whose responses may be that short, and for nothing else.
    ///
    /// # Errors
    /// [`DigitsError`] outside 4 to 10.
    ///
    /// Source: RFC 6287 §5.2.
    ///
    /// ```
    /// # use pushotp_types::Digits;
    /// assert!(Digits::danger_short(4).is_ok() && Digits::danger_short(3).is_err());
    /// ```
    pub const fn danger_short(digits: u8) -> Result<Self, DigitsError> {
        if digits == 4 || digits == 5 { Ok(Self(digits)) } else { Self::new(digits) }
    }

    /// The number itself.
    ///
    /// ```
    /// # use pushotp_types::Digits;
    /// assert_eq!(Digits::SIX.get(), 6);
    /// ```
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// A number of digits outside 6 to 10.
///
/// ```
/// # use pushotp_types::Digits;
/// assert_eq!(Digits::new(20).unwrap_err().to_string(), "a code has 6 to 10 digits");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code has 6 to 10 digits")]
pub struct DigitsError;
