use std::io;

use pushotp_store::StoreError;
use tokio_postgres::error::{DbError, Severity, SqlState};

/// Why a database was not opened as a store.
///
/// A database that is refused is left as it was. No error holds the address or the password.
///
/// ```
/// use pushotp_store_postgres::{OpenError, PostgresStore};
///
/// // To another machine without TLS: only if the address says so.
/// let opened = pollster::block_on(PostgresStore::open("postgres://app:secret@db.example/login"));
/// assert!(matches!(opened, Err(OpenError::Tls)));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The address is no `postgres://` address and no list of `key=value`, or names an option that is not known.
    #[error("the address of the database is malformed")]
    Address,
    /// The connection would not be encrypted, and nothing says that this is meant.
    #[error("the connection would go without tls")]
    Tls,
    /// No server of the address can be reached, or it refuses the login.
    #[error("no connection to the server")]
    Connect(#[source] PostgresError),
    /// The server is a standby, or the database or the role is set to read only.
    #[error("the database is read-only")]
    ReadOnly,
    /// The server would answer before a commit is on its disk: after a crash a used code could be used again.
    #[error("synchronous_commit is off")]
    SynchronousCommit,
    /// The server does not sync its files: after a power loss a used code could be used again.
    #[error("fsync is off")]
    Fsync,
    /// A page that is half written at a power loss could not be repaired.
    #[error("full_page_writes is off")]
    FullPageWrites,
    /// The server does not grant the isolation level that was asked for.
    #[error("the isolation level is not read committed")]
    Isolation,
    /// The tables are unlogged or temporary, which the server empties after a crash.
    #[error("the tables of the store do not outlive a crash")]
    Unlogged,
    /// The database has a schema `pushotp` that is not this crate's.
    #[error("the schema pushotp belongs to another application")]
    Foreign,
    /// The tables were made by another version of this crate, which this one does not know.
    #[error("the schema {found} of the database is not known")]
    Schema {
        /// The number that the database names.
        found: i32,
    },
    /// The operating system gave no thread, or that thread no event queue.
    #[error("the thread of the store cannot be started")]
    Thread(#[source] io::Error),
    /// Any other failure of the server, such as a missing permission.
    #[error("the server failed")]
    Engine(#[source] PostgresError),
}

impl From<tokio_postgres::Error> for OpenError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Engine(error.into())
    }
}

/// Why an operation failed: the source of a [`StoreError`], for logs and tests.
///
/// It says nothing of what the server writes beside the code, for that may quote a row.
///
/// ```
/// use pushotp_store_postgres::PostgresError;
///
/// assert_eq!(PostgresError::QueueFull.to_string(), "too many operations are waiting");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// More operations arrive than the server takes; this one was not queued.
    #[error("too many operations are waiting")]
    QueueFull,
    /// All connections were in use for too long; nothing was sent.
    #[error("no connection became free in time")]
    Busy,
    /// The server did not answer in time. It may still do what it was asked.
    #[error("the server did not answer in time")]
    TimedOut,
    /// The server answered with an error.
    #[error("the server answered with the error {}", .0.code())]
    Server(SqlState),
    /// The server did what it was asked and warned of it, as it does where a commit was not replicated.
    #[error("the server warned of the write with the code {}", .0.code())]
    Warned(SqlState),
    /// The connection failed: refused, lost, or not understood.
    #[error("the connection failed")]
    Connection(#[source] tokio_postgres::Error),
    /// A new connection was refused, because the server is not now what the store was opened on.
    #[error("the server is not what it was")]
    Refused(#[source] Box<OpenError>),
    /// The thread of the store is gone: open it anew.
    #[error("the store stopped")]
    Stopped,
    /// The database holds what this crate never writes.
    #[error("a stored {0} is malformed")]
    Malformed(&'static str),
}

impl From<tokio_postgres::Error> for PostgresError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(code) => Self::Server(code.clone()),
            None => Self::Connection(error),
        }
    }
}

/// What became of a statement that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: PostgresError,
    /// Certainly nothing was written, now or later; the session is as good as before.
    pub(crate) is_certain: bool,
}

impl Failure {
    pub(crate) fn unknown(error: PostgresError) -> Self {
        Self { error, is_certain: false }
    }

    /// Before anything was sent.
    pub(crate) fn not_sent(error: PostgresError) -> Self {
        Self { error, is_certain: true }
    }

    /// Of a write.
    pub(crate) fn of_write(self) -> StoreError {
        if self.is_certain { StoreError::not_applied(self.error) } else { StoreError::unknown(self.error) }
    }

    /// A read leaves everything as it was, however it ends.
    pub(crate) fn of_read(self) -> StoreError {
        StoreError::not_applied(self.error)
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let is_certain = error.as_db_error().is_some_and(is_certain);
        Self { error: error.into(), is_certain }
    }
}

/// Whether the server says with this error that the transaction was rolled back. Whatever is not listed is in doubt: a
/// time-out and a shutdown can come while a commit is under way.
fn is_certain(error: &DbError) -> bool {
    error.parsed_severity() == Some(Severity::Error) && certain_codes(error.code())
}

fn certain_codes(code: &SqlState) -> bool {
    let class = code.code().get(..2);
    matches!(class, Some("22" | "23" | "42"))
        || [
            &SqlState::T_R_SERIALIZATION_FAILURE,
            &SqlState::T_R_DEADLOCK_DETECTED,
            // While it waited for the lock of a row.
            &SqlState::LOCK_NOT_AVAILABLE,
            // At the beginning: the server has become a standby.
            &SqlState::READ_ONLY_SQL_TRANSACTION,
        ]
        .contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_are_certain() {
        for code in ["40001", "40P01", "55P03", "25006", "22000", "2200H", "23505", "23514", "42501", "42P01"] {
            assert!(certain_codes(&SqlState::from_code(code)), "{code}");
        }
    }

    /// Of these some leave everything as it was, too, but not always.
    #[test]
    fn codes_that_are_not() {
        for code in [
            "40000", "40002", "40003", "57014", "57P01", "57P02", "57P03", "57P05", "08000", "08006", "08007", "53100",
            "53200", "53300", "58030", "XX000", "XX001", "P0001", "0A000", "26000", "25000", "25P02", "25P04", "01000",
            "00000", "55000", "55006", "HV000", "F0000", "4", "", "é2000",
        ] {
            assert!(!certain_codes(&SqlState::from_code(code)), "{code}");
        }
    }
}
