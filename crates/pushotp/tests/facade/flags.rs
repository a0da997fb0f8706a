//! Cases 171, 172, 179: what a device says of its clock and its count decides nothing, and is noted.

use pollster::block_on;
use pushotp::{
    AuditKind,
    types::UnixTime,
    wire::terms::{Reason, Status},
};

use crate::fixture::{NOW, World, later};

/// Denies a login at a time of the device's clock; the server's is NOW.
fn deny(world: &mut World, clock: UnixTime) -> Vec<u8> {
    let (prompt, _) = world.prompt(NOW);
    let (message, denied) = world.device.deny(prompt, Reason::Unspecified, clock, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    assert_eq!(world.device.denied(&denied, &reply, NOW), Ok(Status::Accepted));
    message
}

fn fetch(world: &mut World, clock: UnixTime) {
    let (message, fetching) = world.device.fetch(clock, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    assert!(world.device.fetched(&fetching, &reply, NOW).is_ok());
}

fn lines(world: &World, kind: AuditKind) -> usize {
    let events = block_on(world.server.audit(&world.user)).unwrap();
    events.iter().filter(|event| event.kind() == kind).count()
}

// protocol.md: MSG-12, TIME-6
#[test]
fn a_clock_that_is_off() {
    let mut world = World::new();
    for clock in [NOW, later(300), UnixTime::from_secs(NOW.as_secs() - 300)] {
        fetch(&mut world, clock);
        let _ = deny(&mut world, clock);
    }
    assert_eq!(lines(&world, AuditKind::ClockOff), 0);
    for _ in 0..3 {
        fetch(&mut world, later(301));
        fetch(&mut world, UnixTime::from_secs(NOW.as_secs() - 301));
    }
    assert_eq!(lines(&world, AuditKind::ClockOff), 1, "noted, and not once more each time");
    let _ = deny(&mut world, later(86_400));
    assert_eq!(lines(&world, AuditKind::ClockOff), 2);
}

// protocol.md: MSG-11, MSG-12, TIME-6
#[test]
fn a_count_that_goes_back() {
    let mut world = World::new();
    let message = deny(&mut world, NOW);
    let _ = deny(&mut world, NOW);
    assert!(world.send(&message, NOW).is_some(), "the same bytes again");
    assert_eq!(lines(&world, AuditKind::SequenceRepeated), 0);
    // A copy of the device's files from the day of its enrolment.
    world.forget_attempts();
    let _ = deny(&mut world, NOW);
    assert_eq!(lines(&world, AuditKind::SequenceRepeated), 1);
}
