//! Where a login server's state lies: what the examples take as `--db`.

use std::{error::Error, path::Path, sync::Arc};

use pushotp::store::DynStore;
use pushotp_store_postgres::PostgresStore;
use pushotp_store_sqlite::SqliteStore;

/// The file of an SQLite URL, or a path as it is; `None` for what is no file.
pub(crate) fn file_of(db: &str) -> Option<&Path> {
    let path = db.strip_prefix("sqlite:").unwrap_or(db);
    (!path.contains("://")).then_some(Path::new(path))
}

/// Opens the store that is named. The one place that knows which kinds there are.
pub(crate) async fn open_store(db: &str) -> Result<Arc<dyn DynStore>, Box<dyn Error + Send + Sync>> {
    if let Some(path) = file_of(db) {
        return Ok(Arc::new(SqliteStore::open(path)?));
    }
    if db.starts_with("postgres://") || db.starts_with("postgresql://") {
        return Ok(Arc::new(PostgresStore::open(db).await?));
    }
    Err("--db takes a file, or postgres://USER@HOST/DATABASE".into())
}
