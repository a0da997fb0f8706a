//! A session's id is known to one browser, changes when it is worth more, and ends when it ends.

use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use pushotp::store::Store as _;

use crate::world::World;

#[tokio::test]
async fn the_id_changes_with_the_password_and_with_the_login() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let mut browser = world.browser();
    browser.get("/").await;
    let first = browser.cookies["session"].clone();
    browser.post("/sign-in", &[("user", "alice"), ("password", "wonderland")]).await;
    let second = browser.cookies["session"].clone();
    browser.get("/choose").await;
    browser.post("/send", &[]).await;
    let number = browser.get("/wait").await.number();
    phone.approve(&number, world.now()).await;
    assert_eq!(browser.get("/wait").await.location(), "/home");
    let third = browser.cookies["session"].clone();
    assert!(first != second && second != third && first != third);
    for id in [&first, &second, &third] {
        assert_eq!(BASE64URL_NOPAD.decode(id.as_bytes()).unwrap().len(), 32);
    }
    // What was known before grants nothing.
    for old in [first, second] {
        let mut thief = world.browser();
        thief.cookies.insert("session".into(), old);
        assert_eq!(thief.get("/home").await.location(), "/");
    }
    assert!(browser.get("/home").await.has("home"));
}

/// Somebody plants an id in the victim's browser, and waits for the victim to sign in.
#[tokio::test]
async fn a_planted_id_is_not_signed_in() {
    let world = World::new().await;
    let mut thief = world.browser();
    thief.get("/").await;
    let mut victim = thief.clone();
    victim.get("/").await;
    assert_eq!(victim.post("/sign-in", &[("user", "alice"), ("password", "wonderland")]).await.location(), "/choose");
    assert_eq!(thief.get("/choose").await.location(), "/");
    assert_ne!(victim.cookies, thief.cookies);
    assert_eq!(victim.get("/choose").await.location(), "/enrol");
}

#[tokio::test]
async fn signing_out_ends_it_for_whoever_kept_the_cookie() {
    let world = World::new().await;
    let mut browser = world.after_password().await;
    let mut kept = browser.clone();
    browser.get("/enrol").await;
    assert_eq!(browser.post("/sign-out", &[]).await.location(), "/");
    assert_ne!(browser.cookies, kept.cookies);
    assert_eq!(kept.get("/enrol").await.location(), "/");
    assert_eq!(browser.get("/enrol").await.location(), "/");
}

#[tokio::test]
async fn it_ends_by_itself() {
    let world = World::new().await;
    let mut browser = world.after_password().await;
    world.pass(15 * 60 - 1);
    assert_eq!(browser.get("/enrol").await.status, StatusCode::OK);
    world.pass(1);
    assert_eq!(browser.get("/enrol").await.location(), "/");
}

#[tokio::test]
async fn what_is_no_id_is_no_session() {
    let world = World::new().await;
    for wrong in ["", "AAAA", "../../account/alice", &"A".repeat(44), &"A".repeat(43).replace('A', "!")] {
        let mut browser = world.browser();
        browser.cookies.insert("session".into(), wrong.into());
        assert_eq!(browser.get("/home").await.location(), "/", "{wrong}");
        assert_eq!(browser.get("/").await.status, StatusCode::OK, "{wrong}");
        assert_ne!(browser.cookies["session"], wrong);
    }
}

/// The session of a password is none of an operator, and the other way round.
#[tokio::test]
async fn users_and_operators_do_not_share_sessions() {
    let world = World::new().await;
    let user = world.after_password().await;
    let mut browser = world.browser();
    browser.cookies.insert("operator".into(), user.cookies["session"].clone());
    assert!(browser.get("/operator").await.has("sign-in"));
    browser.get("/operator").await;
    let login = [("user", "operator"), ("password", "looking-glass")];
    assert_eq!(browser.post("/operator/sign-in", &login).await.location(), "/operator");
    assert!(browser.get("/operator").await.has("desk"));
    browser.cookies.insert("session".into(), browser.cookies["operator"].clone());
    assert_eq!(browser.get("/home").await.location(), "/");
}

/// Whoever reads the database has no id, no number, no password and no offer.
#[tokio::test]
async fn the_store_holds_nothing_that_opens_a_session() {
    let world = World::new().await;
    let mut enrolling = world.after_password().await;
    enrolling.get("/enrol").await;
    enrolling.post("/enrol", &[]).await;
    let page = enrolling.get("/enrol").await.text;
    let uri = page.split_once("pushotp://enrol#").unwrap().1.split('<').next().unwrap().to_owned();
    world.phone().await;
    let (waiting, number) = world.waiting().await;
    let secrets =
        [enrolling.cookies["session"].clone(), waiting.cookies["session"].clone(), number, uri, "wonderland".into()];
    let entries = world.store.scan(None, 1000).await.unwrap();
    assert!(entries.len() > 8);
    for (key, found) in entries {
        for secret in &secrets {
            let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!holds(key.as_bytes()) && !holds(&found.value), "{key:?} holds {secret}");
        }
    }
}
