use pollster::block_on;
use pushotp::{AuditKind, PasscodeVerdict, ServerPolicy, types::UnixTime};

use crate::fixture::{NOW, World, later};

fn verify(world: &mut World, typed: &str, now: UnixTime) -> PasscodeVerdict {
    block_on(world.server.verify_passcode(&world.user, typed, now, &mut world.rng)).unwrap()
}

// protocol.md: PASS-4
#[test]
fn a_typed_passcode_is_accepted_once() {
    let mut world = World::new();
    let (code, until) = world.device.passcode(world.mail, None, NOW).unwrap();
    assert_eq!(until, later(29 - NOW.as_secs() % 30));
    let token = world.mail;
    assert_eq!(verify(&mut world, code.expose(), NOW), PasscodeVerdict::Accepted { token });
    for _ in 0..20 {
        assert_eq!(verify(&mut world, code.expose(), later(1)), PasscodeVerdict::Replayed);
    }
    let events = block_on(world.server.audit(&world.user)).unwrap();
    let replays = events.iter().filter(|event| event.kind() == AuditKind::PasscodeReplayed);
    assert_eq!(replays.count(), 1, "who repeats it does not push the other events out");
    let (next, _) = world.device.passcode(world.mail, None, later(30)).unwrap();
    assert_eq!(verify(&mut world, next.expose(), later(30)), PasscodeVerdict::Accepted { token });
}

#[test]
fn a_passcode_of_an_earlier_step_is_refused_after_a_later_one() {
    let mut world = World::new();
    let (early, _) = world.device.passcode(world.mail, None, NOW).unwrap();
    let (late, _) = world.device.passcode(world.mail, None, later(30)).unwrap();
    let token = world.mail;
    assert_eq!(verify(&mut world, late.expose(), later(30)), PasscodeVerdict::Accepted { token });
    assert_eq!(verify(&mut world, early.expose(), later(30)), PasscodeVerdict::Replayed);
}

#[test]
fn wrong_ones_are_counted_until_the_token_is_disabled() {
    let mut world = World::new();
    let (right, _) = world.device.passcode(world.mail, None, NOW).unwrap();
    let wrong = if right.expose() == "00000000" { "00000001" } else { "00000000" };
    for typed in [wrong, "", "0000000", "000000000", "０００００００0", "abcdefgh", wrong, wrong, wrong, wrong] {
        assert_eq!(verify(&mut world, typed, NOW), PasscodeVerdict::Refused);
    }
    assert!(world.token(world.mail).disabled);
    assert_eq!(verify(&mut world, right.expose(), NOW), PasscodeVerdict::NoToken);
}

/// Right ones in between lift the count of those in a row, not this one; a day forgets one.
// protocol.md: SRV-6
#[test]
fn the_thirtieth_of_a_month_disables_the_token() {
    let mut policy = ServerPolicy::default();
    policy.max_consecutive_failures = u8::MAX;
    let mut world = World::with(policy);
    let wrong = |world: &mut World, times: usize, now| {
        for _ in 0..times {
            assert_eq!(verify(world, "", now), PasscodeVerdict::Refused);
        }
    };
    wrong(&mut world, 29, NOW);
    let (code, _) = world.device.passcode(world.mail, None, NOW).unwrap();
    let token = world.mail;
    assert_eq!(verify(&mut world, code.expose(), NOW), PasscodeVerdict::Accepted { token });
    assert_eq!(world.token(token).failures, 0);
    wrong(&mut world, 1, later(24 * 60 * 60));
    assert!(!world.token(token).disabled);
    wrong(&mut world, 1, later(24 * 60 * 60));
    assert!(world.token(token).disabled);
}

#[test]
fn a_token_that_does_not_permit_it_is_not_typed() {
    let mut world = World::new();
    assert!(world.token(world.mail).typed_by_hand && !world.token(world.bank).typed_by_hand);
    let pin = pushotp::pin::Pin::entered(crate::fixture::PIN).unwrap();
    let (code, _) = world.device.passcode(world.bank, Some(&pin), NOW).unwrap();
    assert_eq!(verify(&mut world, code.expose(), NOW), PasscodeVerdict::Refused);
}
