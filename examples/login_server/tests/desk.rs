//! The operator's page.

use pushotp::{AccountId, AuditKind, NewToken, PushSwitch};

use crate::{app::rng, browser::Browser, html::Text, session::Realm, world::World};

async fn operator(world: &World) -> Browser {
    let mut browser = world.browser();
    browser.get("/operator").await;
    let login = [("user", "operator"), ("password", "looking-glass")];
    assert_eq!(browser.post("/operator/sign-in", &login).await.location(), "/operator");
    browser
}

#[tokio::test]
async fn denied_and_reported_logins_appear_by_themselves() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let mut desk = operator(&world).await;
    let page = desk.get("/operator").await;
    assert!(page.has("incidents") && page.has("accounts") && page.has("log"));
    assert!(!page.text.contains("denied by the user"));
    let mut events = desk.listen("/operator/events").await;
    let before = events.word().await.unwrap();
    assert!(page.text.contains(&format!("data-word=\"{before}\"")));
    let (_, _) = world.waiting().await;
    phone.deny_and_report(world.now()).await;
    assert_ne!(events.word().await.unwrap(), before);
    let page = desk.get("/operator").await;
    for kind in [AuditKind::Denied, AuditKind::Reported, AuditKind::PushBlocked] {
        assert!(page.text.contains(&Text(kind).to_string()), "{kind}");
    }
}

#[tokio::test]
async fn the_operator_lifts_a_block() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let (_, _) = world.waiting().await;
    phone.deny_and_report(world.now()).await;
    let mut desk = operator(&world).await;
    desk.get("/operator").await;
    let account = AccountId::new("alice").unwrap();
    for token in world.app.login.tokens(&account).await.unwrap() {
        assert_eq!(token.push, PushSwitch::Blocked);
        let id = crate::home::token_text(token.id);
        let form = [("account", "alice"), ("id", id.as_str()), ("push", "on")];
        assert_eq!(desk.post("/operator/push", &form).await.location(), "/operator");
        desk.get("/operator").await;
    }
    let tokens = world.app.login.tokens(&account).await.unwrap();
    assert!(tokens.iter().all(|token| token.push == PushSwitch::On));
}

#[tokio::test]
async fn the_operator_unlocks_a_token() {
    let world = World::new().await;
    let _phone = world.phone().await;
    let account = AccountId::new("alice").unwrap();
    for _ in 0..10 {
        let _ = world.app.login.verify_passcode(&account, "000000", world.now(), &mut rng()).await.unwrap();
    }
    let disabled = || async {
        let tokens = world.app.login.tokens(&account).await.unwrap();
        tokens.into_iter().filter(|token| token.disabled).collect::<Vec<_>>()
    };
    let locked = disabled().await;
    assert!(!locked.is_empty());
    let mut desk = operator(&world).await;
    for token in &locked {
        let page = desk.get("/operator").await;
        assert!(page.text.contains("/operator/unlock"));
        let id = crate::home::token_text(token.id);
        let form = [("account", "alice"), ("id", id.as_str()), ("unlock", "yes")];
        assert_eq!(desk.post("/operator/unlock", &form).await.location(), "/operator");
    }
    assert!(disabled().await.is_empty());
    assert!(!desk.get("/operator").await.text.contains("/operator/unlock"));
    assert_eq!(world.count(AuditKind::TokenUnlocked).await, locked.len());
}

#[tokio::test]
async fn the_operator_unlocks_a_phone() {
    let world = World::new().await;
    let mut phone = world.phone().await;
    let (token, request) = phone.unlock_request();
    let mut desk = operator(&world).await;
    assert!(desk.get("/operator").await.has("phone"));
    let mut ask = async |user: &str, request: &str| {
        desk.get("/operator/phone").await;
        desk.post("/operator/phone", &[("user", user), ("request", request)]).await
    };
    world.app.login.add_account(&AccountId::new("bob").unwrap()).await.unwrap();
    for (user, text) in [("alice", "no text of a phone"), ("bob", request.as_str()), ("eve", &request), ("", &request)]
    {
        let page = ask(user, text).await;
        assert!(page.has("note") && page.has("ask") && !page.has("code"), "{user}: {}", page.text);
    }
    assert_eq!(world.count(AuditKind::DeviceUnlocked).await, 0);
    let page = ask("alice", &request.to_lowercase()).await;
    let code = page.text.split("aria-label=\"Code\">").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(phone.unlock(token, code), 10);
    assert_eq!(world.count(AuditKind::DeviceUnlocked).await, 1);
}

#[tokio::test]
async fn nobody_else_gets_in() {
    let world = World::new().await;
    let mut browser = world.after_password().await;
    let answer = browser.get("/operator").await;
    assert!(answer.has("sign-in") && !answer.has("accounts") && !answer.text.contains("Everyday"));
    assert_eq!(browser.get("/operator/events").await.location(), "/operator");
    let login = [("user", "alice"), ("password", "wonderland")];
    browser.get("/operator").await;
    assert!(browser.post("/operator/sign-in", &login).await.has("note"));
    // With the right token of a browser that has not signed in.
    let account = AccountId::new("alice").unwrap();
    let id = crate::home::token_text(world.app.login.tokens(&account).await.unwrap()[0].id);
    let form = [("account", "alice"), ("id", id.as_str()), ("push", "off")];
    assert_eq!(browser.get("/operator/phone").await.location(), "/operator");
    for path in ["/operator/push", "/operator/unlock", "/operator/phone"] {
        assert_eq!(browser.post(path, &form).await.location(), "/operator");
    }
    assert_eq!(world.count(AuditKind::PushOff).await, 0);
    let mut desk = operator(&world).await;
    desk.get("/operator").await;
    desk.post("/operator/push", &form).await;
    assert_eq!(world.count(AuditKind::PushOff).await, 1, "the control");
}

#[tokio::test]
async fn a_name_is_text_wherever_it_stands() {
    let world = World::new().await;
    let name = "<b onclick=\"x\">'&amp;";
    assert!(world.app.add_person((Realm::User, name), "password").await.unwrap());
    let account = AccountId::new(name).unwrap();
    world.app.login.add_account(&account).await.unwrap();
    let token = NewToken::new("<i>\"");
    world.app.login.add_token(&account, token, world.now(), &mut rng()).await.unwrap();
    let mut browser = world.browser();
    browser.get("/").await;
    let wrong = browser.post("/sign-in", &[("user", name), ("password", "?")]).await;
    let right = browser.post("/sign-in", &[("user", name), ("password", "password")]).await;
    assert_eq!(right.location(), "/choose");
    let enrol = browser.get("/enrol").await;
    let mut desk = operator(&world).await;
    let desk = desk.get("/operator").await;
    for page in [wrong, enrol, desk] {
        assert!(!page.text.contains("<b ") && !page.text.contains("<i>"), "{}", page.text);
        assert!(page.text.contains("&lt;b onclick=&quot;x&quot;&gt;&#39;&amp;amp;"), "{}", page.text);
    }
}
