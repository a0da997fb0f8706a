//! A store in memory with one defect.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    thread,
    time::Duration,
};

use pushotp_store::{
    Cas, Expect, Hint, Key, Store, StoreError, ValueTooLarge, Version, Versioned, conformance::Backend,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    AbsentIsEmpty,
    AfterMustExist,
    AlwaysTheFirstPage,
    Backwards,
    Caches,
    CannotDeleteAbsent,
    ChecksThenWrites,
    CountsPerHandle,
    CreateReplaces,
    CutsKeys,
    CutsValues,
    DeletesBlindly,
    DeletesNothing,
    EmptyIsAbsent,
    ForgetsAtClose,
    HintDeletes,
    IgnoresLimit,
    IgnoresVersion,
    KeysEndAtZero,
    KeysIgnoreCase,
    ManyFindsSome,
    ManyKnowsNoVersions,
    ManySkipsAbsent,
    ManySorts,
    PageIncludesAfter,
    PagesByPosition,
    ReplaceCreates,
    ReplaceKeepsValue,
    ReusesVersions,
    ScanKnowsNoVersions,
    ShowsBookkeeping,
    StaysLocked,
    TakesAnySize,
    TellsAnotherVersion,
    TombstoneMatches,
    TouchesNeighbours,
    ValuesAreText,
    VersionOfValue,
    WritesNothing,
    ZeroIsNoLimit,
}

/// A moment in which another thread gets its turn.
const MOMENT: Duration = Duration::from_millis(1);

#[derive(Clone, Default)]
struct Data {
    entries: BTreeMap<Key, Versioned>,
    tombstones: BTreeMap<Key, Version>,
    last: u64,
}

pub(crate) struct Broken {
    fault: Fault,
    data: Arc<Mutex<Data>>,
}

impl Broken {
    pub(crate) fn new(fault: Fault) -> Self {
        Self { fault, data: Arc::default() }
    }
}

impl Backend for Broken {
    type Store = BrokenStore;

    fn open(&self) -> BrokenStore {
        let mut data = self.data.lock().unwrap();
        match self.fault {
            Fault::ForgetsAtClose => *data = Data::default(),
            Fault::CountsPerHandle => data.last = 0,
            _ => {}
        }
        let (cache, position, locked) = (Mutex::new(data.clone()), Mutex::new(0), AtomicBool::new(false));
        BrokenStore { fault: self.fault, data: Arc::clone(&self.data), cache, position, locked }
    }
}

pub(crate) struct BrokenStore {
    fault: Fault,
    data: Arc<Mutex<Data>>,
    /// For `Caches`: what this handle has seen.
    cache: Mutex<Data>,
    /// For `PagesByPosition`: how far this handle is.
    position: Mutex<usize>,
    /// For `StaysLocked`: whether a write has begun and not ended.
    locked: AtomicBool,
}

impl BrokenStore {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn stored_key(&self, key: &Key) -> Key {
        let bytes = key.as_bytes();
        let changed = match self.fault {
            Fault::CutsKeys => bytes[..bytes.len().min(255)].to_vec(),
            Fault::KeysEndAtZero => bytes.split(|byte| *byte == 0).next().unwrap().to_vec(),
            Fault::KeysIgnoreCase => bytes.to_ascii_lowercase(),
            _ => return key.clone(),
        };
        Key::new(changed).unwrap_or_else(|_| key.clone())
    }

    fn stored_value(&self, value: &[u8]) -> Vec<u8> {
        match self.fault {
            Fault::CutsValues => value[..value.len().min(4096)].to_vec(),
            Fault::ValuesAreText => String::from_utf8_lossy(value).into_owned().into_bytes(),
            _ => value.to_vec(),
        }
    }

    fn matches(&self, data: &Data, key: &Key, expect: Expect, deletes: bool) -> bool {
        match (data.entries.get(key), expect) {
            _ if deletes && self.has(Fault::DeletesBlindly) => true,
            (None, Expect::Absent) => !(deletes && self.has(Fault::CannotDeleteAbsent)),
            (Some(_), Expect::Absent) => self.has(Fault::CreateReplaces),
            (Some(found), Expect::Version(version)) => found.version == version || self.has(Fault::IgnoresVersion),
            (None, Expect::Version(version)) => {
                self.has(Fault::ReplaceCreates)
                    || self.has(Fault::TombstoneMatches) && data.tombstones.get(key) == Some(&version)
            }
        }
    }

    fn draw(&self, data: &mut Data, key: &Key, value: Option<&[u8]>) -> Version {
        let before = data.entries.get(key);
        match (self.fault, before, value) {
            (Fault::VersionOfValue, Some(before), Some(value)) if before.value == value => before.version,
            (Fault::ReusesVersions, before, _) => {
                Version::from_u64(before.map_or(0, |before| before.version.as_u64()) + 1)
            }
            _ => {
                data.last += 1;
                Version::from_u64(data.last)
            }
        }
    }

    fn write(&self, data: &mut Data, key: &Key, value: Option<&[u8]>) -> Version {
        let version = self.draw(data, key, value);
        match value {
            _ if self.has(Fault::WritesNothing) => {}
            None if self.has(Fault::DeletesNothing) => {}
            None => {
                data.entries.remove(key);
                data.tombstones.insert(key.clone(), version);
            }
            Some(value) => {
                let before = data.entries.get(key).map(|found| found.value.clone());
                let keep = before.filter(|_| self.has(Fault::ReplaceKeepsValue));
                let value = keep.unwrap_or_else(|| self.stored_value(value));
                data.entries.insert(key.clone(), Versioned { version, value });
            }
        }
        if self.has(Fault::TouchesNeighbours) {
            for (_, other) in data.entries.iter_mut().filter(|(other, _)| *other != key) {
                other.version = version;
            }
        }
        if self.has(Fault::TellsAnotherVersion) { Version::from_u64(version.as_u64() + 1_000) } else { version }
    }

    fn compare_and_swap(&self, key: &Key, expect: Expect, value: Option<&[u8]>) -> Cas {
        let key = self.stored_key(key);
        let mut data = self.data.lock().unwrap();
        if !self.matches(&data, &key, expect, value.is_none()) {
            return Cas::Lost;
        }
        if self.has(Fault::ChecksThenWrites) {
            drop(data);
            thread::sleep(MOMENT);
            data = self.data.lock().unwrap();
        }
        Cas::Won(self.write(&mut data, &key, value))
    }

    /// Decides by what this handle has seen, and looks again only when it writes.
    fn through_cache(&self, key: &Key, expect: Expect, value: Option<&[u8]>) -> Cas {
        let mut cache = self.cache.lock().unwrap();
        if !self.matches(&cache, key, expect, value.is_none()) {
            return Cas::Lost;
        }
        let mut data = self.data.lock().unwrap();
        let version = self.write(&mut data, key, value);
        *cache = data.clone();
        Cas::Won(version)
    }
}

impl Store for BrokenStore {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        let data = if self.has(Fault::Caches) { &self.cache } else { &*self.data };
        let found = data.lock().unwrap().entries.get(&self.stored_key(key)).cloned();
        Ok(match found {
            None if self.has(Fault::AbsentIsEmpty) => {
                Some(Versioned { version: Version::from_u64(0), value: Vec::new() })
            }
            Some(found) if self.has(Fault::EmptyIsAbsent) && found.value.is_empty() => None,
            found => found,
        })
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Versioned>>, StoreError> {
        let mut asked = keys.to_vec();
        if self.has(Fault::ManySorts) {
            asked.sort();
        }
        let mut found = Vec::new();
        for key in &asked {
            found.push(Store::get(self, key).await?);
        }
        match self.fault {
            Fault::ManyFindsSome if keys.is_empty() => found.push(None),
            Fault::ManySkipsAbsent => found.retain(Option::is_some),
            Fault::ManyKnowsNoVersions => {
                found.iter_mut().flatten().for_each(|found| found.version = Version::from_u64(0));
            }
            _ => {}
        }
        Ok(found)
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        if !self.has(Fault::TakesAnySize) {
            ValueTooLarge::refuse(value)?;
        }
        if self.has(Fault::StaysLocked) {
            if self.locked.swap(true, Ordering::SeqCst) {
                return Err(StoreError::not_applied("locked"));
            }
            let mut asked = false;
            poll_fn(|context| {
                context.waker().wake_by_ref();
                if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
        let cas = if self.has(Fault::Caches) {
            self.through_cache(key, expect, value)
        } else {
            self.compare_and_swap(key, expect, value)
        };
        if self.has(Fault::HintDeletes) && hint.expires().is_some() {
            self.data.lock().unwrap().entries.remove(key);
        }
        self.locked.store(false, Ordering::SeqCst);
        Ok(cas)
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        let data = self.data.lock().unwrap();
        let mut all: Vec<(Key, Versioned)> = data.entries.clone().into_iter().collect();
        let mut position = self.position.lock().unwrap();
        match (self.fault, after) {
            (Fault::Backwards, _) => {
                all.reverse();
                all.retain(|(key, _)| after.is_none_or(|after| key < after));
            }
            (Fault::AlwaysTheFirstPage, _) | (_, None) => *position = 0,
            (Fault::PagesByPosition, Some(_)) => drop(all.drain(..(*position).min(all.len()))),
            (Fault::AfterMustExist, Some(after)) if !data.entries.contains_key(after) => all.clear(),
            (Fault::PageIncludesAfter, Some(after)) => all.retain(|(key, _)| key >= after),
            (_, Some(after)) => all.retain(|(key, _)| key > after),
        }
        if self.has(Fault::ShowsBookkeeping) {
            all.push((Key::new("meta").unwrap(), Versioned { version: Version::from_u64(0), value: Vec::new() }));
        }
        if self.has(Fault::ScanKnowsNoVersions) {
            for (_, found) in &mut all {
                found.version = Version::from_u64(0);
            }
        }
        if !(self.has(Fault::IgnoresLimit) || self.has(Fault::ZeroIsNoLimit) && limit == 0) {
            all.truncate(usize::try_from(limit).unwrap());
        }
        *position += all.len();
        Ok(all)
    }
}
