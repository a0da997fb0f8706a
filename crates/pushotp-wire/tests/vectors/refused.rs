//! One defect each: whatever else could be wrong with a message is right.

pub(crate) mod answers;
pub(crate) mod challenges;
pub(crate) mod encodings;
pub(crate) mod enrolments;
pub(crate) mod envelopes;
pub(crate) mod frames;
pub(crate) mod housekeeping;
pub(crate) mod replies;
pub(crate) mod signatures;
pub(crate) mod tickets;

use crate::cbor::{array, bytes, map};

/// Numbers of more fields of a challenge; the others stand in `messages`.
const TIDS: usize = 2;
const IAT: usize = 3;
const EXP: usize = 4;

/// The fields of a payload, of which one is replaced.
pub(crate) fn with(mut fields: Vec<Vec<u8>>, at: usize, item: Vec<u8>) -> Vec<Vec<u8>> {
    fields[at] = item;
    fields
}

/// A byte string or a text, in chunks.
fn chunks(open: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    [&[open], &parts.concat()[..], &[0xff]].concat()
}

/// A negative number.
fn negative(value: u64) -> Vec<u8> {
    crate::cbor::head(1, value - 1)
}

/// A message whose one bit at `at` is the other one.
fn flipped(mut message: Vec<u8>, at: usize) -> Vec<u8> {
    message[at] ^= 1;
    message
}

/// Numbers in an array, as a number mode or a passcode has it.
fn spec(numbers: &[u64], choices: &[u8]) -> Vec<u8> {
    let numbers = numbers.iter().map(|number| crate::cbor::uint(*number));
    array(&numbers.chain([bytes(choices)]).collect::<Vec<_>>())
}

/// A map in the order in which it is given.
type Entries = Vec<(Vec<u8>, Vec<u8>)>;

fn mapped(entries: &Entries) -> Vec<u8> {
    map(entries)
}
