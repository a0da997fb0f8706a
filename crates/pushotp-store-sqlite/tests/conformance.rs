//! The store in a file against the suite; each handle is opened anew.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use pushotp_store::conformance::Backend;
use pushotp_store_sqlite::SqliteStore;
use tempfile::TempDir;

struct File(TempDir);

impl Backend for File {
    type Store = SqliteStore;

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.0.path().join("login.db")).unwrap()
    }
}

pushotp_store::conformance!(|| File(tempfile::tempdir().unwrap()));
