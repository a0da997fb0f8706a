//! Any run of operations has the same outcomes in the file as in memory.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use pollster::block_on;
use proptest::prelude::*;
use pushotp_store::{Expect, Hint, Key, MemoryStore, Store, Version};
use pushotp_store_sqlite::SqliteStore;

#[derive(Clone, Debug)]
enum Step {
    Put {
        key: Key,
        guess: Option<u64>,
        value: Option<Vec<u8>>,
    },
    /// A write against what is stored.
    Replace {
        key: Key,
        value: Option<Vec<u8>>,
    },
    Get(Key),
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
        4 => (any_key(), prop::option::of(0..30_u64), value())
            .prop_map(|(key, guess, value)| Step::Put { key, guess, value }),
        4 => (any_key(), value()).prop_map(|(key, value)| Step::Replace { key, value }),
        2 => any_key().prop_map(Step::Get),
        2 => (prop::option::of(any_key()), 0..5_u32).prop_map(|(after, limit)| Step::Scan { after, limit }),
        1 => Just(Step::Reopen),
    ]
}

/// What one store answers, as text. Both draw versions from one counter, so they are the same numbers.
async fn answer(store: &impl Store, step: &Step) -> String {
    let put = async |key: &Key, expect, value: &Option<Vec<u8>>| {
        format!("{:?}", store.put_if(key, expect, value.as_deref(), Hint::NONE).await)
    };
    match step {
        Step::Put { key, guess, value } => {
            put(key, guess.map_or(Expect::Absent, |guess| Expect::Version(Version::from_u64(guess))), value).await
        }
        Step::Replace { key, value } => {
            let found = store.get(key).await.unwrap();
            put(key, found.map_or(Expect::Absent, |found| Expect::Version(found.version)), value).await
        }
        Step::Get(key) => {
            let found = store.get(key).await.unwrap();
            format!("{:?}", found.map(|found| (found.version, found.value)))
        }
        Step::Scan { after, limit } => {
            let page = store.scan(after.as_ref(), *limit).await.unwrap();
            format!("{:?}", page.into_iter().map(|(key, found)| (key, found.version, found.value)).collect::<Vec<_>>())
        }
        Step::Reopen => String::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_file_answers_as_memory_does(steps in prop::collection::vec(any_step(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login.db");
        let (memory, mut file) = (MemoryStore::new(), SqliteStore::open(&path).unwrap());
        for step in &steps {
            if let Step::Reopen = step {
                drop(file);
                file = SqliteStore::open(&path).unwrap();
            }
            prop_assert_eq!(block_on(answer(&file, step)), block_on(answer(&memory, step)), "{:?}", step);
        }
    }
}
