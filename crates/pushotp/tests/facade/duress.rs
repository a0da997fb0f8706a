//! A duress PIN: what the device, the page and the operator see of it, and that the first two see nothing.

use pollster::block_on;
use pushotp::{
    AuditKind, Authenticator, DeviceSetup, DuressResponse, Incoming, KeyEncryptionKey as _, LoginRequest, LoginStart,
    LoginState, MemoryStorage, NewToken, Outcome, PasscodeVerdict, Protection, Redeemed, ServerPolicy, SoftwareKek,
    SoftwareKeys, Started,
    pin::{DuressPin, Pin, PinPolicy},
    store::{Cas, DynStore, Expect, Hint, Key, Versioned},
    types::{Secret, TokenId, UnixTime},
    wire::terms::{PasscodeKind, PushAddress, Reason, Status},
};

use crate::fixture::{KEK, NOW, PIN, World, cost, later};

pub(crate) const FORCED: &str = "905317";
pub(crate) const WRONG: &str = "483920";

pub(crate) fn duress_pin() -> DuressPin {
    DuressPin::choose(FORCED, &Pin::entered(PIN).unwrap(), &PinPolicy::DEFAULT).unwrap()
}

pub(crate) fn with(response: DuressResponse) -> World {
    let mut policy = ServerPolicy::default();
    policy.duress = response;
    World::with(policy)
}

/// A world whose bank token has a duress PIN.
pub(crate) fn forced(response: DuressResponse) -> World {
    let mut world = with(response);
    let bank = world.bank;
    set(&mut world, bank);
    world
}

pub(crate) fn set(world: &mut World, token: TokenId) {
    let secret = world.device.duress_secret(token, &duress_pin(), NOW).unwrap();
    block_on(world.server.set_duress((&world.user, token), &secret, NOW, &mut world.rng)).unwrap();
}

pub(crate) fn alarms(world: &World) -> usize {
    let events = block_on(world.server.audit(&world.user)).unwrap();
    events.iter().filter(|event| event.kind() == AuditKind::Duress).count()
}

fn redeem(world: &mut World, login: &Started, now: UnixTime) -> Option<Redeemed> {
    block_on(world.server.redeem_even_under_duress(&login.ticket, now, &mut world.rng)).unwrap()
}

/// What to be told apart from: the same world, in which the same messages mean something else.
#[derive(Clone, Copy)]
pub(crate) enum Twin {
    /// With the duress PIN.
    Duress,
    /// The duress PIN is any wrong one.
    Wrong,
    /// It is the right one.
    Right,
}

/// The bank token's secret entries: the token's own, and that of its duress PIN.
pub(crate) fn secret_keys(world: &World) -> Vec<(Key, Versioned)> {
    let page = block_on(DynStore::scan(&*world.store, None, 100)).unwrap();
    let token = data_encoding::HEXLOWER.encode(world.bank.as_bytes());
    page.into_iter()
        .filter(|(key, _)| key.as_bytes().starts_with(format!("secret/alice/{token}/").as_bytes()))
        .collect()
}

pub(crate) fn twin(response: DuressResponse, twin: Twin) -> World {
    let mut world = with(response);
    let mut secret = world.device.duress_secret(world.bank, &duress_pin(), NOW).unwrap();
    if matches!(twin, Twin::Wrong) {
        secret = Secret::new(&[0x5e; 32]).unwrap();
    }
    block_on(world.server.set_duress((&world.user, world.bank), &secret, NOW, &mut world.rng)).unwrap();
    if matches!(twin, Twin::Right) {
        let kek = SoftwareKek::from_bytes(KEK);
        let [one, other] = secret_keys(&world).try_into().unwrap();
        let opened = [&one, &other].map(|(key, stored)| kek.open(key.as_bytes(), &stored.value).unwrap());
        let mut rng = world.rng.clone();
        for ((key, stored), plain) in [other, one].into_iter().zip(opened) {
            let sealed = kek.seal(key.as_bytes(), &plain, &mut rng).unwrap();
            let expect = Expect::Version(stored.version);
            let put = DynStore::put_if(&*world.store, &key, expect, Some(&sealed), Hint::NONE);
            assert!(matches!(block_on(put).unwrap(), Cas::Won(_)));
        }
    }
    world
}

fn login(world: &mut World, kind: PasscodeKind, now: UnixTime) -> Started {
    let request = LoginRequest::new("Intranet").passcode(kind);
    match block_on(world.server.start_login(&world.user, &request, now, &mut world.rng)).unwrap() {
        LoginStart::Started(started) => started,
        other => panic!("{other:?}"),
    }
}

/// All that a device and its network see of a login: what goes out, what comes back, what is stored after.
pub(crate) fn tries(world: &mut World, (kind, pins): (PasscodeKind, &[&str]), now: UnixTime) -> Vec<Vec<u8>> {
    let started = login(world, kind, now);
    let number = world.number(&started);
    let mut seen = vec![started.pushes[0].envelope.clone()];
    let mut next = match world.device.open(&started.pushes[0].envelope, now).unwrap() {
        Incoming::Login(prompt) => Some(prompt),
        other => panic!("{other:?}"),
    };
    for pin in pins {
        let (pin, prompt) = (Pin::entered(pin).unwrap(), next.take().unwrap());
        let (message, answering) =
            world.device.approve(prompt, (world.bank, &number, Some(&pin)), now, &mut world.rng).unwrap();
        let reply = world.send(&message, now).unwrap();
        // The same bytes again: the same to be seen, but for how it is sealed, and nothing counts twice.
        assert!(world.send(&message, now).is_some());
        if let Outcome::TryAgain { prompt, .. } = world.device.finish(answering, &reply, now).unwrap().outcome {
            next = Some(prompt);
        }
        seen.extend([message, reply, world.storage.saved()]);
    }
    seen
}

/// A long story: the passcode of each kind, three tries in one login, failures told later on, and more pushes than one may
/// have without a success.
fn story(world: &mut World, forced: &str) -> Vec<Vec<u8>> {
    let mut seen = Vec::new();
    let mut go = |pins: &[&str], (kind, at)| seen.extend(tries(world, (kind, pins), later(at)));
    for (number, kind) in [PasscodeKind::Bound, PasscodeKind::Totp, PasscodeKind::Hotp].into_iter().enumerate() {
        let at = 4_000 * number as u64;
        go(&[WRONG, forced], (kind, at));
        go(&[forced], (kind, at + 700));
        go(&[PIN], (kind, at + 1_400));
        go(&[forced], (kind, at + 2_100));
    }
    seen
}

/// The same messages to a server for which the PIN is a wrong one like any other: every byte is the same, also later on.
#[test]
fn seeming_wrong_is_being_wrong() {
    let seen = [Twin::Duress, Twin::Wrong].map(|which| {
        let mut world = twin(DuressResponse::SeemWrong, which);
        let seen = story(&mut world, FORCED);
        (seen, alarms(&world), world.token(world.bank))
    });
    let [(seen, alarms, token), (other, no_alarms, other_token)] = seen;
    assert!(seen.len() > 50 && seen == other);
    assert!(alarms > 0 && no_alarms == 0, "but for the alarm");
    assert_eq!(token, other_token, "and the same is counted");
    // The negative control: a server that lets it show.
    let mut world = twin(DuressResponse::SeemAccepted, Twin::Duress);
    assert_ne!(tries(&mut world, (PasscodeKind::Bound, &[FORCED]), NOW), seen[..4]);
}

/// So it is for the third of a login, which ends it.
#[test]
fn seeming_wrong_ends_a_login_as_a_wrong_one_does() {
    let seen = [Twin::Duress, Twin::Wrong].map(|which| {
        let mut world = twin(DuressResponse::SeemWrong, which);
        let seen = tries(&mut world, (PasscodeKind::Bound, &[FORCED; 3]), NOW);
        assert_eq!(world.token(world.bank).failures, 3);
        (seen, alarms(&world))
    });
    assert_eq!(seen[0].0, seen[1].0);
    assert_eq!((seen[0].1, seen[1].1), (3, 0));
}

/// The right PIN's story, against a server for which this PIN is the right one.
#[test]
fn seeming_accepted_is_being_accepted() {
    for kind in [PasscodeKind::Bound, PasscodeKind::Totp, PasscodeKind::Hotp] {
        let seen = [Twin::Duress, Twin::Right].map(|which| {
            let mut world = twin(DuressResponse::SeemAccepted, which);
            let mut seen = tries(&mut world, (kind, &[WRONG, FORCED]), NOW);
            for round in 1..8 {
                seen.extend(tries(&mut world, (kind, &[FORCED]), later(100 * round)));
            }
            seen.extend(tries(&mut world, (kind, &[WRONG, WRONG, FORCED]), later(1_000)));
            seen.extend(tries(&mut world, (kind, &[FORCED]), later(1_100)));
            (seen, alarms(&world), world.token(world.bank).failures)
        });
        let [(seen, alarms, failures), (other, no_alarms, none)] = seen;
        assert!(seen.len() > 40 && seen == other, "{kind:?}: eight pushes without a real success among them");
        assert!(alarms > 0 && no_alarms == 0, "{kind:?}");
        assert_eq!((failures, none), (3, 0), "{kind:?}: the count goes on, unseen");
        // The negative control.
        let mut world = twin(DuressResponse::SeemAccepted, Twin::Wrong);
        assert_ne!(tries(&mut world, (kind, &[WRONG, FORCED]), NOW), seen[..7], "{kind:?}");
    }
}

/// A used step is used up for both PINs, as it would be for one.
#[test]
fn a_passcode_of_a_used_step_seems_what_a_right_one_would_be() {
    let seen = [Twin::Duress, Twin::Right].map(|which| {
        let mut world = twin(DuressResponse::SeemAccepted, which);
        let mut seen = tries(&mut world, (PasscodeKind::Totp, &[FORCED]), NOW);
        seen.extend(tries(&mut world, (PasscodeKind::Totp, &[FORCED]), later(1)));
        (seen, alarms(&world), world.token(world.bank).failures)
    });
    assert_eq!((&seen[0].0, seen[0].2), (&seen[1].0, 1), "the second is refused, and counted");
    assert_eq!((seen[0].1, seen[1].1), (2, 0), "both are alarms");
}

#[test]
fn no_login_is_granted() {
    let mut world = forced(DuressResponse::SeemAccepted);
    let (prompt, started) = world.prompt(NOW);
    let number = world.number(&started);
    assert!(matches!(world.approve(prompt, (&number, FORCED), NOW), Outcome::Accepted { failures: 0 }));
    assert_eq!(world.state(&started, NOW), LoginState::Approved, "the page waits no longer");
    assert!(!world.redeem(&started, NOW), "and a page that knows of no duress gets nothing");
    assert_eq!(redeem(&mut world, &started, NOW), Some(Redeemed::UnderDuress(world.user.clone())));
    assert_eq!(redeem(&mut world, &started, NOW), None, "once");
    assert_eq!(world.state(&started, NOW), LoginState::Redeemed);
    assert!(!world.redeem(&started, NOW));
    assert_eq!(alarms(&world), 1);

    // The control: without duress it is a login, and both ways to redeem share the one grant.
    let (prompt, started) = world.prompt(later(1));
    let number = world.number(&started);
    assert!(matches!(world.approve(prompt, (&number, PIN), later(1)), Outcome::Accepted { .. }));
    assert_eq!(redeem(&mut world, &started, later(1)), Some(Redeemed::Login(world.user.clone())));
    assert!(!world.redeem(&started, later(1)));
    assert_eq!(alarms(&world), 1);
}

/// Whatever comes after the approval does not make a login of it.
#[test]
fn a_late_report_and_the_clock_grant_nothing() {
    let mut world = forced(DuressResponse::SeemAccepted);
    let (prompt, started) = world.prompt(NOW);
    let number = world.number(&started);
    let _ = world.approve(prompt, (&number, FORCED), NOW);
    let Incoming::Again(prompt) = world.device.open(&started.pushes[0].envelope, NOW).unwrap() else { panic!() };
    let (_, denied) = world.device.deny(prompt, Reason::NotMe, NOW, &mut world.rng).unwrap();
    let (report, _) = world.device.report(denied, Reason::NotMe, NOW, &mut world.rng).unwrap();
    assert!(world.send(&report, NOW).is_some());
    assert!(world.logged(AuditKind::ReportedAfterApproval), "it was written");
    assert!(!world.redeem(&started, NOW));
    assert_eq!(redeem(&mut world, &started, later(61)), None);
    assert_eq!(world.state(&started, later(61)), LoginState::Expired);
}

/// As many guesses as without one: a success under duress ends no count. The tenth failure disables the token.
#[test]
fn it_wins_no_guesses() {
    let mut world = forced(DuressResponse::SeemAccepted);
    for round in 0..9 {
        world.forget_attempts();
        assert!(!matches!(world.approve_with(world.bank, Some(WRONG), later(700 * round)), Outcome::Accepted { .. }));
        let seen = tries(&mut world, (PasscodeKind::Bound, &[FORCED]), later(700 * round + 100));
        assert_eq!(seen.len(), 4);
    }
    assert_eq!((world.token(world.bank).failures, world.token(world.bank).disabled), (9, false));
    assert!(!matches!(world.approve_with(world.bank, Some(WRONG), later(10_000)), Outcome::Accepted { .. }));
    assert!(world.token(world.bank).disabled);
}

/// A right PIN ends the count, and what was hidden of it with it: later failures are told.
#[test]
fn what_was_hidden_is_forgotten_with_the_failures() {
    let mut world = forced(DuressResponse::SeemAccepted);
    tries(&mut world, (PasscodeKind::Bound, &[WRONG, WRONG, FORCED]), NOW);
    assert!(matches!(world.approve_with(world.bank, Some(PIN), later(1)), Outcome::Accepted { failures: 0 }));
    tries(&mut world, (PasscodeKind::Bound, &[WRONG]), later(2));
    assert!(matches!(world.approve_with(world.bank, Some(PIN), later(3)), Outcome::Accepted { failures: 1 }));
}

/// Where a wrong PIN would not be judged, this one is not noticed: else it could be found without the page.
#[test]
fn it_is_judged_only_where_a_pin_is() {
    for response in [DuressResponse::SeemWrong, DuressResponse::SeemAccepted] {
        let mut world = forced(response);
        let (prompt, started) = world.prompt(NOW);
        let number = if world.number(&started) == "000000" { "000001" } else { "000000" };
        assert!(matches!(world.approve(prompt, (number, FORCED), NOW), Outcome::Refused(Status::Refused)));
        let (prompt, started) = world.prompt(later(1));
        let number = world.number(&started);
        block_on(world.server.cancel_login(&started.ticket, later(1), &mut world.rng)).unwrap();
        assert!(matches!(world.approve(prompt, (&number, FORCED), later(1)), Outcome::Refused(Status::Cancelled)));
        assert_eq!((alarms(&world), world.token(world.bank).failures), (0, 0), "{response:?}");
    }
}

/// One more device of the user, with a token whose passcodes may be typed.
pub(crate) fn with_typed(response: DuressResponse) -> (World, TokenId) {
    let mut world = with(response);
    let token = NewToken::new("Safe").pin_protected().typed_by_hand();
    let id = block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng)).unwrap();
    let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
    let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
    let setup = DeviceSetup { name: "watch".into(), push: PushAddress::POLL, keys };
    let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap();
    let confirming = enrolling.finish(&world.send(&request, NOW).unwrap()).unwrap();
    block_on(world.server.confirm_enrolment((&world.user, offer.enrolment), true, NOW, &mut world.rng)).unwrap();
    let pins = [(id, Pin::entered(PIN).unwrap())];
    let protection = Protection { pins: &pins, presence: &[], cost: cost() };
    world.device = confirming.confirm(&protection, MemoryStorage::default(), &mut world.rng).unwrap();
    set(&mut world, id);
    (world, id)
}

fn typed(world: &mut World, (token, pin): (TokenId, &str), now: UnixTime) -> PasscodeVerdict {
    let (code, _) = world.device.passcode(token, Some(&Pin::entered(pin).unwrap()), now).unwrap();
    block_on(world.server.verify_passcode(&world.user, code.expose(), now, &mut world.rng)).unwrap()
}

#[test]
fn a_typed_passcode_seems_wrong() {
    let (mut world, safe) = with_typed(DuressResponse::SeemWrong);
    assert_eq!(typed(&mut world, (safe, WRONG), NOW), PasscodeVerdict::Refused);
    assert_eq!(alarms(&world), 0);
    for round in 1..3 {
        assert_eq!(typed(&mut world, (safe, FORCED), NOW), PasscodeVerdict::Refused, "again and again");
        assert_eq!((alarms(&world), usize::from(world.token(safe).failures)), (round, round + 1));
    }
    // It used nothing up, as a wrong one does not; and a step that is used up makes no difference to it.
    assert_eq!(typed(&mut world, (safe, PIN), NOW), PasscodeVerdict::Accepted { token: safe });
    assert_eq!(typed(&mut world, (safe, PIN), NOW), PasscodeVerdict::Replayed);
    assert_eq!(typed(&mut world, (safe, FORCED), NOW), PasscodeVerdict::Refused);
    assert_eq!((alarms(&world), world.token(safe).failures), (3, 1));
}

#[test]
fn a_typed_passcode_seems_accepted() {
    let (mut world, safe) = with_typed(DuressResponse::SeemAccepted);
    assert_eq!(typed(&mut world, (safe, WRONG), NOW), PasscodeVerdict::Refused);
    assert_eq!(typed(&mut world, (safe, FORCED), NOW), PasscodeVerdict::UnderDuress { token: safe });
    assert_eq!(world.token(safe).failures, 1, "no count ended");
    assert_eq!(alarms(&world), 1);
    for _ in 0..20 {
        assert_eq!(typed(&mut world, (safe, FORCED), NOW), PasscodeVerdict::Replayed);
    }
    assert_eq!(alarms(&world), 1, "who repeats it does not push the other events out");
    assert_eq!(typed(&mut world, (safe, PIN), NOW), PasscodeVerdict::Replayed, "the step is used up for both");
    assert_eq!(typed(&mut world, (safe, FORCED), NOW), PasscodeVerdict::Replayed);
    assert_eq!(alarms(&world), 2, "after something else it is noted again");
    assert_eq!(typed(&mut world, (safe, PIN), later(30)), PasscodeVerdict::Accepted { token: safe });
    assert_eq!(typed(&mut world, (safe, FORCED), later(30)), PasscodeVerdict::Replayed);
    assert_eq!(typed(&mut world, (safe, FORCED), later(60)), PasscodeVerdict::UnderDuress { token: safe });
}
