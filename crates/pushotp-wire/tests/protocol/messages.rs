//! One typical message of each kind, field by field as the text of the protocol says.

use crate::{
    cbor::{array, bytes, map, text, uint},
    peer::{DID, NOW, OTHER_TOKEN, TOKEN},
};

pub(crate) const CID: [u8; 16] = [0xc1; 16];
pub(crate) const CH: [u8; 32] = [0xcc; 32];
pub(crate) const RH: [u8; 32] = [0xbb; 32];
pub(crate) const RID: [u8; 16] = [0xa1; 16];

pub(crate) type Fields = Vec<Vec<u8>>;

/// Numbers of the fields of a challenge.
pub(crate) const V: usize = 0;
pub(crate) const POL: usize = 6;
pub(crate) const NUM: usize = 7;
pub(crate) const OTP: usize = 8;
pub(crate) const CTX: usize = 9;

/// Every entry that version 1 knows, and an odd one that it does not.
pub(crate) fn context() -> Vec<(Vec<u8>, Vec<u8>)> {
    vec![
        (uint(0), text("Intranet")),
        (uint(2), text("alice")),
        (uint(4), bytes([192, 0, 2, 7])),
        (uint(6), text("Vienna, Austria")),
        (uint(8), text("Firefox on Linux")),
        (uint(10), text("log in")),
        (uint(13), uint(5)),
    ]
}

pub(crate) fn challenge() -> Fields {
    vec![
        uint(1),
        bytes(CID),
        array(&[bytes(TOKEN), bytes(OTHER_TOKEN)]),
        uint(NOW),
        uint(NOW + 120),
        bytes([3; 32]),
        uint(13),
        array(&[uint(1), uint(6), bytes([])]),
        array(&[uint(1), uint(8)]),
        map(&context()),
    ]
}

pub(crate) fn approve() -> Fields {
    vec![
        uint(1),
        bytes(CID),
        bytes(CH),
        bytes(TOKEN),
        uint(1),
        text("482913"),
        text("64727617"),
        uint(NOW),
        uint(NOW * 1000),
    ]
}

/// A denial or a report.
pub(crate) fn deny() -> Fields {
    vec![uint(1), bytes(CID), bytes(CH), uint(1), uint(NOW), uint(NOW * 1000)]
}

pub(crate) fn fetch() -> Fields {
    vec![uint(1), bytes(DID), bytes([4; 16]), uint(NOW)]
}

pub(crate) fn result() -> Fields {
    vec![uint(1), bytes(CID), bytes(RH), uint(6), uint(2), uint(0), uint(NOW)]
}

pub(crate) fn cancel() -> Fields {
    vec![uint(1), bytes(CID), uint(5), uint(NOW)]
}

pub(crate) fn pending(items: &[Vec<u8>]) -> Fields {
    vec![uint(1), bytes([4; 16]), uint(NOW), array(&items.iter().map(bytes).collect::<Vec<_>>())]
}

pub(crate) fn update() -> Fields {
    let switch = |tid: [u8; 16], on: u64| array(&[bytes(tid), uint(on)]);
    vec![
        uint(1),
        bytes(DID),
        array(&[array(&[uint(2), bytes(b"address")])]),
        array(&[switch(TOKEN, 0), switch(OTHER_TOKEN, 1)]),
        text("Alice's phone"),
        uint(NOW),
        uint(NOW * 1000),
    ]
}

/// A request for a ticket, sealed to `epk`.
pub(crate) fn rotate(epk: &[u8]) -> Fields {
    rotation(1, 0, epk)
}

pub(crate) fn confirm() -> Fields {
    rotation(2, 1, &[])
}

fn rotation(generation: u64, step: u64, epk: &[u8]) -> Fields {
    vec![
        uint(1),
        bytes(RID),
        bytes(TOKEN),
        uint(generation),
        uint(step),
        bytes(epk),
        text("64727617"),
        uint(NOW),
        uint(NOW * 1000),
    ]
}

pub(crate) fn ticket(rid: &[u8], rh: &[u8], (enc, ct): (&[u8], &[u8])) -> Fields {
    vec![uint(1), bytes(rid), bytes(rh), bytes(TOKEN), uint(2), bytes(enc), bytes(ct), uint(NOW)]
}

/// The fields with one of them replaced.
pub(crate) fn with(mut fields: Fields, at: usize, item: Vec<u8>) -> Fields {
    fields[at] = item;
    fields
}
