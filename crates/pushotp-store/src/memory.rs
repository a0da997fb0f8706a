use std::{
    collections::BTreeMap,
    fmt,
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{Cas, Expect, Hint, Key, MAX_PAGE, Store, StoreError, ValueTooLarge, Version, Versioned};

/// A store in the memory of one process: for tests and trials.
///
/// It forgets all when it is dropped, and with it which codes were used and who is locked: never behind a real login.
/// Several handles are an `Arc`.
///
/// ```
/// use pushotp_store::{Expect, Hint, Key, MemoryStore, Store};
///
/// # pollster::block_on(async {
/// let (store, key) = (MemoryStore::new(), Key::new("kid/0011")?);
/// let _ = store.put_if(&key, Expect::Absent, Some(b"alice"), Hint::NONE).await?;
/// let page = store.scan(None, 10).await?;
/// assert_eq!(page.len(), 1);
/// assert_eq!(page[0].0, key);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: BTreeMap<Key, Versioned>,
    /// The last version drawn; one counter for all keys, so that none repeats for any of them.
    last: u64,
}

impl MemoryStore {
    /// An empty store.
    ///
    /// ```
    /// # use pushotp_store::MemoryStore;
    /// assert_eq!(format!("{:?}", MemoryStore::new()), "MemoryStore { .. }");
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No operation can panic half-way, so a poisoned lock still guards a whole state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put_if(&mut self, key: &Key, expect: Expect, value: Option<&[u8]>) -> Result<Cas, StoreError> {
        let stored = self.entries.get(key).map_or(Expect::Absent, |entry| Expect::Version(entry.version));
        if stored != expect {
            return Ok(Cas::Lost);
        }
        let last = self.last.checked_add(1).ok_or_else(|| StoreError::not_applied("no version is left"))?;
        let version = Version::from_u64(last);
        match value {
            Some(value) => {
                self.entries.insert(key.clone(), Versioned { version, value: value.to_vec() });
            }
            None => {
                self.entries.remove(key);
            }
        }
        self.last = last;
        Ok(Cas::Won(version))
    }
}

impl Store for MemoryStore {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        Ok(self.state().entries.get(key).cloned())
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, _: Hint) -> Result<Cas, StoreError> {
        ValueTooLarge::refuse(value)?;
        self.state().put_if(key, expect, value)
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let limit = usize::try_from(limit.min(MAX_PAGE)).unwrap_or(usize::MAX);
        let state = self.state();
        let page = state.entries.range::<Key, _>((from, Bound::Unbounded)).take(limit);
        Ok(page.map(|(key, entry)| (key.clone(), entry.clone())).collect())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
