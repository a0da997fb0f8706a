//! A store by its URL, and two that break their promise: what the checks have to find.

use std::{error::Error, path::Path, sync::Arc, thread, time::Duration};

use pollster::block_on;
use pushotp::store::{Cas, DynStore, Expect, Hint, Key, Store, StoreError, Version, Versioned};
use pushotp_store_postgres::Options;
use pushotp_store_sqlite::SqliteStore;

/// The store that a URL names: `sqlite:PATH` or `postgres://…`. In front of it, `blind+` and `early+` make of it a
/// [`Broken`] one.
///
/// # Errors
/// The store's own, or that the URL is of no kind that is known.
pub fn open(url: &str) -> Result<Arc<dyn DynStore>, Box<dyn Error>> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        return Ok(Arc::new(SqliteStore::open(Path::new(path))?));
    }
    if url.starts_with("postgres://") {
        return Ok(Arc::new(block_on(Options::new().connections(4).open(url))?));
    }
    for (prefix, promise) in [("blind+", Promise::Versions), ("early+", Promise::Commits)] {
        if let Some(url) = url.strip_prefix(prefix) {
            return Ok(Arc::new(Broken { inner: open(url)?, broken: promise }));
        }
    }
    Err("no such kind of store".into())
}

/// A promise that a store gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Only who expects the version that is stored may write. Broken: the last write wins.
    Versions,
    /// What is told is stored. Broken: it is told, and stored a moment later.
    Commits,
}

/// A store that does not keep one of its promises: the negative control of everything that is checked here.
pub struct Broken {
    /// The store that would keep it.
    pub inner: Arc<dyn DynStore>,
    /// Which one.
    pub broken: Promise,
}

impl std::fmt::Debug for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broken").field("broken", &self.broken).finish_non_exhaustive()
    }
}

/// How long after it was told a write that was told too early is made.
const LATE: Duration = Duration::from_millis(3);

impl Broken {
    async fn write_whatever(&self, key: &Key, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        loop {
            let stored = self.inner.get(key).await?.map_or(Expect::Absent, |found| Expect::Version(found.version));
            let cas = self.inner.put_if(key, stored, value, hint).await?;
            if cas != Cas::Lost {
                return Ok(cas);
            }
        }
    }

    async fn write_later(
        &self,
        key: &Key,
        expect: Expect,
        value: Option<&[u8]>,
        hint: Hint,
    ) -> Result<Cas, StoreError> {
        let stored = self.inner.get(key).await?.map_or(Expect::Absent, |found| Expect::Version(found.version));
        if stored != expect {
            return Ok(Cas::Lost);
        }
        let (inner, key, value) = (Arc::clone(&self.inner), key.clone(), value.map(<[u8]>::to_vec));
        thread::spawn(move || {
            thread::sleep(LATE);
            block_on(inner.put_if(&key, expect, value.as_deref(), hint))
        });
        Ok(Cas::Won(Version::from_u64(u64::MAX)))
    }
}

impl Store for Broken {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        self.inner.get(key).await
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        match self.broken {
            Promise::Versions => self.write_whatever(key, value, hint).await,
            Promise::Commits => self.write_later(key, expect, value, hint).await,
        }
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        self.inner.scan(after, limit).await
    }
}
