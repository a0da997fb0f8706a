//! A server, a browser at its pages and, once it is enrolled, the user's phone.

use std::{io, path::PathBuf, time::SystemTime};

use tempfile::TempDir;
use webdriver::{Browser, Element, Options};

use crate::{
    phone::{Phone, Scanned},
    server::Server,
};

pub(crate) struct World {
    pub(crate) browser: Browser,
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
}

impl World {
    /// `None` where there is no browser.
    pub(crate) fn new() -> Option<Self> {
        Self::with(&Options::default(), &[])
    }

    /// With a browser and arguments of the server of one's own; its file lies in a folder of its own.
    pub(crate) fn with(options: &Options, arguments: &[&str]) -> Option<Self> {
        let browser = Browser::start_or_skip(options)?;
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("login.db");
        let file = ["--db", db.to_str().unwrap()];
        Some(Self { browser, server: Server::start(&[&file, arguments].concat()), folder })
    }

    pub(crate) fn open(&self, path: &str) {
        self.browser.open(&self.server.url(path)).unwrap();
    }

    pub(crate) fn click(&self, css: &str) {
        self.act(css, Element::click);
    }

    /// Twice if need be: a page that goes on by itself may replace the element before it is used.
    fn act<'a, T>(&'a self, css: &str, act: impl Fn(&Element<'a>) -> io::Result<T>) -> T {
        let attempt = || act(&self.browser.find(css)?);
        attempt().or_else(|_| attempt()).unwrap()
    }

    pub(crate) fn shows(&self, css: &str) {
        self.browser.find(css).unwrap();
    }

    /// The name and the password of the demonstration.
    pub(crate) fn sign_in(&self) {
        self.open("/");
        self.type_name_and_password();
    }

    pub(crate) fn type_name_and_password(&self) {
        self.enter("alice", "wonderland");
    }

    pub(crate) fn enter(&self, name: &str, password: &str) {
        self.browser.find("input#user").unwrap().enter(name).unwrap();
        self.browser.find("#password").unwrap().enter(password).unwrap();
        self.click("#submit");
    }

    /// Signs in, and reads the code on the page.
    pub(crate) fn scan(&self) -> Scanned {
        self.sign_in();
        self.click("#offer");
        self.scan_shown()
    }

    /// Reads the code on the page.
    pub(crate) fn scan_shown(&self) -> Scanned {
        let uri = self.act("#uri", |field| field.property("value"));
        Scanned::new(&self.server.url, uri.as_str().unwrap())
    }

    /// Signs in and enrols the phone; the page then asks how to go on.
    pub(crate) fn enrol(&self) -> Phone {
        let scanned = self.scan();
        assert_eq!(self.digits("#code"), scanned.code());
        self.click("#match");
        self.shows("#push");
        scanned.confirm()
    }

    /// Digits that the page shows large: all of them, however they are grouped.
    pub(crate) fn digits(&self, css: &str) -> String {
        let text = self.act(css, Element::text);
        text.chars().filter(char::is_ascii_digit).collect()
    }

    /// "Use my mobile"; the number on the page.
    pub(crate) fn send(&self) -> String {
        self.click("#push");
        self.number()
    }

    pub(crate) fn number(&self) -> String {
        let number = self.digits("#number");
        assert_eq!(number.len(), 6);
        number
    }

    /// Not the number, but one that is next to it.
    pub(crate) fn wrong(number: &str) -> String {
        format!("{:06}", (number.parse::<u32>().unwrap() + 1) % 1_000_000)
    }

    /// The page says that the user is signed in, and it is the server's own.
    pub(crate) fn is_signed_in(&self) {
        self.shows("#home");
        assert_eq!(self.browser.url().unwrap(), self.server.url("/home"));
        assert_eq!(self.act("#user", Element::text), "alice");
    }

    /// Prints how long after `left` the page flipped. By the browser's clock, which is the machine's.
    pub(crate) fn print_flip(&self, what: &str, left: SystemTime) {
        const TIMES: &str = "const page = performance.getEntriesByType('navigation')[0];
            const paint = performance.getEntriesByName('first-contentful-paint')[0];
            return [0, page.responseEnd, paint ? paint.startTime : page.domContentLoadedEventEnd]
                .map((time) => performance.timeOrigin + time)";
        let since = left.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64() * 1000.0;
        let times = self.browser.run(TIMES, &[]).unwrap();
        let after = |index: usize| times[index].as_f64().unwrap() - since;
        println!(
            "{what}: approval sent, {:.0} ms later the page asks, {:.0} ms it has the answer, {:.0} ms it is painted",
            after(0),
            after(1),
            after(2),
        );
    }

    /// What went wrong on the pages since the last look, by the browser's console, except what has this in it.
    pub(crate) fn wrong_but(&self, expected: &str) -> Vec<String> {
        let mut told = self.browser.console().unwrap();
        told.retain(|line| !line.contains(expected));
        told
    }

    /// No script threw, nothing was missing, and the policy stopped nothing.
    pub(crate) fn nothing_is_wrong(&self) {
        let told = self.browser.console().unwrap();
        assert!(told.is_empty(), "{told:#?}");
    }

    /// How far the page, or a table in it, is wider than its place, in CSS pixels.
    pub(crate) fn too_wide(&self) -> i64 {
        const MOST: &str = "return Math.max(...[document.documentElement, ...document.querySelectorAll('.scroll')]
            .map((box) => box.scrollWidth - box.clientWidth))";
        self.browser.run(MOST, &[]).unwrap().as_i64().unwrap()
    }

    /// Where the pictures are kept.
    pub(crate) fn pictures() -> PathBuf {
        crate::server::profile().parent().unwrap().join("screenshots/login_server")
    }
}
