//! Where devices send their messages.

use std::time::Duration;

use axum::http::StatusCode;
use pushotp::Incoming;

use crate::{phone::post, world::World};

#[tokio::test]
async fn what_nobody_sealed_is_refused_without_a_word() {
    let world = World::new().await;
    for message in [vec![], b"hello".to_vec(), vec![0x83; 300], vec![0; 4096]] {
        assert_eq!(post(&world.router, message, "").await, (StatusCode::BAD_REQUEST, vec![]));
    }
    assert_eq!(post(&world.router, vec![0; 4097], "").await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_fetch_waits_for_a_request_and_no_longer_than_it_likes() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    assert!(phone.fetch("wait=0", world.now()).await.is_empty());
    assert!(phone.fetch("respond-async, wait=1", world.now()).await.is_empty());

    let now = world.now();
    let held = tokio::spawn(async move { (phone.fetch("", now).await, phone) });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!held.is_finished(), "held back, for nothing is open");
    let (mut browser, number) = world.waiting().await;
    let (mut found, mut phone) = held.await.unwrap();
    let Incoming::Login(prompt) = found.remove(0) else { panic!("not a login") };
    let everyday = phone.everyday;
    phone.approve_with((prompt, everyday), (&number, None), world.now()).await;
    assert_eq!(browser.get("/wait").await.location(), "/home");
}

/// What another server wrote wakes nobody here: the store is looked at.
#[tokio::test]
async fn a_fetch_hears_of_what_another_server_sends() {
    let world = World::new().await;
    let other = world.another().await;
    let mut phone = world.phone().await;
    let now = world.now();
    let held = tokio::spawn(async move { phone.fetch("", now).await.len() });
    let (_, _) = other.waiting().await;
    assert_eq!(held.await.unwrap(), 1);
}

/// It is not from a page, so neither the token nor the origin of one is asked for; nor does it set a cookie.
#[tokio::test]
async fn a_device_needs_no_session() {
    use axum::{
        body::Body,
        http::{Request, header},
    };
    use tower::ServiceExt as _;

    let world = World::new().await;
    let request = Request::post("/push").header(header::HOST, "127.0.0.1:8088").body(Body::from("x")).unwrap();
    let response = world.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(!response.headers().contains_key(header::SET_COOKIE));
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
}
