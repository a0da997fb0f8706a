//! Reads: one statement each, on a connection that cannot write.

use pushotp_store::{Key, MAX_PAGE, MAX_VALUE, StoreError, Version, Versioned};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::{OpenError, SqliteError};

/// A page of a scan ends after this many bytes of values, for other reads wait behind it.
const PAGE_BYTES: usize = 1024 * 1024;

/// Makes the connection refuse writes.
pub(crate) fn restrict(connection: &Connection) -> Result<(), OpenError> {
    Ok(connection.pragma_update(None, "query_only", true)?)
}

pub(crate) fn get(connection: &Connection, key: &Key) -> Result<Option<Versioned>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT version, value FROM record WHERE key = ?1")
        .map_err(StoreError::not_applied)?;
    statement
        .query_row([key.as_bytes()], |row| Ok(versioned(row)))
        .optional()
        .map_err(StoreError::not_applied)?
        .transpose()
}

/// As long as the first statement stands on its row, the others read what it reads, and the engine need not look for
/// the newest state again: that takes longer than to read.
pub(crate) fn get_many(connection: &Connection, keys: &[Key]) -> Result<Vec<Option<Versioned>>, StoreError> {
    let Some((first, rest)) = keys.split_first() else { return Ok(Vec::new()) };
    let mut statement = connection
        .prepare_cached("SELECT version, value FROM record WHERE key = ?1 /* and more */")
        .map_err(StoreError::not_applied)?;
    let mut rows = statement.query([first.as_bytes()]).map_err(StoreError::not_applied)?;
    let mut found = vec![rows.next().map_err(StoreError::not_applied)?.map(versioned).transpose()?];
    for key in rest {
        found.push(get(connection, key)?);
    }
    Ok(found)
}

pub(crate) fn scan(
    connection: &Connection,
    after: Option<&Key>,
    limit: u32,
) -> Result<Vec<(Key, Versioned)>, StoreError> {
    // No key is empty, so every key follows the empty one.
    let after = after.map_or(&[][..], Key::as_bytes);
    let mut statement = connection
        .prepare_cached("SELECT version, value, key FROM record WHERE key > ?1 ORDER BY key LIMIT ?2")
        .map_err(StoreError::not_applied)?;
    let mut rows = statement.query((after, limit.min(MAX_PAGE))).map_err(StoreError::not_applied)?;
    let (mut page, mut bytes) = (Vec::new(), 0);
    while bytes < PAGE_BYTES {
        let Some(row) = rows.next().map_err(StoreError::not_applied)? else { break };
        let found = versioned(row)?;
        bytes += found.value.len();
        page.push((Key::new(blob(row, 2, "key")?).map_err(|_| malformed("key"))?, found));
    }
    Ok(page)
}

/// The columns `version` and `value`, which come first. The file may have been edited: nothing in it is believed.
fn versioned(row: &Row<'_>) -> Result<Versioned, StoreError> {
    let version: i64 = row.get(0).map_err(StoreError::not_applied)?;
    let version = u64::try_from(version).map_err(|_| malformed("version"))?;
    let value = blob(row, 1, "value")?;
    if value.len() > MAX_VALUE {
        return Err(malformed("value"));
    }
    Ok(Versioned { version: Version::from_u64(version), value: value.to_vec() })
}

fn blob<'a>(row: &'a Row<'_>, column: usize, field: &'static str) -> Result<&'a [u8], StoreError> {
    row.get_ref(column).map_err(StoreError::not_applied)?.as_blob().map_err(|_| malformed(field))
}

fn malformed(field: &'static str) -> StoreError {
    StoreError::not_applied(SqliteError::Malformed(field))
}
