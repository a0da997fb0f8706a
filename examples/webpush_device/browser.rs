//! A page in Firefox that is subscribed at the push service.

use std::time::Duration;

use pushotp_webpush::{EndpointRules, VapidKey};
use serde_json::{Value, json};

use crate::{device::Pushed, firefox::Firefox, site::Site, story::Failure};

const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Browser {
    pub(crate) firefox: Firefox,
    /// The address of the page.
    pub(crate) page: String,
}

/// Starts the browser; its page subscribes for the server with this key, which pushes to these endpoints.
pub(crate) fn subscribe(
    service: &str,
    server: (&VapidKey, EndpointRules),
    headed: bool,
) -> Result<(Browser, Pushed), Failure> {
    let program = Firefox::program().ok_or(
        "Firefox is not installed (on Debian: apt-get install firefox-esr); --device-only does without a browser",
    )?;
    let site = Site::start(server)?;
    let mut firefox = Firefox::start(program, &preferences(service), headed)?;
    firefox.navigate(&site.url)?;
    // An exception in the page is the reason to tell.
    firefox.evaluate("subscribed")?;
    let subscription = site.subscriptions.recv_timeout(PATIENCE).map_err(|_| "the page did not subscribe")?;
    Ok((Browser { firefox, page: site.url }, Pushed { subscription, arrivals: site.arrivals }))
}

impl Browser {
    /// Waits until the page shows these words.
    pub(crate) fn shows(&mut self, words: &str) -> Result<(), Failure> {
        let expression = format!(
            "new Promise((resolve) => {{
                const state = document.getElementById('state');
                const look = () => state.textContent === {} && resolve();
                new MutationObserver(look).observe(state, {{ childList: true }});
                look();
            }})",
            json!(words)
        );
        self.firefox.evaluate(&expression).map(drop)
    }
}

/// Our push service in the place of that of the browser's maker, and the permission to show notifications.
fn preferences(service: &str) -> [(&'static str, Value); 7] {
    [
        ("dom.push.serverURL", json!(service)),
        ("dom.push.testing.allowInsecureServerURL", json!(true)),
        ("dom.push.enabled", json!(true)),
        ("dom.push.connection.enabled", json!(true)),
        ("permissions.default.desktop-notification", json!(1)),
        ("dom.webnotifications.enabled", json!(true)),
        ("alerts.useSystemBackend", json!(false)),
    ]
}
