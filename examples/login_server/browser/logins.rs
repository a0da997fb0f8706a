//! Each way that a login can go, as the page shows it by itself.

use pushotp::Outcome;
use webdriver::Options;

use crate::{
    phone::{PIN, WRONG_PIN},
    world::World,
};

#[test]
fn a_phone_is_enrolled_by_the_page() {
    let Some(world) = World::new() else { return };
    let scanned = world.scan();
    // The page goes on by itself, and shows what the phone shows.
    assert_eq!(world.digits("#code"), scanned.code());
    world.click("#differ");
    world.shows("#offer");
    assert!(world.browser.find("#differ").unwrap().text().unwrap().contains("not set up"));
    world.click("#offer");
    let again = world.scan_shown();
    assert_eq!(world.digits("#code"), again.code());
    assert_ne!(again.code(), scanned.code());
    world.click("#match");
    let mut phone = again.confirm();
    world.browser.find_text("#note", "Your phone is set up").unwrap();
    let number = world.send();
    phone.approve(&number);
    world.is_signed_in();
    world.nothing_is_wrong();
}

#[test]
fn a_code_that_is_cancelled_makes_room_for_another() {
    let Some(world) = World::new() else { return };
    world.sign_in();
    // More often than codes may be open at once.
    for _ in 0..4 {
        world.click("#offer");
        world.shows("#qr");
        world.click("#cancel");
        world.shows("#not-me");
    }
    world.click("#offer");
    let scanned = world.scan_shown();
    assert_eq!(world.digits("#code"), scanned.code());
    world.browser.gone("#cancel").unwrap();
    world.nothing_is_wrong();
}

#[test]
fn approved_the_page_flips_by_itself() {
    let Some(world) = World::new() else { return };
    let mut phone = world.enrol();
    for round in 1..=3 {
        let number = world.send();
        let before = world.browser.find("#countdown").unwrap().text().unwrap();
        assert!(before.starts_with("1:5") || before == "2:00", "{before}");
        let left = phone.approve(&number);
        world.is_signed_in();
        world.print_flip(&format!("one server, round {round}"), left);
        world.click("#sign-out");
        world.type_name_and_password();
    }
    // Signed out, the page behind the login is closed.
    world.open("/home");
    world.shows("#push");
    world.nothing_is_wrong();
}

#[test]
fn denied_and_then_reported() {
    let Some(world) = World::new() else { return };
    let mut phone = world.enrol();
    world.send();
    let denied = phone.deny();
    world.shows("#denied");
    world.shows("#again");
    phone.report(denied);
    world.shows("#reported");
    world.browser.gone("#again").unwrap();
    // The phone is left in peace.
    world.open("/choose");
    world.click("#push");
    world.shows("#no-phone");
    world.open("/home");
    world.shows("#push");
    world.nothing_is_wrong();
}

#[test]
fn a_wrong_number_ends_it_and_a_new_one_is_right() {
    let Some(world) = World::new() else { return };
    let mut phone = world.enrol();
    let number = world.send();
    let prompt = phone.prompt();
    let everyday = phone.everyday;
    let (_, outcome) = phone.answer((prompt, everyday), (&World::wrong(&number), None));
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    world.shows("#wrong-number");
    world.click("#again");
    let new = world.number();
    assert_ne!(new, number);
    phone.approve(&new);
    world.is_signed_in();
    world.nothing_is_wrong();
}

#[test]
fn a_wrong_pin_and_then_the_right_one() {
    let Some(world) = World::new() else { return };
    let mut phone = world.enrol();
    let number = world.send();
    let (prompt, work) = (phone.prompt(), phone.work);
    let (_, outcome) = phone.answer((prompt, work), (&number, Some(WRONG_PIN)));
    let Outcome::TryAgain { prompt, left: 2, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(world.number(), number, "the page waits on, with the same number");
    let (_, outcome) = phone.answer((prompt, work), (&number, Some(PIN)));
    assert!(matches!(outcome, Outcome::Accepted { failures: 1 }), "{outcome:?}");
    world.is_signed_in();
    world.nothing_is_wrong();
}

#[test]
fn nobody_answers_in_time() {
    let Some(world) = World::with(&Options::default(), &["--challenge-seconds", "6"]) else { return };
    let mut phone = world.enrol();
    let number = world.send();
    let (prompt, everyday) = (phone.prompt(), phone.everyday);
    world.shows("#expired");
    let (_, outcome) = phone.answer((prompt, everyday), (&number, None));
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    world.shows("#expired");
    world.open("/home");
    world.shows("#push");
    assert_ne!(world.send(), number);
    world.nothing_is_wrong();
}
