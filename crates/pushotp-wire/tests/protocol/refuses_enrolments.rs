//! Group H: enrolments, and what no single refused message of docs/vectors shows.

use pushotp_wire::{
    Error,
    enrol::{DeviceEnrolment, NotEnrolled},
    message::{DeviceProfile, Sent},
    signer::Ed25519Signer,
    terms::PushAddress,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use crate::{cbor::uint, enrols::*, messages::with, peer::*};

/// Case 206: the algorithm is said besides, and a key of another one is refused.
// protocol.md: ENR-5
#[test]
fn the_other_algorithm_with_an_ed25519_key() {
    let (enc, run) = sender(&bound());
    let error = server_enrols(&first_frame(&run, &enc, &with(request(&run), 3, uint(2)))).err();
    assert_eq!(error, Some(if cfg!(feature = "es256") { Error::WeakKey } else { Error::Field("alg") }));
}

/// A refusal of another request ends nothing, the one of this request does.
// protocol.md: ENR-7, ENR-8
#[test]
fn refusals() {
    let (frame, waiting) = start();
    let (_, run) = open_frame(&frame, &EID, &bound());
    let refusal = |rh: &[u8]| respond(&run, &payload(&response(rh, 1, &[])));
    let Err(NotEnrolled::Waiting { enrolment, error }) = waiting.finish(&refusal(&[0; 32])) else { panic!("ended") };
    assert_eq!(error, Error::HashMismatch);
    assert!(matches!(enrolment.finish(&refusal(&message_hash(&frame))), Err(NotEnrolled::Refused)));
}

/// Case 212: what the device refuses before it sends anything.
// protocol.md: FRM-4, ENR-3
#[test]
fn offers() {
    let begin = |offer: &pushotp_types::Offer| {
        let profile = DeviceProfile::new("phone", PushAddress::POLL, Sent { at: at(NOW), sequence: 7 }).unwrap();
        let signer = Ed25519Signer::from_bytes(&SIGNING);
        DeviceEnrolment::start(offer, profile, &signer, &mut ChaCha20Rng::seed_from_u64(2)).err()
    };
    let mut expired = offer();
    expired.expires = at(NOW - 1);
    assert_eq!(begin(&expired), Some(Error::EnrolmentExpired));
    let mut weak = offer();
    weak.server_key = [0; 32];
    assert_eq!(begin(&weak), Some(Error::WeakKey));
    assert_eq!(begin(&offer()), None);
}
