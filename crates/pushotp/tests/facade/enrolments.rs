//! What may go wrong between the QR code and the comparison of the codes.

use pollster::block_on;
use pushotp::{
    AccountId, AuditKind, Authenticator, AuthenticatorError, Confirming, DeviceSetup, Enrolling, MemoryStorage,
    NewToken, NotEnrolled, Protection, SoftwareKeys,
    types::{Offer, UnixTime},
    wire::{
        Error as WireError,
        enrol::DeviceEnrolment,
        message::{DeviceProfile, Sent},
        signer::{DeviceSigner, Ed25519Signer, SignError, VerifyingKey},
        terms::PushAddress,
    },
};

use crate::fixture::{NOW, World, cost, later};

/// An offer for one more token of an account.
fn offer(world: &mut World, account: &AccountId, now: UnixTime) -> Offer {
    block_on(world.server.add_token(account, NewToken::new("More"), now, &mut world.rng)).unwrap();
    block_on(world.server.offer_enrolment(account, now, &mut world.rng)).unwrap()
}

fn request(world: &mut World, offer: &Offer, keys: &[u8; 80], now: UnixTime) -> (Vec<u8>, Enrolling) {
    let keys = SoftwareKeys::from_bytes(keys).into_device_keys();
    let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
    Authenticator::enrol(offer, setup, now, &mut world.rng).unwrap()
}

/// The whole exchange, up to the comparison of the codes.
fn enrol(world: &mut World, offer: &Offer, keys: &[u8; 80], now: UnixTime) -> Result<Confirming, NotEnrolled> {
    let (request, enrolling) = request(world, offer, keys, now);
    enrolling.finish(&world.send(&request, now).expect("a sealed reply"))
}

fn fresh(world: &mut World) -> [u8; 80] {
    *SoftwareKeys::generate(&mut world.rng).expose()
}

fn confirm(world: &mut World, (account, offer): (&AccountId, &Offer), agree: bool, now: UnixTime) {
    let enrolment = (account, offer.enrolment);
    block_on(world.server.confirm_enrolment(enrolment, agree, now, &mut world.rng)).unwrap();
}

fn lines(world: &World, account: &AccountId, kind: AuditKind) -> usize {
    let events = block_on(world.server.audit(account)).unwrap();
    events.iter().filter(|event| event.kind() == kind).count()
}

/// The offer is used up by the request: what comes back instead of the response must not cost the enrolment.
// protocol.md: ENR-7
#[test]
fn garbage_ends_no_enrolment() {
    let mut world = World::new();
    let user = world.user.clone();
    let offer = offer(&mut world, &user, NOW);
    let keys = fresh(&mut world);
    let (request, mut enrolling) = request(&mut world, &offer, &keys, NOW);
    let response = world.send(&request, NOW).unwrap();
    let mut altered = response.clone();
    altered[100] ^= 1;
    let other = world.start(NOW).pushes[0].envelope.clone();
    for reply in [vec![], b"<html>502 Bad Gateway</html>".to_vec(), request, other, altered] {
        enrolling = match enrolling.finish(&reply) {
            Err(NotEnrolled::Waiting { enrolling, error: AuthenticatorError::Message(_) }) => *enrolling,
            other => panic!("{other:?}"),
        };
    }
    let confirming = enrolling.finish(&response).unwrap();
    let protection = Protection { pins: &[], presence: &[], cost: cost() };
    assert!(confirming.confirm(&protection, MemoryStorage::default(), &mut world.rng).is_ok());
}

/// Case 207: in one account or in two of the tenant, while the other device is enrolled.
// protocol.md: ENR-10
#[test]
fn a_signing_key_stands_for_one_device() {
    let mut world = World::new();
    let (user, bob, taken) = (world.user.clone(), AccountId::new("bob").unwrap(), world.keys);
    // Long after the offer that the key came with.
    let now = later(1000);
    block_on(world.server.add_account(&bob)).unwrap();
    for account in [&user, &bob] {
        let offer = offer(&mut world, account, now);
        for _ in 0..3 {
            let (request, enrolling) = request(&mut world, &offer, &taken, now);
            assert!(world.send(&request, now).is_some());
            let received = block_on(world.server.receive(&request, now, &mut world.rng)).unwrap();
            assert_eq!((received.account(), received.error()), (Some(account), Some(&WireError::WeakKey)));
            let refused = enrolling.finish(&received.into_reply().unwrap());
            assert!(matches!(refused, Err(NotEnrolled::Refused)), "{refused:?}");
        }
        assert_eq!(lines(&world, account, AuditKind::SigningKeyInUse), 1, "noted, and not once more each time");
        assert_eq!(block_on(world.server.confirmation_code(offer.enrolment)).unwrap(), None);
        // The offer is as good as before, for a key of its own.
        let keys = fresh(&mut world);
        assert!(enrol(&mut world, &offer, &keys, now).is_ok());
        confirm(&mut world, (account, &offer), true, now);
    }
}

/// A key that was about to be enrolled is taken until a person refuses, or the offer ends.
// protocol.md: ENR-10
#[test]
fn a_key_that_was_not_enrolled_is_free_again() {
    let mut world = World::new();
    let (user, keys) = (world.user.clone(), fresh(&mut world));
    let refused = offer(&mut world, &user, NOW);
    assert!(enrol(&mut world, &refused, &keys, NOW).is_ok());
    let second = offer(&mut world, &user, NOW);
    assert!(matches!(enrol(&mut world, &second, &keys, NOW), Err(NotEnrolled::Refused)));
    confirm(&mut world, (&user, &refused), false, NOW);
    assert!(enrol(&mut world, &second, &keys, NOW).is_ok(), "a person refused the first");
    let third = offer(&mut world, &user, NOW);
    assert!(matches!(enrol(&mut world, &third, &keys, later(600)), Err(NotEnrolled::Refused)));
    let late = offer(&mut world, &user, later(601));
    assert!(enrol(&mut world, &late, &keys, later(601)).is_ok(), "nobody confirmed the second in time");
}

/// A signer that shows one key and signs with another.
struct Liar(VerifyingKey, Ed25519Signer);

impl DeviceSigner for Liar {
    fn verifying_key(&self) -> VerifyingKey {
        self.0
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        self.1.sign(message)
    }
}

/// Who holds the offer and proves nothing is an incident; who does not hold it is nobody.
// protocol.md: ENR-10, CHK-4, ERR-2
#[test]
fn a_bad_request_is_noted_and_leaves_the_offer_usable() {
    let mut world = World::new();
    let user = world.user.clone();
    let mut offer = offer(&mut world, &user, NOW);
    let victim = Ed25519Signer::from_bytes(world.keys.first_chunk().unwrap()).verifying_key();
    let liar = Liar(victim, Ed25519Signer::generate(&mut world.rng));
    let mut start = |offer: &Offer| {
        let profile = DeviceProfile::new("tablet", PushAddress::POLL, Sent { at: NOW, sequence: 1 }).unwrap();
        DeviceEnrolment::start(offer, profile, &liar, &mut world.rng).unwrap().0
    };
    let lie = start(&offer);
    let psk = std::mem::replace(&mut offer.psk, [1; 32]);
    let noise = start(&offer);
    offer.psk = psk;
    for (message, error, noted) in [(noise, WireError::BadSeal, 0), (lie, WireError::BadPossession, 1)] {
        for _ in 0..3 {
            let received = block_on(world.server.receive(&message, NOW, &mut world.rng)).unwrap();
            assert_eq!(received.error(), Some(&error));
            assert!(received.into_reply().is_err());
        }
        assert_eq!(lines(&world, &user, AuditKind::BadEnrolment), noted, "{error}");
    }
    let keys = fresh(&mut world);
    assert!(enrol(&mut world, &offer, &keys, NOW).is_ok());
}
