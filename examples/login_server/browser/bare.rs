//! Without scripts, and without a mouse.

use webdriver::{Options, keys};

use crate::world::World;

#[test]
fn without_scripts_the_page_goes_on_by_itself_too() {
    let Some(world) = World::with(&Options { scripts: false, ..Options::default() }, &[]) else { return };
    let mut phone = world.enrol();
    let number = world.send();
    phone.approve(&number);
    world.is_signed_in();
    world.click("#sign-out");
    world.type_name_and_password();
    world.send();
    let denied = phone.deny();
    world.shows("#denied");
    phone.report(denied);
    world.shows("#reported");
    world.nothing_is_wrong();
}

/// What the test above would be worth nothing without.
#[test]
fn the_scripts_are_on_or_off() {
    for scripts in [true, false] {
        let Some(world) = World::with(&Options { scripts, ..Options::default() }, &[]) else { return };
        world.sign_in();
        world.click("#offer");
        world.shows("#qr");
        assert_eq!(world.browser.all("#copy").unwrap().len(), usize::from(scripts), "a button for scripts only");
    }
}

/// Goes on with Tab until an element has the focus, which can be seen.
fn tab_to(world: &World, id: &str) {
    for _ in 0..12 {
        world.browser.press(keys::TAB).unwrap();
        if world.browser.focused().unwrap().attribute("id").unwrap().as_deref() == Some(id) {
            let ring = "return getComputedStyle(document.activeElement).outlineStyle";
            assert_eq!(world.browser.run(ring, &[]).unwrap(), "solid", "{id}");
            return;
        }
    }
    panic!("{id} is out of reach");
}

fn press_at(world: &World, id: &str, key: &str) {
    world.shows(&format!("#{id}"));
    tab_to(world, id);
    world.browser.press(key).unwrap();
}

/// From the first page on, nothing but keys.
#[test]
fn with_the_keyboard_only() {
    let Some(world) = World::new() else { return };
    world.open("/");
    world.shows("#user:focus");
    world.browser.press(&format!("alice{}wonderful{}", keys::TAB, keys::ENTER)).unwrap();
    world.shows("#note");
    world.shows("#password:focus");
    world.open("/");
    let sign_in = || {
        world.shows("#user:focus");
        world.browser.press(&format!("alice{}wonderland{}", keys::TAB, keys::ENTER)).unwrap();
    };
    sign_in();
    world.shows("#offer");
    press_at(&world, "offer", keys::ENTER);
    let scanned = world.scan_shown();
    assert_eq!(world.digits("#code"), scanned.code());
    press_at(&world, "match", " ");
    let mut phone = scanned.confirm();
    world.shows("#push");
    press_at(&world, "push", keys::ENTER);
    world.number();
    press_at(&world, "cancel", keys::ENTER);
    world.shows("#push");
    press_at(&world, "push", keys::ENTER);
    phone.approve(&world.number());
    world.is_signed_in();
    press_at(&world, "sign-out", keys::ENTER);
    world.shows("#password");
    sign_in();
    world.shows("#type");
    press_at(&world, "type", keys::ENTER);
    world.shows("#passcode:focus");
    world.browser.press(&format!("{}{}", phone.passcode(), keys::ENTER)).unwrap();
    world.is_signed_in();
    world.nothing_is_wrong();
}
