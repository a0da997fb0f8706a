//! Group I: updates, rotations and tickets with one thing wrong.

use pushotp_wire::{
    Error,
    device::Sending,
    message::{Changes, FromDevice, Sent},
    rotate::RotationRequest,
    signer::Ed25519Signer,
    terms::Generation,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use crate::{
    cbor::{array, bytes, head, text, uint},
    hpke::Bound,
    messages::*,
    peer::*,
    rotates::*,
};

type Case = (&'static str, u64, Vec<u8>, Error);

fn updates() -> Vec<Case> {
    let of = |at: usize, item: Vec<u8>| signed_payload(&with(update(), at, item));
    let address = |kind: u64, len: usize| array(&[uint(kind), bytes(vec![1; len])]);
    let switch = |tid: [u8; 16], on: u64| array(&[bytes(tid), uint(on)]);
    let nine: Vec<_> = (0..9).map(|n| switch([n; 16], 0)).collect();
    let nothing = with(with(with(update(), 2, array(&[])), 3, array(&[])), 4, text(""));
    let push = Error::Field("push");
    let cases = vec![
        ("version 2", of(0, uint(2)), Error::Version),
        ("another device", of(1, bytes([2; 16])), Error::Field("did")),
        ("two addresses", of(2, array(&[address(1, 3), address(2, 3)])), Error::Field("addr")),
        ("push kind 5", of(2, array(&[address(5, 3)])), push),
        ("an address of 1025 bytes", of(2, array(&[address(1, 1025)])), Error::Field("addr")),
        ("an address without its kind", of(2, array(&[array(&[bytes([1])])])), Error::Shape),
        ("226 a token twice", of(3, array(&[switch(TOKEN, 0), switch(TOKEN, 1)])), push),
        ("226 descending", of(3, array(&[switch(OTHER_TOKEN, 0), switch(TOKEN, 1)])), push),
        ("226 nine tokens", of(3, array(&nine)), push),
        ("on is 2", of(3, array(&[switch(TOKEN, 2)])), Error::Field("on")),
        ("on is true", of(3, array(&[array(&[bytes(TOKEN), vec![0xf5]])])), Error::Shape),
        ("94 an element slides on", of(3, array(&[array(&[bytes(TOKEN), uint(0), uint(0)])])), Error::Shape),
        ("226 nothing changes", signed_payload(&nothing), Error::Field("update")),
        ("226 a name that turns around", of(4, text("Alice\u{202e}")), Error::Display("name")),
        ("a name of 65 bytes", of(4, text(&"a".repeat(65))), Error::Display("name")),
        ("clock", of(5, uint(0)), Error::Field("dts")),
        ("sequence", of(6, uint(1 << 53)), Error::Field("seq")),
        ("the payload of a rotation", signed_payload(&confirm()), Error::Shape),
    ];
    cases.into_iter().map(|(case, payload, error)| (case, 65291, payload, error)).collect()
}

fn rotations() -> Vec<Case> {
    let of = |at: usize, item: Vec<u8>| signed_payload(&with(rotate(&epk()), at, item));
    let confirmation = |at: usize, item: Vec<u8>| signed_payload(&with(confirm(), at, item));
    let (key, generation) = (Error::Field("epk"), Error::Field("gen"));
    let one = [&[1][..], &[0; 31]].concat();
    let cases = vec![
        ("version 0", of(0, uint(0)), Error::Version),
        ("an id of 15 bytes", of(1, bytes([1; 15])), Error::Shape),
        ("a token as text", of(2, text("0123456789abcdef")), Error::Shape),
        ("generation 0", of(3, uint(0)), generation),
        ("generation 2^32", of(3, uint(1 << 32)), Error::Shape),
        ("a negative generation", of(3, head(1, 0)), Error::Shape),
        ("231 step 2", of(4, uint(2)), Error::Field("step")),
        ("231 a key of 31 bytes", of(5, bytes([9; 31])), key),
        ("231 a key of 33 bytes", of(5, bytes([9; 33])), key),
        ("231 no key in step 0", of(5, bytes([])), key),
        ("231 a key in step 1", confirmation(5, bytes(epk())), key),
        ("231 of small order", of(5, bytes([0; 32])), Error::WeakKey),
        ("231 of small order", of(5, bytes(one)), Error::WeakKey),
        ("a code of seven", of(6, text("6472761")), Error::Field("code")),
        ("a code of nine", of(6, text("647276170")), Error::Field("code")),
        ("a code as a number", of(6, uint(64_727_617)), Error::Shape),
        ("clock", of(7, uint(4_102_444_801)), Error::Field("dts")),
        ("sequence", of(8, uint(1 << 53)), Error::Field("seq")),
        ("the payload of an approval", signed_payload(&approve()), Error::Shape),
    ];
    cases.into_iter().map(|(case, payload, error)| (case, 65292, payload, error)).collect()
}

#[test]
fn payloads() {
    for (typ, fields) in [(65291, update()), (65292, rotate(&epk())), (65292, confirm())] {
        assert!(server_opens(&frame(&sign1(typ, &signed_payload(&fields)))).is_ok(), "what the cases are made of");
        assert_eq!(server_opens(&frame(&signed_payload(&fields))).err(), Some(Error::Shape), "224 no signature");
        let mut payload = signed_payload(&fields);
        *payload.last_mut().unwrap() = 1;
        assert_eq!(server_opens(&frame(&sign1(typ, &payload))).err(), Some(Error::Padding), "{typ}");
        let typ = if typ == 65291 { 65292 } else { 65291 };
        assert!(server_opens(&frame(&sign1(typ, &signed_payload(&fields)))).is_err(), "107 of another kind");
    }
    for (case, typ, payload, expected) in updates().into_iter().chain(rotations()) {
        assert_eq!(server_opens(&frame(&sign1(typ, &payload))).err(), Some(expected), "{case}");
    }
}

/// Each part of an update may stand alone, at its largest too.
#[test]
fn one_change_at_a_time() {
    let switches: Vec<_> = (0..8).map(|n| array(&[bytes([n; 16]), uint(1)])).collect();
    let address = array(&[array(&[uint(0), bytes(vec![1; 1024])])]);
    let (no_address, no_push, no_name) = (array(&[]), array(&[]), text(""));
    let cases = [
        [address.clone(), no_push.clone(), no_name.clone()],
        [no_address.clone(), array(&switches), no_name],
        [no_address, no_push, text(&"a".repeat(64))],
        [address, array(&switches), text(&"a".repeat(64))],
    ];
    for [address, push, name] in cases {
        let fields = with(with(with(update(), 2, address), 3, push), 4, name);
        let payload = signed_payload(&fields);
        let FromDevice::Update(update) = server_opens(&frame(&sign1(65291, &payload))).unwrap() else { panic!() };
        assert_eq!(FromDevice::Update(update).encode().unwrap(), payload);
    }
}

/// A passcode of any eight bytes arrives: it is part of the verdict, and counted.
#[test]
fn what_the_verdict_is_about_arrives() {
    for code in ["abcdefgh", "٤٨٢٩", "        ", "12345678"] {
        let payload = signed_payload(&with(rotate(&epk()), 6, text(code)));
        let FromDevice::Rotate(rotate) = server_opens(&frame(&sign1(65292, &payload))).unwrap() else { panic!() };
        assert_eq!(rotate.expose_code(), code);
    }
}

fn ticket_fields(at: usize, item: Vec<u8>) -> Vec<u8> {
    envelope(65293, &payload(&with(ticket(&RID, &RH, (&[9; 32], &[8; 48])), at, item)))
}

/// Case 235 before anything is opened: a ticket that is none.
#[test]
fn tickets() {
    assert!(device_opens(&ticket_fields(0, uint(1))).is_ok(), "what the cases are made of");
    let cases = [
        ("version 2", ticket_fields(0, uint(2)), Error::Version),
        ("a rotation of 15 bytes", ticket_fields(1, bytes([1; 15])), Error::Shape),
        ("a hash of 33 bytes", ticket_fields(2, bytes([1; 33])), Error::Shape),
        ("generation 0", ticket_fields(4, uint(0)), Error::Field("gen")),
        ("an enc of 31 bytes", ticket_fields(5, bytes([9; 31])), Error::Shape),
        ("235 N of 31 bytes", ticket_fields(6, bytes([8; 47])), Error::Shape),
        ("N of 33 bytes", ticket_fields(6, bytes([8; 49])), Error::Shape),
        ("clock", ticket_fields(7, uint(5)), Error::Field("sts")),
        ("a rotation in an envelope", envelope(65292, &payload(&rotate(&epk()))), Error::Direction),
        ("an update in an envelope", envelope(65291, &payload(&update())), Error::Direction),
    ];
    for (case, message, expected) in cases {
        assert_eq!(device_opens(&message).err(), Some(expected), "{case}");
    }
    let in_a_frame = frame(&sign1(65293, &signed_payload(&ticket(&RID, &RH, (&[9; 32], &[8; 48])))));
    assert_eq!(server_opens(&in_a_frame).err(), Some(Error::Direction));
}

/// Case 235: a ticket of something else. The device goes on waiting, and takes the right one afterwards.
#[test]
fn tickets_of_something_else() {
    let (mut waiting, frame, rid, epk) = ask();
    let rh = message_hash(&frame);
    let seal = |bound: &Bound, epk: &[u8; 32], aad: &[u8], nonce: &[u8]| {
        let (enc, run) = bound.sender(epk, &[14; 32]);
        (enc, run.seal(aad, nonce))
    };
    let made = |(enc, ct): ([u8; 32], Vec<u8>)| ticket(&rid, &rh, (&enc, &ct));
    let good = || seal(&ticket_bound(), &epk, &rh, &N);
    let channel = Bound { info: channel().info, ..ticket_bound() };
    let mut flipped = good();
    flipped.1[7] ^= 1;
    let mut other_enc = good();
    other_enc.0[7] ^= 1;
    let cases = [
        ("another rh", with(made(good()), 2, bytes(RH)), Error::HashMismatch),
        ("another rid", with(made(good()), 1, bytes(RID)), Error::Field("rid")),
        ("another token", with(made(good()), 3, bytes(OTHER_TOKEN)), Error::TokenMismatch),
        ("the same generation", with(made(good()), 4, uint(1)), Error::Field("gen")),
        ("a generation too far", with(made(good()), 4, uint(3)), Error::Field("gen")),
        ("sealed to another key", made(seal(&ticket_bound(), &self::epk(), &rh, &N)), Error::BadSeal),
        ("sealed about another request", made(seal(&ticket_bound(), &epk, &RH, &N)), Error::BadSeal),
        ("sealed as a frame", made(seal(&channel, &epk, &rh, &N)), Error::BadSeal),
        ("psk", made(seal(&Bound { psk: vec![0; 32], ..ticket_bound() }, &epk, &rh, &N)), Error::BadSeal),
        ("psk id", made(seal(&Bound { psk_id: S2D_KID.into(), ..ticket_bound() }, &epk, &rh, &N)), Error::BadSeal),
        ("base mode", made(seal(&base(), &epk, &rh, &N)), Error::BadSeal),
        ("a bit of ct", made(flipped), Error::BadSeal),
        ("a bit of enc", made(other_enc), Error::BadSeal),
        ("an enc of small order", with(made(good()), 5, bytes([0; 32])), Error::BadSeal),
    ];
    for (case, fields, expected) in cases {
        let failed = waiting.finish(&opened(&fields), &secret(), &device()).unwrap_err();
        assert_eq!(failed.error, expected, "{case}");
        waiting = *failed.waiting;
    }
    assert!(waiting.finish(&opened(&made(good())), &secret(), &device()).is_ok(), "what the cases are made of");
}

fn base() -> Bound {
    Bound { mode: 0, psk: vec![], psk_id: vec![], ..ticket_bound() }
}

/// What our device does not even send.
#[test]
fn what_is_not_sent() {
    let (device, signer) = (device(), Ed25519Signer::from_bytes(&SIGNING));
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let last = Generation::new(u32::MAX).unwrap();
    assert_eq!(RotationRequest::new(&device, token(), last, &mut rng).err(), Some(Error::Field("gen")));
    let request = RotationRequest::new(&device, token(), Generation::FIRST, &mut rng).unwrap();
    let sent = Sent { at: at(NOW), sequence: 1 };
    let mut sending = Sending { signer: &signer, rng: &mut rng, sent };
    let short = pushotp_types::Code::from_value(1, pushotp_types::Digits::SIX);
    let unsent = request.send(&short, &device, &mut sending).unwrap_err();
    assert_eq!(unsent.error, Error::Code);
    let other = pushotp_wire::keys::ChannelKeys::from_exposed(&[9; 80]).unwrap();
    let other = pushotp_wire::device::Device::new(binding(), other, *server_key().public_key());
    let unsent = unsent.state.send(&code(), &other, &mut sending).unwrap_err();
    assert_eq!(unsent.error, Error::UnknownKid);
    assert!(unsent.state.send(&code(), &device, &mut sending).is_ok());
    assert_eq!(device.update(Changes::default(), &mut sending).err(), Some(Error::Field("update")));
}
