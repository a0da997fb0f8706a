//! The count of attempts at a PIN, where a page may end at any time.

use serde_json::{Value, json};

use crate::world::{WRONG, World, token_of};

const DAY: u64 = 24 * 60 * 60;

/// Whether ten approvals that were sent, each by a page that ended before the reply, lock the token.
fn locked_after(keep: impl Fn(&mut World, Option<Value>)) -> bool {
    let mut world = World::enrolled();
    for _ in 0..10 {
        world.page.now += DAY;
        world.page.reload();
        let login = world.start();
        let shown = world.fetch().remove(0);
        let before = world.page.state.clone();
        let work = token_of(&shown, "Work")["id"].clone();
        let approval = json!({ "login": shown["id"], "token": work, "number": world.number(&login), "pin": WRONG });
        let answer = world.page.call("approve", &approval);
        assert!(answer["ok"]["message"].is_string(), "{answer}");
        assert!(answer["state"].is_string(), "the state goes with the message");
        keep(&mut world, before);
    }
    world.page.now += DAY;
    world.page.reload();
    let work = world.token("Work");
    let answer = world.page.call("passcode", &json!({ "token": work, "pin": WRONG }));
    answer["error"]["kind"] == "locked"
}

#[test]
fn the_state_that_goes_with_a_message_has_its_attempt() {
    assert!(locked_after(|_, _| ()));
}

/// The control: a page that sends first and ends before it has stored anything counts nothing.
#[test]
fn a_page_that_stores_too_late_counts_nothing() {
    assert!(!locked_after(|world, before| world.page.state = before));
}

#[test]
fn the_state_that_goes_with_a_passcode_has_its_attempt() {
    let mut world = World::enrolled();
    let work = world.token("Work");
    let before = world.page.state.clone();
    let answer = world.page.call("passcode", &json!({ "token": work, "pin": WRONG }));
    assert!(answer["ok"]["code"].is_string() && answer["state"].is_string());
    assert_ne!(world.page.state, before);
}

#[test]
fn what_costs_no_attempt_changes_no_state() {
    let mut world = World::enrolled();
    world.start();
    let shown = world.fetch().remove(0);
    let work = token_of(&shown, "Work")["id"].clone();
    for (number, pin, kind) in
        [("48", json!(WRONG), "number"), ("482913", Value::Null, "pin-needed"), ("482913", json!("12"), "pin-short")]
    {
        let before = world.page.state.clone();
        let approval = json!({ "login": shown["id"], "token": work, "number": number, "pin": pin });
        assert_eq!(world.page.error("approve", &approval)["kind"], kind);
        // A sequence number may have been used up, an attempt not.
        if kind != "pin-needed" {
            assert_eq!(world.page.state, before, "{kind}");
        }
    }
    // The login is still there, to be answered.
    assert_eq!(
        world.page.ok("deny", &json!({ "login": shown["id"] }))["message"].as_str().map(str::is_empty),
        Some(false)
    );
}
