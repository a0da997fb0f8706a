//! Waits on a clock that nobody sets, a counter that never goes back, and the server's leave to start again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/world.rs"]
#[allow(dead_code, reason = "the examples use the rest")]
mod world;

use std::{cell::Cell, time::Duration};

use pushotp_pin::{
    AttemptStore, Blob, Denied, Generation, Locks, MemoryAttempts, Pending, RecordError, Settlement, Stamp, StoreError,
    UnlockError, UnlockTicket,
};
use pushotp_types::{TokenId, UnixTime};
use world::{NOW, TOKEN, device, pin, seal};

fn armed() -> (Blob, MemoryAttempts) {
    let (blob, store) = (seal(&Locks::pin(&pin("271846"))), MemoryAttempts::new());
    blob.arm(&store, &device()).unwrap();
    (blob, store)
}

fn secs(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}

/// In the run `boot` of the device, `millis` after its start, at `wall` seconds after NOW.
fn at(boot: u8, millis: u64, wall: u64) -> Stamp {
    Stamp::new([boot; 16], Duration::from_millis(millis), secs(NOW.as_secs() + wall))
}

/// Three failures at that moment, so that 30 s are to be waited.
fn failed_thrice(now: impl Into<Stamp> + Copy) -> (Blob, MemoryAttempts) {
    let (blob, store) = armed();
    for _ in 0..3 {
        let pending = blob.begin(&store, &device(), now).unwrap().into_pending();
        pending.settle(Settlement::WrongPasscode, &store, &device(), now).unwrap();
    }
    (blob, store)
}

/// Seconds after NOW until which one has to wait, `None` if an attempt begins.
fn wait(blob: &Blob, store: &MemoryAttempts, now: impl Into<Stamp>) -> Option<u64> {
    match blob.begin(store, &device(), now) {
        Ok(_) => None,
        Err(Denied::Wait { until }) => Some(until.as_secs() - NOW.as_secs()),
        Err(other) => unreachable!("{other}"),
    }
}

/// The monotonic clock measures, to the millisecond; the wall clock put forward does not help.
#[test]
fn within_one_run() {
    let (blob, store) = failed_thrice(at(1, 5_000, 0));
    assert_eq!(wait(&blob, &store, at(1, 5_000, 0)), Some(30));
    assert_eq!(wait(&blob, &store, at(1, 6_000, 1_000_000)), Some(1_000_029), "29 s to go");
    assert_eq!(wait(&blob, &store, at(1, 34_999, 40)), Some(41), "a millisecond to go");
    assert_eq!(wait(&blob, &store, at(1, 35_000, 30)), None);
}

/// The same clock as a wall clock alone: put forward, it ends the wait. Nobody relies on it.
#[test]
fn a_wall_clock_alone_can_be_put_forward() {
    let (blob, store) = failed_thrice(NOW);
    assert_eq!(wait(&blob, &store, secs(NOW.as_secs() + 29)), Some(30));
    assert_eq!(wait(&blob, &store, secs(NOW.as_secs() + 1_000_000)), None);
}

/// After a restart the wait starts again in full, once, however much time has passed.
#[test]
fn a_restart_waits_again() {
    let (blob, store) = failed_thrice(at(1, 5_000, 0));
    assert_eq!(wait(&blob, &store, at(2, 100, 1_000)), Some(1_030));
    assert_eq!(wait(&blob, &store, at(2, 20_100, 1_020)), Some(1_030), "not again and again");
    assert_eq!(wait(&blob, &store, at(2, 30_100, 1_030)), None);
    let (blob, store) = failed_thrice(at(1, 5_000, 0));
    assert_eq!(wait(&blob, &store, at(2, 500_000, 1_000)), Some(1_030), "also where the new run is longer by now");
}

/// So it does when the wall clock goes back, when the monotonic one does, and when one of the two comes or goes.
#[test]
fn clocks_that_contradict_wait_again() {
    let then = at(1, 5_000, 100);
    let table = [
        ("wall clock back", at(1, 500_000, 99), Some(129)),
        ("monotonic clock back", at(1, 4_999, 500), Some(530)),
        ("no monotonic clock any more", Stamp::from(secs(NOW.as_secs() + 500)), Some(530)),
    ];
    for (name, now, expected) in table {
        let (blob, store) = failed_thrice(then);
        assert_eq!(wait(&blob, &store, now), expected, "{name}");
    }
    let (blob, store) = failed_thrice(NOW);
    assert_eq!(wait(&blob, &store, at(1, 5_000, 500)), Some(530), "a monotonic clock all at once");
    assert_eq!(wait(&blob, &store, at(1, 35_000, 530)), None);
}

/// An attempt that was never settled counts from its beginning, on the same clock.
#[test]
fn an_unsettled_attempt_waits_from_its_beginning() {
    let (blob, store) = armed();
    for _ in 0..3 {
        drop(blob.begin(&store, &device(), at(1, 5_000, 0)).unwrap());
    }
    let stands = blob.attempts(&store, &device()).unwrap();
    assert_eq!((stands.left(), stands.wait_until()), (7, Some(secs(NOW.as_secs() + 30))));
    assert_eq!(wait(&blob, &store, at(1, 34_999, 29)), Some(30));
    assert_eq!(wait(&blob, &store, at(1, 35_000, 30)), None);
}

#[test]
fn the_longest_times_do_no_harm() {
    let end = Stamp::new([1; 16], Duration::MAX, secs(u64::MAX));
    let (blob, store) = failed_thrice(end);
    assert_eq!(blob.begin(&store, &device(), end).err(), Some(Denied::Wait { until: secs(u64::MAX) }));
}

/// A store with a counter, and a thief who puts old records back.
struct Counting {
    records: MemoryAttempts,
    counter: Cell<u64>,
    /// Leaves the counter as it is: a device without one.
    broken: bool,
    crash_before_raise: Cell<bool>,
}

impl AttemptStore for Counting {
    fn load(&self, token: TokenId) -> Result<Option<Vec<u8>>, StoreError> {
        self.records.load(token)
    }
    fn commit(&self, token: TokenId, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError> {
        self.records.commit(token, old, new)
    }
    fn counter(&self, _: TokenId) -> Result<Option<u64>, StoreError> {
        Ok(Some(self.counter.get()))
    }
    fn raise(&self, _: TokenId, to: u64) -> Result<(), StoreError> {
        if self.crash_before_raise.get() {
            return Err(StoreError::Failed);
        }
        if !self.broken {
            self.counter.set(self.counter.get().max(to));
        }
        Ok(())
    }
}

fn counting(broken: bool, counter: u64) -> (Blob, Counting) {
    let blob = seal(&Locks::pin(&pin("271846")));
    let counter = Cell::new(counter);
    let store = Counting { records: MemoryAttempts::new(), counter, broken, crash_before_raise: Cell::new(false) };
    blob.arm(&store, &device()).unwrap();
    (blob, store)
}

/// By one attempt or by two.
#[test]
fn an_old_record_is_refused() {
    for (broken, expected) in [(false, Some(Denied::Record(RecordError::RolledBack))), (true, None)] {
        for attempts in [1, 2] {
            let (blob, store) = counting(broken, 0);
            let old = store.load(TOKEN).unwrap().unwrap();
            for _ in 0..attempts {
                drop(blob.begin(&store, &device(), NOW).unwrap());
            }
            let new = store.load(TOKEN).unwrap().unwrap();
            store.commit(TOKEN, Some(&new), &old).unwrap();
            assert_eq!(blob.begin(&store, &device(), NOW).err(), expected, "broken: {broken}, {attempts}");
        }
    }
}

/// A stop between record and counter leaves the record ahead, which is no rollback; the attempt is counted.
#[test]
fn a_stop_before_the_counter_is_raised() {
    let (blob, store) = counting(false, 0);
    store.crash_before_raise.set(true);
    let denied = blob.begin(&store, &device(), NOW).err();
    assert_eq!(denied, Some(Denied::Record(RecordError::Store(StoreError::Failed))));
    store.crash_before_raise.set(false);
    assert_eq!(blob.attempts(&store, &device()).unwrap().left(), 9);
    let pending = blob.begin(&store, &device(), NOW).unwrap().into_pending();
    assert_eq!((pending.number(), store.counter.get()), (2, 2));
    pending.settle(Settlement::Accepted, &store, &device(), NOW).unwrap();
    assert_eq!(store.counter.get(), 2);
}

/// A token that is enrolled anew on a device whose counter stands high starts there.
#[test]
fn a_new_record_starts_at_the_counter() {
    let (blob, store) = counting(false, 41);
    assert_eq!(blob.begin(&store, &device(), NOW).unwrap().into_pending().number(), 42);
}

#[test]
fn unlocking() {
    let (blob, store) = armed();
    for hour in 0..10 {
        drop(blob.begin(&store, &device(), secs(NOW.as_secs() + 3_600 * hour)).unwrap());
    }
    let late = secs(NOW.as_secs() + 1_000_000);
    assert_eq!(blob.begin(&store, &device(), late).err(), Some(Denied::Locked));
    let number = blob.attempts(&store, &device()).unwrap().number();
    let unlock =
        |token, generation, number| blob.unlock(UnlockTicket::new(token, generation, number), &store, &device());
    let other = TokenId::from_bytes([8; 16]);
    assert_eq!(unlock(other, Generation::FIRST, number).err(), Some(UnlockError::OtherBlob));
    assert_eq!(unlock(TOKEN, Generation::new(2).unwrap(), number).err(), Some(UnlockError::OtherBlob));
    for wrong in [number - 1, number + 1] {
        assert_eq!(unlock(TOKEN, Generation::FIRST, wrong).err(), Some(UnlockError::OtherAttempt));
    }
    assert_eq!(blob.begin(&store, &device(), late).err(), Some(Denied::Locked), "none of these did anything");
    let unlocked = unlock(TOKEN, Generation::FIRST, number).unwrap();
    assert_eq!((unlocked.left(), unlocked.failures(), unlocked.wait_until()), (10, 10, None));
    assert!(Pending::resume(TOKEN, Generation::FIRST, &store, &device()).is_err(), "nothing is pending");
    drop(blob.begin(&store, &device(), late).unwrap());
    assert_eq!(unlock(TOKEN, Generation::FIRST, number).err(), Some(UnlockError::OtherAttempt), "good once");
}

/// A duress PIN needs nothing in the blob: its secret is there, as every PIN's is, always the same one. What it takes is a
/// server that learnt that secret's key, which no message of version 1 carries.
#[test]
fn any_pin_may_serve_under_duress() {
    let (blob, store) = armed();
    let open = |text| {
        let attempt = blob.begin(&store, &device(), NOW).unwrap();
        let candidate = attempt.open(&pin(text), &device(), &mut pushotp_pin::Arena::new()).unwrap();
        let secret = candidate.secret().expose().to_vec();
        candidate.settle(Settlement::Unjudged, &store, &device(), NOW).unwrap();
        secret
    };
    assert_eq!(open("111222"), open("111222"));
    assert_ne!(open("111222"), open("271846"));
    assert_eq!(blob.attempts(&store, &device()).unwrap().left(), 10);
}
