use core::time::Duration;

use pushotp_types::UnixTime;

/// A moment as the device knows it: its wall clock, and where there is one a clock that nobody sets.
///
/// A wait is measured on the monotonic clock while the device runs. After a restart, and whenever the wall clock has gone
/// back, it starts again in full. With a wall clock alone, a clock that is put forward ends the wait: this count is for
/// the screen, the server's decides.
///
/// ```
/// use core::time::Duration;
/// use pushotp_pin::Stamp;
/// use pushotp_types::UnixTime;
///
/// // On Linux: /proc/sys/kernel/random/boot_id, CLOCK_BOOTTIME, CLOCK_REALTIME.
/// let now = UnixTime::from_secs(1_800_000_000);
/// let stamp = Stamp::new([7; 16], Duration::from_millis(4_711), now);
/// assert_eq!(stamp.wall(), now);
/// assert_eq!(Stamp::from(now).wall(), now); // no other clock: a `UnixTime` will do
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Names the run of the device, and the milliseconds in it.
    pub(super) running: Option<([u8; 16], u64)>,
    pub(super) wall: UnixTime,
}

/// How a wait stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    /// So much of it is over.
    For(Duration),
    /// It cannot be told: it starts again.
    Unknown,
}

impl Stamp {
    /// A moment: what names this run of the device, the time since a moment in that run, in milliseconds, and the wall
    /// clock.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use pushotp_pin::Stamp;
    /// # use pushotp_types::UnixTime;
    /// let wall = UnixTime::from_secs(1_800_000_000);
    /// assert_ne!(Stamp::new([7; 16], Duration::ZERO, wall), Stamp::new([8; 16], Duration::ZERO, wall)); // restarted
    /// ```
    #[must_use]
    pub fn new(boot: [u8; 16], monotonic: Duration, wall: UnixTime) -> Self {
        Self { running: Some((boot, u64::try_from(monotonic.as_millis()).unwrap_or(u64::MAX))), wall }
    }

    /// The wall clock's time.
    ///
    /// ```
    /// # use pushotp_pin::Stamp;
    /// # use pushotp_types::UnixTime;
    /// assert_eq!(Stamp::from(UnixTime::from_secs(5)).wall(), UnixTime::from_secs(5));
    /// ```
    #[must_use]
    pub const fn wall(&self) -> UnixTime {
        self.wall
    }

    /// The time from `earlier` to this one.
    pub(super) fn since(&self, earlier: Self) -> Waited {
        if self.wall < earlier.wall {
            return Waited::Unknown;
        }
        match (self.running, earlier.running) {
            (None, None) => Waited::For(self.wall.since(earlier.wall)),
            (Some((boot, now)), Some((same, then))) if boot == same && now >= then => {
                Waited::For(Duration::from_millis(now - then))
            }
            _ => Waited::Unknown,
        }
    }
}

impl From<UnixTime> for Stamp {
    fn from(wall: UnixTime) -> Self {
        Self { running: None, wall }
    }
}
