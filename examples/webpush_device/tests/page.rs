//! The page: no script but its own files, and nothing is taken from other pages.

use pushotp_webpush::{EndpointRules, Subscription};

use crate::{
    fixture::{exchange, status, vapid_key},
    options::Options,
    site::Site,
};

const ENDPOINT: &str = "http://127.0.0.1:9/push/7";
const KEYS: (&str, &str) = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "BTBZMqHH6r4Tts7J_aSIgg",
);

fn address(site: &Site) -> String {
    site.url.trim_start_matches("http://").trim_end_matches('/').to_owned()
}

fn get(site: &Site, path: &str) -> String {
    exchange(&address(site), format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes())
}

fn post(site: &Site, path: &str, origin: &str, body: &str) -> u16 {
    let length = body.len();
    let request = format!("POST {path} HTTP/1.1\r\nOrigin: {origin}\r\nContent-Length: {length}\r\n\r\n{body}");
    status(&exchange(&address(site), request.as_bytes()))
}

#[test]
fn every_file_is_its_own() {
    let site = Site::start((&vapid_key(), EndpointRules::danger_allow_loopback())).unwrap();
    for path in ["/", "/page.css", "/page.js", "/worker.js", "/key"] {
        let answer = get(&site, path);
        assert_eq!(status(&answer), 200, "{path}");
        assert!(answer.contains("\r\nContent-Security-Policy: default-src 'none'; script-src 'self';"), "{path}");
        assert!(!answer.contains("unsafe-inline") && !answer.contains("https://"), "{path}");
    }
    let html = get(&site, "/");
    assert_eq!(html.matches("<script").count(), html.matches("<script src=\"/").count());
    assert!(!html.contains("<style") && !html.contains(" on") && !html.contains("javascript:"));
    assert_eq!(status(&get(&site, "/other")), 404);
}

#[test]
fn a_subscription_is_taken_from_the_page_alone() {
    let site = Site::start((&vapid_key(), EndpointRules::danger_allow_loopback())).unwrap();
    let origin = site.url.trim_end_matches('/');
    let json = format!(
        r#"{{"endpoint":"{ENDPOINT}","expirationTime":null,"keys":{{"auth":"{}","p256dh":"{}"}}}}"#,
        KEYS.1, KEYS.0
    );
    for other in ["null", "http://localhost", "http://127.0.0.1", "https://example.com", ""] {
        assert_eq!(post(&site, "/subscription", other, &json), 403, "{other}");
        assert_eq!(post(&site, "/received", other, "an envelope"), 403, "{other}");
    }
    for bad in ["", "{}", "[", &json.replace("BCV", "BCW"), &json.replace("127.0.0.1", "10.0.0.1")] {
        assert_eq!(post(&site, "/subscription", origin, bad), 400, "{bad}");
    }
    assert!(site.subscriptions.try_recv().is_err() && site.arrivals.try_recv().is_err());

    assert_eq!(post(&site, "/subscription", origin, &json), 204);
    let rules = EndpointRules::danger_allow_loopback();
    assert!(site.subscriptions.recv().unwrap() == Subscription::from_browser(ENDPOINT, KEYS, rules).unwrap());
}

#[test]
fn what_makes_no_sense_is_explained() {
    for arguments in
        [&["--what"][..], &["--device-only", "--keep"], &["--headed", "--device-only"], &["--screenshot"], &[""]]
    {
        let usage = Options::parse(arguments.iter().map(ToString::to_string)).unwrap_err();
        assert!(usage.contains("--device-only"), "{arguments:?}");
    }
    assert!(Options::parse(["--keep", "--screenshot", "a"].into_iter().map(String::from)).is_ok());
}
