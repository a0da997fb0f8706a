//! What the file is and what is in it: identity, durability, tables.

use std::{thread, time::Duration};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use crate::OpenError;

/// `POTP`, in the header of the file: whose database this is.
pub(crate) const APPLICATION_ID: i32 = 0x504f_5450;

/// The version of the tables below, also in the header.
pub(crate) const SCHEMA: i32 = 1;

/// `SQLite` compares blobs byte by byte, so keys have the order that `scan` promises.
///
/// The counter outlives every record, so a version never repeats. `expires` is what a collector of garbage would ask for.
///
/// Versions come from the one counter. An index that made sure of it would be one more page in most writes.
const TABLES: &str = "
    CREATE TABLE record (
        key BLOB NOT NULL PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 256),
        version INTEGER NOT NULL CHECK (version > 0),
        value BLOB NOT NULL CHECK (length(value) <= 65536),
        expires INTEGER
    ) STRICT;
    CREATE TABLE counter (
        id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
        last_version INTEGER NOT NULL
    ) STRICT;
    INSERT INTO counter (id, last_version) VALUES (1, 0);
";

/// How long a statement waits for another process's lock.
const BUSY: Duration = Duration::from_secs(5);

/// How often and at what distance the change to the write-ahead log is tried: `SQLite` does not always wait for it.
const WAL_TRIES: u32 = 100;
const WAL_PAUSE: Duration = Duration::from_millis(50);

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Synchronous {
    Full,
    /// After a loss of power the last commits are gone.
    Off,
}

impl Synchronous {
    /// The name and the number that the engine has for it.
    fn pragma(self) -> (&'static str, i64) {
        match self {
            Self::Full => ("full", 2),
            Self::Off => ("off", 0),
        }
    }
}

/// Makes a connection safe to use, and an empty database a store. Refuses before it changes anything.
pub(crate) fn prepare(connection: &mut Connection, synchronous: Synchronous) -> Result<(), OpenError> {
    connection.busy_timeout(BUSY)?;
    let empty = is_empty(&connection.unchecked_transaction()?)?;
    if connection.is_readonly("main")? {
        return Err(OpenError::ReadOnly);
    }
    make_durable(connection, synchronous)?;
    verify_durable(connection, synchronous)?;
    if empty { create(connection) } else { Ok(()) }
}

/// Whether the database has nothing in it yet. All is read in one transaction, for another process may be creating it.
fn is_empty(snapshot: &Transaction<'_>) -> Result<bool, OpenError> {
    let application: i32 = snapshot.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let schema: i32 = snapshot.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let objects: i64 = snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, schema, objects) {
        (APPLICATION_ID, SCHEMA, _) => Ok(false),
        (APPLICATION_ID, found, _) => Err(OpenError::Schema { found }),
        (0, 0, 0) => Ok(true),
        _ => Err(OpenError::Foreign),
    }
}

fn create(connection: &mut Connection) -> Result<(), OpenError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if is_empty(&transaction)? {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", SCHEMA)?;
    }
    Ok(transaction.commit()?)
}

/// The write-ahead log, synced at each commit; `NORMAL` would sync at checkpoints only.
///
/// `fullfsync` matters on Apple's systems alone, where a plain sync leaves the data in the disk's cache.
fn make_durable(connection: &Connection, synchronous: Synchronous) -> Result<(), OpenError> {
    let mut tries = 1;
    while let Err(error) = connection.pragma_update(None, "journal_mode", "wal") {
        if tries == WAL_TRIES || error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) {
            return Err(error.into());
        }
        tries += 1;
        thread::sleep(WAL_PAUSE);
    }
    connection.pragma_update(None, "synchronous", synchronous.pragma().0)?;
    connection.pragma_update(None, "fullfsync", true)?;
    Ok(())
}

/// What was asked for is read back: the engine answers a refusal with silence.
fn verify_durable(connection: &Connection, synchronous: Synchronous) -> Result<(), OpenError> {
    let journal_mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if journal_mode != "wal" {
        return Err(OpenError::JournalMode);
    }
    let found: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    if found != synchronous.pragma().1 {
        return Err(OpenError::Synchronous);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn durable_is_asked_for_and_verified() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("login.db")).unwrap();
        assert!(
            matches!(verify_durable(&connection, Synchronous::Full), Err(OpenError::JournalMode)),
            "as the engine opens a file"
        );
        make_durable(&connection, Synchronous::Full).unwrap();
        assert!(verify_durable(&connection, Synchronous::Full).is_ok());
        for weaker in ["off", "normal"] {
            connection.pragma_update(None, "synchronous", weaker).unwrap();
            assert!(matches!(verify_durable(&connection, Synchronous::Full), Err(OpenError::Synchronous)), "{weaker}");
        }
    }

    /// A database that cannot have a log says nothing, and is found out.
    #[test]
    fn a_silent_refusal_is_noticed() {
        let connection = Connection::open_in_memory().unwrap();
        make_durable(&connection, Synchronous::Full).unwrap();
        assert!(matches!(verify_durable(&connection, Synchronous::Full), Err(OpenError::JournalMode)));
    }

    #[test]
    fn prepared_connections_are_durable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login.db");
        for _ in 0..2 {
            let mut connection = Connection::open(&path).unwrap();
            prepare(&mut connection, Synchronous::Full).unwrap();
            assert!(verify_durable(&connection, Synchronous::Full).is_ok());
        }
    }
}
