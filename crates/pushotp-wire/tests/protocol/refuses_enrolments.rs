//! Group H: enrolments with one thing wrong, by a device that holds the offer and by a server that holds its keys.

use pushotp_wire::{
    Error,
    enrol::{DeviceEnrolment, NotEnrolled},
    message::{DeviceProfile, Sent},
    signer::Ed25519Signer,
    terms::PushAddress,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use crate::{
    cbor::{array, bytes, text, uint},
    enrols::*,
    hpke::Bound,
    messages::{Fields, with},
    peer::*,
};

/// A request with one field replaced.
fn refused(at: usize, item: Vec<u8>) -> Option<Error> {
    let (enc, run) = sender(&bound());
    server_enrols(&first_frame(&run, &enc, &with(request(&run), at, item))).err()
}

#[test]
fn requests() {
    let (enc, run) = sender(&bound());
    assert!(server_enrols(&first_frame(&run, &enc, &request(&run))).is_ok(), "what the cases are made of");
    let address = |kind: u64, len: usize| array(&[uint(kind), bytes(vec![1; len])]);
    let weak = Error::WeakKey;
    let other_algorithm = if cfg!(feature = "es256") { weak } else { Error::Field("alg") };
    let cases = [
        ("version", refused(0, uint(2)), Error::Version),
        ("another eid inside", refused(1, bytes([0; 16])), Error::BadPossession),
        ("203 bind of another run", refused(2, bytes([1; 32])), Error::BadPossession),
        ("206 alg 0", refused(3, uint(0)), Error::Field("alg")),
        ("206 alg 2 with an Ed25519 key", refused(3, uint(2)), other_algorithm),
        ("206 alg 3", refused(3, uint(3)), Error::Field("alg")),
        ("205 a key of 31 bytes", refused(4, bytes([1; 31])), weak),
        ("205 a key of 33 bytes", refused(4, bytes([2; 33])), weak),
        ("205 a key of 65 bytes", refused(4, bytes([4; 65])), weak),
        ("205 off the curve", refused(4, bytes([&[2][..], &[0; 31]].concat())), weak),
        ("205 of small order", refused(4, bytes([&[1][..], &[0; 31]].concat())), weak),
        ("205 not canonical", refused(4, bytes([&[0xee][..], &[0xff; 30], &[0x7f]].concat())), weak),
        ("204 somebody else's key", refused(4, bytes(other_key())), Error::BadPossession),
        ("208 a name of 65 bytes", refused(5, text(&"a".repeat(65))), Error::Display("name")),
        ("208 no name", refused(5, text("")), Error::Display("name")),
        ("208 a name that turns around", refused(5, text("Alice\u{202e}")), Error::Display("name")),
        ("209 push kind 5", refused(6, address(5, 3)), Error::Field("push")),
        ("209 an address of 1025 bytes", refused(6, address(1, 1025)), Error::Field("addr")),
        ("clock", refused(7, uint(0)), Error::Field("dts")),
        ("sequence", refused(8, uint(1 << 53)), Error::Field("seq")),
    ];
    for (case, error, expected) in cases {
        assert_eq!(error, Some(expected), "{case}");
    }
}

fn other_key() -> Vec<u8> {
    use pushotp_wire::signer::DeviceSigner;
    Ed25519Signer::from_bytes(&[0x55; 32]).verifying_key().as_bytes().to_vec()
}

/// Cases 195 to 199: what does not open leaves the offer usable.
#[test]
fn what_an_enrolment_is_bound_to() {
    let good = bound();
    let info = |tenant: &[u8], eid: [u8; 16], did: [u8; 16], epoch: u64| {
        array(&[text("pushotp"), uint(1), text("enrol"), bytes(tenant), bytes(eid), bytes(did), uint(epoch)])
    };
    let cases = [
        ("196 psk", Bound { psk: vec![0; 32], ..good.clone() }),
        ("196 psk id", Bound { psk_id: vec![0; 16], ..good.clone() }),
        ("197 tenant", Bound { info: info(b"example.org", EID, DID, 1), ..good.clone() }),
        ("197 eid", Bound { info: info(TENANT, [0; 16], DID, 1), ..good.clone() }),
        ("197 device", Bound { info: info(TENANT, EID, [2; 16], 1), ..good.clone() }),
        ("197 epoch", Bound { info: info(TENANT, EID, DID, 2), ..good.clone() }),
        ("198 base mode", Bound { mode: 0, psk: vec![], psk_id: vec![], ..good.clone() }),
        ("198 auth mode", Bound { mode: 2, psk: vec![], psk_id: vec![], ..good.clone() }),
        ("198 auth_psk mode", Bound { mode: 3, ..good.clone() }),
    ];
    for (case, bound) in cases {
        let (enc, run) = sender(&bound);
        assert_eq!(server_enrols(&first_frame(&run, &enc, &request(&run))).err(), Some(Error::BadSeal), "{case}");
    }
    let (enc, run) = sender(&good);
    let sealed = run.seal(&external_aad(), &sign1(65289, &signed_payload(&request(&run))));
    for weak in [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        assert_eq!(server_enrols(&frame_of(&EID, &weak, &sealed)).err(), Some(Error::BadSeal), "199");
    }
    assert_eq!(server_enrols(&frame_of(&[0; 16], &enc, &sealed)).err(), Some(Error::UnknownEnrolment), "195");
    assert_eq!(server_enrols(&frame_of(&D2S_KID, &enc, &sealed)).err(), Some(Error::UnknownEnrolment));
}

/// Case 211: what the device makes of a wrong response, which is nothing. It goes on waiting for the right one.
#[test]
fn responses() {
    let infos = [token_info(TOKEN, "Bank", 1), token_info(OTHER_TOKEN, "Mail", 0)];
    let ignored = |fields: &dyn Fn(&[u8]) -> Fields| {
        let (frame, waiting) = start();
        let (_, run) = open_frame(&frame, &EID, &bound());
        let rh = message_hash(&frame);
        let finish = |waiting: DeviceEnrolment, fields: Fields| waiting.finish(&respond(&run, &payload(&fields)));
        match finish(waiting, fields(&rh)) {
            Err(NotEnrolled::Waiting { enrolment, error }) => {
                assert_eq!(finish(*enrolment, response(&rh, 0, &infos)).unwrap().tokens.len(), 2);
                Some(error)
            }
            Err(other) => panic!("{other:?}"),
            Ok(_) => None,
        }
    };
    let nine: Vec<_> = (0..9).map(|n| token_info([n; 16], "T", 0)).collect();
    let twice = [infos[0].clone(), infos[0].clone()];
    let cases: [(&str, Option<Error>, Error); 8] = [
        ("another rh", ignored(&|_| response(&[0; 32], 0, &infos)), Error::HashMismatch),
        ("another eid", ignored(&|rh| with(response(rh, 0, &infos), 1, bytes([0; 16]))), Error::HashMismatch),
        ("refused, with tokens", ignored(&|rh| response(rh, 1, &infos)), Error::Field("status")),
        ("no token", ignored(&|rh| response(rh, 0, &[])), Error::Field("status")),
        ("status 2", ignored(&|rh| response(rh, 2, &infos)), Error::Field("status")),
        ("a token twice", ignored(&|rh| response(rh, 0, &twice)), Error::Field("tokens")),
        ("nine tokens", ignored(&|rh| response(rh, 0, &nine)), Error::Field("tids")),
        ("an unknown bit", ignored(&|rh| response(rh, 0, &[token_info(TOKEN, "Bank", 16)])), Error::Field("pol")),
    ];
    for (case, error, expected) in cases {
        assert_eq!(error, Some(expected), "{case}");
    }
    assert_eq!(ignored(&|rh| response(rh, 0, &infos)), None, "what the cases are made of");
}

/// A refusal of another request ends nothing, the one of this request does.
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
