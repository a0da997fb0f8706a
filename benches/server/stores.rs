//! The stores, what is asked of them, and how often each has synced.

use std::{
    io::{Seek, Write},
    path::Path,
    process::Command,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use getrandom::{SysRng, rand_core::UnwrapErr};
use pg_cluster::Cluster;
use pollster::block_on;
use pushotp::{
    LoginServer, PasscodeVerdict,
    store::{Cas, DynStore, Expect, Hint, Key, MemoryStore},
};
use pushotp_store_postgres::PostgresStore;
use pushotp_store_sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::runtime::Builder;

use crate::{
    accounts::{Accounts, Whose, server_on, time_of},
    clients::{Run, Work, run},
};

const SECONDS: Duration = Duration::from_secs(2);
/// Of the bare store's records.
const RECORD: usize = 1024;

/// A kind of store.
pub(crate) enum Backend {
    Memory,
    Sqlite,
    Postgres(Cluster),
}

/// A fresh one.
enum Place<'a> {
    Memory(Arc<MemoryStore>),
    Sqlite(Arc<SqliteStore>, TempDir),
    Postgres(&'a Cluster, String),
}

impl Backend {
    /// All that there are on this machine.
    pub(crate) fn all() -> Vec<Self> {
        let postgres = Cluster::start().unwrap();
        if postgres.is_none() {
            println!("skipped: PostgreSQL is not installed");
        }
        [Self::Memory, Self::Sqlite].into_iter().chain(postgres.map(Self::Postgres)).collect()
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    fn fresh(&self) -> Place<'_> {
        match self {
            Self::Memory => Place::Memory(Arc::default()),
            Self::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                Place::Sqlite(Arc::new(SqliteStore::open(&folder.path().join("login.db")).unwrap()), folder)
            }
            Self::Postgres(cluster) => Place::Postgres(cluster, cluster.create_database().unwrap()),
        }
    }
}

impl Place<'_> {
    fn store(&self) -> Arc<dyn DynStore> {
        match self {
            Self::Memory(store) => store.clone(),
            Self::Sqlite(store, _) => store.clone(),
            Self::Postgres(cluster, database) => {
                Arc::new(block_on(PostgresStore::open(&cluster.url(database))).unwrap())
            }
        }
    }

    /// How often it has synced for commits so far, if it does and says so.
    fn syncs(&self) -> Option<u64> {
        match self {
            Self::Memory(_) => None,
            // Each transaction is one sync; those of checkpoints are not counted.
            Self::Sqlite(_, folder) => Some(transactions(&folder.path().join("login.db-shm"))),
            Self::Postgres(cluster, database) => {
                // A session tells what it did at the latest when it ends.
                let sessions = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}'");
                while cluster.sql("postgres", &sessions).unwrap() != "0" {
                    thread::sleep(Duration::from_millis(20));
                }
                cluster.sql("postgres", "SELECT wal_sync FROM pg_stat_wal").ok()?.parse().ok()
            }
        }
    }
}

/// Prints a row of verdicts; tells how many there were per second.
pub(crate) fn print_verdicts(
    backend: &Backend,
    (clients, whose): (usize, Whose),
    accounts: &Arc<Accounts>,
    test: bool,
) -> f64 {
    let place = backend.fresh();
    Builder::new_current_thread().build().unwrap().block_on(accounts.copy_to(&place.store()));
    // Connected when the syncs so far are counted: PostgreSQL counts those of sessions that have ended.
    let work = || {
        let each = u32::try_from(accounts.count(whose) / clients).unwrap();
        Verdicts { server: server_on(place.store()), accounts: Arc::clone(accounts), clients, each }
    };
    row(&place, (backend.name(), clients, whose.name()), || run(clients, limit(test), work()), test)
}

/// Prints a row of the bare store.
pub(crate) fn print_bare(backend: &Backend, clients: usize, test: bool) {
    let place = backend.fresh();
    let work = || Bare { store: place.store() };
    row(&place, (backend.name(), clients, "get + put_if, 1 KiB"), || run(clients, limit(test), work()), test);
}

const fn limit(test: bool) -> Duration {
    if test { Duration::ZERO } else { SECONDS }
}

fn row(place: &Place<'_>, (name, clients, work): (&str, usize, &str), run: impl FnOnce() -> Run, test: bool) -> f64 {
    if test {
        println!("{name:<10} {clients:>7} {work:<20} runs {}", run().count());
        return f64::NAN;
    }
    let before = place.syncs();
    let sync = before.map(|_| sync_cost());
    let done = run();
    let syncs = before.zip(place.syncs()).map(|(before, after)| after.saturating_sub(before).max(1));
    println!(
        "{name:<10} {clients:>7} {work:<20} {:>8.0} {:>8.0} {:>8.0} {:>8.1} {:>8} {:>8}",
        done.per_second(),
        done.percentile(50),
        done.percentile(99),
        done.cpu(),
        syncs.map_or("-".into(), |syncs| format!("{:.1}", done.per(syncs))),
        sync.map_or("-".into(), |sync| sync.as_micros().to_string()),
    );
    done.per_second()
}

/// Passcodes that are typed, each once.
struct Verdicts {
    server: LoginServer,
    accounts: Arc<Accounts>,
    clients: usize,
    /// How many accounts a client has.
    each: u32,
}

impl Work for Verdicts {
    /// Each client has accounts of its own and goes round them, so no two are at the same one.
    async fn turn(&self, client: usize, turn: u32) -> Option<()> {
        let account = client + self.clients * usize::try_from(turn % self.each).ok()?;
        let code = turn / self.each;
        let (id, typed) = self.accounts.typed(account, code)?;
        let verdict = self.server.verify_passcode(id, typed, time_of(code), &mut UnwrapErr(SysRng)).await.unwrap();
        assert!(matches!(verdict, PasscodeVerdict::Accepted { .. }), "{verdict:?}");
        Some(())
    }
}

/// Records that are read and replaced, each client its own.
struct Bare {
    store: Arc<dyn DynStore>,
}

impl Work for Bare {
    async fn turn(&self, client: usize, _: u32) -> Option<()> {
        let key = Key::new(format!("bare/{client}")).unwrap();
        let expect = match self.store.get(&key).await.unwrap() {
            Some(found) => Expect::Version(found.version),
            None => Expect::Absent,
        };
        let cas = self.store.put_if(&key, expect, Some(&[0; RECORD]), Hint::NONE).await.unwrap();
        assert!(matches!(cas, Cas::Won(_)));
        Some(())
    }
}

/// The count of transactions that SQLite keeps in the header of its shared index, four bytes from the ninth on.
///
/// Read by another process: if this one closed the file, SQLite would lose its locks.
fn transactions(index: &Path) -> u64 {
    let read = Command::new("head").args(["-c", "12"]).arg(index).output().unwrap();
    u32::from_ne_bytes(read.stdout.last_chunk().copied().unwrap()).into()
}

/// The median time of an fdatasync after a page was written, on the disk that the databases are on.
fn sync_cost() -> Duration {
    let mut file = tempfile::tempfile().unwrap();
    let mut times: Vec<Duration> = (0..101)
        .map(|_| {
            file.rewind().unwrap();
            file.write_all(&[1; 4096]).unwrap();
            let start = Instant::now();
            file.sync_data().unwrap();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times.get(50).copied().unwrap_or_default()
}
