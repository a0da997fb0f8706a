use std::path::Path;

use serde_json::{Value, json};

/// What a browser starts with: by default scripts and the size of a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The window, in CSS pixels.
    pub size: (u32, u32),
    /// Whether pages may run scripts; [`Browser::run`](crate::Browser::run) may not without.
    pub scripts: bool,
    /// More arguments for the browser.
    pub arguments: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { size: (420, 860), scripts: true, arguments: Vec::new() }
    }
}

/// No sandbox, since tests may run as root; nothing that would ask for the network by itself.
const ARGUMENTS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--hide-scrollbars",
];

impl Options {
    pub(crate) fn capabilities(&self, profile: &Path) -> Value {
        let own = [
            format!("--user-data-dir={}", profile.display()),
            format!("--window-size={},{}", self.size.0, self.size.1),
        ];
        let arguments: Vec<_> =
            ARGUMENTS.iter().copied().chain(own.iter().chain(&self.arguments).map(String::as_str)).collect();
        let mut chromium = json!({ "args": arguments });
        if !self.scripts {
            // 2 is "block".
            chromium["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        json!({
            "browserName": "chrome",
            "goog:chromeOptions": chromium,
            "goog:loggingPrefs": { "browser": "ALL" },
        })
    }
}
