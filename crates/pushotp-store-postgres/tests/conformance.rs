//! The store in a database against the suite, one database for each check; each handle is a store of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use pg_cluster::Cluster;
use pollster::block_on;
use pushotp_store::conformance::{Backend, checks};
use pushotp_store_postgres::{Options, PostgresStore};

struct Database(String);

impl Backend for Database {
    type Store = PostgresStore;

    fn open(&self) -> PostgresStore {
        block_on(Options::new().connections(4).open(&self.0)).unwrap()
    }
}

/// One test, so that one server does for all.
#[test]
fn conforms() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    let all = checks::<Database>();
    assert!(all.len() >= 38);
    let mut failed = Vec::new();
    for (name, check) in all {
        let database = Database(cluster.url(&cluster.create_database().unwrap()));
        if catch_unwind(AssertUnwindSafe(|| check(&database))).is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}
