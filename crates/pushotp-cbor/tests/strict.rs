//! One encoding and no other; 100,000 random and mutated byte strings; what plain ciborium would have taken.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use pushotp_cbor::{ByteArray, ByteBuf, CborError, MAX_LEN, decode, encode};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

type Fields = (u8, ByteArray<4>, String, u64, BTreeMap<u8, ByteBuf>);

fn good() -> Vec<u8> {
    let map = BTreeMap::from([(1, ByteBuf::from(vec![1, 2])), (3, ByteBuf::new())]);
    let fields: Fields = (1, ByteArray::new([7; 4]), "é".into(), 1 << 40, map);
    encode(&fields).unwrap()
}

/// Another encoding of the good value, or something that is none: the bytes after the first, changed.
fn variants() -> Vec<(&'static str, Vec<u8>)> {
    let good = good();
    let replaced = |from: &[u8], to: &[u8]| {
        let at = good.windows(from.len()).position(|window| window == from).unwrap();
        [&good[..at], to, &good[at + from.len()..]].concat()
    };
    vec![
        ("a longer head of the array", [b"\x98\x05", &good[1..]].concat()),
        ("an indefinite array", [b"\x9f", &good[1..], b"\xff"].concat()),
        ("a longer integer", replaced(b"\x85\x01", b"\x85\x18\x01")),
        ("a float", replaced(b"\x85\x01", b"\x85\xf9\x3c\x00")),
        ("a tag", replaced(b"\x85\x01", b"\xc1\x85\x01")),
        ("a bignum", replaced(b"\x1b\x00\x00\x01\x00\x00\x00\x00\x00", b"\xc2\x46\x01\x00\x00\x00\x00\x00")),
        ("an indefinite byte string", replaced(b"\x44\x07\x07\x07\x07", b"\x5f\x42\x07\x07\x42\x07\x07\xff")),
        ("an array for a byte string", replaced(b"\x44\x07\x07\x07\x07", b"\x84\x07\x07\x07\x07")),
        ("an indefinite text", replaced(b"\x62\xc3\xa9", b"\x7f\x62\xc3\xa9\xff")),
        ("keys in another order", replaced(b"\xa2\x01\x42\x01\x02\x03\x40", b"\xa2\x03\x40\x01\x42\x01\x02")),
        ("a key twice", replaced(b"\xa2\x01\x42\x01\x02\x03\x40", b"\xa3\x01\x42\x01\x02\x03\x40\x03\x40")),
        ("an indefinite map", replaced(b"\xa2\x01\x42\x01\x02\x03\x40", b"\xbf\x01\x42\x01\x02\x03\x40\xff")),
        ("something behind it", [&good[..], b"\x00"].concat()),
        ("an element too many", [b"\x86", &good[1..], b"\x00"].concat()),
    ]
}

// protocol.md: CBOR-1, CBOR-2
#[test]
fn only_the_one_encoding_is_read() {
    assert_eq!(encode(&decode::<Fields>(&good()).unwrap()).unwrap(), good());
    for (name, bytes) in variants() {
        assert!(decode::<Fields>(&bytes).is_err(), "{name}");
    }
    assert_eq!(decode::<Fields>(&vec![0; MAX_LEN + 1]).err(), Some(CborError::TooLarge));
}

/// The negative control: without the comparison several of them would have passed.
#[test]
#[expect(clippy::disallowed_methods, reason = "what this crate protects from")]
fn plain_ciborium_takes_many_of_them() {
    let taken =
        variants().into_iter().filter(|(_, bytes)| ciborium::de::from_reader::<Fields, _>(bytes.as_slice()).is_ok());
    assert!(taken.count() >= 6);
}

#[test]
fn hostile_bytes() {
    let mut rng = ChaCha20Rng::seed_from_u64(20_261_124);
    let (mut taken, mut refused) = (0, 0);
    for round in 0..100_000 {
        let mut bytes = good();
        if round % 4 == 0 {
            bytes = vec![0; rng.next_u32() as usize % 100];
            rng.fill_bytes(&mut bytes);
        }
        for _ in 0..rng.next_u32() % 3 {
            let at = rng.next_u32() as usize % (bytes.len() + 1);
            match rng.next_u32() % 3 {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, rng.next_u32().to_le_bytes()[0]),
                _ => drop(bytes.get_mut(at).map(|byte| *byte = rng.next_u32().to_le_bytes()[0])),
            }
        }
        match decode::<Fields>(&bytes) {
            Ok(fields) => {
                assert_eq!(encode(&fields).unwrap(), bytes);
                taken += 1;
            }
            Err(_) => refused += 1,
        }
        // Deep nesting and long lengths cost nothing.
        let _ = decode::<Vec<Vec<ByteBuf>>>(&bytes);
    }
    assert!(taken > 1_000 && refused > 10_000, "{taken} taken, {refused} refused");
}
