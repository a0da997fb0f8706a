/// How many codes one verification may compare at most, so that stored configuration cannot make it slow.
pub(crate) const MAX_CODES: u8 = 64;

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
    ///
    /// ```
    /// # use pushotp_oath::Counter;
    /// assert!(Counter::new(6) < Counter::new(7)); // who expects 7 takes no code of 6
    /// ```
    #[must_use]
    pub const fn new(counter: u64) -> Self {
        Self(counter)
    }

    /// The number itself.
    ///
    /// ```
    /// # use pushotp_oath::Counter;
    /// let used = Counter::new(6);
    /// assert_eq!(used.next().map(Counter::get), Some(7)); // what the database keeps
    /// ```
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The next counter, `None` after the last.
    ///
    /// ```
    /// # use pushotp_oath::Counter;
    /// assert_eq!(Counter::new(41).next(), Some(Counter::new(42)));
    /// assert_eq!(Counter::new(u64::MAX).next(), None); // it does not begin again
    /// ```
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
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
    ///
    /// ```
    /// # use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead};
    /// # use pushotp_types::{Digits, HashAlgorithm, SecretRef};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verify = |typed| Hotp::new(Digits::SIX).verify(&key, typed, Counter::new(0), LookAhead::ZERO);
    /// assert!(matches!(verify("755224"), HotpVerdict::Match(_)));
    /// assert_eq!(verify("287082"), HotpVerdict::Mismatch); // the code of counter 1
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    pub const ZERO: Self = Self(0);

    /// So many counters, 63 at most.
    ///
    /// ```
    /// # use pushotp_oath::{LookAhead, RangeError};
    /// assert!(LookAhead::new(63).is_ok());
    /// assert_eq!(LookAhead::new(64), Err(RangeError)); // out of a configuration: refused, not cut
    /// ```
    ///
    /// # Errors
    /// [`RangeError`] for more.
    pub const fn new(counters: u8) -> Result<Self, RangeError> {
        if counters < MAX_CODES { Ok(Self(counters)) } else { Err(RangeError) }
    }

    /// The number itself.
    ///
    /// ```
    /// # use pushotp_oath::LookAhead;
    /// let ahead = LookAhead::new(10)?;
    /// assert_eq!(ahead.get() + 1, 11); // codes that a verification computes
    /// # Ok::<(), pushotp_oath::RangeError>(())
    /// ```
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// How far a resynchronisation searches: counters ahead for HOTP, steps on either side for TOTP.
///
/// It may be wide, for several codes in a row have to match; it is bounded, for each place costs a code.
///
/// ```
/// use pushotp_oath::ResyncWindow;
///
/// assert!(ResyncWindow::new(1000).is_ok());
/// assert!(ResyncWindow::new(0).is_err() && ResyncWindow::new(2881).is_err());
/// ```
///
/// Source: RFC 4226 §7.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResyncWindow(u16);

impl ResyncWindow {
    /// The widest: 2880 places, a day of steps of 30 s.
    ///
    /// ```
    /// # use pushotp_oath::{Period, ResyncWindow};
    /// assert_eq!(u32::from(ResyncWindow::MAX.get()) * Period::THIRTY.as_secs(), 24 * 60 * 60);
    /// ```
    pub const MAX: Self = Self(2880);

    /// So many places, 1 to 2880.
    ///
    /// ```
    /// # use pushotp_oath::{RangeError, ResyncWindow};
    /// assert_eq!(ResyncWindow::new(2880), Ok(ResyncWindow::MAX));
    /// assert_eq!(ResyncWindow::new(2881), Err(RangeError));
    /// ```
    ///
    /// # Errors
    /// [`RangeError`] for any other number.
    pub const fn new(places: u16) -> Result<Self, RangeError> {
        if places >= 1 && places <= Self::MAX.0 { Ok(Self(places)) } else { Err(RangeError) }
    }

    /// The number itself.
    ///
    /// ```
    /// # use pushotp_oath::ResyncWindow;
    /// let window = ResyncWindow::new(1000)?;
    /// // Two codes of six digits: a guess is right once in so many.
    /// assert_eq!(10_u64.pow(12) / u64::from(window.get()), 1_000_000_000);
    /// # Ok::<(), pushotp_oath::RangeError>(())
    /// ```
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// A period of no seconds, a window of too many codes, a drift that is no drift.
///
/// ```
/// # use pushotp_oath::Period;
/// assert_eq!(Period::from_secs(0).unwrap_err().to_string(), "out of range");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("out of range")]
pub struct RangeError;
