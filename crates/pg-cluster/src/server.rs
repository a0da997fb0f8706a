//! The server's processes.

use std::{
    fs::{self, File},
    io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::account::{self, Account};

/// How often and at what distance a process is looked at; a minute in all.
pub(crate) const TRIES: u32 = 3_000;
pub(crate) const PAUSE: Duration = Duration::from_millis(20);

/// Below the ports that systems hand out to clients, so that nobody has ours during a restart.
const PORTS: std::ops::Range<u32> = 16_000..32_000;

/// After a crash the server syncs all files of the cluster: in one call, not one by one.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=300",
    "recovery_init_sync_method=syncfs",
];

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) programs: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) account: Option<Account>,
    pub(crate) port: u16,
    /// There while it runs.
    process: Option<Child>,
}

impl Server {
    /// On the first free port; another process may take it before the server does.
    pub(crate) fn start(programs: &Path, folder: PathBuf, account: Option<Account>) -> io::Result<Self> {
        let mut server = Self { programs: programs.to_owned(), folder, account, port: 0, process: None };
        let mut last = io::Error::other("no port is free");
        for port in free_ports().take(5) {
            server.port = port;
            match server.run() {
                Ok(()) => return Ok(server),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(crate) fn run(&mut self) -> io::Result<()> {
        let log = File::options().create(true).append(true).open(self.folder.join("log"))?;
        let mut postgres = Command::new(self.programs.join("postgres"));
        postgres.arg("-D").arg(self.data());
        let port = format!("port={}", self.port);
        for setting in [&*port].iter().chain(SETTINGS) {
            postgres.args(["-c", setting]);
        }
        postgres.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.process = Some(account::prepare(&mut postgres, &self.folder, self.account.as_ref()).spawn()?);
        self.wait_until_ready()
    }

    /// The server says so in the last line of its pid file.
    fn wait_until_ready(&mut self) -> io::Result<()> {
        let pid_file = self.data().join("postmaster.pid");
        for _ in 0..TRIES {
            let Some(process) = &mut self.process else { break };
            if process.try_wait()?.is_some() {
                self.process = None;
                break;
            }
            let file = fs::read_to_string(&pid_file).unwrap_or_default();
            let is_ours = file.lines().next() == Some(&process.id().to_string());
            if is_ours && file.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(10).collect();
        Err(io::Error::other(format!("the server does not start: {tail:?}")))
    }

    /// Does nothing if it does not run.
    pub(crate) fn stop(&mut self, mode: &str) -> io::Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        let mut pg_ctl = Command::new(self.programs.join("pg_ctl"));
        // Without waiting: it is this process's child, and to be reaped here.
        pg_ctl.args(["-m", mode, "-W", "stop", "-D"]).arg(self.data());
        account::run(&mut pg_ctl, &self.folder, self.account.as_ref())?;
        process.wait()?;
        Ok(())
    }

    pub(crate) fn kill(&mut self) -> io::Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        let mut family = children(process.id());
        family.insert(0, process.id());
        let pids: Vec<String> = family.iter().map(u32::to_string).collect();
        let mut shell = Command::new("sh");
        // A session that ended meanwhile is no failure.
        shell.args(["-c", r#"for pid; do kill -KILL "$pid" || :; done"#, "kill"]).args(pids).stderr(Stdio::null());
        account::run(&mut shell, &self.folder, self.account.as_ref())?;
        process.wait()?;
        for _ in 0..TRIES {
            if !family.iter().any(|pid| is_alive(*pid)) {
                return fs::remove_file(self.data().join("postmaster.pid"));
            }
            thread::sleep(PAUSE);
        }
        Err(io::Error::other("a process of the server does not end"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop("immediate");
    }
}

fn free_ports() -> impl Iterator<Item = u16> {
    // Processes that start at the same time begin at different places.
    let first = process::id().wrapping_mul(97);
    let ports = (0..PORTS.end - PORTS.start)
        .map(move |step| PORTS.start + first.wrapping_add(step) % (PORTS.end - PORTS.start));
    ports.filter_map(|port| u16::try_from(port).ok()).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
}

/// The state and the parent of a process, which follow its name in parentheses.
fn stat(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

fn children(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| stat(*pid).is_some_and(|(_, of)| of == parent)).collect()
}

/// Nobody may have reaped it yet, which does not matter.
fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != 'Z')
}
