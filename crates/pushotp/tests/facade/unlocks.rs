//! Locked out, on the server and on the device, and let in again by an operator.

use pollster::block_on;
use pushotp::{
    AuditKind, AuthenticatorError, LoginStart, Outcome, PasscodeVerdict, ServerError, ServerPolicy, UnlockCode,
    UnlockRequest,
    pin::{Denied, Pin},
    types::{TokenId, UnixTime},
};

use crate::fixture::{NOW, PIN, World, later};

const HOURS: u64 = 60 * 60;
const WRONG: &str = "271847";

/// So many logins with a wrong PIN, far enough apart that neither side makes them wait.
fn wrong_pins(world: &mut World, times: u64, from: UnixTime) {
    for login in 0..times {
        let now = UnixTime::from_secs(from.as_secs() + 2 * HOURS * login);
        let outcome = world.approve_with(world.bank, Some(WRONG), now);
        assert!(matches!(outcome, Outcome::TryAgain { .. } | Outcome::Refused(_)), "{outcome:?}");
    }
}

fn unlock_token(world: &mut World, token: TokenId, now: UnixTime) {
    block_on(world.server.unlock_token((&world.user, token), now, &mut world.rng)).unwrap();
}

fn unlock_device(world: &mut World, request: &UnlockRequest, now: UnixTime) -> Result<UnlockCode, ServerError> {
    block_on(world.server.unlock_device(&world.user, request, now, &mut world.rng))
}

/// What the device says to one more try at the PIN.
fn refusal(world: &mut World, now: UnixTime) -> AuthenticatorError {
    let pin = Pin::entered(PIN).unwrap();
    world.device.passcode(world.bank, Some(&pin), now).unwrap_err()
}

#[test]
fn locked_on_both_sides_and_unlocked() {
    let mut world = World::new();
    wrong_pins(&mut world, 10, NOW);
    let now = later(30 * HOURS);
    assert!(world.token(world.bank).disabled);
    assert_eq!(refusal(&mut world, now), AuthenticatorError::Attempt(Denied::Locked));

    // The user calls, and the operator makes sure that it is the user.
    let request = world.device.unlock_request(world.bank).unwrap();
    let request = UnlockRequest::decode(&request.encode()).unwrap();
    let code = unlock_device(&mut world, &request, now).unwrap();
    assert!(!world.token(world.bank).disabled);
    assert_eq!(world.token(world.bank).failures, 0);
    assert!(world.logged(AuditKind::TokenUnlocked) && world.logged(AuditKind::DeviceUnlocked));

    // Until the device has the code it is as locked as before, also after a restart.
    world.restart();
    assert_eq!(refusal(&mut world, now), AuthenticatorError::Attempt(Denied::Locked));
    let told = UnlockCode::from_bytes(*code.as_bytes());
    let stands = world.device.unlock_attempts(world.bank, &told).unwrap();
    assert_eq!((stands.left(), stands.failures()), (10, 10));
    world.log_in(world.bank, later(31 * HOURS));

    // It was good once.
    let pin = Pin::entered(PIN).unwrap();
    let _ = world.device.passcode(world.bank, Some(&pin), later(32 * HOURS)).unwrap();
    assert_eq!(world.device.unlock_attempts(world.bank, &told).unwrap_err(), AuthenticatorError::UnlockCode);
}

/// The server's own unlocking does not open the device, nor the device's code the server.
#[test]
fn each_side_counts_for_itself() {
    let mut world = World::new();
    wrong_pins(&mut world, 10, NOW);
    let now = later(30 * HOURS);
    let bank = world.bank;
    unlock_token(&mut world, bank, now);
    assert!(!world.logged(AuditKind::DeviceUnlocked));
    assert_eq!(refusal(&mut world, now), AuthenticatorError::Attempt(Denied::Locked));

    // A thief who forgets the device's count still meets the server's.
    let mut world = World::new();
    wrong_pins(&mut world, 10, NOW);
    world.forget_attempts();
    let (prompt, started) = world.prompt(now);
    let (number, pin) = (world.number(&started), Pin::entered(PIN).unwrap());
    let refused = world.device.approve(prompt, (bank, &number, Some(&pin)), now, &mut world.rng).unwrap_err();
    assert_eq!(refused.error, AuthenticatorError::NoToken, "no challenge names it");
}

#[test]
fn a_code_is_for_one_token_one_attempt_and_one_epoch() {
    let mut world = World::new();
    wrong_pins(&mut world, 1, NOW);
    let request = world.device.unlock_request(world.bank).unwrap();
    let code = unlock_device(&mut world, &request, NOW).unwrap();

    assert_eq!(format!("{code:?}"), "UnlockCode { .. }");

    // Every other code is refused, and changes nothing.
    for place in 0..32 {
        let mut bytes = *code.as_bytes();
        bytes[place] ^= 1;
        let other = world.device.unlock_attempts(world.bank, &UnlockCode::from_bytes(bytes));
        assert_eq!(other.unwrap_err(), AuthenticatorError::UnlockCode);
    }
    let without_pin = world.device.unlock_attempts(world.mail, &code).unwrap_err();
    assert_eq!(without_pin, AuthenticatorError::Attempt(Denied::NoPin));

    // A further attempt has begun since.
    wrong_pins(&mut world, 1, later(2 * HOURS));
    assert_eq!(world.device.unlock_attempts(world.bank, &code).unwrap_err(), AuthenticatorError::UnlockCode);

    // The same attempt under another enrolment of the same token has another code.
    let mut other = World::new();
    let again = unlock_device(&mut other, &request, NOW).unwrap();
    assert_eq!(again.as_bytes(), code.as_bytes(), "of the same keys the same code: the seed is the same");
    let place = (&other.user, other.device.id());
    let offer = block_on(other.server.offer_replacement(place, NOW, &mut other.rng)).unwrap();
    crate::replacements::replace(&mut other, &offer, NOW);
    let replaced = unlock_device(&mut other, &request, NOW).unwrap();
    assert_ne!(replaced.as_bytes(), code.as_bytes());
}

#[test]
fn what_is_not_there_is_not_unlocked() {
    let mut world = World::new();
    let mut request = world.device.unlock_request(world.bank).unwrap();
    let free = pushotp::NewToken::new("VPN");
    let free = block_on(world.server.add_token(&world.user, free, NOW, &mut world.rng)).unwrap();
    let unknown = TokenId::from_bytes([9; 16]);
    let refused = block_on(world.server.unlock_token((&world.user, unknown), NOW, &mut world.rng));
    assert!(matches!(refused, Err(ServerError::NoToken)));
    for (token, noted) in [(unknown, "NoToken"), (free, "NoDevice")] {
        let mut bytes = request.encode();
        bytes[2..18].copy_from_slice(token.as_bytes());
        request = UnlockRequest::decode(&bytes).unwrap();
        assert_eq!(request.token(), token);
        let refused = unlock_device(&mut world, &request, NOW).unwrap_err();
        assert_eq!(format!("{refused:?}"), noted);
    }
    assert!(!world.logged(AuditKind::TokenUnlocked) && !world.logged(AuditKind::DeviceUnlocked));
    for len in 0..request.encode().len() {
        assert!(matches!(UnlockRequest::decode(&request.encode()[..len]), Err(ServerError::UnlockRequest)));
    }
}

fn typed(world: &mut World, times: usize, now: UnixTime) {
    for _ in 0..times {
        assert_eq!(
            block_on(world.server.verify_passcode(&world.user, "", now, &mut world.rng)).unwrap(),
            PasscodeVerdict::Refused
        );
    }
}

/// Each unlocking gives a row of ten, however full the month is; not thirty.
#[test]
fn an_unlocking_gives_ten_guesses() {
    let mut world = World::new();
    let mail = world.mail;
    for row in 1..=6 {
        typed(&mut world, 9, NOW);
        assert!(!world.token(mail).disabled, "row {row}");
        typed(&mut world, 1, NOW);
        assert!(world.token(mail).disabled, "row {row}");
        unlock_token(&mut world, mail, NOW);
    }
}

/// What a right passcode does not lift, an unlocking lifts so far that there is one row again.
#[test]
fn the_failures_of_a_month_are_not_forgotten() {
    let mut policy = ServerPolicy::default();
    policy.max_consecutive_failures = 4;
    policy.max_monthly_failures = 6;
    let mut world = World::with(policy);
    let mail = world.mail;
    let right = |world: &mut World, now| {
        let (code, _) = world.device.passcode(mail, None, now).unwrap();
        block_on(world.server.verify_passcode(&world.user, code.expose(), now, &mut world.rng)).unwrap()
    };
    typed(&mut world, 3, NOW);
    assert_eq!(right(&mut world, NOW), PasscodeVerdict::Accepted { token: mail });
    typed(&mut world, 3, NOW);
    assert!(world.token(mail).disabled, "six of a month");
    assert_eq!(right(&mut world, later(30)), PasscodeVerdict::NoToken, "a success never erases a lock");
    unlock_token(&mut world, mail, NOW);
    assert_eq!(right(&mut world, later(60)), PasscodeVerdict::Accepted { token: mail });
    // Of the six two are still there: with right ones in between there are four more.
    typed(&mut world, 3, later(60));
    assert_eq!(right(&mut world, later(90)), PasscodeVerdict::Accepted { token: mail });
    assert!(!world.token(mail).disabled);
    typed(&mut world, 1, later(90));
    assert!(world.token(mail).disabled);
}

#[test]
fn an_unlocked_token_can_be_pushed_again() {
    let mut world = World::new();
    let (bank, mail) = (world.bank, world.mail);
    typed(&mut world, 10, NOW);
    block_on(world.server.set_push((&world.user, bank), false, NOW, &mut world.rng)).unwrap();
    let request = pushotp::LoginRequest::new("Intranet");
    let start = |world: &mut World| block_on(world.server.start_login(&world.user, &request, NOW, &mut world.rng));
    assert!(matches!(start(&mut world).unwrap(), LoginStart::NoToken));
    unlock_token(&mut world, mail, NOW);
    assert!(matches!(start(&mut world).unwrap(), LoginStart::Started(_)));
}
