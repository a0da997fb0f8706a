//! What every answer carries.

use axum::http::{Method, StatusCode, header};

use crate::world::World;

const PAGES: [&str; 8] = ["/", "/choose", "/wait", "/enrol", "/passcode", "/home", "/operator", "/nothing-here"];

#[tokio::test]
async fn every_answer_forbids_what_a_page_does_not_need() {
    let world = World::new().await;
    let mut browser = world.browser();
    for path in PAGES {
        let answer = browser.get(path).await;
        let header = |name: &str| answer.headers[name].to_str().unwrap();
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';"), "{path}");
        for part in
            ["script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"]
        {
            assert!(policy.contains(part), "{path}: {part}");
        }
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        assert!(!answer.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }
}

/// The policy would stop them, and a page would then not work: so there are none.
#[tokio::test]
async fn pages_have_no_inline_script_or_style_and_load_nothing_from_elsewhere() {
    let world = World::new().await;
    let mut phone_browser = world.after_password().await;
    phone_browser.get("/enrol").await;
    phone_browser.post("/enrol", &[]).await;
    let mut pages = vec![phone_browser.get("/enrol").await.text];
    world.phone().await;
    let (mut waiting, _) = world.waiting().await;
    for path in ["/wait", "/choose", "/passcode"] {
        pages.push(waiting.get(path).await.text);
    }
    let mut browser = world.browser();
    for path in PAGES {
        pages.push(browser.get(path).await.text);
    }
    for page in pages {
        for found in [" style=", "<style", " onclick=", " onload=", "javascript:", "src=\"http", "href=\"http", "//cdn"]
        {
            assert!(!page.contains(found), "{found}: {page}");
        }
        let scripts = page.matches("<script").count();
        assert_eq!(scripts, page.matches("<script src=\"/script.js\" defer></script>").count());
    }
}

#[tokio::test]
async fn the_files_beside_the_pages_have_their_types() {
    let world = World::new().await;
    let mut browser = world.browser();
    for (path, kind) in [("/style.css", "text/css"), ("/script.js", "text/javascript"), ("/icon.svg", "image/svg+xml")]
    {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with(kind));
    }
    assert_eq!(browser.get("/nothing-here").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn another_name_of_this_address_gets_nothing() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.origin = "http://rebound.example:8088".into();
    let answer = browser.get("/").await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::MISDIRECTED_REQUEST, ""));
    assert!(answer.headers.contains_key(header::CONTENT_SECURITY_POLICY));
    browser.origin = "http://localhost:8088".into();
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn with_tls_in_front_cookies_are_bound_to_the_host() {
    let world = World::with(Some("https://login.example.com")).await;
    let mut browser = crate::browser::Browser::new(world.router.clone(), "https://login.example.com");
    let answer = browser.get("/").await;
    assert_eq!(answer.status, StatusCode::OK);
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-session="), "{cookie}");
    for part in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(part), "{part}");
    }
    assert!(!cookie.contains("Domain"));
    assert_eq!(answer.headers[header::STRICT_TRANSPORT_SECURITY], "max-age=31536000");
    assert!(!answer.has("demo"), "a password that everybody can read");
    // The address behind the proxy is no name of this site.
    browser.origin = "http://127.0.0.1:8088".into();
    assert_eq!(browser.get("/").await.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn without_tls_the_cookie_is_what_a_browser_takes() {
    let world = World::new().await;
    let mut browser = world.browser();
    let answer = browser.get("/").await;
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("session="), "{cookie}");
    assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax") && !cookie.contains("Secure"));
    let answer = browser.get("/operator").await;
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("operator=") && cookie.contains("; SameSite=Strict"), "{cookie}");
}

#[tokio::test]
async fn a_page_is_only_looked_at_and_a_form_only_sent() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.get("/").await;
    for path in ["/sign-in", "/send", "/cancel", "/sign-out", "/enrol/confirm", "/tokens/push", "/operator/push"] {
        assert_eq!(browser.get(path).await.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    let request = browser.request(Method::PUT, "/").header(header::ORIGIN, "http://127.0.0.1:8088");
    let answer = browser.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}
