//! One defect, one error.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{error::Error, sync::Arc};

use pushotp_store::{DynStore, Expect, Hint, Key, KeyError, MAX_VALUE, MemoryStore, StoreError, ValueTooLarge};

#[test]
fn keys() {
    for (len, expect) in
        [(0, Err(KeyError)), (1, Ok(())), (256, Ok(())), (257, Err(KeyError)), (1 << 20, Err(KeyError))]
    {
        assert_eq!(Key::new(vec![b'k'; len]).map(drop), expect, "{len} bytes");
    }
}

#[test]
fn values() {
    pollster::block_on(async {
        let store: Arc<dyn DynStore> = Arc::new(MemoryStore::new());
        let key = Key::new("account/alice").unwrap();
        let value = vec![0; MAX_VALUE + 1];
        let error = store.put_if(&key, Expect::Absent, Some(&value), Hint::NONE).await.unwrap_err();
        assert!(matches!(error, StoreError::NotApplied(_)));
        assert_eq!(error.source().unwrap().downcast_ref(), Some(&ValueTooLarge));
        assert_eq!(store.get(&key).await.unwrap(), None);
        assert_eq!(ValueTooLarge.to_string(), format!("a value has at most {MAX_VALUE} bytes"));
    });
}

/// Nothing that a user typed reaches a log unescaped, and no value at all.
#[test]
fn debug_is_safe_to_log() {
    let every_byte: Vec<u8> = (0..=255).collect();
    let shown = format!("{:?}", Key::new(&every_byte).unwrap());
    assert!(shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{shown}");

    pollster::block_on(async {
        let (store, key) = (MemoryStore::new(), Key::new("k").unwrap());
        let _ = DynStore::put_if(&store, &key, Expect::Absent, Some(b"planted"), Hint::NONE).await.unwrap();
        let page = DynStore::scan(&store, None, 1).await.unwrap();
        assert_eq!(page[0].1.value, b"planted");
        assert!(!format!("{store:?} {page:?}").contains("planted"));
        assert!(!format!("{page:?}").contains("112"), "the value as numbers");
    });
}
