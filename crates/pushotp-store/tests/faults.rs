//! The store that fails by plan, and the record that finds out what no store may do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, sync::Arc, thread};

use pollster::block_on;
use pushotp_store::{
    Cas, Expect, Hint, Key, MemoryStore, Store, StoreError, Version,
    conformance::{FaultStore, History, Recorded},
};

fn key() -> Key {
    Key::new("account/alice").unwrap()
}

/// Looks, then writes against what was found; sometimes deletes.
fn work<S: Store>(store: &S, name: u8, rounds: u8) -> Vec<String> {
    let mut told = Vec::new();
    for round in 0..rounds {
        let Ok(found) = block_on(store.get(&key())) else { continue };
        let expect = found.map_or(Expect::Absent, |found| Expect::Version(found.version));
        let value = [name, round];
        let value = (round % 5 != 4).then_some(&value[..]);
        told.push(match block_on(store.put_if(&key(), expect, value, Hint::NONE)) {
            Ok(Cas::Won(version)) => format!("won {version:?}"),
            Ok(Cas::Lost) => "lost".to_owned(),
            Err(StoreError::NotApplied(_)) => "not applied".to_owned(),
            Err(_) => "unknown".to_owned(),
        });
    }
    told
}

/// Three at the same time on one store that fails.
fn together(store: &Recorded<FaultStore<Arc<MemoryStore>>>) {
    thread::scope(|scope| {
        for name in 0..3 {
            scope.spawn(move || work(store, name, 15));
        }
    });
}

#[test]
fn one_seed_one_course() {
    let run = |seed| work(&FaultStore::new(MemoryStore::new(), seed), 0, 255);
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
    let kinds: BTreeSet<String> = run(7).iter().map(|told| told.split(" V").next().unwrap().to_owned()).collect();
    let expect = ["lost", "not applied", "unknown", "won"].map(str::to_owned);
    assert_eq!(kinds, BTreeSet::from(expect));
}

/// With and without an effect, at once and later.
#[test]
fn an_unknown_write_happens_or_not_or_later() {
    let (mut at_once, mut later, mut never) = (0, 0, 0);
    for seed in 0..400 {
        let store = FaultStore::new(MemoryStore::new(), seed);
        if !matches!(
            block_on(store.put_if(&key(), Expect::Absent, Some(b"1"), Hint::NONE)),
            Err(StoreError::Unknown(_))
        ) {
            continue;
        }
        assert_eq!(store.planted(), 1);
        let is_there = || block_on(store.inner().get(&key())).unwrap().is_some();
        let before = is_there();
        block_on(store.settle());
        match (before, is_there()) {
            (true, true) => at_once += 1,
            (false, true) => later += 1,
            (false, false) => never += 1,
            (true, false) => panic!("it was undone"),
        }
    }
    assert!(at_once > 10 && later > 10 && never > 10, "{at_once} {later} {never}");
}

#[test]
fn whatever_fails_one_order_explains_it() {
    for seed in 0..100 {
        let history = History::new();
        let store = history.record(FaultStore::new(Arc::new(MemoryStore::new()), seed));
        together(&store);
        assert!(history.verify().unwrap() > 30, "seed {seed}");
    }
}

/// The negative control.
#[test]
fn a_lagging_replica_is_found() {
    let is_found = |seed: &u64| {
        let history = History::new();
        together(&history.record(FaultStore::lagging(Arc::new(MemoryStore::new()), *seed)));
        history.verify().is_err()
    };
    let found = (0..20).filter(is_found).count();
    assert!(found > 15, "{found} of 20");
}

/// A store that answers what it is told to.
struct Liar(std::sync::Mutex<Vec<Answer>>);

#[derive(Clone, Copy)]
enum Answer {
    Won(u64),
    Lost,
    Unknown,
    NotApplied,
    Found(u64, u8),
    Absent,
}

impl Liar {
    fn next(&self) -> Answer {
        self.0.lock().unwrap().remove(0)
    }
}

impl Store for Liar {
    async fn get(&self, _: &Key) -> Result<Option<pushotp_store::Versioned>, StoreError> {
        match self.next() {
            Answer::Found(version, value) => {
                Ok(Some(pushotp_store::Versioned { version: Version::from_u64(version), value: vec![value] }))
            }
            _ => Ok(None),
        }
    }

    async fn put_if(&self, _: &Key, _: Expect, _: Option<&[u8]>, _: Hint) -> Result<Cas, StoreError> {
        match self.next() {
            Answer::Won(version) => Ok(Cas::Won(Version::from_u64(version))),
            Answer::Lost => Ok(Cas::Lost),
            Answer::NotApplied => Err(StoreError::not_applied("told so")),
            _ => Err(StoreError::unknown("told so")),
        }
    }

    async fn scan(&self, _: Option<&Key>, _: u32) -> Result<Vec<(Key, pushotp_store::Versioned)>, StoreError> {
        Ok(Vec::new())
    }
}

/// What is asked: a read, or a write of a byte (of nothing: a deletion) that expects a version (0: nothing there).
#[derive(Clone, Copy)]
enum Ask {
    Get,
    Put(u64, Option<u8>),
}

type Course = &'static [(Ask, Answer)];

#[test]
fn what_an_order_explains() {
    use Answer::{Absent, Found, Lost, NotApplied, Unknown, Won};
    use Ask::{Get, Put};
    const CREATE: Ask = Put(0, Some(1));
    let cases: &[(&str, Course, bool)] = &[
        ("nothing", &[(Get, Absent)], true),
        ("out of thin air", &[(Get, Found(1, 1))], false),
        ("created and read", &[(CREATE, Won(1)), (Get, Found(1, 1))], true),
        ("another value", &[(CREATE, Won(1)), (Get, Found(1, 2))], false),
        ("another version", &[(CREATE, Won(1)), (Get, Found(2, 1))], false),
        ("forgotten", &[(CREATE, Won(1)), (Get, Absent)], false),
        ("created twice", &[(CREATE, Won(1)), (CREATE, Won(2))], false),
        ("replaced", &[(CREATE, Won(1)), (Put(1, Some(2)), Won(2)), (Get, Found(2, 2))], true),
        ("an old value", &[(CREATE, Won(1)), (Put(1, Some(2)), Won(2)), (Get, Found(1, 1))], false),
        ("won against another version", &[(CREATE, Won(1)), (Put(9, Some(2)), Won(2))], false),
        ("lost for nothing", &[(CREATE, Won(1)), (Put(1, Some(2)), Lost)], false),
        ("lost a creation for nothing", &[(CREATE, Lost)], false),
        ("lost", &[(CREATE, Won(1)), (CREATE, Lost), (Put(9, None), Lost)], true),
        ("deleted", &[(CREATE, Won(1)), (Put(1, None), Won(2)), (Get, Absent), (CREATE, Won(3))], true),
        ("a deletion undone", &[(CREATE, Won(1)), (Put(1, None), Won(2)), (Get, Found(1, 1))], false),
        ("a version again", &[(CREATE, Won(1)), (Put(1, None), Won(2)), (CREATE, Won(1))], false),
        ("not applied, and is there", &[(CREATE, NotApplied), (Get, Found(1, 1))], false),
        ("not applied", &[(CREATE, NotApplied), (Get, Absent)], true),
        ("unknown, and is there", &[(CREATE, Unknown), (Get, Found(5, 1))], true),
        ("unknown, and is not", &[(CREATE, Unknown), (Get, Absent)], true),
        ("unknown, and comes later", &[(CREATE, Unknown), (Get, Absent), (Get, Found(5, 1))], true),
        ("unknown, and goes again", &[(CREATE, Unknown), (Get, Found(5, 1)), (Get, Absent)], false),
        ("unknown, with two versions", &[(CREATE, Unknown), (Get, Found(5, 1)), (Get, Found(6, 1))], false),
        ("unknown, and replaced", &[(CREATE, Unknown), (Put(5, Some(2)), Won(6)), (Get, Found(6, 2))], true),
        ("unknown, and the reason for a loss", &[(CREATE, Unknown), (CREATE, Lost)], true),
        ("unknown, after what it expects", &[(CREATE, Won(1)), (Put(9, Some(2)), Unknown), (Get, Found(5, 2))], false),
    ];
    for (name, course, is_explained) in cases {
        let history = History::new();
        let answers = course.iter().map(|(_, answer)| *answer).collect();
        let store = history.record(Liar(std::sync::Mutex::new(answers)));
        for (ask, _) in *course {
            match ask {
                Get => drop(block_on(store.get(&key()))),
                Put(expect, value) => {
                    let expect =
                        if *expect == 0 { Expect::Absent } else { Expect::Version(Version::from_u64(*expect)) };
                    let value = value.map(|value| [value]);
                    let value = value.as_ref().map(<[u8; 1]>::as_slice);
                    let _ = block_on(store.put_if(&key(), expect, value, Hint::NONE));
                }
            }
        }
        assert_eq!(history.verify().is_ok(), *is_explained, "{name}");
    }
}
