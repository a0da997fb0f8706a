//! A server with one database, and what most tests do with it.

use std::{error::Error, fmt::Write as _, time::Duration};

use pg_cluster::Cluster;
use pollster::block_on;
use pushotp_store::{Cas, Expect, Hint, Key, Store, StoreError, Version};
use pushotp_store_postgres::{
    OpenError, Options, PostgresError, PostgresStore,
    tokio_postgres::{Client, NoTls, connect},
};
use tokio::runtime::{Builder, Runtime};

pub(crate) struct Place {
    pub(crate) cluster: Cluster,
    pub(crate) database: String,
}

impl Place {
    pub(crate) fn new() -> Option<Self> {
        let cluster = Cluster::start_or_skip()?;
        let database = cluster.create_database().unwrap();
        Some(Self { cluster, database })
    }

    pub(crate) fn url(&self) -> String {
        self.cluster.url(&self.database)
    }

    pub(crate) fn open(&self) -> PostgresStore {
        open(&self.url(), Options::new()).unwrap()
    }

    /// A store that gives up soon.
    pub(crate) fn open_hasty(&self, connections: u16) -> PostgresStore {
        open(&self.url(), Options::new().connections(connections).timeout(Duration::from_millis(400))).unwrap()
    }

    pub(crate) fn sql(&self, statement: &str) -> String {
        self.cluster.sql(&self.database, statement).unwrap()
    }

    /// As another program sees it.
    pub(crate) fn count(&self) -> usize {
        self.sql("SELECT count(*) FROM pushotp.record").parse().unwrap()
    }

    /// A statement of another program whose transaction stays open until this is dropped.
    pub(crate) fn hold(&self, statement: &str) -> Held {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (client, connection) = runtime.block_on(connect(&self.url(), NoTls)).unwrap();
        runtime.spawn(connection);
        runtime.block_on(client.batch_execute(&format!("BEGIN; {statement}"))).unwrap();
        Held { runtime, client }
    }
}

pub(crate) struct Held {
    runtime: Runtime,
    client: Client,
}

impl Held {
    pub(crate) fn release(self) {
        self.runtime.block_on(self.client.batch_execute("ROLLBACK")).unwrap();
    }
}

pub(crate) fn open(url: &str, options: Options) -> Result<PostgresStore, OpenError> {
    block_on(options.open(url))
}

pub(crate) fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

pub(crate) fn create(store: &PostgresStore, name: &str) -> Result<Cas, StoreError> {
    put(store, name, Expect::Absent, b"value")
}

pub(crate) fn put(store: &PostgresStore, name: &str, expect: Expect, value: &[u8]) -> Result<Cas, StoreError> {
    block_on(store.put_if(&key(name), expect, Some(value), Hint::NONE))
}

pub(crate) fn won(outcome: Result<Cas, StoreError>) -> Version {
    match outcome.unwrap() {
        Cas::Won(version) => version,
        Cas::Lost => panic!("the write is lost"),
    }
}

pub(crate) fn value(store: &PostgresStore, name: &str) -> Option<Vec<u8>> {
    block_on(store.get(&key(name))).unwrap().map(|found| found.value)
}

pub(crate) fn source(error: &StoreError) -> &PostgresError {
    error.source().unwrap().downcast_ref().unwrap()
}

/// `NotApplied` or `Unknown`, with the code of the server where there is one.
pub(crate) fn kind(error: &StoreError) -> (&'static str, String) {
    let kind = match error {
        StoreError::NotApplied(_) => "not applied",
        StoreError::Unknown(_) => "unknown",
        _ => "another",
    };
    let code = match source(error) {
        PostgresError::Server(code) | PostgresError::Warned(code) => code.code().to_owned(),
        other => format!("{other:?}").split(['(', ' ']).next().unwrap().to_owned(),
    };
    (kind, code)
}

/// All that an error says, to whoever asks.
pub(crate) fn text(error: &(dyn Error + 'static)) -> String {
    let mut text = format!("{error:?}");
    let mut next = Some(error);
    while let Some(error) = next {
        write!(text, ": {error}").unwrap();
        next = error.source();
    }
    text
}
