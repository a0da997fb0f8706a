use pushotp_wire::Error;

use super::{Entries, chunks, flipped, negative};
use crate::{
    cbor::{array, bytes, head, map, tagged, text, uint},
    format::Refusal,
    messages::challenge,
    peer::{S2D_KID, TENANT, encrypt, envelope, envelope_with, external_aad, header, payload},
};

fn plain() -> Vec<u8> {
    payload(&challenge())
}

fn good() -> Vec<u8> {
    envelope(65281, &plain())
}

/// The envelope with another beginning: its first two bytes are the tag and the head of the array.
fn begun(with: &[u8]) -> Vec<u8> {
    [with, &good()[2..]].concat()
}

/// The envelope with one of its three parts in another form.
fn part(at: usize, with: Vec<u8>) -> Vec<u8> {
    let sealed = encrypt(&header(65281), &external_aad(), &plain());
    let mut parts = vec![bytes(header(65281)), map(&[]), bytes(sealed)];
    parts[at] = with;
    tagged(16, array(&parts))
}

fn beginnings() -> Vec<Refusal> {
    let (shape, other) = (Error::Shape, Error::NotCanonical);
    let cases = [
        ("empty", vec![], Error::Truncated),
        ("tag_alone", vec![0xd0], Error::Truncated),
        ("one_byte_too_long", vec![0xd0; 4097], Error::TooLarge),
        ("nested_arrays", vec![0x81; 4096], shape),
        ("last_byte_missing", good()[..good().len() - 1].to_vec(), Error::Truncated),
        ("byte_after_it", [&good()[..], &[0]].concat(), Error::Trailing),
        ("two_in_a_row", [good(), good()].concat(), Error::Trailing),
        ("no_tag", begun(&[0x83]), shape),
        ("tag_in_two_bytes", begun(&[0xd8, 16, 0x83]), other),
        ("tag_17", begun(&[0xd1, 0x83]), shape),
        ("tag_18", begun(&[0xd2, 0x83]), shape),
        ("tag_19", begun(&[0xd3, 0x83]), shape),
        ("tag_96", begun(&[0xd8, 96, 0x83]), shape),
        ("tag_97", begun(&[0xd8, 97, 0x83]), shape),
        ("tag_998", begun(&[0xd9, 3, 0xe6, 0x83]), shape),
        ("tag_twice", begun(&[0xd0, 0xd0, 0x83]), shape),
        ("self_described", begun(&[0xd9, 0xd9, 0xf7, 0xd0, 0x83]), shape),
        ("array_head_in_two_bytes", begun(&[0xd0, 0x98, 3]), other),
        ("array_head_in_nine_bytes", begun(&[0xd0, 0x9b, 0, 0, 0, 0, 0, 0, 0, 3]), other),
        ("open_array", [&begun(&[0xd0, 0x9f])[..], &[0xff]].concat(), other),
        ("array_of_two", begun(&[0xd0, 0x82]), shape),
        ("array_of_four", begun(&[0xd0, 0x84]), shape),
    ];
    cases.map(|(id, message, error)| Refusal::dropped(id, message, error)).into()
}

fn parts() -> Vec<Refusal> {
    let (shape, other) = (Error::Shape, Error::NotCanonical);
    let long = [&[0x59, 0, 32][..], &header(65281)].concat();
    let cases = [
        ("protected_as_a_map", part(0, header(65281)), shape),
        ("protected_of_0_bytes", part(0, bytes([])), Error::Header),
        ("protected_an_empty_map", part(0, bytes([0xa0])), Error::Header),
        ("protected_length_in_two_bytes", part(0, long), other),
        ("protected_in_chunks", part(0, chunks(0x5f, &[bytes(header(65281))])), other),
        ("alg_unprotected", part(1, map(&[(uint(1), uint(24))])), shape),
        ("iv_unprotected", part(1, map(&[(uint(5), bytes([9; 12]))])), shape),
        ("unprotected_head_in_two_bytes", part(1, vec![0xb8, 0]), other),
        ("unprotected_open", part(1, vec![0xbf, 0xff]), other),
        ("ciphertext_null", part(2, vec![0xf6]), shape),
        ("ciphertext_empty", part(2, bytes([])), shape),
        ("ciphertext_as_text", part(2, text(&"a".repeat(80))), shape),
        ("ciphertext_in_chunks", part(2, chunks(0x5f, &[bytes([0; 80])])), other),
        ("ciphertext_of_2_to_63_bytes", part(2, head(2, (1 << 63) - 1)), Error::Truncated),
        ("ciphertext_length_in_four_bytes", part(2, [&[0x5a, 0, 0, 0, 80][..], &[0; 80]].concat()), other),
        ("ciphertext_a_byte_short", part(2, bytes([0; 79])), shape),
        ("ciphertext_a_byte_long", part(2, bytes([0; 81])), shape),
        ("ciphertext_a_tag_alone", part(2, bytes([0; 16])), shape),
        ("tag_of_8_bytes", part(2, bytes([0; 72])), shape),
        ("tag_of_12_bytes", part(2, bytes([0; 76])), shape),
    ];
    cases.map(|(id, message, error)| Refusal::dropped(id, message, error)).into()
}

fn entries() -> Entries {
    vec![(uint(1), uint(24)), (uint(4), bytes(S2D_KID)), (uint(5), bytes([9; 12])), (uint(16), uint(65281))]
}

/// Sealed under these entries, so that only the header is wrong.
fn under(entries: &Entries) -> Vec<u8> {
    envelope_with(&map(entries), &plain())
}

/// One of the four entries is another one.
fn entry(at: usize, key: u64, value: Vec<u8>) -> Vec<u8> {
    let mut all = entries();
    all[at] = (uint(key), value);
    under(&all)
}

fn without(at: usize) -> Vec<u8> {
    let mut all = entries();
    all.remove(at);
    under(&all)
}

fn plus(at: usize, key: u64, value: Vec<u8>) -> Vec<u8> {
    let mut all = entries();
    all.insert(at, (uint(key), value));
    under(&all)
}

fn algorithms() -> Vec<(&'static str, Vec<u8>)> {
    let mut unordered = entries();
    unordered.swap(0, 1);
    vec![
        ("labels_out_of_order", under(&unordered)),
        ("alg_twice", plus(0, 1, uint(24))),
        ("alg_missing", without(0)),
        ("alg_0", entry(0, 1, uint(0))),
        ("alg_1_aes_gcm", entry(0, 1, uint(1))),
        ("alg_3_aes_gcm", entry(0, 1, uint(3))),
        ("alg_5_hmac", entry(0, 1, uint(5))),
        ("alg_25", entry(0, 1, uint(25))),
        ("alg_minus_19_ed25519", entry(0, 1, negative(19))),
        ("alg_as_text", entry(0, 1, text("ChaCha20/Poly1305"))),
        ("alg_in_three_bytes", entry(0, 1, vec![0x19, 0, 24])),
    ]
}

fn labels() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("kid_missing", without(1)),
        ("kid_of_0_bytes", entry(1, 4, bytes([]))),
        ("kid_of_7_bytes", entry(1, 4, bytes([0x33; 7]))),
        ("kid_of_9_bytes", entry(1, 4, bytes([0x33; 9]))),
        ("kid_as_text", entry(1, 4, text("33333333"))),
        ("iv_missing", without(2)),
        ("iv_of_8_bytes", entry(2, 5, bytes([9; 8]))),
        ("iv_of_11_bytes", entry(2, 5, bytes([9; 11]))),
        ("iv_of_13_bytes", entry(2, 5, bytes([9; 13]))),
        ("iv_of_24_bytes", entry(2, 5, bytes([9; 24]))),
        ("iv_as_text", entry(2, 5, text("nonce-nonce-"))),
        ("iv_partial", entry(2, 6, bytes([9; 12]))),
        ("typ_missing", without(3)),
        ("typ_65280", entry(3, 16, uint(65280))),
        ("typ_65294", entry(3, 16, uint(65294))),
        ("typ_as_text", entry(3, 16, text("pu"))),
        ("typ_in_five_bytes", entry(3, 16, vec![0x1a, 0, 0, 0xff, 1])),
        ("crit", plus(1, 2, array(&[uint(1)]))),
        ("content_type", plus(1, 3, uint(60))),
        ("label_unknown", plus(4, 99, uint(0))),
    ]
}

/// Sealed with additional data that is not of this tenant and version.
fn bound_to(aad: &[Vec<u8>]) -> Vec<u8> {
    part(2, bytes(encrypt(&header(65281), &array(aad), &plain())))
}

fn seals() -> Vec<Refusal> {
    let (seal, direction) = (Error::BadSeal, Error::Direction);
    let name = || text("pushotp");
    // A challenge under the header of a cancel, and a bit of each region.
    let relabelled =
        tagged(16, array(&[bytes(header(65286)), map(&[]), bytes(encrypt(&header(65281), &external_aad(), &plain()))]));
    let cases = [
        ("typ_of_an_approval", entry(3, 16, uint(65282)), direction),
        ("typ_of_a_fetch", entry(3, 16, uint(65287)), direction),
        ("typ_of_an_enrol_request", entry(3, 16, uint(65289)), direction),
        ("kid_unknown", entry(1, 4, bytes([0; 8])), Error::UnknownKid),
        ("tenant_another", bound_to(&[name(), uint(1), bytes(b"example.org")]), seal),
        ("tenant_missing", bound_to(&[name(), uint(1)]), seal),
        ("tenant_as_text", bound_to(&[name(), uint(1), text("example.com")]), seal),
        ("version_2_in_the_additional_data", bound_to(&[name(), uint(2), bytes(TENANT)]), seal),
        ("typ_relabelled", relabelled, seal),
        ("bit_of_the_kid_flipped", flipped(good(), 10), Error::UnknownKid),
        ("bit_of_the_iv_flipped", flipped(good(), 20), seal),
        ("bit_of_the_ciphertext_flipped", flipped(good(), 40), seal),
        ("bit_of_the_tag_flipped", flipped(good(), good().len() - 1), seal),
    ];
    cases.map(|(id, message, error)| Refusal::dropped(id, message, error)).into()
}

pub(crate) fn cases() -> Vec<Refusal> {
    let headers = algorithms().into_iter().chain(labels());
    let headers = headers.map(|(id, message)| Refusal::dropped(id, message, Error::Header));
    beginnings().into_iter().chain(parts()).chain(headers).chain(seals()).collect()
}
