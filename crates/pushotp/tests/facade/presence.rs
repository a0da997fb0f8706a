//! A fingerprint or a face in the place of a PIN: logins, typed passcodes, switching it on and off.

use pollster::block_on;
use pushotp::{
    Activation, AuditKind, Authenticator, AuthenticatorError, Biometric, KeyEncryptionKey as _, LoginState, Outcome,
    PasscodeVerdict, Relock, Rotation, SoftwareKek, SoftwareKeys, Started,
    pin::{OpenError, Pin, PinPolicy, PresenceError, PresenceKey, SoftwarePresenceKey},
    store::{Cas, DynStore, Expect, Hint},
    types::{TokenId, UnixTime},
    wire::{
        frame::{Frame, Recipient},
        keys::ServerKey,
        message::FromDevice,
        signer::{DeviceSigner as _, Ed25519Signer},
        terms::{Status, UserVerification},
    },
};

use crate::{
    fixture::{KEK, NOW, PIN, World, cost, later},
    redaction::Log,
};

const NEW: &str = "905317";

pub(crate) fn finger(key: &dyn PresenceKey) -> Activation<'_> {
    Activation::Presence { key, prompt: "Log in to the intranet?" }
}

pub(crate) fn entered(text: &str) -> Pin {
    Pin::entered(text).unwrap()
}

/// What a login comes to that is approved with a token, and the login.
pub(crate) fn approve(world: &mut World, token: TokenId, how: Activation<'_>, now: UnixTime) -> (Outcome, Started) {
    let (prompt, started) = world.prompt(now);
    let number = world.number(&started);
    let (message, answering) = world.device.approve(prompt, (token, &number, how), now, &mut world.rng).unwrap();
    let reply = world.send(&message, now).unwrap();
    (world.device.finish(answering, &reply, now).unwrap().outcome, started)
}

fn logs_in(world: &mut World, token: TokenId, how: Activation<'_>, now: UnixTime) -> bool {
    let (outcome, started) = approve(world, token, how, now);
    let accepted = matches!(outcome, Outcome::Accepted { .. });
    assert_eq!(world.redeem(&started, now), accepted);
    accepted
}

/// What an approval says of how the user was verified, as the server reads it.
fn verification(world: &World, approval: &[u8]) -> UserVerification {
    let (channel, signer) = (world.channel(), Ed25519Signer::from_bytes(world.keys.first_chunk().unwrap()));
    let (server_key, verifying_key) = (ServerKey::from_bytes(&world.server_key), signer.verifying_key());
    let (binding, keys) = (channel.binding(), channel.keys());
    let recipient = Recipient { server_key: &server_key, binding, keys, verifying_key: &verifying_key };
    match Frame::parse(approval).unwrap().open(&recipient).unwrap().decode().unwrap() {
        FromDevice::Approve(approve) => approve.verification(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn biometric(world: &World, token: TokenId) -> Biometric {
    world.device.tokens().into_iter().find(|held| held.id == token).unwrap().biometric
}

/// The attempts at a token's PIN that this device still takes, as the next approval with it finds them.
pub(crate) fn attempts_left(world: &mut World, token: TokenId, pin: &str, now: UnixTime) -> u8 {
    let (prompt, started) = world.prompt(now);
    let (number, pin) = (world.number(&started), entered(pin));
    let (message, answering) = world.device.approve(prompt, (token, &number, Some(&pin)), now, &mut world.rng).unwrap();
    let reply = world.send(&message, now).unwrap();
    world.device.finish(answering, &reply, now).unwrap().attempts.unwrap().unwrap().left()
}

/// A rotation from one way of unlocking to other locks, confirmed.
pub(crate) fn rotate(world: &mut World, token: TokenId, how: Activation<'_>, relock: &Relock<'_>, now: UnixTime) {
    let (message, rotating) = world.device.rotate(token, how, now, &mut world.rng).unwrap();
    let reply = world.send(&message, now).unwrap();
    let rotation = world.device.rotated(rotating, (&reply, relock), now, &mut world.rng).unwrap();
    let Rotation::Locked { message, confirming } = rotation else { panic!("{rotation:?}") };
    let reply = world.send(&message, now).unwrap();
    assert_eq!(world.device.rotation_confirmed(&confirming, &reply, now).unwrap(), Status::Accepted);
}

#[test]
fn approves_and_says_how() {
    let (mut world, key, vpn) = World::with_presence();
    let pin = entered(PIN);
    let ways = [(finger(&key), UserVerification::Biometric), (Activation::Pin(&pin), UserVerification::Pin)];
    for (seconds, (how, said)) in (0..).step_by(10).zip(ways) {
        let (prompt, started) = world.prompt(later(seconds));
        let number = world.number(&started);
        let (message, answering) =
            world.device.approve(prompt, (vpn, &number, how), later(seconds), &mut world.rng).unwrap();
        assert_eq!(verification(&world, &message), said);
        let reply = world.send(&message, later(seconds)).unwrap();
        let finished = world.device.finish(answering, &reply, later(seconds)).unwrap();
        assert!(matches!(finished.outcome, Outcome::Accepted { failures: 0 }));
        assert_eq!(finished.attempts.is_some(), said == UserVerification::Pin, "a finger is no attempt at the PIN");
        assert!(world.redeem(&started, later(seconds)));
    }
    assert!(world.token(vpn).biometric && !world.token(world.bank).biometric);
    world.restart();
    assert_eq!(biometric(&world, vpn), Biometric::On);
    assert!(logs_in(&mut world, vpn, finger(&key), later(60)), "after a restart as well");
}

/// With every token PIN protected the challenge itself asks that the user be verified.
#[test]
fn is_what_a_challenge_asks_for() {
    let (mut world, key, vpn) = World::with_presence();
    world.device.set_push(world.mail, false).unwrap();
    block_on(world.server.set_push((&world.user, world.mail), false, NOW, &mut world.rng)).unwrap();
    assert!(logs_in(&mut world, vpn, finger(&key), NOW));
}

#[test]
fn shows_a_passcode_to_be_typed() {
    let (mut world, key, vpn) = World::with_presence();
    let (by_pin, _) = world.device.passcode(vpn, Some(&entered(PIN)), NOW).unwrap();
    let (by_finger, until) = world.device.passcode(vpn, finger(&key), NOW).unwrap();
    assert_eq!((by_finger.expose(), until), (by_pin.expose(), later(29)));
    let verdict = block_on(world.server.verify_passcode(&world.user, by_finger.expose(), NOW, &mut world.rng));
    assert_eq!(verdict.unwrap(), PasscodeVerdict::Accepted { token: vpn });
}

/// A token without a PIN opens by itself, and the server is not told of a finger that nobody asked for.
#[test]
fn a_token_without_a_pin_needs_none() {
    let (mut world, key, _) = World::with_presence();
    let (prompt, started) = world.prompt(NOW);
    let number = world.number(&started);
    let (message, _) = world.device.approve(prompt, (world.mail, &number, finger(&key)), NOW, &mut world.rng).unwrap();
    assert_eq!(verification(&world, &message), UserVerification::None);
    assert_eq!(biometric(&world, world.mail), Biometric::Forbidden);
}

/// Switched off with the finger itself, then on with the PIN: each time another secret, so no two locked copies of one.
#[test]
fn a_rotation_switches_it_off_and_on() {
    let (mut world, key, vpn) = World::with_presence();
    let (pin, mut secrets) = (entered(PIN), world.secrets());
    assert!(logs_in(&mut world, vpn, finger(&key), NOW));
    let off = Relock { pin: Some(&pin), presence: None, cost: cost() };
    rotate(&mut world, vpn, finger(&key), &off, later(1));
    one_changed(&world, &mut secrets);
    assert_eq!(biometric(&world, vpn), Biometric::Off);
    let refused = world.device.passcode(vpn, finger(&key), later(2)).unwrap_err();
    assert_eq!(refused, AuthenticatorError::Unlock(OpenError::NoPresence));

    assert!(logs_in(&mut world, vpn, Activation::Pin(&pin), later(3)));
    let (new, other) = (Pin::choose(NEW, &PinPolicy::DEFAULT).unwrap(), SoftwarePresenceKey::from_bytes(&[9; 32]));
    let on = Relock { pin: Some(&new), presence: Some(&other), cost: cost() };
    rotate(&mut world, vpn, Activation::Pin(&pin), &on, later(4));
    one_changed(&world, &mut secrets);
    world.restart();
    assert_eq!(biometric(&world, vpn), Biometric::On);
    assert!(logs_in(&mut world, vpn, finger(&other), later(5)));
    assert!(logs_in(&mut world, vpn, Activation::Pin(&new), later(6)));
    assert!(world.device.passcode(vpn, finger(&key), later(7)).is_err(), "the earlier key opens it no more");
}

fn one_changed(world: &World, before: &mut Vec<Vec<u8>>) {
    let after = world.secrets();
    assert_eq!(after.iter().filter(|secret| !before.contains(secret)).count(), 1, "one secret is new");
    assert_eq!(before.iter().filter(|secret| !after.contains(secret)).count(), 1, "and one is gone");
    *before = after;
}

/// Without a login that was just approved, and with a wrong PIN, there is no ticket and so no place for the key.
#[test]
fn nothing_is_switched_without_the_servers_ticket() {
    let (mut world, key, vpn) = World::with_presence();
    let pin = entered(PIN);
    let off = Relock { pin: Some(&pin), presence: None, cost: cost() };
    let ask = |world: &mut World, how: Activation<'_>| {
        let (message, rotating) = world.device.rotate(vpn, how, NOW, &mut world.rng).unwrap();
        let reply = world.send(&message, NOW).unwrap();
        world.device.rotated(rotating, (&reply, &off), NOW, &mut world.rng).unwrap()
    };
    assert!(matches!(ask(&mut world, finger(&key)), Rotation::Refused(_)));
    assert!(logs_in(&mut world, vpn, finger(&key), NOW));
    assert!(matches!(
        ask(&mut world, Activation::Pin(&entered("271847"))),
        Rotation::TryAgain { left: 2, verification: UserVerification::Pin }
    ));
    assert_eq!(biometric(&world, vpn), Biometric::On);
    assert!(matches!(ask(&mut world, finger(&key)), Rotation::Locked { .. }), "the negative control");
    assert_eq!(biometric(&world, vpn), Biometric::Off, "the lock that counts, before it is confirmed");
}

/// A copy of the state from before: what the old lock yields, with its key and all, is not the token's secret any more.
#[test]
fn an_old_copy_with_its_key_is_worth_nothing() {
    let (mut world, key, vpn) = World::with_presence();
    let (copy, pin) = (world.storage.saved(), entered(PIN));
    assert!(logs_in(&mut world, vpn, finger(&key), NOW));
    let off = Relock { pin: Some(&pin), presence: None, cost: cost() };
    rotate(&mut world, vpn, finger(&key), &off, later(1));
    let (now, _) = world.device.passcode(vpn, Some(&pin), later(60)).unwrap();
    let keys = SoftwareKeys::from_bytes(&world.keys).into_device_keys();
    world.device = Authenticator::load(&copy, keys, world.storage.clone()).unwrap();
    let (old, _) = world.device.passcode(vpn, finger(&key), later(60)).unwrap();
    assert_ne!(old.expose(), now.expose());
    // What the person is told must not blame a PIN that nobody typed.
    let ways = [(finger(&key), UserVerification::Biometric), (Activation::Pin(&pin), UserVerification::Pin)];
    for (at, (how, typed)) in (61..).zip(ways) {
        let (outcome, started) = approve(&mut world, vpn, how, later(at));
        let Outcome::TryAgain { left: 2, verification, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!((verification, world.redeem(&started, later(at))), (typed, false));
    }
    assert_eq!(world.token(vpn).failures, 2);
}

/// One bit of a token's secret at the server is another one.
fn spoil(world: &mut World, token: TokenId) {
    let name = format!("secret/alice/{}/", data_encoding::HEXLOWER.encode(token.as_bytes()));
    let page = block_on(DynStore::scan(&*world.store, None, 100)).unwrap();
    let (key, stored) = page.into_iter().find(|(key, _)| key.as_bytes().starts_with(name.as_bytes())).unwrap();
    let kek = SoftwareKek::from_bytes(KEK);
    let mut plain = kek.open(key.as_bytes(), &stored.value).unwrap();
    plain[10] ^= 1;
    let sealed = kek.seal(key.as_bytes(), &plain, &mut world.rng).unwrap();
    let put = DynStore::put_if(&*world.store, &key, Expect::Version(stored.version), Some(&sealed), Hint::NONE);
    assert!(matches!(block_on(put).unwrap(), Cas::Won(_)));
}

/// A rotation that is not accepted after a finger blames no PIN either.
#[test]
fn a_rotation_says_how_the_token_was_unlocked() {
    let (mut world, key, vpn) = World::with_presence();
    let pin = entered(PIN);
    let relock = Relock { pin: Some(&pin), presence: None, cost: cost() };
    assert!(logs_in(&mut world, vpn, finger(&key), NOW));
    spoil(&mut world, vpn);
    let ways = [(finger(&key), UserVerification::Biometric), (Activation::Pin(&pin), UserVerification::Pin)];
    for (how, said) in ways {
        let (message, rotating) = world.device.rotate(vpn, how, NOW, &mut world.rng).unwrap();
        let reply = world.send(&message, NOW).unwrap();
        let told = world.device.rotated(rotating, (&reply, &relock), NOW, &mut world.rng).unwrap();
        let Rotation::TryAgain { verification, .. } = told else { panic!("{told:?}") };
        assert_eq!(verification, said);
    }
}

/// Two copies of the device answer one login, one by finger and one by PIN: one grant, and the other one learns of it.
#[test]
fn the_first_of_two_answers_counts() {
    let (mut world, key, vpn) = World::with_presence();
    let (prompt, started) = world.prompt(NOW);
    let keys = SoftwareKeys::from_bytes(&world.keys).into_device_keys();
    let mut twin = Authenticator::load(&world.first_state, keys, world.storage.clone()).unwrap();
    let pushotp::Incoming::Login(other) = twin.open(&started.pushes[0].envelope, NOW).unwrap() else { panic!() };
    let (number, pin) = (world.number(&started), entered(PIN));
    let first = world.device.approve(prompt, (vpn, &number, finger(&key)), NOW, &mut world.rng).unwrap();
    let second = twin.approve(other, (vpn, &number, Some(&pin)), NOW, &mut world.rng).unwrap();
    let reply = world.send(&second.0, NOW).unwrap();
    assert!(matches!(twin.finish(second.1, &reply, NOW).unwrap().outcome, Outcome::Accepted { .. }));
    let reply = world.send(&first.0, NOW).unwrap();
    let late = world.device.finish(first.1, &reply, NOW).unwrap().outcome;
    assert!(matches!(late, Outcome::Refused(Status::AlreadyAnswered)), "{late:?}");
    assert_eq!(world.state(&started, NOW), LoginState::Approved);
    assert!(world.redeem(&started, NOW) && !world.redeem(&started, NOW));
}

/// The state has the form that it had before there were presence keys: a lock is read by whoever knows blobs.
#[test]
fn the_state_has_the_same_form() {
    let (world, ..) = World::with_presence();
    for state in [World::new().first_state, world.first_state] {
        assert_eq!(state[..2], [0x8a, 0x01], "ten fields, format 1");
    }
}

#[test]
fn prints_no_secret() {
    let (mut world, key, vpn) = World::with_presence();
    let pin = entered(PIN);
    let mut log = Log { words: vec![PIN.into()], ..Log::default() };
    log.print((&key, finger(&key), Activation::Pin(&pin), Activation::from(None)));
    let (prompt, started) = world.prompt(NOW);
    let number = world.number(&started);
    log.words.push(number.clone());
    let stranger = SoftwarePresenceKey::from_bytes(&[0xd3; 32]);
    let not_sent = world.device.approve(prompt, (vpn, &number, finger(&stranger)), NOW, &mut world.rng).unwrap_err();
    log.print(&not_sent);
    log.fails(&not_sent);
    let (message, answering) =
        world.device.approve(*not_sent.prompt, (vpn, &number, finger(&key)), NOW, &mut world.rng).unwrap();
    log.words.push(world.code_in(&message));
    log.print(&answering);
    let reply = world.send(&message, NOW).unwrap();
    log.print(world.device.finish(answering, &reply, NOW).unwrap());
    let (message, rotating) = world.device.rotate(vpn, finger(&key), NOW, &mut world.rng).unwrap();
    let relock = Relock { pin: Some(&pin), presence: Some(&key), cost: cost() };
    log.print((&rotating, &relock));
    let reply = world.send(&message, NOW).unwrap();
    log.print(world.device.rotated(rotating, (&reply, &relock), NOW, &mut world.rng).unwrap());
    log.print((&world.device, world.device.tokens(), block_on(world.server.audit(&world.user))));
    for error in [PresenceError::Absent, PresenceError::Changed, PresenceError::Tampered, PresenceError::Unavailable] {
        log.fails(&AuthenticatorError::Unlock(OpenError::Presence(error)));
    }
    log.fails(&AuthenticatorError::PresenceForbidden);
    log.secrets.extend([key.expose().to_vec(), stranger.expose().to_vec(), world.storage.saved()]);
    log.secrets.extend(world.secrets());
    assert!(log.text.len() > 2_000 && log.secrets.len() == 14, "{} secrets", log.secrets.len());
    log.is_silent();
    assert!(world.logged(AuditKind::Approved));
}
