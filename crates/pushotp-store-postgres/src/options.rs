use std::time::Duration;

use tokio_postgres::{Config, NoTls, Socket, tls::MakeTlsConnect};

use crate::{OpenError, PostgresStore, config, session, worker};

/// How a store uses its server; [`PostgresStore::open`] takes the defaults.
///
/// ```
/// use std::time::Duration;
/// use pushotp_store_postgres::Options;
///
/// let options = Options::new().connections(4).timeout(Duration::from_secs(2));
/// # let Some(cluster) = pg_cluster::Cluster::start()? else { return Ok(()) };
/// # let url = cluster.url("postgres");
/// let store = pollster::block_on(options.open(&url))?;
/// # let _ = store;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) connections: u16,
    pub(crate) timeout: Duration,
    pub(crate) may_lose_writes: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// 16 connections, 5 seconds, and a server that syncs.
    ///
    /// ```
    /// # use pushotp_store_postgres::Options;
    /// assert_eq!(format!("{:?}", Options::new()), format!("{:?}", Options::default()));
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { connections: 16, timeout: Duration::from_secs(5), may_lose_writes: false }
    }

    /// The most connections at a time, at least one; they are made when they are needed.
    ///
    /// All stores together must stay below the server's `max_connections`.
    ///
    /// ```
    /// # use pushotp_store_postgres::Options;
    /// let small = Options::new().connections(2);
    /// # let _ = small;
    /// ```
    #[must_use]
    pub const fn connections(mut self, connections: u16) -> Self {
        self.connections = if connections == 0 { 1 } else { connections };
        self
    }

    /// How long each step may take, between 10 milliseconds and a minute.
    ///
    /// An operation waits so long for a free connection, as long for a new one, half as long for a lock, as long for
    /// the statement; twice as long after it was sent it is given up.
    ///
    /// ```
    /// # use pushotp_store_postgres::Options;
    /// let hasty = Options::new().timeout(std::time::Duration::from_millis(500));
    /// # let _ = hasty;
    /// ```
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.clamp(Duration::from_millis(10), Duration::from_secs(60));
        self
    }

    /// Takes a server that does not sync: after a power loss a code that was used can be used again.
    ///
    /// It lets `fsync` and `full_page_writes` be off, as they are on servers for tests. `synchronous_commit` must be on
    /// all the same; a role can set it for itself.
    ///
    /// ```
    /// # use pushotp_store_postgres::Options;
    /// let for_a_test = Options::new().danger_allow_loss_of_writes();
    /// # let _ = for_a_test;
    /// ```
    #[must_use]
    pub const fn danger_allow_loss_of_writes(mut self) -> Self {
        self.may_lose_writes = true;
        self
    }

    /// [`PostgresStore::open`] with these options.
    ///
    /// # Errors
    /// Those of [`PostgresStore::open`].
    ///
    /// ```
    /// # use pushotp_store_postgres::{OpenError, Options};
    /// let opened = pollster::block_on(Options::new().connections(2).open("mysql://localhost/login"));
    /// assert!(matches!(opened, Err(OpenError::Address)));
    /// ```
    pub async fn open(self, address: &str) -> Result<PostgresStore, OpenError> {
        let mut config: Config = address.parse().map_err(|_| OpenError::Address)?;
        config::require_local_or_disabled(&config)?;
        config::complete(&mut config, self.timeout);
        let store = worker::start(self, session::connector(config, NoTls)).await?;
        Ok(store)
    }

    /// [`PostgresStore::connect_with`] with these options.
    ///
    /// # Errors
    /// Those of [`PostgresStore::connect_with`].
    ///
    /// ```
    /// use pushotp_store_postgres::{OpenError, Options, tokio_postgres::{Config, NoTls}};
    ///
    /// // A port of this machine on which nobody listens.
    /// let mut config = Config::new();
    /// config.host("127.0.0.1").port(1).user("app");
    /// let opened = pollster::block_on(Options::new().connect_with(config, NoTls));
    /// assert!(matches!(opened, Err(OpenError::Connect(_))));
    /// ```
    pub async fn connect_with<T>(self, mut config: Config, tls: T) -> Result<PostgresStore, OpenError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + 'static,
    {
        config::require_tls(&mut config);
        config::complete(&mut config, self.timeout);
        worker::start(self, session::connector(config, tls)).await
    }
}
