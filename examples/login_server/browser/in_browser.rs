//! The authenticator in the browser itself: the built module, beside the page that it approves.

use serde_json::json;

use crate::{phone::PIN, server, world::World};

/// `None` where there is no browser, or nobody has built the module.
fn world() -> Option<World> {
    if !server::profile().parent().unwrap().join("web_device/web_device.wasm").exists() {
        webdriver::skip("the module is not built: examples/web_device/build");
        return None;
    }
    World::new()
}

#[test]
fn this_browser_is_the_phone() {
    let Some(world) = world() else { return };
    let browser = &world.browser;
    world.sign_in();
    world.click("#offer");
    let login = browser.tab().unwrap();
    world.click("#in-browser");
    let device = browser.tabs().unwrap().into_iter().find(|tab| *tab != login).expect("a tab of its own");

    browser.to_tab(&device).unwrap();
    world.shows("#enrol");
    assert_eq!(browser.url().unwrap(), world.server.url("/device/"), "the offer has left the address bar");
    assert_eq!(browser.run("return window.opener", &[]).unwrap(), json!(null));
    world.click("#enrol-form button");
    let code = world.digits("#code");
    assert_eq!(code.len(), 6);

    browser.to_tab(&login).unwrap();
    assert_eq!(world.digits("#code"), code, "the page goes on by itself");
    world.click("#match");
    browser.find_text("#note", "Your phone is set up").unwrap();

    browser.to_tab(&device).unwrap();
    for field in ["#pin-1", "#pin-2"] {
        browser.find(field).unwrap().enter(PIN).unwrap();
    }
    world.click("#match");
    browser.find_text("#tokens", "Everyday").unwrap();
    browser.find_text("#line", "connected").unwrap();

    browser.to_tab(&login).unwrap();
    let number = world.send();
    browser.to_tab(&device).unwrap();
    assert_eq!(browser.find("#application").unwrap().text().unwrap(), "Example Intranet");
    browser.find("#number").unwrap().enter(&number).unwrap();
    browser.find("#pin").unwrap().enter(PIN).unwrap();
    // Not before a person could have read what is asked.
    browser.find("#approve:enabled").unwrap().click().unwrap();
    browser.find_text("#result-title", "Approved").unwrap();
    browser.to_tab(&login).unwrap();
    world.is_signed_in();
    world.nothing_is_wrong();
}

/// It shares the origin of the login's pages, and their cookies go with what it asks for.
#[test]
fn a_script_of_its_page_cannot_use_the_session() {
    const OPENS: &str = "return Boolean(open('/style.css'))";
    const STATUS: &str = "return fetch(arguments[0], { method: arguments[1] }).then(({ status }) => status)";
    let Some(world) = world() else { return };
    world.sign_in();
    world.shows("#offer");
    // The negative control: the login's own page may open others.
    assert_eq!(world.browser.run(OPENS, &[]).unwrap(), true);
    world.open("/device/");
    world.shows("#enrol");
    for (path, method) in [("/enrol", "GET"), ("/home", "GET"), ("/operator", "GET"), ("/enrol", "POST")] {
        let status = world.browser.run(STATUS, &[json!(path), json!(method)]).unwrap();
        assert_eq!(status, 403, "{method} {path}");
    }
    // What it is for goes on.
    assert_eq!(world.browser.run(STATUS, &[json!("/device/style.css"), json!("GET")]).unwrap(), 200);
    assert_eq!(world.browser.run(STATUS, &[json!("/push"), json!("POST")]).unwrap(), 400, "a message, if a bad one");
    assert_eq!(world.browser.run(OPENS, &[]).unwrap(), false);
    assert_eq!(world.browser.run("return document.cookie", &[]).unwrap(), "");
    world.open("/enrol");
    world.shows("#offer");
}
