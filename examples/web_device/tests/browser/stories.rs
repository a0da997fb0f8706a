use pollster::block_on;
use pushotp::{LoginRequest, LoginState, PasscodeVerdict, PushSwitch};
use webdriver::keys;

use crate::site::{PIN, WRONG, World, now, rng, wait_until};

#[test]
fn a_browser_is_enrolled_and_approves() {
    let Some(world) = World::start() else { return };
    let browser = &world.browser;
    browser.find("#enrol").unwrap();
    world.picture("enrol");
    world.enter("#uri", "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQ");
    world.click("#enrol-form button");
    browser.find_text("#enrol .problem", "This is not an enrolment").unwrap();

    let enrolment = world.enter_offer();
    let shown = browser.find("#code").unwrap().text().unwrap().replace(' ', "");
    assert_eq!(Some(shown), block_on(world.site.server.confirmation_code(enrolment)).unwrap());
    assert_eq!(browser.find("#pin-tokens").unwrap().text().unwrap(), "Work");
    world.enter("#pin-1", PIN);
    world.enter("#pin-2", WRONG);
    world.click("#match");
    browser.find_text("#compare .problem", "The two PINs differ").unwrap();
    world.enter("#pin-1", "123456");
    world.enter("#pin-2", "123456");
    world.click("#match");
    browser.find_text("#compare .problem", "among the first that anyone would try").unwrap();
    world.picture("compare");
    world.confirm(enrolment);
    browser.find_text("#line", "connected").unwrap();
    browser.gone("#unconfirmed").unwrap();
    world.picture("home-first");

    let (login, number) = world.login();
    for (css, text) in [
        ("#application", "Intranet"),
        ("#user", "alice"),
        ("#place", "Vienna, Austria · 192.0.2.7"),
        ("#client", "Firefox on Linux"),
        ("#chosen", "Work"),
    ] {
        assert_eq!(browser.find(css).unwrap().text().unwrap(), text);
    }
    assert!(browser.all("#action").unwrap().is_empty(), "there is none");
    assert_eq!(browser.find("#pin").unwrap().attribute("type").unwrap().as_deref(), Some("password"));
    browser.find("#number").unwrap().enter(&number).unwrap();
    browser.find("#pin").unwrap().enter(PIN).unwrap();
    world.picture("login");
    world.click("#approve");
    browser.find_text("#result-title", "Approved").unwrap();
    browser.find_text("#result-text", "You are signed in to Intranet").unwrap();
    assert!(browser.all("#result-warning").unwrap().is_empty());
    world.picture("approved");
    assert!(world.redeem(&login));
    world.click("#back");
    browser.find_text("#history li:first-child", "You approved: Intranet, alice").unwrap();
    let kept = browser.find("main").unwrap().text().unwrap();
    assert!(!kept.contains(&number) && !kept.contains(PIN));
    world.picture("home");
}

#[test]
fn a_wrong_pin_then_the_right_one_with_the_keyboard_alone() {
    let Some(world) = World::enrolled() else { return };
    let browser = &world.browser;
    let (login, number) = world.login();
    // The number has the focus; Enter asks for the PIN, and goes there.
    browser.find("#number:focus").unwrap().enter(&format!("{number}{}", keys::ENTER)).unwrap();
    browser.find_text("#login .problem", "Now type your PIN").unwrap();
    browser.find("#pin:focus").unwrap().enter(&format!("{WRONG}{}", keys::ENTER)).unwrap();
    browser.find_text("#login .problem", "the PIN was wrong. 2 more tries for this login.").unwrap();
    world.picture("wrong-pin");
    assert_eq!(browser.find("#pin").unwrap().property("value").unwrap(), "");
    browser.find("#pin").unwrap().enter(&format!("{PIN}{}", keys::ENTER)).unwrap();
    browser.find_text("#result-title", "Approved").unwrap();
    browser.find_text("#result-warning", "a wrong passcode was tried once").unwrap();
    assert!(world.redeem(&login));
}

/// Whoever goes through the page with the keyboard sees where it is, at each step and on each screen.
#[test]
fn the_focus_can_be_seen() {
    let Some(world) = World::enrolled() else { return };
    let outline = |times: usize| {
        for _ in 0..times {
            world.browser.press(keys::TAB).unwrap();
            let look = "const at = document.activeElement; const { outlineStyle, outlineWidth } = getComputedStyle(at);
                return [at.tagName, at === document.body || (outlineStyle === 'solid' && outlineWidth === '3px')]";
            let seen = world.browser.run(look, &[]).unwrap();
            assert_eq!(seen[1], true, "{seen}");
        }
    };
    outline(8);
    world.click("#tokens li:nth-child(2) .change");
    outline(2);
    world.picture("focus");
    outline(3);
    world.click("#change-back");
    world.login();
    outline(6);
    // The negative control: where nobody is, no line is drawn.
    let line = "return getComputedStyle(document.querySelector('h1')).outlineStyle";
    assert_eq!(world.browser.run(line, &[]).unwrap(), "none");
}

#[test]
fn a_wrong_number_ends_the_request() {
    let Some(world) = World::enrolled() else { return };
    let (login, number) = world.login();
    world.click("#next");
    assert_eq!(world.browser.find("#chosen").unwrap().text().unwrap(), "Everyday");
    assert!(world.browser.all("#pin").unwrap().is_empty(), "a token without one");
    let wrong = if number == "000000" { "000001" } else { "000000" };
    world.enter("#number", "12");
    world.click("#approve");
    world.browser.find_text("#login .problem", "has another length").unwrap();
    world.enter("#number", wrong);
    world.click("#approve");
    world.browser.find_text("#result-title", "Not accepted").unwrap();
    world.picture("refused");
    assert!(!world.redeem(&login));
}

#[test]
fn a_login_is_denied_and_then_reported() {
    let Some(world) = World::enrolled() else { return };
    let (login, _) = world.login();
    world.click("#deny");
    world.browser.find_text("#denied", "Nobody was signed in to Intranet").unwrap();
    assert_eq!(world.state(&login), LoginState::Denied);
    world.picture("denied");
    world.click("#report");
    world.browser.find_text("#result-title", "Reported").unwrap();
    assert_eq!(world.state(&login), LoginState::Reported);
    world.click("#back");
    world.browser.find_text("#history", "You reported: Intranet").unwrap();
    assert_eq!(world.browser.all("#history li").unwrap().len(), 1);
}

#[test]
fn a_reload_keeps_the_device_and_the_request() {
    let Some(world) = World::enrolled() else { return };
    let (login, number) = world.login();
    world.browser.reload().unwrap();
    world.browser.find("#login").unwrap();
    world.click("#previous");
    world.enter("#number", &number);
    world.click("#approve");
    world.browser.find_text("#result-title", "Approved").unwrap();
    assert!(world.redeem(&login));
    world.browser.reload().unwrap();
    world.browser.find_text("#tokens", "Everyday").unwrap();
    world.browser.find_text("#history", "You approved").unwrap();
}

#[test]
fn a_request_that_the_page_takes_back_is_over_here() {
    let Some(world) = World::enrolled() else { return };
    let (login, _) = world.login();
    block_on(world.site.server.cancel_login(&login.ticket, now(), &mut rng())).unwrap();
    world.browser.find_text("#result-title", "This request is over").unwrap();
    world.picture("over");
    world.click("#back");
    world.browser.find_text("#history", "Withdrawn or answered elsewhere: Intranet, alice").unwrap();
}

/// A request does not come between a person and a PIN that is being typed; it is said that one waits.
#[test]
fn a_request_waits_while_a_pin_is_typed() {
    let Some(world) = World::enrolled() else { return };
    world.click("#tokens li:nth-child(2) form button");
    world.enter("#tokens li:nth-child(2) .pin", "2718");
    let request = LoginRequest::new("Intranet");
    let _ = block_on(world.site.server.start_login(&world.site.user, &request, now(), &mut rng())).unwrap();
    world.browser.find_text("#waits", "A request waits for you.").unwrap();
    assert!(world.browser.all("#login").unwrap().is_empty());
    world.picture("waits");
    world.click("#waits-show");
    world.browser.find("#login").unwrap();
    // What comes up by itself takes no answer at once.
    assert_eq!(world.browser.find("#number:focus").unwrap().property("value").unwrap(), "");
    world.browser.find("#deny:enabled").unwrap();
    assert!(world.browser.all("#waits").unwrap().is_empty());
}

#[test]
fn the_last_twenty_are_kept() {
    let Some(world) = World::enrolled() else { return };
    // A page of this site that does not have the device.
    world.browser.open(&format!("{}style.css", world.site.url)).unwrap();
    let fill = "return import('/store.js').then(({ write }) => write({ history: Array.from({ length: 20 }, (_, at) => (
        { id: String(at), at: 1e12 - at, application: `Application ${at}`, user: 'alice', how: 'approved' })) }))";
    world.browser.run(fill, &[]).unwrap();
    world.browser.open(&world.site.url).unwrap();
    world.browser.find_text("#history", "Application 19").unwrap();
    let (login, _) = world.login();
    world.click("#deny");
    world.click("#no-report");
    assert_eq!(world.state(&login), LoginState::Denied);
    world.browser.find_text("#history li:first-child", "You denied: Intranet").unwrap();
    world.browser.find_text("#history li:last-child", "Application 18").unwrap();
    assert_eq!(world.browser.all("#history li").unwrap().len(), 20);
}

#[test]
fn a_passcode_is_shown_after_the_pin() {
    let Some(world) = World::enrolled() else { return };
    let item = "#tokens li:nth-child(2)"; // by name
    world.click(&format!("{item} form button"));
    // One that is computed in the last moment of its step is gone before anybody has read it.
    let read = (0..3).find_map(|_| {
        world.enter(&format!("{item} .pin"), PIN);
        world.click(&format!("{item} form button"));
        let shown = world.browser.find(&format!("{item} output")).ok()?.text().ok()?.replace(' ', "");
        (shown.len() == 8).then_some(shown)
    });
    let code = read.expect("a passcode");
    world.picture("passcode");
    let verdict = block_on(world.site.server.verify_passcode(&world.site.user, &code, now(), &mut rng())).unwrap();
    assert!(matches!(verdict, PasscodeVerdict::Accepted { .. }), "{verdict:?}");
}

#[test]
fn push_is_switched_off_and_the_server_knows() {
    let Some(world) = World::enrolled() else { return };
    for _ in 0..2 {
        let off = world.browser.all("#tokens [role=switch]").unwrap();
        let on: Vec<_> = off.iter().filter(|switch| switch.property("checked").unwrap() == true).collect();
        on[0].click().unwrap();
        let left = on.len() - 1;
        wait_until("the switch is off", || {
            let switches = world.browser.all("#tokens [role=switch]").unwrap();
            switches.iter().filter(|switch| switch.property("checked").unwrap() == true).count() == left
                && switches.iter().all(|switch| switch.is_enabled().unwrap())
        });
    }
    let tokens = block_on(world.site.server.tokens(&world.site.user)).unwrap();
    assert!(tokens.iter().all(|token| token.push == PushSwitch::Muted), "{tokens:?}");
}

#[test]
fn the_device_is_removed_at_the_second_press() {
    let Some(world) = World::enrolled() else { return };
    world.click("#about summary");
    world.picture("about");
    world.click("#remove");
    world.browser.find("#remove-sure").unwrap();
    world.click("#remove");
    world.browser.find("#enrol").unwrap();
}
