use std::{
    fmt,
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
};

use futures_channel::oneshot;
use pushotp_store::{Cas, Expect, Hint, Key, Store, StoreError, ValueTooLarge, Versioned};
use rusqlite::Connection;

use crate::{
    OpenError, SqliteError, file, reader,
    schema::Synchronous,
    writer::{self, Job},
};

/// How many reads run at the same time. A thread that waits for a lock costs more than a read.
const READERS: usize = 4;

/// A store in an SQLite file, which several threads and processes may have open at the same time.
///
/// Writes go through one thread of the store, which commits together what waits; a `put_if` is answered after the
/// commit is on the disk. Reads run on the calling thread, four at a time: some microseconds each, for a page of a scan
/// about a millisecond.
///
/// Dropping it waits until what is queued is written. Share it in an `Arc`; several in one process work too.
///
/// ```
/// use pushotp_store::{Cas, Expect, Hint, Key, Store};
/// use pushotp_store_sqlite::SqliteStore;
///
/// # pollster::block_on(async {
/// let folder = tempfile::tempdir()?;
/// let key = Key::new("account/alice")?;
///
/// let store = SqliteStore::open(&folder.path().join("login.db"))?;
/// assert!(matches!(store.put_if(&key, Expect::Absent, Some(b"1"), Hint::NONE).await?, Cas::Won(_)));
/// drop(store);
///
/// let store = SqliteStore::open(&folder.path().join("login.db"))?;
/// assert_eq!(store.get(&key).await?.unwrap().value, b"1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct SqliteStore {
    /// Both are there until the store is dropped.
    queue: Option<SyncSender<Job>>,
    writer: Option<JoinHandle<()>>,
    readers: [Mutex<Connection>; READERS],
    /// Counts the reads that found all readers busy.
    waits: AtomicUsize,
}

impl SqliteStore {
    /// Opens the file at `path`, or creates it, on Unix readable and writable for its owner alone.
    ///
    /// The file must lie on a local file system: the write-ahead log needs shared memory. Beside it the engine keeps two
    /// more, `-wal` and `-shm`, which belong to it. Permissions of a file that was there before are left as they are.
    /// This call blocks for some milliseconds, and for seconds if other processes hold locks.
    ///
    /// # Errors
    /// [`OpenError`]; a file that is no store, or one of another version, is left as it was.
    ///
    /// ```
    /// # use pushotp_store_sqlite::{OpenError, SqliteStore};
    /// let folder = tempfile::tempdir()?;
    /// assert!(matches!(SqliteStore::open(folder.path()), Err(OpenError::File(_))));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, Synchronous::Full)
    }

    /// [`open`](Self::open) without waiting for the disk: after a loss of power a used code can be used again.
    ///
    /// A crash of the process loses nothing. For tests and trials on slow disks; another process may have the same file
    /// open as it should be.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    ///
    /// ```
    /// # use pushotp_store_sqlite::SqliteStore;
    /// let folder = tempfile::tempdir()?;
    /// let for_a_test = SqliteStore::danger_open_without_sync(&folder.path().join("login.db"));
    /// assert!(for_a_test.is_ok());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn danger_open_without_sync(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, Synchronous::Off)
    }

    fn open_with(path: &Path, synchronous: Synchronous) -> Result<Self, OpenError> {
        let path = file::create(path)?;
        let connection = file::connect(&path, synchronous)?;
        let connect = || {
            let reader = file::connect(&path, synchronous)?;
            reader::restrict(&reader)?;
            Ok::<_, OpenError>(Mutex::new(reader))
        };
        let readers = [connect()?, connect()?, connect()?, connect()?];
        let (queue, jobs) = sync_channel(writer::QUEUE);
        let writer = thread::Builder::new()
            .name("pushotp-sqlite".into())
            .spawn(move || writer::run(connection, &jobs))
            .map_err(OpenError::Thread)?;
        Ok(Self { queue: Some(queue), writer: Some(writer), readers, waits: AtomicUsize::new(0) })
    }

    /// One that is free, else any. The first is taken first: what it has read once, it has at hand.
    ///
    /// A read that panicked has left nothing behind: its statements are reset when they are dropped.
    fn reader(&self) -> MutexGuard<'_, Connection> {
        let free = self.readers.iter().find_map(|reader| match reader.try_lock() {
            Ok(reader) => Some(reader),
            Err(TryLockError::Poisoned(reader)) => Some(reader.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        free.unwrap_or_else(|| {
            let [first, others @ ..] = &self.readers;
            let turn = self.waits.fetch_add(1, Ordering::Relaxed) % READERS;
            let reader = others.get(turn).unwrap_or(first);
            reader.lock().unwrap_or_else(PoisonError::into_inner)
        })
    }

    fn enqueue(&self, job: Job) -> Result<(), StoreError> {
        match self.queue.as_ref().map(|queue| queue.try_send(job)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_))) => Err(StoreError::not_applied(SqliteError::QueueFull)),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(StoreError::not_applied(SqliteError::WriterStopped)),
        }
    }
}

impl Store for SqliteStore {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        reader::get(&self.reader(), key)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Versioned>>, StoreError> {
        reader::get_many(&self.reader(), keys)
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        ValueTooLarge::refuse(value)?;
        let (reply, outcome) = oneshot::channel();
        self.enqueue(Job { key: key.clone(), expect, value: value.map(<[u8]>::to_vec), hint, reply })?;
        // The writer ended after it took the job and before it told: it may have committed.
        outcome.await.unwrap_or_else(|_| Err(StoreError::unknown(SqliteError::WriterStopped)))
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        reader::scan(&self.reader(), after, limit)
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // The writer ends when nobody can send to it any more.
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // A task that owned the store may have been dropped by its waker, on the writer's own thread.
            if writer.thread().id() != thread::current().id() {
                let _ = writer.join();
            }
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn count(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn four_read_at_once_and_a_fifth_waits_for_one_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("login.db")).unwrap();
        let busy: Vec<_> = (0..READERS).map(|_| store.reader()).collect();
        assert!(busy.iter().all(|reader| count(reader) == 0));
        assert!(store.readers.iter().all(|reader| reader.try_lock().is_err()), "each has one of its own");
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..2 * READERS).map(|_| scope.spawn(|| count(&store.reader()))).collect();
            drop(busy);
            assert!(waiting.into_iter().all(|waits| waits.join().unwrap() == 0));
        });
    }

    #[test]
    fn readers_outlive_a_panic() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("login.db")).unwrap();
        for reader in &store.readers {
            let panics = catch_unwind(AssertUnwindSafe(|| {
                let _reader = reader.lock();
                panic!("planted");
            }));
            assert!(panics.is_err() && reader.is_poisoned());
        }
        let all: Vec<_> = (0..READERS).map(|_| store.reader()).collect();
        assert!(all.iter().all(|reader| count(reader) == 0));
    }
}
