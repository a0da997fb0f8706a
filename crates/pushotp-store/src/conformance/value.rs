//! What can be stored, and under which keys.

use std::error::Error;

use super::{
    Backend, block_on,
    handle::{Handle, key},
};
use crate::{Cas, Expect, Hint, Key, MAX_VALUE, Store, StoreError, UnixTime, ValueTooLarge};

fn round_trip<B: Backend>(backend: &B, value: &[u8]) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    let version = store.create(&key, value);
    assert!(store.value(&key).as_deref() == Some(value), "created with {} bytes", value.len());
    let version = store.win(&key, Expect::Version(version), b"something else");
    store.win(&key, Expect::Version(version), value);
    assert!(store.value(&key).as_deref() == Some(value), "replaced by {} bytes", value.len());
}

/// An empty value is stored; it is not a deletion.
pub(super) fn empty<B: Backend>(backend: &B) {
    round_trip(backend, b"");
}

pub(super) fn all_bytes<B: Backend>(backend: &B) {
    let bytes: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    round_trip(backend, &bytes);
}

/// The longest account record, and the longest value of all.
pub(super) fn large<B: Backend>(backend: &B) {
    let store = Handle(backend.open());
    for len in [8 * 1024, MAX_VALUE] {
        let value: Vec<u8> = (0..=250).cycle().take(len).collect();
        let key = key(format!("large/{len}"));
        store.create(&key, &value);
        assert!(store.value(&key) == Some(value), "{len} bytes");
    }
}

pub(super) fn too_large<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("account/alice"));
    let version = store.create(&key, b"one");
    let value = vec![0; MAX_VALUE + 1];
    let refused = block_on(store.0.put_if(&key, Expect::Version(version), Some(&value), Hint::NONE));
    let refused = refused.expect_err("a value beyond the limit is taken");
    assert!(matches!(refused, StoreError::NotApplied(_)));
    assert!(refused.source().is_some_and(<dyn Error>::is::<ValueTooLarge>));
    assert_eq!(store.value(&key).as_deref(), Some(&b"one"[..]));
    store.win(&key, Expect::Version(version), b"two");
}

/// Two hundred years from the epoch: whatever an engine collects, it keeps this.
pub(super) fn hint_in_the_future<B: Backend>(backend: &B) {
    let (store, key) = (Handle(backend.open()), key("challenge/1"));
    for seconds in [6_311_390_400, u64::MAX] {
        let expect = store.get(&key).map_or(Expect::Absent, |found| Expect::Version(found.version));
        let hint = Hint::expires_at(UnixTime::from_secs(seconds));
        let cas = block_on(store.0.put_if(&key, expect, Some(b"open"), hint)).expect("a write with a hint fails");
        assert!(matches!(cas, Cas::Won(_)));
        assert_eq!(store.value(&key).as_deref(), Some(&b"open"[..]));
    }
}

/// The first and the last byte of a long key count.
pub(super) fn longest_keys<B: Backend>(backend: &B) {
    let mut names = [[b'a'; Key::MAX_LEN]; 3];
    names[1][0] = b'b';
    names[2][Key::MAX_LEN - 1] = b'b';
    distinct(backend, &names.map(key));
}

/// Whatever a server of text, of paths or of patterns could take for the same, or for syntax.
pub(super) fn odd_keys<B: Backend>(backend: &B) {
    let names: [&[u8]; 20] = [
        b"a",
        b"A",
        b"a ",
        b" a",
        b"a\0",
        b"a\0b",
        b"\0",
        b"\0\0",
        b"\xff",
        b"\xff\xff",
        b"\xc3\xa9",
        b"e\xcc\x81",
        b"%",
        b"_",
        b"*",
        b"a/b",
        b"a//b",
        b"'; --",
        b"\"",
        b"\r\n",
    ];
    distinct(backend, &names.map(key));
}

fn distinct<B: Backend>(backend: &B, keys: &[Key]) {
    let store = Handle(backend.open());
    for key in keys {
        assert_eq!(store.get(key), None, "{key:?} before it was written");
        store.create(key, key.as_bytes());
    }
    for key in keys {
        assert_eq!(store.value(key).as_deref(), Some(key.as_bytes()), "{key:?}");
    }
    let mut sorted = keys.to_vec();
    sorted.sort();
    let swept: Vec<Key> = store.sweep(3).into_iter().map(|(key, _)| key).collect();
    assert_eq!(swept, sorted);
}
