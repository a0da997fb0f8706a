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

use std::{ops::Range, slice};

use attacker::{Attacker, unwrapped};
use fixture::{cases, cheap, device, hex, number, open, pin, rng, seal, seal_device, unhex, uniform};
use pushotp_pin::{
    Arena, Blob, Cost, Generation, Header, HmacHardener, Locks, MemoryHardener, Mode, Permit, Pin, PinMode, Sealing,
    SoftwareKey, SoftwarePresenceKey, UniformSecret,
};
use pushotp_types::TokenId;
use serde_json::Value;

fn bytes<const N: usize>(case: &Value, name: &str) -> Option<[u8; N]> {
    case[name].as_str().map(|hex| unhex(hex).try_into().unwrap())
}

/// The PIN of a case, with letters only where it says so.
fn typed(case: &Value) -> Option<Pin> {
    let mode = if case["alphanumeric"] == true { PinMode::Alphanumeric } else { PinMode::Numeric };
    case["pin"].as_str().map(|text| Pin::entered_as(text, mode).unwrap())
}

/// Seals what a case says: the bytes.
fn sealed(case: &Value) -> Vec<u8> {
    let cost = |name: &str| number(&case[name]);
    let sealing = Sealing {
        header: Header {
            token: TokenId::from_bytes(bytes(case, "token_hex").unwrap()),
            generation: Generation::new(number(&case["generation"])).unwrap(),
        },
        cost: Cost::danger_below_floor(cost("memory_kib"), cost("passes"), cost("lanes")).unwrap(),
        device: &SoftwareKey::from_bytes(
            bytes(case, "device_id_hex").unwrap(),
            &bytes(case, "device_key_hex").unwrap(),
        ),
        arena: &mut Arena::new(),
        rng: &mut rng(u64::from(number(&case["chacha20_seed"]))),
    };
    let secret = uniform(&unhex(case["secret_hex"].as_str().unwrap()));
    let finger = bytes(case, "presence_key_hex").map(|key| SoftwarePresenceKey::from_bytes(&key));
    let server = bytes(case, "hardener_key_hex")
        .map(|key| MemoryHardener::new(HmacHardener::from_bytes(bytes(case, "hardener_id_hex").unwrap(), &key)));
    let pin = typed(case);
    if case["verifiable"] == true {
        let permit = Permit::from_hardener(server.as_ref().unwrap());
        return seal_under(&secret, Locks::verifiable_pin(pin.as_ref().unwrap(), permit), finger.as_ref(), sealing);
    }
    let mut locks = pin.as_ref().map_or_else(Locks::device, Locks::pin);
    if let Some(server) = &server {
        locks = locks.hardened(server);
    }
    seal_under(&secret, locks, finger.as_ref(), sealing)
}

fn seal_under<M: Mode>(
    secret: &UniformSecret,
    locks: Locks<'_, M>,
    finger: Option<&SoftwarePresenceKey>,
    sealing: Sealing<'_>,
) -> Vec<u8> {
    let locks = match finger {
        Some(finger) => locks.or_presence(finger),
        None => locks,
    };
    Blob::seal(secret, &locks, sealing).unwrap().as_bytes().to_vec()
}

#[test]
fn vectors() {
    for case in cases("blob.json") {
        assert_eq!(hex(&sealed(&case)), case["expect"], "{}", case["id"]);
    }
}

/// The derivation as it is written down, straight from Argon2, HMAC and HKDF.
#[test]
fn recomputed() {
    let mut recomputed = 0;
    for case in cases("blob.json") {
        let blob = unhex(case["expect"].as_str().unwrap());
        if let Some(key) = bytes(&case, "presence_key_hex") {
            assert_eq!(hex(&unwrapped(&blob, &key)), case["secret_hex"], "{}", case["id"]);
            recomputed += 1;
        }
        let Some(text) = case["pin"].as_str() else { continue };
        let key = bytes(&case, "device_key_hex").unwrap();
        let mut attacker = Attacker::new(&blob, &key);
        attacker.hardener_key = bytes(&case, "hardener_key_hex");
        let secret = unhex(case["secret_hex"].as_str().unwrap());
        if case["verifiable"] == true {
            assert_eq!((attacker.verified(text), attacker.verified("0000")), (Some(secret), None), "{}", case["id"]);
        } else {
            let mode = if case["alphanumeric"] == true { "a:" } else { "n:" };
            assert_eq!(attacker.candidate([mode, text].concat().as_bytes()), secret, "{}", case["id"]);
            assert_ne!(attacker.candidate([mode, "0000"].concat().as_bytes()), secret, "{}", case["id"]);
        }
        recomputed += 1;
    }
    assert_eq!(recomputed, 10);
}

/// The longest slot that is sealed: told, hardened, with letters.
fn longest_verifiable(secret: &[u8]) -> usize {
    let server = MemoryHardener::new(HmacHardener::from_bytes([3; 16], &[4; 32]));
    let sealing = Sealing {
        header: Header { token: fixture::TOKEN, generation: Generation::new(u32::MAX).unwrap() },
        cost: Cost::danger_below_floor(256, 1, 4).unwrap(),
        device: &device(),
        arena: &mut Arena::new(),
        rng: &mut rng(1),
    };
    let pin = Pin::entered_as("correct horse 12", PinMode::Alphanumeric).unwrap();
    let locks = Locks::verifiable_pin(&pin, Permit::from_hardener(&server));
    Blob::seal(&uniform(secret), &locks, sealing).unwrap().as_bytes().len() + 2 // 256 MiB takes two bytes more than 256 KiB
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
        assert!(longest_verifiable(&secret) <= 256);
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

/// The places at which two blobs differ, as a count outside of these parts and inside of them.
fn differences(one: &[u8], other: &[u8], parts: &[Range<usize>]) -> [usize; 2] {
    assert_eq!(one.len(), other.len());
    let mut found = [0; 2];
    for place in (0..one.len()).filter(|place| one[*place] != other[*place]) {
        found[usize::from(parts.iter().any(|part| part.contains(&place)))] += 1;
    }
    found
}

/// Ciphertext of 32 bytes and tag, with the head of the latter between them.
fn secret_parts(blob: &[u8]) -> [Range<usize>; 2] {
    [blob.len() - 34 - 32..blob.len() - 34, blob.len() - 32..blob.len()]
}

/// With the same randomness, another secret or another PIN changes the ciphertext and the tag, and nothing else.
#[test]
fn differential() {
    let base = seal(&[1; 32], "271846", 3);
    let parts = secret_parts(base.as_bytes());
    for other in [seal(&[2; 32], "271846", 3), seal(&[1; 32], "905317", 3), seal(&[1; 32], "4711", 3)] {
        let [outside, inside] = differences(base.as_bytes(), other.as_bytes(), &parts);
        assert_eq!(outside, 0);
        assert!(inside > 48);
    }
    // Were a key id computed from the secret, it would show in front.
    let with_key_id = |secret: [u8; 32]| {
        let mut blob = seal(&secret, "271846", 3).as_bytes().to_vec();
        blob[12..28].copy_from_slice(&secret[..16]);
        blob
    };
    assert_ne!(differences(&with_key_id([1; 32]), &with_key_id([2; 32]), &parts)[0], 0);
}

/// The same with everything that a blob can hold; the wrapped secret does not depend on the PIN.
#[test]
fn differential_with_all_slots() {
    let (finger, server) = (SoftwarePresenceKey::from_bytes(&[5; 32]), HmacHardener::from_bytes([3; 16], &[4; 32]));
    let server = MemoryHardener::new(server);
    let sealed = |secret: [u8; 32], text: &str, told: bool| {
        let (device, mut arena, mut rng) = (device(), Arena::new(), rng(3));
        let sealing =
            Sealing { header: fixture::HEADER, cost: cheap(), device: &device, arena: &mut arena, rng: &mut rng };
        let (secret, pin) = (uniform(&secret), pin(text));
        server.prove(fixture::TOKEN);
        if told {
            let locks = Locks::verifiable_pin(&pin, Permit::from_hardener(&server));
            seal_under(&secret, locks, Some(&finger), sealing)
        } else {
            seal_under(&secret, Locks::pin(&pin).hardened(&server), Some(&finger), sealing)
        }
    };
    for (told, ciphertext) in [(false, 32), (true, 64)] {
        let base = sealed([1; 32], "271846", told);
        // Behind the PIN's ciphertext: head, kind, id, "software", no enrolment, then the head of 60 bytes, of which the
        // first 12 are the iv; then the tag with its head.
        let (wrapped, tag) = (base.len() - 34 - 48..base.len() - 34, base.len() - 32..base.len());
        let behind_pin = wrapped.start - 12 - 2 - 1 - 9 - 3;
        let parts = [behind_pin - ciphertext..behind_pin, wrapped.clone(), tag];
        assert_eq!(&base[behind_pin..behind_pin + 4], [0x85, 2, 1, 0x68], "the presence slot starts here");
        let other_secret = sealed([2; 32], "271846", told);
        assert_eq!(differences(&base, &other_secret, &parts)[0], 0);
        assert!(differences(&base, &other_secret, slice::from_ref(&wrapped))[1] >= 32);
        let other_pin = sealed([1; 32], "905317", told);
        assert_eq!(differences(&base, &other_pin, &parts)[0], 0);
        assert_eq!(differences(&base, &other_pin, &[wrapped])[1], 0);
        assert_eq!(differences(&base, &sealed([1; 32], "271846", told), &parts), [0, 0], "nothing else is drawn");
    }
}

/// The salt makes each sealing another one, and a device key of its own opens only its own.
#[test]
fn salt_and_device_key_take_part() {
    let (one, other) = (seal(&[1; 32], "271846", 3), seal(&[1; 32], "271846", 4));
    assert!(differences(one.as_bytes(), other.as_bytes(), &secret_parts(one.as_bytes()))[0] >= 12);
    let mut right = Attacker::new(one.as_bytes(), &fixture::DEVICE_KEY);
    let mut without_key = Attacker::new(one.as_bytes(), &[0; 32]);
    assert_eq!(right.secret("271846"), [1; 32]);
    assert_ne!(without_key.secret("271846"), [1; 32]);
}
