//! Several handles to the same data, at the same time or one after the other.

use std::collections::HashSet;

use super::{
    Backend,
    handle::{Handle, key},
};
use crate::{Cas, Expect};

pub(super) fn second_handle_reads<B: Backend>(backend: &B) {
    let (one, two, key) = (Handle(backend.open()), Handle(backend.open()), key("account/alice"));
    assert_eq!(two.get(&key), None);
    let mut version = one.create(&key, b"0");
    for value in [b"1", b"2", b"3"] {
        assert_eq!(one.get(&key), two.get(&key));
        version = one.win(&key, Expect::Version(version), value);
        assert_eq!(two.value(&key).as_deref(), Some(&value[..]));
    }
    two.delete(&key, version);
    assert_eq!(one.get(&key), None);
}

pub(super) fn second_handle_loses<B: Backend>(backend: &B) {
    let (one, two, key) = (Handle(backend.open()), Handle(backend.open()), key("account/alice"));
    let first = one.create(&key, b"one");
    let second = two.win(&key, Expect::Version(first), b"two");
    assert_eq!(one.put(&key, Expect::Version(first), Some(b"late")), Cas::Lost);
    assert_eq!(one.put(&key, Expect::Absent, Some(b"late")), Cas::Lost);
    one.win(&key, Expect::Version(second), b"three");
    assert_eq!(two.value(&key).as_deref(), Some(&b"three"[..]));
}

pub(super) fn reopened_has_all<B: Backend>(backend: &B) {
    let store = Handle(backend.open());
    for number in 0..20_u8 {
        store.create(&key([number + 1]), &vec![number; usize::from(number) * 100]);
    }
    let gone = key([1]);
    let version = store.get(&gone).expect("what was just written").version;
    store.delete(&gone, version);
    let before = store.sweep(100);
    drop(store);
    let store = Handle(backend.open());
    assert_eq!(before.len(), 19);
    assert_eq!(store.sweep(100), before);
    assert_eq!(store.get(&gone), None);
}

pub(super) fn reopened_repeats_no_version<B: Backend>(backend: &B) {
    let key = key("account/alice");
    let mut seen = HashSet::new();
    for _ in 0..3 {
        let store = Handle(backend.open());
        let version = store.create(&key, b"one");
        store.delete(&key, version);
        assert!(seen.insert(version), "a version was used twice");
    }
}
