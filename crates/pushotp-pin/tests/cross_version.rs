//! What somebody makes of both blobs of a rotation, with both device keys: nothing, for the new secret takes a number
//! that nobody has. Where it takes none, or one that he has, he finds the PINs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/attacker.rs"]
mod attacker;
#[path = "fixture/candidates.rs"]
#[allow(dead_code, reason = "one token alone is another file's")]
mod candidates;
#[path = "fixture/fixture.rs"]
mod fixture;
#[path = "fixture/scorers.rs"]
mod scorers;

use std::collections::BTreeMap;

use candidates::{below, four_digits, secrets, share, size};
use fixture::{DEVICE_KEY, HEADER, TOKEN, cheap, pin, rng, seal, uniform};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use pushotp_pin::{
    Arena, Blob, Cost, Generation, Header, Locks, RotateError, RotationTicket, Sealing, SoftwareKey, TicketError,
};
use pushotp_types::Secret;
use rand_chacha::rand_core::Rng;
use scorers::{SCORERS, kolmogorov_smirnov, rank};
use sha2::{Digest, Sha256};

const NEXT_KEY: [u8; 32] = [0x6e; 32];

/// How a new secret is made of the old one and the server's number.
type Next = fn(&[u8], &[u8; 32]) -> Vec<u8>;

/// As the protocol has it: HKDF, the number for salt. What else goes in is known to all.
fn rotated(old: &[u8], number: &[u8; 32]) -> Vec<u8> {
    let mut new = vec![0; old.len()];
    Hkdf::<Sha256>::new(Some(number), old).expand(b"known to all", &mut new).unwrap();
    new
}

fn hash(old: &[u8], _: &[u8; 32]) -> Vec<u8> {
    Sha256::digest(old).to_vec()
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    hmac.update(message);
    hmac.finalize().into_bytes().to_vec()
}

/// What changes besides the secret.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Pin,
    Cost,
}

/// What the attacker has, and what he looks for.
struct Loot {
    /// The secrets behind every PIN, of the old blob and of the new.
    old: Vec<Vec<u8>>,
    new: Vec<Vec<u8>>,
    /// The recordings: what carried the number when the server sent it.
    recorded: Vec<[u8; 32]>,
    pins: [usize; 2],
    change: Change,
}

/// A rotation; `leaks` if the number can be read by whoever recorded it.
fn loot(seed: u64, pins: u32, change: Change, next: Next, leaks: bool) -> Loot {
    let mut rng = rng(seed + 7_000);
    let (mut secret, mut number, mut ephemeral) = ([0; 32], [0; 32], [0; 32]);
    rng.fill_bytes(&mut secret);
    rng.fill_bytes(&mut number);
    rng.fill_bytes(&mut ephemeral);
    let first = below(pins, &mut rng);
    let second = if change == Change::Cost { first } else { below(pins, &mut rng) };
    let (old, new_secret) = (seal(&secret, &four_digits(first), seed), next(&secret, &number));
    let new = if new_secret == secret {
        seal_next(&new_secret, &four_digits(second), change, seed)
    } else {
        rotate(&old, &secret, &new_secret, (&four_digits(second), change), seed)
    };
    // A number that is sealed to a key that is gone is as good as another one.
    let sealed: [u8; 32] = mac(&ephemeral, &number).try_into().unwrap();
    Loot {
        old: secrets(old.as_bytes(), &DEVICE_KEY, pins),
        new: secrets(new.as_bytes(), &NEXT_KEY, pins),
        recorded: vec![[0; 32], sealed, if leaks { number } else { sealed }],
        pins: [first as usize, second as usize],
        change,
    }
}

fn next_header() -> Header {
    Header { token: TOKEN, generation: Generation::new(2).unwrap() }
}

fn cost_after(change: Change) -> Cost {
    if change == Change::Cost { Cost::danger_below_floor(9, 1, 1).unwrap() } else { cheap() }
}

/// A rotation as the crate does it.
fn rotate(old: &Blob, secret: &[u8], new: &[u8], (text, change): (&str, Change), seed: u64) -> Blob {
    let device = SoftwareKey::from_bytes([0xd2; 16], &NEXT_KEY);
    let sealing = Sealing {
        header: next_header(),
        cost: cost_after(change),
        device: &device,
        arena: &mut Arena::new(),
        rng: &mut rng(seed + 9_000),
    };
    let secret = Secret::new(secret).unwrap();
    let ticket = RotationTicket::new(TOKEN, next_header().generation, &secret, uniform(new)).unwrap();
    old.rotate(ticket, &Locks::pin(&pin(text)), sealing).unwrap().promote()
}

/// What no ticket allows: the same secret in a second blob.
fn seal_next(secret: &[u8], text: &str, change: Change, seed: u64) -> Blob {
    let device = SoftwareKey::from_bytes([0xd2; 16], &NEXT_KEY);
    let sealing = Sealing {
        header: next_header(),
        cost: cost_after(change),
        device: &device,
        arena: &mut Arena::new(),
        rng: &mut rng(seed + 9_000),
    };
    Blob::seal_pin(&uniform(secret), &pin(text), sealing).unwrap()
}

impl Loot {
    /// All that he can make of an old secret and that may be the new one.
    fn successors(&self, old: &[u8]) -> Vec<Vec<u8>> {
        let known = self.recorded.iter().flat_map(|number| [rotated(old, number), mac(old, number), mac(number, old)]);
        [old.to_vec(), hash(old, &[0; 32]), mac(old, b""), mac(old, TOKEN.as_bytes())]
            .into_iter()
            .chain(known)
            .collect()
    }

    /// The pairs of PINs that fit, by meeting in the middle: as many steps as there are PINs twice, not squared.
    fn meet(&self) -> Vec<[usize; 2]> {
        let new: BTreeMap<&[u8], usize> = self.new.iter().map(Vec::as_slice).zip(0..).collect();
        let pairs = |(old, secret): (usize, &Vec<u8>)| {
            let found = self.successors(secret).into_iter().filter_map(|next| new.get(next.as_slice()).copied());
            found
                .map(|new| [old, new])
                .filter(|pair| self.change == Change::Pin || pair[0] == pair[1])
                .collect::<Vec<_>>()
        };
        self.old.iter().enumerate().flat_map(pairs).collect()
    }

    /// How both secrets behind each PIN look together, for a PIN that stayed.
    fn differences(&self) -> Vec<Vec<u8>> {
        let xor = |(old, new): (&Vec<u8>, &Vec<u8>)| old.iter().zip(new).map(|(old, new)| old ^ new).collect();
        self.old.iter().zip(&self.new).map(xor).collect()
    }
}

/// In how many of the rotations both PINs are found, and in how many anything fits.
fn found(tokens: u64, pins: u32, change: Change, (next, leaks): (Next, bool)) -> (u64, u64) {
    let (mut right, mut any) = (0, 0);
    for seed in 0..tokens {
        let loot = loot(seed, pins, change, next, leaks);
        let pairs = loot.meet();
        right += u64::from(pairs == [loot.pins]);
        any += u64::from(!pairs.is_empty());
    }
    println!("{change:?}: of {tokens} rotations with {pins} PINs, {right} give both PINs away, {any} let any pair fit");
    (right, any)
}

/// Nothing fits, so he guesses: one in as many as there are PINs.
#[test]
fn a_rotation_gives_nothing_away() {
    let (tokens, pins) = size(10, 400);
    for change in [Change::Pin, Change::Cost] {
        assert_eq!(found(tokens.min(100), pins, change, (rotated, false)), (0, 0), "{change:?}");
    }
}

/// The same secret twice, a ratchet on the device alone, a number that can be read in the recording.
#[test]
fn without_the_servers_number_both_pins_are_found() {
    let (tokens, pins) = size(4, 300);
    let tokens = tokens.min(100);
    let same: Next = |old, _| old.to_vec();
    for (next, leaks) in [(same, false), (hash as Next, false), (rotated as Next, true)] {
        for change in [Change::Pin, Change::Cost] {
            assert_eq!(found(tokens, pins, change, (next, leaks)), (tokens, tokens), "{change:?}");
        }
    }
}

/// Which scorers see the PIN that stayed in what both of its secrets have in common.
fn seeing(tokens: u64, pins: u32, next: Next) -> Vec<&'static str> {
    let mut ranks = vec![Vec::new(); SCORERS.len()];
    for seed in 0..tokens {
        let loot = loot(seed, pins, Change::Cost, next, false);
        let (differences, mut rng) = (loot.differences(), rng(seed));
        for (scorer, ranks) in SCORERS.iter().zip(&mut ranks) {
            let scores: Vec<f64> = differences.iter().map(|difference| (scorer.score)(difference)).collect();
            ranks.push(rank(&scores, loot.pins[0], &mut rng));
        }
    }
    let sees = |ranks: &[f64]| kolmogorov_smirnov(ranks) * share(SCORERS.len(), 1) <= 0.001;
    SCORERS.iter().zip(&ranks).filter(|(_, ranks)| sees(ranks)).map(|(scorer, _)| scorer.name).collect()
}

#[test]
fn both_secrets_have_nothing_in_common() {
    assert_eq!(seeing(150, 100, rotated), Vec::<&str>::new());
    // The control: half of the old secret stays.
    let half: Next = |old, number| [&old[..16], &number[..16]].concat();
    assert!(seeing(60, 100, half).contains(&"repeats"));
}

/// The crate lets nobody seal the same secret anew, nor go on under an old generation.
#[test]
fn no_second_blob_without_a_new_secret() {
    let same =
        RotationTicket::new(TOKEN, next_header().generation, &Secret::new(&[0x3c; 32]).unwrap(), uniform(&[0x3c; 32]));
    assert_eq!(same.err(), Some(TicketError::SameSecret));
    let blob = seal(&[0x3c; 32], "2719", 1);
    let old = Secret::new(&[0x3c; 32]).unwrap();
    let ticket = RotationTicket::new(TOKEN, Generation::FIRST, &old, uniform(&[0x3d; 32])).unwrap();
    let sealing = Sealing {
        header: HEADER,
        cost: cheap(),
        device: &fixture::device(),
        arena: &mut Arena::new(),
        rng: &mut rng(1),
    };
    let again = blob.rotate(ticket, &Locks::pin(&pin("2719")), sealing);
    assert_eq!(again.err(), Some(RotateError::OtherGeneration));
}
