//! A clock or a counter that left the window, and its way back.

use pollster::block_on;
use pushotp::{
    AuditKind, Import, LoginRequest, LoginStart, Outcome, PasscodeVerdict,
    oath::{Counter, Hotp, Key},
    provision::{Credential, Kind},
    types::{Digits, HashAlgorithm, Secret, SecretRef, TokenId, UnixTime},
    wire::terms::PasscodeKind,
};

use crate::fixture::{NOW, World, later};

const SECRET: &[u8; 20] = b"12345678901234567890";

fn resync<const N: usize>(world: &mut World, token: TokenId, codes: &[String; N], now: UnixTime) -> PasscodeVerdict {
    let typed = codes.each_ref().map(String::as_str);
    block_on(world.server.resync_passcodes((&world.user, token), typed, now, &mut world.rng)).unwrap()
}

fn verify(world: &mut World, typed: &str, now: UnixTime) -> PasscodeVerdict {
    block_on(world.server.verify_passcode(&world.user, typed, now, &mut world.rng)).unwrap()
}

/// What the phone shows at a time of its own clock.
fn shown(world: &mut World, clock: UnixTime) -> String {
    world.device.passcode(world.mail, None, clock).unwrap().0.expose().to_owned()
}

fn pair(world: &mut World, clock: UnixTime) -> [String; 2] {
    [shown(world, clock), shown(world, UnixTime::from_secs(clock.as_secs() + 30))]
}

fn fob(world: &mut World, kind: Kind) -> TokenId {
    let credential = Credential::new(kind, "fob", Secret::new(SECRET).unwrap());
    block_on(world.server.import_token(&world.user, &Import::new(&credential), NOW, &mut world.rng)).unwrap()
}

fn hotp(counter: u64) -> String {
    let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(SECRET).unwrap());
    Hotp::new(Digits::SIX).generate(&key, Counter::new(counter)).expose().to_owned()
}

/// Slow and fast, up to the last step of the window and not one further.
#[test]
fn a_clock_is_found_within_the_window() {
    // The first of the two is a step earlier, and has to lie in the window as well.
    for (steps, is_found) in [(-119, true), (-120, false), (-2, true), (2, true), (120, true), (121, false)] {
        let mut world = World::new();
        let token = world.mail;
        let clock = |now: UnixTime| UnixTime::from_secs(now.as_secs().saturating_add_signed(steps * 30));
        let earlier = UnixTime::from_secs(clock(NOW).as_secs() - 30);
        let late = shown(&mut world, clock(NOW));
        assert_eq!(verify(&mut world, &late, NOW), PasscodeVerdict::Refused, "{steps}: out of the login's window");
        let codes = pair(&mut world, earlier);
        let found = resync(&mut world, token, &codes, NOW);
        if !is_found {
            assert_eq!(found, PasscodeVerdict::Refused, "{steps}");
            assert_eq!(world.token(token).failures, 2, "{steps}: counted");
            continue;
        }
        assert_eq!(found, PasscodeVerdict::Accepted { token }, "{steps}");
        assert_eq!(world.token(token).failures, 0);
        assert!(world.logged(AuditKind::Resynchronised));
        for code in &codes {
            assert_eq!(verify(&mut world, code, NOW), PasscodeVerdict::Replayed, "{steps}: both are used up");
        }
        // From then on the window lies where the clock is: one step on either side.
        let next = later(300);
        let typed = shown(&mut world, UnixTime::from_secs(clock(next).as_secs() - 30));
        assert_eq!(verify(&mut world, &typed, next), PasscodeVerdict::Accepted { token }, "{steps}");
        let far = shown(&mut world, UnixTime::from_secs(clock(next).as_secs() + 60));
        assert_eq!(verify(&mut world, &far, next), PasscodeVerdict::Refused, "{steps}");
        // And a login by itself moves it no further.
        let then = later(600);
        let typed = shown(&mut world, UnixTime::from_secs(clock(then).as_secs() + 30));
        assert_eq!(verify(&mut world, &typed, then), PasscodeVerdict::Accepted { token }, "{steps}");
    }
}

/// Passcodes of a push login follow the same clock.
#[test]
fn a_push_login_follows_the_clock() {
    let mut world = World::new();
    let token = world.mail;
    let slow = |now: UnixTime| UnixTime::from_secs(now.as_secs() - 90);
    let approve = |world: &mut World, now: UnixTime| {
        let request = LoginRequest::new("VPN").passcode(PasscodeKind::Totp);
        let started = block_on(world.server.start_login(&world.user, &request, now, &mut world.rng)).unwrap();
        let LoginStart::Started(started) = started else { panic!() };
        let opened = world.device.open(&started.pushes[0].envelope, slow(now)).unwrap();
        let pushotp::Incoming::Login(prompt) = opened else { panic!() };
        let number = world.number(&started);
        let sent = world.device.approve(prompt, (token, &number, None), slow(now), &mut world.rng).unwrap();
        let reply = world.send(&sent.0, now).unwrap();
        world.device.finish(sent.1, &reply, slow(now)).unwrap().outcome
    };
    assert!(matches!(approve(&mut world, NOW), Outcome::TryAgain { .. }));
    let codes = pair(&mut world, slow(later(60)));
    assert_eq!(resync(&mut world, token, &codes, later(90)), PasscodeVerdict::Accepted { token });
    assert!(matches!(approve(&mut world, later(200)), Outcome::Accepted { .. }));
    let typed = shown(&mut world, slow(later(200)));
    assert_eq!(verify(&mut world, &typed, later(200)), PasscodeVerdict::Replayed, "the same step, typed");
}

/// What was used stays used: no run may begin before it.
#[test]
fn used_steps_stay_used() {
    let mut world = World::new();
    let token = world.mail;
    let codes = pair(&mut world, NOW);
    assert_eq!(verify(&mut world, &codes[0], NOW), PasscodeVerdict::Accepted { token });
    assert_eq!(resync(&mut world, token, &codes, later(30)), PasscodeVerdict::Replayed);
    assert_eq!(world.token(token).failures, 0, "a replay is no guess");
    for _ in 0..3 {
        assert_eq!(resync(&mut world, token, &codes, later(30)), PasscodeVerdict::Replayed);
    }
    let events = block_on(world.server.audit(&world.user)).unwrap();
    assert_eq!(events.iter().filter(|event| event.kind() == AuditKind::PasscodeReplayed).count(), 1, "noted once");
    // The second of them is as good as before.
    assert_eq!(verify(&mut world, &codes[1], later(30)), PasscodeVerdict::Accepted { token });
    let old = pair(&mut world, UnixTime::from_secs(NOW.as_secs() - 600));
    assert_eq!(
        resync(&mut world, token, &old, later(30)),
        PasscodeVerdict::Replayed,
        "an old pair moves no clock back"
    );
}

#[test]
fn a_counter_is_found_ahead() {
    for (ahead, is_found) in [(11, true), (999, true), (1000, false)] {
        let mut world = World::new();
        let token = fob(&mut world, Kind::Hotp { counter: 5 });
        let first = 5 + ahead;
        assert_eq!(verify(&mut world, &hotp(first), NOW), PasscodeVerdict::Refused, "out of the login's window");
        let codes = [hotp(first), hotp(first + 1)];
        let found = resync(&mut world, token, &codes, NOW);
        if !is_found {
            assert_eq!(found, PasscodeVerdict::Refused, "{ahead}");
            assert!(world.logged(AuditKind::ResyncRefused));
            continue;
        }
        assert_eq!(found, PasscodeVerdict::Accepted { token }, "{ahead}");
        assert_eq!(resync(&mut world, token, &codes, NOW), PasscodeVerdict::Refused, "both are used up");
        assert_eq!(verify(&mut world, &hotp(first + 1), NOW), PasscodeVerdict::Refused);
        assert_eq!(verify(&mut world, &hotp(first + 2), NOW), PasscodeVerdict::Accepted { token });
        let behind = [hotp(first - 3), hotp(first - 2)];
        assert_eq!(resync(&mut world, token, &behind, NOW), PasscodeVerdict::Refused, "it only looks forward");
    }
}

/// In a row, in their order, and all of them right.
#[test]
fn one_right_one_is_not_enough() {
    let mut world = World::new();
    let token = fob(&mut world, Kind::Hotp { counter: 0 });
    let wrong = [
        [hotp(100), hotp(102)],
        [hotp(101), hotp(100)],
        [hotp(100), "000000".to_owned()],
        ["000000".to_owned(), hotp(101)],
        [hotp(100), hotp(100)],
    ];
    for (counted, codes) in (1..).zip(&wrong) {
        assert_eq!(resync(&mut world, token, codes, NOW), PasscodeVerdict::Refused);
        assert_eq!(world.token(token).failures, counted);
    }
    let three = [hotp(100), hotp(101), hotp(102)];
    assert_eq!(resync(&mut world, token, &three, NOW), PasscodeVerdict::Accepted { token });
}

/// Guesses at a pair are failures like all others, and no right pair lifts the lock.
#[test]
fn ten_wrong_pairs_disable_the_token() {
    let mut world = World::new();
    let token = world.mail;
    let wrong = ["00000000".to_owned(), "00000000".to_owned()];
    for _ in 0..10 {
        assert_eq!(resync(&mut world, token, &wrong, NOW), PasscodeVerdict::Refused);
    }
    assert!(world.token(token).disabled && !world.token(world.bank).disabled);
    let before = block_on(world.server.audit(&world.user)).unwrap();
    let right = pair(&mut world, NOW);
    assert_eq!(resync(&mut world, token, &right, later(30)), PasscodeVerdict::NoToken);
    assert_eq!(block_on(world.server.audit(&world.user)).unwrap(), before, "a locked token writes nothing");
    block_on(world.server.unlock_token((&world.user, token), NOW, &mut world.rng)).unwrap();
    assert_eq!(resync(&mut world, token, &right, later(30)), PasscodeVerdict::Accepted { token });
}

/// What may not be typed is not resynchronised by typing, and what is not there is named.
#[test]
fn only_what_may_be_typed() {
    let mut world = World::new();
    let codes = pair(&mut world, NOW);
    let bank = world.bank;
    assert_eq!(resync(&mut world, bank, &codes, NOW), PasscodeVerdict::NoToken);
    let free = pushotp::NewToken::new("More").typed_by_hand();
    let free = block_on(world.server.add_token(&world.user, free, NOW, &mut world.rng)).unwrap();
    assert_eq!(resync(&mut world, free, &codes, NOW), PasscodeVerdict::NoToken);
    let nobody = (&world.user, TokenId::from_bytes([9; 16]));
    let typed = codes.each_ref().map(String::as_str);
    let told = block_on(world.server.resync_passcodes(nobody, typed, NOW, &mut world.rng));
    assert!(matches!(told, Err(pushotp::ServerError::NoToken)));
}

/// A new phone has a clock of its own.
#[test]
fn a_new_phone_begins_without_a_drift() {
    let mut world = World::new();
    let token = world.mail;
    let codes = pair(&mut world, UnixTime::from_secs(NOW.as_secs() - 600));
    assert_eq!(resync(&mut world, token, &codes, NOW), PasscodeVerdict::Accepted { token });
    let place = (&world.user, world.device.id());
    let offer = block_on(world.server.offer_replacement(place, NOW, &mut world.rng)).unwrap();
    crate::replacements::replace(&mut world, &offer, NOW);
    let typed = shown(&mut world, NOW);
    assert_eq!(verify(&mut world, &typed, NOW), PasscodeVerdict::Accepted { token });
}
