//! Another PIN, and a locked count, where a page may end at any time.

use pollster::block_on;
use pushotp::{UnlockCode, UnlockRequest};
use serde_json::{Value, json};

use crate::world::{NEW, PIN, WRONG, World, rng, token_of};

const DAY: u64 = 24 * 60 * 60;

/// Approves a login with the token Work; what the server says.
fn approve(world: &mut World, pin: &str) -> Value {
    world.page.now += 600;
    let login = world.start();
    let shown = world.fetch().remove(0);
    let work = token_of(&shown, "Work")["id"].clone();
    let approval = json!({ "login": shown["id"], "token": work, "number": world.number(&login), "pin": pin });
    let told = world.page.ok("approve", &approval);
    let reply = world.send(&told);
    let verdict = world.page.ok("approved", &json!({ "login": shown["id"], "reply": reply }));
    if verdict["word"] == "try-again" {
        let told = world.page.ok("deny", &json!({ "login": shown["id"] }));
        world.send(&told);
    }
    verdict["word"].clone()
}

/// Asks for leave; what came of it.
fn rotate(world: &mut World, old: &str, new: &str) -> Value {
    let work = world.work();
    let told = world.page.ok("rotate", &json!({ "token": work, "pin": old, "new": new }));
    let reply = world.send(&told);
    world.page.ok("rotated", &json!({ "reply": reply }))
}

#[test]
fn a_pin_is_changed_after_an_approval() {
    let mut world = World::enrolled();
    assert_eq!(rotate(&mut world, PIN, NEW)["word"], "refused", "no login was approved");
    assert_eq!(approve(&mut world, PIN), "accepted");
    let changed = rotate(&mut world, PIN, NEW);
    assert_eq!(changed["word"], "changed");
    let reply = world.send(&changed);
    assert_eq!(world.page.ok("rotationConfirmed", &json!({ "reply": reply }))["word"], "accepted");
    assert_eq!(approve(&mut world, PIN), "try-again", "the old one is worth nothing");
    assert_eq!(approve(&mut world, NEW), "accepted");
}

#[test]
fn a_wrong_pin_changes_nothing() {
    let mut world = World::enrolled();
    approve(&mut world, PIN);
    assert_eq!(rotate(&mut world, WRONG, NEW), json!({ "word": "try-again", "count": 2 }));
    assert_eq!(approve(&mut world, PIN), "accepted");
    assert_eq!(rotate(&mut world, PIN, NEW)["word"], "changed");
}

/// What is typed wrong is said before a try is counted.
#[test]
fn what_is_no_pin_costs_no_try() {
    let mut world = World::enrolled();
    approve(&mut world, PIN);
    let (work, before) = (world.work(), world.page.state.clone());
    for (pin, new, kind) in [
        (PIN, "27184", "pin-short"),
        (PIN, "123456", "pin-easy"),
        (PIN, "90531a", "pin-digits"),
        (PIN, "90531790531790531", "pin-long"),
        ("", NEW, "pin-short"),
    ] {
        let error = world.page.error("rotate", &json!({ "token": work, "pin": pin, "new": new }));
        assert_eq!(error["kind"], kind);
        assert_eq!(world.page.state, before, "{kind}");
    }
    assert_eq!(world.page.error("rotated", &json!({ "reply": "AAAA" }))["kind"], "order", "nothing waits");
    assert_eq!(world.page.error("rotationConfirmed", &json!({ "reply": "AAAA" }))["kind"], "order");
}

#[test]
fn a_lost_reply_is_asked_for_again() {
    let mut world = World::enrolled();
    approve(&mut world, PIN);
    let work = world.work();
    let asked = world.page.ok("rotate", &json!({ "token": work, "pin": PIN, "new": NEW }));
    world.send(&asked);
    assert_eq!(world.page.error("rotated", &json!({ "reply": "PGh0bWw+" }))["kind"], "reply");
    let reply = world.send(&asked);
    let changed = world.page.ok("rotated", &json!({ "reply": reply }));
    world.send(&changed);
    assert_eq!(world.page.error("rotationConfirmed", &json!({ "reply": reply }))["kind"], "reply", "of the other one");
    let reply = world.send(&changed);
    assert_eq!(world.page.ok("rotationConfirmed", &json!({ "reply": reply }))["word"], "accepted");
}

#[test]
fn a_page_that_ends_before_it_asks_has_counted_the_try_and_keeps_the_old_pin() {
    let mut world = World::enrolled();
    approve(&mut world, PIN);
    let (work, before) = (world.work(), world.page.state.clone());
    let answer = world.page.call("rotate", &json!({ "token": work, "pin": PIN, "new": NEW }));
    assert!(answer["ok"]["message"].is_string() && answer["state"].is_string());
    assert_ne!(world.page.state, before);
    world.page.reload();
    assert_eq!(approve(&mut world, PIN), "accepted");
    assert_eq!(rotate(&mut world, PIN, NEW)["word"], "changed");
}

#[test]
fn a_page_that_ends_before_it_confirms_has_the_new_pin() {
    let mut world = World::enrolled();
    approve(&mut world, PIN);
    rotate(&mut world, PIN, NEW);
    world.page.reload();
    let work = world.work();
    let again = world.page.error("rotate", &json!({ "token": work, "pin": NEW, "new": PIN }));
    assert_eq!(again["kind"], "unconfirmed");
    assert_eq!(approve(&mut world, PIN), "try-again");
    assert_eq!(approve(&mut world, NEW), "accepted", "which confirms it");
    assert_eq!(rotate(&mut world, NEW, PIN)["word"], "changed");
}

/// The control: a page that sends the confirmation first and ends before it has stored the new lock has no PIN any more.
#[test]
fn a_page_that_stores_too_late_loses_the_token() {
    let mut world = World::enrolled();
    approve(&mut world, PIN);
    let before = world.page.state.clone();
    let changed = rotate(&mut world, PIN, NEW);
    world.send(&changed);
    world.page.state = before;
    world.page.reload();
    assert_eq!(approve(&mut world, NEW), "try-again");
    assert_eq!(approve(&mut world, PIN), "try-again");
}

/// Ten tries whose end nobody told, a day apart so that none has to wait.
fn lock(world: &mut World) -> Value {
    let work = world.work();
    for _ in 0..10 {
        world.page.now += DAY;
        world.page.ok("rotate", &json!({ "token": work, "pin": WRONG, "new": NEW }));
    }
    world.page.now += DAY;
    assert_eq!(world.page.error("passcode", &json!({ "token": work, "pin": PIN }))["kind"], "locked");
    work
}

fn unlock_code(world: &World, request: &str) -> String {
    let request = UnlockRequest::from_text(request).unwrap();
    let code: UnlockCode =
        block_on(world.server.unlock_device(&world.user, &request, world.now(), &mut rng())).unwrap();
    code.to_text().replace(' ', "")
}

#[test]
fn an_operator_unlocks_a_count() {
    let mut world = World::enrolled();
    let work = lock(&mut world);
    let asked = world.page.ok("unlockRequest", &json!({ "token": work }));
    let request = asked["request"].as_str().unwrap();
    assert!(request.split(' ').rev().skip(1).all(|group| group.len() == 4), "{request}");
    let code = unlock_code(&world, request);
    world.page.reload();
    // However it was written down.
    let typed = format!(" {}-{}\n{} ", code[..5].to_lowercase(), &code[5..40], &code[40..]);
    let answer = world.page.call("unlock", &json!({ "token": work, "code": typed }));
    assert_eq!((&answer["ok"], answer["state"].is_string()), (&json!({ "attempts": 10 }), true));
    world.page.reload();
    assert_eq!(approve(&mut world, PIN), "accepted");
    assert_eq!(world.page.error("unlock", &json!({ "token": work, "code": typed }))["kind"], "unlock-code", "once");
}

#[test]
fn another_code_unlocks_nothing() {
    let mut world = World::enrolled();
    let work = lock(&mut world);
    let asked = world.page.ok("unlockRequest", &json!({ "token": work }));
    let code = unlock_code(&world, asked["request"].as_str().unwrap());
    let before = world.page.state.clone();
    let first = if code.starts_with('A') { "B" } else { "A" };
    let other = format!("{first}{}", &code[1..]);
    for typed in ["", "271846", "ä", &code[1..], &format!("{code}AA"), &other] {
        assert_eq!(world.page.error("unlock", &json!({ "token": work, "code": typed }))["kind"], "unlock-code");
    }
    assert_eq!(world.page.state, before);
    let everyday = world.token("Everyday");
    assert_eq!(world.page.error("unlockRequest", &json!({ "token": everyday }))["kind"], "device", "it has no PIN");
    assert_eq!(world.page.error("passcode", &json!({ "token": work, "pin": PIN }))["kind"], "locked");
}
