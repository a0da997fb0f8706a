use core::num::NonZeroU32;

use pushotp_types::UnixTime;

/// How many codes one verification may compare at most, so that stored configuration cannot make it slow.
const MAX_CODES: u8 = 64;

/// The moving factor of HOTP, C: 0 is a value like any other.
///
/// ```
/// use pushotp_oath::Counter;
///
/// assert_eq!(Counter::new(0).next(), Some(Counter::new(1)));
/// assert_eq!(Counter::new(u64::MAX).next(), None);
/// ```
///
/// Source: RFC 4226 §5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counter(u64);

impl Counter {
    /// A counter as it was stored.
    #[must_use]
    pub const fn new(counter: u64) -> Self {
        Self(counter)
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The next counter, `None` after the last.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }
}

/// The moving factor of TOTP, T: whole periods since the epoch.
///
/// ```
/// use pushotp_oath::{Period, Step};
/// use pushotp_types::UnixTime;
///
/// assert_eq!(Period::THIRTY.step_at(UnixTime::from_secs(59)), Step::new(1));
/// ```
///
/// Source: RFC 6238 §4.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(u64);

impl Step {
    /// A step as it was stored.
    #[must_use]
    pub const fn new(step: u64) -> Self {
        Self(step)
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// The time step of TOTP, X: 1 second or more.
///
/// ```
/// use pushotp_oath::Period;
///
/// assert_eq!(Period::from_secs(60).map(Period::as_secs), Ok(60));
/// assert!(Period::from_secs(0).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period(NonZeroU32);

impl Period {
    /// 30 s, the default of every authenticator.
    pub const THIRTY: Self = Self(NonZeroU32::MIN.saturating_add(29));

    /// A period of whole seconds.
    ///
    /// # Errors
    /// [`RangeError`] for 0.
    pub const fn from_secs(secs: u32) -> Result<Self, RangeError> {
        match NonZeroU32::new(secs) {
            Some(secs) => Ok(Self(secs)),
            None => Err(RangeError),
        }
    }

    /// Its length in seconds.
    #[must_use]
    pub const fn as_secs(self) -> u32 {
        self.0.get()
    }

    /// The step that a time falls into.
    #[must_use]
    pub const fn step_at(self, time: UnixTime) -> Step {
        Step(time.as_secs() / self.0.get() as u64)
    }
}

/// How many steps before and after the present one are accepted: transmission, and clocks that differ.
///
/// ```
/// use pushotp_oath::Window;
///
/// let window = Window::new(2, 1)?;
/// assert_eq!((window.past(), window.future()), (2, 1));
/// assert!(Window::new(40, 40).is_err());
/// # Ok::<(), pushotp_oath::RangeError>(())
/// ```
///
/// Source: RFC 6238 §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    past: u8,
    future: u8,
}

impl Window {
    /// The present step alone.
    pub const ZERO: Self = Self { past: 0, future: 0 };
    /// One step on each side.
    pub const ONE: Self = Self { past: 1, future: 1 };

    /// So many steps on each side, 64 in all at most, with the present one.
    ///
    /// # Errors
    /// [`RangeError`] for more.
    pub const fn new(past: u8, future: u8) -> Result<Self, RangeError> {
        if (past as u16 + future as u16) < MAX_CODES as u16 { Ok(Self { past, future }) } else { Err(RangeError) }
    }

    /// Steps before the present one.
    #[must_use]
    pub const fn past(self) -> u8 {
        self.past
    }

    /// Steps after it.
    #[must_use]
    pub const fn future(self) -> u8 {
        self.future
    }
}

/// How many counters after the expected one are accepted, for passcodes that were made and not used: s.
///
/// ```
/// use pushotp_oath::LookAhead;
///
/// assert!(LookAhead::new(10).is_ok() && LookAhead::new(64).is_err());
/// ```
///
/// Source: RFC 4226 §7.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LookAhead(u8);

impl LookAhead {
    /// The expected counter alone.
    pub const ZERO: Self = Self(0);

    /// So many counters, 63 at most.
    ///
    /// # Errors
    /// [`RangeError`] for more.
    pub const fn new(counters: u8) -> Result<Self, RangeError> {
        if counters < MAX_CODES { Ok(Self(counters)) } else { Err(RangeError) }
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// A period of no seconds, or a window of too many codes.
///
/// ```
/// # use pushotp_oath::Period;
/// assert_eq!(Period::from_secs(0).unwrap_err().to_string(), "out of range");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("out of range")]
pub struct RangeError;
