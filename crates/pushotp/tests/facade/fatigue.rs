//! Pushes without a success: five, then at a spacing that doubles; who knocks on costs no writes.

use pollster::block_on;
use pushotp::{
    AuditEvent, AuditKind, Incoming, LoginRequest, LoginStart, Outcome, PasscodeVerdict,
    pin::Pin,
    store::{DynStore, Key, Version},
    types::UnixTime,
    wire::terms::{Reason, Status},
};

use crate::fixture::{NOW, PIN, World, later};

/// `None` if it was pushed, else when to try again.
fn knock(world: &mut World, now: UnixTime) -> Option<UnixTime> {
    let request = LoginRequest::new("Intranet");
    match block_on(world.server.start_login(&world.user, &request, now, &mut world.rng)).unwrap() {
        LoginStart::Started(_) => None,
        LoginStart::TooMany { retry_at } => Some(retry_at),
        other => panic!("{other:?}"),
    }
}

/// The version of the account: who writes it changes it.
fn version(world: &World) -> Version {
    let key = Key::new("account/alice").unwrap();
    block_on(DynStore::get(&*world.store, &key)).unwrap().unwrap().version
}

fn lines(world: &World, kind: AuditKind) -> usize {
    let events = block_on(world.server.audit(&world.user)).unwrap();
    events.iter().map(AuditEvent::kind).filter(|seen| *seen == kind).count()
}

fn verify(world: &mut World, typed: &str, now: UnixTime) -> PasscodeVerdict {
    block_on(world.server.verify_passcode(&world.user, typed, now, &mut world.rng)).unwrap()
}

/// Five as fast as anybody asks for them.
fn five(world: &mut World, now: UnixTime) {
    for _ in 0..5 {
        assert_eq!(knock(world, now), None);
    }
}

#[test]
fn five_pushes_then_a_spacing_that_doubles() {
    let mut world = World::new();
    five(&mut world, NOW);
    let mut last = 0;
    for spacing in [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600, 3_600] {
        assert_eq!(knock(&mut world, later(last)), Some(later(last + spacing)), "at once");
        assert_eq!(knock(&mut world, later(last + spacing - 1)), Some(later(last + spacing)), "a second early");
        assert_eq!(knock(&mut world, later(last + spacing)), None, "{spacing}");
        last += spacing;
    }
}

/// Hours without a push give back a push each, up to the five.
#[test]
fn an_hour_forgets_one() {
    let mut world = World::new();
    five(&mut world, NOW);
    assert_eq!(knock(&mut world, later(2 * 3_600)), None);
    assert_eq!(knock(&mut world, later(2 * 3_600)), None);
    assert_eq!(knock(&mut world, later(2 * 3_600)), Some(later(2 * 3_600 + 10)));
    five(&mut world, later(100 * 3_600));
    assert!(knock(&mut world, later(100 * 3_600)).is_some());
}

#[test]
fn an_approval_or_a_typed_passcode_sets_it_back() {
    for typed in [false, true] {
        let mut world = World::new();
        five(&mut world, NOW);
        assert!(knock(&mut world, later(9)).is_some());
        if typed {
            let (code, _) = world.device.passcode(world.mail, None, later(9)).unwrap();
            assert!(matches!(verify(&mut world, code.expose(), later(9)), PasscodeVerdict::Accepted { .. }));
        } else {
            let (prompt, started) = world.prompt(later(10));
            let number = world.number(&started);
            assert!(knock(&mut world, later(10)).is_some());
            assert!(matches!(world.approve(prompt, (&number, PIN), later(10)), Outcome::Accepted { .. }));
        }
        five(&mut world, later(10));
        assert!(knock(&mut world, later(10)).is_some());
    }
}

/// Whatever becomes of a push, it has rung: superseded, cancelled, denied, answered with a wrong PIN.
#[test]
fn every_push_counts_but_those_of_a_success() {
    let mut world = World::new();
    let superseded = world.start(NOW);
    let cancelled = world.start(NOW);
    block_on(world.server.cancel_login(&cancelled.ticket, NOW, &mut world.rng)).unwrap();
    assert!(!world.redeem(&superseded, NOW));
    let (prompt, _) = world.prompt(NOW);
    let (message, denied) = world.device.deny(prompt, Reason::Unspecified, NOW, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    assert_eq!(world.device.denied(&denied, &reply, NOW), Ok(Status::Accepted));
    assert!(matches!(world.approve_with(world.bank, Some("271847"), NOW), Outcome::TryAgain { .. }));
    assert_eq!(verify(&mut world, "wrong", NOW), PasscodeVerdict::Refused);
    assert_eq!(knock(&mut world, NOW), None);
    assert_eq!(knock(&mut world, NOW), Some(later(10)), "that were five");
}

/// Who knocks on is noted once after each push, whatever else is logged in between; and nothing else is written.
#[test]
fn a_refused_push_writes_one_line_at_most() {
    let mut world = World::new();
    five(&mut world, NOW);
    for second in 1..10 {
        let before = version(&world);
        assert!(knock(&mut world, later(second)).is_some());
        assert_eq!(version(&world) == before, second > 1, "second {second}");
        if second < 9 {
            assert_eq!(verify(&mut world, "wrong", later(second)), PasscodeVerdict::Refused);
        }
    }
    assert_eq!(lines(&world, AuditKind::PushThrottled), 1);
    assert_eq!(knock(&mut world, later(10)), None);
    for second in [10, 11, 12] {
        assert!(knock(&mut world, later(second)).is_some());
    }
    assert_eq!(lines(&world, AuditKind::PushThrottled), 2);
    // Nor if the clock of the server that is asked is behind.
    let before = version(&world);
    for _ in 0..3 {
        assert!(knock(&mut world, later(5)).is_some());
    }
    assert_eq!(version(&world), before);
}

/// Nor does hammering with passcodes, once the limit is reached: the account is as it was.
#[test]
fn a_disabled_token_writes_nothing() {
    let mut world = World::new();
    let before = version(&world);
    let mut written = 0;
    for try_number in 0..50 {
        let was = version(&world);
        let verdict = verify(&mut world, "wrong", later(try_number));
        written += usize::from(version(&world) != was);
        assert_eq!(verdict == PasscodeVerdict::NoToken, try_number >= 10);
    }
    assert_eq!(written, 10);
    assert_ne!(version(&world), before);
    let (right, _) = world.device.passcode(world.mail, None, later(60)).unwrap();
    let was = version(&world);
    assert_eq!(verify(&mut world, right.expose(), later(60)), PasscodeVerdict::NoToken);
    assert_eq!(version(&world), was);
}

/// Nor do approvals with a token that was disabled while the login was open.
#[test]
fn approvals_with_a_disabled_token_write_nothing() {
    let mut world = World::new();
    let wrong = Pin::entered("271847").unwrap();
    for day in 1..10 {
        world.forget_attempts();
        let outcome = world.approve_with(world.bank, Some("271847"), later(day * 86_400));
        assert!(matches!(outcome, Outcome::TryAgain { .. }), "{outcome:?}");
    }
    let now = later(10 * 86_400);
    let started = world.start(now);
    let number = world.number(&started);
    let messages: Vec<Vec<u8>> = (0..3)
        .map(|_| {
            world.forget_attempts();
            let opened = world.device.open(&started.pushes[0].envelope, now).unwrap();
            let Incoming::Login(prompt) = opened else { panic!("{opened:?}") };
            world.device.approve(prompt, (world.bank, &number, Some(&wrong)), now, &mut world.rng).unwrap().0
        })
        .collect();
    for (message, writes) in messages.iter().zip([true, false, false]) {
        let was = version(&world);
        assert!(world.send(message, now).is_some());
        assert_eq!(version(&world) != was, writes);
        assert!(world.token(world.bank).disabled);
    }
}
