//! A changed PIN, a token's new secret, and everything that may go wrong on the way.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use pollster::block_on;
use pushotp::{
    AuditKind, Authenticator, AuthenticatorError, DeviceStorage, MemoryStorage, Outcome, PasscodeVerdict, Relock,
    Rotation, SoftwareKeys, StorageError,
    pin::{Pin, PinPolicy},
    types::{TokenId, UnixTime},
    wire::terms::Status,
};

use crate::fixture::{NOW, PIN, World, cost, later};

const NEW: &str = "905317";

fn pin(text: &str) -> Pin {
    Pin::choose(text, &PinPolicy::DEFAULT).unwrap()
}

/// Asks with the bank's PIN, and finishes with the reply.
fn rotate(world: &mut World, old: &str, now: UnixTime) -> Rotation {
    let (message, rotating) =
        world.device.rotate(world.bank, Some(&Pin::entered(old).unwrap()), now, &mut world.rng).unwrap();
    let reply = world.send(&message, now).unwrap();
    let relock = Relock { pin: Some(&pin(NEW)), presence: None, cost: cost() };
    world.device.rotated(rotating, (&reply, &relock), now, &mut world.rng).unwrap()
}

fn confirm(world: &mut World, rotation: Rotation, now: UnixTime) -> Status {
    let Rotation::Locked { message, confirming } = rotation else { panic!("{rotation:?}") };
    let reply = world.send(&message, now).unwrap();
    world.device.rotation_confirmed(&confirming, &reply, now).unwrap()
}

fn accepts(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted { .. })
}

// protocol.md: ROT-11
#[test]
fn a_changed_pin_is_a_changed_secret() {
    let mut world = World::new();
    let (before, secrets) = (world.stored(), world.secrets());
    world.log_in(world.bank, NOW);
    let rotation = rotate(&mut world, PIN, later(1));
    assert_eq!(confirm(&mut world, rotation, later(1)), Status::Accepted);
    assert!(world.logged(AuditKind::RotationGranted) && world.logged(AuditKind::Rotated));

    let after = world.secrets();
    assert_eq!(after.iter().filter(|secret| !secrets.contains(secret)).count(), 1, "one secret is new");
    assert_eq!(secrets.iter().filter(|secret| !after.contains(secret)).count(), 1, "and one is gone");
    // The ticket stays for the request's bytes until four later ones were answered.
    assert_eq!(world.stored(), before + 1);

    world.restart();
    assert!(!accepts(&world.approve_with(world.bank, Some(PIN), later(2))));
    assert!(accepts(&world.approve_with(world.bank, Some(NEW), later(3))));
    assert_eq!(world.token(world.bank).failures, 0);
}

#[test]
fn the_ticket_goes_when_its_request_is_forgotten() {
    let mut world = World::new();
    let before = world.stored();
    world.log_in(world.bank, NOW);
    let rotation = rotate(&mut world, PIN, NOW);
    confirm(&mut world, rotation, NOW);
    for name in ["a", "b", "c"] {
        let update = pushotp::DeviceUpdate::new().name(name);
        let (message, _) = world.device.update(&update, NOW, &mut world.rng).unwrap();
        world.send(&message, NOW).unwrap();
    }
    assert_eq!(world.stored(), before);
}

/// Without an approval it would be a way to guess PINs without the password and the number.
// protocol.md: ROT-7
#[test]
fn without_a_recent_approval_nothing_is_judged() {
    let mut world = World::new();
    for old in [PIN, "271864"] {
        assert!(matches!(rotate(&mut world, old, NOW), Rotation::Refused(Status::Refused)));
    }
    assert_eq!(world.token(world.bank).failures, 0, "no passcode was judged");

    world.log_in(world.bank, NOW);
    assert!(matches!(rotate(&mut world, PIN, later(601)), Rotation::Refused(Status::Refused)));
    world.log_in(world.bank, later(700));
    let rotation = rotate(&mut world, PIN, later(1_300));
    assert_eq!(confirm(&mut world, rotation, later(1_300)), Status::Accepted, "the last second counts");
    // Once per approval.
    let (message, rotating) = world.device.rotate(world.bank, Some(&pin(NEW)), later(1_300), &mut world.rng).unwrap();
    let reply = world.send(&message, later(1_300)).unwrap();
    let relock = Relock { pin: Some(&pin(NEW)), presence: None, cost: cost() };
    let again = world.device.rotated(rotating, (&reply, &relock), later(1_300), &mut world.rng).unwrap();
    assert!(matches!(again, Rotation::Refused(Status::Refused)));
}

#[test]
fn an_approval_with_another_token_permits_nothing() {
    let mut world = World::new();
    world.log_in(world.mail, NOW);
    assert!(matches!(rotate(&mut world, PIN, NOW), Rotation::Refused(Status::Refused)));
}

/// Wrong passcodes are counted with those of approvals; after the third none is judged until the next approval.
// protocol.md: ROT-8
#[test]
fn wrong_pins_are_counted_with_those_of_approvals() {
    let mut world = World::new();
    world.log_in(world.bank, NOW);
    assert!(matches!(rotate(&mut world, "271864", NOW), Rotation::TryAgain { left: 2, .. }));
    assert!(matches!(rotate(&mut world, "271864", NOW), Rotation::TryAgain { left: 1, .. }));
    assert!(matches!(rotate(&mut world, "271864", NOW), Rotation::Refused(Status::Refused)));
    assert_eq!(world.token(world.bank).failures, 3);
    // The device has waited, and the PIN is right: until the next approval it is not judged.
    assert!(matches!(rotate(&mut world, PIN, later(31)), Rotation::Refused(Status::Refused)));
    assert_eq!(world.token(world.bank).failures, 3);
    let Outcome::Accepted { failures } = world.approve_with(world.bank, Some(PIN), later(200)) else { panic!() };
    assert_eq!(failures, 3, "the owner learns of them");
}

// protocol.md: ROT-5, ROT-10
#[test]
fn the_same_request_gets_the_same_ticket_also_from_another_server() {
    let mut world = World::new();
    world.log_in(world.bank, NOW);
    let (message, rotating) = world.device.rotate(world.bank, Some(&pin(PIN)), NOW, &mut world.rng).unwrap();
    let ticket = world.send(&message, NOW).unwrap();
    let stored = world.stored();
    world.server = world.server_on(Arc::clone(&world.store) as _);
    assert_eq!(world.send(&message, later(1)).unwrap(), ticket);
    assert_eq!(world.stored(), stored, "nothing was made twice");

    let relock = Relock { pin: Some(&pin(NEW)), presence: None, cost: cost() };
    let rotation = world.device.rotated(rotating, (&ticket, &relock), later(2), &mut world.rng).unwrap();
    assert_eq!(confirm(&mut world, rotation, later(2)), Status::Accepted);
}

/// The confirmation is lost: passcodes under both secrets are right, until one under the new one comes.
// protocol.md: ROT-11, ROT-14
#[test]
fn the_next_approval_confirms() {
    let mut world = World::new();
    let old = world.storage.saved();
    world.log_in(world.bank, NOW);
    let Rotation::Locked { .. } = rotate(&mut world, PIN, NOW) else { panic!() };
    world.restart();
    let waiting = world.device.rotate(world.bank, Some(&pin(NEW)), NOW, &mut world.rng).unwrap_err();
    assert_eq!(waiting, AuthenticatorError::Unconfirmed);

    // A copy of the old state is still good at the server, as the crashed device would be.
    let now = world.storage.saved();
    load(&mut world, &old);
    assert!(accepts(&world.approve_with(world.bank, Some(PIN), later(1))));
    assert!(!world.logged(AuditKind::Rotated));

    load(&mut world, &now);
    assert!(accepts(&world.approve_with(world.bank, Some(NEW), later(2))));
    assert!(world.logged(AuditKind::Rotated));
    assert!(world.device.rotate(world.bank, Some(&pin(NEW)), later(2), &mut world.rng).is_ok(), "it is confirmed");

    load(&mut world, &old);
    assert!(!accepts(&world.approve_with(world.bank, Some(PIN), later(3))), "the old secret is forgotten");
}

fn load(world: &mut World, state: &[u8]) {
    let keys = SoftwareKeys::from_bytes(&world.keys).into_device_keys();
    world.device = Authenticator::load(state, keys, world.storage.clone()).unwrap();
}

/// A storage that fails from one save on, as a device that loses its power there.
struct Dying {
    storage: MemoryStorage,
    saves: Arc<AtomicUsize>,
}

impl DeviceStorage for Dying {
    fn save(&mut self, state: &[u8]) -> Result<(), StorageError> {
        let left = self.saves.load(Ordering::SeqCst);
        if left == 0 {
            return Err(StorageError);
        }
        self.saves.store(left - 1, Ordering::SeqCst);
        self.storage.save(state)
    }
}

/// The device stops before each of its writes in turn. Whatever it finds when it starts again, one PIN is the one to enter,
/// and the server takes its passcode.
// protocol.md: ROT-14
#[test]
fn a_device_that_stops_anywhere_is_not_locked_out() {
    let (mut stops, mut pins) = (0, [0, 0]);
    for saves in 0.. {
        let mut world = World::new();
        world.log_in(world.bank, NOW);
        let left = Arc::new(AtomicUsize::new(saves));
        let keys = SoftwareKeys::from_bytes(&world.keys).into_device_keys();
        let storage = Dying { storage: world.storage.clone(), saves: Arc::clone(&left) };
        world.device = Authenticator::load(&world.storage.saved(), keys, storage).unwrap();
        let told = one_rotation(&mut world);
        stops += usize::from(left.load(Ordering::SeqCst) == 0);

        world.restart();
        let new = accepts(&world.approve_with(world.bank, Some(NEW), later(100)));
        let mut old = false;
        if !new {
            world.restart();
            old = accepts(&world.approve_with(world.bank, Some(PIN), later(200)));
        }
        assert!(new || old, "stopped after {saves} writes: locked out");
        assert!(new || !told, "after {saves} writes it said that the PIN was changed");
        pins[usize::from(new)] += 1;
        if left.load(Ordering::SeqCst) > 0 {
            break;
        }
    }
    assert!(stops >= 4, "{stops} places to stop");
    assert!(pins[0] > 0 && pins[1] > 0, "before and after the change: {pins:?}");
}

/// As far as the storage lets it; whether the user was told that the PIN is changed.
fn one_rotation(world: &mut World) -> bool {
    let asked = world.device.rotate(world.bank, Some(&pin(PIN)), NOW, &mut world.rng);
    let Ok((message, rotating)) = asked else { return false };
    let reply = world.send(&message, NOW).unwrap();
    let relock = Relock { pin: Some(&pin(NEW)), presence: None, cost: cost() };
    let Ok(rotation) = world.device.rotated(rotating, (&reply, &relock), NOW, &mut world.rng) else { return false };
    let Rotation::Locked { message, confirming } = rotation else { panic!() };
    let reply = world.send(&message, NOW).unwrap();
    let _ = world.device.rotation_confirmed(&confirming, &reply, NOW);
    true
}

/// A later request takes the place of an earlier one, whose ticket comes too late.
// protocol.md: ROT-10
#[test]
fn the_last_request_counts() {
    let mut world = World::new();
    world.log_in(world.bank, NOW);
    let (message, rotating) = world.device.rotate(world.bank, Some(&pin(PIN)), NOW, &mut world.rng).unwrap();
    let first = world.send(&message, NOW).unwrap();
    drop(rotating);
    world.restart(); // the device forgot all about it
    world.log_in(world.bank, later(1));
    let stored = world.stored();
    let rotation = rotate(&mut world, PIN, later(2));
    assert_eq!(world.stored(), stored + 1, "one more ticket, and still one pending secret");
    assert_eq!(world.send(&message, later(2)).unwrap(), first, "the same reply all the same");
    assert_eq!(confirm(&mut world, rotation, later(3)), Status::Accepted);
    assert!(accepts(&world.approve_with(world.bank, Some(NEW), later(4))));
}

/// A token without a PIN gets a new secret as well, and typed passcodes count under both.
#[test]
fn a_token_without_a_pin_is_rotated_too() {
    let mut world = World::new();
    world.log_in(world.mail, NOW);
    let (message, rotating) = world.device.rotate(world.mail, None, NOW, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    let relock = Relock { pin: None, presence: None, cost: cost() };
    let rotation = world.device.rotated(rotating, (&reply, &relock), NOW, &mut world.rng).unwrap();
    let typed = |world: &mut World, now| {
        let (code, _) = world.device.passcode(world.mail, None, now).unwrap();
        block_on(world.server.verify_passcode(&world.user, code.expose(), now, &mut world.rng)).unwrap()
    };
    assert_eq!(typed(&mut world, later(60)), PasscodeVerdict::Accepted { token: world.mail }, "under the pending one");
    assert_eq!(confirm(&mut world, rotation, later(61)), Status::Accepted);
    assert_eq!(typed(&mut world, later(60)), PasscodeVerdict::Replayed, "the last step stays");
    assert_eq!(typed(&mut world, later(90)), PasscodeVerdict::Accepted { token: world.mail });
}

#[test]
fn a_missing_pin_costs_nothing() {
    let mut world = World::new();
    world.log_in(world.bank, NOW);
    let without = world.device.rotate(world.bank, None, NOW, &mut world.rng).unwrap_err();
    assert_eq!(without, AuthenticatorError::PinNeeded);
    let stranger = TokenId::from_bytes([9; 16]);
    assert_eq!(world.device.rotate(stranger, None, NOW, &mut world.rng).unwrap_err(), AuthenticatorError::NoToken);

    let (message, rotating) = world.device.rotate(world.bank, Some(&pin(PIN)), NOW, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    let relock = Relock { pin: None, presence: None, cost: cost() };
    let unrotated = world.device.rotated(rotating, (&reply, &relock), NOW, &mut world.rng).unwrap_err();
    assert_eq!(unrotated.error, AuthenticatorError::PinNeeded);
    let relock = Relock { pin: Some(&pin(NEW)), presence: None, cost: cost() };
    let rotating = *unrotated.rotating.unwrap();
    let rotation = world.device.rotated(rotating, (&reply, &relock), NOW, &mut world.rng).unwrap();
    assert_eq!(confirm(&mut world, rotation, NOW), Status::Accepted);
}

/// A disabled token has no use for a new secret: it needs a new enrolment.
// protocol.md: ROT-4
#[test]
fn a_disabled_token_is_not_rotated() {
    let mut world = World::new();
    world.log_in(world.bank, NOW);
    for minute in 0..4 {
        world.forget_attempts();
        let now = later(20 + minute * 130);
        let (prompt, started) = world.prompt(now);
        let number = world.number(&started);
        let mut prompt = Some(prompt);
        while let Some(shown) = prompt.take() {
            world.forget_attempts();
            if let Outcome::TryAgain { prompt: again, .. } = world.approve(shown, (&number, "271864"), now) {
                prompt = Some(again);
            }
            if world.token(world.bank).disabled {
                break;
            }
        }
    }
    assert!(world.token(world.bank).disabled);
    world.forget_attempts();
    assert!(matches!(rotate(&mut world, PIN, later(599)), Rotation::Refused(Status::Refused)));
}
