//! Replays the seeds and every past finding as an ordinary test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use fuzz_entry::TARGETS;

fn fuzz(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(path)
}

fn inputs(kind: &str, target: &str) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(fuzz(kind).join(target)) else { return Vec::new() };
    entries.map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

/// The names in a folder without their endings; a `README` is none.
fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(fuzz(folder)).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    entries.map(name).filter(|name| name != "README").collect()
}

/// Otherwise what lies in a folder would be replayed by nobody.
#[test]
fn every_folder_is_a_targets() {
    let known = BTreeSet::from(TARGETS.map(|(name, _)| name.to_owned()));
    assert_eq!(names("seeds"), known);
    assert_eq!(names("fuzz_targets"), known);
    assert!(names("regressions").is_subset(&known));
}

#[test]
fn every_target_accepts_each_of_its_seeds() {
    for (name, target) in TARGETS {
        let seeds = inputs("seeds", name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in seeds {
            assert!(target(&seed), "{name} refuses a seed: {}", String::from_utf8_lossy(&seed));
        }
    }
}

#[test]
fn every_target_holds_its_law_on_what_once_broke_it() {
    let mut replayed = 0;
    for (name, target) in TARGETS {
        for input in inputs("regressions", name) {
            target(&input);
            replayed += 1;
        }
    }
    assert!(replayed > 0, "the regressions are gone");
}

/// Every cut and every changed byte of a seed: most are refused, and none may break a law.
#[test]
fn every_target_holds_its_law_around_its_seeds() {
    for (name, target) in TARGETS {
        let mut refused = 0;
        for seed in inputs("seeds", name) {
            for place in 0..seed.len() {
                let (cut, _) = seed.split_at(place);
                refused += u32::from(!target(cut));
                for flip in [0x01, 0x20, 0x80] {
                    let mut changed = seed.clone();
                    *changed.get_mut(place).unwrap() ^= flip;
                    refused += u32::from(!target(&changed));
                }
            }
        }
        assert!(refused > 0, "{name} takes anything");
    }
}
