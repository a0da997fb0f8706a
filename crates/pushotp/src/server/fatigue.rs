//! How often a login is pushed without a success: whoever does not know why the phone rings must not tire and approve.

use pushotp_types::UnixTime;

use super::{AccountId, AuditKind, LoginServer, Rng, ServerError, ServerPolicy, record::Record, vault::Change};

/// The pushes without a success that are remembered, and when the last one was.
type Pushes = (u8, u64);

/// How many of them are remembered now: each time the longest spacing passes without a push, one is forgotten.
fn remembered((count, last): Pushes, policy: &ServerPolicy, now: UnixTime) -> u8 {
    let passed = now.as_secs().saturating_sub(last);
    let forgotten = passed.checked_div(policy.max_push_spacing.as_secs()).unwrap_or(u64::MAX);
    count.saturating_sub(u8::try_from(forgotten).unwrap_or(u8::MAX))
}

/// How long after the last push the next one may follow, in seconds.
fn spacing(count: u8, policy: &ServerPolicy) -> u64 {
    let Some(doublings) = count.checked_sub(policy.max_pushes) else { return 0 };
    let factor = 1_u64.checked_shl(doublings.into()).unwrap_or(u64::MAX);
    policy.push_spacing.as_secs().saturating_mul(factor).min(policy.max_push_spacing.as_secs())
}

/// When the next push may be tried, if not now. Until then nothing is forgotten, for no spacing is longer than that takes.
fn retry_at(pushes: Pushes, policy: &ServerPolicy, now: UnixTime) -> Option<UnixTime> {
    let retry_at = pushes.1.saturating_add(spacing(remembered(pushes, policy, now), policy));
    (pushes.0 >= policy.max_pushes && now.as_secs() < retry_at).then_some(UnixTime::from_secs(retry_at))
}

/// One more push.
fn count(pushes: Pushes, policy: &ServerPolicy, now: UnixTime) -> Pushes {
    (remembered(pushes, policy, now).saturating_add(1), now.as_secs())
}

impl LoginServer {
    /// When the next push may be tried, if not now.
    pub(super) fn throttled(&self, record: &Record, now: UnixTime) -> Option<UnixTime> {
        retry_at(record.pushes, &self.policy, now)
    }

    pub(super) fn count_push(&self, record: &mut Record, now: UnixTime) {
        record.pushes = count(record.pushes, &self.policy, now);
    }

    /// Notes that a push was refused, once after each push: who knocks on costs no writes, whatever else is logged.
    pub(super) async fn note_throttled(
        &self,
        account: &AccountId,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<(), ServerError> {
        let happened = Self::happened(now, rng);
        let decide = |record: &mut Record| {
            if self.throttled(record, now).is_none() || is_noted(record) {
                return Ok(Change::Keep(()));
            }
            happened.log(record, AuditKind::PushThrottled, None);
            Ok(Change::Write(()))
        };
        self.vault.update(account, happened.attempt, decide).await
    }
}

/// Whether the refusal was noted since the last push. The order of the events tells, for servers' clocks differ.
fn is_noted(record: &Record) -> bool {
    let (started, throttled) = (AuditKind::LoginStarted.code(), AuditKind::PushThrottled.code());
    let last = record.audit.iter().rev().find(|event| event.kind == started || event.kind == throttled);
    last.is_some_and(|event| event.kind == throttled)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use rand_chacha::ChaCha20Rng;
    use rand_core::{Rng as _, SeedableRng as _};

    use super::*;

    const HOUR: u64 = 3_600;
    const WINDOW: u64 = 600;

    /// A push, and whether it was one of those that need no spacing.
    type Push = (u64, bool);

    /// What an attacker gets who waits so long before each try.
    fn attack(tries: usize, mut wait: impl FnMut(Pushes, u64) -> u64) -> Vec<Push> {
        let (policy, mut pushes, mut now, mut done) = (ServerPolicy::default(), (0, 0), 1_000_000, Vec::new());
        for _ in 0..tries {
            now += wait(pushes, now);
            let at = UnixTime::from_secs(now);
            if retry_at(pushes, &policy, at).is_none() {
                done.push((now, remembered(pushes, &policy, at) < policy.max_pushes));
                pushes = count(pushes, &policy, at);
            }
        }
        done
    }

    /// The most pushes in any stretch of so many seconds, both ends included.
    fn most(pushes: &[Push], seconds: u64, counts: fn(&Push) -> bool) -> usize {
        let within =
            |from: u64| pushes.iter().filter(move |push| counts(push) && (from..=from + seconds).contains(&push.0));
        pushes.iter().map(|push| within(push.0).count()).max().unwrap_or(0)
    }

    fn is_bounded(pushes: &[Push]) {
        assert!(most(pushes, WINDOW, |push| push.1) <= 5, "free ones in ten minutes: {pushes:?}");
        assert!(most(pushes, WINDOW, |_| true) <= 10, "in ten minutes: {pushes:?}");
        for hours in [1, 2, 10, 24, 24 * 30] {
            let bound = 14 + usize::try_from(hours).unwrap_or(usize::MAX);
            assert!(most(pushes, hours * HOUR, |_| true) <= bound, "in {hours} h: {pushes:?}");
        }
    }

    #[test]
    fn the_spacing_doubles_from_ten_seconds_to_an_hour() {
        let policy = ServerPolicy::default();
        let spacings: Vec<u64> = (4..=15).map(|count| spacing(count, &policy)).collect();
        assert_eq!(spacings, [0, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, HOUR, HOUR]);
        assert_eq!(spacing(u8::MAX, &policy), HOUR);
        for (count, seconds) in (5..=14).zip([10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, HOUR]) {
            let at = |second| retry_at((count, 50), &policy, UnixTime::from_secs(50 + second));
            assert_eq!(at(seconds - 1), Some(UnixTime::from_secs(50 + seconds)), "{count}");
            assert_eq!(at(seconds), None, "{count}");
        }
    }

    #[test]
    fn one_is_forgotten_an_hour() {
        let policy = ServerPolicy::default();
        let at = |second| remembered((5, 50), &policy, UnixTime::from_secs(50 + second));
        assert_eq!([at(0), at(HOUR - 1), at(HOUR), at(5 * HOUR - 1), at(5 * HOUR)], [5, 5, 4, 1, 0]);
        assert_eq!(remembered((u8::MAX, 0), &policy, UnixTime::from_secs(u64::MAX)), 0);
        assert_eq!(remembered((5, 50), &policy, UnixTime::from_secs(0)), 5, "a clock that was set back");
    }

    /// As fast as it goes: five at once, then the spacings, then one an hour for ever.
    #[test]
    fn whoever_does_not_stop_gets_one_an_hour() {
        let policy = ServerPolicy::default();
        let pushes = attack(60, |pushes, now| {
            retry_at(pushes, &policy, UnixTime::from_secs(now)).map_or(0, |at| at.as_secs() - now)
        });
        is_bounded(&pushes);
        let gaps: Vec<u64> = pushes.windows(2).filter_map(|two| Some(two.get(1)?.0 - two.first()?.0)).collect();
        assert_eq!(gaps.get(..13), Some([0, 0, 0, 0, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560].as_slice()));
        assert!(gaps.iter().skip(13).all(|gap| *gap == HOUR), "{gaps:?}");
    }

    /// Whatever the timing: bursts, pauses, steady knocking.
    #[test]
    fn no_timing_gets_more() {
        for seed in 0..200 {
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            let scales = [1, 10, 60, 600, HOUR, 6 * HOUR];
            let pushes = attack(400, |_, _| {
                let scale = scales.get(rng.next_u32() as usize % scales.len()).copied().unwrap_or(1);
                if rng.next_u32() % 3 == 0 { u64::from(rng.next_u32()) % scale } else { 0 }
            });
            assert!(pushes.len() > 10);
            is_bounded(&pushes);
        }
    }

    /// The negative control: without memory the bounds are broken, and seen to be.
    #[test]
    #[should_panic(expected = "free ones in ten minutes")]
    fn a_count_that_forgets_is_caught() {
        is_bounded(&(0..6).map(|second| (second, true)).collect::<Vec<_>>());
    }

    #[test]
    fn policies_at_their_ends_panic_nowhere() {
        let none = Duration::ZERO;
        for (max_pushes, push_spacing, max_push_spacing) in [
            (0, none, none),
            (0, Duration::MAX, Duration::MAX),
            (u8::MAX, Duration::from_secs(1), Duration::MAX),
            (5, Duration::MAX, Duration::from_secs(HOUR)),
        ] {
            let policy = ServerPolicy { max_pushes, push_spacing, max_push_spacing, ..ServerPolicy::default() };
            for pushes in [(0, 0), (u8::MAX, 0), (u8::MAX, u64::MAX), (5, 1)] {
                for now in [0, 1, u64::MAX].map(UnixTime::from_secs) {
                    let _ = (retry_at(pushes, &policy, now), count(pushes, &policy, now));
                }
            }
        }
    }
}
