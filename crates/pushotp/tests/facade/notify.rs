//! Pushes handed to a carrier: what it says changes an address at most, never a login.

use std::{sync::Mutex, time::Duration};

use pollster::block_on;
use pushotp::{
    AuditKind, Carried, Delivered, DeviceUpdate, Outcome, ServerError, Started,
    types::{DeviceId, UnixTime},
    wire::{
        notify::{NoPush, Notifier, NotifyError, PushMessage, Sending},
        terms::{PushAddress, PushKind},
    },
};

use crate::fixture::{NOW, World, later};

/// Address, envelope (none for a wake-up), time to live.
type Given = (PushAddress, Option<Vec<u8>>, Duration);

/// A carrier that answers as it was told to, and keeps what it was given.
#[derive(Default)]
struct Carrier {
    answers: Mutex<Vec<Result<(), NotifyError>>>,
    given: Mutex<Vec<Given>>,
}

impl Carrier {
    fn answering(answers: &[Result<(), NotifyError>]) -> Self {
        let answers = Mutex::new(answers.iter().rev().copied().collect());
        Self { answers, given: Mutex::default() }
    }

    fn given(&self) -> Vec<Given> {
        self.given.lock().unwrap().clone()
    }
}

impl Notifier for Carrier {
    async fn notify(&self, to: &PushAddress, message: PushMessage<'_>, sent: Sending<'_>) -> Result<(), NotifyError> {
        let envelope = match message {
            PushMessage::Sealed(envelope) => Some(envelope.to_vec()),
            PushMessage::WakeUp => None,
        };
        self.given.lock().unwrap().push((to.clone(), envelope, sent.ttl));
        self.answers.lock().unwrap().pop().expect("one push more than expected")
    }
}

fn address(text: &str) -> PushAddress {
    PushAddress::new(PushKind::WebPush, text.as_bytes().to_vec()).unwrap()
}

/// A world whose device can be pushed.
fn world() -> World {
    let mut world = World::new();
    name_address(&mut world, "one");
    world
}

fn name_address(world: &mut World, text: &str) {
    let update = DeviceUpdate::new().address(address(text));
    let (message, _) = world.device.update(&update, NOW, &mut world.rng).unwrap();
    world.send(&message, NOW).unwrap();
}

fn deliver(world: &mut World, login: &Started, carrier: &impl Notifier, now: UnixTime) -> Vec<Delivered> {
    let pushes = (&world.user, &login.pushes[..], login.expires);
    block_on(world.server.deliver(pushes, carrier, now, &mut world.rng))
}

fn outcomes(delivered: &[Delivered]) -> Vec<Result<Carried, NotifyError>> {
    delivered.iter().map(|push| push.outcome).collect()
}

#[test]
fn the_sealed_challenge_is_carried_for_as_long_as_the_challenge_lives() {
    for (now, left) in [(NOW, 120), (later(119), 1), (later(120), 0), (later(1000), 0)] {
        let (mut world, carrier) = (world(), Carrier::answering(&[Ok(())]));
        let login = world.start(NOW);
        let delivered = deliver(&mut world, &login, &carrier, now);
        assert_eq!(outcomes(&delivered), [Ok(Carried::Sealed)]);
        assert_eq!(delivered[0].device, world.device.id());
        let envelope = login.pushes[0].envelope.clone();
        assert_eq!(carrier.given(), [(address("one"), Some(envelope), Duration::from_secs(left))]);
    }
}

#[test]
fn what_is_too_large_becomes_a_wake_up() {
    let (mut world, too_large) = (world(), Err(NotifyError::TooLarge));
    let login = world.start(NOW);
    for (second, expected) in [(Ok(()), Ok(Carried::WakeUp)), (too_large, Err(NotifyError::TooLarge))] {
        let carrier = Carrier::answering(&[too_large, second]);
        assert_eq!(outcomes(&deliver(&mut world, &login, &carrier, later(20))), [expected]);
        let given: Vec<_> = carrier.given().into_iter().map(|(_, envelope, ttl)| (envelope.is_some(), ttl)).collect();
        assert_eq!(given, [true, false].map(|sealed| (sealed, Duration::from_secs(100))), "and no third try");
    }
}

#[test]
fn a_void_address_is_forgotten_and_the_device_fetches_until_it_names_another() {
    let mut world = world();
    let (stored, login) = (world.stored(), world.start(NOW));
    let carrier = Carrier::answering(&[Err(NotifyError::Gone)]);
    assert_eq!(outcomes(&deliver(&mut world, &login, &carrier, NOW)), [Err(NotifyError::Gone)]);
    assert!(world.logged(AuditKind::PushAddressGone));
    assert_eq!(world.stored(), stored - 1, "the address is not kept");

    let login = world.start(later(1));
    assert_eq!(login.pushes[0].address, PushAddress::POLL);
    let unasked = Carrier::default();
    let delivered = deliver(&mut world, &login, &unasked, later(1));
    assert!(delivered.iter().all(|push| push.outcome == Ok(Carried::Fetched)), "{delivered:?}");

    name_address(&mut world, "two");
    assert_eq!(world.start(later(2)).pushes[0].address, address("two"));
}

/// The answer about the old address comes after the device has named a new one.
#[test]
fn a_new_address_survives_the_end_of_the_old_one() {
    let mut world = world();
    let login = world.start(NOW);
    name_address(&mut world, "two");
    let carrier = Carrier::answering(&[Err(NotifyError::Gone)]);
    assert_eq!(outcomes(&deliver(&mut world, &login, &carrier, NOW)), [Err(NotifyError::Gone)]);
    assert!(!world.logged(AuditKind::PushAddressGone));
    assert_eq!(world.start(later(1)).pushes[0].address, address("two"));
}

#[test]
fn an_address_is_forgotten_once_and_only_of_a_device_that_is_there() {
    let mut world = world();
    let device = world.device.id();
    let mut forget = |device: DeviceId, address: &PushAddress| {
        block_on(world.server.forget_push_address((&world.user, device), address, NOW, &mut world.rng))
    };
    assert!(!forget(device, &address("another")).unwrap());
    assert!(!forget(device, &PushAddress::new(PushKind::Fcm, b"one".to_vec()).unwrap()).unwrap(), "another kind");
    assert!(forget(device, &address("one")).unwrap());
    assert!(!forget(device, &address("one")).unwrap());
    assert!(!forget(device, &PushAddress::POLL).unwrap());
    let stranger = DeviceId::from_bytes([9; 16]);
    assert!(matches!(forget(stranger, &address("one")), Err(ServerError::NoDevice)));
    let events = block_on(world.server.audit(&world.user)).unwrap();
    assert_eq!(events.iter().filter(|event| event.kind() == AuditKind::PushAddressGone).count(), 1);
}

#[test]
fn whatever_the_carrier_says_the_login_goes_on() {
    let pause = NotifyError::RetryAfter(Duration::from_secs(30));
    for error in [pause, NotifyError::Permanent, NotifyError::Transient, NotifyError::Gone] {
        let mut world = world();
        let (message, answering, login) = world.approval(NOW);
        let carrier = Carrier::answering(&[Err(error)]);
        assert_eq!(outcomes(&deliver(&mut world, &login, &carrier, NOW)), [Err(error)], "told, and tried once");
        let reply = world.send(&message, NOW).unwrap();
        let outcome = world.device.finish(answering, &reply, NOW).unwrap().outcome;
        assert!(matches!(outcome, Outcome::Accepted { .. }));
        assert!(world.redeem(&login, NOW));
        let kept = world.start(later(1)).pushes[0].address == address("one");
        assert_eq!(kept, error != NotifyError::Gone);
    }
}

#[test]
fn each_push_is_carried_on_its_own() {
    let mut world = world();
    world.start(NOW);
    let login = world.start(later(1)); // its challenge, and the withdrawal of the first
    let carrier = Carrier::answering(&[Err(NotifyError::Transient), Ok(())]);
    let delivered = deliver(&mut world, &login, &carrier, later(1));
    assert_eq!(outcomes(&delivered), [Err(NotifyError::Transient), Ok(Carried::Sealed)]);
}

#[test]
fn without_a_carrier_the_page_is_told_to_say_open_the_app() {
    let mut world = world();
    let login = world.start(NOW);
    assert_eq!(outcomes(&deliver(&mut world, &login, &NoPush, NOW)), [Err(NotifyError::Permanent)]);
}

/// A store that is gone takes the address along, and nothing more.
#[test]
fn an_account_that_is_gone_spoils_no_delivery() {
    let mut world = world();
    let login = world.start(NOW);
    let nobody = pushotp::AccountId::new("nobody").unwrap();
    let carrier = Carrier::answering(&[Err(NotifyError::Gone)]);
    let pushes = (&nobody, &login.pushes[..], login.expires);
    let delivered = block_on(world.server.deliver(pushes, &carrier, NOW, &mut world.rng));
    assert_eq!(outcomes(&delivered), [Err(NotifyError::Gone)]);
}
