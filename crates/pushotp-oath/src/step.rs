use core::num::NonZeroU32;

use pushotp_types::UnixTime;

use crate::{
    RangeError,
    counter::{MAX_CODES, ResyncWindow},
};

/// The moving factor of TOTP, T: whole periods since T0.
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
    ///
    /// ```
    /// # use pushotp_oath::Step;
    /// let last: Option<u64> = Some(1); // a column that may be NULL
    /// assert!(last.map(Step::new) < Some(Step::new(2)));
    /// ```
    #[must_use]
    pub const fn new(step: u64) -> Self {
        Self(step)
    }

    /// The number itself.
    ///
    /// ```
    /// # use pushotp_oath::Period;
    /// # use pushotp_types::UnixTime;
    /// let step = Period::THIRTY.step_at(UnixTime::from_secs(1_111_111_109));
    /// assert_eq!(step.get(), 37_037_036); // what the database keeps
    /// ```
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
    ///
    /// ```
    /// # use pushotp_oath::Period;
    /// assert_eq!(Period::from_secs(30), Ok(Period::THIRTY));
    /// ```
    pub const THIRTY: Self = Self(NonZeroU32::MIN.saturating_add(29));
    /// 10 s, the period of mOTP.
    #[cfg(feature = "motp")]
    pub(crate) const TEN: Self = Self(NonZeroU32::MIN.saturating_add(9));

    /// A period of whole seconds.
    ///
    /// ```
    /// # use pushotp_oath::{Period, RangeError};
    /// assert_eq!(Period::from_secs(60).map(Period::as_secs), Ok(60));
    /// assert_eq!(Period::from_secs(0), Err(RangeError)); // nothing is ever divided by 0
    /// ```
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
    ///
    /// ```
    /// # use pushotp_oath::Period;
    /// assert_eq!(Period::THIRTY.as_secs(), 30);
    /// ```
    #[must_use]
    pub const fn as_secs(self) -> u32 {
        self.0.get()
    }

    /// The step that a time falls into.
    ///
    /// ```
    /// # use pushotp_oath::{Period, Step};
    /// # use pushotp_types::UnixTime;
    /// let step_at = |secs| Period::THIRTY.step_at(UnixTime::from_secs(secs));
    /// assert_eq!([29, 30, 59, 60].map(step_at), [0, 1, 1, 2].map(Step::new));
    /// ```
    #[must_use]
    pub const fn step_at(self, time: UnixTime) -> Step {
        Step(time.as_secs() / self.0.get() as u64)
    }

    /// The second in which a step begins: its code is shown from then on.
    ///
    /// ```
    /// use pushotp_oath::{Period, Step};
    /// use pushotp_types::UnixTime;
    ///
    /// assert_eq!(Period::THIRTY.valid_from(Step::new(1)), UnixTime::from_secs(30));
    /// ```
    #[must_use]
    pub const fn valid_from(self, step: Step) -> UnixTime {
        UnixTime::from_secs(step.0.saturating_mul(self.0.get() as u64))
    }

    /// The second in which the next step begins: a code is shown until then.
    ///
    /// ```
    /// use pushotp_oath::Period;
    /// use pushotp_types::UnixTime;
    ///
    /// let now = UnixTime::from_secs(59);
    /// let until = Period::THIRTY.valid_until(Period::THIRTY.step_at(now));
    /// assert_eq!(until.since(now).as_secs(), 1); // for a time bar
    /// ```
    #[must_use]
    pub const fn valid_until(self, step: Step) -> UnixTime {
        self.valid_from(Step(step.0.saturating_add(1)))
    }
}

/// T0: where a token begins to count, if that is not the epoch.
///
/// TOTP itself counts from 0; a token with another T0 is given the time that passed since.
///
/// ```
/// use pushotp_oath::{BeforeT0, Key, T0, Totp};
/// use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let t0 = T0::new(UnixTime::from_secs(1_000_000));
/// let code = Totp::DEFAULT.generate(&key, t0.elapsed(UnixTime::from_secs(1_000_059))?);
/// assert_eq!(code.expose(), "287082"); // 59 s after T0
/// assert_eq!(t0.elapsed(UnixTime::from_secs(999_999)), Err(BeforeT0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Source: RFC 6238 §4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct T0(UnixTime);

impl T0 {
    /// The epoch, which nearly every token counts from.
    ///
    /// ```
    /// # use pushotp_oath::T0;
    /// # use pushotp_types::UnixTime;
    /// let now = UnixTime::from_secs(59);
    /// assert_eq!(T0::EPOCH.elapsed(now), Ok(now));
    /// ```
    pub const EPOCH: Self = Self(UnixTime::from_secs(0));

    /// A token that counts from `time` on.
    ///
    /// ```
    /// # use pushotp_oath::T0;
    /// # use pushotp_types::UnixTime;
    /// let t0 = T0::new(UnixTime::from_secs(1_000_000));
    /// assert_eq!(t0.elapsed(UnixTime::from_secs(1_000_059)), Ok(UnixTime::from_secs(59)));
    /// ```
    #[must_use]
    pub const fn new(time: UnixTime) -> Self {
        Self(time)
    }

    /// The time as such a token counts it, to generate and to verify with.
    ///
    /// ```
    /// # use pushotp_oath::{BeforeT0, Step, T0, Totp};
    /// # use pushotp_types::UnixTime;
    /// let t0 = T0::new(UnixTime::from_secs(1_000_000));
    /// assert_eq!(Totp::DEFAULT.step_at(t0.elapsed(UnixTime::from_secs(1_000_000))?), Step::new(0));
    /// assert_eq!(t0.elapsed(UnixTime::from_secs(999_999)), Err(BeforeT0));
    /// # Ok::<(), BeforeT0>(())
    /// ```
    ///
    /// # Errors
    /// [`BeforeT0`] if T0 lies ahead: such a token has no code yet.
    pub const fn elapsed(self, now: UnixTime) -> Result<UnixTime, BeforeT0> {
        match now.as_secs().checked_sub(self.0.as_secs()) {
            Some(secs) => Ok(UnixTime::from_secs(secs)),
            None => Err(BeforeT0),
        }
    }
}

/// The time lies before T0.
///
/// ```
/// assert_eq!(pushotp_oath::BeforeT0.to_string(), "the time lies before T0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time lies before T0")]
pub struct BeforeT0;

/// How many whole steps a token's clock is ahead (positive) or behind.
///
/// Whole steps, for a drift of seconds would let a step be counted twice. Store it with the step, in the same write.
///
/// ```
/// use pushotp_oath::Drift;
///
/// assert_eq!(Drift::from_steps(-8)?.steps(), -8);
/// assert!(Drift::from_steps(2881).is_err());
/// # Ok::<(), pushotp_oath::RangeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Drift(i16);

impl Drift {
    /// A clock that is right.
    ///
    /// ```
    /// # use pushotp_oath::{Drift, Window};
    /// assert_eq!(Window::ONE.around(Drift::ZERO), Window::ONE);
    /// ```
    pub const ZERO: Self = Self(0);
    /// The largest that is taken, either way: as far as a resynchronisation reaches.
    const MAX: i16 = 2880;

    /// A drift as it was stored, -2880 to 2880 steps.
    ///
    /// ```
    /// # use pushotp_oath::{Drift, RangeError};
    /// assert_eq!(Drift::from_steps(-2880).map(Drift::steps), Ok(-2880)); // a day behind, at 30 s
    /// assert_eq!(Drift::from_steps(-2881), Err(RangeError));
    /// ```
    ///
    /// # Errors
    /// [`RangeError`] outside.
    pub const fn from_steps(steps: i16) -> Result<Self, RangeError> {
        if steps >= -Self::MAX && steps <= Self::MAX { Ok(Self(steps)) } else { Err(RangeError) }
    }

    /// The number of steps.
    ///
    /// ```
    /// # use pushotp_oath::{Drift, Period};
    /// let drift = Drift::from_steps(-8)?;
    /// let secs = i64::from(drift.steps()) * i64::from(Period::THIRTY.as_secs());
    /// assert_eq!(secs, -240); // the token's clock is four minutes behind
    /// # Ok::<(), pushotp_oath::RangeError>(())
    /// ```
    #[must_use]
    pub const fn steps(self) -> i16 {
        self.0
    }

    /// From the present step to the one that matched, as far as a drift goes.
    pub(crate) fn between(present: u64, found: u64) -> Self {
        let steps = i128::from(found) - i128::from(present);
        let steps = steps.clamp(i128::from(-Self::MAX), i128::from(Self::MAX));
        Self(i16::try_from(steps).unwrap_or_default())
    }
}

const _: () = assert!(Drift::MAX.unsigned_abs() == ResyncWindow::MAX.get(), "what is found must be a drift");

/// Which steps are accepted: some before and some after the present one, for transmission and for clocks that differ.
///
/// ```
/// use pushotp_oath::{Drift, Window};
///
/// let window = Window::new(2, 1)?;
/// assert_eq!((window.past(), window.future()), (2, 1));
/// assert!(Window::new(40, 40).is_err());
///
/// // A hardware token whose clock is known to be eight steps behind:
/// let window = Window::ONE.around(Drift::from_steps(-8)?);
/// assert_eq!(window.drift().steps(), -8);
/// # Ok::<(), pushotp_oath::RangeError>(())
/// ```
///
/// Source: RFC 6238 §5.2, §6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    past: u8,
    future: u8,
    drift: Drift,
}

impl Window {
    /// The present step alone.
    ///
    /// ```
    /// # use pushotp_oath::{Key, Totp, Verdict, Window};
    /// # use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verify = |secs| Totp::DEFAULT.verify(&key, "287082", UnixTime::from_secs(secs), Window::ZERO, None);
    /// assert!(matches!(verify(59), Verdict::Match(_)));
    /// assert_eq!(verify(60), Verdict::Mismatch); // whoever typed slowly types again
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    pub const ZERO: Self = Self { past: 0, future: 0, drift: Drift::ZERO };
    /// One step on each side.
    ///
    /// ```
    /// # use pushotp_oath::{Key, Totp, Verdict, Window};
    /// # use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verify = |secs| Totp::DEFAULT.verify(&key, "287082", UnixTime::from_secs(secs), Window::ONE, None);
    /// assert!(matches!(verify(89), Verdict::Match(_))); // it was shown until 59
    /// assert_eq!(verify(90), Verdict::Mismatch);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    pub const ONE: Self = Self { past: 1, future: 1, drift: Drift::ZERO };

    /// So many steps on each side, 64 in all at most, with the present one.
    ///
    /// ```
    /// # use pushotp_oath::{Key, Totp, Verdict, Window};
    /// # use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    /// let window = Window::new(2, 0).unwrap(); // codes may be late, but no clock is ahead
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verify = |secs| Totp::DEFAULT.verify(&key, "287082", UnixTime::from_secs(secs), window, None);
    /// assert!(matches!(verify(119), Verdict::Match(_)) && verify(29) == Verdict::Mismatch);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// # Errors
    /// [`RangeError`] for more.
    pub const fn new(past: u8, future: u8) -> Result<Self, RangeError> {
        if (past as u16 + future as u16) < MAX_CODES as u16 {
            Ok(Self { past, future, drift: Drift::ZERO })
        } else {
            Err(RangeError)
        }
    }

    /// The same, around the step that a token with this drift shows at present.
    ///
    /// ```
    /// # use pushotp_oath::{Drift, Key, Totp, Verdict, Window};
    /// # use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let slow = Window::ONE.around(Drift::from_steps(-8).unwrap()); // what was stored with the last match
    /// let verify = |window| Totp::DEFAULT.verify(&key, "287082", UnixTime::from_secs(59 + 240), window, None);
    /// assert!(matches!(verify(slow), Verdict::Match(_)) && verify(Window::ONE) == Verdict::Mismatch);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn around(self, drift: Drift) -> Self {
        Self { drift, ..self }
    }

    /// Steps before the middle one.
    ///
    /// ```
    /// # use pushotp_oath::{Period, Window};
    /// let window = Window::new(2, 1)?;
    /// assert_eq!(u32::from(window.past()) * Period::THIRTY.as_secs(), 60); // seconds that a code may come late
    /// # Ok::<(), pushotp_oath::RangeError>(())
    /// ```
    #[must_use]
    pub const fn past(self) -> u8 {
        self.past
    }

    /// Steps after it.
    ///
    /// ```
    /// # use pushotp_oath::Window;
    /// let window = Window::new(2, 1)?;
    /// assert_eq!(window.past() + 1 + window.future(), 4); // codes that are right at one time
    /// # Ok::<(), pushotp_oath::RangeError>(())
    /// ```
    #[must_use]
    pub const fn future(self) -> u8 {
        self.future
    }

    /// How far the middle is from the present step.
    ///
    /// ```
    /// # use pushotp_oath::{Drift, Window};
    /// let drift = Drift::from_steps(3)?;
    /// assert_eq!((Window::ONE.drift(), Window::ONE.around(drift).drift()), (Drift::ZERO, drift));
    /// # Ok::<(), pushotp_oath::RangeError>(())
    /// ```
    #[must_use]
    pub const fn drift(self) -> Drift {
        self.drift
    }

    /// The first and the last step, and how many steps before the first a used code is looked for.
    pub(crate) fn steps(self, present: u64) -> (u64, u64, u64) {
        let middle = present.saturating_add_signed(self.drift.0.into());
        let (past, future) = (u64::from(self.past), u64::from(self.future));
        (middle.saturating_sub(past), middle.saturating_add(future), past + future + 1)
    }
}
