//! A new phone in the place of the old one: the next epoch of a device.

use pollster::block_on;
use pushotp::{
    AuditKind, Authenticator, DeviceSetup, LoginState, MemoryStorage, Outcome, Protection, Push, ServerError,
    SoftwareKeys,
    pin::{Pin, PinPolicy},
    types::{DeviceId, Offer, UnixTime},
    wire::terms::PushAddress,
};

use crate::fixture::{NOW, World, cost, later};

pub(crate) const NEW: &str = "905317";

fn offer(world: &mut World, now: UnixTime) -> Offer {
    let place = (&world.user, world.device.id());
    block_on(world.server.offer_replacement(place, now, &mut world.rng)).unwrap()
}

/// The request of a phone with these keys.
pub(crate) fn request(world: &mut World, offer: &Offer, keys: &[u8; 80], now: UnixTime) -> Vec<u8> {
    let keys = SoftwareKeys::from_bytes(keys).into_device_keys();
    let setup = DeviceSetup { name: "new phone".into(), push: PushAddress::POLL, keys };
    Authenticator::enrol(offer, setup, now, &mut world.rng).unwrap().0
}

/// A phone with these keys answers the offer; what it becomes once the person agreed on its side.
pub(crate) fn answer(
    world: &mut World,
    offer: &Offer,
    keys: &[u8; 80],
    now: UnixTime,
) -> (Authenticator, MemoryStorage) {
    let keys = SoftwareKeys::from_bytes(keys).into_device_keys();
    let setup = DeviceSetup { name: "new phone".into(), push: PushAddress::POLL, keys };
    let (request, enrolling) = Authenticator::enrol(offer, setup, now, &mut world.rng).unwrap();
    let response = world.send(&request, now).unwrap();
    let confirming = enrolling.finish(&response).unwrap();
    let pins = [(world.bank, Pin::choose(NEW, &PinPolicy::DEFAULT).unwrap())];
    let storage = MemoryStorage::default();
    let device = confirming
        .confirm(&Protection { pins: &pins, presence: &[], cost: cost() }, storage.clone(), &mut world.rng)
        .unwrap();
    (device, storage)
}

fn confirm(world: &mut World, offer: &Offer, agree: bool, now: UnixTime) -> Result<Vec<Push>, ServerError> {
    block_on(world.server.confirm_enrolment((&world.user, offer.enrolment), agree, now, &mut world.rng))
}

/// A new phone in the place of the old one, which is the world's from now on.
pub(crate) fn replace(world: &mut World, offer: &Offer, now: UnixTime) {
    let keys = fresh(world);
    (world.device, world.storage) = answer(world, offer, &keys, now);
    confirm(world, offer, true, now).unwrap();
}

pub(crate) fn fresh(world: &mut World) -> [u8; 80] {
    *SoftwareKeys::generate(&mut world.rng).expose()
}

fn fetches(world: &mut World, device: &mut Authenticator) -> bool {
    let (message, _) = device.fetch(NOW, &mut world.rng).unwrap();
    world.send(&message, NOW).is_some()
}

// protocol.md: ENR-12
#[test]
fn a_new_phone_takes_the_place_of_the_old_one() {
    let mut world = World::new();
    let (before, old_secrets) = (world.stored(), world.secrets());
    let (offer, keys) = (offer(&mut world, NOW), fresh(&mut world));
    assert_eq!((offer.device, offer.epoch.get()), (world.device.id(), 2));
    let (mut new, storage) = answer(&mut world, &offer, &keys, NOW);

    // Until the person has compared the codes the old epoch is in force, and the new one is not.
    world.log_in(world.bank, NOW);
    assert!(!fetches(&mut world, &mut new));
    assert_eq!(confirm(&mut world, &offer, true, NOW).unwrap(), []);
    assert!(world.logged(AuditKind::DeviceReplaced));

    let mut old = core::mem::replace(&mut world.device, new);
    assert!(!fetches(&mut world, &mut old), "its keys are void");
    world.storage = storage;
    assert!(matches!(world.approve_with(world.bank, Some(NEW), later(1)), Outcome::Accepted { .. }));
    world.log_in(world.mail, later(2));
    assert_eq!(world.stored(), before, "nothing of the old epoch is kept");
    let secrets = world.secrets();
    // Server key, KEK and the fixture's own six are as they were.
    assert_eq!(secrets.iter().filter(|secret| !old_secrets.contains(secret)).count(), 4, "tokens and channel");
}

// protocol.md: ENR-12
#[test]
fn a_login_that_waits_for_the_old_phone_is_void() {
    let mut world = World::new();
    let (offer, keys) = (offer(&mut world, NOW), fresh(&mut world));
    answer(&mut world, &offer, &keys, NOW);
    let (_, started) = world.prompt(NOW);
    let pushes = confirm(&mut world, &offer, true, NOW).unwrap();
    assert_eq!(world.state(&started, NOW), LoginState::Cancelled);
    let [push] = &pushes[..] else { panic!("{pushes:?}") };
    let withdrawn = world.device.open(&push.envelope, NOW).unwrap();
    assert!(matches!(withdrawn, pushotp::Incoming::Withdrawn(_)), "the old phone takes it from the screen");
}

/// The codes differ: nothing of the new phone is kept, and the old one goes on with its keys.
// protocol.md: ENR-9
#[test]
fn a_refused_phone_changes_nothing() {
    let mut world = World::new();
    let (before, offer) = (world.stored(), offer(&mut world, NOW));
    // It claims the signing key that the old one has, which is the same device's.
    let keys = world.keys;
    answer(&mut world, &offer, &keys, NOW);
    confirm(&mut world, &offer, false, NOW).unwrap();
    assert_eq!(world.stored(), before);
    world.log_in(world.bank, NOW);
    assert!(world.logged(AuditKind::EnrolmentRefused));
    // The signing key is still the old device's: no other one gets it.
    let bob = pushotp::AccountId::new("bob").unwrap();
    block_on(world.server.add_account(&bob)).unwrap();
    block_on(world.server.add_token(&bob, pushotp::NewToken::new("VPN"), NOW, &mut world.rng)).unwrap();
    let offer = block_on(world.server.offer_enrolment(&bob, NOW, &mut world.rng)).unwrap();
    let setup = DeviceSetup {
        name: "thief".into(),
        push: PushAddress::POLL,
        keys: SoftwareKeys::from_bytes(&keys).into_device_keys(),
    };
    let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap();
    let response = world.send(&request, NOW).unwrap();
    assert!(matches!(enrolling.finish(&response), Err(pushotp::NotEnrolled::Refused)));
}

/// The same phone with the same signing key may be enrolled anew, as after its state was lost.
#[test]
fn the_same_phone_may_come_again() {
    let mut world = World::new();
    let (before, offer, keys) = (world.stored(), offer(&mut world, NOW), world.keys);
    let (new, _) = answer(&mut world, &offer, &keys, NOW);
    confirm(&mut world, &offer, true, NOW).unwrap();
    world.device = new;
    world.log_in(world.mail, NOW);
    assert_eq!(world.stored(), before);
}

#[test]
fn of_two_new_phones_the_first_confirmed_counts() {
    let mut world = World::new();
    let (first, second) = (offer(&mut world, NOW), offer(&mut world, NOW));
    let (one, two) = (fresh(&mut world), fresh(&mut world));
    let (device, _) = answer(&mut world, &first, &one, NOW);
    answer(&mut world, &second, &two, NOW);
    confirm(&mut world, &second, true, NOW).unwrap();
    assert!(matches!(confirm(&mut world, &first, true, NOW), Err(ServerError::NoEnrolment)));
    let mut device = device;
    assert!(!fetches(&mut world, &mut device));
}

#[test]
fn a_disabled_token_works_again_on_the_new_phone() {
    let mut world = World::with({
        let mut policy = pushotp::ServerPolicy::default();
        policy.max_consecutive_failures = 1;
        policy
    });
    assert!(!matches!(world.approve_with(world.bank, Some("271864"), NOW), Outcome::Accepted { .. }));
    assert!(world.token(world.bank).disabled);
    let (offer, keys) = (offer(&mut world, NOW), fresh(&mut world));
    let (new, _) = answer(&mut world, &offer, &keys, NOW);
    confirm(&mut world, &offer, true, NOW).unwrap();
    world.device = new;
    assert!(matches!(world.approve_with(world.bank, Some(NEW), later(1)), Outcome::Accepted { .. }));
}

#[test]
fn only_a_device_of_the_account_can_be_replaced() {
    let mut world = World::new();
    let place = (&world.user, DeviceId::from_bytes([9; 16]));
    let refused = block_on(world.server.offer_replacement(place, NOW, &mut world.rng)).unwrap_err();
    assert!(matches!(refused, ServerError::NoDevice));
}
