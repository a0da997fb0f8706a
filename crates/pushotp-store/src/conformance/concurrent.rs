//! Many at the same time. Nothing here depends on who is faster.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Waker},
    thread,
    time::Duration,
};

use super::{
    Backend,
    handle::{Ended, Handle, key},
    history::History,
    random::Random,
};
use crate::{Cas, Expect, Hint, Key, Store};

const HANDLES: usize = 8;
const ROUNDS: usize = 20;
const INCREMENTS: u64 = 25;
/// A reader that never rests can keep a small machine from everything else, the writer included.
const MOMENT: Duration = Duration::from_micros(100);
/// More often than all others together can get in between.
const TRIES: u32 = 10_000;

/// All handles write at once with the same expectation: how many won, and what is stored then.
fn race<S: Store>(handles: &[Handle<S>], key: &Key, expect: Expect) {
    let start = Barrier::new(handles.len());
    let run = |(number, handle): (usize, &Handle<S>)| {
        start.wait();
        handle.contend(key, expect, Some(&number.to_be_bytes()))
    };
    let outcomes: Vec<Cas> = thread::scope(|scope| {
        let racers: Vec<_> = handles.iter().enumerate().map(|racer| scope.spawn(move || run(racer))).collect();
        racers.into_iter().map(|racer| racer.join().expect("a racer fails")).collect()
    });
    let winners: Vec<_> = (0..).zip(outcomes).filter(|(_, outcome)| *outcome != Cas::Lost).collect();
    let [(winner, Cas::Won(version))] = winners[..] else { panic!("{} writes were won", winners.len()) };
    let found = handles.first().and_then(|handle| handle.get(key)).expect("what was just written");
    assert_eq!(found.version, version);
    assert_eq!(found.value, usize::to_be_bytes(winner), "another than the winner's value is stored");
}

fn open<B: Backend>(backend: &B, number: usize) -> Vec<Handle<B::Store>> {
    (0..number).map(|_| Handle(backend.open())).collect()
}

pub(super) fn one_winner_for_each_version<B: Backend>(backend: &B) {
    let (handles, key) = (open(backend, HANDLES), key("account/alice"));
    Handle(backend.open()).create(&key, b"start");
    for _ in 0..ROUNDS {
        let version = handles[0].get(&key).expect("what was written before").version;
        race(&handles, &key, Expect::Version(version));
    }
}

pub(super) fn one_creator<B: Backend>(backend: &B) {
    let handles = open(backend, HANDLES);
    for round in 0..ROUNDS {
        race(&handles, &key(format!("account/{round}")), Expect::Absent);
    }
}

/// Adds one to the number that is stored; the number after it.
fn increment<S: Store>(store: &Handle<S>, key: &Key) -> u64 {
    for _ in 0..TRIES {
        let found = store.get(key).expect("a counter");
        let next = number(&found.value) + 1;
        if let Cas::Won(_) = store.contend(key, Expect::Version(found.version), Some(&next.to_be_bytes())) {
            return next;
        }
    }
    panic!("no write is ever won");
}

fn number(value: &[u8]) -> u64 {
    u64::from_be_bytes(value.try_into().expect("eight bytes"))
}

pub(super) fn no_write_is_lost<B: Backend>(backend: &B) {
    let (handles, key) = (open(backend, 4), key("counter"));
    handles[0].create(&key, &0_u64.to_be_bytes());
    thread::scope(|scope| {
        for handle in &handles {
            scope.spawn(|| {
                for _ in 0..INCREMENTS {
                    increment(handle, &key);
                }
            });
        }
    });
    assert_eq!(handles[0].value(&key).map(|value| number(&value)), Some(4 * INCREMENTS));
}

/// A read that begins after a write was won sees it, or a later one, through whichever handle.
pub(super) fn reads_never_go_back<B: Backend>(backend: &B) {
    let (writer, readers, key) = (Handle(backend.open()), open(backend, 2), key("counter"));
    writer.create(&key, &0_u64.to_be_bytes());
    let (told, ended) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for reader in &readers {
            scope.spawn(|| {
                let mut last = false;
                while !last {
                    // Once more after the end, however fast the writer is.
                    last = ended.load(Ordering::SeqCst);
                    let floor = told.load(Ordering::SeqCst);
                    let seen = number(&reader.value(&key).expect("a counter"));
                    assert!(seen >= floor, "{floor} was told and {seen} is read");
                    thread::sleep(MOMENT);
                }
            });
        }
        let _ended = Ended(&ended);
        for _ in 0..2 * INCREMENTS {
            told.store(increment(&writer, &key), Ordering::SeqCst);
        }
    });
}

/// Some read, replace, create and delete on two keys, against what they saw last, which others may have changed.
pub(super) fn one_order_explains_all<B: Backend>(backend: &B) {
    let (history, keys) = (History::new(), [key("account/alice"), key("account/bob")]);
    let handles: Vec<_> = (0..4).map(|_| Handle(history.record(backend.open()))).collect();
    thread::scope(|scope| {
        for (seed, handle) in (1..).zip(&handles) {
            let keys = &keys;
            scope.spawn(move || {
                let (mut random, mut seen) = (Random::new(seed), [Expect::Absent; 2]);
                for step in 0..INCREMENTS {
                    let chosen = usize::from(random.below(2) == 0);
                    let (key, seen) = (&keys[chosen], &mut seen[chosen]);
                    let value = [seed.to_be_bytes(), step.to_be_bytes()].concat();
                    if random.below(2) == 0 {
                        *seen = handle.get(key).map_or(Expect::Absent, |found| Expect::Version(found.version));
                    } else if let Cas::Won(version) =
                        handle.contend(key, *seen, (random.below(3) > 0).then_some(&value))
                    {
                        *seen = Expect::Version(version);
                    }
                }
            });
        }
    });
    history.verify().expect("one order of all operations");
}

/// A caller that goes away takes nothing with it: its write happens or not, and others can go on.
pub(super) fn dropped_future<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    store.create(&key, b"0");
    for round in 1..=20_u8 {
        let before = store.get(&key).expect("what was written before");
        {
            let value = [round];
            let write = pin!(store.0.put_if(&key, Expect::Version(before.version), Some(&value), Hint::NONE));
            let _ = write.poll(&mut Context::from_waker(Waker::noop()));
        }
        let after = store.get(&key).expect("what was written before");
        assert!(after == before || after.value == [round], "something else is stored");
        let won = (0..TRIES).any(|_| {
            let now = store.get(&key).expect("what was written before").version;
            matches!(store.put(&key, Expect::Version(now), Some(b"by another")), Cas::Won(_))
        });
        assert!(won, "no write is won after a future was dropped");
    }
}
