//! One defect, one error; and a file that is refused is left as it was.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{error::Error, fs, path::Path};

use pollster::block_on;
use pushotp_store::{Expect, Hint, Key, MAX_VALUE, Store, StoreError, ValueTooLarge};
use pushotp_store_sqlite::{OpenError, SqliteError, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

fn refused(path: &Path) -> String {
    let error = SqliteStore::open(path).unwrap_err();
    let name = format!("{error:?}");
    name.split(['(', ' ']).next().unwrap().to_owned()
}

#[test]
fn files_that_are_no_store() {
    // The statements that make the file, and the error.
    let cases = [
        ("CREATE TABLE users (name TEXT)", "Foreign"),
        ("PRAGMA user_version = 1", "Foreign"),
        ("PRAGMA application_id = 252006674; CREATE TABLE t (c)", "Foreign"),
        ("PRAGMA application_id = 1347376208", "Schema"),
        ("PRAGMA application_id = 1347376208; PRAGMA user_version = 2", "Schema"),
        ("PRAGMA application_id = 1347376208; PRAGMA user_version = -1", "Schema"),
    ];
    for (sql, expect) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&path).unwrap();
        assert_eq!(refused(&path), expect, "{sql}");
        assert!(fs::read(&path).unwrap() == before, "{sql}: the file has changed");
    }
}

/// Of an application that crashed: what it has in its log stays there for it to recover.
#[test]
fn a_log_of_another_application() {
    let folder = tempfile::tempdir().unwrap();
    let (theirs, path) = (folder.path().join("theirs.db"), folder.path().join("login.db"));
    let connection = Connection::open(&theirs).unwrap();
    connection.execute_batch("PRAGMA journal_mode = wal; CREATE TABLE users (name TEXT)").unwrap();
    for suffix in ["", "-wal"] {
        fs::copy(format!("{}{suffix}", theirs.display()), format!("{}{suffix}", path.display())).unwrap();
    }
    let log = folder.path().join("login.db-wal");
    let before = (fs::read(&path).unwrap(), fs::read(&log).unwrap());
    assert!(!before.1.is_empty());
    assert_eq!(refused(&path), "Foreign");
    assert!((fs::read(&path).unwrap(), fs::read(&log).unwrap_or_default()) == before);
}

#[test]
fn bytes_that_are_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("login.db");
    for content in [&[b'x'; 4096][..], b"SQLite format 3\0 and no more", b"x"] {
        fs::write(&path, content).unwrap();
        assert_eq!(refused(&path), "NotADatabase", "{} bytes", content.len());
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn paths_that_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(refused(folder.path()), "File");
    assert_eq!(refused(&folder.path().join("missing").join("login.db")), "File");
    assert_eq!(refused(Path::new("")), "File");
}

/// The negative control: what is refused above is refused for its defect.
#[test]
fn nothing_wrong_is_not_refused() {
    let (folder, store) = fresh();
    drop(store);
    let path = folder.path().join("login.db");
    let connection = Connection::open(&path).unwrap();
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
    assert_eq!(id, 1_347_376_208);
    drop(connection);
    assert!(SqliteStore::open(&path).is_ok());
    fs::write(folder.path().join("empty.db"), []).unwrap();
    assert!(SqliteStore::open(&folder.path().join("empty.db")).is_ok());
    let error = SqliteStore::open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::File(_)));
}

fn fresh() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("login.db")).unwrap();
    (folder, store)
}

/// The innermost error.
fn root(error: &StoreError) -> &(dyn Error + 'static) {
    let mut error: &(dyn Error + 'static) = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

#[test]
fn values_and_keys_that_are_too_long() {
    let (_folder, store) = fresh();
    let key = Key::new([0xff; Key::MAX_LEN]).unwrap();
    assert!(Key::new([0xff; Key::MAX_LEN + 1]).is_err());
    let error = block_on(store.put_if(&key, Expect::Absent, Some(&vec![0; MAX_VALUE + 1]), Hint::NONE)).unwrap_err();
    assert!(matches!(error, StoreError::NotApplied(_)));
    assert!(root(&error).is::<ValueTooLarge>());
    assert_eq!(block_on(store.get(&key)).unwrap(), None);
}

#[test]
fn versions_at_their_end() {
    let (folder, store) = fresh();
    let key = Key::new("account/alice").unwrap();
    let other = Connection::open(folder.path().join("login.db")).unwrap();
    other.execute("UPDATE counter SET last_version = ?1", [i64::MAX - 1]).unwrap();
    assert!(block_on(store.put_if(&key, Expect::Absent, Some(b"1"), Hint::NONE)).is_ok());
    let next = Key::new("account/bob").unwrap();
    let error = block_on(store.put_if(&next, Expect::Absent, Some(b"1"), Hint::NONE)).unwrap_err();
    assert!(matches!(error, StoreError::NotApplied(_)));
    assert_eq!(root(&error).downcast_ref(), Some(&SqliteError::Exhausted));
    assert_eq!(block_on(store.get(&next)).unwrap(), None);
}

/// A file that somebody edited: nothing in it is believed, and nothing panics.
#[test]
fn rows_that_were_edited() {
    let (folder, store) = fresh();
    let key = Key::new("account/alice").unwrap();
    let other = Connection::open(folder.path().join("login.db")).unwrap();
    other.execute_batch("PRAGMA ignore_check_constraints = on").unwrap();
    let cases =
        [("x'6b', -1, x''", "version"), ("x'6b', 1, zeroblob(65537)", "value"), ("zeroblob(257), 1, x''", "key")];
    for (row, field) in cases {
        other.execute_batch("DELETE FROM record").unwrap();
        other.execute_batch(&format!("INSERT INTO record (key, version, value) VALUES ({row})")).unwrap();
        let error = block_on(store.scan(None, 10)).unwrap_err();
        assert_eq!(root(&error).downcast_ref(), Some(&SqliteError::Malformed(field)), "{row}");
        assert!(matches!(error, StoreError::NotApplied(_)));
        if field != "key" {
            let error = block_on(store.get(&Key::new("k").unwrap())).unwrap_err();
            assert_eq!(root(&error).downcast_ref(), Some(&SqliteError::Malformed(field)), "{row}");
        }
    }
    assert_eq!(block_on(store.get(&key)).unwrap(), None);
}
