//! Two secrets, then two PINs, all else the same: the blobs differ in the ciphertexts and in the tag, and nowhere else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/attacker.rs"]
mod attacker;
#[path = "fixture/world.rs"]
#[allow(dead_code, reason = "the examples use the rest")]
mod world;

use std::{collections::BTreeSet, ops::Range};

use attacker::Attacker;
use pushotp_pin::{
    Arena, AttemptStore, Blob, Locks, MemoryAttempts, Mode, Permit, Pin, PinMode, Sealing, Settlement, SoftwareKey,
    UniformSecret,
};
use pushotp_types::Secret;
use sha2::{Digest, Sha256};
use world::{HEADER, NOW, TOKEN, cost, device, hardener, pin, presence, rng};

const LEN: usize = 32;
/// A tag with its head stands behind the last slot.
const TAG: usize = 34;

fn uniform(fill: u8) -> UniformSecret {
    let secret: [u8; LEN] = Sha256::digest([fill]).into();
    UniformSecret::from_exporter(Secret::new(&secret).unwrap()).unwrap()
}

/// Seals with the same randomness each time.
fn seal<M: Mode>(secret: u8, locks: &Locks<'_, M>) -> Blob<M> {
    seal_with(secret, locks, &device())
}

fn seal_with<M: Mode>(secret: u8, locks: &Locks<'_, M>, device: &SoftwareKey) -> Blob<M> {
    let sealing = Sealing { header: HEADER, cost: cost(), device, arena: &mut Arena::new(), rng: &mut rng(21) };
    Blob::seal(&uniform(secret), locks, sealing).unwrap()
}

/// The places where any of these differ from the first.
fn differing<M: Mode>(blobs: &[Blob<M>]) -> BTreeSet<usize> {
    let first = blobs[0].as_bytes();
    let places = |blob: &Blob<M>| {
        assert_eq!(blob.as_bytes().len(), first.len());
        blob.as_bytes().iter().zip(first).enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| at).collect::<Vec<_>>()
    };
    blobs.iter().flat_map(places).collect()
}

/// The last bytes of a slot and the tag, of a blob whose slots end there.
fn ciphertexts(ends: &[usize], len: usize, sealed: usize) -> BTreeSet<usize> {
    ends.iter().flat_map(|end| end - sealed..*end).chain(len - TAG + 2..len).collect()
}

/// Enough secrets that every byte of a ciphertext differs in some pair.
fn secrets() -> Range<u8> {
    0..24
}

fn pins() -> Vec<Pin> {
    let pins = ["1357", "271846", "905317", "8163524079", "2718465290317438", "0246", "13572468"];
    let more = (0..17).map(|number| format!("58{:04}", number * 311));
    pins.map(String::from).into_iter().chain(more).map(|text| pin(&text)).collect()
}

#[test]
fn secrets_change_ciphertext_and_tag_only() {
    let text = pin("271846");
    let blobs: Vec<Blob> = secrets().map(|secret| seal(secret, &Locks::pin(&text))).collect();
    let len = blobs[0].as_bytes().len();
    assert_eq!(differing(&blobs), ciphertexts(&[len - TAG], len, LEN));
    let ciphertext = Attacker::new(blobs[0].as_bytes(), device().expose()).ciphertext;
    assert_eq!(blobs[0].as_bytes()[len - TAG - LEN..len - TAG], ciphertext);
}

/// However long they are.
#[test]
fn pins_change_ciphertext_and_tag_only() {
    let blobs: Vec<Blob> = pins().iter().map(|pin| seal(1, &Locks::pin(pin))).collect();
    let len = blobs[0].as_bytes().len();
    assert_eq!(differing(&blobs), ciphertexts(&[len - TAG], len, LEN));
    let texts = ["kuku-4711", "AbCd", "x9+y", "correct horse"].map(|text| Pin::entered_as(text, PinMode::Alphanumeric));
    let blobs: Vec<Blob> = texts.iter().map(|pin| seal(1, &Locks::pin(pin.as_ref().unwrap()))).collect();
    assert!(differing(&blobs).is_subset(&ciphertexts(&[len - TAG], len, LEN)));
}

/// With a hardener, with a presence key, with neither and no PIN.
#[test]
fn so_it_is_with_every_lock() {
    // The hardener counts, so it is a new one with the same key each time.
    let blobs: Vec<Blob> = pins().iter().map(|pin| seal(1, &Locks::pin(pin).hardened(&hardener()))).collect();
    let len = blobs[0].as_bytes().len();
    assert_eq!(differing(&blobs), ciphertexts(&[len - TAG], len, LEN));

    let finger = presence();
    // A presence slot ends in a sealed copy of the secret and 16 bytes of the AEAD.
    let text = pin("271846");
    let both: Vec<Blob> = secrets().map(|secret| seal(secret, &Locks::pin(&text).or_presence(&finger))).collect();
    let len = both[0].as_bytes().len();
    let sealed = ciphertexts(&[len - TAG], len, LEN + 16);
    let slot = Attacker::new(both[0].as_bytes(), device().expose()).ciphertext;
    let start = both[0].as_bytes().windows(LEN).position(|window| window == slot).unwrap();
    assert_eq!(differing(&both), sealed.into_iter().chain(start..start + LEN).collect());
    // The copy of the same secret does not change with the PIN.
    let both: Vec<Blob> = pins().iter().map(|pin| seal(1, &Locks::pin(pin).or_presence(&finger))).collect();
    assert_eq!(differing(&both), ciphertexts(&[start + LEN], len, LEN));

    let device: Vec<Blob> = secrets().map(|secret| seal(secret, &Locks::device())).collect();
    let len = device[0].as_bytes().len();
    assert_eq!(differing(&device), ciphertexts(&[len - TAG], len, LEN + 16));
}

/// A check of its own in the slot of the verifiable suite: it depends on the PIN, which is why it takes a permit.
#[test]
fn the_verifiable_suite_has_a_second_tag() {
    let seal = |pin: &Pin| seal(1, &Locks::verifiable_pin(pin, Permit::from_hardener(&hardener())));
    let blobs: Vec<_> = pins().iter().map(seal).collect();
    let len = blobs[0].as_bytes().len();
    assert_eq!(differing(&blobs), ciphertexts(&[len - TAG], len, LEN + 32));
}

/// The record of attempts knows neither.
#[test]
fn the_record_of_attempts_is_the_same() {
    let record = |secret: u8, text: &Pin, typed: &Pin| {
        let (store, blob) = (MemoryAttempts::new(), seal(secret, &Locks::pin(text)));
        blob.arm(&store, &device()).unwrap();
        let attempt = blob.begin(&store, &device(), NOW).unwrap();
        let opened = attempt.open(typed, &device(), &mut Arena::new()).unwrap();
        opened.settle(Settlement::WrongPasscode, &store, &device(), NOW).unwrap();
        store.load(TOKEN).unwrap().unwrap()
    };
    let first = record(0, &pin("271846"), &pin("271846"));
    assert_eq!(record(1, &pin("271846"), &pin("271846")), first);
    assert_eq!(record(1, &pin("1357"), &pin("1357")), first);
    assert_eq!(record(1, &pin("1357"), &pin("8642")), first, "nor whether the PIN was right");
}

/// The control: a key id that is made of the secret is seen.
#[test]
fn a_key_id_of_the_secret_is_caught() {
    let text = pin("271846");
    let blobs: Vec<Blob> = secrets()
        .map(|secret| {
            let id = Sha256::digest(uniform(secret).secret().expose())[..16].try_into().unwrap();
            seal_with(secret, &Locks::pin(&text), &SoftwareKey::from_bytes(id, device().expose()))
        })
        .collect();
    let len = blobs[0].as_bytes().len();
    let (differing, allowed) = (differing(&blobs), ciphertexts(&[len - TAG], len, LEN));
    assert_eq!(differing.difference(&allowed).count(), 16, "all bytes of the id");
}
