//! Where a fingerprint or a face opens nothing: the policy, another key, an altered lock, a count that is locked.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use pollster::block_on;
use pushotp::{
    Activation, AuditKind, Authenticator, AuthenticatorError, Biometric, DeviceSetup, DeviceStorage, LoginFailure,
    LoginState, MemoryStorage, NewToken, Protection, Relock, SoftwareKeys, StorageError,
    pin::{Assurance, Denied, OpenError, PresenceError, PresenceKey, SealError, SoftwarePresenceKey},
    types::{Code, Digits, TokenId},
    wire::{
        Error as WireError,
        message::{Approve, ApproveParts, FromDevice, Sent},
        terms::{PushAddress, Status, UserVerification},
    },
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    fixture::{NOW, PIN, World, cost, later},
    presence::{attempts_left, biometric, entered, finger},
    protocol::{opened, result, sealed},
};

/// A platform's key, behind a person who comes and goes.
struct Sensor {
    key: SoftwarePresenceKey,
    there: Cell<bool>,
    asked: Cell<u32>,
}

impl Sensor {
    fn new(key: SoftwarePresenceKey) -> Self {
        Self { key, there: Cell::new(true), asked: Cell::new(0) }
    }

    fn ask(&self) -> Result<(), PresenceError> {
        self.asked.set(self.asked.get() + 1);
        if self.there.get() { Ok(()) } else { Err(PresenceError::Absent) }
    }
}

impl PresenceKey for Sensor {
    fn provider(&self) -> &str {
        self.key.provider()
    }

    fn enrolment(&self) -> Vec<u8> {
        self.key.enrolment()
    }

    fn assurance(&self) -> Assurance {
        Assurance::Hardware
    }

    fn wrap(&self, aad: &[u8], plain: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, PresenceError> {
        self.ask()?;
        self.key.wrap(aad, plain, rng)
    }

    fn unwrap(&self, aad: &[u8], wrapped: &[u8], prompt: &str) -> Result<Zeroizing<Vec<u8>>, PresenceError> {
        self.ask()?;
        self.key.unwrap(aad, wrapped, prompt)
    }
}

fn refused(world: &mut World, token: TokenId, key: &dyn PresenceKey) -> AuthenticatorError {
    let (prompt, started) = world.prompt(NOW);
    let number = world.number(&started);
    let not_sent = world.device.approve(prompt, (token, &number, finger(key)), NOW, &mut world.rng).unwrap_err();
    let typed = world.device.passcode(token, finger(key), NOW).unwrap_err();
    let rotated = world.device.rotate(token, finger(key), NOW, &mut world.rng).unwrap_err();
    assert!(not_sent.error == typed && typed == rotated, "{not_sent:?} {typed:?} {rotated:?}");
    typed
}

/// On the device, whoever is there: nobody is asked for a finger, and nothing leaves.
// protocol.md: DEV-9
#[test]
fn a_policy_that_forbids_it_is_kept_on_the_device() {
    let (mut world, key, _) = World::with_presence();
    let (sensor, bank) = (Sensor::new(key), world.bank);
    assert_eq!(refused(&mut world, bank, &sensor), AuthenticatorError::PresenceForbidden);

    world.log_in(world.bank, NOW);
    let pin = entered(PIN);
    let (message, rotating) = world.device.rotate(world.bank, Some(&pin), NOW, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    let relock = Relock { pin: Some(&pin), presence: Some(&sensor), cost: cost() };
    let unrotated = world.device.rotated(rotating, (&reply, &relock), NOW, &mut world.rng).unwrap_err();
    assert_eq!(unrotated.error, AuthenticatorError::PresenceForbidden);
    let relock = Relock { presence: None, ..relock };
    let waiting = *unrotated.rotating.unwrap();
    assert!(world.device.rotated(waiting, (&reply, &relock), NOW, &mut world.rng).is_ok(), "nothing was lost");
    assert_eq!(sensor.asked.get(), 0);
}

/// At an enrolment, too; the PIN alone is always enough.
#[test]
fn an_enrolment_takes_what_the_policy_permits() {
    let permitted = |token: NewToken, with_key: bool| {
        let mut world = World::new();
        let token = block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng)).unwrap();
        let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
        let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
        let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
        let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap();
        let confirming = enrolling.finish(&world.send(&request, NOW).unwrap()).unwrap();
        let (key, pins) = (SoftwarePresenceKey::from_bytes(&[7; 32]), [(token, entered(PIN))]);
        let presence: &[(TokenId, &dyn PresenceKey)] = if with_key { &[(token, &key)] } else { &[] };
        let protection = Protection { pins: &pins, presence, cost: cost() };
        let confirmed = confirming.confirm(&protection, MemoryStorage::default(), &mut world.rng);
        confirmed.map(|device| device.tokens()[0].biometric).map_err(|unconfirmed| unconfirmed.error)
    };
    let forbidden = Err(AuthenticatorError::PresenceForbidden);
    assert_eq!(permitted(NewToken::new("VPN").pin_or_biometric(), true), Ok(Biometric::On));
    assert_eq!(permitted(NewToken::new("VPN").pin_or_biometric(), false), Ok(Biometric::Off));
    assert_eq!(permitted(NewToken::new("VPN").pin_protected(), true), forbidden);
    assert_eq!(permitted(NewToken::new("VPN").pin_protected(), false), Ok(Biometric::Forbidden));
    assert_eq!(permitted(NewToken::new("VPN"), true), forbidden, "there is no PIN that it could take the place of");
}

/// A device of ours would not send it: the right passcode, of a user who was verified by finger.
// protocol.md: SRV-8
#[test]
fn the_server_refuses_it_where_the_policy_does() {
    let cases = [
        (false, UserVerification::Biometric, false),
        (false, UserVerification::None, false),
        (false, UserVerification::Pin, true),
        (true, UserVerification::None, false),
        (true, UserVerification::Biometric, true),
    ];
    for (permitted, verification, accepted) in cases {
        let (mut world, _, vpn) = World::with_presence();
        let token = if permitted { vpn } else { world.bank };
        let (prompt, started) = world.prompt(NOW);
        let number = world.number(&started);
        let pin = entered(PIN);
        let (message, _) = world.device.approve(prompt, (token, &number, Some(&pin)), NOW, &mut world.rng).unwrap();
        let (code, challenge) = (world.code_in(&message).parse().unwrap(), opened(&world, &started.pushes[0].envelope));
        let approve = Approve::new(&ApproveParts {
            challenge: challenge.id(),
            hash: challenge.hash(),
            token,
            verification,
            number: &number,
            code: &Code::from_value(code, Digits::EIGHT),
            sent: Sent { at: NOW, sequence: 99 },
        });
        let message = sealed(&mut world, &FromDevice::Approve(approve.unwrap()));
        let received = block_on(world.server.receive(&message, NOW, &mut world.rng)).unwrap();
        let error = received.error().copied();
        let status = result(&world.channel(), &received.into_reply().unwrap()).reply().status;
        let audit = block_on(world.server.audit(&world.user)).unwrap();
        let not_verified = audit.iter().find(|event| event.kind() == AuditKind::NotVerified);
        let told = (status, error, world.state(&started, NOW), not_verified.and_then(pushotp::AuditEvent::token));
        let expected = if accepted {
            (Status::Accepted, None, LoginState::Approved, None)
        } else {
            let failed = LoginState::Failed(LoginFailure::NotVerified);
            (Status::Refused, Some(WireError::UvRequired), failed, Some(token))
        };
        assert_eq!(told, expected, "{permitted} {verification:?}");
        assert_eq!(world.token(token).failures, 0, "a right passcode is no failure");
        assert_eq!(world.redeem(&started, NOW), accepted);
    }
}

/// Each failure has its own name, none tells of the PIN, and none costs an attempt at it.
#[test]
fn other_keys_open_nothing_and_the_pin_still_does() {
    let (mut world, key, vpn) = World::with_presence();
    let bytes = *key.expose();
    let same = || SoftwarePresenceKey::from_bytes(&bytes);
    let (stranger, gone) = (SoftwarePresenceKey::from_bytes(&[0; 32]), Sensor::new(same()));
    gone.there.set(false);
    let cases: [(&dyn PresenceKey, OpenError); 4] = [
        (&stranger, OpenError::Presence(PresenceError::Tampered)),
        (&same().simulating("software", b"one more finger"), OpenError::Presence(PresenceError::Changed)),
        (&same().simulating("face", b""), OpenError::NoPresence),
        (&gone, OpenError::Presence(PresenceError::Absent)),
    ];
    for (key, error) in cases {
        assert_eq!(refused(&mut world, vpn, key), AuthenticatorError::Unlock(error));
    }
    assert_eq!(attempts_left(&mut world, vpn, "271847", later(100)), 9, "this one was an attempt, and the first");
    assert_eq!(attempts_left(&mut world, vpn, PIN, later(200)), 10);
    assert!(world.device.passcode(vpn, finger(&same()), later(300)).is_ok(), "the negative control");
}

/// The lock with any one of its bytes altered does not open, by finger no more than by PIN.
#[test]
fn an_altered_lock_does_not_open() {
    let (world, key, vpn) = World::with_presence();
    let state = world.storage.saved();
    let provider = state.windows(8).position(|window| window == b"software").unwrap();
    let (mut told, pin) = (0, entered(PIN));
    // The provider's name, the enrolment, the wrapped secret, and the tag behind them.
    for at in provider..provider + 8 + 1 + 2 + 60 + 34 {
        let mut altered = state.clone();
        altered[at] ^= 1;
        let keys = SoftwareKeys::from_bytes(&world.keys).into_device_keys();
        let Ok(mut device) = Authenticator::load(&altered, keys, world.storage.clone()) else { continue };
        for how in [finger(&key), Activation::Pin(&pin)] {
            let error = device.passcode(vpn, how, NOW).unwrap_err();
            let expected = [OpenError::Tampered, OpenError::NoPresence].map(AuthenticatorError::Unlock);
            assert!(expected.contains(&error) || error == AuthenticatorError::State, "{at}: {error}");
            told += usize::from(error == expected[0]);
        }
    }
    assert!(told > 150, "{told} times the tag did not fit");
}

/// Who has tried PINs until the device takes no more does not get in with a finger either: the organisation helps.
#[test]
fn a_locked_count_is_locked_for_it_as_well() {
    let (mut world, key, vpn) = World::with_presence();
    let wrong = entered("271847");
    let mut now = 0;
    for _ in 0..3 {
        attempts_left(&mut world, vpn, "271847", later(now));
        now += 200;
    }
    assert!(world.device.passcode(vpn, finger(&key), later(now)).is_ok(), "the wait is over");
    let attempts_left = attempts_left(&mut world, vpn, "271847", later(now));
    assert_eq!(attempts_left, 6, "a finger takes nothing back");
    let waits = world.device.passcode(vpn, finger(&key), later(now)).unwrap_err();
    assert!(matches!(waits, AuthenticatorError::Attempt(Denied::Wait { .. })), "{waits}");
    for _ in 0..6 {
        now += 4_000;
        let (prompt, started) = world.prompt(later(now));
        let number = world.number(&started);
        drop(world.device.approve(prompt, (vpn, &number, Some(&wrong)), later(now), &mut world.rng).unwrap());
    }
    let locked = world.device.passcode(vpn, finger(&key), later(now + 4_000)).unwrap_err();
    assert_eq!(locked, AuthenticatorError::Attempt(Denied::Locked));
    let request = world.device.unlock_request(vpn).unwrap();
    let code = block_on(world.server.unlock_device(&world.user, &request, later(now), &mut world.rng)).unwrap();
    world.device.unlock_attempts(vpn, &code).unwrap();
    assert!(world.device.passcode(vpn, finger(&key), later(now)).is_ok());
}

/// Nobody was there when the new lock was made: the old one holds, with its own key.
#[test]
fn a_rotation_that_nobody_is_there_for_changes_nothing() {
    let (mut world, key, vpn) = World::with_presence();
    let (sensor, pin) = (Sensor::new(key), entered(PIN));
    world.device.set_push(vpn, true).unwrap();
    assert!(matches!(world.approve_with(vpn, Some(PIN), NOW), pushotp::Outcome::Accepted { .. }));
    let (message, rotating) = world.device.rotate(vpn, finger(&sensor), NOW, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    sensor.there.set(false);
    let relock = Relock { pin: Some(&pin), presence: Some(&sensor), cost: cost() };
    let unrotated = world.device.rotated(rotating, (&reply, &relock), NOW, &mut world.rng).unwrap_err();
    let absent = pushotp::pin::RotateError::from(SealError::Presence(PresenceError::Absent));
    assert_eq!((unrotated.error, unrotated.rotating.is_none()), (AuthenticatorError::Rotate(absent), true));
    sensor.there.set(true);
    assert_eq!(biometric(&world, vpn), Biometric::On);
    assert!(world.device.passcode(vpn, finger(&sensor), NOW).is_ok());
    assert!(matches!(world.approve_with(vpn, Some(PIN), later(1)), pushotp::Outcome::Accepted { .. }));
}

/// A storage that fails from one save on.
struct Dying {
    storage: MemoryStorage,
    saves: Arc<AtomicUsize>,
}

impl DeviceStorage for Dying {
    fn save(&mut self, state: &[u8]) -> Result<(), StorageError> {
        let spent = self.saves.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        spent.map_err(|_| StorageError)?;
        self.storage.save(state)
    }
}

/// The device stops before each of its writes in turn. No passcode leaves then, and at most one attempt stays counted.
#[test]
fn a_device_that_stops_anywhere_sends_nothing() {
    let mut stops = 0;
    for saves in 0.. {
        let (mut world, key, vpn) = World::with_presence();
        let (prompt, started) = world.prompt(NOW);
        let (number, left) = (world.number(&started), Arc::new(AtomicUsize::new(saves)));
        let keys = SoftwareKeys::from_bytes(&world.keys).into_device_keys();
        let storage = Dying { storage: world.storage.clone(), saves: Arc::clone(&left) };
        world.device = Authenticator::load(&world.storage.saved(), keys, storage).unwrap();
        let sent = world.device.approve(prompt, (vpn, &number, finger(&key)), NOW, &mut world.rng).is_ok();
        world.restart();
        let counted = 9 - attempts_left(&mut world, vpn, "271847", later(1));
        assert!(counted <= u8::from(!sent), "{counted} after {saves} writes");
        if sent {
            break;
        }
        stops += 1;
    }
    assert_eq!(stops, 3, "the message's number, the attempt, and that it was none");
}
