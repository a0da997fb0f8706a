//! What is told is in the file, and what fails is told as it failed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    error::Error,
    path::PathBuf,
    task::{Context, Poll, Waker},
};

use pollster::block_on;
use pushotp_store::{Cas, DynStore, Expect, Hint, Key, StoreError, UnixTime};
use pushotp_store_sqlite::{SqliteError, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("login.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path()).unwrap()
    }

    /// The file as another program sees it.
    fn other(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }
}

fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

fn create(store: &SqliteStore, name: &str) -> Result<Cas, StoreError> {
    block_on(store.put_if(&key(name), Expect::Absent, Some(name.as_bytes()), Hint::NONE))
}

#[test]
fn another_connection_finds_the_log_and_the_row() {
    let place = Place::new();
    let store = place.open();
    let Cas::Won(version) = create(&store, "account/alice").unwrap() else { panic!() };
    let other = place.other();
    let mode: String = other.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    let row: (i64, Vec<u8>, Option<i64>) = other
        .query_row("SELECT version, value, expires FROM record WHERE key = ?1", [b"account/alice"], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(row, (i64::try_from(version.as_u64()).unwrap(), b"account/alice".to_vec(), None));
}

/// For whoever collects garbage.
#[test]
fn the_hint_is_kept_and_replaced() {
    let place = Place::new();
    let (store, key) = (place.open(), key("challenge/1"));
    let mut expect = Expect::Absent;
    let late = UnixTime::from_secs(u64::MAX);
    for hint in [Hint::expires_at(UnixTime::from_secs(9)), Hint::NONE, Hint::expires_at(late)] {
        let Cas::Won(version) = block_on(store.put_if(&key, expect, Some(b"open"), hint)).unwrap() else { panic!() };
        expect = Expect::Version(version);
        let stored: Option<i64> = place.other().query_row("SELECT expires FROM record", [], |row| row.get(0)).unwrap();
        assert_eq!(stored, hint.expires().map(|time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX)));
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    let store = place.open();
    let _ = create(&store, "account/alice").unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let path = place.0.path().join(format!("login.db{suffix}"));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{suffix}");
    }
}

/// The writes were begun and nobody waits for them any more.
#[test]
fn dropping_the_store_writes_what_is_queued() {
    let place = Place::new();
    let store = place.open();
    let names: Vec<Key> = (0..200).map(|number| key(&format!("account/{number}"))).collect();
    for name in &names {
        let mut write = store.put_if(name, Expect::Absent, Some(b"1"), Hint::NONE);
        let _ = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    drop(store);
    let count: isize = place.other().query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap();
    assert_eq!(count.unsigned_abs(), names.len());
}

/// Writes that wait for another program's lock: the queue has an end, and what is in it is written after all.
#[test]
fn a_full_queue_refuses() {
    let place = Place::new();
    let store = place.open();
    let other = place.other();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let names: Vec<Key> = (0..4_000).map(|number| key(&format!("account/{number}"))).collect();
    let mut waiting = Vec::new();
    let mut refused = None;
    for name in &names {
        let mut write = store.put_if(name, Expect::Absent, Some(b"1"), Hint::NONE);
        match write.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => waiting.push(write),
            Poll::Ready(outcome) => {
                refused = Some(outcome.unwrap_err());
                break;
            }
        }
    }
    let refused = refused.unwrap();
    assert!(matches!(refused, StoreError::NotApplied(_)));
    assert_eq!(refused.source().unwrap().downcast_ref(), Some(&SqliteError::QueueFull));
    other.execute_batch("COMMIT").unwrap();
    let written = waiting.len();
    for write in waiting {
        assert!(matches!(block_on(write), Ok(Cas::Won(_))));
    }
    let count: isize = other.query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap();
    assert_eq!(count.unsigned_abs(), written);
}

/// A lock that is held for longer than anybody waits. Takes as long as that.
#[test]
fn a_busy_file_is_not_written() {
    let place = Place::new();
    let store = place.open();
    let other = place.other();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(create(&store, "account/alice"), Err(StoreError::NotApplied(_))));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(block_on(store.get(&key("account/alice"))).unwrap(), None);
    assert!(matches!(create(&store, "account/alice"), Ok(Cas::Won(_))));
}

/// A statement that fails comes before the commit: certainly nothing was written.
#[test]
fn a_failed_statement_is_not_applied() {
    let place = Place::new();
    let (store, other) = (place.open(), place.other());
    other
        .execute_batch("CREATE TRIGGER fails BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'planted'); END")
        .unwrap();
    assert!(matches!(create(&store, "account/alice"), Err(StoreError::NotApplied(_))));
    other.execute_batch("DROP TRIGGER fails").unwrap();
    assert_eq!(block_on(store.get(&key("account/alice"))).unwrap(), None);
    assert!(matches!(create(&store, "account/alice"), Ok(Cas::Won(_))));
}

/// A commit that fails is of unknown fate, whatever this engine says of it; the store goes on.
#[test]
fn a_failed_commit_is_unknown() {
    let place = Place::new();
    let (store, other) = (place.open(), place.other());
    other
        .execute_batch(
            "CREATE TABLE parent (id INTEGER PRIMARY KEY);
             CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER fails AFTER INSERT ON record BEGIN INSERT INTO child VALUES (1); END",
        )
        .unwrap();
    let error = create(&store, "account/alice").unwrap_err();
    assert!(matches!(error, StoreError::Unknown(_)), "{error:?}");
    other.execute_batch("DROP TRIGGER fails").unwrap();
    assert_eq!(block_on(store.get(&key("account/alice"))).unwrap(), None);
    assert!(matches!(create(&store, "account/alice"), Ok(Cas::Won(_))));
}
