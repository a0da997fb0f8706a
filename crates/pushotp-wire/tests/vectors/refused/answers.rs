use pushotp_wire::Error;

use super::{negative, with};
use crate::{
    cbor::{array, bytes, tagged, text, uint},
    format::{Refusal, To},
    messages::{Fields, approve, deny, fetch},
    peer::{NOW, frame, sign1, signed_payload},
};

type Case = (&'static str, Vec<u8>, Error);

/// A frame of these fields, signed as this kind.
fn sent(typ: u64, fields: &[Vec<u8>]) -> Vec<u8> {
    frame(&sign1(typ, &signed_payload(fields)))
}

fn of(typ: u64, fields: Fields, at: usize, item: Vec<u8>) -> Vec<u8> {
    sent(typ, &with(fields, at, item))
}

fn approvals() -> Vec<Case> {
    let (shape, other) = (Error::Shape, Error::NotCanonical);
    let of = |at: usize, item: Vec<u8>| of(65282, approve(), at, item);
    vec![
        ("approve_one_element_more", sent(65282, &[&approve()[..], &[uint(0)]].concat()), shape),
        ("approve_one_element_fewer", sent(65282, &approve()[..8]), shape),
        ("approve_payload_of_a_denial", sent(65282, &deny()), shape),
        ("approve_version_in_two_bytes", of(0, vec![0x18, 1]), other),
        ("approve_version_0", of(0, uint(0)), Error::Version),
        ("approve_version_2", of(0, uint(2)), Error::Version),
        ("approve_id_an_array", of(1, array(&vec![uint(7); 16])), other),
        ("approve_id_of_15_bytes", of(1, bytes([1; 15])), shape),
        ("approve_hash_of_31_bytes", of(2, bytes([1; 31])), shape),
        ("approve_token_as_text", of(3, text("0123456789abcdef")), shape),
        ("approve_token_of_17_bytes", of(3, bytes([7; 17])), shape),
        ("approve_verification_4", of(4, uint(4)), Error::Field("uv")),
        ("approve_verification_negative", of(4, negative(1)), shape),
        ("approve_number_of_9", of(5, text("123456789")), Error::Field("num")),
        ("approve_number_as_a_number", of(5, uint(482_913)), shape),
        ("approve_number_as_bytes", of(5, bytes(b"482913")), shape),
        ("approve_code_of_5", of(6, text("12345")), Error::Field("code")),
        ("approve_code_of_11", of(6, text("12345678901")), Error::Field("code")),
        ("approve_code_as_a_number", of(6, uint(64_727_617)), shape),
        ("approve_clock_before_2020", of(7, uint(1_577_836_799)), Error::Field("dts")),
        ("approve_clock_after_2100", of(7, uint(4_102_444_801)), Error::Field("dts")),
        ("approve_clock_tagged", of(7, tagged(1, uint(NOW))), other),
        ("approve_sequence_of_2_to_53", of(8, uint(1 << 53)), Error::Field("seq")),
    ]
}

fn others() -> Vec<Case> {
    let shape = Error::Shape;
    let denial = |at: usize, item: Vec<u8>| of(65283, deny(), at, item);
    let report = |at: usize, item: Vec<u8>| of(65284, deny(), at, item);
    let poll = |at: usize, item: Vec<u8>| of(65287, fetch(), at, item);
    vec![
        ("deny_version_0", denial(0, uint(0)), Error::Version),
        ("deny_reason_5", denial(3, uint(5)), Error::Field("reason")),
        ("deny_clock_before_2020", denial(4, uint(0)), Error::Field("dts")),
        ("deny_sequence_of_2_to_53", denial(5, uint(1 << 53)), Error::Field("seq")),
        ("deny_payload_of_an_approval", sent(65283, &approve()), shape),
        ("report_reason_5", report(3, uint(5)), Error::Field("reason")),
        ("report_after_2100", report(4, uint(4_102_444_801)), Error::Field("dts")),
        ("report_hash_of_33_bytes", report(2, bytes([1; 33])), shape),
        ("fetch_version_2", poll(0, uint(2)), Error::Version),
        ("fetch_of_another_device", poll(1, bytes([2; 16])), Error::Field("did")),
        ("fetch_nonce_of_15_bytes", poll(2, bytes([4; 15])), shape),
        ("fetch_before_2020", poll(3, uint(0)), Error::Field("dts")),
    ]
}

/// The whole signed message is what is padded, not the payload alone.
fn pads() -> Vec<Case> {
    let padded = |len: usize| sign1(65282, &array(&[&approve()[..], &[bytes(vec![0; len])]].concat()));
    let mut whole = (0..300).filter(|len| padded(*len).len().is_multiple_of(64));
    let (_, longer) = (whole.next().unwrap(), whole.next().unwrap());
    let mut set = signed_payload(&approve());
    *set.last_mut().unwrap() = 1;
    vec![
        ("approve_pad_a_block_longer", frame(&padded(longer)), Error::Padding),
        ("approve_pad_byte_set", frame(&sign1(65282, &set)), Error::Padding),
    ]
}

/// What a verdict is about, not the encoding; and a clock and a count that decide nothing.
fn accepted() -> Vec<Refusal> {
    let said = |number: &str, code: &str| sent(65282, &with(with(approve(), 5, text(number)), 6, text(code)));
    let cases = [
        ("approve_number_with_a_letter", said("12a4", "64727617")),
        ("approve_number_in_arabic_digits", said("٤٨٢", "64727617")),
        ("approve_number_with_a_sign", said("+48291", "64727617")),
        ("approve_code_of_letters", said("482913", "abcdefgh")),
        ("approve_clock_a_day_slow", of(65282, approve(), 7, uint(NOW - 86_400))),
        ("approve_clock_a_day_fast", of(65282, approve(), 7, uint(NOW + 86_400))),
        ("approve_sequence_0", of(65282, approve(), 8, uint(0))),
        ("fetch_clock_301_seconds_off", of(65287, fetch(), 3, uint(NOW + 301))),
    ];
    cases.map(|(id, message)| Refusal::accepted(id, To::Server, message)).into()
}

pub(crate) fn cases() -> Vec<Refusal> {
    let all = approvals().into_iter().chain(others()).chain(pads());
    all.map(|(id, message, error)| Refusal::answered(id, message, error)).chain(accepted()).collect()
}
