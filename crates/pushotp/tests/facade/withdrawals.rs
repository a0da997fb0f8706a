//! Offers that are taken back, also while a device answers them.

use std::{
    future::Future,
    pin::pin,
    sync::atomic::Ordering::SeqCst,
    task::{Context, Waker},
};

use pollster::block_on;
use pushotp::{
    AccountId, AuditKind, NewToken, NotEnrolled, ServerError,
    types::{EnrolmentId, UnixTime},
    wire::Error as WireError,
};

use crate::{
    fixture::{NOW, World, later},
    sweeps::{keys, stalling, sweep, tablet},
};

fn withdraw(world: &mut World, enrolment: EnrolmentId, now: UnixTime) -> Result<(), ServerError> {
    block_on(world.server.withdraw_enrolment((&world.user, enrolment), now, &mut world.rng))
}

fn lines(world: &World) -> usize {
    let events = block_on(world.server.audit(&world.user)).unwrap();
    events.iter().filter(|event| event.kind() == AuditKind::EnrolmentWithdrawn).count()
}

// protocol.md: ENR-10
#[test]
fn a_withdrawn_offer_is_nobodys() {
    let mut world = World::new();
    let before = keys(&world);
    let (request, enrolling, offer) = tablet(&mut world, NOW);
    withdraw(&mut world, offer.enrolment, NOW).unwrap();
    assert_eq!((keys(&world), lines(&world)), (before, 1));
    assert_eq!(world.send(&request, NOW), None);
    assert!(matches!(enrolling.finish(b""), Err(NotEnrolled::Waiting { .. })));
    assert!(matches!(withdraw(&mut world, offer.enrolment, NOW), Err(ServerError::NoEnrolment)));
    assert_eq!(lines(&world), 1);
}

#[test]
fn its_place_is_free() {
    let mut world = World::new();
    block_on(world.server.add_token(&world.user, NewToken::new("More"), NOW, &mut world.rng)).unwrap();
    let offer = |world: &mut World| block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng));
    let (first, second) = (offer(&mut world).unwrap(), offer(&mut world).unwrap());
    assert!(matches!(offer(&mut world), Err(ServerError::Full(_))));
    withdraw(&mut world, first.enrolment, NOW).unwrap();
    assert!(offer(&mut world).is_ok());
    assert!(matches!(offer(&mut world), Err(ServerError::Full(_))), "the second is still there: {second:?}");
}

/// Nor is one that is another's, unknown or over.
#[test]
fn an_offer_is_withdrawn_by_its_account_while_it_is_open() {
    let mut world = World::new();
    let (_, _, offer) = tablet(&mut world, NOW);
    let (alice, bob) = (world.user.clone(), AccountId::new("bob").unwrap());
    let withdrawal = |world: &mut World, user: &AccountId, id, now| {
        block_on(world.server.withdraw_enrolment((user, id), now, &mut world.rng))
    };
    assert!(matches!(withdrawal(&mut world, &bob, offer.enrolment, NOW), Err(ServerError::NoAccount)));
    block_on(world.server.add_account(&bob)).unwrap();
    let confirmed = world.offer.enrolment;
    for (user, id, now) in [
        (&bob, offer.enrolment, NOW),
        (&alice, EnrolmentId::from_bytes([9; 16]), NOW),
        (&alice, confirmed, NOW),
        (&alice, offer.enrolment, later(601)),
    ] {
        assert!(matches!(withdrawal(&mut world, user, id, now), Err(ServerError::NoEnrolment)), "{user:?} {now:?}");
    }
    assert!(withdrawal(&mut world, &alice, offer.enrolment, later(600)).is_ok(), "its last second");
}

#[test]
fn what_a_device_has_answered_is_for_the_person_to_compare() {
    let mut world = World::new();
    let (request, enrolling, offer) = tablet(&mut world, NOW);
    let reply = world.send(&request, NOW).unwrap();
    assert!(matches!(withdraw(&mut world, offer.enrolment, NOW), Err(ServerError::EnrolmentAnswered)));
    assert_eq!(lines(&world), 0);
    let confirming = enrolling.finish(&reply).unwrap();
    let shown = block_on(world.server.confirmation_code(offer.enrolment)).unwrap();
    assert_eq!(shown.as_deref(), Some(confirming.code()));
    let enrolment = (&world.user, offer.enrolment);
    block_on(world.server.confirm_enrolment(enrolment, true, NOW, &mut world.rng)).unwrap();
}

/// The answer stops after each of its writes, the offer is withdrawn, the answer goes on: one of them wins.
#[test]
fn a_withdrawal_between_any_two_writes_of_an_answer() {
    let (mut withdrawn, mut answered) = (0, 0);
    for writes in 0..7 {
        let mut world = World::new();
        let before = keys(&world);
        let (request, enrolling, offer) = tablet(&mut world, NOW);
        let (server, left) = stalling(&world, writes);
        let mut rng = world.rng.clone();
        let mut receiving = pin!(server.receive(&request, NOW, &mut rng));
        assert!(receiving.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "{writes}");
        let told = withdraw(&mut world, offer.enrolment, NOW);
        left.store(100, SeqCst);
        let received = block_on(receiving).unwrap();
        let enrolment = (&world.user, offer.enrolment);
        match told {
            Ok(()) => {
                withdrawn += 1;
                assert_eq!(received.error(), Some(&WireError::EnrolmentExpired), "{writes}");
                assert!(received.into_reply().is_err());
                let confirmed = block_on(world.server.confirm_enrolment(enrolment, true, NOW, &mut world.rng));
                assert!(matches!(confirmed, Err(ServerError::NoEnrolment)), "{writes}");
                assert!(block_on(world.server.tokens(&world.user)).unwrap().iter().any(|token| !token.enrolled));
                // What the answer had stored refers to nothing.
                sweep(&mut world, later(601));
                sweep(&mut world, later(601 + 3600));
                assert_eq!(keys(&world), before, "{writes}");
            }
            Err(ServerError::EnrolmentAnswered) => {
                answered += 1;
                assert!(enrolling.finish(&received.into_reply().unwrap()).is_ok(), "{writes}");
                assert!(block_on(world.server.confirm_enrolment(enrolment, true, NOW, &mut world.rng)).is_ok());
                assert!(block_on(world.server.tokens(&world.user)).unwrap().iter().all(|token| token.enrolled));
            }
            Err(error) => panic!("{writes}: {error:?}"),
        }
    }
    assert_eq!((withdrawn, answered), (6, 1), "before the write that decides, and after it");
}

/// The other way round: the offer was read as unanswered, and a device answers before the withdrawal is written.
#[test]
fn an_answer_before_the_write_of_a_withdrawal() {
    let mut world = World::new();
    let (request, enrolling, offer) = tablet(&mut world, NOW);
    let (server, left) = stalling(&world, 0);
    let (user, mut rng) = (world.user.clone(), world.rng.clone());
    let mut withdrawing = pin!(server.withdraw_enrolment((&user, offer.enrolment), NOW, &mut rng));
    assert!(withdrawing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let reply = world.send(&request, NOW).unwrap();
    left.store(100, SeqCst);
    assert!(matches!(block_on(withdrawing), Err(ServerError::EnrolmentAnswered)));
    assert!(enrolling.finish(&reply).is_ok());
    let enrolment = (&world.user, offer.enrolment);
    assert!(block_on(world.server.confirm_enrolment(enrolment, true, NOW, &mut world.rng)).is_ok());
}
