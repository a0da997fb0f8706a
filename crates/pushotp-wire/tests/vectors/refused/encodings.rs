use pushotp_wire::Error;

use super::{Entries, IAT, chunks, mapped, negative, with};
use crate::{
    cbor::{array, bytes, head, map, tagged, text, uint},
    format::{Refusal, To},
    messages::{CID, CTX, NUM, POL, V, cancel, challenge, context, result},
    peer::{NOW, envelope, payload},
};

fn field(at: usize, item: Vec<u8>) -> Vec<u8> {
    envelope(65281, &payload(&with(challenge(), at, item)))
}

/// Whole blocks of a plaintext that is no payload at all.
fn raw(mut plain: Vec<u8>) -> Vec<u8> {
    plain.resize(plain.len().next_multiple_of(64), 0);
    envelope(65281, &plain)
}

/// The challenge with another head of its array, and something behind it.
fn headed(head: &[u8], after: &[u8]) -> Vec<u8> {
    let whole = |pad: usize| [head, &challenge().concat(), &bytes(vec![0; pad]), after].concat();
    let pad = (0..88).find(|pad| whole(*pad).len().is_multiple_of(64)).unwrap();
    envelope(65281, &whole(pad))
}

/// The context with one more entry at its end, or in the place of one that is there.
fn entry(key: u64, value: Vec<u8>) -> Vec<u8> {
    let mut all: Entries = context().into_iter().filter(|(known, _)| *known != uint(key)).collect();
    all.push((uint(key), value));
    all.sort();
    field(CTX, mapped(&all))
}

type Case = (&'static str, Vec<u8>, Error);

fn arrays() -> Vec<Case> {
    let (shape, other) = (Error::Shape, Error::NotCanonical);
    let good = payload(&challenge());
    vec![
        ("item_after_the_payload", raw([&good[..], &[0]].concat()), other),
        ("one_element_more", envelope(65281, &payload(&[&challenge()[..], &[uint(0)]].concat())), shape),
        ("one_element_fewer", envelope(65281, &payload(&challenge()[..9])), shape),
        ("head_in_two_bytes", headed(&[0x98, 11], &[]), other),
        ("head_in_nine_bytes", headed(&[0x9b, 0, 0, 0, 0, 0, 0, 0, 11], &[]), other),
        ("open_array", headed(&[0x9f], &[0xff]), other),
        ("array_of_4294967295", headed(&[0x9a, 0xff, 0xff, 0xff, 0xff], &[]), other),
        ("payload_tagged", raw(tagged(1, good)), other),
        ("payload_a_map", raw(map(&[(uint(1), uint(1))])), shape),
        ("payload_of_a_cancel", envelope(65281, &payload(&cancel())), shape),
        ("payload_of_a_result", envelope(65281, &payload(&result())), shape),
        ("tags_without_end", raw([vec![0xc1; 3700], uint(1)].concat()), shape),
        ("arrays_without_end", raw(vec![0x81; 3800]), shape),
        ("spec_with_a_fourth_element", field(NUM, array(&[uint(1), uint(6), bytes([]), uint(0)])), shape),
        ("spec_as_bytes", field(NUM, bytes(array(&[uint(1), uint(6), bytes([])]))), shape),
        ("spec_open", field(NUM, chunks(0x9f, &[uint(1), uint(6), bytes([])])), shape),
    ]
}

fn scalars() -> Vec<Case> {
    let (shape, other) = (Error::Shape, Error::NotCanonical);
    vec![
        ("version_in_two_bytes", field(V, vec![0x18, 1]), other),
        ("version_a_bignum", field(V, vec![0xc2, 0x41, 1]), other),
        ("version_tagged", field(V, tagged(1, uint(1))), other),
        ("version_a_float", field(V, vec![0xf9, 0x3c, 0]), shape),
        ("version_negative", field(V, negative(1)), shape),
        ("id_as_text", field(1, text("0123456789abcdef")), shape),
        ("id_an_array", field(1, array(&vec![uint(7); 16])), other),
        ("id_in_chunks", field(1, chunks(0x5f, &[bytes([1; 8]), bytes([2; 8])])), shape),
        ("id_in_chunks_of_chunks", field(1, chunks(0x5f, &[chunks(0x5f, &[bytes([1; 8])]), bytes([2; 8])])), shape),
        ("id_length_in_two_bytes", field(1, [&[0x58, 16][..], &CID].concat()), other),
        ("id_of_15_bytes", field(1, bytes([1; 15])), shape),
        ("id_of_17_bytes", field(1, bytes([1; 17])), shape),
        ("time_tagged", field(IAT, tagged(1, uint(NOW))), other),
        ("time_in_nine_bytes", field(IAT, [&[0x1b][..], &NOW.to_be_bytes()].concat()), other),
        ("time_a_float", field(IAT, [&[0xfb][..], &1.8e9_f64.to_be_bytes()].concat()), shape),
        ("policy_false", field(POL, vec![0xf4]), shape),
        ("policy_null", field(POL, vec![0xf6]), shape),
        ("policy_undefined", field(POL, vec![0xf7]), shape),
        ("simple_value_20_in_two_bytes", field(POL, vec![0xf8, 0x14]), shape),
        ("simple_value_22_in_two_bytes", field(POL, vec![0xf8, 0x16]), shape),
        ("simple_value_255", field(POL, vec![0xf8, 0xff]), shape),
        ("additional_information_28", field(POL, vec![28]), shape),
        ("additional_information_29", field(POL, vec![29]), shape),
        ("additional_information_30", field(POL, vec![30]), shape),
    ]
}

fn maps() -> Vec<Case> {
    let (shape, other) = (Error::Shape, Error::NotCanonical);
    let (app, user) = (|| (uint(0), text("A")), || (uint(2), text("u")));
    let says = |entries: Entries| field(CTX, mapped(&entries));
    vec![
        ("key_twice", says(vec![app(), (uint(0), text("B")), user()]), other),
        ("key_twice_once_in_two_bytes", says(vec![app(), (vec![0x18, 0], text("A")), user()]), other),
        ("key_in_two_bytes", says(vec![(vec![0x18, 0], text("A")), user()]), other),
        ("keys_out_of_order", says(vec![user(), app()]), other),
        ("key_as_text", says(vec![app(), user(), (text("x"), text("y"))]), shape),
        ("key_negative", says(vec![app(), user(), (negative(1), text("y"))]), shape),
        ("map_open", field(CTX, [&[0xbf], &uint(0)[..], &text("A"), &uint(2), &text("u"), &[0xff]].concat()), other),
        ("map_of_2_to_64_entries", field(CTX, [head(5, u64::MAX), uint(0), text("A")].concat()), shape),
        ("text_in_chunks", entry(0, chunks(0x7f, &[text("Intra"), text("net")])), other),
        ("text_overlong_letter", entry(0, vec![0x62, 0xc0, 0x80]), shape),
        ("text_surrogate", entry(0, vec![0x63, 0xed, 0xa0, 0x80]), shape),
        ("text_lone_ff", entry(0, vec![0x61, 0xff]), shape),
        ("value_true", entry(1, vec![0xf5]), shape),
        ("value_null", entry(1, vec![0xf6]), shape),
        ("value_an_array", entry(1, array(&[])), shape),
        ("value_a_map", entry(1, map(&[])), shape),
        ("value_negative", entry(1, negative(6)), shape),
        ("value_tagged_text", entry(1, tagged(32, text("a"))), shape),
        ("value_a_float", entry(1, vec![0xf9, 0, 0]), shape),
    ]
}

/// Encoding again would notice none of them.
fn pads() -> Vec<Case> {
    let good = payload(&challenge());
    let padded = |pad: Vec<u8>| array(&[&challenge()[..], &[pad]].concat());
    let fits = |from: usize| (from..300).find(|len| padded(bytes(vec![0; *len])).len().is_multiple_of(64)).unwrap();
    let right = fits(0);
    let set = |back: usize| {
        let mut plain = good.clone();
        let at = plain.len() - back;
        plain[at] = 1;
        envelope(65281, &plain)
    };
    let (last, others) = (challenge().pop().unwrap(), &challenge()[..9]);
    let not_last = array(&[others, &[bytes(vec![0; right]), last]].concat());
    vec![
        ("pad_first_byte_set", set(right), Error::Padding),
        ("pad_last_byte_set", set(1), Error::Padding),
        ("pad_a_block_longer", envelope(65281, &padded(bytes(vec![0; fits(right + 1)]))), Error::Padding),
        ("pad_as_text", envelope(65281, &padded(text(&"\0".repeat(right)))), Error::Shape),
        ("pad_not_last", envelope(65281, &not_last), Error::Shape),
        ("pad_missing", raw(array(&challenge())), Error::Shape),
    ]
}

pub(crate) fn cases() -> Vec<Refusal> {
    let all = arrays().into_iter().chain(scalars()).chain(maps()).chain(pads());
    let refused = all.map(|(id, message, error)| Refusal::dropped(id, message, error));
    let right = field(V, uint(1));
    refused.chain([Refusal::accepted("what_the_cases_are_made_of", To::Device, right)]).collect()
}
