use std::{fmt, time::Instant};

use pushotp_store::{Cas, Expect, Hint, Key, Store, StoreError, ValueTooLarge, Versioned};
use tokio::sync::{
    mpsc::{Sender, error::TrySendError},
    oneshot,
};
use tokio_postgres::{Config, Socket, tls::MakeTlsConnect};

use crate::{
    OpenError, Options, PostgresError,
    error::Failure,
    session::Write,
    worker::{Ask, Job},
};

/// A store in a PostgreSQL database, which any number of machines may have open at the same time.
///
/// The connections belong to one thread of the store, which has a runtime of its own: its futures may be awaited on any
/// executor, and one that is dropped leaves no connection with an answer pending. A `put_if` is answered after the
/// commit. Share the store in an `Arc`. Dropping it does not wait; what it has begun ends by itself.
///
/// ```
/// use pushotp_store::{Cas, Expect, Hint, Key, Store};
/// use pushotp_store_postgres::PostgresStore;
///
/// # let Some(cluster) = pg_cluster::Cluster::start()? else { return Ok(()) };
/// # let address = cluster.url("postgres");
/// # pollster::block_on(async {
/// let store = PostgresStore::open(&address).await?; // postgres://app:password@localhost/login
/// let key = Key::new("account/alice")?;
/// assert!(matches!(store.put_if(&key, Expect::Absent, Some(b"1"), Hint::NONE).await?, Cas::Won(_)));
/// assert_eq!(store.get(&key).await?.unwrap().value, b"1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PostgresStore {
    pub(crate) jobs: Sender<Job>,
}

impl PostgresStore {
    /// Connects without TLS to an address such as `postgres://app:password@localhost/login`, or `host=… user=…`.
    ///
    /// An empty database becomes a store: its tables are made in a schema `pushotp`, for which the role needs `CREATE`
    /// on the database. The connection must stay on this machine, or the address must say `sslmode=disable`; for TLS
    /// there is [`connect_with`](Self::connect_with).
    ///
    /// # Errors
    /// [`OpenError`]; a database that is no store, or one of another version, is left as it was.
    ///
    /// ```
    /// # use pushotp_store_postgres::{OpenError, PostgresStore};
    /// let opened = pollster::block_on(PostgresStore::open("postgres://app@localhost/login?sslmode=require"));
    /// assert!(matches!(opened, Err(OpenError::Tls)));
    /// ```
    pub async fn open(address: &str) -> Result<Self, OpenError> {
        Options::new().open(address).await
    }

    /// Connects with the caller's TLS.
    ///
    /// Whatever implements [`MakeTlsConnect`] for this version of the client will do; it decides which certificates are
    /// good. `sslmode=prefer`, the default, counts as `require` for a server on another machine: else whoever is in
    /// between could say that there is no TLS.
    ///
    /// # Errors
    /// [`OpenError`], as [`open`](Self::open) has them.
    ///
    /// ```
    /// use pushotp_store_postgres::{OpenError, PostgresStore, tokio_postgres::{Config, NoTls}};
    ///
    /// // A port of this machine on which nobody listens.
    /// let mut config = Config::new();
    /// config.host("127.0.0.1").port(1).user("app");
    /// let opened = pollster::block_on(PostgresStore::connect_with(config, NoTls));
    /// assert!(matches!(opened, Err(OpenError::Connect(_))));
    /// ```
    pub async fn connect_with<T>(config: Config, tls: T) -> Result<Self, OpenError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + 'static,
    {
        Options::new().connect_with(config, tls).await
    }

    fn enqueue(&self, ask: Ask) -> Result<(), Failure> {
        let queued = self.jobs.try_send(Job { ask, since: Instant::now() });
        queued.map_err(|error| {
            Failure::not_sent(match error {
                TrySendError::Full(_) => PostgresError::QueueFull,
                TrySendError::Closed(_) => PostgresError::Stopped,
            })
        })
    }

    /// Asks the thread. If it goes away after it took the question, nobody knows what became of it.
    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<Result<T, Failure>>) -> Ask) -> Result<T, Failure> {
        let (reply, outcome) = oneshot::channel();
        self.enqueue(ask(reply))?;
        outcome.await.unwrap_or(Err(Failure::unknown(PostgresError::Stopped)))
    }
}

impl Store for PostgresStore {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        self.ask(|reply| Ask::Get(key.clone(), reply)).await.map_err(Failure::of_read)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Versioned>>, StoreError> {
        self.ask(|reply| Ask::GetMany(keys.to_vec(), reply)).await.map_err(Failure::of_read)
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        ValueTooLarge::refuse(value)?;
        let write = Write { key: key.clone(), expect, value: value.map(<[u8]>::to_vec), hint };
        self.ask(|reply| Ask::Write(write, reply)).await.map_err(Failure::of_write)
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        self.ask(|reply| Ask::Scan(after.cloned(), limit, reply)).await.map_err(Failure::of_read)
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}
