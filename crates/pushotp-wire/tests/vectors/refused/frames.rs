use pushotp_wire::Error;

use super::{chunks, flipped};
use crate::{
    cbor::{array, bytes, text, uint},
    enrols::EID,
    format::Refusal,
    hpke::Bound,
    messages::approve,
    peer::{
        D2S_KID, DID, S2D_KID, TENANT, channel, envelope, external_aad, frame, frame_of, frame_with, payload,
        server_key, sign1, signed_payload,
    },
};

fn signed() -> Vec<u8> {
    sign1(65282, &signed_payload(&approve()))
}

fn good() -> Vec<u8> {
    frame(&signed())
}

/// The frame with another beginning: its first two bytes are the head of the array and the version.
fn begun(with: &[u8]) -> Vec<u8> {
    [with, &good()[2..]].concat()
}

/// The frame with one of its parts in another form: id, enc, ciphertext.
fn part(at: usize, with: Vec<u8>) -> Vec<u8> {
    let good = good();
    let mut parts = vec![uint(1), bytes(D2S_KID), bytes(&good[13..45]), good[45..].to_vec()];
    parts[at + 1] = with;
    array(&parts)
}

fn forms() -> Vec<Refusal> {
    let (shape, other) = (Error::Shape, Error::NotCanonical);
    let five = array(&[uint(1), bytes(D2S_KID), uint(65282), bytes(&good()[13..45]), good()[45..].to_vec()]);
    let challenge = envelope(65281, &payload(&crate::messages::challenge()));
    let cases = [
        ("empty", vec![], Error::Truncated),
        ("one_byte_too_long", vec![0x84; 4097], Error::TooLarge),
        ("last_byte_missing", good()[..good().len() - 1].to_vec(), Error::Truncated),
        ("byte_after_it", [&good()[..], &[0]].concat(), Error::Trailing),
        ("an_envelope", challenge, shape),
        ("array_of_three", begun(&[0x83, 1]), shape),
        ("array_of_five", begun(&[0x85, 1]), shape),
        ("typ_in_third_place", five, shape),
        ("tag_in_front", begun(&[0xd0, 0x84, 1]), shape),
        ("head_in_two_bytes", begun(&[0x98, 4, 1]), other),
        ("open_array", [&begun(&[0x9f, 1])[..], &[0xff]].concat(), other),
        ("version_0", begun(&[0x84, 0]), Error::Version),
        ("version_2", begun(&[0x84, 2]), Error::Version),
        ("version_in_two_bytes", begun(&[0x84, 0x18, 1]), other),
        ("version_as_text", begun(&[0x84, 0x61, b'1']), shape),
        ("version_negative", begun(&[0x84, 0x20]), shape),
    ];
    cases.map(|(id, message, error)| Refusal::rejected(id, message, error)).into()
}

fn parts() -> Vec<Refusal> {
    let (shape, other, header) = (Error::Shape, Error::NotCanonical, Error::Header);
    let cases = [
        ("id_of_0_bytes", part(0, bytes([])), header),
        ("id_of_7_bytes", part(0, bytes([0x44; 7])), header),
        ("id_of_9_bytes", part(0, bytes([0x44; 9])), header),
        ("id_of_15_bytes", part(0, bytes([0x44; 15])), header),
        ("id_of_17_bytes", part(0, bytes([0x44; 17])), header),
        ("id_as_text", part(0, text("DDDDDDDD")), header),
        ("id_length_in_two_bytes", part(0, [&[0x58, 8][..], &D2S_KID].concat()), other),
        ("enc_of_31_bytes", part(1, bytes([1; 31])), shape),
        ("enc_of_33_bytes", part(1, bytes([1; 33])), shape),
        ("enc_as_text", part(1, text(&"a".repeat(32))), shape),
        ("ciphertext_a_byte_short", part(2, bytes([0; 79])), shape),
        ("ciphertext_a_byte_long", part(2, bytes([0; 81])), shape),
        ("ciphertext_a_tag_alone", part(2, bytes([0; 16])), shape),
        ("ciphertext_of_63_blocks", part(2, bytes([0; 63 * 64 + 16])), shape),
        ("ciphertext_in_chunks", part(2, chunks(0x5f, &[bytes([0; 80])])), other),
        ("ciphertext_as_text", part(2, text(&"a".repeat(80))), shape),
    ];
    cases.map(|(id, message, error)| Refusal::rejected(id, message, error)).into()
}

fn info(label: &str, tenant: &[u8], did: [u8; 16], epoch: u64) -> Vec<u8> {
    array(&[text("pushotp"), uint(1), text(label), bytes(tenant), bytes(did), uint(epoch)])
}

/// Sealed to the right key, bound to something else.
fn bindings() -> Vec<(&'static str, Bound)> {
    let good = channel;
    vec![
        ("psk_another", Bound { psk: vec![0x23; 32], ..good() }),
        ("psk_id_another", Bound { psk_id: S2D_KID.to_vec(), ..good() }),
        ("info_of_an_enrolment", Bound { info: info("enrol", TENANT, DID, 1), ..good() }),
        ("info_of_another_tenant", Bound { info: info("d2s", b"example.org", DID, 1), ..good() }),
        ("info_of_another_device", Bound { info: info("d2s", TENANT, [2; 16], 1), ..good() }),
        ("info_of_another_epoch", Bound { info: info("d2s", TENANT, DID, 2), ..good() }),
        ("base_mode", Bound { mode: 0, psk: vec![], psk_id: vec![], ..good() }),
        ("auth_psk_mode", Bound { mode: 3, ..good() }),
    ]
}

fn seals() -> Vec<Refusal> {
    let seal = Error::BadSeal;
    let one = [&[1][..], &[0; 31]].concat();
    let to = |server: &[u8; 32]| {
        let (enc, run) = channel().sender(server, &[10; 32]);
        frame_of(&D2S_KID, &enc, &run.seal(&external_aad(), &signed()))
    };
    let other_key = *pushotp_wire::keys::ServerKey::from_bytes(&[6; 32]).public_key().as_bytes();
    let (enc, run) = channel().sender(server_key().public_key().as_bytes(), &[10; 32]);
    let other_tenant = array(&[text("pushotp"), uint(1), bytes(b"example.org")]);
    let last = good().len() - 1;
    let cases = [
        ("kid_of_the_other_direction", part(0, bytes(S2D_KID)), Error::UnknownKid),
        ("eid_where_a_kid_stands", part(0, bytes(EID)), Error::UnknownKid),
        ("enc_zero", part(1, bytes([0; 32])), seal),
        ("enc_of_small_order", part(1, bytes(one)), seal),
        ("server_key_another", to(&other_key), seal),
        ("tenant_another", frame_of(&D2S_KID, &enc, &run.seal(&other_tenant, &signed())), seal),
        ("additional_data_missing", frame_of(&D2S_KID, &enc, &run.seal(&[], &signed())), seal),
        ("bit_of_the_kid_flipped", flipped(good(), 3), Error::UnknownKid),
        ("bit_of_enc_flipped", flipped(good(), 13), seal),
        ("bit_of_the_ciphertext_flipped", flipped(good(), 60), seal),
        ("bit_of_the_tag_flipped", flipped(good(), last), seal),
    ];
    let bound = bindings().into_iter().map(|(id, bound)| (id, frame_with(&bound, &signed()), seal));
    cases.into_iter().chain(bound).map(|(id, message, error)| Refusal::rejected(id, message, error)).collect()
}

pub(crate) fn cases() -> Vec<Refusal> {
    [forms(), parts(), seals()].concat()
}
