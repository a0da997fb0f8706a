//! How many devices an account may have, and the offer that enrols one of them.

use std::sync::Arc;

use pollster::block_on;
use pushotp::{
    LoginServer, NewToken, ServerError, ServerPolicy, ServerSetup, SoftwareKek,
    types::{Offer, TenantId},
    wire::keys::ServerKey,
};

use crate::{
    fixture::{KEK, NOW, World, later},
    replacements::{answer, fresh, request},
};

fn offer(world: &mut World) -> Result<Offer, ServerError> {
    let token = NewToken::new("More");
    block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng)).unwrap();
    block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng))
}

fn confirm(world: &mut World, offer: &Offer) -> Result<Vec<pushotp::Push>, ServerError> {
    block_on(world.server.confirm_enrolment((&world.user, offer.enrolment), true, NOW, &mut world.rng))
}

fn answered(world: &mut World) -> Offer {
    let offer = offer(world).unwrap();
    let keys = fresh(world);
    answer(world, &offer, &keys, NOW);
    offer
}

fn is_full<T>(told: &Result<T, ServerError>) -> bool {
    matches!(told, Err(ServerError::Full("devices")))
}

#[test]
fn five_devices_are_the_most() {
    let mut world = World::new();
    for _ in 1..5 {
        let offer = answered(&mut world);
        confirm(&mut world, &offer).unwrap();
    }
    assert!(is_full(&offer(&mut world)));
    // The place of one may be taken by another, and a place that is empty by a new one.
    let first = (&world.user, world.device.id());
    let replacement = block_on(world.server.offer_replacement(first, NOW, &mut world.rng)).unwrap();
    let keys = fresh(&mut world);
    answer(&mut world, &replacement, &keys, NOW);
    confirm(&mut world, &replacement).unwrap();
    assert!(is_full(&offer(&mut world)));
    block_on(world.server.remove_device((&world.user, world.device.id()), NOW, &mut world.rng)).unwrap();
    assert!(offer(&mut world).is_ok());
}

#[test]
fn the_policy_may_ask_for_fewer_and_not_for_more() {
    for (limit, most) in [(0, 1), (1, 1), (2, 2), (200, 5)] {
        let mut policy = ServerPolicy::default();
        policy.max_devices = limit;
        let mut world = World::with(policy);
        for _ in 1..most {
            let offer = answered(&mut world);
            confirm(&mut world, &offer).unwrap();
        }
        assert!(is_full(&offer(&mut world)), "{limit}");
    }
}

/// An offer of before is confirmed after the limit was lowered: not now, but as soon as there is a place.
#[test]
fn the_limit_counts_when_a_person_confirms() {
    let mut world = World::new();
    let offer = answered(&mut world);
    let mut policy = ServerPolicy::default();
    policy.max_devices = 1;
    world.server = LoginServer::new(ServerSetup {
        tenant: TenantId::new(b"example.com").unwrap(),
        url: "https://login.example.com/push".into(),
        key: ServerKey::from_bytes(&world.server_key),
        kek: Arc::new(SoftwareKek::from_bytes(KEK)),
        store: world.store.clone(),
        policy,
    });
    assert!(is_full(&confirm(&mut world, &offer)));
    block_on(world.server.remove_device((&world.user, world.device.id()), NOW, &mut world.rng)).unwrap();
    assert!(confirm(&mut world, &offer).is_ok());
}

/// Two offers of the same tokens: the second one finds them taken.
#[test]
fn of_two_offers_for_the_same_tokens_one_is_confirmed() {
    let mut world = World::new();
    let (first, second) = (answered(&mut world), answered(&mut world));
    confirm(&mut world, &first).unwrap();
    assert!(matches!(confirm(&mut world, &second), Err(ServerError::NoEnrolment)));
}

/// Used once, by one device, for ten minutes.
// protocol.md: ENR-3, ENR-10
#[test]
fn an_offer_is_for_one_device_and_ten_minutes() {
    let mut world = World::new();
    let late = offer(&mut world).unwrap();
    assert_eq!(late.expires, later(600));
    let keys = fresh(&mut world);
    let message = request(&mut world, &late, &keys, NOW);
    assert_eq!(world.send(&message, later(601)), None, "a second too late");
    let reply = world.send(&message, later(600)).unwrap();
    let other = fresh(&mut world);
    let stolen = request(&mut world, &late, &other, NOW);
    assert_eq!(world.send(&stolen, later(600)), None, "another device with the same code");
    assert_eq!(world.send(&message, later(600)), Some(reply), "the same request, the same reply");
    let enrolment = (&world.user, late.enrolment);
    block_on(world.server.confirm_enrolment(enrolment, true, later(600), &mut world.rng)).unwrap();
    assert_eq!(world.send(&message, later(600)), None, "the offer is gone");
    assert_eq!(world.send(&stolen, later(600)), None);
}
