//! Tokens, devices and accounts that are removed, and what a crash in between leaves.

use pollster::block_on;
use pushotp::{
    AccountId, AuditKind, Incoming, LoginStart, LoginState, NewToken, PasscodeVerdict, ServerError,
    types::{DeviceId, TokenId},
};

use crate::{
    faults::{Fault, faulty},
    fixture::{NOW, PIN, World, later},
    sweeps::{keys, stalling, sweep, until_death},
};

const HOUR: u64 = 3600;

fn remove_device(world: &mut World) -> Vec<pushotp::Push> {
    let place = (&world.user, world.device.id());
    block_on(world.server.remove_device(place, NOW, &mut world.rng)).unwrap()
}

/// Both looks of a sweep.
fn swept(world: &mut World) {
    sweep(world, later(HOUR));
    sweep(world, later(2 * HOUR));
}

#[test]
fn a_removed_device_is_nobody() {
    let mut world = World::new();
    let (message, answering, started) = world.approval(NOW);
    let (fetch, _) = world.device.fetch(NOW, &mut world.rng).unwrap();
    assert_eq!(world.token(world.bank).device, Some(world.device.id()));
    let [push] = &remove_device(&mut world)[..] else { panic!() };
    assert!(world.logged(AuditKind::DeviceRemoved));
    assert_eq!(world.state(&started, NOW), LoginState::Cancelled);
    assert!(matches!(world.device.open(&push.envelope, NOW).unwrap(), Incoming::Withdrawn(_)));

    // Late answers and everything else of it get the one reject.
    assert_eq!(world.send(&message, NOW), None);
    assert_eq!(world.send(&fetch, NOW), None);
    assert!(!world.redeem(&started, NOW));
    drop(answering);
    for token in [world.bank, world.mail] {
        assert!(!world.token(token).enrolled && world.token(token).device.is_none());
    }
    let typed = block_on(world.server.verify_passcode(&world.user, "00000000", NOW, &mut world.rng)).unwrap();
    assert_eq!(typed, PasscodeVerdict::NoToken);
    let request = pushotp::LoginRequest::new("Intranet");
    let start = world.server.start_login(&world.user, &request, NOW, &mut world.rng);
    assert!(matches!(block_on(start).unwrap(), LoginStart::NoToken));
    assert_eq!(keys(&world), ["account/alice"], "no key, secret or address is kept");

    // The tokens are free for another device, and its signing key too.
    let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
    crate::replacements::replace(&mut world, &offer, NOW);
    assert!(matches!(
        world.approve_with(world.bank, Some(crate::replacements::NEW), later(1)),
        pushotp::Outcome::Accepted { .. }
    ));
}

/// Who approved and had the device taken away before the page collected it does not get in.
#[test]
fn an_approval_that_was_not_collected_is_void() {
    let mut world = World::new();
    let (message, _, started) = world.approval(NOW);
    world.send(&message, NOW).unwrap();
    assert_eq!(world.state(&started, NOW), LoginState::Approved);
    assert_eq!(remove_device(&mut world).len(), 1);
    assert!(!world.redeem(&started, NOW));
}

/// The offer of a replacement is void with the device that it was to replace.
#[test]
fn a_replacement_of_a_removed_device_is_void() {
    for answered in [false, true] {
        let mut world = World::new();
        let place = (&world.user, world.device.id());
        let offer = block_on(world.server.offer_replacement(place, NOW, &mut world.rng)).unwrap();
        if answered {
            let keys = crate::replacements::fresh(&mut world);
            crate::replacements::answer(&mut world, &offer, &keys, NOW);
        }
        remove_device(&mut world);
        let confirmed =
            block_on(world.server.confirm_enrolment((&world.user, offer.enrolment), true, NOW, &mut world.rng));
        assert!(matches!(confirmed, Err(ServerError::NoEnrolment)));
        assert_eq!(keys(&world), ["account/alice"]);
    }
}

#[test]
fn a_removed_token_is_gone_and_the_other_stays() {
    let mut world = World::new();
    let mut others = keys(&world);
    let (message, _, started) = world.approval(NOW);
    let (code, _) = world.device.passcode(world.mail, None, NOW).unwrap();
    let pushes = block_on(world.server.remove_token((&world.user, world.mail), NOW, &mut world.rng)).unwrap();
    assert_eq!((pushes.len(), world.state(&started, NOW)), (1, LoginState::Cancelled));
    assert!(world.logged(AuditKind::TokenRemoved));
    let answered = block_on(world.server.receive(&message, NOW, &mut world.rng)).unwrap();
    assert!(answered.error().is_some() && !world.redeem(&started, NOW));
    let typed = block_on(world.server.verify_passcode(&world.user, code.expose(), NOW, &mut world.rng)).unwrap();
    assert_eq!(typed, PasscodeVerdict::NoToken);
    let secret = format!("secret/alice/{}/", world.mail);
    others.retain(|key| !key.starts_with(&secret));
    assert_eq!(keys(&world), others, "its secret alone");
    world.log_in(world.bank, later(1));
}

/// An enrolment on its way goes on without a token that was removed; with none left it is void.
#[test]
fn a_token_is_removed_from_enrolments_too() {
    for answered in [false, true] {
        let mut world = World::new();
        let add = |world: &mut World, name: &str| {
            block_on(world.server.add_token(&world.user, NewToken::new(name), NOW, &mut world.rng)).unwrap()
        };
        let tokens = [add(&mut world, "One"), add(&mut world, "Two")];
        let before = keys(&world);
        let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
        if answered {
            let keys = crate::replacements::fresh(&mut world);
            crate::replacements::answer(&mut world, &offer, &keys, NOW);
        }
        for token in tokens {
            block_on(world.server.remove_token((&world.user, token), NOW, &mut world.rng)).unwrap();
            assert!(!keys(&world).iter().any(|key| key.contains(&token.to_string())), "{answered}");
        }
        assert_eq!(keys(&world), before, "{answered}: nothing is left of the offer");
    }
}

#[test]
fn a_removed_account_leaves_nothing() {
    let mut world = World::new();
    let (message, _, started) = world.approval(NOW);
    block_on(world.server.add_token(&world.user, NewToken::new("More"), NOW, &mut world.rng)).unwrap();
    block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
    let removed = block_on(world.server.remove_account(&world.user, NOW, &mut world.rng)).unwrap();
    assert_eq!(removed.pushes.len(), 1);
    let last = removed.events.last().unwrap();
    assert_eq!((last.kind(), last.at()), (AuditKind::AccountRemoved, NOW));
    assert!(removed.events.windows(2).all(|pair| pair[0].number() + 1 == pair[1].number()));
    assert_eq!(keys(&world), [""; 0]);
    assert_eq!(world.send(&message, NOW), None);
    let redeemed = block_on(world.server.redeem(&started.ticket, NOW, &mut world.rng));
    assert!(matches!(redeemed, Err(ServerError::NoAccount)));

    // Another account of that name has nothing of it.
    block_on(world.server.add_account(&world.user)).unwrap();
    assert_eq!(block_on(world.server.tokens(&world.user)).unwrap(), []);
    assert!(block_on(world.server.redeem(&started.ticket, NOW, &mut world.rng)).is_err());
}

#[test]
fn what_is_not_there_is_not_removed() {
    let mut world = World::new();
    let before = keys(&world);
    let nobody = AccountId::new("nobody").unwrap();
    let (device, token) = (DeviceId::from_bytes([9; 16]), TokenId::from_bytes([9; 16]));
    let World { server, user, rng, .. } = &mut world;
    let told = block_on(server.remove_device((user, device), NOW, rng)).unwrap_err();
    assert!(matches!(told, ServerError::NoDevice));
    let told = block_on(server.remove_token((user, token), NOW, rng)).unwrap_err();
    assert!(matches!(told, ServerError::NoToken));
    let told = block_on(server.remove_account(&nobody, NOW, rng)).unwrap_err();
    assert!(matches!(told, ServerError::NoAccount));
    assert_eq!(keys(&world), before);
}

/// A server that dies after each of its writes in turn: the account says all or nothing, and a sweep leaves what a removal
/// without a crash leaves.
#[test]
fn a_death_while_a_device_is_removed() {
    let mut finished = false;
    for writes in 0..20 {
        let mut world = World::new();
        let (message, _, _) = world.approval(NOW);
        let (server, _) = stalling(&world, writes);
        let place = (&world.user, world.device.id());
        finished = until_death(server.remove_device(place, NOW, &mut world.rng.clone())).is_some();
        if writes == 0 {
            assert!(world.send(&message, NOW).is_some(), "nothing has happened");
            swept(&mut world);
            world.log_in(world.bank, later(2 * HOUR));
            continue;
        }
        assert_eq!(world.send(&message, NOW), None, "after {writes} writes");
        assert!(!world.token(world.bank).enrolled && !world.token(world.mail).enrolled);
        swept(&mut world);
        assert_eq!(keys(&world), ["account/alice"], "after {writes} writes");
        if finished {
            break;
        }
    }
    assert!(finished, "more writes than were tried");
}

#[test]
fn a_death_while_an_account_is_removed() {
    let mut finished = false;
    for writes in 0..20 {
        let mut world = World::new();
        block_on(world.server.add_token(&world.user, NewToken::new("More"), NOW, &mut world.rng)).unwrap();
        let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
        let late = crate::replacements::fresh(&mut world);
        let (message, _, _) = world.approval(NOW);
        let (server, _) = stalling(&world, writes);
        finished = until_death(server.remove_account(&world.user, NOW, &mut world.rng.clone())).is_some();
        if writes == 0 {
            assert!(world.send(&message, NOW).is_some(), "nothing has happened");
            continue;
        }
        assert_eq!(world.send(&message, NOW), None, "after {writes} writes");
        let request = crate::replacements::request(&mut world, &offer, &late, NOW);
        assert_eq!(world.send(&request, NOW), None, "an offer of nobody, after {writes} writes");
        swept(&mut world);
        assert_eq!(keys(&world), [""; 0], "after {writes} writes");
        if finished {
            break;
        }
    }
    assert!(finished, "more writes than were tried");
}

/// What is told of a removal is what is stored, and asking again makes it true.
#[test]
fn a_removal_is_told_as_it_is_stored() {
    let cases: &[(&[Fault], &str, bool)] = &[
        (&[], "Ok", true),
        (&[Fault::Written(0)], "Ok", true),
        (&[Fault::Vanished(0)], "Ok", true),
        (&[Fault::Vanished(0), Fault::Written(0)], "Ok", true),
        (&[Fault::NotApplied], "Err(Store(NotApplied", false),
        (&[Fault::Vanished(0), Fault::NotApplied], "Ok", true),
        (&[Fault::Vanished(0); 8], "Err(Unknown)", false),
        (&[Fault::WrittenAndBlind], "Err(Unknown)", true),
    ];
    for (script, told, is_gone) in cases {
        let mut world = World::new();
        let removed = block_on(faulty(&world, script).remove_account(&world.user, NOW, &mut world.rng));
        let shown = format!("{removed:?}");
        assert!(shown.starts_with(told), "{script:?}: {shown}");
        assert_eq!(!keys(&world).contains(&"account/alice".to_owned()), *is_gone, "{script:?}");
        let again = block_on(world.server.remove_account(&world.user, NOW, &mut world.rng));
        assert_eq!(again.is_err(), *is_gone, "{script:?}");
        swept(&mut world);
        assert_eq!(keys(&world), [""; 0], "{script:?}");
    }
    for (script, is_told) in [(Fault::Written(0), true), (Fault::Vanished(0), true), (Fault::WrittenAndBlind, false)] {
        let mut world = World::new();
        let place = (&world.user, world.device.id());
        let removed = block_on(faulty(&world, &[script]).remove_device(place, NOW, &mut world.rng));
        assert_eq!(removed.is_ok(), is_told, "{script:?}: {removed:?}");
        assert!(!world.token(world.bank).enrolled);
        swept(&mut world);
        assert_eq!(keys(&world), ["account/alice"], "{script:?}");
    }
}

#[test]
fn a_death_while_a_token_is_removed() {
    for writes in 0..2 {
        let mut world = World::new();
        let before = keys(&world);
        let (server, _) = stalling(&world, writes);
        let place = (&world.user, world.mail);
        assert!(until_death(server.remove_token(place, NOW, &mut world.rng.clone())).is_none());
        assert_eq!(keys(&world), before, "the secret is removed after the token");
        swept(&mut world);
        assert_eq!(keys(&world).len(), before.len() - writes);
        assert!(matches!(
            world.approve_with(world.bank, Some(PIN), later(2 * HOUR)),
            pushotp::Outcome::Accepted { .. }
        ));
    }
}
