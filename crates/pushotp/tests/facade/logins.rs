use pollster::block_on;
use pushotp::{
    AuditEvent, AuditKind, AuthenticatorError, Incoming, LoginFailure, LoginRequest, LoginStart, LoginState,
    NumberMatching, Outcome, PushSwitch, ServerPolicy,
    wire::{
        device::Sending,
        message::Sent,
        signer::Ed25519Signer,
        terms::{Reason, Status},
    },
};

use crate::fixture::{NOW, PIN, World, later};

// protocol.md: SRV-2
#[test]
fn a_login_is_granted_once() {
    let mut world = World::new();
    let (prompt, started) = world.prompt(NOW);
    assert!(!world.redeem(&started, NOW), "nobody has approved");
    let number = world.number(&started);
    assert!(matches!(world.approve(prompt, (&number, PIN), later(5)), Outcome::Accepted { failures: 0 }));
    assert_eq!(world.state(&started, later(5)), LoginState::Approved);
    assert!(world.redeem(&started, later(6)));
    assert!(!world.redeem(&started, later(7)));
    assert_eq!(world.state(&started, later(7)), LoginState::Redeemed);
    assert!(world.logged(AuditKind::Redeemed));
}

// protocol.md: TIME-2
#[test]
fn an_approval_that_nobody_collects_is_gone_after_a_minute() {
    for (wait, granted) in [(60, true), (61, false)] {
        let mut world = World::new();
        let (prompt, started) = world.prompt(NOW);
        let number = world.number(&started);
        let _ = world.approve(prompt, (&number, PIN), NOW);
        assert_eq!(world.redeem(&started, later(wait)), granted);
    }
}

// protocol.md: SRV-6
#[test]
fn three_wrong_pins_end_the_login_and_ten_in_a_row_the_token() {
    let mut policy = ServerPolicy::default();
    policy.max_pushes = 99;
    let mut world = World::with(policy);
    let mut now = NOW;
    let mut wrong = 0;
    while !world.token(world.bank).disabled {
        now = now.saturating_add(core::time::Duration::from_secs(4_000));
        let (prompt, started) = world.prompt(now);
        let number = world.number(&started);
        let mut prompt = Some(prompt);
        while let Some(open) = prompt.take() {
            // A device would make its user wait, and then lock: an attacker with the blob does not.
            world.forget_attempts();
            wrong += 1;
            match world.approve(open, (&number, "271847"), now) {
                Outcome::TryAgain { prompt: again, left, .. } => {
                    assert!(left > 0);
                    prompt = (!world.token(world.bank).disabled).then_some(again);
                }
                Outcome::Refused(Status::Refused) => {
                    let state = world.state(&started, now);
                    assert_eq!(state, LoginState::Failed(LoginFailure::TooManyPasscodes));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(wrong, 10);
    assert!(world.logged(AuditKind::TokenDisabled));
    let (prompt, _) = world.prompt(now);
    assert!(prompt.tokens().iter().all(|token| token.id != world.bank), "a disabled token is not offered");
}

// protocol.md: NUM-5, CHK-5
#[test]
fn one_wrong_number_ends_the_login_and_counts_no_passcode() {
    let mut world = World::new();
    let (prompt, started) = world.prompt(NOW);
    let wrong = if world.number(&started) == "000000" { "000001" } else { "000000" };
    assert!(matches!(world.approve(prompt, (wrong, PIN), NOW), Outcome::Refused(Status::Refused)));
    assert_eq!(world.state(&started, NOW), LoginState::Failed(LoginFailure::WrongNumber));
    assert_eq!(world.token(world.bank).failures, 0);
    assert!(world.logged(AuditKind::WrongNumber));
}

#[test]
fn a_login_without_a_number_takes_none() {
    let mut world = World::new();
    let request = LoginRequest::new("Coffee machine").number_matching(NumberMatching::WeakerTapOnly);
    let start = block_on(world.server.start_login(&world.user, &request, NOW, &mut world.rng)).unwrap();
    let LoginStart::Started(started) = start else { panic!("{start:?}") };
    assert_eq!(world.number(&started), "");
    let Incoming::Login(prompt) = world.device.open(&started.pushes[0].envelope, NOW).unwrap() else { panic!() };
    assert_eq!(prompt.number_digits(), 0);
    let refused = world.device.approve(prompt, (world.mail, "1", None), NOW, &mut world.rng).unwrap_err();
    assert_eq!(refused.error, AuthenticatorError::Number);
    assert!(matches!(world.approve(*refused.prompt, ("", PIN), NOW), Outcome::Accepted { .. }));
    assert!(world.redeem(&started, NOW));
}

#[test]
fn a_number_of_another_length_costs_nothing() {
    let mut world = World::new();
    let (mut prompt, started) = world.prompt(NOW);
    let pin = pushotp::pin::Pin::entered(PIN).unwrap();
    for number in ["", "12345", "1234567", "12345a", "１２３４５６"] {
        let refused = world.device.approve(prompt, (world.bank, number, Some(&pin)), NOW, &mut world.rng).unwrap_err();
        assert_eq!(refused.error, AuthenticatorError::Number);
        prompt = *refused.prompt;
    }
    // Five tries would have made the user wait.
    let number = world.number(&started);
    assert!(matches!(world.approve(prompt, (&number, PIN), NOW), Outcome::Accepted { failures: 0 }));
}

// protocol.md: SRV-3
#[test]
fn the_same_approval_gets_the_same_verdict_and_grants_nothing_more() {
    let mut world = World::new();
    let (prompt, started) = world.prompt(NOW);
    let number = world.number(&started);
    let pin = pushotp::pin::Pin::entered(PIN).unwrap();
    let (message, answering) =
        world.device.approve(prompt, (world.bank, &number, Some(&pin)), NOW, &mut world.rng).unwrap();
    let first = world.send(&message, NOW).unwrap();
    assert!(world.redeem(&started, NOW));
    let second = world.send(&message, later(1)).unwrap();
    assert_ne!(first, second, "sealed anew");
    // The device takes either for the result of its message.
    assert!(matches!(world.device.finish(answering, &second, later(1)).unwrap().outcome, Outcome::Accepted { .. }));
    assert!(!world.redeem(&started, later(1)));
}

// protocol.md: MSG-13
#[test]
fn a_denial_can_be_reported_which_blocks_push() {
    let mut world = World::new();
    let (prompt, started) = world.prompt(NOW);
    let (message, denied) = world.device.deny(prompt, Reason::Unspecified, NOW, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    assert_eq!(world.device.denied(&denied, &reply, NOW), Ok(Status::Accepted));
    assert_eq!(world.state(&started, NOW), LoginState::Denied);
    assert!(denied.report_offered());
    let (message, reported) = world.device.report(denied, Reason::NotMe, NOW, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    assert_eq!(world.device.reported(&reported, &reply, NOW), Ok(Status::Accepted));
    assert_eq!(world.state(&started, NOW), LoginState::Reported);
    assert_eq!(world.token(world.bank).push, PushSwitch::Blocked);
    let request = LoginRequest::new("Intranet");
    let start = block_on(world.server.start_login(&world.user, &request, NOW, &mut world.rng)).unwrap();
    assert!(matches!(start, LoginStart::NoToken));
    block_on(world.server.set_push((&world.user, world.bank), true, NOW, &mut world.rng)).unwrap();
    assert_eq!(world.prompt(NOW).0.tokens().len(), 1);
}

#[test]
fn too_many_pushes_have_to_wait_and_a_success_frees_them() {
    let mut world = World::new();
    for _ in 0..4 {
        let _ = world.start(NOW);
    }
    let (prompt, started) = world.prompt(later(1));
    let request = LoginRequest::new("Intranet");
    let start = block_on(world.server.start_login(&world.user, &request, later(2), &mut world.rng)).unwrap();
    let LoginStart::TooMany { retry_at } = start else { panic!("{start:?}") };
    assert_eq!(retry_at, later(11));
    let number = world.number(&started);
    assert!(matches!(world.approve(prompt, (&number, PIN), later(3)), Outcome::Accepted { .. }));
    let _ = world.start(later(4));
}

// protocol.md: SRV-9
#[test]
fn a_new_login_withdraws_the_open_one() {
    let mut world = World::new();
    let (old, first) = world.prompt(NOW);
    let second = world.start(later(1));
    assert_eq!(world.state(&first, later(1)), LoginState::Cancelled);
    let withdrawn = second.pushes.iter().filter_map(|push| match world.device.open(&push.envelope, later(1)) {
        Ok(Incoming::Withdrawn(id)) => Some(id),
        _ => None,
    });
    assert_eq!(withdrawn.collect::<Vec<_>>(), [old.id()]);
    let number = world.number(&first);
    assert!(matches!(world.approve(old, (&number, PIN), later(2)), Outcome::Refused(Status::Cancelled)));
}

#[test]
fn what_was_not_pushed_can_be_fetched() {
    let mut world = World::new();
    let started = world.start(NOW);
    let (message, fetching) = world.device.fetch(NOW, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    let mut items = world.device.fetched(&fetching, &reply, NOW).unwrap();
    assert_eq!(items.len(), 1);
    let Ok(Incoming::Login(prompt)) = items.remove(0) else { panic!("not a login") };
    let number = world.number(&started);
    assert!(matches!(world.approve(prompt, (&number, PIN), NOW), Outcome::Accepted { .. }));
    // The list of another fetch is not taken.
    let (_, other) = world.device.fetch(NOW, &mut world.rng).unwrap();
    assert!(world.device.fetched(&other, &reply, NOW).is_err());
}

// protocol.md: CHK-1, ERR-1
#[test]
fn an_altered_approval_gets_the_one_reject_and_leaves_no_trace() {
    let mut world = World::new();
    let (prompt, started) = world.prompt(NOW);
    let number = world.number(&started);
    let pin = pushotp::pin::Pin::entered(PIN).unwrap();
    let (message, _) = world.device.approve(prompt, (world.bank, &number, Some(&pin)), NOW, &mut world.rng).unwrap();
    let before = block_on(world.server.audit(&world.user)).unwrap();
    for place in 0..message.len() {
        let mut altered = message.clone();
        altered[place] ^= 1;
        assert_eq!(world.send(&altered, NOW), None, "byte {place}");
    }
    assert_eq!(block_on(world.server.audit(&world.user)).unwrap(), before);
    assert_eq!(world.token(world.bank).failures, 0);
    assert!(world.send(&message, NOW).is_some());
    assert!(world.redeem(&started, NOW));
}

/// Who has the server's database has the channel's keys, and can seal; what is sealed so is refused, and is an incident.
// protocol.md: CHK-1, ERR-2
#[test]
fn a_message_without_the_devices_signature_is_an_incident() {
    let mut world = World::new();
    let thief = world.channel();
    let signer = Ed25519Signer::generate(&mut world.rng);
    let sent = Sent { at: NOW, sequence: 99 };
    let (message, _) = thief.fetch(&mut Sending { signer: &signer, rng: &mut world.rng, sent }).unwrap();
    for _ in 0..3 {
        assert_eq!(world.send(&message, NOW), None);
    }
    let incident = |event: &&AuditEvent| event.kind() == AuditKind::BadSignature;
    let events = block_on(world.server.audit(&world.user)).unwrap();
    assert_eq!(events.iter().filter(incident).count(), 1, "noted, and not once more each time");
    // The negative control: the same under the device's key.
    let signer = Ed25519Signer::from_bytes(world.keys.first_chunk().unwrap());
    let (message, _) = thief.fetch(&mut Sending { signer: &signer, rng: &mut world.rng, sent }).unwrap();
    assert!(world.send(&message, NOW).is_some());
}

/// What a long poll holds back, and takes again.
#[test]
fn only_a_fetch_that_found_nothing_is_idle() {
    let mut world = World::new();
    let is_idle = |world: &mut World, message: &[u8], now| {
        block_on(world.server.receive(message, now, &mut world.rng)).unwrap().is_idle()
    };
    let (fetch, _) = world.device.fetch(NOW, &mut world.rng).unwrap();
    assert!(is_idle(&mut world, &fetch, NOW) && is_idle(&mut world, &fetch, later(9)), "the same bytes again");
    assert!(!is_idle(&mut world, b"from a stranger", NOW));
    let (approval, _, _login) = world.approval(later(10));
    assert!(!is_idle(&mut world, &fetch, later(10)), "the login is open");
    assert!(!is_idle(&mut world, &approval, later(11)));
    assert!(is_idle(&mut world, &fetch, later(12)), "the login is over");
}

// protocol.md: TIME-1
#[test]
fn the_last_second_of_a_challenge_counts() {
    for (wait, accepted) in [(120, true), (121, false)] {
        let mut world = World::new();
        let (prompt, started) = world.prompt(NOW);
        let number = world.number(&started);
        let outcome = world.approve(prompt, (&number, PIN), later(wait));
        assert_eq!(matches!(outcome, Outcome::Accepted { .. }), accepted, "{wait} s: {outcome:?}");
        assert_eq!(matches!(outcome, Outcome::Refused(Status::Expired)), !accepted);
    }
}
