//! Every rule of docs/protocol.md has a name, and a test of the workspace that names it.
//!
//! A rule is a text with MUST or MUST NOT that ends with its name in brackets; a test names it in a comment right above
//! `#[test]`: `// protocol.md: ENV-3, ENV-4`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "this test writes, and reads nothing")]
#[path = "../protocol/cbor.rs"]
mod cbor;

mod bytes;
mod order;
mod rules;
mod seals;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use rules::{Document, named};

fn root() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", ".."].iter().collect()
}

/// The text of the protocol; it is not in the package of this crate, but always in the workspace.
fn text() -> Option<String> {
    let text = fs::read_to_string(root().join("docs/protocol.md")).ok();
    if text.is_none() {
        assert!(!root().join("deny.toml").exists(), "the workspace has no docs/protocol.md");
        println!("skipped: packaged without docs/protocol.md");
    }
    text
}

/// Every Rust file in a folder, at any depth.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// The tests of every crate.
fn tests() -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path().join("tests");
        if folder.is_dir() {
            sources(&folder, &mut found);
        }
    }
    found
}

#[test]
fn every_rule_has_a_name_and_a_test_that_names_it() {
    let Some(text) = text() else { return };
    let document = Document::parse(&text);
    let (names, mut faults) = (named(&tests()), document.faults.clone());
    faults.extend(document.compare(&names.ids));
    faults.extend(names.faults);
    assert_eq!(faults, Vec::<String>::new());
    // A reader that finds nothing complains of nothing.
    assert!(document.ids.len() >= 130, "{}", document.ids.len());
    let areas: BTreeSet<_> = document.ids.iter().filter_map(|id| id.split('-').next()).collect();
    assert!(areas.len() >= 18, "{areas:?}");
}

/// The negative control: the same reader, on a small text with one thing wrong.
#[test]
fn each_fault_is_found() {
    let test = |ids: &str| vec![format!("/// What it shows.\n// protocol.md: {ids}\n#[test]\nfn shows() {{}}\n")];
    let good = "# Title\n\nIt MUST be. [AB-1] So\nit is.\n\n* One MUST NOT be\n  more. [AB-2] And AB-1.\n";
    let faults = |text: &str, tests: &[String]| {
        let (document, names) = (Document::parse(text), named(tests));
        let compared = document.compare(&names.ids);
        [document.faults, compared, names.faults].concat()
    };
    assert_eq!(faults(good, &test("AB-1, AB-2")), Vec::<String>::new());
    let changed = |from: &str, to: &str| {
        assert!(good.contains(from));
        faults(&good.replace(from, to), &test("AB-1, AB-2"))
    };
    let cases = [
        (
            "a rule without a name",
            changed(" [AB-2] And AB-1", ""),
            vec!["a MUST without a name: * One", "AB-2 is no rule"],
        ),
        (
            "another unit's name",
            changed("\n  more. [AB-2]", "\n* More. [AB-2]"),
            vec!["a MUST without a name: * One", "AB-2 names no MUST"],
        ),
        ("a name twice", changed("AB-2", "AB-1"), vec!["AB-1 is there twice", "AB-2 is no rule"]),
        ("a name of nothing", changed("MUST be", "is"), vec!["AB-1 names no MUST"]),
        ("a reference to nothing", changed("And AB-1", "And AB-7"), vec!["AB-7 is no rule"]),
        ("no test", faults(good, &test("AB-1")), vec!["AB-2 has no test"]),
        ("a test of nothing", faults(good, &test("AB-1, AB-2, AB-3")), vec!["AB-3 is no rule"]),
        (
            "above no test",
            faults(good, &[test("AB-1, AB-2")[0].replace("#[test]\n", "")]),
            vec!["above no test: AB-1, AB-2"],
        ),
        ("in another form", faults(good, &test("AB-1 and AB-2")), vec!["AB-1 has no test", "AB-2 has no test"]),
    ];
    for (case, found, expected) in cases {
        for expected in expected {
            assert!(found.iter().any(|fault| fault.starts_with(expected)), "{case}: {found:?}");
        }
        assert!(!found.is_empty(), "{case}");
    }
}
