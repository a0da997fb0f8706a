//! The file itself: created for its owner alone, then opened by the engine.

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    path::{Path, PathBuf, absolute},
    sync::{Mutex, PoisonError},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{
    OpenError,
    schema::{self, Synchronous},
};

/// Held while a new file is open outside the engine.
///
/// On Unix, closing any descriptor of a file drops all locks that the process has on it, those of the engine's
/// connections included. A file that was there before is therefore never opened here, and a new one is closed before
/// another thread can pass this lock and connect.
static CREATING: Mutex<()> = Mutex::new(());

/// The file's absolute path, after it was created if it was missing.
///
/// The engine would create it readable for everybody, and give its log and index the same permissions.
pub(crate) fn create(path: &Path) -> Result<PathBuf, OpenError> {
    // An absolute path is none of the engine's special names, such as `:memory:`.
    let path = absolute(path).map_err(OpenError::File)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _creating = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    match options.open(&path) {
        Ok(_) => Ok(path),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(path),
        Err(error) => Err(OpenError::File(error)),
    }
}

/// The shortest page of a database. The engine takes anything shorter for an empty database and overwrites it.
const MIN_PAGE: u64 = 512;

/// A connection to the file at this absolute path, with all checks passed.
pub(crate) fn connect(path: &Path, synchronous: Synchronous) -> Result<Connection, OpenError> {
    let found = path.metadata().map_err(OpenError::File)?;
    if found.is_dir() {
        return Err(OpenError::File(ErrorKind::IsADirectory.into()));
    }
    if (1..MIN_PAGE).contains(&found.len()) {
        return Err(OpenError::NotADatabase);
    }
    // No mutex of the engine's own: each connection belongs to one thread or stands behind a lock.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    // A file that is refused keeps its log, which the last connection would move into the file when it closes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    schema::prepare(&mut connection, synchronous)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(connection)
}
