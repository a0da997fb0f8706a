//! The driver's process, and the session of one browser.

use std::{
    io::{self, BufRead as _, BufReader, Read as _},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{http, options::Options, text_of};

const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Driver {
    process: Child,
    port: u16,
    session: String,
    /// Kept open: the driver would end at its next word.
    told: BufReader<ChildStdout>,
    /// Removed after the session, which writes to it until its end.
    _profile: TempDir,
}

impl Driver {
    pub(crate) fn start(options: &Options) -> io::Result<Self> {
        let profile = tempfile::Builder::new().prefix("browser-").tempdir()?;
        let mut process = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let told = BufReader::new(process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
        let wanted = json!({ "capabilities": { "alwaysMatch": options.capabilities(profile.path()) } });
        let mut driver = Self { process, port: 0, session: String::new(), told, _profile: profile };
        driver.port = driver.told_port()?;
        let mut session = http::request(driver.port, "POST", "/session", Some(&wanted))?;
        driver.session = text_of(session["sessionId"].take())?;
        Ok(driver)
    }

    /// It takes a free port and says which.
    fn told_port(&mut self) -> io::Result<u16> {
        for line in self.told.by_ref().lines() {
            if let Some((_, port)) = line?.split_once("successfully on port ") {
                return port.trim_end_matches('.').parse().map_err(io::Error::other);
            }
        }
        Err(io::Error::other("chromedriver says no port"))
    }

    pub(crate) fn get(&self, command: &str) -> io::Result<Value> {
        http::request(self.port, "GET", &self.path(command), None)
    }

    pub(crate) fn post(&self, command: &str, body: &Value) -> io::Result<Value> {
        http::request(self.port, "POST", &self.path(command), Some(body))
    }

    fn path(&self, command: &str) -> String {
        format!("/session/{}/{command}", self.session)
    }
}

impl Drop for Driver {
    /// The driver ends its browser as it shuts down; killed, it would leave it behind.
    fn drop(&mut self) {
        if self.port == 0 || http::request(self.port, "GET", "/shutdown", None).is_err() {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

/// Asks until there is an answer; `None` after ten seconds without one.
pub(crate) fn waited<T>(mut ask: impl FnMut() -> io::Result<Option<T>>) -> io::Result<Option<T>> {
    let start = Instant::now();
    loop {
        let answer = ask()?;
        if answer.is_some() || start.elapsed() > PATIENCE {
            return Ok(answer);
        }
        thread::sleep(PAUSE);
    }
}
