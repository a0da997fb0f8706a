use ed25519_dalek::{Signer, SigningKey};
use pushotp_wire::Error;

use super::negative;
use crate::{
    cbor::{array, bytes, map, tagged, text, uint},
    format::{Refusal, To},
    messages::{approve, fetch},
    peer::{
        D2S_KID, SIGNING, TENANT, external_aad, frame, payload, sign_header, sign_with, sign1, sign1_of,
        signed_payload, to_be_signed,
    },
};

fn good() -> Vec<u8> {
    sign1(65282, &signed_payload(&approve()))
}

/// The signed message with one of its four parts in another form, the others as they were.
fn part(at: usize, with: Vec<u8>) -> Vec<u8> {
    let message = signed_payload(&approve());
    let signature = good()[good().len() - 64..].to_vec();
    let mut parts = vec![bytes(sign_header(65282)), map(&[]), bytes(message), bytes(signature)];
    parts[at] = with;
    tagged(18, array(&parts))
}

/// Whole blocks, so that the frame's template takes it.
fn blocks(mut plain: Vec<u8>) -> Vec<u8> {
    plain.resize(plain.len().next_multiple_of(64), 0);
    plain
}

type Case = (&'static str, Vec<u8>, Error);

fn forms() -> Vec<Case> {
    let (shape, header) = (Error::Shape, Error::Header);
    vec![
        ("bare_payload", signed_payload(&approve()), shape),
        ("bare_fetch", payload(&fetch()), shape),
        ("no_tag", good()[1..].to_vec(), shape),
        ("tag_98", [&[0xd8, 98], &good()[1..]].concat(), shape),
        ("tag_998", [&[0xd9, 3, 0xe6], &good()[1..]].concat(), shape),
        ("protected_of_0_bytes", part(0, bytes([])), header),
        ("protected_an_empty_map", part(0, bytes([0xa0])), header),
        ("unprotected_kid", part(1, map(&[(uint(4), bytes(D2S_KID))])), shape),
        ("payload_null", part(2, vec![0xf6]), shape),
        ("payload_as_text", part(2, text("payload")), shape),
        ("signature_null", part(3, vec![0xf6]), shape),
        ("signature_of_0_bytes", part(3, bytes([])), shape),
        ("signature_of_63_bytes", part(3, bytes([0; 63])), shape),
        ("signature_of_65_bytes", part(3, bytes([0; 65])), shape),
        ("bytes_after_it", [good(), vec![0; 64]].concat(), Error::Trailing),
    ]
}

fn headers() -> Vec<Case> {
    let header = Error::Header;
    let of = |entries: &[(Vec<u8>, Vec<u8>)]| part(0, bytes(map(entries)));
    let alg = |alg: Vec<u8>| of(&[(uint(1), alg), (uint(16), uint(65282))]);
    let typ = |typ: Vec<u8>| of(&[(uint(1), negative(19)), (uint(16), typ)]);
    let plus = |key: u64, value: Vec<u8>| of(&[(uint(1), negative(19)), (uint(16), uint(65282)), (uint(key), value)]);
    vec![
        ("alg_missing", of(&[(uint(16), uint(65282))]), header),
        ("alg_as_text", alg(text("EdDSA")), header),
        ("alg_minus_7_es256", alg(negative(7)), header),
        ("alg_minus_8_eddsa", alg(negative(8)), header),
        ("alg_minus_9_where_minus_19_is_enrolled", alg(negative(9)), header),
        ("alg_minus_35_es384", alg(negative(35)), header),
        ("alg_minus_999", alg(negative(999)), header),
        ("typ_missing", of(&[(uint(1), negative(19))]), header),
        ("typ_65280", typ(uint(65280)), header),
        ("typ_65294", typ(uint(65294)), header),
        ("typ_as_text", typ(text("pu")), header),
        ("typ_in_five_bytes", typ(vec![0x1a, 0, 0, 0xff, 2]), header),
        ("kid_inside", plus(4, bytes(D2S_KID)), header),
        ("label_unknown", plus(99, uint(0)), header),
        ("typ_of_a_challenge", sign1(65281, &signed_payload(&approve())), Error::Direction),
        ("typ_of_a_result", sign1(65285, &signed_payload(&approve())), Error::Direction),
        ("typ_of_an_enrol_request_under_a_kid", sign1(65289, &signed_payload(&fetch())), Error::Direction),
    ]
}

/// Signed by the right key, over something else than what the message says.
fn over(context: &str, protected: &[u8], external_aad: &[u8]) -> Vec<u8> {
    let message = signed_payload(&approve());
    let signed = to_be_signed(context, protected, external_aad, &message);
    sign1_of(&sign_header(65282), &message, &SigningKey::from_bytes(&SIGNING).sign(&signed).to_bytes())
}

fn keys_and_contexts() -> Vec<Case> {
    let (approval, aad) = (sign_header(65282), external_aad());
    let tenant = |name: &[u8], version: u64| array(&[text("pushotp"), uint(version), bytes(name)]);
    let flipped = |back: usize| super::flipped(good(), good().len() - back);
    let cases = [
        ("another_device", sign_with(&[0x55; 32], &approval, &signed_payload(&approve()))),
        ("signed_as_a_denial", over("Signature1", &sign_header(65283), &aad)),
        ("signed_for_another_tenant", over("Signature1", &approval, &tenant(b"example.org", 1))),
        ("signed_for_version_2", over("Signature1", &approval, &tenant(TENANT, 2))),
        ("signed_without_additional_data", over("Signature1", &approval, &[])),
        ("context_signature", over("Signature", &approval, &aad)),
        ("context_mac0", over("MAC0", &approval, &aad)),
        ("signature_of_zeros", part(3, bytes([0; 64]))),
        ("bit_of_r_flipped", flipped(64)),
        ("bit_of_s_flipped", flipped(32)),
        ("bit_of_the_passcode_flipped", {
            let message = good();
            let at = message.windows(8).position(|window| window == b"64727617").unwrap();
            super::flipped(message, at)
        }),
        ("s_plus_the_group_order", s_plus_order(good())),
        ("r_the_neutral_element", with_r(good(), [&[1][..], &[0; 31]].concat())),
        ("r_not_canonical", with_r(good(), [&[0xee][..], &[0xff; 30], &[0x7f]].concat())),
    ];
    cases.map(|(id, message)| (id, message, Error::BadSignature)).into()
}

/// The same signature in an encoding that a lenient verifier takes.
fn s_plus_order(mut message: Vec<u8>) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let s = message.len() - 32;
    let mut carry = 0;
    for (byte, add) in message[s..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    message
}

fn with_r(mut message: Vec<u8>, r: Vec<u8>) -> Vec<u8> {
    let at = message.len() - 64;
    message.splice(at..at + 32, r);
    message
}

pub(crate) fn cases() -> Vec<Refusal> {
    let all = forms().into_iter().chain(headers()).chain(keys_and_contexts());
    let refused = all.map(|(id, message, error)| Refusal::incident(id, frame(&blocks(message)), error));
    let right = Refusal::accepted("what_the_cases_are_made_of", To::Server, frame(&good()));
    refused.chain([right]).collect()
}
