use std::io::{self, Write};

use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead, Period, Steam, Step, T0, Totp, Verdict, Window};
use pushotp_types::{Digits, HashAlgorithm, Secret, UnixTime};

use crate::{
    failure::Failure,
    options::{Clock, Options},
};

/// A token that counts or follows the clock, as it is at present.
pub(crate) enum Token {
    Hotp { hotp: Hotp, key: Key, next: Counter },
    Totp { totp: Totp, key: Key, elapsed: UnixTime },
    Steam { steam: Steam, elapsed: UnixTime },
}

impl Token {
    pub(crate) fn hotp(options: &Options, secret: &Secret) -> Result<Self, Failure> {
        let next = options.counter.unwrap_or(Counter::new(0));
        Ok(Self::Hotp { hotp: Hotp::new(digits(options)?), key: Key::new(HashAlgorithm::Sha1, secret), next })
    }

    pub(crate) fn totp(options: &Options, secret: &Secret, algorithm: HashAlgorithm) -> Result<Self, Failure> {
        let totp = Totp::new(digits(options)?, options.clock.period);
        Ok(Self::Totp { totp, key: Key::new(algorithm, secret), elapsed: elapsed(&options.clock)? })
    }

    pub(crate) fn steam(options: &Options, secret: &Secret) -> Result<Self, Failure> {
        Ok(Self::Steam { steam: Steam::new(secret), elapsed: elapsed(&options.clock)? })
    }

    /// How many symbols its codes have.
    pub(crate) const fn digits(&self) -> u8 {
        match self {
            Self::Hotp { hotp, .. } => hotp.digits().get(),
            Self::Totp { totp, .. } => totp.digits().get(),
            Self::Steam { .. } => 5,
        }
    }

    /// The moving factor at present.
    pub(crate) const fn factor(&self) -> u64 {
        match self {
            Self::Hotp { next, .. } => next.get(),
            Self::Totp { totp, elapsed, .. } => totp.step_at(*elapsed).get(),
            Self::Steam { elapsed, .. } => Period::THIRTY.step_at(*elapsed).get(),
        }
    }

    /// Seconds, and 1 for a token that counts.
    const fn period(&self) -> u64 {
        match self {
            Self::Hotp { .. } => 1,
            Self::Totp { totp, .. } => totp.period().as_secs() as u64,
            Self::Steam { .. } => Period::THIRTY.as_secs() as u64,
        }
    }

    /// The present factor and the last one of a window; there are only 2^64 counters, and as many seconds.
    fn factors(&self, width: u64) -> Result<(u64, u64), Failure> {
        let last = self.factor().checked_add(width).filter(|last| last.checked_mul(self.period()).is_some());
        last.map(|last| (self.factor(), last)).ok_or(Failure::Not("--window", "a window that ends before 2^64"))
    }

    /// Prints the code of the present and those of the window after it.
    pub(crate) fn generate(&self, width: u64, out: &mut dyn Write) -> Result<(), Failure> {
        let (first, last) = self.factors(width)?;
        for factor in first..=last {
            self.show(factor, out)?;
        }
        Ok(())
    }

    fn show(&self, factor: u64, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Hotp { hotp, key, .. } => writeln!(out, "{}", hotp.generate(key, Counter::new(factor)).expose()),
            Self::Totp { totp, key, .. } => writeln!(out, "{}", totp.generate(key, self.time(factor)).expose()),
            Self::Steam { steam, .. } => writeln!(out, "{}", steam.generate(self.time(factor)).expose()),
        }
    }

    /// The first second of a step.
    const fn time(&self, step: u64) -> UnixTime {
        UnixTime::from_secs(step.saturating_mul(self.period()))
    }

    /// How far from the present a code is, searched as `oathtool` does: for a token that follows the clock on both sides.
    ///
    /// No login: there, `verify` decides, which knows what was used.
    pub(crate) fn validate(&self, typed: &str, width: u64) -> Result<Option<u64>, Failure> {
        let (present, _) = self.factors(width)?;
        let is_at = |distance: u64| {
            let before = present.checked_sub(distance).filter(|_| !matches!(self, Self::Hotp { .. }));
            self.is_at(typed, present + distance) || before.is_some_and(|before| self.is_at(typed, before))
        };
        Ok((0..=width).find(|distance| is_at(*distance)))
    }

    fn is_at(&self, typed: &str, factor: u64) -> bool {
        let time = self.time(factor);
        match self {
            Self::Hotp { hotp, key, .. } => {
                matches!(hotp.verify(key, typed, Counter::new(factor), LookAhead::ZERO), HotpVerdict::Match(_))
            }
            Self::Totp { totp, key, .. } => {
                matches!(totp.verify(key, typed, time, Window::ZERO, None), Verdict::Match(_))
            }
            Self::Steam { steam, .. } => matches!(steam.verify(typed, time, Window::ZERO, None), Verdict::Match(_)),
        }
    }

    /// Says what a login server makes of a code; whether it is right and was not used.
    pub(crate) fn verify(
        &self,
        typed: &str,
        width: u64,
        last: Option<Step>,
        out: &mut dyn Write,
    ) -> Result<bool, Failure> {
        let around = || window(width).ok_or(Failure::Not("--window", "a window of 64 codes at most"));
        let verdict = match self {
            Self::Hotp { hotp, key, next } => {
                let ahead = u8::try_from(width).ok().and_then(|width| LookAhead::new(width).ok());
                let ahead = ahead.ok_or(Failure::Not("--window", "a window of 64 codes at most"))?;
                return say_counted(&hotp.verify(key, typed, *next, ahead), *next, out);
            }
            Self::Totp { totp, key, elapsed } => totp.verify(key, typed, *elapsed, around()?, last),
            Self::Steam { steam, elapsed } => steam.verify(typed, *elapsed, around()?, last),
        };
        say(&verdict, out)
    }
}

/// The number of digits of the codes: when a code is searched, as in `oathtool`, also by its length.
///
/// Never in `verify`: there a code that is cut off is as wrong as any other.
fn digits(options: &Options) -> Result<Digits, Failure> {
    match (options.digits, &options.code) {
        (Some(digits), _) => Ok(digits),
        (None, Some(code)) if !options.verify => {
            let digits = u8::try_from(code.len()).ok().and_then(|digits| Digits::new(digits).ok());
            digits.ok_or(Failure::Not("code", "of 6 to 10 digits"))
        }
        _ => Ok(Digits::SIX),
    }
}

/// The time as the token counts it.
fn elapsed(clock: &Clock) -> Result<UnixTime, Failure> {
    Ok(T0::new(clock.start).elapsed(clock.now)?)
}

fn window(width: u64) -> Option<Window> {
    let width = u8::try_from(width).ok()?;
    Window::new(width, width).ok()
}

fn say(verdict: &Verdict, out: &mut dyn Write) -> Result<bool, Failure> {
    match verdict {
        Verdict::Match(found) => {
            writeln!(out, "match: step {}, drift {}", found.step().get(), found.drift().steps())?;
        }
        Verdict::Replay => writeln!(out, "replay: the code of a step that is used up")?,
        _ => writeln!(out, "mismatch")?,
    }
    Ok(matches!(verdict, Verdict::Match(_)))
}

fn say_counted(verdict: &HotpVerdict, expected: Counter, out: &mut dyn Write) -> Result<bool, Failure> {
    match verdict {
        HotpVerdict::Match(found) => {
            let (counter, next) = (found.counter().get(), found.next().get());
            writeln!(out, "match: counter {counter}, drift {}, next {next}", counter - expected.get())?;
        }
        _ => writeln!(out, "mismatch")?,
    }
    Ok(matches!(verdict, HotpVerdict::Match(_)))
}
