//! Two servers on one store, and one that is started again: a browser may go to either.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use pushotp::AuditKind;
use tokio::{net::TcpListener, sync::oneshot, task::spawn_blocking};

use crate::{serve::serve, world::World};

#[tokio::test]
async fn the_browser_on_one_server_the_phone_on_the_other() {
    let (a, mut phone) = {
        let world = World::new().await;
        let phone = world.phone().await;
        (world, phone)
    };
    let b = a.another().await;
    let (mut browser, number) = a.waiting().await;
    let mut events = browser.listen("/wait/events").await;
    assert!(events.word().await.unwrap().starts_with("waiting."));
    phone.router = b.router.clone();
    phone.approve(&number, b.now()).await;
    assert!(events.word().await.unwrap().starts_with("approved."));
    // Each click of the browser goes to another server.
    browser.router = b.router.clone();
    assert_eq!(browser.get("/wait").await.location(), "/home");
    browser.router = a.router.clone();
    assert!(browser.get("/home").await.has("home"));
    browser.router = b.router.clone();
    assert_eq!(browser.post("/sign-out", &[]).await.location(), "/");
    browser.router = a.router.clone();
    assert_eq!(browser.get("/home").await.location(), "/");
    assert_eq!(a.count(AuditKind::Redeemed).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_from_two_tabs_on_two_servers() {
    let a = World::new().await;
    a.phone().await;
    let b = a.another().await;
    let mut tab = a.after_password().await;
    tab.get("/choose").await;
    let mut other = tab.clone();
    other.router = b.router.clone();
    let pressed = [tab.clone(), other.clone()].map(|mut tab| tokio::spawn(async move { tab.post("/send", &[]).await }));
    for answer in futures_util::future::join_all(pressed).await {
        assert_eq!(answer.unwrap().location(), "/wait");
    }
    assert_eq!(tab.get("/wait").await.number(), other.get("/wait").await.number());
    assert_eq!(a.count(AuditKind::LoginStarted).await, 1);
}

#[tokio::test]
async fn started_again_in_the_middle_of_a_login() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let (mut browser, number) = world.waiting().await;
    let World { store, clock, app, router } = world;
    drop((app, router));
    let world = World::on(store, clock, None).await;
    browser.router = world.router.clone();
    phone.router = world.router.clone();
    assert_eq!(browser.get("/wait").await.number(), number);
    phone.approve(&number, world.now()).await;
    assert_eq!(browser.get("/wait").await.location(), "/home");
}

/// A server that died between taking the place and sending keeps nobody out for longer than some seconds.
#[tokio::test]
async fn a_request_that_was_never_sent_is_sent_later() {
    use crate::session::{Pushed, Realm, SessionId};
    use axum::http::{HeaderMap, header};

    let world = World::new().await;
    world.phone().await;
    let mut browser = world.after_password().await;
    browser.get("/choose").await;
    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, format!("session={}", browser.cookies["session"]).parse().unwrap());
    let id = SessionId::read(&headers, Realm::User, &world.app.site).unwrap();
    let (mut session, version) = world.app.session((Realm::User, &id)).await.unwrap().unwrap();
    session.pushed = Some(Pushed { ticket: String::new(), at: world.now().as_secs() });
    assert!(world.app.keep_session((Realm::User, &id), version, &session).await.unwrap());

    assert!(browser.get("/wait").await.has("sending"));
    assert_eq!(browser.post("/send", &[]).await.location(), "/wait");
    assert_eq!(world.count(AuditKind::LoginStarted).await, 0);
    world.pass(10);
    browser.get("/choose").await;
    assert_eq!(browser.post("/send", &[]).await.location(), "/wait");
    assert_eq!(browser.get("/wait").await.number().len(), 6);
}

/// Over a real connection: the phone shows the address that the browser comes from.
#[tokio::test]
async fn the_phone_shows_where_the_browser_is() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let mut browser = world.after_password().await;
    browser.get("/choose").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, world.router.clone(), async {
        let _ = stopped.await;
    }));
    let body = format!("token={}", browser.token);
    let head = format!(
        "POST /send HTTP/1.1\r\nHost: 127.0.0.1:8088\r\nOrigin: http://127.0.0.1:8088\r\nCookie: session={}\r\n\
         User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        browser.cookies["session"],
        body.len(),
    );
    let exchange = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    };
    let answer = spawn_blocking(exchange).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 303 ") && answer.contains("location: /wait"), "{answer}");
    let prompt = phone.prompt(world.now()).await;
    assert_eq!(prompt.ip(), Some([127, 0, 0, 1].into()));
    assert_eq!(prompt.client(), Some("Firefox on Linux"));
    stop.send(()).unwrap();
    server.await.unwrap();
    assert!(TcpStream::connect(address).is_err(), "it has stopped");
}
