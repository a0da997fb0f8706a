use pushotp_types::{Code, Digits, UnixTime};
use subtle::{Choice, ConditionallySelectable};

use crate::{Key, Period, Step, Window};

/// TOTP: codes that follow the clock, which the caller reads.
///
/// ```
/// use pushotp_oath::{Key, Step, Totp, Verdict, Window};
/// use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let now = UnixTime::from_secs(59);
/// let code = Totp::DEFAULT.generate(&key, now);
/// assert_eq!(code.expose(), "287082");
///
/// let Verdict::Match(found) = Totp::DEFAULT.verify(&key, "287082", now, Window::ONE, None) else {
///     panic!("it is the code of this step")
/// };
/// assert_eq!(found.step(), Step::new(1)); // store this before telling anybody
///
/// // The same code again: the stored step refuses it.
/// let again = Totp::DEFAULT.verify(&key, "287082", now, Window::ONE, Some(found.step()));
/// assert_eq!(again, Verdict::Replay);
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
///
/// Source: RFC 6238, with T0 = 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totp {
    digits: Digits,
    period: Period,
}

/// What became of a typed TOTP code.
///
/// ```
/// use pushotp_oath::{Key, Step, Totp, Verdict, Window};
/// use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let typed = |code, last| Totp::DEFAULT.verify(&key, code, UnixTime::from_secs(59), Window::ONE, last);
/// assert!(matches!(typed("287082", None), Verdict::Match(_)));
/// assert_eq!(typed("287082", Some(Step::new(1))), Verdict::Replay);
/// assert_eq!(typed("287083", None), Verdict::Mismatch);
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Verdict {
    /// It is the code of a step that was not used.
    Match(Match),
    /// It is the code of a step in the window, and was used: that step, a later one, or one with the same digits.
    Replay,
    /// It is none of the window's codes.
    Mismatch,
}

/// An accepted TOTP code: what to store, so that it is accepted once.
///
/// ```
/// use pushotp_oath::{Key, Step, Totp, Verdict, Window};
/// use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// // The server's clock is one step further than the token's.
/// let verdict = Totp::DEFAULT.verify(&key, "287082", UnixTime::from_secs(61), Window::ONE, None);
/// let Verdict::Match(found) = verdict else { panic!("it is the code of the step before") };
/// assert_eq!((found.step(), found.drift()), (Step::new(1), -1));
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the step must be stored, or the code can be used again"]
pub struct Match {
    step: Step,
    drift: i8,
}

impl Match {
    /// The last step that is used up from now on.
    #[must_use]
    pub const fn step(&self) -> Step {
        self.step
    }

    /// How many whole steps the token's clock is ahead (positive) or behind.
    #[must_use]
    pub const fn drift(&self) -> i8 {
        self.drift
    }
}

/// A scan over the steps of one verification, in ascending order.
struct Scan {
    /// How far an accepted step looks back for its digits.
    look_back: u64,
    /// The latest step with the typed digits that is used up, and whether there is one.
    used: (u64, Choice),
    /// The latest step of the window with the typed digits, and whether there is one.
    found: (u64, Choice),
    accepted: Choice,
}

impl Totp {
    /// Six digits, 30 s: what every authenticator does.
    pub const DEFAULT: Self = Self::new(Digits::SIX, Period::THIRTY);

    /// TOTP with codes of so many digits that change with each period.
    #[must_use]
    pub const fn new(digits: Digits, period: Period) -> Self {
        Self { digits, period }
    }

    /// The step that a time falls into.
    #[must_use]
    pub const fn step_at(&self, time: UnixTime) -> Step {
        self.period.step_at(time)
    }

    /// The code of a time.
    ///
    /// Source: RFC 6238 §4.
    #[must_use]
    pub fn generate(&self, key: &Key, time: UnixTime) -> Code {
        key.code(self.step_at(time).get(), self.digits)
    }

    /// Whether `typed` is the code of a step in the window that was not used: later than `last`, the step of the last
    /// match, or `None` if there was none yet.
    ///
    /// Two steps near each other have the same digits about once in 10^6. So a step counts only if none of the steps
    /// before it, as far as the window is wide, has its digits and is used up; and the latest of several is stored.
    /// Every code of window and look-back is computed, whatever matches.
    ///
    /// A text of another length, or with anything but ASCII digits, is a mismatch.
    ///
    /// Source: RFC 6238 §5.2.
    pub fn verify(&self, key: &Key, typed: &str, now: UnixTime, window: Window, last: Option<Step>) -> Verdict {
        let present = self.step_at(now).get();
        let first = present.saturating_sub(window.past().into());
        let end = present.saturating_add(window.future().into());
        let look_back = u64::from(window.past()) + u64::from(window.future()) + 1;
        let mut scan =
            Scan { look_back, used: (0, Choice::from(0)), found: (0, Choice::from(0)), accepted: Choice::from(0) };
        for step in first.saturating_sub(look_back)..=end {
            let matches = key.code(step, self.digits).ct_matches(typed.as_bytes());
            scan.step(step, matches, (step >= first, last.is_some_and(|last| step <= last.get())));
        }
        scan.verdict(present)
    }
}

impl Scan {
    fn step(&mut self, step: u64, matches: Choice, (in_window, used_up): (bool, bool)) {
        let in_window = Choice::from(u8::from(in_window));
        let used_up = Choice::from(u8::from(used_up));
        let near = Choice::from(u8::from(step.wrapping_sub(self.used.0) <= self.look_back));
        self.accepted |= matches & in_window & !used_up & !(self.used.1 & near);
        self.found.0.conditional_assign(&step, matches & in_window);
        self.found.1 |= matches & in_window;
        self.used.0.conditional_assign(&step, matches & used_up);
        self.used.1 |= matches & used_up;
    }

    fn verdict(self, present: u64) -> Verdict {
        if !bool::from(self.found.1) {
            return Verdict::Mismatch;
        }
        if !bool::from(self.accepted) {
            return Verdict::Replay;
        }
        // At most 63 steps apart, by the window's own limit.
        let drift = i128::from(self.found.0) - i128::from(present);
        Verdict::Match(Match { step: Step::new(self.found.0), drift: i8::try_from(drift).unwrap_or(0) })
    }
}
