//! For every PIN there is exactly one secret that gives this very blob, so the blob says nothing about the PIN.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/attacker.rs"]
mod attacker;
#[path = "fixture/fixture.rs"]
mod fixture;
#[path = "fixture/keys.rs"]
mod keys;

use std::collections::BTreeSet;

use attacker::Attacker;
use fixture::seal;
use keys::Claiming;
use pushotp_pin::{Arena, Assurance, Blob, Locks, Permit, Sealing};
use sha2::{Digest, Sha256};

const SEED: u64 = 11;

fn pins() -> impl Iterator<Item = String> {
    (0..10_000).map(|number| format!("{number:04}"))
}

#[test]
fn every_pin_reproduces_the_blob() {
    let blob = seal(&[0x3c; 32], "2719", SEED);
    let mut attacker = Attacker::new(blob.as_bytes(), &fixture::DEVICE_KEY);
    let mut secrets = BTreeSet::new();
    for pin in pins() {
        let secret = attacker.secret(&pin);
        assert_eq!(seal(&secret, &pin, SEED).as_bytes(), blob.as_bytes(), "{pin}");
        secrets.insert(secret);
    }
    assert_eq!(secrets.len(), 10_000);
}

/// The same question to a blob that also stores a byte of a hash of the secret: nearly every PIN is told to be wrong.
#[test]
fn a_check_byte_would_not_survive() {
    let check = |secret: &[u8]| Sha256::digest(secret)[0];
    let blob = seal(&[0x3c; 32], "2719", SEED);
    let stored = check(&[0x3c; 32]);
    let mut attacker = Attacker::new(blob.as_bytes(), &fixture::DEVICE_KEY);
    let left: Vec<String> = pins().filter(|pin| check(&attacker.secret(pin)) == stored).collect();
    assert!(left.len() < 100, "{} PINs reproduce the blob", left.len());
    assert!(left.contains(&"2719".to_owned()));
}

/// The verifiable suite fails it: of all PINs the blob knows one.
#[test]
fn the_verifiable_suite_fails() {
    let throttled = Claiming::new(fixture::device(), Assurance::HardwareThrottled);
    let permit = Permit::from_device(&throttled).unwrap();
    let sealing = Sealing {
        header: fixture::HEADER,
        cost: fixture::cheap(),
        device: &throttled,
        arena: &mut Arena::new(),
        rng: &mut fixture::rng(SEED),
    };
    let pin = fixture::pin("2719");
    let blob = Blob::seal(&fixture::uniform(&[0x3c; 32]), &Locks::verifiable_pin(&pin, permit), sealing).unwrap();
    let mut attacker = Attacker::new(blob.as_bytes(), &fixture::DEVICE_KEY);
    let left: Vec<String> = pins().filter(|pin| attacker.verified(pin).is_some()).collect();
    assert_eq!(left, ["2719"]);
}
