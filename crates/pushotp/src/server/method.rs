//! How the typed passcodes of a token are made: by the protocol's TOTP, or as an imported credential says.

use pushotp_oath::{
    Advance, Counter, Drift, Hotp, HotpVerdict, Key, Period, ResyncWindow, Step, T0, Totp, Verdict, Window,
};
use pushotp_types::{Digits, HashAlgorithm, UnixTime};

use super::{
    ServerError, ServerPolicy,
    record::{Token, Typed},
    secret::AHEAD,
};
use crate::passcode;

const TOTP: u8 = 0;
const HOTP: u8 = 1;

/// How a token's typed passcodes are judged, as one version of the record says.
pub(super) enum Method {
    Totp { totp: Totp, t0: T0, window: Window, last: Option<Step> },
    Hotp { hotp: Hotp, next: Counter },
}

/// What a passcode is, under one key or several.
#[derive(Debug)]
pub(super) enum Judgement {
    Wrong,
    /// Right, and what it uses up.
    Right(Advance),
    /// Digits that are used up.
    Replay,
}

impl Judgement {
    /// Under both keys of a rotation. What is used up under one is used up; of two steps the later one counts.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Replay, _) | (_, Self::Replay) => Self::Replay,
            (Self::Right(one), Self::Right(other)) if one.to() < other.to() => Self::Right(other),
            (Self::Right(advance), _) | (Self::Wrong, Self::Right(advance)) => Self::Right(advance),
            (Self::Wrong, Self::Wrong) => Self::Wrong,
        }
    }

    fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Match(found) => Self::Right(found.advance()),
            Verdict::Replay => Self::Replay,
            _ => Self::Wrong,
        }
    }

    fn of_counter(verdict: &HotpVerdict) -> Self {
        match verdict {
            HotpVerdict::Match(found) => Self::Right(found.advance()),
            _ => Self::Wrong,
        }
    }
}

impl Method {
    pub(super) fn judge(&self, key: &Key, typed: &str, now: UnixTime) -> Judgement {
        match self {
            Self::Totp { totp, t0, window, last } => match t0.elapsed(now) {
                Ok(now) => Judgement::of(&totp.verify(key, typed, now, *window, *last)),
                Err(_) => Judgement::Wrong,
            },
            Self::Hotp { hotp, next } => Judgement::of_counter(&hotp.verify(key, typed, *next, AHEAD)),
        }
    }

    /// Several in a row, in the wide window of the policy.
    pub(super) fn resync<const N: usize>(
        &self,
        key: &Key,
        typed: [&str; N],
        (now, policy): (UnixTime, &ServerPolicy),
    ) -> Judgement {
        match self {
            Self::Totp { totp, t0, last, .. } => match t0.elapsed(now) {
                Ok(now) => Judgement::of(&totp.resync(key, typed, now, reach(policy.resync_steps), *last)),
                Err(_) => Judgement::Wrong,
            },
            Self::Hotp { hotp, next } => {
                Judgement::of_counter(&hotp.resync(key, typed, *next, reach(policy.resync_counters)))
            }
        }
    }

    /// Whether a text is as long as the token's passcodes.
    pub(super) fn is_as_long_as(&self, typed: &str) -> bool {
        let digits = match self {
            Self::Totp { totp, .. } => totp.digits(),
            Self::Hotp { hotp, .. } => hotp.digits(),
        };
        typed.len() == usize::from(digits.get())
    }
}

fn reach(places: u16) -> ResyncWindow {
    ResyncWindow::new(places.max(1)).unwrap_or(ResyncWindow::MAX)
}

impl Typed {
    pub(super) fn totp(algorithm: HashAlgorithm, totp: Totp, t0: u64) -> Self {
        let (digits, period) = (totp.digits().get(), totp.period().as_secs());
        Self { kind: TOTP, algorithm: code(algorithm), digits, period, t0 }
    }

    pub(super) const fn hotp(algorithm: HashAlgorithm, hotp: Hotp) -> Self {
        Self { kind: HOTP, algorithm: code(algorithm), digits: hotp.digits().get(), period: 0, t0: 0 }
    }
}

impl Token {
    /// The hash function that its secrets are for.
    pub(super) fn algorithm(&self) -> Result<HashAlgorithm, ServerError> {
        match self.typed.first().map(|typed| typed.algorithm) {
            None | Some(2) => Ok(HashAlgorithm::Sha256),
            Some(1) => Ok(HashAlgorithm::Sha1),
            Some(3) => Ok(HashAlgorithm::Sha512),
            Some(_) => Err(ServerError::Record),
        }
    }

    pub(super) fn method(&self) -> Result<Method, ServerError> {
        let (last, window) = (self.next_step.checked_sub(1).map(Step::new), Window::ONE.around(self.drift()));
        let Some(typed) = self.typed.first() else {
            return Ok(Method::Totp { totp: passcode::TYPED, t0: T0::EPOCH, window, last });
        };
        let digits = Digits::new(typed.digits).map_err(|_| ServerError::Record)?;
        match typed.kind {
            TOTP => {
                let period = Period::from_secs(typed.period).map_err(|_| ServerError::Record)?;
                let t0 = T0::new(UnixTime::from_secs(typed.t0));
                Ok(Method::Totp { totp: Totp::new(digits, period), t0, window, last })
            }
            HOTP => Ok(Method::Hotp { hotp: Hotp::new(digits), next: Counter::new(self.next_counter) }),
            _ => Err(ServerError::Record),
        }
    }

    /// Whether its typed passcodes count.
    pub(super) fn is_counted(&self) -> bool {
        self.typed.first().is_some_and(|typed| typed.kind == HOTP)
    }

    /// How far its clock is off.
    pub(super) fn drift(&self) -> Drift {
        let (behind, ahead) = self.drift;
        let steps = i32::from(ahead) - i32::from(behind);
        i16::try_from(steps).ok().and_then(|steps| Drift::from_steps(steps).ok()).unwrap_or_default()
    }

    pub(super) fn set_drift(&mut self, drift: Drift) {
        let steps = drift.steps();
        self.drift = if steps < 0 { (steps.unsigned_abs(), 0) } else { (0, steps.unsigned_abs()) };
    }
}

const fn code(algorithm: HashAlgorithm) -> u8 {
    match algorithm {
        HashAlgorithm::Sha1 => 1,
        HashAlgorithm::Sha256 => 2,
        HashAlgorithm::Sha512 => 3,
    }
}
