use pushotp::provision::enrolment;
use serde_json::{Value, json};

use crate::world::{PIN, Page, World, token_of};

const NO_ID: &str = "00000000000000000000000000000000";

fn request(call: &str) -> String {
    format!(r#"{{"now":1800000000,"seed":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","call":{call}}}"#)
}

#[test]
fn what_is_no_request_is_refused_without_a_word_of_it() {
    let good = request(r#"{"fetch":{}}"#);
    let mut page = Page::new();
    assert_eq!(page.raw(&good), json!({ "error": { "kind": "order" } }), "not enrolled, but a request");
    let bad = [
        String::new(),
        "null".into(),
        good.replace("1800000000", "-1"),
        good.replace("AAA=", ""),
        good.replace("AAA=", "AA=="),
        good.replace("\"now\"", "\"then\""),
        good.replace("{}", r#"{"secret-271846":1}"#),
        good.replace("fetch", "271846"),
        request(&format!(r#"{{"passcode":{{"token":"{PIN}","pin":"{PIN}"}}}}"#)),
        request(&format!(r#"{{"fetched":{{"reply":"{PIN}!"}}}}"#)),
    ];
    for text in bad {
        let answer = page.raw(&text);
        assert_eq!(answer, json!({ "error": { "kind": "request" } }), "{text}");
    }
}

#[test]
fn an_enrolment_text_is_refused_in_words() {
    let world = World::new();
    let uri = enrolment::write(&world.offer).unwrap();
    let mut page = Page::new();
    let mut enrol = |uri: &str, name: &str| page.error("enrol", &json!({ "uri": uri, "name": name }))["kind"].take();
    assert_eq!(enrol("otpauth://totp/alice", "n"), "not-an-enrolment");
    assert_eq!(enrol(&uri[..uri.len() - 1], "n"), "damaged");
    assert_eq!(enrol(&uri, "a\u{202e}b"), "name");
    page.now += 3600;
    assert_eq!(page.error("enrol", &json!({ "uri": *uri, "name": "n" }))["kind"], "expired");
}

#[test]
fn a_pin_that_anyone_would_try_is_not_taken() {
    let mut world = World::new();
    let uri = enrolment::write(&world.offer).unwrap();
    let started = world.page.ok("enrol", &json!({ "uri": *uri, "name": "Browser" }));
    assert_eq!(world.page.error("enrolled", &json!({ "reply": "AAAA" }))["kind"], "reply");
    let reply = world.send(&started);
    let compare = world.page.ok("enrolled", &json!({ "reply": reply }));
    let work = &token_of(&compare, "Work")["id"];
    for (pins, kind) in [
        (json!([]), "pin-needed"),
        (json!([{ "token": work, "pin": "123456" }]), "pin-easy"),
        (json!([{ "token": work, "pin": "27184" }]), "pin-short"),
        (json!([{ "token": work, "pin": "27184627184627184" }]), "pin-long"),
        (json!([{ "token": work, "pin": "27184a" }]), "pin-digits"),
    ] {
        assert_eq!(world.page.error("confirm", &json!({ "pins": pins }))["kind"], kind);
        assert_eq!(world.page.state, None, "{kind}");
    }
    world.page.ok("confirm", &json!({ "pins": [{ "token": work, "pin": PIN }] }));
    assert!(world.page.state.is_some());
}

#[test]
fn each_step_needs_the_one_before() {
    let mut page = Page::new();
    for (name, fields) in [
        ("enrolled", json!({ "reply": "AAAA" })),
        ("confirm", json!({ "pins": [] })),
        ("fetch", json!({})),
        ("passcode", json!({ "token": NO_ID, "pin": null })),
    ] {
        assert_eq!(page.error(name, &fields)["kind"], "order", "{name}");
    }
    let mut world = World::enrolled();
    world.start();
    let id = world.fetch().remove(0)["id"].clone();
    let page = &mut world.page;
    for (name, fields, kind) in [
        ("fetched", json!({ "reply": "AAAA" }), "order"),
        ("pushed", json!({ "reply": "AAAA" }), "order"),
        ("report", json!({ "login": id }), "order"),
        ("approved", json!({ "login": id, "reply": "AAAA" }), "order"),
        ("denied", json!({ "login": id, "reply": "AAAA" }), "no-login"),
        ("deny", json!({ "login": NO_ID }), "no-login"),
    ] {
        assert_eq!(page.error(name, &fields)["kind"], kind, "{name}");
    }
    page.ok("deny", &json!({ "login": id }));
    assert_eq!(page.error("deny", &json!({ "login": id }))["kind"], "order", "answered once");
    let approval = json!({ "login": id, "token": NO_ID, "number": "482913", "pin": null });
    assert_eq!(page.error("approve", &approval)["kind"], "order", "answered once");
}

#[test]
fn a_state_or_keys_that_are_none_do_not_load() {
    let mut world = World::enrolled();
    let (state, keys) = (world.page.state.clone(), world.page.keys.clone());
    let mut load = |state: &Option<Value>, keys: &Option<Value>| {
        world.page.error("load", &json!({ "state": state, "keys": keys }))["kind"].take()
    };
    assert_eq!(load(&Some("AAAA".into()), &keys), "state");
    assert_eq!(load(&state, &Some("AAAA".into())), "request");
}
