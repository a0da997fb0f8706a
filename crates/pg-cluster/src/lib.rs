//! A PostgreSQL server of one's own, for tests and benches: a fresh cluster in a temporary folder, gone when it is dropped.
//!
//! It needs the server's programs, as Debian's package `postgresql` installs them, and no service manager. As root it
//! runs as the account `postgres`, for the server refuses to be root. It listens on a free port of the loopback address,
//! trusts everybody there, and is as durable as a server is by default. If the process ends in any way, killed
//! included, a keeper ends the server and removes the folder.
//!
//! ```
//! let Some(cluster) = pg_cluster::Cluster::start()? else { return Ok(()) };
//! let url = cluster.url(&cluster.create_database()?);
//! assert!(url.starts_with("postgres://postgres@127.0.0.1:"));
//! assert_eq!(cluster.sql("postgres", "SHOW fsync")?, "on");
//! # Ok::<(), std::io::Error>(())
//! ```
#![cfg(unix)]

mod account;
mod keeper;
mod programs;
mod server;

use std::{
    env, fs, io,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use account::Account;
use keeper::Keeper;
use server::Server;

/// Set to `1` where the absence of the programs is an error, as in CI.
const REQUIRED: &str = "PUSHOTP_REQUIRE_POSTGRES";

/// How often a setting is read until the server has it: a process each time.
const RELOADS: u32 = 100;

/// A server with its data, from `initdb` to the last file.
#[derive(Debug)]
pub struct Cluster {
    server: Server,
    databases: AtomicU32,
    /// After the server: first its process is reaped, then the keeper ends what is left.
    _keeper: Keeper,
}

impl Cluster {
    /// Makes a cluster and starts it, in a second or two; `None` where the programs are missing.
    ///
    /// # Errors
    /// If a program fails; the text ends with what it wrote.
    pub fn start() -> io::Result<Option<Self>> {
        programs::find().map(|programs| Self::with(&programs)).transpose()
    }

    /// [`start`](Self::start) for a test, which is passed over without a server.
    ///
    /// # Panics
    /// If the cluster cannot be started, and, where the environment says `PUSHOTP_REQUIRE_POSTGRES=1`, if the programs
    /// are missing.
    #[must_use]
    #[allow(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn start_or_skip() -> Option<Self> {
        let cluster = Self::start().expect("the server's programs are there and fail");
        if cluster.is_none() {
            assert!(env::var_os(REQUIRED).is_none_or(|value| value != "1"), "PostgreSQL is not installed");
            println!("skipped: PostgreSQL is not installed");
        }
        cluster
    }

    fn with(programs: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("pg-cluster-").tempdir()?;
        let account = Account::for_owner_of(folder.path())?;
        if let Some(account) = &account {
            chown(folder.path(), Some(account.user), Some(account.group))?;
        }
        let folder = folder.keep();
        let keeper = Keeper::start(programs, &folder, account.as_ref())?;
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "-D"]);
        account::run(initdb.arg(folder.join("data")), &folder, account.as_ref())?;
        let server = Server::start(programs, folder, account)?;
        Ok(Self { server, databases: AtomicU32::new(0), _keeper: keeper })
    }

    /// The port on the loopback address; it stays the same over a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// Where a client finds a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port())
    }

    /// An empty database, with a name that none had before.
    ///
    /// # Errors
    /// If the server is stopped or refuses.
    pub fn create_database(&self) -> io::Result<String> {
        let name = format!("db{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(name)
    }

    /// Runs one statement as the superuser: its rows as text, the columns separated by `|`.
    ///
    /// # Errors
    /// If the server is stopped or refuses; the text says why.
    pub fn sql(&self, database: &str, statement: &str) -> io::Result<String> {
        let mut psql = Command::new(self.server.programs.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database), "-c", statement]);
        let told = account::run(&mut psql, &self.server.folder, self.server.account.as_ref())?;
        Ok(told.trim_end().to_owned())
    }

    /// Changes a setting for the sessions that begin after this, and for the server where it is one of the server's.
    ///
    /// The value stands as `SHOW` prints it, such as `on` or `500ms`.
    ///
    /// # Errors
    /// Those of [`sql`](Self::sql); if the setting does not become that.
    pub fn set(&self, setting: &str, value: &str) -> io::Result<()> {
        self.sql("postgres", &format!("ALTER SYSTEM SET {setting} = '{value}'"))?;
        self.sql("postgres", "SELECT pg_reload_conf()")?;
        // The reload is asynchronous: a session that begins now may still see the old value.
        for _ in 0..RELOADS {
            if self.sql("postgres", &format!("SHOW {setting}"))? == value {
                return Ok(());
            }
            std::thread::sleep(server::PAUSE);
        }
        Err(io::Error::other(format!("{setting} does not become {value}")))
    }

    /// A crash of the server: no checkpoint, every session is cut off. Its data stays.
    ///
    /// # Errors
    /// If it does not end.
    pub fn stop_immediate(&mut self) -> io::Result<()> {
        self.server.stop("immediate")
    }

    /// A crash without a warning: SIGKILL for the server and for each of its processes at once.
    ///
    /// # Errors
    /// If they do not end.
    pub fn kill(&mut self) -> io::Result<()> {
        self.server.kill()
    }

    /// Starts it again on the same data and port, after it was stopped here or not.
    ///
    /// # Errors
    /// If it does not start; the text ends with its log.
    pub fn restart(&mut self) -> io::Result<()> {
        self.server.stop("fast")?;
        self.server.run()
    }

    /// The folder of the data, for those who look at the files of a server that was stopped.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.server.data()
    }

    /// What the server has written to its log, for a message.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.server.folder.join("log")).unwrap_or_default()
    }
}
