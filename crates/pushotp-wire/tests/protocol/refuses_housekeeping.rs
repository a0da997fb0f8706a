//! Group I: updates, rotations and tickets, and what no single refused message of docs/vectors shows.

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
    cbor::{array, bytes, text, uint},
    messages::*,
    peer::*,
    rotates::*,
};

/// Case 108 for each of them.
// protocol.md: PAD-2
#[test]
fn padding() {
    for (typ, fields) in [(65291, update()), (65292, rotate(&epk())), (65292, confirm())] {
        assert!(server_opens(&frame(&sign1(typ, &signed_payload(&fields)))).is_ok(), "what the cases are made of");
        let mut payload = signed_payload(&fields);
        *payload.last_mut().unwrap() = 1;
        assert_eq!(server_opens(&frame(&sign1(typ, &payload))).err(), Some(Error::Padding), "{typ}");
    }
}

/// Each part of an update may stand alone, at its largest too.
// protocol.md: MSG-20
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

/// Case 235: every bit of what a ticket seals.
// protocol.md: ROT-1
#[test]
fn every_bit_of_what_a_ticket_seals() {
    let (mut waiting, frame, rid, epk) = ask();
    let rh = message_hash(&frame);
    let (enc, run) = ticket_bound().sender(&epk, &[14; 32]);
    let sealed = [&enc[..], &run.seal(&rh, &N)].concat();
    let made = |sealed: &[u8]| opened(&ticket(&rid, &rh, sealed.split_at(32)));
    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let failed = waiting.finish(&made(&flipped), &secret(), &device()).unwrap_err();
        assert_eq!(failed.error, Error::BadSeal, "bit {bit}");
        waiting = *failed.waiting;
    }
    assert!(waiting.finish(&made(&sealed), &secret(), &device()).is_ok(), "what the cases are made of");
}

/// What our device does not even send.
// protocol.md: DEV-8, ROT-2
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
