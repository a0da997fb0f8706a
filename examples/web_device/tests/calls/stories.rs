use pollster::block_on;
use pushotp::{LoginState, PasscodeVerdict, PushSwitch, types::TokenId};
use serde_json::json;

use crate::world::{PIN, WRONG, World, rng, token_of};

#[test]
fn a_login_is_approved_with_number_and_pin() {
    let mut world = World::enrolled();
    let login = world.start();
    world.page.now += 3;
    let shown = world.fetch().remove(0);
    assert_eq!(shown["application"], "Intranet");
    assert_eq!(shown["user"], "alice");
    assert_eq!(shown["place"], "Vienna, Austria");
    assert_eq!(shown["ip"], "192.0.2.7");
    assert_eq!((shown["started"].as_u64(), shown["expires"].as_u64()), (Some(1_800_000_000), Some(1_800_000_120)));
    assert_eq!((shown["digits"].as_u64(), shown["reportOffered"].as_bool()), (Some(6), Some(true)));
    assert!(shown.get("client").is_none() && shown.get("choices").is_none());
    let work = token_of(&shown, "Work")["id"].clone();

    let approval = json!({ "login": shown["id"], "token": work, "number": world.number(&login), "pin": PIN });
    let told = world.page.ok("approve", &approval);
    let reply = world.send(&told);
    let verdict = world.page.ok("approved", &json!({ "login": shown["id"], "reply": reply }));
    assert_eq!(verdict, json!({ "word": "accepted", "count": 0, "attempts": 10 }));
    assert!(block_on(world.server.redeem(&login.ticket, world.now(), &mut rng())).unwrap().is_some());
    assert!(world.fetch().is_empty());
}

#[test]
fn a_wrong_pin_is_not_noticed_here_and_the_right_one_follows() {
    let mut world = World::enrolled();
    let login = world.start();
    let shown = world.fetch().remove(0);
    let work = token_of(&shown, "Work")["id"].clone();
    let mut approve = |pin| {
        let approval = json!({ "login": shown["id"], "token": work, "number": world.number(&login), "pin": pin });
        let told = world.page.ok("approve", &approval);
        let reply = world.send(&told);
        world.page.ok("approved", &json!({ "login": shown["id"], "reply": reply }))
    };
    assert_eq!(approve(WRONG), json!({ "word": "try-again", "count": 2, "attempts": 9 }));
    assert_eq!(approve(PIN), json!({ "word": "accepted", "count": 1, "attempts": 10 }));
}

#[test]
fn a_lost_reply_costs_nothing() {
    let mut world = World::enrolled();
    let login = world.start();
    let shown = world.fetch().remove(0);
    let everyday = token_of(&shown, "Everyday")["id"].clone();
    let approval = json!({ "login": shown["id"], "token": everyday, "number": world.number(&login), "pin": null });
    let told = world.page.ok("approve", &approval);
    // A page of a captive portal is no reply; the same bytes may be sent again and again.
    let error = world.page.error("approved", &json!({ "login": shown["id"], "reply": "PGh0bWw+" }));
    assert_eq!(error, json!({ "kind": "reply" }));
    world.send(&told);
    let reply = world.send(&told);
    assert_eq!(world.page.ok("approved", &json!({ "login": shown["id"], "reply": reply }))["word"], "accepted");
}

#[test]
fn a_login_is_denied_and_then_reported() {
    let mut world = World::enrolled();
    let login = world.start();
    let shown = world.fetch().remove(0);
    let id = json!({ "login": shown["id"] });
    let reply = world.page.ok("deny", &id);
    let reply = world.send(&reply);
    assert_eq!(world.page.ok("denied", &json!({ "login": shown["id"], "reply": reply }))["word"], "accepted");
    assert_eq!(world.login_state(&login), LoginState::Denied);
    assert!(world.fetch().is_empty());

    let reply = world.page.ok("report", &id);
    let reply = world.send(&reply);
    assert_eq!(world.page.ok("reported", &json!({ "login": shown["id"], "reply": reply }))["word"], "accepted");
    assert_eq!(world.login_state(&login), LoginState::Reported);
}

#[test]
fn a_reload_keeps_the_device_and_shows_the_login_again() {
    let mut world = World::enrolled();
    let login = world.start();
    assert_eq!(world.fetch().len(), 1);
    assert_eq!(world.fetch().len(), 1, "until it is answered");
    let device = world.page.reload()["device"].clone();
    assert_eq!((&device["tenant"], &device["url"]), (&json!("example.com"), &json!("https://login.example.com/push")));
    let shown = world.fetch().remove(0);
    let everyday = token_of(&shown, "Everyday")["id"].clone();
    let approval = json!({ "login": shown["id"], "token": everyday, "number": world.number(&login), "pin": null });
    let told = world.page.ok("approve", &approval);
    let reply = world.send(&told);
    assert_eq!(world.page.ok("approved", &json!({ "login": shown["id"], "reply": reply }))["word"], "accepted");
}

#[test]
fn what_the_page_takes_back_is_shown_no_more() {
    let mut world = World::enrolled();
    let login = world.start();
    assert_eq!(world.fetch().len(), 1);
    block_on(world.server.cancel_login(&login.ticket, world.now(), &mut rng())).unwrap();
    assert!(world.fetch().is_empty());
}

#[test]
fn a_passcode_is_typed_by_hand() {
    let mut world = World::enrolled();
    let work = world.token("Work");
    world.page.now += 60;
    let told = world.page.ok("passcode", &json!({ "token": work, "pin": PIN }));
    assert_eq!(told["until"].as_u64(), Some(world.page.now / 30 * 30 + 29));
    let code = told["code"].as_str().unwrap();
    let verdict = block_on(world.server.verify_passcode(&world.user, code, world.now(), &mut rng())).unwrap();
    assert!(matches!(verdict, PasscodeVerdict::Accepted { .. }), "{verdict:?}");
}

#[test]
fn push_is_switched_off_and_on() {
    let mut world = World::enrolled();
    let everyday = world.token("Everyday");
    let id = TokenId::from_bytes(
        data_encoding::HEXLOWER.decode(everyday.as_str().unwrap().as_bytes()).unwrap().try_into().unwrap(),
    );
    for (on, switch) in [(false, PushSwitch::Muted), (true, PushSwitch::On)] {
        let told = world.page.ok("push", &json!({ "token": everyday, "on": on }));
        let reply = world.send(&told);
        let told = world.page.ok("pushed", &json!({ "reply": reply }));
        assert_eq!((&told["word"], &token_of(&told["device"], "Everyday")["push"]), (&json!("accepted"), &json!(on)));
        let tokens = block_on(world.server.tokens(&world.user)).unwrap();
        assert_eq!(tokens.iter().find(|token| token.id == id).unwrap().push, switch);
    }
}
