//! Each way that a login can go, as the browser shows it.

use axum::http::StatusCode;
use pushotp::{AuditKind, Outcome, PushSwitch};

use crate::{phone::PIN, world::World};

#[tokio::test]
async fn approved_on_the_phone_the_page_goes_on_by_itself() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let mut browser = world.after_password().await;
    let page = browser.get("/choose").await;
    for choice in ["Use my mobile to autosend a passcode", "Type a passcode"] {
        assert_eq!(page.text.matches(&format!(">{choice}<")).count(), 1, "{choice}");
    }
    assert_eq!(page.text.matches("<li>").count(), 2, "exactly two choices");
    assert_eq!(browser.post("/send", &[]).await.location(), "/wait");
    let page = browser.get("/wait").await;
    assert!(page.has("countdown") && page.has("again") && page.has("type") && page.has("cancel"));
    assert!(page.text.contains("data-seconds=\"120\""));
    assert!(page.text.contains("<noscript><meta http-equiv=\"refresh\""), "without scripts");
    let number = page.number();
    assert_eq!(number.len(), 6);

    let mut events = browser.listen("/wait/events").await;
    let first = events.word().await.unwrap();
    assert!(page.text.contains(&format!("data-word=\"{first}\"")) && first.starts_with("waiting."));
    let prompt = phone.prompt(world.now()).await;
    assert_eq!((prompt.application(), prompt.user()), ("Example Intranet", "alice"));
    let work = phone.work;
    let outcome = phone.approve_with((prompt, work), (&number, Some(PIN)), world.now()).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }));
    assert_eq!(events.word().await.unwrap().split_once('.').unwrap().0, "approved");
    assert_eq!(events.word().await, None, "nothing will change any more");

    assert_eq!(browser.get("/wait").await.location(), "/home");
    let home = browser.get("/home").await;
    assert!(home.has("home") && home.has("sign-out") && home.text.contains("alice"));
    assert_eq!(world.count(AuditKind::Redeemed).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn two_tabs_a_reload_and_the_back_button_send_one_request() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let mut tab = world.after_password().await;
    tab.get("/choose").await;
    let mut second = tab.clone();
    let pressed = (0..3).map(|_| tab.clone()).map(|mut tab| tokio::spawn(async move { tab.post("/send", &[]).await }));
    for answer in futures_util::future::join_all(pressed).await {
        assert_eq!(answer.unwrap().location(), "/wait");
    }
    // The page is loaded again, the user goes back and chooses once more.
    let number = tab.get("/wait").await.number();
    assert_eq!(tab.get("/wait").await.number(), number);
    tab.get("/choose").await;
    assert_eq!(tab.post("/send", &[]).await.location(), "/wait");
    assert_eq!(second.get("/wait").await.number(), number);
    assert_eq!(world.count(AuditKind::LoginStarted).await, 1);

    phone.approve(&number, world.now()).await;
    let mut late = second.clone();
    assert_eq!(tab.get("/wait").await.location(), "/home");
    // The other tab still has the old cookie for a moment, and no harm comes of it.
    assert_eq!(late.get("/wait").await.location(), "/");
    let page = late.get("/").await;
    assert!(page.has("moment") && !page.headers.contains_key("set-cookie"));
    late.cookies.clone_from(&tab.cookies);
    assert_eq!(late.get("/").await.location(), "/home");
    assert_eq!(late.get("/wait").await.location(), "/home");
    assert_eq!((world.count(AuditKind::LoginStarted).await, world.count(AuditKind::Redeemed).await), (1, 1));
}

#[tokio::test]
async fn sent_again_it_has_a_new_number_and_an_old_page_sends_nothing() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let (mut browser, first) = world.waiting().await;
    let tag = browser.get("/wait").await.hidden("again").unwrap();
    let mut events = browser.listen("/wait/events").await;
    let old = events.word().await.unwrap();
    assert_eq!(browser.post("/send", &[("again", &tag)]).await.location(), "/wait");
    let second = browser.get("/wait").await.number();
    assert_ne!(first, second);
    let new = events.word().await.unwrap();
    assert!(new.starts_with("waiting.") && new != old, "the other tab shows the new number");
    // The button of the page before, pressed again.
    assert_eq!(browser.post("/send", &[("again", &tag)]).await.location(), "/wait");
    assert_eq!(browser.get("/wait").await.number(), second);
    assert_eq!(world.count(AuditKind::LoginStarted).await, 2);
    phone.approve(&second, world.now()).await;
    assert_eq!(browser.get("/wait").await.location(), "/home");
}

/// The connection broke, and the browser says what it heard last.
#[tokio::test]
async fn a_page_that_connects_again_hears_what_it_missed_and_nothing_twice() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let (mut browser, _) = world.waiting().await;
    let waiting = browser.listen("/wait/events").await.word().await.unwrap();
    let mut again = browser.listen_after("/wait/events", &waiting).await.unwrap();
    let denial = phone.deny(world.now()).await;
    let denied = again.word().await.unwrap();
    assert!(denied.starts_with("denied."), "the first that it hears: {denied}");
    let mut missed = browser.listen_after("/wait/events", &waiting).await.unwrap();
    assert_eq!(missed.word().await.as_ref(), Some(&denied));
    // That is not the end yet, and the page of a denial says so as well.
    assert!(browser.get("/wait").await.text.contains(&format!("data-word=\"{denied}\"")));
    phone.report(denial, world.now()).await;
    let reported = again.word().await.unwrap();
    assert!(reported.starts_with("reported."));
    assert_eq!((again.word().await, missed.word().await.as_ref()), (None, Some(&reported)));
    // It knows the end: a browser asks no more after this status.
    assert_eq!(browser.listen_after("/wait/events", &reported).await.err(), Some(StatusCode::NO_CONTENT));
}

#[tokio::test]
async fn denied_and_reported() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let (mut browser, _) = world.waiting().await;
    let _ = phone.deny(world.now()).await;
    let page = browser.get("/wait").await;
    assert!(page.has("denied") && page.has("again"));
    assert_eq!(browser.get("/home").await.location(), "/choose");

    browser.get("/wait").await;
    assert_eq!(browser.post("/send", &[("again", "")]).await.location(), "/wait");
    phone.deny_and_report(world.now()).await;
    let page = browser.get("/wait").await;
    assert!(page.has("reported") && !page.has("again") && page.text.contains("change your password"));
    // Push is blocked: the phone is left in peace.
    browser.get("/choose").await;
    assert!(browser.post("/send", &[]).await.has("no-phone"));
    assert_eq!(browser.get("/wait").await.location(), "/choose");
}

#[tokio::test]
async fn a_wrong_number_ends_it() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let (mut browser, number) = world.waiting().await;
    let wrong = format!("{:06}", (number.parse::<u32>().unwrap() + 1) % 1_000_000);
    assert!(matches!(phone.approve(&wrong, world.now()).await, Outcome::Refused(_)));
    assert!(browser.get("/wait").await.has("wrong-number"));
    assert_eq!(browser.get("/home").await.location(), "/choose");
}

#[tokio::test]
async fn a_wrong_pin_may_be_typed_again_and_three_end_it() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    for wrong_pins in [1, 3] {
        let (mut browser, number) = world.waiting().await;
        let mut prompt = Some(phone.prompt(world.now()).await);
        let work = phone.work;
        for _ in 0..wrong_pins {
            let attempt = (prompt.take().expect("another try"), work);
            match phone.approve_with(attempt, (&number, Some("314159")), world.now()).await {
                Outcome::TryAgain { prompt: again, .. } => prompt = Some(again),
                other => assert!(matches!(other, Outcome::Refused(_)), "{other:?}"),
            }
        }
        if let Some(prompt) = prompt {
            assert!(browser.get("/wait").await.has("number"), "still waiting");
            let outcome = phone.approve_with((prompt, work), (&number, Some(PIN)), world.now()).await;
            assert!(matches!(outcome, Outcome::Accepted { .. }));
            assert_eq!(browser.get("/wait").await.location(), "/home");
        } else {
            assert!(browser.get("/wait").await.has("wrong-pin"));
        }
    }
}

#[tokio::test]
async fn nobody_answers() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let (mut browser, number) = world.waiting().await;
    let mut events = browser.listen("/wait/events").await;
    events.word().await;
    world.pass(120);
    assert!(browser.get("/wait").await.text.contains("data-seconds=\"0\""), "the last second counts");
    world.pass(1);
    assert!(events.word().await.unwrap().starts_with("expired."));
    let page = browser.get("/wait").await;
    assert!(page.has("expired") && page.has("again"));
    assert!(phone.fetch("wait=0", world.now()).await.is_empty());
    browser.post("/send", &[]).await;
    let again = browser.get("/wait").await.number();
    assert_ne!(number, again);
    phone.approve(&again, world.now()).await;
    assert_eq!(browser.get("/wait").await.location(), "/home");
}

#[tokio::test]
async fn cancelled_the_phone_has_nothing_to_ask() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let (mut browser, _) = world.waiting().await;
    assert_eq!(browser.post("/cancel", &[]).await.location(), "/choose");
    assert!(phone.fetch("wait=0", world.now()).await.is_empty());
    assert_eq!(browser.get("/wait").await.location(), "/choose");
    // Who signs out cancels too.
    let (mut browser, _) = world.waiting().await;
    browser.post("/sign-out", &[]).await;
    assert!(phone.fetch("wait=0", world.now()).await.is_empty());
    assert_eq!(world.count(AuditKind::Cancelled).await, 2);
}

#[tokio::test]
async fn another_sign_in_of_the_same_user_withdraws_the_first() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let (mut first, _) = world.waiting().await;
    let (mut second, number) = world.waiting().await;
    assert!(first.get("/wait").await.has("withdrawn"));
    phone.approve(&number, world.now()).await;
    assert_eq!(first.get("/home").await.location(), "/choose");
    assert_eq!(second.get("/wait").await.location(), "/home");
}

#[tokio::test]
async fn a_passcode_is_typed_instead_and_the_request_withdrawn() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let (mut browser, _) = world.waiting().await;
    assert!(browser.get("/passcode").await.has("passcode"));
    let wrong = browser.post("/passcode", &[("passcode", "00000000")]).await;
    assert!(wrong.has("note") && wrong.text.contains("not right"));
    let code = phone.passcode(world.now());
    let (left, right) = code.split_at(4);
    let typed = format!("{left} {right}");
    assert_eq!(browser.post("/passcode", &[("passcode", &typed)]).await.location(), "/home");
    assert!(browser.get("/home").await.has("home"));
    assert!(phone.fetch("wait=0", world.now()).await.is_empty());
    // The same one again, in another browser.
    let mut other = world.after_password().await;
    other.get("/passcode").await;
    let answer = other.post("/passcode", &[("passcode", &code)]).await;
    assert!(answer.text.contains("used already"));
    assert_eq!(other.get("/home").await.location(), "/choose");
}

#[tokio::test]
async fn asked_too_often_the_phone_is_left_in_peace() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    for _ in 0..5 {
        let (mut browser, _) = world.waiting().await;
        browser.post("/cancel", &[]).await;
    }
    let mut browser = world.after_password().await;
    browser.get("/choose").await;
    let page = browser.post("/send", &[]).await;
    assert!(page.has("too-many") && page.text.contains("10 seconds"));
    browser.get("/passcode").await;
    let code = phone.passcode(world.now());
    assert_eq!(browser.post("/passcode", &[("passcode", &code)]).await.location(), "/home");
}

#[tokio::test]
async fn the_user_switches_push_but_does_not_lift_a_block() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let (mut browser, number) = world.waiting().await;
    phone.approve(&number, world.now()).await;
    browser.get("/wait").await;
    let page = browser.get("/home").await;
    let id = page.text.split_once("name=\"id\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    for (push, switch) in [("off", PushSwitch::Off), ("on", PushSwitch::On)] {
        assert_eq!(browser.post("/tokens/push", &[("id", &id), ("push", push)]).await.location(), "/home");
        let tokens = world.app.login.tokens(&pushotp::AccountId::new("alice").unwrap()).await.unwrap();
        let token = tokens.iter().find(|token| crate::home::token_text(token.id) == id).unwrap();
        assert_eq!(token.push, switch);
    }
    let (_, _) = world.waiting().await;
    phone.deny_and_report(world.now()).await;
    let answer = browser.post("/tokens/push", &[("id", &id), ("push", "on")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.has("note") && answer.text.contains("Only an administrator"));
    assert_eq!(world.count(AuditKind::PushOn).await, 1);
}
