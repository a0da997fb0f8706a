use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use self::{blocklist::is_trivial, digits::digit_value};

mod blocklist;
mod digits;

/// A PIN has at least so many digits under any policy. Source: NIST SP 800-63B-4 §3.2.10.
const MIN_LEN: usize = 4;
const MAX_LEN: usize = 16;
/// What Argon2 sees in front of the digits of a numeric PIN.
const NUMERIC: &[u8; 2] = b"n:";

/// An activation secret of 4 to 16 digits: erased when dropped, silent in `Debug`, neither `Clone` nor comparable.
///
/// Digits of every script count as what they mean, so a PIN may be typed on any keyboard. It never leaves the device.
///
/// ```
/// use pushotp_pin::{Pin, PinError, PinPolicy};
///
/// let pin = Pin::choose("271846", &PinPolicy::DEFAULT)?;
/// assert_eq!(format!("{pin:?}"), "Pin { .. }");
/// assert_eq!(Pin::choose("123456", &PinPolicy::DEFAULT).unwrap_err(), PinError::Trivial);
/// assert!(Pin::entered("٢٧١٨٤٦").is_ok());
/// # Ok::<(), PinError>(())
/// ```
pub struct Pin(Zeroizing<Vec<u8>>);

impl Pin {
    /// A new PIN, as the user chooses it: digits only, long enough, not among the first that anyone would try.
    ///
    /// # Errors
    /// [`PinError`]. A trivial PIN is refused only where the policy has not relaxed that.
    ///
    /// ```
    /// # use pushotp_pin::{Pin, PinError, PinPolicy};
    /// assert_eq!(Pin::choose("2719", &PinPolicy::DEFAULT).unwrap_err(), PinError::TooShort { min: 6 });
    /// ```
    ///
    /// Source: NIST SP 800-63B-4 §3.2.10.
    pub fn choose(text: &str, policy: &PinPolicy) -> Result<Self, PinError> {
        let pin = Self::within(text, policy.min, policy.max)?;
        if policy.refuse_trivial && is_trivial(pin.digits()) {
            return Err(PinError::Trivial);
        }
        Ok(pin)
    }

    /// A PIN as it was typed to unlock: 4 to 16 digits, whatever the policy was when it was chosen.
    ///
    /// # Errors
    /// [`PinError::NotADigit`] without a position, [`PinError::TooShort`], [`PinError::TooLong`]. None of them says
    /// that the PIN is wrong: nothing on the device can tell.
    ///
    /// ```
    /// # use pushotp_pin::{Pin, PinError};
    /// assert!(Pin::entered("1111").is_ok());
    /// assert_eq!(Pin::entered("27 18 46").unwrap_err(), PinError::NotADigit);
    /// ```
    pub fn entered(text: &str) -> Result<Self, PinError> {
        Self::within(text, MIN_LEN, MAX_LEN)
    }

    fn within(text: &str, min: usize, max: usize) -> Result<Self, PinError> {
        // Full size from the start: a buffer that grew would leave digits behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(NUMERIC.len() + MAX_LEN));
        bytes.extend_from_slice(NUMERIC);
        for (place, c) in text.chars().enumerate() {
            let value = digit_value(c).ok_or(PinError::NotADigit)?;
            if place < MAX_LEN {
                bytes.push(b'0' + value);
            }
        }
        match text.chars().count() {
            len if len < min => Err(PinError::TooShort { min }),
            len if len > max => Err(PinError::TooLong { max }),
            _ => Ok(Self(bytes)),
        }
    }

    /// The ASCII digits.
    fn digits(&self) -> &[u8] {
        self.0.get(NUMERIC.len()..).unwrap_or_default()
    }

    /// What Argon2 hashes: the mode and the digits.
    pub(crate) fn password(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pin").finish_non_exhaustive()
    }
}

/// What a new PIN must be: its length, and not a trivial one.
///
/// Trivial are: at most two different digits; counting up or down by one or two, also over 9 and 0; with 4 digits a day
/// of the year or a year from 1900 to 2035; with 6 digits a date, or such a year in front or behind. That is 13 % of
/// all PINs with 4 digits and 11 % of those with 6.
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
    pub const DEFAULT: Self = Self { min: 6, max: MAX_LEN, refuse_trivial: true };

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
        Ok(Self { min, max, refuse_trivial: true })
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

    /// The fewest digits.
    ///
    /// ```
    /// # use pushotp_pin::PinPolicy;
    /// assert_eq!(format!("at least {} digits", PinPolicy::DEFAULT.min()), "at least 6 digits"); // a form's hint
    /// ```
    #[must_use]
    pub const fn min(&self) -> usize {
        self.min
    }

    /// The most digits.
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
}

impl Default for PinPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why a text is not taken as a PIN; says nothing of the text.
///
/// ```
/// # use pushotp_pin::Pin;
/// let error = Pin::entered("12a4").unwrap_err();
/// assert_eq!(error.to_string(), "a PIN consists of digits only");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// Something that is no decimal digit of any script; where is not said.
    #[error("a PIN consists of digits only")]
    NotADigit,
    /// Too few digits.
    #[error("the PIN has fewer than {min} digits")]
    TooShort {
        /// The fewest.
        min: usize,
    },
    /// Too many digits.
    #[error("the PIN has more than {max} digits")]
    TooLong {
        /// The most.
        max: usize,
    },
    /// Among those that are tried first.
    #[error("the PIN is too easy to guess")]
    Trivial,
}

/// A policy that no PIN may have.
///
/// ```
/// # use pushotp_pin::{PinPolicy, PolicyError};
/// assert_eq!(PinPolicy::new(8, 6), Err(PolicyError));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a policy allows PINs of 4 to 16 digits")]
pub struct PolicyError;
