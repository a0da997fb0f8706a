//! CBOR by hand, in the shortest form.

pub(crate) fn head(major: u8, argument: u64) -> Vec<u8> {
    let bytes = argument.to_be_bytes();
    let (info, tail) = match argument {
        0..=23 => (bytes[7], &bytes[8..]),
        24..=0xff => (24, &bytes[7..]),
        0x100..=0xffff => (25, &bytes[6..]),
        0x1_0000..=0xffff_ffff => (26, &bytes[4..]),
        _ => (27, &bytes[..]),
    };
    [&[major << 5 | info], tail].concat()
}

pub(crate) fn uint(value: u64) -> Vec<u8> {
    head(0, value)
}

pub(crate) fn bytes(value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    [&head(2, value.len() as u64), value].concat()
}

pub(crate) fn text(value: &str) -> Vec<u8> {
    [&head(3, value.len() as u64), value.as_bytes()].concat()
}

pub(crate) fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [head(4, items.len() as u64), items.concat()].concat()
}

pub(crate) fn map(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = head(5, entries.len() as u64);
    for (key, value) in entries {
        out.extend([&key[..], value].concat());
    }
    out
}

pub(crate) fn tagged(tag: u64, item: Vec<u8>) -> Vec<u8> {
    [head(6, tag), item].concat()
}

/// One whole item at the front of the input: its major type, its argument, and what follows its head.
pub(crate) fn split(input: &[u8]) -> (u8, u64, &[u8]) {
    let (info, rest) = (input[0] & 31, &input[1..]);
    let len = match info {
        0..=23 => return (input[0] >> 5, info.into(), rest),
        24..=27 => 1 << (info - 24),
        _ => panic!("no definite length"),
    };
    let argument = rest[..len].iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    (input[0] >> 5, argument, &rest[len..])
}

/// A byte string at the front of the input, and the rest.
pub(crate) fn split_bytes(input: &[u8]) -> (&[u8], &[u8]) {
    let (major, len, rest) = split(input);
    assert_eq!(major, 2);
    rest.split_at(usize::try_from(len).unwrap())
}
