//! The count of attempts: waits, lock, crashes, clocks, stores that fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/fixture.rs"]
mod fixture;

use std::cell::Cell;

use fixture::{HEADER, NOW, TOKEN, cheap, device, pin, rng, seal, uniform};
use pushotp_pin::{
    Arena, AttemptStore, Blob, Denied, Generation, Header, MAX_ATTEMPTS, MemoryAttempts, Pending, RecordError, Sealing,
    SettleError, Settlement, SoftwareKey, StoreError,
};
use pushotp_types::{TokenId, UnixTime};

/// A blob whose count starts in a store of its own.
fn armed() -> (Blob, MemoryAttempts) {
    let (blob, store) = (seal(&[0x3c; 32], "271846", 1), MemoryAttempts::new());
    blob.arm(&store, &device()).unwrap();
    (blob, store)
}

fn generation(number: u32) -> Blob {
    let sealing = Sealing {
        header: Header { generation: Generation::new(number).unwrap(), ..HEADER },
        cost: cheap(),
        device: &device(),
        arena: &mut Arena::new(),
        rng: &mut rng(u64::from(number)),
    };
    Blob::seal_pin(&uniform(&[0x3c; 32]), &pin("271846"), sealing).unwrap()
}

fn secs(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}

/// Begins and settles in one go.
fn fail(blob: &Blob, store: &MemoryAttempts, now: UnixTime) -> Result<u8, Denied> {
    let pending = blob.begin(store, &device(), now)?.into_pending();
    Ok(pending.settle(Settlement::WrongPasscode, store, &device(), now).unwrap().left())
}

#[test]
fn waits_and_lock() {
    let (blob, store) = armed();
    let mut now = NOW;
    for (failed, wait) in [0, 0, 0, 30, 60, 300, 900, 3600, 3600, 3600].into_iter().enumerate() {
        let until = secs(now.as_secs() + wait);
        if wait > 0 {
            for early in [now, secs(until.as_secs() - 1)] {
                assert_eq!(blob.begin(&store, &device(), early).err(), Some(Denied::Wait { until }), "{failed}");
            }
        }
        now = until;
        assert_eq!(usize::from(fail(&blob, &store, now).unwrap()), 9 - failed);
    }
    for late in [now, secs(now.as_secs() + 1_000_000), secs(u64::MAX)] {
        assert_eq!(blob.begin(&store, &device(), late).err(), Some(Denied::Locked));
    }
}

#[test]
fn settled_says_what_is_next() {
    let (blob, store) = armed();
    for _ in 0..2 {
        fail(&blob, &store, NOW).unwrap();
    }
    let settle = |settlement| {
        let now = secs(NOW.as_secs() + 100);
        blob.begin(&store, &device(), now).unwrap().into_pending().settle(settlement, &store, &device(), now).unwrap()
    };
    let unjudged = settle(Settlement::Unjudged);
    assert_eq!((unjudged.left(), unjudged.failures(), unjudged.wait_until()), (8, 2, None));
    let wrong = settle(Settlement::WrongPasscode);
    assert_eq!((wrong.left(), wrong.failures(), wrong.wait_until()), (7, 3, Some(secs(NOW.as_secs() + 130))));
}

#[test]
fn success_starts_the_count_again_and_keeps_the_sum() {
    let (blob, store) = armed();
    for _ in 0..3 {
        fail(&blob, &store, NOW).unwrap();
    }
    let later = secs(NOW.as_secs() + 30);
    let pending = blob.begin(&store, &device(), later).unwrap().into_pending();
    let settled = pending.settle(Settlement::Accepted, &store, &device(), later).unwrap();
    assert_eq!((settled.left(), settled.failures(), settled.wait_until()), (MAX_ATTEMPTS, 3, None));
    assert_eq!(fail(&blob, &store, later), Ok(9));
}

/// The tenth attempt may still succeed.
#[test]
fn the_last_attempt_counts_like_any() {
    let (blob, store) = armed();
    let mut now = NOW;
    for _ in 0..9 {
        fail(&blob, &store, now).unwrap();
        now = secs(now.as_secs() + 3600);
    }
    let last = blob.begin(&store, &device(), now).unwrap().into_pending();
    assert_eq!(blob.begin(&store, &device(), secs(now.as_secs() + 9999)).err(), Some(Denied::Locked));
    assert_eq!(last.settle(Settlement::Accepted, &store, &device(), now).unwrap().left(), 10);
}

/// Dropped, crashed, forgotten: the attempt has failed, and its wait runs from its beginning.
#[test]
fn a_crash_is_a_failure() {
    let (blob, store) = armed();
    for _ in 0..3 {
        drop(blob.begin(&store, &device(), NOW).unwrap());
    }
    let until = secs(NOW.as_secs() + 30);
    assert_eq!(blob.begin(&store, &device(), NOW).err(), Some(Denied::Wait { until }));
    assert_eq!(fail(&blob, &store, until), Ok(6));
}

#[test]
fn a_clock_that_goes_back_waits_again() {
    let (blob, store) = armed();
    for _ in 0..4 {
        let _ = fail(&blob, &store, NOW);
    }
    let before = secs(NOW.as_secs() - 1_000_000);
    let until = secs(before.as_secs() + 30);
    assert_eq!(blob.begin(&store, &device(), before).err(), Some(Denied::Wait { until }));
    assert_eq!(blob.begin(&store, &device(), secs(until.as_secs() - 1)).err(), Some(Denied::Wait { until }));
    assert!(blob.begin(&store, &device(), until).is_ok());

    // That last one was never settled: its wait, too, runs from where the clock stands now.
    let before = secs(before.as_secs() - 1_000_000);
    let until = secs(before.as_secs() + 60);
    assert_eq!(blob.begin(&store, &device(), before).err(), Some(Denied::Wait { until }));
    assert_eq!(fail(&blob, &store, until), Ok(5));
}

#[test]
fn an_attempt_is_settled_once() {
    let (blob, store) = armed();
    let resume = || Pending::resume(TOKEN, Generation::FIRST, &store, &device());
    assert_eq!(resume().err(), Some(SettleError::NotPending));
    let first = blob.begin(&store, &device(), NOW).unwrap().into_pending();
    let same = resume().unwrap();
    assert_eq!((&first, same.token()), (&same, TOKEN));
    let settle = |pending: Pending| pending.settle(Settlement::Accepted, &store, &device(), NOW).err();
    assert_eq!(settle(first), None);
    assert_eq!(settle(same), Some(SettleError::NotPending));

    // Overtaken: the answer to an older attempt says nothing about the newer one.
    let older = blob.begin(&store, &device(), NOW).unwrap().into_pending();
    let newer = blob.begin(&store, &device(), NOW).unwrap().into_pending();
    assert!(older.number() < newer.number());
    assert_eq!(settle(older), Some(SettleError::NotPending));
    let settled = newer.settle(Settlement::Unjudged, &store, &device(), NOW).unwrap();
    assert_eq!(settled.left(), 9, "the overtaken one stays counted");
}

#[test]
fn records_that_do_not_help() {
    let (blob, armed) = armed();
    let record = armed.load(TOKEN).unwrap().unwrap();
    let begin = |token: TokenId, record: Option<&[u8]>, blob: &Blob| {
        let store = MemoryAttempts::new();
        if let Some(record) = record {
            store.commit(token, None, record).unwrap();
        }
        blob.begin(&store, &device(), NOW).err()
    };
    assert_eq!(begin(TOKEN, Some(&record), &blob), None);
    assert_eq!(begin(TOKEN, None, &blob), Some(Denied::Record(RecordError::Missing)));
    assert_eq!(begin(TOKEN, Some(&record), &generation(2)), Some(Denied::Record(RecordError::OtherGeneration)));
    for at in 0..record.len() {
        let mut changed = record.clone();
        changed[at] ^= 1;
        assert_eq!(begin(TOKEN, Some(&changed), &blob), Some(Denied::Record(RecordError::Tampered)), "byte {at}");
    }

    // Another token's record, from the same device key, is no record of this one.
    let other = TokenId::from_bytes([0; 16]);
    let sealing = Sealing {
        header: Header { token: other, ..HEADER },
        cost: cheap(),
        device: &device(),
        arena: &mut Arena::new(),
        rng: &mut rng(1),
    };
    let other = Blob::seal_pin(&uniform(&[0x3c; 32]), &pin("271846"), sealing).unwrap();
    assert_eq!(begin(other.token(), Some(&record), &other), Some(Denied::Record(RecordError::Tampered)));
}

#[test]
fn arming() {
    let (blob, store) = armed();
    fail(&blob, &store, NOW).unwrap();
    blob.arm(&store, &device()).unwrap();
    assert_eq!(fail(&blob, &store, NOW), Ok(8), "arming again changes nothing");

    let next = generation(2);
    next.arm(&store, &device()).unwrap();
    assert_eq!(fail(&next, &store, NOW), Ok(9), "a new sealing starts anew");
    assert_eq!(next.begin(&store, &device(), NOW).unwrap().into_pending().number(), 4, "but numbers go on");
    assert_eq!(blob.arm(&store, &device()).err(), Some(RecordError::OtherGeneration), "an old blob does not go back");

    let new_key = SoftwareKey::from_bytes([2; 16], &[2; 32]);
    next.arm(&store, &new_key).unwrap();
    assert_eq!(next.begin(&store, &device(), NOW).err(), Some(Denied::Record(RecordError::Tampered)));
}

/// A store whose commits fail or lose a race, as long as a fault is set.
struct Faulty {
    inner: MemoryAttempts,
    fault: Cell<Option<StoreError>>,
}

impl AttemptStore for Faulty {
    fn load(&self, token: TokenId) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.load(token)
    }
    fn commit(&self, token: TokenId, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError> {
        self.fault.get().map_or_else(|| self.inner.commit(token, old, new), Err)
    }
}

#[test]
fn no_attempt_without_a_durable_record() {
    let (blob, inner) = armed();
    let store = Faulty { inner, fault: Cell::new(None) };
    for error in [StoreError::Conflict, StoreError::Failed] {
        store.fault.set(Some(error));
        let denied = blob.begin(&store, &device(), NOW).err();
        assert_eq!(denied, Some(Denied::Record(RecordError::Store(error))));
    }
    store.fault.set(None);
    let pending = blob.begin(&store, &device(), NOW).unwrap().into_pending();
    store.fault.set(Some(StoreError::Failed));
    let error = pending.settle(Settlement::Accepted, &store, &device(), NOW).err();
    assert_eq!(error, Some(SettleError::Record(RecordError::Store(StoreError::Failed))));
    store.fault.set(None);
    assert!(Pending::resume(TOKEN, Generation::FIRST, &store, &device()).is_ok(), "it can be settled later");
}

#[test]
fn only_the_record_that_was_read_is_replaced() {
    let (_, store) = armed();
    let record = store.load(TOKEN).unwrap();
    for old in [None, Some(&b"another"[..])] {
        assert_eq!(store.commit(TOKEN, old, b"new"), Err(StoreError::Conflict));
    }
    assert_eq!(store.load(TOKEN).unwrap(), record);
    assert_eq!(store.commit(TOKEN, record.as_deref(), b"new"), Ok(()));
}
