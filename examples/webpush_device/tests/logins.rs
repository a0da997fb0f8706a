//! Whole logins, each from enrolment to "logged in".

use pollster::block_on;
use pushotp::{
    AuditKind, Carried,
    wire::{
        notify::NotifyError,
        terms::{PushAddress, PushKind},
    },
};
use pushotp_webpush::{Endpoint, EndpointRules, SubscriptionKeys, VapidKey};
use serde_json::json;

use crate::{
    agent::Agent,
    browser::{self, Browser},
    firefox::Firefox,
    options::Options,
    push_service::PushService,
    server::{self, Server, rng},
    story,
};

/// A server whose user's device is pushed for the server with this key, or its own.
fn subscribed(key: Option<&VapidKey>) -> (Server, Agent, String) {
    let service = PushService::start(Box::new(server::now)).unwrap();
    let server = Server::start().unwrap();
    let mut agent = Agent::connect(&service.socket_url, None).unwrap();
    let (channel, endpoint) = agent.register(key.unwrap_or(server.push.key())).unwrap();
    let endpoint = Endpoint::parse(&endpoint, EndpointRules::danger_allow_loopback()).unwrap();
    let address = SubscriptionKeys::generate(&mut rng()).subscription(endpoint).to_push_address().unwrap();
    server.enrol(address).unwrap();
    (server, agent, channel)
}

#[test]
fn without_a_browser() {
    let mut out = Vec::new();
    story::tell(&Options { device_only: true, ..Options::default() }, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    let who: Vec<&str> = out.lines().map(|line| line[2..16].trim_end()).collect();
    let expected = [
        "push service",
        "device",
        "subscribed",
        "enrolled",
        "login page",
        "push",
        "authenticator",
        "authenticator",
        "logged in",
    ];
    assert_eq!(who, expected, "{out}");
    assert!(out.contains("Intranet asks: is this you, alice? From Vienna, Austria"), "{out}");
}

#[test]
fn an_address_that_is_gone_is_forgotten() {
    let (server, mut agent, channel) = subscribed(None);
    let started = server.begin().unwrap();
    assert_eq!(server.deliver(&started)[0].outcome, Ok(Carried::Sealed));
    agent.receive().unwrap();

    agent.send(&json!({ "messageType": "unregister", "channelID": channel })).unwrap();
    agent.read().unwrap();
    let started = server.begin().unwrap();
    assert_eq!(started.pushes[0].address.kind(), PushKind::WebPush);
    assert_eq!(server.deliver(&started)[0].outcome, Err(NotifyError::Gone));
    let events = block_on(server.login.audit(&server.user)).unwrap();
    assert_eq!(events.last().unwrap().kind(), AuditKind::PushAddressGone);

    let started = server.begin().unwrap();
    assert!(started.pushes.iter().all(|push| push.address == PushAddress::POLL));
    assert_eq!(server.deliver(&started)[0].outcome, Ok(Carried::Fetched));
}

#[test]
fn a_subscription_for_another_server_takes_nothing_from_this_one() {
    let (server, ..) = subscribed(Some(&VapidKey::generate(&mut rng())));
    let started = server.begin().unwrap();
    assert_eq!(server.deliver(&started)[0].outcome, Err(NotifyError::Permanent));
    // It may have been a mistake of the server's own: the address stays.
    assert_eq!(server.begin().unwrap().pushes[0].address.kind(), PushKind::WebPush);
}

/// The titles of what the worker shows.
const NOTIFICATIONS: &str = "navigator.serviceWorker.ready.then((worker) => worker.getNotifications())\
                             .then((shown) => shown.map((notification) => notification.title).join())";

/// Firefox, its page and the server, or nothing where it is not installed and need not be.
fn in_firefox() -> Option<(Server, PushService, Browser, crate::device::Pushed)> {
    if Firefox::program().is_none() {
        let required = std::env::var_os("PUSHOTP_REQUIRE_BROWSER").is_some_and(|value| value == "1");
        assert!(!required, "Firefox is not installed");
        eprintln!("skipped: Firefox is not installed");
        return None;
    }
    let service = PushService::start(Box::new(server::now)).unwrap();
    let server = Server::start().unwrap();
    let (browser, pushed) =
        browser::subscribe(&service.socket_url, (server.push.key(), server.push.rules()), false).unwrap();
    Some((server, service, browser, pushed))
}

#[test]
fn in_a_real_browser() {
    let Some((server, service, mut browser, pushed)) = in_firefox() else { return };
    assert_eq!(pushed.subscription.endpoint().origin(), service.origin);
    let shown = |browser: &mut Browser| browser.firefox.evaluate(NOTIFICATIONS).unwrap()["value"].clone();
    assert_eq!(shown(&mut browser), json!(""));

    let mut out = Vec::new();
    let words = story::log_in(&server, &pushed, &mut out).unwrap();
    browser.shows(&words).unwrap();
    assert_eq!(words, "Approved. alice is logged in.");
    // The worker shows it while the page has the bytes already.
    let until_shown =
        format!("(async () => {{ let shown; while (!(shown = await {NOTIFICATIONS})); return shown; }})()");
    assert_eq!(browser.firefox.evaluate(&until_shown).unwrap()["value"], json!("A login waits"));
    assert!(browser.firefox.screenshot().unwrap().starts_with(b"\x89PNG"));

    // The page throws, and the test would know.
    let thrown = browser.firefox.evaluate("Promise.reject(new Error('seven'))").unwrap_err().to_string();
    assert!(thrown.contains("seven"), "{thrown}");
}
