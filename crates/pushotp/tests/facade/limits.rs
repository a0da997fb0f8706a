//! The defaults of the policy, each at its boundary.
//!
//! Both sides of these are shown elsewhere:
//! * a challenge's 120 s: `logins::the_last_second_of_a_challenge_counts`;
//! * 60 s to collect an approval: `logins::an_approval_that_nobody_collects_is_gone_after_a_minute`;
//! * 30 wrong passcodes in 30 days: `passcodes::the_thirtieth_of_a_month_disables_the_token`;
//! * 5 pushes, then 10 s doubling to 1 h: `fatigue::five_pushes_then_a_spacing_that_doubles`;
//! * an offer's 10 minutes and single use: `protocol::the_last_second_of_an_offer_counts`,
//!   `restarts::an_offer_enrols_one_device`;
//! * that a device lifts no block: `updates::a_device_lifts_no_block`;
//! * five devices: `device_limit::five_devices_are_the_most`; sixteen tokens: `imports::sixteen_tokens_are_the_most`;
//! * 600 s to rotate after an approval: `rotations::without_a_recent_approval_nothing_is_judged`.

use core::time::Duration;
use std::thread;

use pollster::block_on;
use pushotp::{
    AuditKind, Incoming, LoginRequest, LoginStart, LoginState, Outcome, PasscodeVerdict, PushSwitch, ServerError,
    ServerPolicy, Started,
    types::UnixTime,
    wire::terms::{Reason, Status},
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::fixture::{NOW, PIN, World, cost, later};

const WRONG: &str = "271847";
const DAY: u64 = 24 * 60 * 60;

/// A policy with one limit changed.
fn with(change: impl FnOnce(&mut ServerPolicy)) -> ServerPolicy {
    let mut policy = ServerPolicy::default();
    change(&mut policy);
    policy
}

#[test]
fn the_defaults_are_those_of_the_documents() {
    let policy = ServerPolicy::default();
    assert_eq!(policy.challenge_life, Duration::from_secs(120));
    assert_eq!(policy.offer_life, Duration::from_secs(10 * 60));
    assert_eq!(policy.number_digits, 6);
    assert_eq!((policy.max_consecutive_failures, policy.max_monthly_failures), (10, 30));
    assert_eq!(policy.max_pushes, 5);
    assert_eq!((policy.push_spacing, policy.max_push_spacing), (Duration::from_secs(10), Duration::from_secs(3_600)));
    assert!(policy.report_blocks_push);
}

// protocol.md: TIME-1
#[test]
fn a_challenge_lives_one_second_to_ten_minutes() {
    for (life, starts) in [(0, false), (1, true), (600, true), (601, false)] {
        let mut world = World::with(with(|policy| policy.challenge_life = Duration::from_secs(life)));
        let request = LoginRequest::new("Intranet");
        let start = block_on(world.server.start_login(&world.user, &request, NOW, &mut world.rng));
        assert_eq!(start.is_ok(), starts, "{life} s: {start:?}");
        let Ok(LoginStart::Started(started)) = start else { continue };
        assert_eq!(world.state(&started, later(life)), LoginState::Waiting { expires: later(life) });
        assert_eq!(world.state(&started, later(life + 1)), LoginState::Expired);
    }
}

// protocol.md: NUM-5
#[test]
fn a_second_number_is_not_looked_at() {
    for wrong_first in [false, true] {
        let mut world = World::new();
        let (prompt, started) = world.prompt(NOW);
        let number = world.number(&started);
        if wrong_first {
            let wrong = if number == "000000" { "000001" } else { "000000" };
            assert!(matches!(world.approve(prompt, (wrong, PIN), NOW), Outcome::Refused(Status::Refused)));
            world.forget_attempts();
            let Incoming::Login(prompt) = world.device.open(&started.pushes[0].envelope, NOW).unwrap() else {
                panic!()
            };
            assert!(matches!(world.approve(prompt, (&number, PIN), NOW), Outcome::Refused(Status::Refused)));
        } else {
            assert!(matches!(world.approve(prompt, (&number, PIN), NOW), Outcome::Accepted { .. }));
        }
        assert_eq!(world.redeem(&started, NOW), !wrong_first);
    }
}

/// So many wrong PINs at one challenge, then the right one: whether it is accepted.
fn right_after(wrong: usize) -> bool {
    let mut world = World::new();
    let (_, started) = world.prompt(NOW);
    let number = world.number(&started);
    let mut answer = |pin: &str| {
        world.forget_attempts();
        let Incoming::Login(prompt) = world.device.open(&started.pushes[0].envelope, NOW).unwrap() else { panic!() };
        matches!(world.approve(prompt, (&number, pin), NOW), Outcome::Accepted { .. })
    };
    for _ in 0..wrong {
        assert!(!answer(WRONG));
    }
    answer(PIN)
}

// protocol.md: SRV-6
#[test]
fn three_passcodes_for_a_challenge() {
    assert!(right_after(0) && right_after(2));
    assert!(!right_after(3), "the third was the last");
}

/// So many wrong PINs on as many days.
fn wrong_days(world: &mut World, days: std::ops::Range<u64>) {
    for day in days {
        world.forget_attempts();
        let outcome = world.approve_with(world.bank, Some(WRONG), later(day * DAY));
        assert!(matches!(outcome, Outcome::TryAgain { .. }), "day {day}: {outcome:?}");
    }
}

// protocol.md: SRV-6
#[test]
fn the_tenth_wrong_passcode_in_a_row_disables_the_token() {
    let mut world = World::new();
    wrong_days(&mut world, 1..10);
    assert_eq!((world.token(world.bank).failures, world.token(world.bank).disabled), (9, false));
    world.forget_attempts();
    world.log_in(world.bank, later(10 * DAY));
    assert_eq!(world.token(world.bank).failures, 0, "a success between them");
    wrong_days(&mut world, 11..21);
    assert!(world.token(world.bank).disabled);
}

/// After so many logins: what the device is asked about, and how many of them wait.
fn open_ones(world: &mut World, logins: &[Started]) -> (usize, usize) {
    let (message, fetching) = world.device.fetch(NOW, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    let items = world.device.fetched(&fetching, &reply, NOW).unwrap();
    let waiting = logins.iter().filter(|login| {
        // One that is long over is not kept.
        matches!(block_on(world.server.login_state(&login.ticket, NOW)), Ok(LoginState::Waiting { .. }))
    });
    (items.len(), waiting.count())
}

/// At most one open challenge per token and three per device: the account never has more than one.
// protocol.md: SRV-9
#[test]
fn there_is_one_open_challenge() {
    let mut world = World::with(with(|policy| policy.max_pushes = 99));
    let mut logins = Vec::new();
    assert_eq!(open_ones(&mut world, &logins), (0, 0));
    for _ in 0..10 {
        logins.push(world.start(NOW));
        assert_eq!(open_ones(&mut world, &logins), (1, 1));
    }
}

/// Nor of pages that ask at the same time, at servers of their own.
// protocol.md: SRV-9
#[test]
fn there_is_one_open_challenge_whoever_asks() {
    let mut world = World::new();
    let servers: Vec<_> = (0..4).map(|_| world.server_on(world.store.clone())).collect();
    let (user, request) = (&world.user, &LoginRequest::new("Intranet"));
    let logins: Vec<Started> = thread::scope(|scope| {
        let pages = servers.iter().zip(70..).map(|(server, seed)| {
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            scope.spawn(move || block_on(server.start_login(user, request, NOW, &mut rng)))
        });
        let pages: Vec<_> = pages.collect();
        pages
            .into_iter()
            .filter_map(|page| match page.join().unwrap() {
                Ok(LoginStart::Started(started)) => Some(started),
                Err(ServerError::Busy) => None,
                other => panic!("{other:?}"),
            })
            .collect()
    });
    assert!(!logins.is_empty());
    assert_eq!(open_ones(&mut world, &logins), (1, 1));
}

// protocol.md: ENR-3
#[test]
fn an_enrolment_is_confirmed_within_ten_minutes() {
    for (wait, counts) in [(600, true), (601, false)] {
        let mut world = World::new();
        let token = pushotp::NewToken::new("VPN");
        block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng)).unwrap();
        let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
        let keys = pushotp::SoftwareKeys::generate(&mut world.rng).into_device_keys();
        let push = pushotp::wire::terms::PushAddress::POLL;
        let setup = pushotp::DeviceSetup { name: "tablet".into(), push, keys };
        let (request, _) = pushotp::Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap();
        assert!(world.send(&request, NOW).is_some());
        let enrolment = (&world.user, offer.enrolment);
        let confirmed = block_on(world.server.confirm_enrolment(enrolment, true, later(wait), &mut world.rng));
        assert_eq!(confirmed.is_ok(), counts, "{wait} s: {confirmed:?}");
        assert!(counts || matches!(confirmed, Err(ServerError::NoEnrolment)));
    }
}

/// A typed passcode counts in its own step, and in one before and after.
#[test]
fn one_step_on_either_side() {
    let step = later(3_000);
    assert_eq!(step.as_secs() % 30, 0);
    for (from_step, accepted) in [(-31, false), (-30, true), (0, true), (29, true), (59, true), (60, false)] {
        let mut world = World::new();
        let (code, _) = world.device.passcode(world.mail, None, step).unwrap();
        let now = UnixTime::from_secs(step.as_secs().saturating_add_signed(from_step));
        let verdict = block_on(world.server.verify_passcode(&world.user, code.expose(), now, &mut world.rng)).unwrap();
        let right = PasscodeVerdict::Accepted { token: world.mail };
        assert_eq!(verdict, if accepted { right } else { PasscodeVerdict::Refused }, "{from_step} s");
    }
}

/// A login that is denied and reported.
fn report(world: &mut World) {
    let (prompt, _) = world.prompt(NOW);
    let (message, denied) = world.device.deny(prompt, Reason::Unspecified, NOW, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    assert_eq!(world.device.denied(&denied, &reply, NOW), Ok(Status::Accepted));
    let (message, reported) = world.device.report(denied, Reason::NotMe, NOW, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    assert_eq!(world.device.reported(&reported, &reply, NOW), Ok(Status::Accepted));
}

// protocol.md: MSG-13
#[test]
fn a_report_blocks_push_until_a_person_lifts_it() {
    let start = |world: &mut World, now| {
        let request = LoginRequest::new("Intranet");
        block_on(world.server.start_login(&world.user, &request, now, &mut world.rng)).unwrap()
    };
    let mut world = World::new();
    report(&mut world);
    let years = later(10 * 365 * DAY);
    assert!(matches!(start(&mut world, years), LoginStart::NoToken), "time does not");
    let (code, _) = world.device.passcode(world.mail, None, years).unwrap();
    let typed = block_on(world.server.verify_passcode(&world.user, code.expose(), years, &mut world.rng)).unwrap();
    assert_eq!(typed, PasscodeVerdict::Accepted { token: world.mail }, "typing is not blocked");
    assert!(matches!(start(&mut world, years), LoginStart::NoToken), "a success does not");
    block_on(world.server.set_push((&world.user, world.mail), true, years, &mut world.rng)).unwrap();
    assert_eq!(world.token(world.bank).push, PushSwitch::Blocked, "each for itself");
    assert!(matches!(start(&mut world, years), LoginStart::Started(_)));
    // And not at all where the policy says so.
    let mut world = World::with(with(|policy| policy.report_blocks_push = false));
    report(&mut world);
    assert!(matches!(start(&mut world, NOW), LoginStart::Started(_)));
    assert!(
        world.logged(AuditKind::Reported) && !world.logged(AuditKind::PushBlocked),
        "it is in the log all the same"
    );
    // A denial alone blocks nothing.
    let mut world = World::new();
    let (prompt, _) = world.prompt(NOW);
    let (message, _) = world.device.deny(prompt, Reason::NotMe, NOW, &mut world.rng).unwrap();
    assert!(world.send(&message, NOW).is_some());
    assert!(matches!(start(&mut world, NOW), LoginStart::Started(_)));
    assert!(!world.logged(AuditKind::Reported));
}

/// A denied login is kept so long, also if another one is started.
// protocol.md: MSG-13
#[test]
fn a_denial_can_be_reported_for_ten_minutes_after_its_challenge() {
    for (wait, accepted) in [(720, Status::Accepted), (721, Status::Expired)] {
        let mut world = World::with(with(|policy| policy.report_blocks_push = false));
        let (prompt, started) = world.prompt(NOW);
        let (message, denied) = world.device.deny(prompt, Reason::Unspecified, NOW, &mut world.rng).unwrap();
        assert!(world.send(&message, NOW).is_some());
        if accepted == Status::Accepted {
            world.start(later(wait));
        }
        let (message, reported) = world.device.report(denied, Reason::NotMe, later(wait), &mut world.rng).unwrap();
        let reply = world.send(&message, later(wait)).unwrap();
        assert_eq!(world.device.reported(&reported, &reply, later(wait)), Ok(accepted), "{wait} s");
        assert_eq!(world.state(&started, later(wait)) == LoginState::Reported, accepted == Status::Accepted);
        // And not a second longer.
        world.start(later(721));
        let told = block_on(world.server.login_state(&started.ticket, later(721)));
        assert!(matches!(told, Err(ServerError::Ticket)), "{told:?}");
    }
}

#[test]
fn a_page_shows_two_to_eight_digits() {
    for (asked, digits) in [(0, 2), (1, 2), (2, 2), (6, 6), (8, 8), (9, 8), (u8::MAX, 8)] {
        let mut world = World::with(with(|policy| policy.number_digits = asked));
        let (prompt, started) = world.prompt(NOW);
        assert_eq!(world.number(&started).len(), digits, "{asked}");
        assert_eq!(usize::from(prompt.number_digits()), digits);
    }
}

#[test]
fn two_offers_of_an_account_are_open_at_once() {
    for (wait, opens) in [(600, false), (601, true)] {
        let mut world = World::new();
        let token = pushotp::NewToken::new("VPN");
        block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng)).unwrap();
        let mut offer = |now| block_on(world.server.offer_enrolment(&world.user, now, &mut world.rng));
        assert!(offer(NOW).is_ok() && offer(later(1)).is_ok());
        assert!(matches!(offer(later(2)), Err(ServerError::Full("enrolments"))));
        let third = offer(later(wait));
        assert_eq!(third.is_ok(), opens, "{wait} s: {third:?}");
    }
}

/// A challenge names eight tokens at most, as one device may hold; of more, the first eight.
#[test]
fn eight_tokens_are_asked_about() {
    let mut world = World::new();
    for more in 1..=7 {
        // Two are held already; each of the others is enrolled on the watch.
        let token = pushotp::NewToken::new(format!("More {more}"));
        block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng)).unwrap();
    }
    let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
    let keys = pushotp::SoftwareKeys::generate(&mut world.rng).into_device_keys();
    let push = pushotp::wire::terms::PushAddress::POLL;
    let setup = pushotp::DeviceSetup { name: "watch".into(), push, keys };
    let (request, enrolling) = pushotp::Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap();
    let confirming = enrolling.finish(&world.send(&request, NOW).unwrap()).unwrap();
    block_on(world.server.confirm_enrolment((&world.user, offer.enrolment), true, NOW, &mut world.rng)).unwrap();
    let protection = pushotp::Protection { pins: &[], presence: &[], cost: cost() };
    let storage = pushotp::MemoryStorage::default();
    let mut watch = confirming.confirm(&protection, storage, &mut world.rng).unwrap();
    assert_eq!((world.device.tokens().len(), watch.tokens().len()), (2, 7));

    let mut named = |world: &mut World| {
        let started = world.start(NOW);
        let mut named = 0;
        for push in &started.pushes {
            let device = if push.device == watch.id() { &mut watch } else { &mut world.device };
            // The login before is withdrawn.
            if let Incoming::Login(prompt) = device.open(&push.envelope, NOW).unwrap() {
                named += prompt.tokens().len();
            }
        }
        named
    };
    assert_eq!(named(&mut world), 8, "of nine");
    block_on(world.server.set_push((&world.user, world.mail), false, NOW, &mut world.rng)).unwrap();
    assert_eq!(named(&mut world), 8, "of eight");
    block_on(world.server.set_push((&world.user, world.bank), false, NOW, &mut world.rng)).unwrap();
    assert_eq!(named(&mut world), 7, "of seven");
}
