//! Two tabs, the back button, a page that is loaded again.

use crate::world::World;

#[test]
fn two_tabs_wait_for_one_request_and_both_go_on() {
    let Some(world) = World::new() else { return };
    let mut phone = world.enrol();
    let first = world.browser.tab().unwrap();
    let second = world.browser.new_tab().unwrap();
    world.open("/choose");
    let number = world.send();
    world.browser.to_tab(&first).unwrap();
    assert_eq!(world.send(), number, "the button of the other tab sends no second request");
    // Which the phone would see: it insists on one.
    phone.approve(&number);
    for tab in [&first, &second] {
        world.browser.to_tab(tab).unwrap();
        world.is_signed_in();
    }
    // Signed out in one, the other shows nothing any more.
    world.click("#sign-out");
    world.shows("#password");
    world.browser.to_tab(&first).unwrap();
    world.browser.reload().unwrap();
    world.shows("#password");
    world.nothing_is_wrong();
}

#[test]
fn back_and_reload_while_it_waits_send_nothing_twice() {
    let Some(world) = World::new() else { return };
    let mut phone = world.enrol();
    let number = world.send();
    world.browser.reload().unwrap();
    assert_eq!(world.number(), number);
    world.browser.back().unwrap();
    // The page before, whose button leads to the same request.
    assert_eq!(world.send(), number);
    world.browser.back().unwrap();
    world.shows("#push");
    let prompt = phone.prompt();
    assert_eq!(prompt.application(), "Example Intranet");
    world.browser.reload().unwrap();
    assert_eq!(world.send(), number);
    let everyday = phone.everyday;
    phone.answer((prompt, everyday), (&number, None));
    world.is_signed_in();
    // No page of the login comes back: it leads to where the user is.
    world.browser.back().unwrap();
    world.is_signed_in();
    world.click("#sign-out");
    world.shows("#password");
    // Nor does the page behind the login, out of the browser's memory.
    world.browser.back().unwrap();
    world.shows("#password");
    assert!(world.browser.all("#home").unwrap().is_empty());
    world.nothing_is_wrong();
}
