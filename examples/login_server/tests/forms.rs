//! A form is taken from a page of this server in the same browser, and from nowhere else.

use axum::http::{StatusCode, header};

use crate::world::World;

const RIGHT: [(&str, &str); 2] = [("user", "alice"), ("password", "wonderland")];

#[tokio::test]
async fn a_form_without_the_token_of_its_browser_is_refused() {
    let world = World::new().await;
    let (mut browser, mut other) = (world.browser(), world.browser());
    browser.get("/").await;
    other.get("/").await;
    let token = browser.token.clone();
    for wrong in ["", &other.token, &token[1..], &token.to_ascii_lowercase()] {
        let form = browser.form("/sign-in", &[RIGHT[0], RIGHT[1], ("token", wrong)]);
        let answer = browser.send(form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{wrong}");
        browser.token.clone_from(&token);
    }
    let form = browser.form("/sign-in", &RIGHT);
    assert_eq!(browser.send(form).await.status, StatusCode::FORBIDDEN);
    // A browser that sends no cookie has no token that fits.
    let mut bare = browser.clone();
    bare.cookies.clear();
    bare.token.clone_from(&token);
    assert_eq!(bare.post("/sign-in", &RIGHT).await.status, StatusCode::FORBIDDEN);
    // The control: the same form with its own token.
    browser.token = token;
    assert_eq!(browser.post("/sign-in", &RIGHT).await.location(), "/choose");
}

#[tokio::test]
async fn every_form_asks_for_it() {
    let world = World::new().await;
    world.phone().await;
    let (mut browser, _) = world.waiting().await;
    let before = world.events().await;
    for path in ["/sign-in", "/send", "/cancel", "/sign-out", "/passcode", "/enrol", "/enrol/confirm", "/tokens/push"] {
        let form = browser.form(path, &[("token", "AAAA")]);
        assert_eq!(browser.send(form).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/operator/sign-in", "/operator/sign-out", "/operator/push", "/operator/unlock"] {
        // Not even the user's own: an operator's browser has another.
        let form = browser.form(path, &[("token", &browser.token)]);
        assert_eq!(browser.send(form).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(world.events().await, before);
    assert!(browser.get("/wait").await.has("number"), "still waiting");
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_even_with_the_token() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.get("/").await;
    let fields = [RIGHT[0], RIGHT[1], ("token", &browser.token.clone())];
    for origin in ["http://evil.example", "null", "https://127.0.0.1:8088", "http://127.0.0.1:8089", ""] {
        let mut form = browser.form("/sign-in", &fields);
        form.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
        assert_eq!(browser.send(form).await.status, StatusCode::FORBIDDEN, "{origin}");
    }
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("none", 403), ("same-origin", 303)] {
        let mut form = browser.form("/sign-in", &fields);
        form.headers_mut().remove(header::ORIGIN);
        form.headers_mut().insert("sec-fetch-site", site.parse().unwrap());
        assert_eq!(browser.send(form).await.status.as_u16(), status, "{site}");
    }
}

#[tokio::test]
async fn what_is_no_form_or_too_long_is_refused() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.get("/").await;
    let mut form = browser.form("/sign-in", &RIGHT);
    form.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    assert_eq!(browser.send(form).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for (length, status) in [(1000, StatusCode::FORBIDDEN), (9000, StatusCode::PAYLOAD_TOO_LARGE)] {
        // Each byte is three when it is escaped.
        let form = browser.form("/sign-in", &[("password", &"x".repeat(length / 3))]);
        assert_eq!(browser.send(form).await.status, status, "{length}");
    }
}
