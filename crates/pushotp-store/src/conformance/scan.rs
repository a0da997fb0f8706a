//! Pages in the order of the keys.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::{
    Backend,
    handle::{Ended, Handle, key},
};
use crate::{Expect, Key, Store};

fn fill<S: Store>(store: &Handle<S>, names: &[&str]) -> Vec<Key> {
    let mut keys: Vec<Key> = names.iter().map(key).collect();
    for key in &keys {
        store.create(key, key.as_bytes());
    }
    keys.sort();
    keys
}

fn keys_of<V>(entries: Vec<(Key, V)>) -> Vec<Key> {
    entries.into_iter().map(|(key, _)| key).collect()
}

pub(super) fn nothing<B: Backend>(backend: &B) {
    let store = Handle(backend.open());
    assert_eq!(store.page(None, 10), []);
    assert_eq!(store.page(Some(&key("a")), 10), []);
}

/// Byte by byte: no case folding, no numbers, the shorter first.
pub(super) fn order<B: Backend>(backend: &B) {
    let store = Handle(backend.open());
    let keys = fill(&store, &["b", "a", "B", "ab", "a/", "10", "9", "é", "z", "a\0", "aa"]);
    assert_eq!(keys_of(store.sweep(100)), keys);
}

pub(super) fn pages<B: Backend>(backend: &B) {
    let store = Handle(backend.open());
    let keys = fill(&store, &["f", "b", "d", "a", "e", "c", "g"]);
    for limit in [1, 2, 3, 7, 8, u32::MAX] {
        assert_eq!(keys_of(store.sweep(limit)), keys, "with pages of {limit}");
    }
}

pub(super) fn after_what_is_absent<B: Backend>(backend: &B) {
    let store = Handle(backend.open());
    fill(&store, &["kid/1", "device/a/1", "device/a/2", "device/b/1"]);
    let found = keys_of(store.page(Some(&key("device/a/")), 2));
    assert_eq!(found, ["device/a/1", "device/a/2"].map(key)[..found.len()]);
    assert!(!found.is_empty());
    assert_eq!(store.page(Some(&key("kid/1")), 2), [], "what is named by `after` is not in the page");
}

pub(super) fn limit_zero<B: Backend>(backend: &B) {
    let store = Handle(backend.open());
    fill(&store, &["a"]);
    assert_eq!(store.page(None, 0), []);
}

pub(super) fn agrees_with_get<B: Backend>(backend: &B) {
    let store = Handle(backend.open());
    fill(&store, &["a", "b", "c", "d"]);
    let (replaced, deleted) = (key("b"), key("c"));
    let version = store.get(&replaced).expect("what was just written").version;
    store.win(&replaced, Expect::Version(version), b"replaced");
    let version = store.get(&deleted).expect("what was just written").version;
    store.delete(&deleted, version);
    let found = store.sweep(2);
    assert_eq!(found.len(), 3);
    for (key, entry) in found {
        assert_eq!(store.get(&key), Some(entry), "{key:?}");
    }
}

/// Entries come and go before, between and behind the ones that stay; those occur once, in order.
pub(super) fn while_others_write<B: Backend>(backend: &B) {
    let (store, other) = (Handle(backend.open()), Handle(backend.open()));
    let stay = fill(&store, &["b", "d", "f", "h", "j"]);
    sweep_and_flip(&store, &other, &stay);
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ended = Ended(&ended);
            for name in ["a", "c", "e", "g", "i", "k"] {
                let version = other.create(&key(name), b"for a moment");
                other.delete(&key(name), version);
            }
        });
        let mut last = false;
        while !last {
            // Once more after the end, however fast the writer is.
            last = ended.load(Ordering::SeqCst);
            only(&stay, keys_of(store.sweep(2)));
        }
    });
}

/// The same step by step: before each page an entry at the very beginning comes or goes.
fn sweep_and_flip<S: Store>(store: &Handle<S>, other: &Handle<S>, stay: &[Key]) {
    let (first, mut there) = (key("a"), None);
    let mut found: Vec<Key> = Vec::new();
    loop {
        there = match there {
            None => Some(other.create(&first, b"for a moment")),
            Some(version) => {
                other.delete(&first, version);
                None
            }
        };
        let page = keys_of(store.page(found.last(), 2));
        if page.is_empty() {
            break;
        }
        found.extend(page);
        assert!(found.len() <= stay.len() + 1, "an entry occurs twice");
    }
    if let Some(version) = there {
        other.delete(&first, version);
    }
    only(stay, found);
}

fn only(stay: &[Key], mut found: Vec<Key>) {
    assert!(found.is_sorted_by(|a, b| a < b), "out of order, or twice");
    found.retain(|key| stay.contains(key));
    assert_eq!(found, stay);
}
