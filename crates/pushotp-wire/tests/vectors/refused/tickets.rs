use pushotp_wire::Error;

use super::with;
use crate::{
    cbor::{array, bytes, split_bytes, text, uint},
    format::{Refusal, To},
    hpke::Bound,
    messages::{Fields, RH, RID},
    peer::{D2S_KID, D2S_PSK, DID, OTHER_TOKEN, S2D_KID, TENANT, TOKEN, channel, envelope, payload},
    rotations::first,
};

const NONCE: [u8; 32] = [0x4e; 32];

fn bound() -> Bound {
    let info = array(&[text("pushotp"), uint(1), text("ticket"), bytes(TENANT), bytes(DID), uint(1)]);
    Bound::psk(&D2S_PSK, &D2S_KID, info)
}

/// The nonce, sealed.
fn sealed(bound: &Bound, epk: &[u8; 32], rh: &[u8]) -> ([u8; 32], Vec<u8>) {
    let (enc, run) = bound.sender(epk, &[14; 32]);
    (enc, run.seal(rh, &NONCE))
}

/// Each is sealed for this device, as it should be, and is not the reply to its request.
pub(crate) fn cases() -> Vec<Refusal> {
    let (_, rotation) = first();
    let rh = rotation.rh.0;
    let (rid, rest) = split_bytes(&rotation.request_payload.0[2..]);
    let (_, rest) = split_bytes(rest);
    let epk: [u8; 32] = split_bytes(&rest[2..]).0.try_into().unwrap();
    let says = |(enc, ct): ([u8; 32], Vec<u8>)| -> Fields {
        let generation = u64::from(rotation.generation) + 1;
        let sealed = [bytes(enc), bytes(ct), uint(crate::peer::NOW)];
        [&[uint(1), bytes(rid), bytes(&rh), bytes(TOKEN), uint(generation)][..], &sealed].concat()
    };
    let good = || says(sealed(&bound(), &epk, &rh));
    let under = |bound: Bound| says(sealed(&bound, &epk, &rh));
    let mut flipped = sealed(&bound(), &epk, &rh);
    flipped.1[7] ^= 1;
    let seal = Error::BadSeal;
    let cases = [
        ("of_another_request", with(good(), 2, bytes(RH)), Error::HashMismatch),
        ("of_another_rotation", with(good(), 1, bytes(RID)), Error::Field("rid")),
        ("of_another_token", with(good(), 3, bytes(OTHER_TOKEN)), Error::TokenMismatch),
        ("of_the_same_generation", with(good(), 4, uint(1)), Error::Field("gen")),
        ("of_a_generation_too_far", with(good(), 4, uint(3)), Error::Field("gen")),
        ("sealed_to_another_key", says(sealed(&bound(), &[9; 32], &rh)), seal),
        ("sealed_about_another_request", says(sealed(&bound(), &epk, &RH)), seal),
        ("sealed_as_a_frame", under(Bound { info: channel().info, ..bound() }), seal),
        ("psk_another", under(Bound { psk: vec![0; 32], ..bound() }), seal),
        ("psk_id_another", under(Bound { psk_id: S2D_KID.into(), ..bound() }), seal),
        ("base_mode", under(Bound { mode: 0, psk: vec![], psk_id: vec![], ..bound() }), seal),
        ("bit_of_the_ciphertext_flipped", says(flipped), seal),
        ("enc_zero", with(good(), 5, bytes([0; 32])), seal),
    ];
    let refused = cases.map(|(id, fields, error)| {
        Refusal::dropped(id, envelope(65293, &payload(&fields)), error).to(To::RotatingDevice)
    });
    let right = Refusal::accepted("right", To::RotatingDevice, envelope(65293, &payload(&good())));
    refused.into_iter().chain([right]).collect()
}
