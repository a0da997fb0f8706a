//! A headless Chromium of one's own, for tests: a fresh profile in a temporary folder, gone when it is dropped.
//!
//! It needs the programs of Debian's packages `chromium` and `chromium-driver`, and speaks W3C `WebDriver` with the
//! latter over plain HTTP. What finds an element waits until it is displayed; nothing else waits.
//!
//! ```
//! let Some(browser) = webdriver::Browser::start()? else { return Ok(()) };
//! browser.open("data:text/html,<input id=name><p>Hello</p>")?;
//! browser.find("#name")?.enter("Alice")?;
//! assert_eq!(browser.find("p")?.text()?, "Hello");
//! assert_eq!(browser.run("return document.querySelector('#name').value", &[])?, "Alice");
//! # Ok::<(), std::io::Error>(())
//! ```
#![allow(clippy::indexing_slicing, reason = "a JSON value yields null for what it does not have")]

mod driver;
mod element;
mod http;
mod options;

use std::{env, fs, io, path::Path};

use serde_json::{Value, json};

use driver::Driver;
pub use element::{Element, keys};
pub use options::Options;

/// Set to `1` where the absence of the programs is an error, as in CI.
const REQUIRED: &str = "PUSHOTP_REQUIRE_BROWSER";

/// A browser with one window, until it is dropped.
#[derive(Debug)]
pub struct Browser {
    driver: Driver,
}

impl Browser {
    /// Starts it, in a second or two; `None` where the programs are missing.
    ///
    /// # Errors
    /// If a program fails; the text says what it told.
    pub fn start() -> io::Result<Option<Self>> {
        Self::with(&Options::default())
    }

    /// [`start`](Self::start) with scripts off, another size or arguments of one's own.
    ///
    /// # Errors
    /// If a program fails; the text says what it told.
    pub fn with(options: &Options) -> io::Result<Option<Self>> {
        if !["chromium", "chromedriver"].into_iter().all(is_installed) {
            return Ok(None);
        }
        Ok(Some(Self { driver: Driver::start(options)? }))
    }

    /// [`with`](Self::with) for a test, which is passed over without a browser.
    ///
    /// # Panics
    /// If the browser does not start, and, where the environment says `PUSHOTP_REQUIRE_BROWSER=1`, if the programs are
    /// missing.
    #[must_use]
    #[allow(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn start_or_skip(options: &Options) -> Option<Self> {
        let browser = Self::with(options).expect("the browser's programs are there and fail");
        if browser.is_none() {
            skip("chromium or chromedriver is not installed");
        }
        browser
    }

    /// Goes to an address, and is done when the page is loaded.
    ///
    /// # Errors
    /// If nothing answers there.
    pub fn open(&self, url: &str) -> io::Result<()> {
        self.post("url", &json!({ "url": url }))
    }

    /// The address of the page.
    ///
    /// # Errors
    /// If the window was closed.
    pub fn url(&self) -> io::Result<String> {
        text_of(self.driver.get("url")?)
    }

    /// The title of the page.
    ///
    /// # Errors
    /// If the window was closed.
    pub fn title(&self) -> io::Result<String> {
        text_of(self.driver.get("title")?)
    }

    /// Loads the page again.
    ///
    /// # Errors
    /// If nothing answers any more.
    pub fn reload(&self) -> io::Result<()> {
        self.post("refresh", &json!({}))
    }

    /// The back button.
    ///
    /// # Errors
    /// If nothing answers there.
    pub fn back(&self) -> io::Result<()> {
        self.post("back", &json!({}))
    }

    /// Opens another tab and goes on in it; the text leads back to it by [`to_tab`](Self::to_tab).
    ///
    /// # Errors
    /// If the browser has ended.
    pub fn new_tab(&self) -> io::Result<String> {
        let mut tab = self.driver.post("window/new", &json!({ "type": "tab" }))?;
        let tab = text_of(tab["handle"].take())?;
        self.to_tab(&tab)?;
        Ok(tab)
    }

    /// The tab one is in.
    ///
    /// # Errors
    /// If it was closed.
    pub fn tab(&self) -> io::Result<String> {
        text_of(self.driver.get("window")?)
    }

    /// All tabs, also those that a page opened.
    ///
    /// # Errors
    /// If the browser has ended.
    pub fn tabs(&self) -> io::Result<Vec<String>> {
        let Value::Array(tabs) = self.driver.get("window/handles")? else { return Ok(Vec::new()) };
        tabs.into_iter().map(text_of).collect()
    }

    /// Goes on in a tab.
    ///
    /// # Errors
    /// If it was closed.
    pub fn to_tab(&self, tab: &str) -> io::Result<()> {
        self.post("window", &json!({ "handle": tab }))
    }

    /// The first element of a CSS selector that is displayed, waited for.
    ///
    /// # Errors
    /// If none is displayed within ten seconds.
    pub fn find(&self, css: &str) -> io::Result<Element<'_>> {
        let found = driver::waited(|| Ok(self.all(css)?.into_iter().next()))?;
        found.ok_or_else(|| io::Error::other(format!("{css} is not displayed on {}", self.url().unwrap_or_default())))
    }

    /// The elements of a CSS selector that are displayed, at once.
    ///
    /// # Errors
    /// If the selector is none.
    pub fn all(&self, css: &str) -> io::Result<Vec<Element<'_>>> {
        let found = self.driver.post("elements", &json!({ "using": "css selector", "value": css }))?;
        let elements = found.as_array().into_iter().flatten().filter_map(|value| Element::new(&self.driver, value));
        // One that is replaced between the two questions is not displayed.
        Ok(elements.filter(|element| element.is_displayed().unwrap_or(false)).collect())
    }

    /// Waits until no element of a CSS selector is displayed.
    ///
    /// # Errors
    /// If one still is after ten seconds.
    pub fn gone(&self, css: &str) -> io::Result<()> {
        let gone = driver::waited(|| Ok(self.all(css)?.is_empty().then_some(())))?;
        gone.ok_or_else(|| io::Error::other(format!("{css} stays displayed")))
    }

    /// Waits until an element of a CSS selector is displayed with this within its text.
    ///
    /// # Errors
    /// If none is within ten seconds; the text says what stands there instead.
    pub fn find_text(&self, css: &str, part: &str) -> io::Result<Element<'_>> {
        let mut seen = String::new();
        let found = driver::waited(|| {
            for element in self.all(css)? {
                // One that is replaced between the two questions has no text.
                seen = element.text().unwrap_or_default();
                if seen.contains(part) {
                    return Ok(Some(element));
                }
            }
            Ok(None)
        })?;
        found.ok_or_else(|| io::Error::other(format!("{css} says {seen:?}, not {part:?}")))
    }

    /// Runs the body of a function in the page, with `arguments` as its own, and yields what it returns.
    ///
    /// A promise is waited for. Not where scripts are off.
    ///
    /// # Errors
    /// If it throws.
    pub fn run(&self, body: &str, arguments: &[Value]) -> io::Result<Value> {
        self.driver.post("execute/sync", &json!({ "script": body, "args": arguments }))
    }

    /// A command of Chromium's own protocol, such as `Emulation.setEmulatedMedia`.
    ///
    /// # Errors
    /// If it refuses.
    pub fn cdp(&self, command: &str, parameters: &Value) -> io::Result<Value> {
        self.driver.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Light or dark, as a user's settings would say to the page.
    ///
    /// # Errors
    /// If the browser has ended.
    pub fn prefer_dark(&self, dark: bool) -> io::Result<()> {
        let scheme = json!({ "name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" } });
        self.cdp("Emulation.setEmulatedMedia", &json!({ "features": [scheme] })).map(drop)
    }

    /// The size of the page, in CSS pixels, whatever the window's own smallest is.
    ///
    /// # Errors
    /// If the browser has ended.
    pub fn resize(&self, width: u32, height: u32) -> io::Result<()> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", &size).map(drop)
    }

    /// Presses and releases keys one after the other, wherever the focus is; those without a letter are in [`keys`].
    ///
    /// # Errors
    /// If the browser has ended.
    pub fn press(&self, keys: &str) -> io::Result<()> {
        let strokes =
            keys.chars().flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })));
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes.collect::<Vec<_>>() });
        self.post("actions", &json!({ "actions": [keyboard] }))
    }

    /// The element that has the focus; the body without one.
    ///
    /// # Errors
    /// If there is no page.
    pub fn focused(&self) -> io::Result<Element<'_>> {
        let found = self.driver.get("element/active")?;
        Element::new(&self.driver, &found).ok_or_else(|| io::Error::other("nothing has the focus"))
    }

    /// What the console was told since it was last asked: level, source and text, one string each.
    ///
    /// Among it are scripts that threw, loads that failed and what a content security policy stopped.
    ///
    /// # Errors
    /// If the browser has ended.
    pub fn console(&self) -> io::Result<Vec<String>> {
        let told = self.driver.post("se/log", &json!({ "type": "browser" }))?;
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let line = |entry| format!("{} {}: {}", text(entry, "level"), text(entry, "source"), text(entry, "message"));
        Ok(told.as_array().into_iter().flatten().map(line).collect())
    }

    /// What the window shows, as a PNG file; its folder is made if need be.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn screenshot(&self, file: &Path) -> io::Result<()> {
        let text = text_of(self.driver.get("screenshot")?)?;
        let png = data_encoding::BASE64.decode(text.as_bytes()).map_err(io::Error::other)?;
        fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
        fs::write(file, png)
    }

    fn post(&self, command: &str, body: &Value) -> io::Result<()> {
        self.driver.post(command, body).map(drop)
    }
}

/// Says that a test is passed over.
///
/// # Panics
/// Where the environment says `PUSHOTP_REQUIRE_BROWSER=1`.
pub fn skip(reason: &str) {
    assert!(env::var_os(REQUIRED).is_none_or(|value| value != "1"), "{reason}");
    println!("skipped: {reason}");
}

fn is_installed(program: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

fn text_of(value: Value) -> io::Result<String> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(io::Error::other(format!("not a text: {other}"))),
    }
}
