//! CBOR in the diagnostic notation of RFC 8949 section 8, for people.

use crate::{cbor::split, format::hex};

/// One item at the front of the input, and the rest.
fn item(input: &[u8]) -> (String, &[u8]) {
    let (major, argument, rest) = split(input);
    let bytes = |rest: &'_ [u8]| rest[..usize::try_from(argument).unwrap()].to_vec();
    let after = || &rest[usize::try_from(argument).unwrap()..];
    match major {
        0 => (argument.to_string(), rest),
        2 => (format!("h'{}'", hex(&bytes(rest))), after()),
        3 => (serde_json::to_string(&String::from_utf8(bytes(rest)).unwrap()).unwrap(), after()),
        4 => {
            let (items, rest) = items(argument, rest);
            (format!("[{}]", items.join(", ")), rest)
        }
        5 => {
            let (items, rest) = items(2 * argument, rest);
            let entries = items.chunks(2).map(|pair| pair.join(": "));
            (format!("{{{}}}", entries.collect::<Vec<_>>().join(", ")), rest)
        }
        _ => panic!("no payload has major type {major}"),
    }
}

fn items(count: u64, mut rest: &[u8]) -> (Vec<String>, &[u8]) {
    let mut items = Vec::new();
    for _ in 0..count {
        let (text, after) = item(rest);
        items.push(text);
        rest = after;
    }
    (items, rest)
}

pub(crate) fn notation(payload: &[u8]) -> String {
    let (text, rest) = item(payload);
    assert!(rest.is_empty());
    text
}
