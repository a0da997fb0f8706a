//! Rotation against the second implementation, in both roles: questions, ticket and new secret, derived by hand.

use hkdf::Hkdf;
use pushotp_types::{Code, Digits, Secret};
use pushotp_wire::{
    device::{Device, Incoming, Sending},
    message::{FromDevice, Rotate, Sent, Ticket},
    rotate::{Granted, Granting, Rotating, RotationRequest},
    signer::{DeviceSigner, Ed25519Signer},
    terms::{Generation, MessageHash},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use sha2::{Digest, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};

use crate::{
    cbor::{array, bytes, split_bytes, text, uint},
    hpke::Bound,
    messages,
    peer::*,
};

pub(crate) const K: [u8; 32] = [0x4b; 32];
pub(crate) const N: [u8; 32] = [0x4e; 32];
pub(crate) const EPK_PRIVATE: [u8; 32] = [13; 32];

pub(crate) fn device() -> Device {
    Device::new(binding(), keys(), *server_key().public_key())
}

pub(crate) fn secret() -> Secret {
    Secret::new(&K).unwrap()
}

pub(crate) fn code() -> Code {
    Code::from_value(64_727_617, Digits::EIGHT)
}

pub(crate) fn epk() -> [u8; 32] {
    PublicKey::from(&StaticSecret::from(EPK_PRIVATE)).to_bytes()
}

/// The question of a rotation's passcode.
fn question(rid: &[u8], generation: u64, step: u64, epk: &[u8]) -> [u8; 32] {
    let whose = [text("pushotp-rot"), uint(1), bytes(TENANT), bytes(DID), bytes(TOKEN), uint(1)];
    let what = [bytes(rid), uint(generation), uint(step), bytes(epk)];
    Sha256::digest(array(&[&whose[..], &what].concat())).into()
}

/// What a ticket is sealed under.
pub(crate) fn ticket_bound() -> Bound {
    let info = array(&[text("pushotp"), uint(1), text("ticket"), bytes(TENANT), bytes(DID), uint(1)]);
    Bound::psk(&D2S_PSK, &D2S_KID, info)
}

/// K'
fn next(nonce: &[u8], generation: u64) -> Vec<u8> {
    let info = array(&[text("pushotp-k"), uint(1), bytes(TENANT), bytes(DID), bytes(TOKEN), uint(1), uint(generation)]);
    let mut next = vec![0; 32];
    Hkdf::<Sha256>::new(Some(nonce), &K).expand(&info, &mut next).unwrap();
    next
}

/// Our device asks for a ticket: what waits for it, and the request's id and key, read by hand out of the frame.
pub(crate) fn ask() -> (Rotating, Vec<u8>, [u8; 16], [u8; 32]) {
    let (device, signer) = (device(), Ed25519Signer::from_bytes(&SIGNING));
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let request = RotationRequest::new(&device, token(), Generation::FIRST, &mut rng).unwrap();
    let hash = request.hash();
    let sent = Sent { at: at(NOW), sequence: NOW * 1000 };
    let (frame, waiting) =
        request.send(&code(), &device, &mut Sending { signer: &signer, rng: &mut rng, sent }).unwrap();
    let (plain, _) = open_frame(&frame, &D2S_KID, &channel());
    let (typ, payload) = open_sign1(&plain, signer.verifying_key().as_bytes());
    assert_eq!((typ, &payload[..2]), (65292, &[0x8a, 1][..]));
    let (rid, rest) = split_bytes(&payload[2..]);
    let (_, rest) = split_bytes(rest);
    let (epk, _) = split_bytes(&rest[2..]);
    assert_eq!(payload, signed_payload(&messages::with(messages::rotate(epk), 1, bytes(rid))));
    assert_eq!(hash.as_bytes(), &question(rid, 1, 0, epk));
    let (rid, epk) = (rid.try_into().unwrap(), epk.try_into().unwrap());
    (waiting, frame, rid, epk)
}

/// A ticket by hand, as our device opens it.
pub(crate) fn opened(fields: &messages::Fields) -> Ticket {
    match device_opens(&envelope(65293, &payload(fields))) {
        Ok(Incoming::Ticket(ticket)) => ticket,
        other => panic!("{other:?}"),
    }
}

/// Our server's reply to a request by hand.
fn grant(request: &[u8]) -> Granted {
    let FromDevice::Rotate(rotate) = server_opens(request).unwrap() else { panic!() };
    let (binding, keys, secret) = (binding(), keys(), secret());
    let granting = Granting { binding: &binding, keys: &keys, secret: &secret };
    rotate.grant(MessageHash::of(request), &granting, at(NOW), &mut ChaCha20Rng::seed_from_u64(6)).unwrap()
}

// protocol.md: ROT-1
#[test]
fn our_device_rotates_at_a_server_by_hand() {
    let (waiting, frame, rid, epk) = ask();
    let rh = message_hash(&frame);
    let (enc, run) = ticket_bound().sender(&epk, &[14; 32]);
    let ticket = opened(&messages::ticket(&rid, &rh, (&enc, &run.seal(&rh, &N))));
    assert_eq!((ticket.rotation().as_bytes(), ticket.about().as_bytes()), (&rid, &rh));
    assert_eq!((ticket.token(), ticket.generation().get(), ticket.at()), (token(), 2, at(NOW)));
    let rotated = waiting.finish(&ticket, &secret(), &device()).unwrap();
    assert_eq!(rotated.secret().expose(), next(&N, 2));
    assert_eq!(rotated.generation().get(), 2);
    assert_eq!(rotated.hash().as_bytes(), &question(&rid, 2, 1, &[]));

    let signer = Ed25519Signer::from_bytes(&SIGNING);
    let (mut rng, sent) = (ChaCha20Rng::seed_from_u64(7), Sent { at: at(NOW), sequence: NOW * 1000 });
    let mut sending = Sending { signer: &signer, rng: &mut rng, sent };
    let (confirmation, _) = rotated.confirm(&code(), &device(), &mut sending).unwrap();
    let (plain, _) = open_frame(&confirmation, &D2S_KID, &channel());
    let fields = messages::with(messages::confirm(), 1, bytes(rid));
    assert_eq!(open_sign1(&plain, signer.verifying_key().as_bytes()), (65292, signed_payload(&fields)));
}

// protocol.md: ROT-1
#[test]
fn a_device_by_hand_rotates_at_our_server() {
    let request = frame(&sign1(65292, &signed_payload(&messages::rotate(&epk()))));
    let rh = message_hash(&request);
    let granted = grant(&request);
    let (typ, plain) = open_envelope(&granted.ticket, &S2D_KEY, &S2D_KID);
    assert_eq!(typ, 65293);

    // Behind version, rid, rh, tid and generation come enc and ct.
    let (enc, rest) = split_bytes(&plain[2 + 17 + 34 + 17 + 1..]);
    let (ct, _) = split_bytes(rest);
    assert_eq!(plain, payload(&messages::ticket(&messages::RID, &rh, (enc, ct))));
    let nonce = ticket_bound().receiver(&EPK_PRIVATE, enc.try_into().unwrap()).open(&rh, ct);
    assert_eq!(nonce.len(), 32);
    assert_eq!((granted.secret.expose(), granted.generation.get()), (&next(&nonce, 2)[..], 2));
    assert_ne!(granted.secret.expose(), K);
}

/// The questions of both steps, as our server computes them for what it opened.
// protocol.md: ROT-1
#[test]
fn questions() {
    for (fields, generation, step, key) in
        [(messages::rotate(&epk()), 1, 0, &epk()[..]), (messages::confirm(), 2, 1, &[][..])]
    {
        let message = server_opens(&frame(&sign1(65292, &signed_payload(&fields)))).unwrap();
        let FromDevice::Rotate(rotate) = message else { panic!("{message:?}") };
        let question = question(&messages::RID, generation, step, key);
        assert_eq!(rotate.rotation().hash(&binding()).unwrap().as_bytes(), &question);
        assert_eq!(rotate.expose_code(), "64727617");
    }
}

/// What a rotation prints is neither passcode nor secret.
#[test]
fn redaction() {
    let FromDevice::Rotate(rotate) =
        server_opens(&frame(&sign1(65292, &signed_payload(&messages::confirm())))).unwrap()
    else {
        panic!()
    };
    let (waiting, frame, rid, epk) = ask();
    let rh = message_hash(&frame);
    let (enc, run) = ticket_bound().sender(&epk, &[14; 32]);
    let ticket = opened(&messages::ticket(&rid, &rh, (&enc, &run.seal(&rh, &N))));
    let before = format!("{waiting:?}{ticket:?}{rotate:?}");
    let rotated = waiting.finish(&ticket, &secret(), &device()).unwrap();
    let all = format!("{before}{rotated:?}");
    let next = next(&N, 2);
    for needle in ["64727617".into(), format!("{}, {}", next[0], next[1]), "78, 78".into(), "75, 75".into()] {
        assert!(!all.contains(&needle), "{needle}");
    }
    assert!(all.contains("Rotated") && all.contains("Ticket"), "{all}");
}

/// A confirmation is not granted anything.
// protocol.md: ROT-12
#[test]
fn only_a_request_is_granted() {
    let message = server_opens(&frame(&sign1(65292, &signed_payload(&messages::confirm())))).unwrap();
    let FromDevice::Rotate(confirm) = message else { panic!("{message:?}") };
    let last = messages::with(messages::rotate(&epk()), 3, uint(u64::from(u32::MAX)));
    let message = server_opens(&frame(&sign1(65292, &signed_payload(&last)))).unwrap();
    let FromDevice::Rotate(last) = message else { panic!("{message:?}") };
    let (binding, keys, secret) = (binding(), keys(), secret());
    let granting = Granting { binding: &binding, keys: &keys, secret: &secret };
    let grant = |rotate: &Rotate| {
        rotate.grant(MessageHash::of(b""), &granting, at(NOW), &mut ChaCha20Rng::seed_from_u64(6)).err()
    };
    assert_eq!(grant(&confirm), Some(pushotp_wire::Error::Field("step")));
    assert_eq!(grant(&last), Some(pushotp_wire::Error::Field("gen")));
}

/// Nobody on the way learns by the length what a user says: approval, denial, report, small update or rotation. A fetch
/// is a block shorter, and is no news to who sees it come every minute.
#[test]
fn frames_are_equally_long() {
    let no_address = messages::with(messages::update(), 2, array(&[]));
    let small = messages::with(no_address, 3, array(&[array(&[bytes(TOKEN), uint(0)])]));
    let kinds = [
        (65282, messages::approve()),
        (65283, messages::deny()),
        (65284, messages::deny()),
        (65291, small),
        (65292, messages::rotate(&epk())),
        (65292, messages::confirm()),
    ];
    let lens = kinds.map(|(typ, fields)| {
        let frame = frame(&sign1(typ, &signed_payload(&fields)));
        assert!(server_opens(&frame).is_ok());
        frame.len()
    });
    assert_eq!(lens, [lens[0]; 6]);
}
