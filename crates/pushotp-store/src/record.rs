use std::fmt;

use pushotp_types::UnixTime;

/// Names one write of one key; to be compared, never computed with.
///
/// A key never sees the same version twice, not even after it was deleted and created again, so an expectation that
/// was right once cannot become right again for another value.
///
/// ```
/// use pushotp_store::Version;
///
/// assert_ne!(Version::from_u64(1), Version::from_u64(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version(u64);

impl Version {
    /// The version that a backend knows by this number.
    ///
    /// ```
    /// # use pushotp_store::Version;
    /// assert_eq!(Version::from_u64(7).as_u64(), 7);
    /// ```
    #[must_use]
    pub const fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// The backend's number for it.
    ///
    /// ```
    /// # use pushotp_store::Version;
    /// assert_eq!(Version::from_u64(u64::MAX).as_u64(), u64::MAX);
    /// ```
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// A value and the version under which it was written.
///
/// `Debug` shows how long the value is, not what it says.
///
/// ```
/// use pushotp_store::{Version, Versioned};
///
/// let found = Versioned { version: Version::from_u64(7), value: b"secret".to_vec() };
/// assert_eq!(format!("{found:?}"), "Versioned { version: Version(7), len: 6 }");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Versioned {
    /// What a later [`put_if`](crate::Store::put_if) has to expect.
    pub version: Version,
    /// The bytes as they were written; may be empty.
    pub value: Vec<u8>,
}

impl fmt::Debug for Versioned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Versioned").field("version", &self.version).field("len", &self.value.len()).finish()
    }
}

/// What must be stored for a write to take place.
///
/// ```
/// use pushotp_store::{Expect, Version};
///
/// // What was found decides what the next write expects.
/// let found: Option<Version> = None;
/// assert_eq!(found.map_or(Expect::Absent, Expect::Version), Expect::Absent);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expect {
    /// Nothing under this key.
    Absent,
    /// A value of exactly this version.
    Version(Version),
}

/// How a compare-and-swap ended; both are regular outcomes.
///
/// ```
/// use pushotp_store::{Cas, Version};
///
/// let told = match Cas::Won(Version::from_u64(2)) {
///     Cas::Won(_) => "accepted",
///     Cas::Lost => "decide anew",
/// };
/// assert_eq!(told, "accepted");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "only a write that was won may be told"]
pub enum Cas {
    /// Written, and durable as far as the store is. After a deletion the version matches nothing.
    Won(Version),
    /// Something else is stored than was expected; nothing was written.
    Lost,
}

/// What a write tells the engine about the life of its value; never decides anything but garbage collection.
///
/// A store may drop an entry whose time has passed, as if somebody had deleted it, or keep it for ever. The caller
/// therefore reads expiry from the value and its own clock. Each write replaces the hint of the one before.
///
/// ```
/// use pushotp_store::{Hint, UnixTime};
///
/// assert_eq!(Hint::NONE.expires(), None);
/// let hint = Hint::expires_at(UnixTime::from_secs(1_700_000_180));
/// assert_eq!(hint.expires(), Some(UnixTime::from_secs(1_700_000_180)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hint {
    expires: Option<UnixTime>,
}

impl Hint {
    /// Keep until deleted.
    ///
    /// ```
    /// # use pushotp_store::{Hint, UnixTime};
    /// let (challenge, account) = (Hint::expires_at(UnixTime::from_secs(1_700_000_180)), Hint::NONE);
    /// assert!(challenge.expires().is_some() && account.expires().is_none());
    /// ```
    pub const NONE: Self = Self { expires: None };

    /// Of no use from this second on.
    ///
    /// ```
    /// # use pushotp_store::{Hint, UnixTime};
    /// assert_ne!(Hint::expires_at(UnixTime::from_secs(9)), Hint::NONE);
    /// ```
    #[must_use]
    pub const fn expires_at(time: UnixTime) -> Self {
        Self { expires: Some(time) }
    }

    /// When the value may be collected, if ever.
    ///
    /// ```
    /// # use pushotp_store::Hint;
    /// assert_eq!(Hint::default().expires(), None);
    /// ```
    #[must_use]
    pub const fn expires(self) -> Option<UnixTime> {
        self.expires
    }
}
