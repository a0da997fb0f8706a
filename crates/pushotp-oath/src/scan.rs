//! The comparison of a typed code with those of consecutive moving factors, and what follows from it.

use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::{
    Step, Window,
    step::Drift,
    totp::{Match, Verdict},
    typed::Value,
};

/// How many codes are computed together. TOTP's windows with their look-back are even, so none of them is in vain.
pub(crate) const LANES: usize = 2;

/// The values of a token's codes, of several factors at once.
pub(crate) trait Codes: Fn([u64; LANES]) -> [Value; LANES] {}

impl<F: Fn([u64; LANES]) -> [Value; LANES]> Codes for F {}

/// One bit for each factor from `first` to `last`, 128 at most: whether its code has the value that was typed.
///
/// Every code is computed and compared, whatever matches.
pub(crate) fn matches(codes: impl Codes, typed: Value, (first, last): (u64, u64)) -> u128 {
    let mut found = 0;
    for place in (0..=(last - first).min(127)).step_by(LANES) {
        let factor = first + place;
        for (lane, value) in (0..).zip(codes([factor, factor.saturating_add(1)])) {
            found |= u128::from(value.ct_eq(&typed).unwrap_u8()) << (place + lane);
        }
    }
    // The last pair may be half beyond the end.
    found & (u128::MAX >> (127 - (last - first).min(127)))
}

/// The verdict on what was typed, by the collision rule.
///
/// Two steps near each other have the same digits about once in 10^6. So a step counts only if none of the steps before
/// it, as far as the window is wide, has its digits and is used up; and the latest of several is taken.
pub(crate) fn verdict(
    codes: impl Codes,
    typed: Value,
    (present, window): (u64, Window),
    last: Option<Step>,
) -> Verdict {
    let (first, end, look_back) = window.steps(present);
    let start = first.saturating_sub(look_back);
    let found = matches(codes, typed, (start, end));
    // What this branch tells, and all after it, is in the verdict.
    let in_window = found >> (first - start);
    let Some(latest) = in_window.checked_ilog2() else { return Verdict::Mismatch };
    let latest = first + u64::from(latest);
    let unused = last.map_or(start, |last| last.get().saturating_add(1));
    if last.is_some_and(|last| latest <= last.get()) {
        return Verdict::Replay;
    }
    // The latest step with these digits that is used up. Every step of the mask is below 128 from its start.
    let used =
        found & !(u128::MAX.checked_shl(u32::try_from(unused.saturating_sub(start)).unwrap_or(128)).unwrap_or(0));
    match used.checked_ilog2() {
        Some(used) if latest - (start + u64::from(used)) <= look_back => Verdict::Replay,
        _ => Verdict::Match(Match { step: Step::new(latest), drift: Drift::between(present, latest), last }),
    }
}

/// The latest factor from `first` to `last` that ends a run of the typed codes, and one whose run begins after `used`.
///
/// Every code is computed once and compared with all that were typed, whatever matches.
pub(crate) fn runs<const N: usize>(
    codes: impl Codes,
    typed: [Value; N],
    (first, last): (u64, u64),
    used: Option<u64>,
) -> (Option<u64>, Option<u64>) {
    const { assert!(N >= 2 && N <= 8, "two to eight codes in a row") };
    // Whether the codes up to this one end at the factor before.
    let mut ends = [0_u8; N];
    let (mut any, mut fresh) = (Latest::default(), Latest::default());
    for pair in (first..=last).step_by(LANES) {
        for (lane, value) in (0..).zip(codes([pair, pair.saturating_add(1)])) {
            let mut so_far = 1;
            for (end, typed) in ends.iter_mut().zip(typed) {
                let here = so_far & value.ct_eq(&typed).unwrap_u8();
                so_far = core::mem::replace(end, here);
            }
            // The last pair may be half beyond the end.
            let whole = ends.last().map_or(0, |end| end & u8::from(lane <= last - pair));
            let factor = pair.saturating_add(lane);
            let begins_after = used.is_none_or(|used| factor.saturating_sub(N as u64 - 1) > used);
            any.note(factor, whole);
            fresh.note(factor, whole & u8::from(begins_after));
        }
    }
    (any.get(), fresh.get())
}

/// The latest factor of which something holds.
#[derive(Default)]
struct Latest {
    factor: u64,
    any: u8,
}

impl Latest {
    fn note(&mut self, factor: u64, holds: u8) {
        self.factor.conditional_assign(&factor, holds.into());
        self.any |= holds;
    }

    fn get(self) -> Option<u64> {
        (self.any == 1).then_some(self.factor)
    }
}
