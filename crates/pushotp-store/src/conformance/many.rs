//! Several reads in one question.

use super::{
    Backend, block_on,
    handle::{Handle, key},
};
use crate::{Expect, Key, MAX_VALUE, Store, Versioned};

impl<S: Store> Handle<S> {
    fn get_many(&self, keys: &[Key]) -> Vec<Option<Versioned>> {
        block_on(self.0.get_many(keys)).expect("a read of several keys fails")
    }
}

pub(super) fn of_no_keys<B: Backend>(backend: &B) {
    let store = Handle(backend.open());
    store.create(&key("account/alice"), b"one");
    assert_eq!(store.get_many(&[]), []);
    assert_eq!(store.get_many(&[key("account/bob"), key("account")]), [None, None]);
}

/// Absent ones keep their places, and a key that is asked for twice is answered twice.
pub(super) fn in_the_order_of_the_keys<B: Backend>(backend: &B) {
    let store = Handle(backend.open());
    let [a, b, c] = ["secret/a", "secret/b", "secret/c"].map(key);
    for key in [&a, &c] {
        store.create(key, key.as_bytes());
    }
    let found = store.get_many(&[c.clone(), b.clone(), a.clone(), c.clone(), b]);
    let values: Vec<_> = found.iter().map(|found| found.as_ref().map(|found| found.value.as_slice())).collect();
    assert_eq!(values, [Some(c.as_bytes()), None, Some(a.as_bytes()), Some(c.as_bytes()), None]);
}

/// Whatever the values are, and after each write.
pub(super) fn each_as_get_says<B: Backend>(backend: &B) {
    let store = Handle(backend.open());
    let large = vec![0xa5; MAX_VALUE];
    let values: [&[u8]; 4] = [b"", b"\0", b"\xff\\x", &large];
    let keys: Vec<Key> = (0..values.len()).map(|number| key(format!("value/{number}"))).collect();
    let mut versions: Vec<_> = keys.iter().zip(values).map(|(key, value)| store.create(key, value)).collect();
    for (round, value) in values.iter().enumerate() {
        let alone: Vec<_> = keys.iter().map(|key| store.get(key)).collect();
        assert!(store.get_many(&keys) == alone, "in round {round}");
        for (key, version) in keys.iter().zip(&mut versions) {
            *version = store.win(key, Expect::Version(*version), value);
        }
        let again = store.get_many(&keys);
        assert!(again.iter().flatten().map(|found| found.version).eq(versions.iter().copied()), "after round {round}");
    }
}

/// Nothing is remembered from one question to the next.
pub(super) fn what_another_handle_wrote<B: Backend>(backend: &B) {
    let (one, two) = (Handle(backend.open()), Handle(backend.open()));
    let keys = ["secret/a", "secret/b"].map(key);
    assert_eq!(two.get_many(&keys), [None, None]);
    let mut versions = keys.each_ref().map(|key| one.create(key, b"0"));
    for value in [b"1", b"2"] {
        for (key, version) in keys.iter().zip(&mut versions) {
            *version = one.win(key, Expect::Version(*version), value);
        }
        let found = two.get_many(&keys);
        assert!(found.iter().flatten().map(|found| found.version).eq(versions), "after {value:?}");
    }
    one.delete(&keys[0], versions[0]);
    assert_eq!(two.get_many(&keys).iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
}
