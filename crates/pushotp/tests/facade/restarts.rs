use pollster::block_on;
use pushotp::{
    Authenticator, AuthenticatorError, DeviceSetup, DeviceStorage, Incoming, LoginState, Outcome, Protection,
    ServerError, SoftwareKeys, StorageError, pin::Denied, wire::terms::PushAddress,
};

use crate::fixture::{NOW, PIN, World, cost, later};

// protocol.md: DEV-2
#[test]
fn a_device_restarts_from_what_it_stored() {
    let mut world = World::new();
    let (_, started) = world.prompt(NOW);
    world.restart();
    // The challenge is known, and its prompt is gone from the screen.
    let Incoming::Again(prompt) = world.device.open(&started.pushes[0].envelope, NOW).unwrap() else { panic!() };
    let number = world.number(&started);
    assert!(matches!(world.approve(prompt, (&number, PIN), NOW), Outcome::Accepted { .. }));
}

#[test]
fn attempts_survive_a_restart() {
    let mut world = World::new();
    let pin = pushotp::pin::Pin::entered("271847").unwrap();
    for _ in 0..3 {
        let (prompt, started) = world.prompt(later(0));
        let number = world.number(&started);
        // The program is killed before the reply comes: the attempt has failed.
        let _ = world.device.approve(prompt, (world.bank, &number, Some(&pin)), NOW, &mut world.rng).unwrap();
        world.restart();
    }
    let (prompt, started) = world.prompt(NOW);
    let number = world.number(&started);
    let refused = world.device.approve(prompt, (world.bank, &number, Some(&pin)), NOW, &mut world.rng).unwrap_err();
    assert!(matches!(refused.error, AuthenticatorError::Attempt(Denied::Wait { .. })), "{:?}", refused.error);
}

#[test]
fn other_keys_or_another_state_open_nothing() {
    let mut world = World::new();
    let other = SoftwareKeys::generate(&mut world.rng).into_device_keys();
    world.device = Authenticator::load(&world.storage.saved(), other, world.storage.clone()).unwrap();
    let (prompt, started) = world.prompt(NOW);
    let number = world.number(&started);
    let pin = pushotp::pin::Pin::entered(PIN).unwrap();
    let refused = world.device.approve(prompt, (world.bank, &number, Some(&pin)), NOW, &mut world.rng).unwrap_err();
    assert_eq!(refused.error, AuthenticatorError::Attempt(Denied::OtherDevice));
    let saved = world.storage.saved();
    for len in 0..saved.len() {
        let keys = SoftwareKeys::from_bytes(&world.keys).into_device_keys();
        assert!(Authenticator::load(&saved[..len], keys, world.storage.clone()).is_err(), "{len} bytes");
    }
}

// protocol.md: ENV-7, ENR-10, ENR-11, ERR-2
#[test]
fn an_offer_enrols_one_device() {
    let mut world = World::new();
    let token = pushotp::NewToken::new("More");
    block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng)).unwrap();
    let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
    let enrol = |world: &mut World| {
        let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
        let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
        Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap()
    };
    let (first, enrolling) = enrol(&mut world);
    let (second, _) = enrol(&mut world);
    let reply = world.send(&first, NOW).unwrap();
    assert_eq!(world.send(&second, NOW), None, "another device with the same offer");
    // The same request again, as after a lost reply, gets the same reply.
    assert_eq!(world.send(&first, NOW), Some(reply.clone()));
    assert!(world.logged(pushotp::AuditKind::EnrolmentReused));
    let confirming = enrolling.finish(&reply).unwrap();

    // Not before a person has compared the codes.
    let protection = Protection { pins: &[], presence: &[], cost: cost() };
    let mut device = confirming.confirm(&protection, pushotp::MemoryStorage::default(), &mut world.rng).unwrap();
    let (fetch, _) = device.fetch(NOW, &mut world.rng).unwrap();
    assert_eq!(world.send(&fetch, NOW), None);
    block_on(world.server.confirm_enrolment((&world.user, offer.enrolment), true, NOW, &mut world.rng)).unwrap();
    assert!(world.send(&fetch, NOW).is_some());
    let again = block_on(world.server.confirm_enrolment((&world.user, offer.enrolment), true, NOW, &mut world.rng));
    assert!(matches!(again, Err(ServerError::NoEnrolment)));
}

/// Two offers of the same token: the one that was confirmed first stays.
#[test]
fn a_second_enrolment_takes_no_token_away() {
    let mut world = World::new();
    let token = pushotp::NewToken::new("More");
    let token = block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng)).unwrap();
    let mut answered = Vec::new();
    for _ in 0..2 {
        let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
        let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
        let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
        let (request, _) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap();
        assert!(world.send(&request, NOW).is_some());
        answered.push(offer.enrolment);
    }
    let confirm =
        |world: &mut World, id| block_on(world.server.confirm_enrolment((&world.user, id), true, NOW, &mut world.rng));
    assert!(confirm(&mut world, answered[1]).is_ok());
    let holder = world.token(token);
    assert!(holder.enrolled);
    assert!(matches!(confirm(&mut world, answered[0]), Err(ServerError::NoEnrolment)));
    assert_eq!(world.token(token), holder);
}

// protocol.md: ENR-3, ENR-9, ENR-10
#[test]
fn a_refused_or_late_enrolment_leaves_nothing() {
    for (agree, wait) in [(false, 0), (true, 601)] {
        let mut world = World::new();
        let token = pushotp::NewToken::new("More");
        let token = block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng)).unwrap();
        let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
        let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
        let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
        let (request, _) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap();
        assert!(world.send(&request, NOW).is_some());
        let enrolment = (&world.user, offer.enrolment);
        let confirmed = block_on(world.server.confirm_enrolment(enrolment, agree, later(wait), &mut world.rng));
        assert_eq!(confirmed.is_ok(), wait == 0);
        assert!(!world.token(token).enrolled);
        // Nor in the store: what the first device has is all that is there.
        assert_eq!(world.stored() == 7, wait == 0, "{} entries", world.stored());
    }
}

/// An offer that is not given leaves nothing to sweep.
#[test]
fn an_offer_that_is_refused_leaves_nothing() {
    let mut world = World::new();
    let before = world.stored();
    let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng));
    assert!(matches!(offer, Err(ServerError::NoToken)));
    let nobody = pushotp::AccountId::new("nobody").unwrap();
    let offer = block_on(world.server.offer_enrolment(&nobody, NOW, &mut world.rng));
    assert!(matches!(offer, Err(ServerError::NoAccount)));
    assert_eq!(world.stored(), before);
}

/// A name that no device displays would make an account that nobody can enrol for.
#[test]
fn names_that_a_device_refuses_are_refused_at_once() {
    let mut world = World::new();
    for name in ["", "a\nb", "a\u{202e}b", "a\u{feff}b", &"n".repeat(65)] {
        let token = pushotp::NewToken::new(name);
        let added = block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng));
        assert!(matches!(added, Err(ServerError::Name)), "{name:?}");
        let account = pushotp::AccountId::new(name);
        assert_eq!(account.is_err(), name.len() < 65, "{name:?}");
    }
}

/// A device that cannot store that push is off has it on.
#[test]
fn a_switch_that_is_not_stored_is_not_switched() {
    struct Full;
    impl DeviceStorage for Full {
        fn save(&mut self, _: &[u8]) -> Result<(), StorageError> {
            Err(StorageError)
        }
    }
    let mut world = World::new();
    let keys = SoftwareKeys::from_bytes(&world.keys).into_device_keys();
    world.device = Authenticator::load(&world.storage.saved(), keys, Full).unwrap();
    assert_eq!(world.device.set_push(world.mail, false), Err(AuthenticatorError::Storage(StorageError)));
    assert!(world.device.tokens().iter().all(|token| token.push));
}

#[test]
fn a_missing_pin_loses_no_enrolment() {
    let mut world = World::new();
    let token = pushotp::NewToken::new("More").pin_protected();
    let token = block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng)).unwrap();
    let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
    let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
    let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
    let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap();
    let confirming = enrolling.finish(&world.send(&request, NOW).unwrap()).unwrap();
    let protection = Protection { pins: &[], presence: &[], cost: cost() };
    let storage = pushotp::MemoryStorage::default();
    let unconfirmed = confirming.confirm(&protection, storage.clone(), &mut world.rng).unwrap_err();
    assert_eq!(unconfirmed.error, AuthenticatorError::PinNeeded);
    let pins = [(token, pushotp::pin::Pin::entered(PIN).unwrap())];
    let protection = Protection { pins: &pins, presence: &[], cost: cost() };
    assert!(unconfirmed.confirming.confirm(&protection, storage, &mut world.rng).is_ok());
}

#[test]
fn a_ticket_is_this_servers_or_nothing() {
    let mut world = World::new();
    let started = world.start(NOW);
    let mut bytes = started.ticket.as_bytes().to_vec();
    assert_eq!(world.state(&started, NOW), LoginState::Waiting { expires: later(120) });
    for place in 0..bytes.len() {
        bytes[place] ^= 1;
        let ticket = pushotp::Ticket::from_bytes(bytes.clone());
        assert!(matches!(block_on(world.server.login_state(&ticket, NOW)), Err(ServerError::Ticket)));
        bytes[place] ^= 1;
    }
}
