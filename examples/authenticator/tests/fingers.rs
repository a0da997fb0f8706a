//! The simulated fingerprint: what keys come to, and the device with a real server.

use std::fs;

use pushotp::Biometric;
use ratatui::crossterm::event::KeyCode;

use crate::{
    lossy::restart,
    message::{Answer, Command, Event, PinChange, Request, Unlock},
    person::{LOGIN, MAIL, Person, WORK, request, tokens_with},
    world::{PIN, World, pin},
};

/// In the window of a request, for a code and for another PIN, and each time said to be simulated.
#[test]
fn a_key_stands_for_the_finger() {
    let mut person = Person::with(Biometric::On);
    person.hear(Event::Login(Request { tokens: tokens_with(Biometric::On), ..request() })).pass(1);
    person.types("a").enter("486213").must_see("simulated fingerprint. A real device would ask its sensor here");
    person.app.commands();
    person.types("b");
    let commands = person.app.commands();
    let [Command::Approve { token: WORK, number, how: Unlock::Finger, .. }] = &commands[..] else { panic!() };
    assert_eq!(number, "486213");

    let mut person = Person::with(Biometric::On);
    person.must_see("simulated fingerprint: on").key(KeyCode::Enter).must_see("simulated fingerprint.");
    person.types("b");
    assert!(matches!(person.app.commands()[..], [Command::Code { token: WORK, how: Unlock::Finger }]));

    person.types("c").must_see("simulated fingerprint.").types("b").enter("905317").enter("905317");
    person.must_see("Shall a fingerprint open it, too? It is simulated").types("xn");
    let changes = person.app.commands();
    assert!(
        matches!(changes[..], [Command::ChangePin { token: WORK, old: Unlock::Finger, finger: false, .. }]),
        "{changes:?}"
    );
}

/// Where it is off, or the policy forbids it, the same key is no digit and nothing else.
#[test]
fn elsewhere_the_key_does_nothing() {
    for biometric in [Biometric::Off, Biometric::Forbidden] {
        let mut person = Person::with(biometric);
        person.hear(Event::Login(Request { tokens: tokens_with(biometric), ..request() })).pass(1);
        person.types("a").enter("486213").must_not_see("fingerprint");
        person.app.commands();
        person.types("b");
        assert!(person.app.commands().is_empty());
        let mut person = Person::with(biometric);
        person.key(KeyCode::Enter).types("b");
        person.must_see("Show a code").key(KeyCode::Esc).types("cb").must_see("Type the PIN that it has now");
        person.enter("271846").enter("905317").enter("905317");
        let asks = biometric == Biometric::Off;
        assert_eq!(person.app.commands().is_empty(), asks, "it is asked for where it is permitted");
    }
}

fn change(world: &mut World, old: Unlock, finger: bool) -> PinChange {
    let token = world.server.work;
    world.heard.clear();
    world.command(Command::ChangePin { token, old, new: pin(PIN), finger });
    world.lose();
    world.settle();
    let found = world.heard.iter().find_map(|event| match event {
        Event::PinChange(change) => Some(change.clone()),
        _ => None,
    });
    found.expect("a result")
}

fn log_in(world: &mut World, how: Unlock) -> Answer {
    let (started, request) = world.asked();
    let (token, number) = (world.server.work, world.number(&started));
    world.command(Command::Approve { login: request.id, token, number, how });
    world.carry();
    world.pass(1_000);
    world.answers().remove(0)
}

/// Off at first, on and off with a changed PIN; its key lies in a file of its own, as long as it opens something.
#[test]
fn it_is_switched_with_the_pin() {
    let mut world = World::enrolled();
    let key = world.folder.path().join("device.state.finger");
    let accepted = Answer::Accepted { failures: 0 };
    assert!(matches!(log_in(&mut world, Unlock::Finger), Answer::NotSent(_)));
    world.pass(121_000);
    assert_eq!(log_in(&mut world, Unlock::Pin(pin(PIN))), accepted);
    assert!(!key.exists());
    assert_eq!(change(&mut world, Unlock::Pin(pin(PIN)), true), PinChange::Changed(Biometric::On));
    let first = fs::read(&key).unwrap();
    assert!(!contains(&fs::read(world.state_file()).unwrap(), &first), "apart from the state");
    world.pass(60_000);
    assert_eq!(log_in(&mut world, Unlock::Finger), accepted);
    world.heard.clear();
    world.command(Command::Code { token: world.server.work, how: Unlock::Finger });
    assert!(matches!(world.heard[..], [Event::Code { typed: false, .. }]));

    // The key is lost: the PIN is not.
    fs::remove_file(&key).unwrap();
    world.pass(60_000);
    let Answer::NotSent(why) = log_in(&mut world, Unlock::Finger) else { panic!() };
    assert!(why.contains("Use the PIN"), "{why}");
    world.pass(121_000);
    assert_eq!(log_in(&mut world, Unlock::Pin(pin(PIN))), accepted);
    assert_eq!(change(&mut world, Unlock::Pin(pin(PIN)), true), PinChange::Changed(Biometric::On));
    assert_ne!(fs::read(&key).unwrap(), first);
    world.pass(60_000);
    assert_eq!(log_in(&mut world, Unlock::Finger), accepted);
    assert_eq!(change(&mut world, Unlock::Finger, false), PinChange::Changed(Biometric::Off));
    assert!(!key.exists(), "it opens nothing any more");
    world.pass(60_000);
    assert!(matches!(log_in(&mut world, Unlock::Finger), Answer::NotSent(_)));
}

/// A copy of the files from before the last change: the server refuses what a finger opens there, and no PIN is blamed that
/// nobody typed. A wrong PIN is, in the same request.
#[test]
fn no_pin_is_blamed_that_nobody_typed() {
    let mut world = World::enrolled();
    let accepted = Answer::Accepted { failures: 0 };
    assert_eq!(log_in(&mut world, Unlock::Pin(pin(PIN))), accepted);
    assert_eq!(change(&mut world, Unlock::Pin(pin(PIN)), true), PinChange::Changed(Biometric::On));
    world.pass(60_000);
    assert_eq!(log_in(&mut world, Unlock::Finger), accepted);
    let copy = fs::read(world.state_file()).unwrap();
    assert_eq!(change(&mut world, Unlock::Finger, true), PinChange::Changed(Biometric::On));
    world.pass(60_000);
    assert_eq!(log_in(&mut world, Unlock::Finger), accepted);

    fs::write(world.state_file(), copy).unwrap();
    restart(&mut world);
    world.pass(121_000);
    let (started, request) = world.asked();
    let (token, number) = (world.server.work, world.number(&started));
    for (how, answer) in [
        (Unlock::Finger, Answer::NotAccepted { left: 2 }),
        (Unlock::Pin(pin("271847")), Answer::WrongPin { left: 1, device: Some(9) }),
    ] {
        world.heard.clear();
        world.command(Command::Approve { login: request.id, token, number: number.clone(), how });
        world.carry();
        assert_eq!(world.answers(), [answer]);
    }
}

/// What a person reads then, and which way is open.
#[test]
fn the_other_way_is_named() {
    let asked = |token: usize| {
        let mut person = Person::with(Biometric::On);
        person.hear(Event::Login(Request { tokens: tokens_with(Biometric::On), ..request() })).pass(1);
        person.types(&">".repeat(token)).types("a").enter("486213");
        person
    };
    let mut person = asked(0);
    person.types("b");
    person.app.commands();
    person.hear(Event::Answer(LOGIN, Answer::NotAccepted { left: 2 })).pass(1);
    person.must_see("Not accepted, and no PIN was typed. Type it now. The server allows 2 more tries for this login.");
    person.enter("271846");
    let commands = person.app.commands();
    assert!(matches!(commands[..], [Command::Approve { how: Unlock::Pin(_), .. }]), "the same number, and the PIN");

    // A token without a PIN asks for none.
    let mut person = asked(1);
    let commands = person.app.commands();
    let [.., Command::Approve { token: MAIL, how: Unlock::Nothing, .. }] = &commands[..] else {
        panic!("{commands:?}")
    };
    person.hear(Event::Answer(LOGIN, Answer::NotAccepted { left: 1 })).pass(1).must_see("Is this you?");
    person.must_see("Not accepted. If it stays so, enrol this device again. The server allows 1 more try");
    person.must_not_see("PIN");

    let mut person = Person::with(Biometric::On);
    person.hear(Event::PinChange(PinChange::NotAccepted)).must_see("it was not accepted, and no PIN was typed");
}

/// Whatever stands in the key's file, it is no reason to panic, and it is not written over.
#[test]
fn a_damaged_key_opens_nothing() {
    let mut world = World::enrolled();
    let key = world.folder.path().join("device.state.finger");
    assert_eq!(log_in(&mut world, Unlock::Pin(pin(PIN))), Answer::Accepted { failures: 0 });
    fs::write(&key, "no key").unwrap();
    assert!(matches!(change(&mut world, Unlock::Pin(pin(PIN)), true), PinChange::Failed(_)));
    assert_eq!(fs::read(&key).unwrap(), b"no key");
    world.pass(121_000);
    assert_eq!(log_in(&mut world, Unlock::Pin(pin(PIN))), Answer::Accepted { failures: 0 }, "the old lock holds");
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_key() {
    use std::os::unix::fs::PermissionsExt as _;

    let mut world = World::enrolled();
    assert_eq!(log_in(&mut world, Unlock::Pin(pin(PIN))), Answer::Accepted { failures: 0 });
    change(&mut world, Unlock::Pin(pin(PIN)), true);
    let mode = fs::metadata(world.folder.path().join("device.state.finger")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
