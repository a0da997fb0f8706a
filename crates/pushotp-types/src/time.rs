use core::time::Duration;

/// Whole seconds since 1970-01-01T00:00:00Z; the caller reads the clock.
///
/// ```
/// use core::time::Duration;
/// use pushotp_types::UnixTime;
///
/// let now = UnixTime::from_secs(1_700_000_000);
/// assert_eq!(now.saturating_add(Duration::from_secs(120)).as_secs(), 1_700_000_120);
/// assert_eq!(UnixTime::from_secs(5).since(UnixTime::from_secs(7)), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

impl UnixTime {
    /// Seconds since the epoch.
    ///
    /// ```
    /// # use pushotp_types::UnixTime;
    /// assert!(UnixTime::from_secs(59) < UnixTime::from_secs(60));
    /// ```
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs)
    }

    /// Seconds since the epoch.
    ///
    /// ```
    /// # use pushotp_types::UnixTime;
    /// assert_eq!(UnixTime::from_secs(59).as_secs(), 59);
    /// ```
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// Later by `duration`, whose fraction of a second is dropped; stops at the last representable second.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use pushotp_types::UnixTime;
    /// let last = UnixTime::from_secs(u64::MAX);
    /// assert_eq!(last.saturating_add(Duration::from_secs(1)), last);
    /// ```
    #[must_use]
    pub const fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_secs()))
    }

    /// Earlier by `duration`; stops at the epoch.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use pushotp_types::UnixTime;
    /// assert_eq!(UnixTime::from_secs(9).saturating_sub(Duration::from_secs(10)).as_secs(), 0);
    /// ```
    #[must_use]
    pub const fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration.as_secs()))
    }

    /// The time that passed since `earlier`, zero if it lies ahead.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use pushotp_types::UnixTime;
    /// assert_eq!(UnixTime::from_secs(90).since(UnixTime::from_secs(60)), Duration::from_secs(30));
    /// ```
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }
}
