//! The phone is set up: a code to scan, a code to compare.

use axum::http::StatusCode;
use pushotp::AuditKind;

use crate::{phone::Phone, world::World};

#[tokio::test]
async fn scanned_compared_confirmed() {
    let world = World::new().await;
    let mut browser = world.after_password().await;
    assert_eq!(browser.get("/choose").await.location(), "/enrol", "there is no phone to use yet");
    assert!(browser.get("/enrol").await.has("offer"), "to look at a page makes no offer");
    assert_eq!(world.count(AuditKind::EnrolmentOffered).await, 0);
    let mut phone = Phone::scan(&world, &mut browser).await;
    let page = browser.get("/enrol").await;
    assert_eq!(page.number(), phone.code());
    assert!(page.has("match") && page.has("differ") && !page.has("qr"), "the code is not shown any more");
    assert_eq!(browser.post("/enrol/confirm", &[("answer", "match")]).await.location(), "/choose?enrolled");
    phone.confirm();
    let page = browser.get("/choose?enrolled").await;
    assert!(page.has("push") && page.text.contains("Your phone is set up"));
    assert_eq!(browser.get("/enrol").await.location(), "/choose");
    assert_eq!(world.count(AuditKind::DeviceEnrolled).await, 1);
}

#[tokio::test]
async fn the_page_hears_that_the_phone_has_answered() {
    let world = World::new().await;
    let mut browser = world.after_password().await;
    browser.get("/enrol").await;
    browser.post("/enrol", &[]).await;
    let page = browser.get("/enrol").await;
    assert!(page.text.contains("data-word=\"shown\"") && page.has("qr") && page.text.contains("<noscript>"));
    let mut events = browser.listen("/enrol/events").await;
    assert_eq!(events.word().await.as_deref(), Some("shown"));
    let uri = format!("pushotp{}", page.text.split_once("\">pushotp").unwrap().1.split('<').next().unwrap());
    let phone = Phone::answer(&world, &uri).await;
    assert_eq!(events.word().await.as_deref(), Some("answered"));
    assert_eq!(browser.get("/enrol").await.number(), phone.code());
}

#[tokio::test]
async fn codes_that_differ_enrol_nobody() {
    let world = World::new().await;
    let mut browser = world.after_password().await;
    Phone::scan(&world, &mut browser).await;
    browser.get("/enrol").await;
    // Neither yes nor no is not yes.
    assert_eq!(browser.post("/enrol/confirm", &[("answer", "")]).await.location(), "/enrol");
    let page = browser.post("/enrol/confirm", &[("answer", "differ")]).await;
    assert!(page.has("differ") && page.has("offer"));
    assert_eq!(browser.get("/choose").await.location(), "/enrol");
    assert_eq!(world.count(AuditKind::EnrolmentRefused).await, 1);
    assert_eq!(world.count(AuditKind::DeviceEnrolled).await, 0);
}

#[tokio::test]
async fn loaded_again_the_page_shows_the_same_code_and_makes_no_other() {
    let world = World::new().await;
    let mut browser = world.after_password().await;
    browser.get("/enrol").await;
    browser.post("/enrol", &[]).await;
    let first = browser.get("/enrol").await.text;
    assert_eq!(browser.get("/enrol").await.text, first);
    let mut tab = world.after_password().await;
    tab.get("/enrol").await;
    browser.get("/enrol").await;
    let token = tab.token.clone();
    browser.token = {
        let mut again = browser.clone();
        again.get("/passcode").await;
        again.token
    };
    assert_eq!(browser.post("/enrol", &[]).await.location(), "/enrol");
    assert_eq!(world.count(AuditKind::EnrolmentOffered).await, 1);
    // Others may ask as well, but not without end.
    tab.token = token;
    assert_eq!(tab.post("/enrol", &[]).await.location(), "/enrol");
    let mut third = world.after_password().await;
    third.get("/enrol").await;
    let page = third.post("/enrol", &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("enrol-full"));
}

#[tokio::test]
async fn a_code_that_is_over_is_replaced() {
    let world = World::new().await;
    let mut browser = world.after_password().await;
    browser.get("/enrol").await;
    browser.post("/enrol", &[]).await;
    world.pass(601);
    let page = browser.get("/enrol").await;
    assert!(page.has("enrol-over") && !page.has("qr"));
    assert_eq!(browser.post("/enrol", &[]).await.location(), "/enrol");
    assert!(browser.get("/enrol").await.has("qr"));
}

#[tokio::test]
async fn a_code_that_is_cancelled_is_no_longer_good() {
    let world = World::new().await;
    let mut browser = world.after_password().await;
    browser.get("/enrol").await;
    assert_eq!(browser.post("/enrol/cancel", &[]).await.location(), "/enrol", "there is nothing to cancel yet");
    browser.post("/enrol", &[]).await;
    let page = browser.get("/enrol").await;
    assert!(page.has("cancel"));
    let uri = format!("pushotp{}", page.text.split_once("\">pushotp").unwrap().1.split('<').next().unwrap());
    let mut events = browser.listen("/enrol/events").await;
    assert_eq!(events.word().await.as_deref(), Some("shown"));
    assert_eq!(browser.post("/enrol/cancel", &[]).await.location(), "/enrol");
    while events.word().await.is_some_and(|word| word != "elsewhere") {}
    assert!(browser.get("/enrol").await.has("offer"));
    let offer = pushotp::provision::enrolment::parse(&uri).unwrap();
    let code = world.app.login.confirmation_code(offer.enrolment).await;
    assert!(matches!(code, Err(pushotp::ServerError::NoEnrolment)), "{code:?}");
    assert_eq!(world.count(AuditKind::EnrolmentWithdrawn).await, 1);
    // So often as one likes.
    for _ in 0..3 {
        browser.post("/enrol", &[]).await;
        assert!(browser.get("/enrol").await.has("qr"));
        browser.post("/enrol/cancel", &[]).await;
    }
}

/// The page was still the one with the code when a device answered: nothing is cancelled, and the codes are compared.
#[tokio::test]
async fn an_answer_that_was_faster_than_the_button_is_compared() {
    let world = World::new().await;
    let mut browser = world.after_password().await;
    let mut phone = Phone::scan(&world, &mut browser).await;
    assert_eq!(browser.post("/enrol/cancel", &[]).await.location(), "/enrol");
    assert_eq!(browser.get("/enrol").await.number(), phone.code());
    assert_eq!(browser.post("/enrol/confirm", &[("answer", "match")]).await.location(), "/choose?enrolled");
    phone.confirm();
    assert_eq!(world.count(AuditKind::EnrolmentWithdrawn).await, 0);
}

#[tokio::test]
async fn only_a_form_of_the_page_cancels() {
    let world = World::new().await;
    let mut browser = world.after_password().await;
    browser.get("/enrol").await;
    browser.post("/enrol", &[]).await;
    let forged = browser.form("/enrol/cancel", &[("token", "")]);
    assert_eq!(browser.send(forged).await.status, StatusCode::FORBIDDEN);
    assert!(browser.get("/enrol").await.has("qr"));
}
