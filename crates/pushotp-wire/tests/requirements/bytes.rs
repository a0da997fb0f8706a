//! The bytes that the text gives for labels, contexts and hashes are those of the encoding.

use serde_json::Value;

use crate::{
    cbor::{array, bytes, head, text, uint},
    root,
};

fn spaced(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// An array of so many elements that begins with these.
fn begun(len: u64, items: &[Vec<u8>]) -> Vec<u8> {
    [head(4, len), items.concat()].concat()
}

/// Each row of section 11.2 up to its first variable, and the labels of section 11.1.
fn constants() -> Vec<(&'static str, Vec<u8>)> {
    let (name, version) = (text("pushotp"), uint(1));
    let of = |len: u64, label: &str| begun(len, &[name.clone(), version.clone(), text(label)]);
    let mut constants = vec![
        ("E", begun(3, &[name.clone(), version.clone()])),
        ("AAD", [begun(3, &[text("Encrypt0")]), head(2, 32)].concat()),
        ("signed", [begun(4, &[text("Signature1")]), head(2, 7)].concat()),
        ("ch", begun(4, &[text("pushotp-ch"), version.clone()])),
        ("rh", begun(3, &[text("pushotp-rh"), version.clone()])),
        ("kid", of(6, "d2s")),
        ("eid", of(7, "enrol")),
        ("ticket", of(6, "ticket")),
        ("rotation", begun(10, &[text("pushotp-rot"), version.clone()])),
        ("K'", begun(7, &[text("pushotp-k"), version.clone()])),
    ];
    constants.extend(
        ["s2d key", "d2s psk", "s2d kid", "d2s kid", "token", "bind", "confirm"].map(|label| (label, text(label))),
    );
    constants
}

// protocol.md: KEY-2, KEY-4
#[test]
fn every_label_is_given_in_bytes() {
    let Some(document) = crate::text() else { return };
    for (what, bytes) in constants() {
        assert!(document.contains(&format!("`{}`", spaced(&bytes))), "{what}: {}", spaced(&bytes));
    }
}

/// The example of section 11.1 is a case of the vectors, which are what the code writes.
#[test]
fn the_example_is_that_of_the_vectors() {
    let Some(document) = crate::text() else { return };
    let context =
        [text("pushotp"), uint(1), text("s2d key"), bytes(b"example.com"), bytes([1; 16]), bytes([0; 16]), uint(1)];
    let file = std::fs::read_to_string(root().join("docs/vectors/enrolments.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let case = file["cases"].as_array().unwrap().iter().find(|case| case["id"] == "poll").unwrap();
    let exported = case["exports"]["s2d key"].as_str().unwrap();
    let dense: String = document.split_whitespace().collect();
    assert!(dense.contains(&format!("{}->{exported}", spaced(&array(&context)).replace(' ', ""))));
}
