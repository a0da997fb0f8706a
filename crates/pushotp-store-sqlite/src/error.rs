use std::{io, sync::Arc};

use pushotp_store::BoxError;

/// Why a file was not opened as a store.
///
/// A file that is refused is left as it was.
///
/// ```
/// use pushotp_store_sqlite::{OpenError, SqliteStore};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("login.db");
/// std::fs::write(&path, [b'x'; 4096])?;
/// assert!(matches!(SqliteStore::open(&path), Err(OpenError::NotADatabase)));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The path leads to no file that could be opened or created; a folder, for one.
    #[error("the file cannot be opened or created")]
    File(#[source] io::Error),
    /// The file holds something else than an SQLite database.
    #[error("the file is not an SQLite database")]
    NotADatabase,
    /// The file is the database of another application.
    #[error("the database belongs to another application")]
    Foreign,
    /// The database was written by another version of this crate, whose tables this one does not know.
    #[error("the schema {found} of the database is not known")]
    Schema {
        /// The number that the file names.
        found: i32,
    },
    /// The database cannot be written.
    #[error("the database is read-only")]
    ReadOnly,
    /// The engine refused the write-ahead log: the file lies where processes cannot share memory.
    #[error("the journal mode is not wal")]
    JournalMode,
    /// The engine does not sync at each commit as it was asked to: after a power loss a used code could be used again.
    #[error("the synchronous mode is not what was asked for")]
    Synchronous,
    /// The operating system gave no thread for the writer.
    #[error("the writer's thread cannot be started")]
    Thread(#[source] io::Error),
    /// Any other failure of the engine; its own error is the source.
    #[error("the engine failed")]
    Engine(#[source] BoxError),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => Self::NotADatabase,
            _ => Self::Engine(error.into()),
        }
    }
}

/// Why an operation failed: the source of a [`StoreError`](pushotp_store::StoreError), for logs and tests.
///
/// An error of the engine itself, such as a full disk or a file that another process kept locked too long, is a source
/// as it is, of a type that this crate does not promise.
///
/// ```
/// use pushotp_store_sqlite::SqliteError;
///
/// assert_eq!(SqliteError::QueueFull.to_string(), "too many writes are waiting");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// More writes arrive than the disk takes; this one was not queued.
    #[error("too many writes are waiting")]
    QueueFull,
    /// The writer's thread is gone, because a waker panicked in it: open the store anew.
    #[error("the writer stopped")]
    WriterStopped,
    /// The counter of versions is at its end.
    #[error("no version is left")]
    Exhausted,
    /// The file holds what this crate never writes.
    #[error("a stored {0} is malformed")]
    Malformed(&'static str),
}

/// The failure of a batch: all whose writes were in it are told of one error.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the batch failed that this write was in")]
pub(crate) struct Shared(#[source] pub(crate) Arc<BoxError>);
