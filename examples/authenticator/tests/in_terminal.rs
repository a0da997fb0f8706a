//! The two programs as they are: the authenticator in a real terminal, which `tmux` provides, and the login server, with a
//! browser of a few lines at its pages.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use ureq::{Agent, http::header};

/// How long something may take that a slow machine does.
const PATIENCE: Duration = Duration::from_mins(2);

fn until<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) => assert!(Instant::now() < end, "waited for {what:?}, and saw\n{seen}"),
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Both programs, built as this test was, with the features of the whole workspace, with which CI has built them already.
fn built() -> (PathBuf, PathBuf) {
    let profile = std::env::current_exe().unwrap().parent().and_then(Path::parent).unwrap().to_owned();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--workspace", "--example", "authenticator"]);
    cargo.args(["--example", "login_server", "--target-dir"]).arg(profile.parent().unwrap());
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
    (profile.join("examples/authenticator"), profile.join("examples/login_server"))
}

/// A program that ends with the test.
struct Server {
    child: Child,
    url: String,
    /// It goes on printing.
    _output: BufReader<ChildStdout>,
}

impl Server {
    fn start(program: &Path, folder: &Path) -> Self {
        let mut command = Command::new(program);
        command.args(["--listen", "127.0.0.1:0", "--db"]).arg(folder.join("login.db")).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut url = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut url).unwrap();
        let url = url.trim().trim_end_matches('/').to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        Self { child, url, _output: output }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A terminal of its own, with a program in it.
struct Tmux(String);

impl Tmux {
    fn run(&self, arguments: &[&str]) -> std::process::Output {
        let mut tmux = Command::new("tmux");
        // It asks for UTF-8 of a machine that may have no locale set.
        tmux.env("LC_ALL", "C.UTF-8").args(["-L", &self.0, "-f", "/dev/null"]).args(arguments).output().unwrap()
    }

    fn start(program: &str) -> Self {
        let tmux = Self(format!("pushotp-{}", std::process::id()));
        let started = tmux.run(&["new-session", "-d", "-x", "80", "-y", "24", program]);
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        tmux
    }

    fn screen(&self) -> String {
        String::from_utf8(self.run(&["capture-pane", "-p"]).stdout).unwrap()
    }

    /// Waits until all of a text is on the screen; a line's end is a space.
    fn wait(&self, text: &str) -> String {
        until(text, || {
            let screen = self.screen();
            let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
            if words.contains(text) { Ok(screen) } else { Err(screen) }
        })
    }

    fn keys(&self, keys: &[&str]) {
        for key in keys {
            assert!(self.run(&["send-keys", key]).status.success());
        }
    }

    /// Presses a key until a text is on the screen: in its first moments a request takes none.
    fn presses(&self, key: &str, text: &str) {
        until(text, || {
            let screen = self.screen();
            if screen.contains(text) {
                return Ok(());
            }
            self.keys(&[key]);
            Err(screen)
        });
    }

    fn types(&self, text: &str) {
        assert!(self.run(&["send-keys", "-l", text]).status.success());
        self.keys(&["Enter"]);
    }

    fn pastes(&self, text: &str) {
        assert!(self.run(&["set-buffer", text]).status.success());
        assert!(self.run(&["paste-buffer", "-p", "-d"]).status.success());
    }

    fn has_ended(&self) -> bool {
        !self.run(&["has-session"]).status.success()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

/// A browser: it keeps cookies, follows redirects, and sends forms.
struct Browser {
    agent: Agent,
    site: String,
    cookies: Vec<(String, String)>,
    page: String,
}

impl Browser {
    fn open(site: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None).build();
        let mut browser = Self { agent: config.into(), site: site.into(), cookies: Vec::new(), page: String::new() };
        browser.get("/");
        browser
    }

    fn get(&mut self, path: &str) -> &str {
        let request = self.agent.get(format!("{}{path}", self.site)).header(header::COOKIE, self.cookie());
        let response = request.call().unwrap();
        self.take(response)
    }

    /// Sends a form of the page, with the token that the page has for it.
    fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> &str {
        assert!(self.page.contains(&format!("action=\"{path}\"")), "no form for {path} in\n{}", self.page);
        let hidden = self.page.split("type=\"hidden\"").nth(1).unwrap();
        let token = (between(hidden, "name=\"", "\""), between(hidden, "value=\"", "\""));
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([token]).collect();
        let request = self.agent.post(format!("{}{path}", self.site)).header(header::ORIGIN, &self.site);
        let response = request.header(header::COOKIE, self.cookie()).send_form(fields).unwrap();
        self.take(response)
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn take(&mut self, mut response: ureq::http::Response<ureq::Body>) -> &str {
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.into(), value.into()));
        }
        if let Some(there) = response.headers().get(header::LOCATION) {
            let there = there.to_str().unwrap().to_owned();
            return self.get(&there);
        }
        self.page = response.body_mut().read_to_string().unwrap();
        &self.page
    }

    /// Loads a page again until it is that of this heading.
    fn wait(&mut self, path: &str, heading: &str) {
        until(heading, || {
            let page = self.get(path);
            if page.contains(heading) { Ok(()) } else { Err(page.to_owned()) }
        });
    }

    /// The digits that the page shows large.
    fn digits(&self) -> String {
        let shown = between(&self.page, "<p class=\"number\"", "</p>");
        shown.split_once('>').unwrap().1.chars().filter(char::is_ascii_digit).collect()
    }

    fn sign_in(site: &str) -> Self {
        let mut browser = Self::open(site);
        browser.send("/sign-in", &[("user", "alice"), ("password", "wonderland")]);
        browser
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start} in\n{text}"));
    rest.split_once(end).unwrap().0
}

/// From an empty file to an approved login, one that is denied and reported, and a good end.
#[test]
fn the_whole_story_in_a_terminal() {
    if Command::new("tmux").arg("-V").output().is_err() {
        assert!(std::env::var_os("PUSHOTP_REQUIRE_TMUX").is_none_or(|value| value != "1"), "tmux is missing");
        eprintln!("skipped: tmux");
        return;
    }
    let (authenticator, login_server) = built();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&login_server, folder.path());
    let state = folder.path().join("device.state");
    let program = format!("'{}' --state '{}' --server {}/push", authenticator.display(), state.display(), server.url);
    let phone = Tmux::start(&program);
    let mut page = Browser::sign_in(&server.url);

    enrol(&phone, &mut page);
    approve(&phone, &mut page);
    switch_finger_on(&phone);
    approve_by_finger(&phone, &mut Browser::sign_in(&server.url));
    report(&phone, &mut Browser::sign_in(&server.url));

    phone.presses("Enter", "Your tokens");
    phone.keys(&["h"]);
    phone.wait("denied and reported");
    phone.keys(&["Escape"]);
    phone.wait("Your tokens");
    phone.keys(&["q"]);
    until("the end", || if phone.has_ended() { Ok(()) } else { Err(phone.screen()) });
}

fn enrol(phone: &Tmux, page: &mut Browser) {
    page.send("/enrol", &[]);
    let uri = between(&page.page, "id=\"uri\"", "</textarea>").split_once('>').unwrap().1;
    phone.wait("Your organisation shows you a QR code.");
    phone.pastes(uri);
    phone.wait("characters");
    phone.keys(&["Enter"]);
    let screen = phone.wait("Is it this one?");
    page.wait("/enrol", "Compare the codes");
    let shown: String = screen.chars().filter(char::is_ascii_digit).collect();
    assert!(shown.contains(&page.digits()), "{shown}");
    phone.keys(&["y"]);
    phone.wait("Choose a new PIN");
    phone.types("271846");
    phone.wait("once more");
    phone.types("271846");
    phone.wait("This device is enrolled.");
    page.send("/enrol/confirm", &[("answer", "match")]);
    phone.wait("connected");
}

fn approve(phone: &Tmux, page: &mut Browser) {
    page.send("/send", &[]);
    page.wait("/wait", "Type this number on your phone");
    let number = page.digits();
    let screen = phone.wait("Is this you?");
    assert!(screen.contains("alice"), "{screen}");
    // The token with the PIN, whichever comes first.
    phone.presses(">", "With token   Work");
    phone.presses("a", "Type the number");
    phone.types(&number);
    phone.wait("Type the PIN");
    phone.types("271847");
    phone.wait("most likely the PIN was wrong");
    phone.types("271846");
    phone.wait("you are logged in");
    page.wait("/wait", "You are signed in");
    phone.presses("Enter", "Your tokens");
}

/// For the token with the PIN, whichever comes first in the list.
fn switch_finger_on(phone: &Tmux) {
    until("the token with the PIN", || {
        phone.keys(&["c"]);
        thread::sleep(Duration::from_millis(100));
        let screen = phone.screen();
        if screen.contains("Type the PIN that it has now") {
            return Ok(());
        }
        phone.keys(&["Down"]);
        Err(screen)
    });
    phone.types("271846");
    phone.wait("Choose a new PIN");
    phone.types("905317");
    phone.wait("once more");
    phone.types("905317");
    phone.wait("It is simulated");
    phone.keys(&["y"]);
    phone.wait("and so does a simulated fingerprint");
    phone.wait("simulated fingerprint: on");
}

fn approve_by_finger(phone: &Tmux, page: &mut Browser) {
    page.send("/send", &[]);
    page.wait("/wait", "Type this number on your phone");
    phone.wait("Is this you?");
    phone.presses(">", "With token   Work");
    phone.presses("a", "Type the number");
    phone.types(&page.digits());
    phone.wait("A real device would ask its sensor here.");
    phone.keys(&["b"]);
    phone.wait("you are logged in");
    page.wait("/wait", "You are signed in");
    phone.presses("Enter", "Your tokens");
}

fn report(phone: &Tmux, page: &mut Browser) {
    page.send("/send", &[]);
    page.wait("/wait", "Type this number on your phone");
    phone.wait("Is this you?");
    phone.presses("d", "Did somebody else");
    phone.presses("r", "Your organisation knows");
    page.get("/wait");
    assert!(page.page.contains("eported"), "{}", page.page);
}
