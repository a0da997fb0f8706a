//! Where a store is, and who runs servers on it.

use std::sync::Arc;

use pg_cluster::Cluster;
use pushotp::store::{DynStore, MemoryStore};
use tempfile::TempDir;

use crate::{Broken, Promise, Racer, open};

/// A fresh store of one kind.
pub struct Place {
    /// Of the backend.
    pub name: &'static str,
    kind: Kind,
    broken: Option<Promise>,
}

enum Kind {
    Memory(Arc<dyn DynStore>),
    File { folder: TempDir, program: &'static str },
    Postgres { cluster: Cluster, database: String, program: &'static str },
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Place {
    /// The memory of this process; its servers are threads.
    #[must_use]
    pub fn memory() -> Self {
        Self { name: "memory, threads", kind: Kind::Memory(Arc::new(MemoryStore::new())), broken: None }
    }

    /// A file; its servers are processes that run `program`.
    #[must_use]
    pub fn file(program: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { name: "SQLite, processes", kind: Kind::File { folder, program }, broken: None }
    }

    /// A database of a server of its own; `None`, and said so, where PostgreSQL is not installed.
    #[must_use]
    pub fn postgres(program: &'static str) -> Option<Self> {
        let cluster = Cluster::start_or_skip()?;
        let database = cluster.create_database().unwrap();
        Some(Self { name: "PostgreSQL, processes", kind: Kind::Postgres { cluster, database, program }, broken: None })
    }

    /// The same with a store that breaks a promise.
    #[must_use]
    pub fn broken(self, promise: Promise) -> Self {
        Self { broken: Some(promise), ..self }
    }

    /// The store, in this process, with its promises kept.
    #[must_use]
    pub fn store(&self) -> Arc<dyn DynStore> {
        match &self.kind {
            Kind::Memory(store) => Arc::clone(store),
            _ => open(&self.url()).unwrap(),
        }
    }

    /// What its servers are started with; nothing for those in this process.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.kind {
            Kind::Memory(_) => String::new(),
            Kind::File { folder, .. } => format!("sqlite:{}", folder.path().join("login.db").display()),
            Kind::Postgres { cluster, database, .. } => cluster.url(database),
        }
    }

    /// One more server.
    #[must_use]
    pub fn racer(&self) -> Racer {
        let prefix = match self.broken {
            None => "",
            Some(Promise::Versions) => "blind+",
            Some(Promise::Commits) => "early+",
        };
        match &self.kind {
            Kind::Memory(store) => Racer::thread(match self.broken {
                None => Arc::clone(store),
                Some(broken) => Arc::new(Broken { inner: Arc::clone(store), broken }),
            }),
            Kind::File { program, .. } | Kind::Postgres { program, .. } => {
                Racer::process(program, &format!("{prefix}{}", self.url()))
            }
        }
    }

    /// Where the database server listens; 0 without one.
    #[must_use]
    pub fn port(&self) -> u16 {
        match &self.kind {
            Kind::Postgres { cluster, .. } => cluster.port(),
            _ => 0,
        }
    }

    /// The database server crashes; `false` if there is none.
    pub fn crash(&mut self) -> bool {
        let Kind::Postgres { cluster, .. } = &mut self.kind else { return false };
        cluster.stop_immediate().unwrap();
        true
    }

    /// It recovers.
    pub fn recover(&mut self) {
        if let Kind::Postgres { cluster, .. } = &mut self.kind {
            cluster.restart().unwrap();
        }
    }

    /// So many servers.
    #[must_use]
    pub fn racers(&self, count: usize) -> Vec<Racer> {
        (0..count).map(|_| self.racer()).collect()
    }
}
