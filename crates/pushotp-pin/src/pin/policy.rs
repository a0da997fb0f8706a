use super::PolicyError;

/// A PIN has at least so many characters under any policy. Source: NIST SP 800-63B-4 §3.2.10.
pub(super) const MIN_LEN: usize = 4;
pub(super) const MAX_LEN: usize = 16;

/// Of what a PIN consists.
///
/// ```
/// use pushotp_pin::{Pin, PinMode};
///
/// assert!(Pin::entered_as("Blau-7", PinMode::Alphanumeric).is_ok());
/// assert!(Pin::entered_as("Blau-7", PinMode::Numeric).is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PinMode {
    /// Decimal digits of any script, which count as what they mean.
    #[default]
    Numeric,
    /// Any characters that are seen, and the space: in normal form KC, beyond ASCII only with the feature `unicode`.
    Alphanumeric,
}

/// What a new PIN must be: its characters, its length, and not a trivial one.
///
/// Trivial are: at most two different digits; counting up or down by one or two, also over 9 and 0; with 4 digits a day
/// of the year or a year from 1900 to 2035; with 6 digits a date, or such a year in front or behind. That is 13 % of
/// all PINs with 4 digits and 11 % of those with 6. In alphanumeric mode these, and letters by the first two rules.
///
/// ```
/// use pushotp_pin::{Pin, PinPolicy, PolicyError};
///
/// let policy = PinPolicy::new(4, 8)?;
/// assert!(Pin::choose("2719", &policy).is_ok());
/// assert!(Pin::choose("1999", &policy).is_err());
/// assert!(Pin::choose("1999", &policy.danger_allow_trivial()).is_ok());
/// # Ok::<(), PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinPolicy {
    mode: PinMode,
    min: usize,
    max: usize,
    refuse_trivial: bool,
}

impl PinPolicy {
    /// 6 to 16 digits, no trivial ones.
    ///
    /// ```
    /// # use pushotp_pin::{Pin, PinError, PinPolicy};
    /// assert_eq!(Pin::choose("27184", &PinPolicy::DEFAULT).unwrap_err(), PinError::TooShort { min: 6 });
    /// assert!(Pin::choose("271846", &PinPolicy::DEFAULT).is_ok());
    /// ```
    pub const DEFAULT: Self = Self { mode: PinMode::Numeric, min: 6, max: MAX_LEN, refuse_trivial: true };
    /// Whatever may have been chosen under some policy.
    pub(super) const ANY: Self = Self { min: MIN_LEN, refuse_trivial: false, ..Self::DEFAULT };

    /// A policy of `min` to `max` digits, no trivial ones.
    ///
    /// # Errors
    /// [`PolicyError`] unless `4 <= min <= max <= 16`.
    ///
    /// ```
    /// # use pushotp_pin::{PinPolicy, PolicyError};
    /// assert_eq!(PinPolicy::new(3, 8), Err(PolicyError));
    /// ```
    pub const fn new(min: usize, max: usize) -> Result<Self, PolicyError> {
        if min < MIN_LEN || max > MAX_LEN || min > max {
            return Err(PolicyError);
        }
        Ok(Self { min, max, ..Self::DEFAULT })
    }

    /// The same policy for PINs of other characters.
    ///
    /// ```
    /// # use pushotp_pin::{Pin, PinError, PinMode, PinPolicy};
    /// let policy = PinPolicy::DEFAULT.with_mode(PinMode::Alphanumeric);
    /// assert!(Pin::choose("Blau-7", &policy).is_ok());
    /// assert_eq!(Pin::choose("abcdef", &policy).unwrap_err(), PinError::Trivial);
    /// ```
    #[must_use]
    pub const fn with_mode(self, mode: PinMode) -> Self {
        Self { mode, ..self }
    }

    /// The same policy with trivial PINs: the server's ten guesses then find one PIN in five.
    ///
    /// ```
    /// # use pushotp_pin::{Pin, PinPolicy};
    /// assert!(Pin::choose("111111", &PinPolicy::DEFAULT.danger_allow_trivial()).is_ok());
    /// ```
    #[must_use]
    pub const fn danger_allow_trivial(self) -> Self {
        Self { refuse_trivial: false, ..self }
    }

    /// Of what the PINs consist.
    ///
    /// ```
    /// # use pushotp_pin::{PinMode, PinPolicy};
    /// assert_eq!(PinPolicy::DEFAULT.mode(), PinMode::Numeric); // which keyboard to show
    /// ```
    #[must_use]
    pub const fn mode(&self) -> PinMode {
        self.mode
    }

    /// The fewest characters.
    ///
    /// ```
    /// # use pushotp_pin::PinPolicy;
    /// assert_eq!(format!("at least {} digits", PinPolicy::DEFAULT.min()), "at least 6 digits"); // a form's hint
    /// ```
    #[must_use]
    pub const fn min(&self) -> usize {
        self.min
    }

    /// The most characters.
    ///
    /// ```
    /// # use pushotp_pin::{Pin, PinPolicy};
    /// let longest = "2718".repeat(PinPolicy::DEFAULT.max() / 4);
    /// assert!(Pin::choose(&longest, &PinPolicy::DEFAULT).is_ok());
    /// assert!(Pin::choose(&(longest + "1"), &PinPolicy::DEFAULT).is_err());
    /// ```
    #[must_use]
    pub const fn max(&self) -> usize {
        self.max
    }

    /// Whether those that are tried first are refused.
    ///
    /// ```
    /// # use pushotp_pin::PinPolicy;
    /// assert!(PinPolicy::DEFAULT.refuses_trivial());
    /// ```
    #[must_use]
    pub const fn refuses_trivial(&self) -> bool {
        self.refuse_trivial
    }
}

impl Default for PinPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}
