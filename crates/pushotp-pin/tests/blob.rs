//! The bytes of a blob: pinned, recomputed, compared.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "fixture/attacker.rs"]
mod attacker;
#[path = "fixture/fixture.rs"]
mod fixture;

use attacker::Attacker;
use fixture::{cases, cheap, device, hex, number, open, pin, rng, seal, seal_device, unhex, uniform};
use pushotp_pin::{Arena, Blob, Cost, Generation, Header, Sealing, SoftwareKey};
use pushotp_types::TokenId;
use serde_json::Value;

/// Seals what a case says.
fn sealed(case: &Value) -> Blob {
    let array16 = |name: &str| -> [u8; 16] { unhex(case[name].as_str().unwrap()).try_into().unwrap() };
    let key = unhex(case["device_key_hex"].as_str().unwrap()).try_into().unwrap();
    let cost = |name: &str| number(&case[name]);
    let sealing = Sealing {
        header: Header {
            token: TokenId::from_bytes(array16("token_hex")),
            generation: Generation::new(number(&case["generation"])).unwrap(),
        },
        cost: Cost::danger_below_floor(cost("memory_kib"), cost("passes"), cost("lanes")).unwrap(),
        device: &SoftwareKey::from_bytes(array16("device_id_hex"), &key),
        arena: &mut Arena::new(),
        rng: &mut rng(u64::from(number(&case["chacha20_seed"]))),
    };
    let secret = uniform(&unhex(case["secret_hex"].as_str().unwrap()));
    match case["pin"].as_str() {
        Some(text) => Blob::seal_pin(&secret, &pin(text), sealing).unwrap(),
        None => Blob::seal_device(&secret, sealing).unwrap(),
    }
}

#[test]
fn vectors() {
    for case in cases("blob.json") {
        assert_eq!(hex(sealed(&case).as_bytes()), case["expect"], "{}", case["id"]);
    }
}

/// The derivation as it is written down, straight from Argon2, HMAC and HKDF.
#[test]
fn recomputed() {
    for case in cases("blob.json") {
        let Some(text) = case["pin"].as_str() else { continue };
        let key = unhex(case["device_key_hex"].as_str().unwrap()).try_into().unwrap();
        let mut attacker = Attacker::new(&unhex(case["expect"].as_str().unwrap()), &key);
        assert_eq!(hex(&attacker.secret(text)), case["secret_hex"], "{}", case["id"]);
        assert_ne!(hex(&attacker.secret("0000")), case["secret_hex"], "{}", case["id"]);
    }
}

#[test]
fn at_most_256_bytes() {
    for len in [16, 20, 32, 64] {
        let secret = vec![0xa5; len];
        let longest = Sealing {
            header: Header { token: fixture::TOKEN, generation: Generation::new(u32::MAX).unwrap() },
            cost: Cost::from_stored(256 * 1024, 1, 4).unwrap(),
            device: &device(),
            arena: &mut Arena::new(),
            rng: &mut rng(1),
        };
        let pinned = if len == 64 {
            Blob::seal_pin(&uniform(&secret), &pin("271846"), longest).unwrap()
        } else {
            seal(&secret, "271846", 1)
        };
        assert!(pinned.as_bytes().len() <= 256, "{len}: {}", pinned.as_bytes().len());
        assert!(seal_device(&secret, 1).as_bytes().len() <= 256);
    }
}

#[test]
fn opens_to_what_was_sealed_and_to_something_else() {
    let secret = [0x3c; 32];
    let blob = seal(&secret, "271846", 7);
    assert_eq!(open(&blob, "271846").secret().expose(), secret);
    assert_eq!(open(&blob, "٢٧١٨٤٦").secret().expose(), secret);
    assert_ne!(open(&blob, "271847").secret().expose(), secret);
    assert_eq!((blob.cost(), blob.needs_pin()), (Some(cheap()), true));
    let blob = seal_device(&secret, 7);
    assert_eq!(blob.open_device(&device()).unwrap().expose(), secret);
    assert_eq!((blob.cost(), blob.needs_pin()), (None, false));
}

/// A longer PIN is another PIN, and leading zeros count.
#[test]
fn every_digit_counts() {
    let blob = seal(&[0x3c; 32], "0271846", 7);
    for other in ["271846", "00271846", "02718460", "0271845"] {
        assert_ne!(open(&blob, other).secret().expose(), [0x3c; 32], "{other}");
    }
}

/// The places at which two blobs differ, as a count in front of, in and behind the ciphertext of 32 bytes.
fn differences(one: &[u8], other: &[u8]) -> [usize; 3] {
    assert_eq!(one.len(), other.len());
    let ciphertext = one.len() - 34 - 32..one.len() - 34;
    let mut found = [0; 3];
    for place in (0..one.len()).filter(|place| one[*place] != other[*place]) {
        found[usize::from(place >= ciphertext.start) + usize::from(place >= ciphertext.end)] += 1;
    }
    found
}

/// With the same randomness, another secret or another PIN changes the ciphertext and the tag, and nothing else.
#[test]
fn differential() {
    let base = seal(&[1; 32], "271846", 3);
    for other in [seal(&[2; 32], "271846", 3), seal(&[1; 32], "905317", 3), seal(&[1; 32], "4711", 3)] {
        let [before, inside, behind] = differences(base.as_bytes(), other.as_bytes());
        assert_eq!(before, 0);
        assert!(inside > 0 && behind > 0);
    }
    // Were a key id computed from the secret, it would show in front.
    let with_key_id = |secret: [u8; 32]| {
        let mut blob = seal(&secret, "271846", 3).as_bytes().to_vec();
        blob[12..28].copy_from_slice(&secret[..16]);
        blob
    };
    assert_ne!(differences(&with_key_id([1; 32]), &with_key_id([2; 32]))[0], 0);
}

/// The salt makes each sealing another one, and a device key of its own opens only its own.
#[test]
fn salt_and_device_key_take_part() {
    let (one, other) = (seal(&[1; 32], "271846", 3), seal(&[1; 32], "271846", 4));
    assert!(differences(one.as_bytes(), other.as_bytes())[0] >= 12);
    let mut right = Attacker::new(one.as_bytes(), &fixture::DEVICE_KEY);
    let mut without_key = Attacker::new(one.as_bytes(), &[0; 32]);
    assert_eq!(right.secret("271846"), [1; 32]);
    assert_ne!(without_key.secret("271846"), [1; 32]);
}
