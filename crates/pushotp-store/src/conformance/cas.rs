//! Compare and swap, by one handle.

use super::{
    Backend,
    handle::{Handle, key},
};
use crate::{Cas, Expect, Version};

pub(super) fn absent_reads_as_none<B: Backend>(backend: &B) {
    let store = Handle(backend.open());
    assert_eq!(store.get(&key("account/alice")), None);
}

pub(super) fn created_is_read<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    store.create(&key, b"one");
    assert_eq!(store.value(&key).as_deref(), Some(&b"one"[..]));
}

pub(super) fn create_refuses_existing<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    store.create(&key, b"one");
    let before = store.get(&key);
    assert_eq!(store.put(&key, Expect::Absent, Some(b"two")), Cas::Lost);
    assert_eq!(store.put(&key, Expect::Absent, None), Cas::Lost, "a deletion that expects nothing");
    assert_eq!(store.get(&key), before);
}

pub(super) fn replaced_is_read<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    let mut version = store.create(&key, b"0");
    for value in [b"one", b"two", b"six"] {
        version = store.win(&key, Expect::Version(version), value);
        assert_eq!(store.value(&key).as_deref(), Some(&value[..]));
    }
}

pub(super) fn wrong_version_loses<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    let first = store.create(&key, b"one");
    let second = store.win(&key, Expect::Version(first), b"two");
    let before = store.get(&key);
    for wrong in [first.as_u64(), second.as_u64().wrapping_add(1), 0, u64::MAX] {
        let expect = Expect::Version(Version::from_u64(wrong));
        assert_eq!(store.put(&key, expect, Some(b"three")), Cas::Lost, "with {expect:?}");
        assert_eq!(store.get(&key), before, "with {expect:?}");
    }
}

pub(super) fn version_of_absent_loses<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    for version in [0, 1, u64::MAX] {
        let expect = Expect::Version(Version::from_u64(version));
        assert_eq!(store.put(&key, expect, Some(b"one")), Cas::Lost, "with {expect:?}");
        assert_eq!(store.put(&key, expect, None), Cas::Lost, "deletion with {expect:?}");
        assert_eq!(store.get(&key), None, "with {expect:?}");
    }
}

pub(super) fn deleted_is_gone<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    let version = store.create(&key, b"one");
    store.delete(&key, version);
    assert_eq!(store.get(&key), None);
    store.create(&key, b"again");
    assert_eq!(store.value(&key).as_deref(), Some(&b"again"[..]));
}

pub(super) fn wrong_version_does_not_delete<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    let first = store.create(&key, b"one");
    store.win(&key, Expect::Version(first), b"two");
    assert_eq!(store.put(&key, Expect::Version(first), None), Cas::Lost);
    assert_eq!(store.value(&key).as_deref(), Some(&b"two"[..]));
}

pub(super) fn delete_of_absent<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    assert!(matches!(store.put(&key, Expect::Absent, None), Cas::Won(_)));
    assert_eq!(store.get(&key), None);
}

pub(super) fn keys_are_independent<B: Backend>(backend: &B) {
    let (store, alice, bob) = (Handle(backend.open()), key("account/alice"), key("account/bob"));
    let version = store.create(&alice, b"alice");
    let before = store.get(&alice);
    let other = store.create(&bob, b"bob");
    store.delete(&bob, other);
    assert_eq!(store.get(&alice), before);
    assert_eq!(store.put(&bob, Expect::Version(version), Some(b"mallory")), Cas::Lost);
    store.win(&alice, Expect::Version(version), b"alice again");
}
