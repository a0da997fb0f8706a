//! A store as the checks see it: without futures, failing where a check would fail.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::block_on;
use crate::{Cas, Expect, Hint, Key, Store, StoreError, Version, Versioned};

/// How often a write is repeated that was refused because others write.
const PATIENCE: u32 = 1_000;

/// No check stores more than this many entries.
const MAX_PAGES: usize = 1_000;

pub(super) struct Handle<S>(pub(super) S);

impl<S: Store> Handle<S> {
    pub(super) fn get(&self, key: &Key) -> Option<Versioned> {
        block_on(self.0.get(key)).expect("a read fails")
    }

    pub(super) fn value(&self, key: &Key) -> Option<Vec<u8>> {
        self.get(key).map(|found| found.value)
    }

    pub(super) fn put(&self, key: &Key, expect: Expect, value: Option<&[u8]>) -> Cas {
        block_on(self.0.put_if(key, expect, value, Hint::NONE)).expect("a write fails")
    }

    /// A write while others write: a store may refuse it for being busy.
    pub(super) fn contend(&self, key: &Key, expect: Expect, value: Option<&[u8]>) -> Cas {
        for _ in 0..PATIENCE {
            match block_on(self.0.put_if(key, expect, value, Hint::NONE)) {
                Err(StoreError::NotApplied(_)) => thread::yield_now(),
                done => return done.expect("a write is of unknown fate"),
            }
        }
        panic!("a write is refused for ever");
    }

    /// A write that has to be won.
    pub(super) fn win(&self, key: &Key, expect: Expect, value: &[u8]) -> Version {
        match self.put(key, expect, Some(value)) {
            Cas::Won(version) => version,
            Cas::Lost => panic!("a write with the right expectation is lost"),
        }
    }

    pub(super) fn create(&self, key: &Key, value: &[u8]) -> Version {
        self.win(key, Expect::Absent, value)
    }

    pub(super) fn delete(&self, key: &Key, version: Version) -> Version {
        match self.put(key, Expect::Version(version), None) {
            Cas::Won(version) => version,
            Cas::Lost => panic!("a deletion with the right expectation is lost"),
        }
    }

    pub(super) fn page(&self, after: Option<&Key>, limit: u32) -> Vec<(Key, Versioned)> {
        let page = block_on(self.0.scan(after, limit)).expect("a scan fails");
        assert!(page.len() <= limit as usize, "a page is longer than its limit");
        page
    }

    /// All pages, as a caller would ask for them.
    pub(super) fn sweep(&self, limit: u32) -> Vec<(Key, Versioned)> {
        let mut all: Vec<(Key, Versioned)> = Vec::new();
        for _ in 0..MAX_PAGES {
            let page = self.page(all.last().map(|(key, _)| key), limit);
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
        panic!("a scan does not end");
    }
}

/// Says that its thread is at its end, also if it fails, so that nobody waits for it for ever.
pub(super) struct Ended<'a>(pub(super) &'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

pub(super) fn key(name: impl AsRef<[u8]>) -> Key {
    Key::new(name).expect("a key of a check has 1 to 256 bytes")
}
