//! What a device tells of itself: its address, its name, its switches.

use pollster::block_on;
use pushotp::{
    AuditKind, AuthenticatorError, DeviceUpdate, LoginRequest, LoginStart, PushSwitch,
    types::TokenId,
    wire::{
        Error as WireError,
        terms::{PushAddress, PushKind, Status},
    },
};

use crate::fixture::{NOW, World, later};

/// An update, sent and finished.
fn update(world: &mut World, update: &DeviceUpdate) -> Status {
    let (message, updating) = world.device.update(update, NOW, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    world.device.updated(&updating, &reply, NOW).unwrap()
}

fn address(text: &str) -> PushAddress {
    PushAddress::new(PushKind::WebPush, text.as_bytes().to_vec()).unwrap()
}

fn pushed_to(world: &mut World, now: pushotp::types::UnixTime) -> PushAddress {
    world.start(now).pushes.pop().unwrap().address
}

#[test]
fn a_new_address_is_pushed_to_and_the_old_one_is_gone() {
    let mut world = World::new();
    let before = world.stored();
    assert_eq!(pushed_to(&mut world, NOW), PushAddress::POLL);
    assert_eq!(update(&mut world, &DeviceUpdate::new().address(address("one"))), Status::Accepted);
    assert_eq!(pushed_to(&mut world, later(1)), address("one"));
    assert_eq!(update(&mut world, &DeviceUpdate::new().address(address("two")).name("new phone")), Status::Accepted);
    assert_eq!(pushed_to(&mut world, later(2)), address("two"));
    assert_eq!(world.stored(), before, "one address is stored");
    assert!(world.logged(AuditKind::DeviceUpdated));
}

/// HPKE does not stop a replay: a frame that was held back must not bring the old address back.
// protocol.md: ROT-5
#[test]
fn a_frame_that_was_held_back_changes_nothing() {
    let mut world = World::new();
    let (held, waits) = world.device.update(&DeviceUpdate::new().address(address("old")), NOW, &mut world.rng).unwrap();
    assert_eq!(update(&mut world, &DeviceUpdate::new().address(address("new"))), Status::Accepted);
    let before = world.stored();
    let reply = world.send(&held, NOW).unwrap();
    assert_eq!(world.device.updated(&waits, &reply, NOW).unwrap(), Status::AlreadyAnswered);
    assert_eq!(pushed_to(&mut world, later(1)), address("new"));
    assert_eq!(world.stored(), before, "what came with it is not kept");
}

// protocol.md: ROT-5
#[test]
fn the_same_bytes_get_the_same_verdict_and_change_nothing_twice() {
    let mut world = World::new();
    let (message, waits) =
        world.device.update(&DeviceUpdate::new().push(world.mail, false), NOW, &mut world.rng).unwrap();
    world.send(&message, NOW).unwrap();
    let wish = DeviceUpdate::new().push(world.mail, true);
    assert_eq!(update(&mut world, &wish), Status::Accepted);
    let reply = world.send(&message, NOW).unwrap();
    assert_eq!(world.device.updated(&waits, &reply, NOW).unwrap(), Status::Accepted);
    assert_eq!(world.token(world.mail).push, PushSwitch::On, "told again, not done again");
}

#[test]
fn the_user_mutes_a_token_and_nobody_asks_about_it() {
    let mut world = World::new();
    let wish = DeviceUpdate::new().push(world.mail, false);
    assert_eq!(update(&mut world, &wish), Status::Accepted);
    assert_eq!(world.token(world.mail).push, PushSwitch::Muted);
    assert!(world.logged(AuditKind::PushMuted));
    let (prompt, _) = world.prompt(NOW);
    assert_eq!(prompt.tokens().iter().map(|token| token.id).collect::<Vec<TokenId>>(), [world.bank]);

    let wish = DeviceUpdate::new().push(world.bank, false);
    assert_eq!(update(&mut world, &wish), Status::Accepted);
    let start = block_on(world.server.start_login(&world.user, &LoginRequest::new("Intranet"), NOW, &mut world.rng));
    assert!(matches!(start, Ok(LoginStart::NoToken)));

    let both = DeviceUpdate::new().push(world.bank, true).push(world.mail, true);
    assert_eq!(update(&mut world, &both), Status::Accepted);
    assert_eq!(world.prompt(later(1)).0.tokens().len(), 2);
}

/// The wish of the device's user lifts nothing that somebody else switched off, and then nothing of it is done.
// protocol.md: ROT-6
#[test]
fn a_device_lifts_no_block() {
    let mut world = World::new();
    block_on(world.server.set_push((&world.user, world.bank), false, NOW, &mut world.rng)).unwrap();
    let both = DeviceUpdate::new().push(world.bank, true).push(world.mail, false).name("other");
    assert_eq!(update(&mut world, &both), Status::Refused);
    assert_eq!(world.token(world.bank).push, PushSwitch::Off);
    assert_eq!(world.token(world.mail).push, PushSwitch::On);
    assert!(world.device.tokens().iter().all(|token| token.push), "and the device keeps its switches");
    assert!(!world.logged(AuditKind::DeviceUpdated));
    // Off is always possible.
    let wish = DeviceUpdate::new().push(world.bank, false);
    assert_eq!(update(&mut world, &wish), Status::Accepted);
}

#[test]
fn an_update_must_say_something_about_tokens_of_this_device() {
    let mut world = World::new();
    let refused = world.device.update(&DeviceUpdate::new(), NOW, &mut world.rng).unwrap_err();
    assert_eq!(refused, AuthenticatorError::Message(WireError::Field("update")));
    let stranger = DeviceUpdate::new().push(TokenId::from_bytes([9; 16]), false);
    assert_eq!(world.device.update(&stranger, NOW, &mut world.rng).unwrap_err(), AuthenticatorError::NoToken);
    let twice = DeviceUpdate::new().push(world.mail, false).push(world.mail, true);
    let refused = world.device.update(&twice, NOW, &mut world.rng).unwrap_err();
    assert_eq!(refused, AuthenticatorError::Message(WireError::Field("push")));
}
