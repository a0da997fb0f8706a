//! What the database is and what is in it: identity and tables.

use tokio_postgres::{Client, error::SqlState};

use crate::OpenError;

/// The version of the tables below.
const SCHEMA: i32 = 1;

/// The number of the lock under which the tables are made: `pushotp` in ASCII.
const LOCK: i64 = 0x0070_7573_686f_7470;

/// Bytes are compared one by one, so keys have the order that `scan` promises.
///
/// The sequence outlives every record and is never rolled back, so a version never repeats. A record changes with every
/// login and no column but the key has an index: a page that is half empty takes the new row beside the old one. Sealed
/// values do not shrink, so nothing tries.
const TABLES: &str = "
    CREATE TABLE pushotp.record (
        key bytea NOT NULL PRIMARY KEY CHECK (octet_length(key) BETWEEN 1 AND 256),
        version bigint NOT NULL CHECK (version > 0),
        value bytea NOT NULL CHECK (octet_length(value) <= 65536),
        expires bigint
    ) WITH (fillfactor = 50);
    ALTER TABLE pushotp.record ALTER COLUMN value SET STORAGE EXTERNAL;
    CREATE SEQUENCE pushotp.version AS bigint NO CYCLE;
    CREATE TABLE pushotp.store (id integer NOT NULL PRIMARY KEY CHECK (id = 1), schema integer NOT NULL);
    INSERT INTO pushotp.store (id, schema) VALUES (1, 1);
";

/// Makes an empty database a store, and refuses one that is something else.
pub(crate) async fn prepare(client: &Client) -> Result<(), OpenError> {
    if find(client).await? == Found::Nothing {
        create(client).await?;
    }
    verify_logged(client).await
}

#[derive(PartialEq)]
enum Found {
    Nothing,
    Store,
}

async fn find(client: &Client) -> Result<Found, OpenError> {
    let objects = "SELECT to_regclass('pushotp.store') IS NOT NULL, count(*) FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'pushotp'";
    let row = client.query_one(objects, &[]).await?;
    match (row.try_get(0)?, row.try_get::<_, i64>(1)?) {
        (false, 0) => return Ok(Found::Nothing),
        (false, _) => return Err(OpenError::Foreign),
        (true, _) => {}
    }
    let row = match client.query_opt("SELECT schema::integer FROM pushotp.store WHERE id = 1", &[]).await {
        Ok(row) => row.ok_or(OpenError::Foreign)?,
        // Another table of this name.
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_COLUMN) => return Err(OpenError::Foreign),
        Err(error) => return Err(error.into()),
    };
    match row.try_get(0)? {
        SCHEMA => Ok(Found::Store),
        found => Err(OpenError::Schema { found }),
    }
}

/// In one transaction, under a lock, for another process may be creating them. If it fails the session is given up, and
/// the server rolls back.
async fn create(client: &Client) -> Result<(), OpenError> {
    client.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK})")).await?;
    if find(client).await? == Found::Nothing {
        let exists = client.query_opt("SELECT FROM pg_namespace WHERE nspname = 'pushotp'", &[]).await?.is_some();
        if !exists {
            // Nobody but its owner may use it until he says so.
            client.batch_execute("CREATE SCHEMA pushotp").await?;
        }
        client.batch_execute(TABLES).await?;
    }
    Ok(client.batch_execute("COMMIT").await?)
}

async fn verify_logged(client: &Client) -> Result<(), OpenError> {
    let weaker = "SELECT FROM pg_class WHERE relpersistence <> 'p'
        AND oid IN ('pushotp.record'::regclass, 'pushotp.version'::regclass, 'pushotp.store'::regclass)";
    if client.query(weaker, &[]).await?.is_empty() { Ok(()) } else { Err(OpenError::Unlogged) }
}
