//! Writes `fuzz/seeds`: valid inputs of every target, the same ones each time.
#![allow(clippy::unwrap_used, reason = "a tool for developers: it stops at the first thing that is wrong")]

use std::{fs, path::Path};

use fuzz_entry::TARGETS;

#[path = "seeds/backup.rs"]
mod backup;
#[path = "seeds/bulk.rs"]
mod bulk;
#[path = "seeds/pin.rs"]
mod pin;
#[path = "seeds/provision.rs"]
mod provision;
#[path = "seeds/wire.rs"]
mod wire;

/// Target, name, bytes.
type Seed = (&'static str, String, Vec<u8>);

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let seeds: Vec<Seed> = [wire::seeds(), pin::seeds(), provision::seeds(), bulk::seeds(), backup::seeds()].concat();
    for (target, name, bytes) in &seeds {
        let (_, law) = TARGETS.iter().find(|(known, _)| known == target).unwrap();
        assert!(law(bytes), "{target} refuses {name}");
        fs::create_dir_all(root.join(target)).unwrap();
        fs::write(root.join(target).join(name), bytes).unwrap();
    }
    println!("{} seeds", seeds.len());
}
