//! One connection: what it must be before it is used, and the operations on it.

use std::{
    cell::RefCell,
    error::Error,
    future::{Future, poll_fn},
    io,
    pin::Pin,
    rc::Rc,
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use pushotp_store::{Cas, Expect, Hint, Key, MAX_PAGE, MAX_VALUE, Version, Versioned};
use tokio::task::{JoinHandle, spawn_local};
use tokio_postgres::{
    AsyncMessage, Client, Config, Row, Socket, Statement,
    error::{Severity, SqlState},
    tls::MakeTlsConnect,
    types::{ToSql, Type},
};

use crate::{OpenError, Options, PostgresError, error::Failure, parameter::Bytes, schema};

/// A page of a scan ends after this many bytes of values, and one value.
const PAGE_BYTES: i64 = 1024 * 1024;

/// One conditional write.
pub(crate) struct Write {
    pub(crate) key: Key,
    pub(crate) expect: Expect,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) hint: Hint,
}

/// Makes connections, each with its own encryption, without saying of which type.
pub(crate) type Connector = Box<dyn Fn() -> Connecting + Send>;
type Connecting = Pin<Box<dyn Future<Output = Result<Link, tokio_postgres::Error>>>>;

/// A connection and the task that moves its bytes.
pub(crate) struct Link {
    client: Client,
    driver: Driver,
    /// The last warning of the server.
    warning: Rc<RefCell<Option<SqlState>>>,
}

/// Without its session it has nothing to do: dropped, it cuts the connection, whatever is under way on it.
struct Driver(Option<JoinHandle<()>>);

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

pub(crate) fn connector<T>(config: Config, tls: T) -> Connector
where
    T: MakeTlsConnect<Socket> + Clone + Send + 'static,
{
    Box::new(move || {
        let (config, tls) = (config.clone(), tls.clone());
        Box::pin(async move {
            let (client, mut connection) = config.connect(tls).await?;
            let warning = Rc::default();
            let last: Rc<RefCell<Option<SqlState>>> = Rc::clone(&warning);
            let driver = spawn_local(async move {
                while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                    match message {
                        AsyncMessage::Notice(notice) if notice.parsed_severity() == Some(Severity::Warning) => {
                            *last.borrow_mut() = Some(notice.code().clone());
                        }
                        _ => {}
                    }
                }
            });
            Ok(Link { client, driver: Driver(Some(driver)), warning })
        })
    })
}

pub(crate) struct Session {
    link: Link,
    statements: Statements,
    pub(crate) used: Instant,
}

impl Session {
    /// A new connection, with all checks passed.
    pub(crate) async fn open(connector: &Connector, options: &Options) -> Result<Self, OpenError> {
        let link = connector().await.map_err(refused)?;
        set(&link.client, options.timeout).await?;
        verify(&link.client, options).await?;
        schema::prepare(&link.client).await?;
        let statements = Statements::prepare(&link.client).await?;
        Ok(Self { link, statements, used: Instant::now() })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.link.client.is_closed()
    }

    /// Asks the server for a sign of life.
    pub(crate) async fn is_alive(&self) -> bool {
        self.link.client.check_connection().await.is_ok()
    }

    /// Says goodbye.
    pub(crate) async fn close(self) {
        let Link { client, mut driver, .. } = self.link;
        drop(client);
        if let Some(task) = driver.0.take() {
            let _ = task.await;
        }
    }

    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Versioned>, Failure> {
        let row = self.link.client.query_opt(&self.statements.get, &[&Bytes(key.as_bytes())]).await?;
        row.map(|row| versioned(&row)).transpose()
    }

    /// The questions go out together, so all of them wait for one answer of the network. One statement with a list of keys
    /// would leave it to the planner to read the whole table instead.
    pub(crate) async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Versioned>>, Failure> {
        try_join_all(keys.iter().map(|key| self.get(key))).await
    }

    pub(crate) async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, Failure> {
        // No key is empty, so every key follows the empty one.
        let (after, limit) = (Bytes(after.map_or(&[], Key::as_bytes)), i64::from(limit.min(MAX_PAGE)));
        let rows = self.link.client.query(&self.statements.scan, &[&after, &limit, &PAGE_BYTES]).await?;
        rows.iter().map(|row| Ok((key(row)?, versioned(row)?))).collect()
    }

    /// One statement that does nothing unless the expected version is there.
    pub(crate) async fn put_if(&self, write: &Write) -> Result<Cas, Failure> {
        let (key, value) = (Bytes(write.key.as_bytes()), write.value.as_deref().map(Bytes));
        let expires = write.hint.expires().map(|time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
        let expected = match write.expect {
            Expect::Absent => None,
            Expect::Version(expected) => match i64::try_from(expected.as_u64()) {
                Ok(expected) => Some(expected),
                // The sequence never gets there.
                Err(_) => return Ok(Cas::Lost),
            },
        };
        let of = &self.statements;
        match (expected, &value) {
            (None, Some(value)) => self.write(&of.create, &[&key, value, &expires]).await,
            (Some(expected), Some(value)) => self.write(&of.replace, &[&key, value, &expires, &expected]).await,
            (Some(expected), None) => self.write(&of.delete, &[&key, &expected]).await,
            (None, None) => self.write(&of.absent, &[&key]).await,
        }
    }

    /// The client answers when the server is ready for the next statement, which is after the commit.
    async fn write(&self, statement: &Statement, parameters: &[&(dyn ToSql + Sync)]) -> Result<Cas, Failure> {
        self.link.warning.take();
        let row = self.link.client.query_opt(statement, parameters).await?;
        if let Some(code) = self.link.warning.take() {
            // Somebody ended the wait for a synchronous standby: the commit is on one machine only.
            return Err(Failure::unknown(PostgresError::Warned(code)));
        }
        match row {
            None => Ok(Cas::Lost),
            Some(row) => Ok(Cas::Won(version(&row)?)),
        }
    }
}

/// A server that is none of those that were asked for is found out by the client, which says so with an error of its
/// own, not with one of the system's.
fn refused(error: tokio_postgres::Error) -> OpenError {
    let source = error.source().and_then(<dyn Error>::downcast_ref::<io::Error>);
    let is_denied =
        |source: &io::Error| source.kind() == io::ErrorKind::PermissionDenied && source.raw_os_error().is_none();
    if source.is_some_and(is_denied) { OpenError::ReadOnly } else { OpenError::Connect(error.into()) }
}

/// For this session alone. What decides about durability stays as it is found now, if the server's settings change.
async fn set(client: &Client, timeout: Duration) -> Result<(), OpenError> {
    let (statement, lock) = (timeout.as_millis(), timeout.as_millis() / 2);
    let settings = format!(
        "SET statement_timeout = {statement}; SET lock_timeout = {lock};
         SET idle_in_transaction_session_timeout = {statement};
         SET default_transaction_isolation = 'read committed'; SET client_min_messages = 'warning';
         SET search_path = pg_catalog;
         SELECT set_config('synchronous_commit', current_setting('synchronous_commit'), false)"
    );
    Ok(client.batch_execute(&settings).await?)
}

/// What holds for this session, read back.
async fn verify(client: &Client, options: &Options) -> Result<(), OpenError> {
    let settings = "SELECT current_setting('transaction_read_only'), current_setting('synchronous_commit'),
        current_setting('fsync'), current_setting('full_page_writes'), current_setting('transaction_isolation')";
    let row = client.query_one(settings, &[]).await?;
    let must_sync = !options.may_lose_writes;
    if row.try_get::<_, &str>(0)? != "off" {
        return Err(OpenError::ReadOnly);
    }
    if row.try_get::<_, &str>(1)? == "off" {
        return Err(OpenError::SynchronousCommit);
    }
    if must_sync && row.try_get::<_, &str>(2)? != "on" {
        return Err(OpenError::Fsync);
    }
    if must_sync && row.try_get::<_, &str>(3)? != "on" {
        return Err(OpenError::FullPageWrites);
    }
    if row.try_get::<_, &str>(4)? != "read committed" {
        return Err(OpenError::Isolation);
    }
    Ok(())
}

struct Statements {
    get: Statement,
    scan: Statement,
    create: Statement,
    replace: Statement,
    delete: Statement,
    absent: Statement,
}

impl Statements {
    async fn prepare(client: &Client) -> Result<Self, OpenError> {
        let (bytes, number) = (Type::BYTEA, Type::INT8);
        let prepare = async |sql, types: &[&Type]| {
            let types: Vec<Type> = types.iter().map(|&of| of.clone()).collect();
            client.prepare_typed(sql, &types).await
        };
        Ok(Self {
            get: prepare("SELECT version, value FROM pushotp.record WHERE key = $1", &[&bytes]).await?,
            // How many bytes come before an entry is known without reading the values.
            scan: prepare(
                "SELECT version, value, key FROM (
                     SELECT *, sum(octet_length(value)) OVER (ORDER BY key) - octet_length(value) AS before
                     FROM (SELECT * FROM pushotp.record WHERE key > $1 ORDER BY key LIMIT $2) AS page
                 ) AS page WHERE before < $3 ORDER BY key",
                &[&bytes, &number, &number],
            )
            .await?,
            create: prepare(
                "INSERT INTO pushotp.record (key, version, value, expires)
                 VALUES ($1, nextval('pushotp.version'), $2, $3) ON CONFLICT (key) DO NOTHING RETURNING version",
                &[&bytes, &bytes, &number],
            )
            .await?,
            replace: prepare(
                "UPDATE pushotp.record SET version = nextval('pushotp.version'), value = $2, expires = $3
                 WHERE key = $1 AND version = $4 RETURNING version",
                &[&bytes, &bytes, &number, &number],
            )
            .await?,
            delete: prepare(
                "DELETE FROM pushotp.record WHERE key = $1 AND version = $2
                 RETURNING nextval('pushotp.version') AS version",
                &[&bytes, &number],
            )
            .await?,
            absent: prepare(
                "SELECT nextval('pushotp.version') AS version
                 WHERE NOT EXISTS (SELECT FROM pushotp.record WHERE key = $1)",
                &[&bytes],
            )
            .await?,
        })
    }
}

/// The tables may have been edited: nothing in them is believed.
fn version(row: &Row) -> Result<Version, Failure> {
    let number = row.try_get::<_, i64>(0)?;
    u64::try_from(number).map(Version::from_u64).map_err(|_| malformed("version"))
}

fn versioned(row: &Row) -> Result<Versioned, Failure> {
    let value: &[u8] = row.try_get(1)?;
    if value.len() > MAX_VALUE {
        return Err(malformed("value"));
    }
    Ok(Versioned { version: version(row)?, value: value.to_vec() })
}

fn key(row: &Row) -> Result<Key, Failure> {
    Key::new(row.try_get::<_, &[u8]>(2)?).map_err(|_| malformed("key"))
}

fn malformed(field: &'static str) -> Failure {
    Failure::unknown(PostgresError::Malformed(field))
}
