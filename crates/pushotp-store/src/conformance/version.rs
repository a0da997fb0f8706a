//! Versions: each names one write of a key, for ever.

use std::collections::HashSet;

use super::{
    Backend,
    handle::{Handle, key},
};
use crate::{Cas, Expect};

pub(super) fn changes_with_every_write<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    let mut version = store.create(&key, b"same");
    for _ in 0..5 {
        let next = store.win(&key, Expect::Version(version), b"same");
        assert_ne!(next, version);
        version = next;
    }
}

pub(super) fn is_what_was_won<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    let first = store.create(&key, b"one");
    assert_eq!(store.get(&key).map(|found| found.version), Some(first));
    let second = store.win(&key, Expect::Version(first), b"two");
    assert_eq!(store.get(&key).map(|found| found.version), Some(second));
}

pub(super) fn never_repeats<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    let mut seen = HashSet::new();
    for _ in 0..5 {
        let first = store.create(&key, b"one");
        let second = store.win(&key, Expect::Version(first), b"two");
        store.delete(&key, second);
        assert!(seen.insert(first) && seen.insert(second), "a version was used twice");
    }
}

/// What was right for a record that is gone is wrong for the one that came after it.
pub(super) fn outlives_nothing<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    let old = store.create(&key, b"old");
    store.delete(&key, old);
    store.create(&key, b"new");
    assert_eq!(store.put(&key, Expect::Version(old), Some(b"late")), Cas::Lost);
    assert_eq!(store.put(&key, Expect::Version(old), None), Cas::Lost);
    assert_eq!(store.value(&key).as_deref(), Some(&b"new"[..]));
}

pub(super) fn of_a_deletion_matches_nothing<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    let version = store.create(&key, b"one");
    let deletion = store.delete(&key, version);
    assert_eq!(store.put(&key, Expect::Version(deletion), Some(b"two")), Cas::Lost);
    store.create(&key, b"three");
    assert_eq!(store.put(&key, Expect::Version(deletion), Some(b"four")), Cas::Lost);
}
