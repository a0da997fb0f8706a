//! Two tabs, a retry, a gateway that repeats itself: one login is open, and it is pushed once.

use pollster::block_on;
use pushotp::{
    Incoming, LoginRequest, LoginStart, LoginState, Outcome, PasscodeVerdict, ServerError, Started, WhileOpen,
    types::{TokenId, UnixTime},
    wire::terms::PasscodeKind,
};

use crate::{
    fixture::{NOW, World, later},
    races::race,
};

fn refusing() -> LoginRequest {
    LoginRequest::new("Intranet").while_open(WhileOpen::Refuse)
}

fn start(world: &mut World, request: &LoginRequest, now: UnixTime) -> LoginStart {
    block_on(world.server.start_login(&world.user, request, now, &mut world.rng)).unwrap()
}

fn started(world: &mut World, request: &LoginRequest, now: UnixTime) -> Started {
    match start(world, request, now) {
        LoginStart::Started(started) => started,
        other => panic!("{other:?}"),
    }
}

/// How many prompts the device fetches.
fn fetched(world: &mut World, now: UnixTime) -> usize {
    let (message, fetching) = world.device.fetch(now, &mut world.rng).unwrap();
    let reply = world.send(&message, now).unwrap();
    world.device.fetched(&fetching, &reply, now).unwrap().len()
}

#[test]
fn a_retry_pushes_nothing() {
    let mut world = World::new();
    let first = started(&mut world, &refusing(), NOW);
    let before = block_on(world.server.audit(&world.user)).unwrap();
    // Up to the last second, and however often: no throttling, no line in the log.
    for now in [NOW, later(1), later(60), later(120)] {
        for _ in 0..10 {
            let LoginStart::Open { expires } = start(&mut world, &refusing(), now) else { panic!() };
            assert_eq!(expires, first.expires);
        }
    }
    assert_eq!(block_on(world.server.audit(&world.user)).unwrap(), before);
    // The one that is open goes on.
    let Incoming::Login(prompt) = world.device.open(&first.pushes[0].envelope, later(120)).unwrap() else { panic!() };
    let number = world.number(&first);
    let sent = world.device.approve(prompt, (world.mail, &number, None), later(120), &mut world.rng).unwrap();
    let reply = world.send(&sent.0, later(120)).unwrap();
    assert!(matches!(world.device.finish(sent.1, &reply, later(120)).unwrap().outcome, Outcome::Accepted { .. }));
    assert!(world.redeem(&first, later(120)));
}

/// Over is over: answered, withdrawn or expired, the next one is pushed.
#[test]
fn a_login_that_is_over_refuses_none() {
    let mut world = World::new();
    let first = started(&mut world, &refusing(), NOW);
    let expired = later(121);
    let second = started(&mut world, &refusing(), expired);
    assert_eq!(world.state(&first, expired), LoginState::Expired);
    block_on(world.server.cancel_login(&second.ticket, expired, &mut world.rng)).unwrap();
    let third = started(&mut world, &refusing(), expired);
    let fourth = started(&mut world, &LoginRequest::new("Intranet"), expired);
    assert_eq!(world.state(&third, expired), LoginState::Cancelled, "superseded by one that says so");
    assert!(matches!(world.state(&fourth, expired), LoginState::Waiting { .. }));
}

/// Whatever is switched in between, no token and no device is ever asked by two logins at once.
#[test]
fn never_two_open_at_once() {
    let mut world = World::new();
    let switch = |world: &mut World, token: TokenId, on| {
        block_on(world.server.set_push((&world.user, token), on, NOW, &mut world.rng)).unwrap();
    };
    let (bank, mail) = (world.bank, world.mail);
    let mut all = Vec::new();
    for (off, on) in [(bank, mail), (mail, bank), (bank, mail)] {
        switch(&mut world, on, true);
        switch(&mut world, off, false);
        all.push(started(&mut world, &LoginRequest::new("Intranet"), NOW));
        assert!(matches!(start(&mut world, &refusing(), NOW), LoginStart::Open { .. }), "of whatever tokens");
        let open = all.iter().filter(|login| matches!(world.state(login, NOW), LoginState::Waiting { .. }));
        assert_eq!(open.count(), 1);
        assert_eq!(fetched(&mut world, NOW), 1);
    }
}

/// Eight servers at once: one pushes, and seven say that it is open.
#[test]
fn eight_tabs_push_once() {
    let world = World::new();
    let request = refusing();
    let told = race(&world, (1, false), |server, _, rng| block_on(server.start_login(&world.user, &request, NOW, rng)));
    let mut pushed = 0;
    for told in told {
        match told {
            Ok(LoginStart::Started(_)) => pushed += 1,
            Ok(LoginStart::Open { .. }) | Err(ServerError::Busy) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(pushed, 1);
    // The negative control: those that supersede are all told that they pushed.
    let world = World::new();
    let request = LoginRequest::new("Intranet");
    let told = race(&world, (1, false), |server, _, rng| block_on(server.start_login(&world.user, &request, NOW, rng)));
    assert!(told.iter().filter(|told| matches!(told, Ok(LoginStart::Started(_)))).count() > 1);
}

/// A step is used by whichever comes first, the login that is pushed or the passcode that is typed.
#[test]
fn a_step_is_used_by_push_or_by_typing() {
    let request = LoginRequest::new("VPN gateway").passcode(PasscodeKind::Totp);
    for typed_first in [true, false] {
        let mut world = World::new();
        let mail = world.mail;
        let login = started(&mut world, &request, NOW);
        let Incoming::Login(prompt) = world.device.open(&login.pushes[0].envelope, NOW).unwrap() else { panic!() };
        let number = world.number(&login);
        let (message, answering) = world.device.approve(prompt, (mail, &number, None), NOW, &mut world.rng).unwrap();
        let (code, _) = world.device.passcode(mail, None, NOW).unwrap();
        assert_eq!(world.code_in(&message), code.expose(), "the same digits both ways");
        let type_it =
            |world: &mut World| block_on(world.server.verify_passcode(&world.user, code.expose(), NOW, &mut world.rng));
        let approve = |world: &mut World| {
            let reply = world.send(&message, NOW).unwrap();
            world.device.finish(answering, &reply, NOW).unwrap().outcome
        };
        if typed_first {
            assert_eq!(type_it(&mut world).unwrap(), PasscodeVerdict::Accepted { token: mail });
            assert!(matches!(approve(&mut world), Outcome::TryAgain { .. }));
            assert!(!world.redeem(&login, NOW));
        } else {
            assert!(matches!(approve(&mut world), Outcome::Accepted { .. }));
            assert_eq!(type_it(&mut world).unwrap(), PasscodeVerdict::Replayed);
        }
    }
}

/// At the same moment, on servers that have all read the same record: four by push, four by typing, one gets in.
#[test]
fn eight_at_once_use_a_step_once() {
    let request = LoginRequest::new("VPN gateway").passcode(PasscodeKind::Totp);
    let mut world = World::new();
    let login = started(&mut world, &request, NOW);
    let Incoming::Login(prompt) = world.device.open(&login.pushes[0].envelope, NOW).unwrap() else { panic!() };
    let number = world.number(&login);
    let (message, _) = world.device.approve(prompt, (world.mail, &number, None), NOW, &mut world.rng).unwrap();
    let (code, _) = world.device.passcode(world.mail, None, NOW).unwrap();
    let typed = race(&world, (1, false), |server, number, rng| {
        if number % 2 == 0 {
            let _ = block_on(server.receive(&message, NOW, rng));
            return false;
        }
        matches!(
            block_on(server.verify_passcode(&world.user, code.expose(), NOW, rng)),
            Ok(PasscodeVerdict::Accepted { .. })
        )
    });
    let by_typing = typed.into_iter().filter(|accepted| *accepted).count();
    let by_push = usize::from(world.redeem(&login, NOW));
    assert_eq!(by_typing + by_push, 1, "{by_typing} typed, {by_push} pushed");
}
