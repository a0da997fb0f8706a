//! Weaker and stricter ways to approve: what the login asks for, and what the token permits.

use pollster::block_on;
use pushotp::{
    Authenticator, DeviceSetup, Incoming, LoginRequest, LoginStart, MemoryStorage, NewToken, NumberMatching, Outcome,
    PasscodeVerdict, Prompt, Protection, SoftwareKeys, Started,
    types::TokenId,
    wire::{
        Error as WireError,
        terms::{PasscodeKind, PushAddress},
    },
};

use crate::fixture::{NOW, World, cost};

fn start(world: &mut World, request: &LoginRequest) -> Started {
    match block_on(world.server.start_login(&world.user, request, NOW, &mut world.rng)).unwrap() {
        LoginStart::Started(started) => started,
        other => panic!("{other:?}"),
    }
}

fn prompt(world: &mut World, request: &LoginRequest) -> (Prompt, Started) {
    let started = start(world, request);
    match world.device.open(&started.pushes[0].envelope, NOW).unwrap() {
        Incoming::Login(prompt) => (prompt, started),
        other => panic!("{other:?}"),
    }
}

fn approve(world: &mut World, prompt: Prompt, (token, number): (TokenId, &str)) -> Outcome {
    let (message, answering) = world.device.approve(prompt, (token, number, None), NOW, &mut world.rng).unwrap();
    let reply = world.send(&message, NOW).unwrap();
    world.device.finish(answering, &reply, NOW).unwrap().outcome
}

/// A second device of the user with one token of this kind.
fn with_token(token: NewToken) -> (World, TokenId) {
    let mut world = World::new();
    let id = block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng)).unwrap();
    let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
    let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
    let setup = DeviceSetup { name: "watch".into(), push: PushAddress::POLL, keys };
    let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap();
    let response = world.send(&request, NOW).unwrap();
    let confirming = enrolling.finish(&response).unwrap();
    block_on(world.server.confirm_enrolment((&world.user, offer.enrolment), true, NOW, &mut world.rng)).unwrap();
    let protection = Protection { pins: &[], presence: &[], cost: cost() };
    world.device = confirming.confirm(&protection, MemoryStorage::default(), &mut world.rng).unwrap();
    (world, id)
}

/// The push for the device that is in front of the user.
fn shown(world: &mut World, request: &LoginRequest) -> Result<(Prompt, Started), pushotp::AuthenticatorError> {
    let started = start(world, request);
    let id = world.device.id();
    let push = started.pushes.iter().find(|push| push.device == id).unwrap();
    match world.device.open(&push.envelope, NOW)? {
        Incoming::Login(prompt) => Ok((prompt, started)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_of_three_is_picked() {
    let request = LoginRequest::new("Canteen").number_matching(NumberMatching::WeakerPickOne);
    let mut world = World::new();
    let (mail, (shown, started)) = (world.mail, prompt(&mut world, &request));
    let (number, choices) = (world.number(&started), shown.number_choices().unwrap());
    assert!(choices.contains(&number));
    assert!(choices.is_sorted(), "their order says nothing");
    let outcome = approve(&mut world, shown, (mail, &number));
    assert!(matches!(outcome, Outcome::Accepted { .. }));

    let mut world = World::new();
    let (mail, (shown, started)) = (world.mail, prompt(&mut world, &request));
    let number = world.number(&started);
    let wrong = shown.number_choices().unwrap().into_iter().find(|choice| *choice != number).unwrap();
    assert!(matches!(approve(&mut world, shown, (mail, &wrong)), Outcome::Refused(_)), "one attempt");
}

/// Where the right number stands among the three is uniform: it says nothing to whoever sees the device alone.
#[test]
fn the_place_of_the_right_number_says_nothing() {
    let request = LoginRequest::new("Canteen").number_matching(NumberMatching::WeakerPickOne);
    let mut world = World::with({
        let mut policy = pushotp::ServerPolicy::default();
        policy.max_pushes = u8::MAX;
        policy
    });
    let mut places = [0_u32; 3];
    for _ in 0..150 {
        let (prompt, started) = prompt(&mut world, &request);
        let number = world.number(&started);
        places[prompt.number_choices().unwrap().iter().position(|choice| *choice == number).unwrap()] += 1;
    }
    // 50 each, with a standard deviation of 5.8: five of them away.
    assert!(places.iter().all(|count| (21..=79).contains(count)), "{places:?}");
}

#[test]
fn a_token_that_permits_it_is_approved_from_the_notification() {
    let token = || NewToken::new("Door").approvable_from_notification();
    let (mut world, door) = with_token(token());
    let (prompt, started) = shown(&mut world, &LoginRequest::new("Door")).unwrap();
    let quick = prompt.quick().unwrap();
    assert_eq!(quick.tokens().iter().map(|token| token.id).collect::<Vec<_>>(), [door]);
    let number = world.number(&started);
    assert!(matches!(approve(&mut world, quick, (door, &number)), Outcome::Accepted { .. }));

    // Unless the login forbids it.
    let (mut world, _) = with_token(token());
    let (prompt, _) = shown(&mut world, &LoginRequest::new("Door").in_app_only()).unwrap();
    assert!(prompt.quick().is_err());
}

#[test]
fn no_other_token_is() {
    let mut world = World::new();
    let (prompt, _) = prompt(&mut world, &LoginRequest::new("Intranet"));
    let prompt = *prompt.quick().unwrap_err();
    assert_eq!(prompt.tokens().len(), 2, "nothing is lost");
}

#[test]
fn a_token_whose_number_is_always_typed_takes_no_less() {
    let (mut world, vault) = with_token(NewToken::new("Vault").number_always_typed());
    for weaker in [NumberMatching::WeakerTapOnly, NumberMatching::WeakerPickOne] {
        let refused = shown(&mut world, &LoginRequest::new("Vault").number_matching(weaker)).unwrap_err();
        assert_eq!(refused, pushotp::AuthenticatorError::Message(WireError::Number), "nothing is shown");
    }
    let (prompt, started) = shown(&mut world, &LoginRequest::new("Vault")).unwrap();
    let number = world.number(&started);
    assert!(matches!(approve(&mut world, prompt, (vault, &number)), Outcome::Accepted { .. }));
}

/// Two devices of one user are asked; the answer of one takes the prompt from the other's screen.
// protocol.md: SRV-9
#[test]
fn an_answer_withdraws_the_prompt_of_the_other_device() {
    let (mut world, door) = with_token(NewToken::new("Door"));
    let (shown, started) = shown(&mut world, &LoginRequest::new("Intranet")).unwrap();
    let keys = SoftwareKeys::from_bytes(&world.keys).into_device_keys();
    let mut phone = Authenticator::load(&world.storage.saved(), keys, world.storage.clone()).unwrap();
    let push = started.pushes.iter().find(|push| push.device == phone.id()).unwrap();
    let Ok(Incoming::Login(prompt)) = phone.open(&push.envelope, NOW) else { panic!() };

    let number = world.number(&started);
    let (message, _) = world.device.approve(shown, (door, &number, None), NOW, &mut world.rng).unwrap();
    let received = block_on(world.server.receive(&message, NOW, &mut world.rng)).unwrap();
    let [cancel] = received.pushes() else { panic!("{received:?}") };
    assert_eq!(cancel.device, phone.id());
    let Ok(Incoming::Withdrawn(id)) = phone.open(&cancel.envelope, NOW) else { panic!() };
    assert_eq!(id, prompt.id());
}

/// A device whose signing key is on P-256, as secure enclaves and TPMs have it.
#[cfg(feature = "es256")]
#[test]
fn a_p256_device_logs_in() {
    use pushotp::{DeviceKeys, pin::SoftwareKey, wire::signer::Esp256Signer};

    let mut world = World::new();
    block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng)).unwrap();
    let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
    let signer = Esp256Signer::generate(&mut world.rng);
    let keys = DeviceKeys::new(signer, SoftwareKey::generate(&mut world.rng));
    let setup = DeviceSetup { name: "laptop".into(), push: PushAddress::POLL, keys };
    let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap();
    let response = world.send(&request, NOW).unwrap();
    let confirming = enrolling.finish(&response).unwrap();
    block_on(world.server.confirm_enrolment((&world.user, offer.enrolment), true, NOW, &mut world.rng)).unwrap();
    let protection = Protection { pins: &[], presence: &[], cost: cost() };
    world.device = confirming.confirm(&protection, MemoryStorage::default(), &mut world.rng).unwrap();
    let (prompt, started) = shown(&mut world, &LoginRequest::new("VPN")).unwrap();
    let (token, number) = (prompt.tokens()[0].id, world.number(&started));
    assert!(matches!(approve(&mut world, prompt, (token, &number)), Outcome::Accepted { .. }));
}

/// HOTP and TOTP answer any login, so each is accepted once; the same rule as for a passcode that is typed.
#[test]
fn a_passcode_of_another_kind_is_accepted_once() {
    let kinds = [PasscodeKind::Totp, PasscodeKind::Hotp];
    for kind in kinds {
        let request = LoginRequest::new("VPN gateway").passcode(kind);
        let mut world = World::new();
        let (mail, (shown, started)) = (world.mail, prompt(&mut world, &request));
        let number = world.number(&started);
        let (message, _) = world.device.approve(shown, (mail, &number, None), NOW, &mut world.rng).unwrap();
        let code = world.code_in(&message);
        assert!(world.send(&message, NOW).is_some());
        assert!(world.redeem(&started, NOW));

        let typed = block_on(world.server.verify_passcode(&world.user, &code, NOW, &mut world.rng)).unwrap();
        let is_totp = kind == PasscodeKind::Totp;
        assert_eq!(typed == PasscodeVerdict::Replayed, is_totp, "{kind:?}: {typed:?}");

        // The device's next approval of this kind: TOTP has to wait for the next step, HOTP counts.
        let (shown, started) = prompt(&mut world, &request);
        let number = world.number(&started);
        let outcome = approve(&mut world, shown, (mail, &number));
        assert_eq!(matches!(outcome, Outcome::Accepted { .. }), !is_totp, "{kind:?}: {outcome:?}");
    }
}

/// Approvals that were made and never sent: the server looks ahead, and never back.
#[test]
fn hotp_passcodes_may_be_lost_and_not_repeated() {
    let request = LoginRequest::new("VPN gateway").passcode(PasscodeKind::Hotp);
    let mut world = World::new();
    let (mail, before) = (world.mail, world.storage.saved());
    for _ in 0..3 {
        let (shown, started) = prompt(&mut world, &request);
        let number = world.number(&started);
        drop(world.device.approve(shown, (mail, &number, None), NOW, &mut world.rng).unwrap());
    }
    let (shown, started) = prompt(&mut world, &request);
    let number = world.number(&started);
    assert!(matches!(approve(&mut world, shown, (mail, &number)), Outcome::Accepted { .. }));

    // A device whose state was restored counts anew: its passcodes were used before, or passed over.
    let keys = SoftwareKeys::from_bytes(&world.keys).into_device_keys();
    world.device = Authenticator::load(&before, keys, world.storage.clone()).unwrap();
    let (shown, started) = prompt(&mut world, &request);
    let number = world.number(&started);
    assert!(matches!(approve(&mut world, shown, (mail, &number)), Outcome::TryAgain { .. }));
}
