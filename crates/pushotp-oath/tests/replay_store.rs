//! The conformance checks, on a store that keeps its promises and on some that do not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use pushotp_oath::{
    Advance, Advanced, AsyncReplayStore, CommitError, Counter, Drift, Hotp, HotpVerdict, Key, LookAhead, ReplayStore,
    Step, Totp, Verdict, Window, conformance,
};
use pushotp_types::{Digits, HashAlgorithm, SecretRef, UnixTime};

type Map = Arc<Mutex<HashMap<&'static str, u64>>>;

/// How a store decides; given what is stored.
type Decide = fn(&Map, &'static str, Advance) -> Advanced;

#[derive(Clone)]
struct Memory(Map, Decide);

impl ReplayStore<&'static str> for Memory {
    type Error = &'static str;

    fn advance(&self, id: &&'static str, advance: Advance) -> Result<Advanced, Self::Error> {
        Ok(self.1(&self.0, id, advance))
    }
}

fn right(map: &Map, id: &'static str, advance: Advance) -> Advanced {
    let mut map = map.lock().unwrap();
    if map.get(id).copied() != advance.from() {
        return Advanced::Stale;
    }
    map.insert(id, advance.to());
    Advanced::Done
}

#[test]
fn a_store_that_keeps_its_promises() {
    let memory = Memory(Map::default(), right);
    conformance::run(|| memory.clone(), &"one", &"other");
}

/// Each has one defect that a store in the field could have, and each is found.
#[test]
fn stores_that_do_not() {
    let broken: [(&str, Decide); 10] = [
        ("always says yes", |map, id, advance| {
            map.lock().unwrap().insert(id, advance.to());
            Advanced::Done
        }),
        ("never says yes", |_, _, _| Advanced::Stale),
        ("check, then set", |map, id, advance| {
            if map.lock().unwrap().get(id).copied() != advance.from() {
                return Advanced::Stale;
            }
            thread::sleep(Duration::from_millis(1));
            map.lock().unwrap().insert(id, advance.to());
            Advanced::Done
        }),
        ("only asks whether it is newer", |map, id, advance| {
            let mut map = map.lock().unwrap();
            if map.get(id).is_some_and(|stored| *stored >= advance.to()) {
                return Advanced::Stale;
            }
            map.insert(id, advance.to());
            Advanced::Done
        }),
        ("takes an absent token for any", |map, id, advance| {
            let mut map = map.lock().unwrap();
            if map.get(id).is_some_and(|stored| Some(*stored) != advance.from()) {
                return Advanced::Stale;
            }
            map.insert(id, advance.to());
            Advanced::Done
        }),
        ("takes 0 for absent", |map, id, advance| {
            let mut map = map.lock().unwrap();
            if map.get(id).copied().unwrap_or(0) != advance.from().unwrap_or(0) {
                return Advanced::Stale;
            }
            map.insert(id, advance.to());
            Advanced::Done
        }),
        ("one number for all tokens", |map, _, advance| right(map, "all", advance)),
        ("writes what it refuses", |map, id, advance| {
            let mut map = map.lock().unwrap();
            let before = map.insert(id, advance.to());
            if before == advance.from() { Advanced::Done } else { Advanced::Stale }
        }),
        ("numbers as floats", |map, id, advance| {
            let mut map = map.lock().unwrap();
            #[expect(clippy::cast_precision_loss, reason = "that is the defect")]
            let float = |number: u64| number as f64;
            if map.get(id).copied().map(float) != advance.from().map(float) {
                return Advanced::Stale;
            }
            map.insert(id, advance.to());
            Advanced::Done
        }),
        ("numbers of 32 bits", |map, id, advance| {
            let mut map = map.lock().unwrap();
            let short = |number: u64| number & 0xffff_ffff;
            if map.get(id).copied() != advance.from().map(short) {
                return Advanced::Stale;
            }
            map.insert(id, short(advance.to()));
            Advanced::Done
        }),
    ];
    std::panic::set_hook(Box::new(|_| {}));
    let mut passed = Vec::new();
    for (defect, decide) in broken {
        let memory = Memory(Map::default(), decide);
        let found = catch_unwind(AssertUnwindSafe(|| conformance::run(|| memory.clone(), &"one", &"other")));
        if found.is_ok() {
            passed.push(defect);
        }
    }
    // A handle that keeps what it writes to itself, or forgets it.
    let apart = catch_unwind(|| conformance::run(|| Memory(Map::default(), right), &"one", &"other"));
    let _ = std::panic::take_hook();
    assert!(passed.is_empty(), "not found: {passed:?}");
    assert!(apart.is_err(), "stores that share nothing pass");
}

fn key() -> Key {
    Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890").unwrap())
}

struct Fails;

impl ReplayStore<&'static str> for Fails {
    type Error = &'static str;

    fn advance(&self, _: &&'static str, _: Advance) -> Result<Advanced, Self::Error> {
        Err("no connection")
    }
}

impl AsyncReplayStore<&'static str> for Memory {
    type Error = &'static str;

    async fn advance(&self, id: &&'static str, advance: Advance) -> Result<Advanced, Self::Error> {
        std::future::ready(()).await;
        ReplayStore::advance(self, id, advance)
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("it waits for nothing"),
    }
}

/// A store that fails is neither a wrong code nor a right one; a commit that is too late is told.
#[test]
fn who_is_authenticated() {
    let (key, now) = (key(), UnixTime::from_secs(59));
    let totp = |last| match Totp::DEFAULT.verify(&key, "287082", now, Window::ONE, last) {
        Verdict::Match(found) => found,
        verdict => panic!("{verdict:?}"),
    };
    let hotp = || match Hotp::new(Digits::SIX).verify(&key, "287082", Counter::new(0), LookAhead::new(3).unwrap()) {
        HotpVerdict::Match(found) => found,
        verdict => panic!("{verdict:?}"),
    };
    assert_eq!(totp(None).commit("alice", &Fails).unwrap_err(), CommitError::Store("no connection"));
    assert_eq!(hotp().commit("alice", &Fails).unwrap_err(), CommitError::Store("no connection"));

    let memory = Memory(Map::default(), right);
    assert_eq!(totp(None).advance().drift(), Some(Drift::ZERO));
    assert_eq!(totp(None).commit("alice", &&memory).unwrap().into_id(), "alice");
    assert_eq!(memory.0.lock().unwrap()["alice"], 1);
    // A caller who forgot the last step, or read an old one, gets nobody in.
    for last in [None, Some(Step::new(0))] {
        assert_eq!(totp(last).commit("alice", &memory).unwrap_err(), CommitError::Stale);
        assert_eq!(block_on(totp(last).commit_async("alice", &memory)).unwrap_err(), CommitError::Stale);
    }
    assert_eq!(*block_on(totp(None).commit_async("bob", &memory)).unwrap().id(), "bob");

    memory.0.lock().unwrap().insert("carol", 0);
    assert_eq!(hotp().commit("carol", &memory).unwrap().id(), &"carol");
    assert_eq!(block_on(hotp().commit_async("carol", &memory)).unwrap_err(), CommitError::Stale);
    assert_eq!(memory.0.lock().unwrap()["carol"], 2);
}
