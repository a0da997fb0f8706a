//! Another PIN, and a token that wrong ones have locked, on lines that break and pages that are closed.

use pollster::block_on;
use pushotp::{AuditKind, UnlockRequest};
use serde_json::{Value, json};
use webdriver::keys;

use crate::site::{Cut, NEW, PIN, WRONG, World, now, rng, wait_until};

/// The token with the PIN; the list is sorted by name.
const WORK: &str = "#tokens li:nth-child(2)";

/// Fills in the form, and sends it.
fn change(world: &World, old: &str, new: &str, again: &str) {
    world.enter("#old-pin", old);
    world.enter("#new-pin-1", new);
    world.enter("#new-pin-2", again);
    world.click("#change-form [type=submit]");
}

fn open_form(world: &World) {
    world.click(&format!("{WORK} .change"));
    world.browser.find("#old-pin:focus").unwrap();
}

/// Approves with a PIN that is wrong; the request is denied then.
fn refuses(world: &World, pin: &str) {
    let (_, number) = world.login();
    world.enter("#number", &number);
    world.enter("#pin", pin);
    world.click("#approve");
    world.browser.find_text("#login .problem", "the PIN was wrong").unwrap();
    world.click("#deny");
    world.click("#no-report");
}

fn logged(world: &World, kind: AuditKind) -> bool {
    block_on(world.site.server.audit(&world.site.user)).unwrap().iter().any(|event| event.kind() == kind)
}

#[test]
fn a_pin_is_changed_after_an_approval() {
    let Some(world) = World::enrolled() else { return };
    let problem = |words: &str| world.browser.find_text("#change .problem", words).map(drop).unwrap();
    open_form(&world);
    world.picture("change");
    change(&world, "", NEW, NEW);
    problem("Type the PIN that you have now");
    change(&world, PIN, NEW, PIN);
    problem("The two new PINs differ");
    change(&world, PIN, "123456", "123456");
    problem("among the first that anyone would try");
    change(&world, PIN, "90531", "90531");
    problem("at least 6 digits");
    change(&world, PIN, NEW, NEW);
    problem("Approve a login, and then try again");
    world.picture("change-refused");
    for field in ["#old-pin", "#new-pin-1", "#new-pin-2"] {
        assert_eq!(world.browser.find(field).unwrap().property("value").unwrap(), "", "{field}");
    }
    world.click("#change-back");

    assert!(world.approve(PIN));
    open_form(&world);
    change(&world, WRONG, NEW, NEW);
    problem("Most likely the first PIN was wrong. The server takes 2 more tries");
    // And now with the keyboard alone.
    world.click("#change-back");
    open_form(&world);
    world.browser.press(&format!("{PIN}{0}{NEW}{0}{NEW}{1}", keys::TAB, keys::ENTER)).unwrap();
    world.browser.find_text("#result-title", "PIN changed").unwrap();
    world.picture("changed");
    world.browser.press(keys::ENTER).unwrap();
    world.browser.find("#home").unwrap();
    wait_until("the server knows", || logged(&world, AuditKind::Rotated));

    refuses(&world, PIN);
    assert!(world.approve(NEW));
}

/// The server is gone, and when it is back its reply is lost: the same bytes come until there is one.
#[test]
fn an_offline_server_gets_the_same_bytes_later() {
    let Some(world) = World::enrolled() else { return };
    assert!(world.approve(PIN));
    open_form(&world);
    world.site.received.lock().unwrap().clear();
    world.stop();
    change(&world, PIN, NEW, NEW);
    world.browser.find_text("#change-form [type=submit]", "Asking the server").unwrap();
    world.browser.find_text("#line", "no connection").unwrap();
    world.cut(Some(Cut { after: AuditKind::RotationGranted, reply: false }));
    world.go_on();
    // A fetch is new each time.
    let twice = || {
        let mut all = world.site.received.lock().unwrap().clone();
        all.sort();
        let (mut twice, mut last) = (Vec::new(), None);
        for message in all {
            if last.as_ref() == Some(&message) && twice.last() != Some(&message) {
                twice.push(message.clone());
            }
            last = Some(message);
        }
        twice
    };
    wait_until("it comes again", || !twice().is_empty());
    assert!(logged(&world, AuditKind::RotationGranted) && !logged(&world, AuditKind::Rotated));
    world.cut(None);
    world.browser.find_text("#result-title", "PIN changed").unwrap();
    wait_until("the server knows", || logged(&world, AuditKind::Rotated));
    assert_eq!(twice().len(), 1, "one message, and no other");
    world.click("#back");
    assert!(world.approve(NEW));
}

/// The try is stored, and the page is closed before anything is sent.
#[test]
fn a_page_that_is_closed_before_it_asks_has_the_old_pin() {
    let Some(world) = World::enrolled() else { return };
    assert!(world.approve(PIN));
    open_form(&world);
    world.stop();
    world.browser.find_text("#line", "no connection").unwrap();
    let before = stored(&world);
    change(&world, PIN, NEW, NEW);
    wait_until("the try is stored", || stored(&world) != before);
    world.browser.open("about:blank").unwrap();
    world.go_on();
    world.browser.open(&world.site.url).unwrap();
    world.browser.find_text("#line", "connected").unwrap();
    assert!(!logged(&world, AuditKind::RotationGranted));
    refuses(&world, NEW);
    assert!(world.approve(PIN));
}

/// The new lock is stored, and the page is closed before the server hears of it.
#[test]
fn a_page_that_is_closed_before_it_confirms_has_the_new_pin() {
    let Some(world) = World::enrolled() else { return };
    assert!(world.approve(PIN));
    open_form(&world);
    world.cut(Some(Cut { after: AuditKind::RotationGranted, reply: true }));
    change(&world, PIN, NEW, NEW);
    world.browser.find_text("#result-title", "PIN changed").unwrap();
    world.browser.open("about:blank").unwrap();
    world.cut(None);
    world.browser.open(&world.site.url).unwrap();
    world.browser.find_text("#line", "connected").unwrap();
    open_form(&world);
    change(&world, NEW, PIN, PIN);
    world.browser.find_text("#change .problem", "is not finished. Approve one more login first").unwrap();
    world.click("#change-back");
    assert!(!logged(&world, AuditKind::Rotated));
    refuses(&world, PIN);
    assert!(world.approve(NEW));
    assert!(logged(&world, AuditKind::Rotated), "the approval said so");
}

/// What the browser has of the device, read without the page's own scripts.
fn stored(world: &World) -> Value {
    let read = "return new Promise((done) => {
        indexedDB.open('pushotp-device').onsuccess = ({ target: { result: database } }) => {
          database.transaction('device').objectStore('device').get('state').onsuccess = (event) => {
            database.close();
            done(Array.from(event.target.result).join());
          };
        };
      })";
    world.browser.run(read, &[]).unwrap()
}

/// Ten tries that are never sent, a day apart so that none has to wait, by a page of this site that has the device for itself.
fn lock(world: &World) {
    const TRIES: &str = "return (async ([pin, next]) => {
        const [{ Device, fromBase64, toBase64 }, { read, write }] =
          await Promise.all([import('/device.js'), import('/store.js')]);
        const module = await WebAssembly.compileStreaming(fetch('/web_device.wasm'));
        let now = Math.floor(Date.now() / 1000);
        const device = await Device.start(module, ({ state }) => write({ state: fromBase64(state) }), () => now);
        const found = await read();
        const loaded = await device.call('load', { state: toBase64(found.state), keys: toBase64(found.keys) });
        const token = loaded.device.tokens.find(({ needsPin }) => needsPin).id;
        for (let turn = 0; turn < 10; turn += 1) {
          now += 86400;
          await device.call('rotate', { token, pin, new: next });
        }
      })(arguments)";
    world.browser.open(&format!("{}style.css", world.site.url)).unwrap();
    world.browser.run(TRIES, &[json!(WRONG), json!(NEW)]).unwrap();
    world.browser.open(&world.site.url).unwrap();
    world.browser.find_text("#line", "connected").unwrap();
}

#[test]
fn an_operators_code_unlocks_a_token() {
    let Some(world) = World::enrolled() else { return };
    lock(&world);
    assert!(world.browser.all(&format!("{WORK} .unlock")).unwrap().is_empty(), "nobody has met it yet");
    // A request is not approved with it, and says why.
    let (_, number) = world.login();
    world.enter("#number", &number);
    world.enter("#pin", PIN);
    world.click("#approve");
    world.browser.find_text("#login .problem", "this token is locked in this browser").unwrap();
    world.picture("login-locked");
    world.click("#deny");
    world.click("#no-report");

    world.picture("home-locked");
    world.click(&format!("{WORK} .unlock"));
    let request = world.browser.find("#unlock-request").unwrap().property("value").unwrap();
    let request = UnlockRequest::from_text(request.as_str().unwrap()).unwrap();
    let code = block_on(world.site.server.unlock_device(&world.site.user, &request, now(), &mut rng())).unwrap();
    let code = code.to_text().replace(' ', "");
    world.enter("#unlock-code", &code[1..]);
    world.click("#unlock-form [type=submit]");
    world.browser.find_text("#unlock .problem", "This code does not fit").unwrap();
    world.picture("unlock");
    world.enter("#unlock-code", &format!("{} {}", &code[..26], code[26..].to_lowercase()));
    world.click("#unlock-form [type=submit]");
    world.browser.find_text("#result-text", "There are 10 tries at the PIN of Work again").unwrap();
    world.picture("unlocked");
    world.click("#back");
    assert!(world.browser.all(&format!("{WORK} .unlock")).unwrap().is_empty());
    assert!(world.approve(PIN));
}
