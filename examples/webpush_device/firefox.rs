//! Firefox with a profile of its own, driven over `WebDriver BiDi`, without geckodriver.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, ErrorKind},
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use data_encoding::BASE64;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{bidi::Bidi, story::Failure};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_mins(2);

/// Ends the browser when it is dropped.
pub(crate) struct Firefox {
    _process: Process,
    bidi: Bidi,
    version: String,
    /// The tab.
    context: String,
    _profile: TempDir,
}

/// Killed when dropped, also where a later step of the start fails.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Firefox {
    /// The name of the program, if it is installed.
    pub(crate) fn program() -> Option<&'static str> {
        ["firefox-esr", "firefox"].into_iter().find(|program| {
            let mut command = Command::new(program);
            command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            !matches!(command.status(), Err(error) if error.kind() == ErrorKind::NotFound)
        })
    }

    /// Starts it with an empty profile and these preferences.
    pub(crate) fn start(program: &str, preferences: &[(&str, Value)], headed: bool) -> Result<Self, Failure> {
        let profile = tempfile::tempdir()?;
        let mut lines = String::new();
        for (name, value) in preferences {
            writeln!(lines, "user_pref({}, {value});", json!(name))?;
        }
        fs::write(profile.path().join("user.js"), lines)?;
        let mut command = Command::new(program);
        command.args(["--no-remote", "--remote-debugging-port=0", "--profile"]).arg(profile.path());
        if !headed {
            command.arg("--headless");
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = Process(command.spawn()?);
        let (mut bidi, session) = Bidi::connect(&address(process.0.stderr.take())?)?;
        let tree = bidi.command("browsingContext.getTree", &json!({}))?;
        let context = text(&tree, "/contexts/0/context")?;
        let version = format!("Firefox {}", text(&session, "/capabilities/browserVersion")?);
        Ok(Self { _process: process, bidi, version, context, _profile: profile })
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Opens a page and waits until it is loaded.
    pub(crate) fn navigate(&mut self, url: &str) -> Result<(), Failure> {
        let params = json!({ "context": self.context, "url": url, "wait": "complete" });
        self.bidi.command("browsingContext.navigate", &params).map(drop)
    }

    /// The value of an expression in the page, as the protocol writes values; a promise is awaited.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Result<Value, Failure> {
        let target = json!({ "context": self.context });
        let params = json!({ "expression": expression, "target": target, "awaitPromise": true });
        let mut evaluated = self.bidi.command("script.evaluate", &params)?;
        if let Ok(thrown) = text(&evaluated, "/exceptionDetails/text") {
            return Err(format!("the page throws: {thrown}").into());
        }
        Ok(evaluated.get_mut("result").map(Value::take).unwrap_or_default())
    }

    /// What the tab shows: a PNG.
    pub(crate) fn screenshot(&mut self) -> Result<Vec<u8>, Failure> {
        let shot = self.bidi.command("browsingContext.captureScreenshot", &json!({ "context": self.context }))?;
        Ok(BASE64.decode(text(&shot, "/data")?.as_bytes())?)
    }
}

/// Where the browser listens, as it says itself; whatever else it says is passed over.
fn address(stderr: Option<ChildStderr>) -> Result<String, Failure> {
    let stderr = BufReader::new(stderr.ok_or("the browser says nothing")?);
    let (found, finds) = mpsc::channel();
    thread::spawn(move || {
        for line in stderr.lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("WebDriver BiDi listening on ") {
                let _ = found.send(address.trim().to_owned());
            }
        }
    });
    Ok(finds.recv_timeout(PATIENCE).map_err(|_| "the browser does not start; a window needs a display")?)
}

fn text(value: &Value, pointer: &str) -> Result<String, Failure> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    Ok(text.ok_or_else(|| format!("the browser answers without {pointer}"))?.to_owned())
}
