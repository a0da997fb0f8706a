//! What was asked and told, and whether one order of it all explains it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::order;
use crate::{Cas, Expect, Hint, Key, Store, StoreError, Version, Versioned};

/// A record of operations on one and the same data, through any number of handles.
///
/// ```
/// use std::sync::Arc;
/// use pushotp_store::{Expect, Hint, Key, MemoryStore, Store, conformance::History};
///
/// # pollster::block_on(async {
/// let (history, data) = (History::new(), Arc::new(MemoryStore::new()));
/// let (one, two) = (history.record(Arc::clone(&data)), history.record(data));
/// let key = Key::new("account/alice")?;
/// let _ = one.put_if(&key, Expect::Absent, Some(b"1"), Hint::NONE).await?;
/// let _ = two.get(&key).await?;
/// assert_eq!(history.verify(), Ok(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct History(Arc<Log>);

#[derive(Default)]
struct Log {
    /// Counts the beginnings and the ends of operations.
    clock: AtomicU64,
    operations: Mutex<Vec<(Key, Operation)>>,
}

pub(super) struct Operation {
    pub(super) call: Call,
    pub(super) begin: u64,
    /// [`u64::MAX`] as long as it may still happen.
    pub(super) end: u64,
    pub(super) told: Told,
}

pub(super) enum Call {
    Get,
    Put { expect: Expect, value: Option<Vec<u8>> },
}

pub(super) enum Told {
    /// Not yet, or that nobody knows.
    Nothing,
    /// That certainly nothing happened.
    NotApplied,
    Found(Option<Versioned>),
    Cas(Cas),
}

/// No order of the operations on this key explains what each was told.
///
/// ```
/// use pushotp_store::{Key, conformance::NotLinearizable};
///
/// let error = NotLinearizable { key: Key::new("account/alice")? };
/// assert_eq!(error.to_string(), "no order explains the operations on Key(\"account/alice\")");
/// # Ok::<(), pushotp_store::KeyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no order explains the operations on {key:?}")]
pub struct NotLinearizable {
    /// The first such key.
    pub key: Key,
}

impl History {
    /// With nothing in it.
    ///
    /// ```
    /// # use pushotp_store::conformance::History;
    /// assert_eq!(History::new().verify(), Ok(0));
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same store, each of whose operations is recorded here.
    ///
    /// ```
    /// # use pushotp_store::{Key, MemoryStore, Store, conformance::History};
    /// # pollster::block_on(async {
    /// let history = History::new();
    /// let store = history.record(MemoryStore::new());
    /// let _ = store.get(&Key::new("account/alice")?).await?;
    /// assert_eq!(history.verify(), Ok(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn record<S: Store>(&self, store: S) -> Recorded<S> {
        Recorded { store, history: self.clone() }
    }

    /// Whether each operation can have happened at one instant between its beginning and its end, and no version was
    /// won twice; how many operations that explains.
    ///
    /// A write of unknown fate happens at some instant after its beginning, or never. Each key is looked at for itself.
    /// The data must have been empty before. The search is exponential in the number of operations that overlap, so
    /// keep it to a few hundred for each key.
    ///
    /// # Errors
    /// [`NotLinearizable`] with the first key that breaks this.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use pushotp_store::{Expect, Hint, Key, MemoryStore, Store, conformance::History};
    /// # pollster::block_on(async {
    /// // Two handles that say they are one store, and are not.
    /// let history = History::new();
    /// let (one, two) = (history.record(MemoryStore::new()), history.record(MemoryStore::new()));
    /// let key = Key::new("account/alice")?;
    /// let _ = one.put_if(&key, Expect::Absent, Some(b"1"), Hint::NONE).await?;
    /// assert_eq!(two.get(&key).await?, None);
    /// assert_eq!(history.verify().unwrap_err().key, key);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn verify(&self) -> Result<usize, NotLinearizable> {
        let log = self.log();
        let mut keys: BTreeMap<&Key, Vec<&Operation>> = BTreeMap::new();
        for (key, operation) in log.iter().filter(|(_, operation)| !matches!(operation.told, Told::NotApplied)) {
            keys.entry(key).or_default().push(operation);
        }
        let mut explained = 0;
        for (key, operations) in keys {
            if !order::exists(&operations) {
                return Err(NotLinearizable { key: key.clone() });
            }
            explained += operations.len();
        }
        Ok(explained)
    }

    fn log(&self) -> MutexGuard<'_, Vec<(Key, Operation)>> {
        self.0.operations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self) -> u64 {
        self.0.clock.fetch_add(1, Ordering::SeqCst)
    }

    /// The place of the operation in the log.
    fn begin(&self, key: &Key, call: Call) -> usize {
        let mut log = self.log();
        log.push((key.clone(), Operation { call, begin: self.tick(), end: u64::MAX, told: Told::Nothing }));
        log.len() - 1
    }

    fn end(&self, place: usize, told: Told) {
        let end = self.tick();
        if let Some((_, operation)) = self.log().get_mut(place) {
            (operation.end, operation.told) = (end, told);
        }
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("operations", &self.log().len()).finish()
    }
}

/// A store whose operations a [`History`] records; made by [`History::record`].
///
/// ```
/// # use pushotp_store::{MemoryStore, conformance::{History, Recorded}};
/// let store: Recorded<MemoryStore> = History::new().record(MemoryStore::new());
/// # let _ = store;
/// ```
#[derive(Debug)]
pub struct Recorded<S> {
    store: S,
    history: History,
}

impl<S: Store> Store for Recorded<S> {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        let place = self.history.begin(key, Call::Get);
        let told = self.store.get(key).await;
        self.history.end(place, told.as_ref().map_or(Told::NotApplied, |found| Told::Found(found.clone())));
        told
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Versioned>>, StoreError> {
        let places: Vec<usize> = keys.iter().map(|key| self.history.begin(key, Call::Get)).collect();
        let told = self.store.get_many(keys).await;
        for (number, place) in places.into_iter().enumerate() {
            let found = told.as_ref().ok().and_then(|found| found.get(number));
            self.history.end(place, found.map_or(Told::NotApplied, |found| Told::Found(found.clone())));
        }
        told
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        let place = self.history.begin(key, Call::Put { expect, value: value.map(<[u8]>::to_vec) });
        let told = self.store.put_if(key, expect, value, hint).await;
        match &told {
            Ok(cas) => self.history.end(place, Told::Cas(*cas)),
            Err(StoreError::NotApplied(_)) => self.history.end(place, Told::NotApplied),
            // It stays open.
            Err(StoreError::Unknown(_)) => {}
        }
        told
    }

    /// A page is a read of each entry in it.
    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        let begin = self.history.tick();
        let page = self.store.scan(after, limit).await?;
        let end = self.history.tick();
        let read = |(key, found): &(Key, Versioned)| {
            (key.clone(), Operation { call: Call::Get, begin, end, told: Told::Found(Some(found.clone())) })
        };
        self.history.log().extend(page.iter().map(read));
        Ok(page)
    }
}

impl Operation {
    /// The version that it is known to have written.
    pub(super) fn version(&self) -> Option<Version> {
        match self.told {
            Told::Cas(Cas::Won(version)) => Some(version),
            _ => None,
        }
    }
}
