use pushotp_wire::Error;

use super::{negative, with};
use crate::{
    cbor::{array, bytes, text, uint},
    format::{Refusal, To},
    messages::{Fields, RH, RID, approve, confirm, rotate, ticket, update},
    peer::{OTHER_TOKEN, TOKEN, envelope, frame, payload, sign1, signed_payload},
};

type Case = (&'static str, Vec<u8>, Error);

/// A point of a high order.
const EPK: [u8; 32] = [9; 32];

fn sent(typ: u64, fields: &Fields) -> Vec<u8> {
    frame(&sign1(typ, &signed_payload(fields)))
}

fn updates() -> Vec<Case> {
    let of = |at: usize, item: Vec<u8>| sent(65291, &with(update(), at, item));
    let address = |kind: u64, len: usize| array(&[uint(kind), bytes(vec![1; len])]);
    let switch = |tid: [u8; 16], on: u64| array(&[bytes(tid), uint(on)]);
    let nine: Vec<_> = (0..9).map(|n| switch([n; 16], 0)).collect();
    let nothing = with(with(with(update(), 2, array(&[])), 3, array(&[])), 4, text(""));
    let (push, shape) = (Error::Field("push"), Error::Shape);
    vec![
        ("update_version_2", of(0, uint(2)), Error::Version),
        ("update_of_another_device", of(1, bytes([2; 16])), Error::Field("did")),
        ("update_two_addresses", of(2, array(&[address(1, 3), address(2, 3)])), Error::Field("addr")),
        ("update_push_kind_5", of(2, array(&[address(5, 3)])), push),
        ("update_address_of_1025_bytes", of(2, array(&[address(1, 1025)])), Error::Field("addr")),
        ("update_address_without_its_kind", of(2, array(&[array(&[bytes([1])])])), shape),
        ("update_token_twice", of(3, array(&[switch(TOKEN, 0), switch(TOKEN, 1)])), push),
        ("update_tokens_descending", of(3, array(&[switch(OTHER_TOKEN, 0), switch(TOKEN, 1)])), push),
        ("update_nine_switches", of(3, array(&nine)), push),
        ("update_on_2", of(3, array(&[switch(TOKEN, 2)])), Error::Field("on")),
        ("update_on_true", of(3, array(&[array(&[bytes(TOKEN), vec![0xf5]])])), shape),
        ("update_switch_with_a_third_element", of(3, array(&[array(&[bytes(TOKEN), uint(0), uint(0)])])), shape),
        ("update_nothing", sent(65291, &nothing), Error::Field("update")),
        ("update_name_that_turns_around", of(4, text("Alice\u{202e}")), Error::Display("name")),
        ("update_name_of_65_bytes", of(4, text(&"a".repeat(65))), Error::Display("name")),
        ("update_clock_before_2020", of(5, uint(0)), Error::Field("dts")),
        ("update_sequence_of_2_to_53", of(6, uint(1 << 53)), Error::Field("seq")),
        ("update_payload_of_a_rotation", sent(65291, &confirm()), shape),
    ]
}

fn rotations() -> Vec<Case> {
    let of = |at: usize, item: Vec<u8>| sent(65292, &with(rotate(&EPK), at, item));
    let (key, generation, shape) = (Error::Field("epk"), Error::Field("gen"), Error::Shape);
    let one = [&[1][..], &[0; 31]].concat();
    vec![
        ("rotate_version_0", of(0, uint(0)), Error::Version),
        ("rotate_id_of_15_bytes", of(1, bytes([1; 15])), shape),
        ("rotate_token_as_text", of(2, text("0123456789abcdef")), shape),
        ("rotate_generation_0", of(3, uint(0)), generation),
        ("rotate_generation_2_to_32", of(3, uint(1 << 32)), shape),
        ("rotate_generation_negative", of(3, negative(1)), shape),
        ("rotate_step_2", of(4, uint(2)), Error::Field("step")),
        ("rotate_key_of_31_bytes", of(5, bytes([9; 31])), key),
        ("rotate_key_of_33_bytes", of(5, bytes([9; 33])), key),
        ("rotate_request_without_a_key", of(5, bytes([])), key),
        ("rotate_confirmation_with_a_key", sent(65292, &with(confirm(), 5, bytes(EPK))), key),
        ("rotate_key_zero", of(5, bytes([0; 32])), Error::WeakKey),
        ("rotate_key_of_small_order", of(5, bytes(one)), Error::WeakKey),
        ("rotate_code_of_7", of(6, text("6472761")), Error::Field("code")),
        ("rotate_code_of_9", of(6, text("647276170")), Error::Field("code")),
        ("rotate_code_as_a_number", of(6, uint(64_727_617)), shape),
        ("rotate_clock_after_2100", of(7, uint(4_102_444_801)), Error::Field("dts")),
        ("rotate_sequence_of_2_to_53", of(8, uint(1 << 53)), Error::Field("seq")),
        ("rotate_payload_of_an_approval", sent(65292, &approve()), shape),
    ]
}

/// A ticket that is none, whatever the device has asked.
fn tickets() -> Vec<Case> {
    let good = || ticket(&RID, &RH, (&[9; 32], &[8; 48]));
    let of = |at: usize, item: Vec<u8>| envelope(65293, &payload(&with(good(), at, item)));
    let shape = Error::Shape;
    vec![
        ("ticket_version_2", of(0, uint(2)), Error::Version),
        ("ticket_id_of_15_bytes", of(1, bytes([1; 15])), shape),
        ("ticket_hash_of_33_bytes", of(2, bytes([1; 33])), shape),
        ("ticket_generation_0", of(4, uint(0)), Error::Field("gen")),
        ("ticket_enc_of_31_bytes", of(5, bytes([9; 31])), shape),
        ("ticket_of_a_nonce_of_31_bytes", of(6, bytes([8; 47])), shape),
        ("ticket_of_a_nonce_of_33_bytes", of(6, bytes([8; 49])), shape),
        ("ticket_before_2020", of(7, uint(5)), Error::Field("sts")),
        ("rotate_in_an_envelope", envelope(65292, &payload(&rotate(&EPK))), Error::Direction),
        ("update_in_an_envelope", envelope(65291, &payload(&update())), Error::Direction),
    ]
}

fn signed_otherwise() -> Vec<Refusal> {
    let blocks = |mut plain: Vec<u8>| {
        plain.resize(plain.len().next_multiple_of(64), 0);
        frame(&plain)
    };
    let in_a_frame = sent(65293, &ticket(&RID, &RH, (&[9; 32], &[8; 48])));
    let cases = [
        ("update_bare", blocks(payload(&update())), Error::Shape),
        ("rotate_bare", blocks(payload(&confirm())), Error::Shape),
        ("ticket_in_a_frame", in_a_frame, Error::Direction),
    ];
    cases.map(|(id, message, error)| Refusal::incident(id, message, error)).into()
}

pub(crate) fn cases() -> Vec<Refusal> {
    let answered = updates().into_iter().chain(rotations());
    let answered = answered.map(|(id, message, error)| Refusal::answered(id, message, error));
    let dropped = tickets().into_iter().map(|(id, message, error)| Refusal::dropped(id, message, error));
    // A verdict, not the encoding, is what a wrong passcode of eight bytes gets.
    let letters = sent(65292, &with(rotate(&EPK), 6, text("abcdefgh")));
    let accepted = [Refusal::accepted("rotate_code_of_letters", To::Server, letters)];
    answered.chain(dropped).chain(signed_otherwise()).chain(accepted).collect()
}
