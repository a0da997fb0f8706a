//! Any run of operations has the same outcomes in the database as in memory, but for the numbers of the versions.

use std::cell::Cell;

use pollster::block_on;
use proptest::{prelude::*, test_runner::TestRunner};
use pushotp_store::{Cas, Expect, Hint, Key, MemoryStore, Store, Version, Versioned};

use crate::fixture::Place;

#[derive(Clone, Debug)]
enum Step {
    /// A write against what is stored, or against a version that was won so many writes before.
    Put {
        key: Key,
        earlier: Option<usize>,
        value: Option<Vec<u8>>,
    },
    Scan {
        after: Option<Key>,
        limit: u32,
    },
    Reopen,
}

fn any_key() -> impl Strategy<Value = Key> {
    // Few, so that they meet; with the bytes that order and text could get wrong.
    let byte = prop::sample::select(vec![0, b'/', b'a', b'A', 0xff]);
    prop::collection::vec(byte, 1..=2).prop_map(|bytes| Key::new(bytes).unwrap())
}

fn any_step() -> impl Strategy<Value = Step> {
    let value = || prop::option::weighted(0.7, prop::collection::vec(any::<u8>(), 0..20));
    prop_oneof![
        8 => (any_key(), prop::option::weighted(0.3, 0..8_usize), value())
            .prop_map(|(key, earlier, value)| Step::Put { key, earlier, value }),
        2 => (prop::option::of(any_key()), 0..5_u32).prop_map(|(after, limit)| Step::Scan { after, limit }),
        1 => Just(Step::Reopen),
    ]
}

/// A store, and the versions that were won from it, in order.
struct Side<S> {
    store: S,
    won: Vec<Version>,
}

impl<S: Store> Side<S> {
    /// A version by its place among those that were won.
    fn place(&self, version: Version) -> Option<usize> {
        self.won.iter().position(|won| *won == version)
    }

    fn put(&mut self, key: &Key, earlier: Option<usize>, value: Option<&[u8]>) -> &'static str {
        let expect = match earlier {
            Some(back) => self.won.iter().rev().nth(back).copied(),
            None => block_on(self.store.get(key)).unwrap().map(|found| found.version),
        };
        let cas = block_on(self.store.put_if(key, expect.map_or(Expect::Absent, Expect::Version), value, Hint::NONE));
        match cas.unwrap() {
            Cas::Lost => "lost",
            Cas::Won(version) => {
                assert_eq!(self.place(version), None, "a version was used twice");
                self.won.push(version);
                "won"
            }
        }
    }

    fn scan(&self, after: Option<&Key>, limit: u32) -> Vec<(Key, Option<usize>, Vec<u8>)> {
        let named = |(key, Versioned { version, value })| (key, self.place(version), value);
        block_on(self.store.scan(after, limit)).unwrap().into_iter().map(named).collect()
    }
}

#[test]
fn the_database_answers_as_memory_does() {
    let Some(place) = Place::new() else { return };
    let (won, lost) = (Cell::new(0), Cell::new(0));
    let config = ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() };
    let steps = prop::collection::vec(any_step(), 1..40);
    let outcome = TestRunner::new(config).run(&steps, |steps| {
        place.sql("DROP SCHEMA IF EXISTS pushotp CASCADE");
        let mut memory = Side { store: MemoryStore::new(), won: Vec::new() };
        let mut database = Side { store: place.open(), won: Vec::new() };
        for step in &steps {
            match step {
                Step::Put { key, earlier, value } => {
                    let told = memory.put(key, *earlier, value.as_deref());
                    prop_assert_eq!(database.put(key, *earlier, value.as_deref()), told, "{:?}", step);
                    let count = if told == "won" { &won } else { &lost };
                    count.set(count.get() + 1);
                }
                Step::Scan { after, limit } => {
                    prop_assert_eq!(database.scan(after.as_ref(), *limit), memory.scan(after.as_ref(), *limit));
                }
                Step::Reopen => database.store = place.open(),
            }
            prop_assert_eq!(database.scan(None, 100), memory.scan(None, 100), "{:?}", step);
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(won.get() > 50 && lost.get() > 10, "{} won, {} lost", won.get(), lost.get());
}
