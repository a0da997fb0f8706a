//! Where the state lies.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use pushotp::store::DynStore;
use pushotp_store_sqlite::SqliteStore;

use crate::failure::Failure;

/// The file of an SQLite URL, or a path as it is; `None` for what is no file.
pub(crate) fn file_of(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    (!path.contains("://")).then_some(Path::new(path))
}

/// Opens the store that a URL names. The one place that knows which kinds there are.
pub(crate) fn open_store(url: &str) -> Result<Arc<dyn DynStore>, Failure> {
    match file_of(url) {
        Some(path) => Ok(Arc::new(SqliteStore::open(path)?)),
        None => Err("this server takes an SQLite file: --db PATH".into()),
    }
}

/// The file of the keys that belongs to a store, unless the command line names one.
pub(crate) fn keys_of(url: &str, named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let beside = || file_of(url).map(|path| path.with_added_extension("keys"));
    named.or_else(beside).ok_or_else(|| "name the file of the keys: --keys FILE".into())
}
