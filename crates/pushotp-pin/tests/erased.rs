//! After an unlock nothing of it is left in this process: its memory is searched, the stack included.
//!
//! What is searched for never stands in memory as such outside the crate's own work: another process seals the blob,
//! recomputes every value on the way and tells all of it inverted.
#![cfg(target_os = "linux")]
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
#[path = "fixture/memory.rs"]
mod memory;

use std::{collections::BTreeMap, env, hint::black_box, process::Command};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use attacker::Attacker;
use fixture::{DEVICE_KEY, HEADER, NOW, device, hex, rng, unhex, uniform};
use memory::{Needle, hits_after};
use pushotp_pin::{
    Arena, Blob, Cost, HmacHardener, Locks, MemoryAttempts, MemoryHardener, Pin, Sealing, Settlement, UniformSecret,
};
use pushotp_types::Secret;
use rand_chacha::rand_core::Rng;
use zeroize::{Zeroize, Zeroizing};

const CHILD: &str = "PUSHOTP_PIN_TELLS";
const HARDENER_KEY: [u8; 32] = [0x4b; 32];
/// More than one block each, and more passes than one.
const MEMORY: u32 = 64;
const PASSES: u32 = 2;

/// What a scan looks for: 16 digits, so that chance does not find them.
///
/// The two midstates are what HKDF keeps of its pseudorandom key, and as good as that.
const SOUGHT: [&str; 10] =
    ["pin", "s1", "s2", "s3", "prk", "inner midstate", "outer midstate", "mask", "secret", "last block"];

fn hardener() -> MemoryHardener {
    MemoryHardener::new(HmacHardener::from_bytes([0x4a; 16], &HARDENER_KEY))
}

/// With a salt that both processes draw.
fn seal(secret: &UniformSecret, pin: &Pin, arena: &mut Arena) -> Blob {
    let cost = Cost::danger_below_floor(MEMORY, PASSES, 1).unwrap();
    let sealing = Sealing { header: HEADER, cost, device: &device(), arena, rng: &mut rng(18) };
    Blob::seal(secret, &Locks::pin(pin).hardened(&hardener()), sealing).unwrap()
}

/// The other process: seals, recomputes, and tells. Without the variable it has nothing to do.
#[test]
fn tells() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    let mut rng = rng(17);
    let (mut secret, mut digits) = ([0; 32], String::new());
    rng.fill_bytes(&mut secret);
    while digits.len() < 16 {
        digits.push(char::from(b'0' + u8::try_from(rng.next_u32() % 10).unwrap()));
    }
    let blob = seal(&uniform(&secret), &Pin::entered(&digits).unwrap(), &mut Arena::new());

    let mut attacker = Attacker::new(blob.as_bytes(), &DEVICE_KEY);
    attacker.hardener_key = Some(HARDENER_KEY);
    let steps = attacker.steps(&["n:", &digits].concat());
    assert_eq!(steps.secret, secret);
    let (inner, outer) = (midstate(&steps.prk, 0x36), midstate(&steps.prk, 0x5c));
    let values: [&[u8]; SOUGHT.len()] = [
        digits.as_bytes(),
        &steps.s1,
        &steps.s2,
        &steps.s3,
        &steps.prk,
        &inner,
        &outer,
        &steps.mask,
        &steps.secret,
        &steps.last_block[..64],
    ];
    println!("told blob {}", hex(blob.as_bytes()));
    for (name, value) in SOUGHT.iter().zip(values) {
        println!("told {} {}", name.replace(' ', "-"), hex(&value.iter().map(|byte| !byte).collect::<Vec<u8>>()));
    }
}

/// The state of SHA-256 after an HMAC key's padded block, as it lies in memory.
fn midstate(key: &[u8; 32], pad: u8) -> Vec<u8> {
    let (mut block, mut state) = ([pad; 64], INITIAL);
    block.iter_mut().zip(key).for_each(|(to, byte)| *to ^= byte);
    sha2::block_api::compress256(&mut state, &[block]);
    state.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// FIPS 180-4 §5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

struct Told {
    blob: Vec<u8>,
    /// Inverted, as the secret.
    digits: Vec<u8>,
    secret: Vec<u8>,
    needles: Vec<Needle>,
}

fn told() -> Told {
    let mut child = Command::new(env::current_exe().unwrap());
    let output = child.args(["--exact", "tells", "--nocapture"]).env(CHILD, "1").output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter_map(|line| line.split_once("told ").and_then(|(_, told)| told.split_once(' ')));
    let told: BTreeMap<String, Vec<u8>> = lines.map(|(name, value)| (name.replace('-', " "), unhex(value))).collect();
    let needles = SOUGHT.iter().map(|name| Needle::new(told[*name].clone())).collect();
    Told { blob: told["blob"].clone(), digits: told["pin"].clone(), secret: told["secret"].clone(), needles }
}

/// The digits as a person types them: erased by whoever reads them from the screen.
fn typed(inverted: &[u8]) -> Pin {
    let mut text = Zeroizing::new(String::with_capacity(16));
    text.extend(inverted.iter().map(|byte| char::from(!byte)));
    Pin::entered(&text).unwrap()
}

/// What happens to the secret in between.
type Use = fn(&[u8]);

#[inline(never)]
fn unlock(told: &Told, used: Use) {
    let (store, device, hardener) = (MemoryAttempts::new(), device(), hardener());
    let blob = Blob::decode(&told.blob).unwrap();
    blob.arm(&store, &device).unwrap();
    let mut arena = Arena::new();
    let attempt = blob.begin(&store, &device, NOW).unwrap();
    {
        let pin = typed(&told.digits);
        let candidate = attempt.open_hardened(&pin, &device, &hardener, &mut arena).unwrap();
        used(candidate.secret().expose());
        candidate.settle(Settlement::Accepted, &store, &device, NOW).unwrap();
    }
    // Kept until here, as by a program that keeps its arena: it is wiped after each use.
    black_box(&arena);
}

/// An enrolment, from a secret that the caller erases.
#[inline(never)]
fn enrol(told: &Told) {
    let mut arena = Arena::new();
    {
        let secret = Zeroizing::new(told.secret.iter().map(|byte| !byte).collect::<Vec<u8>>());
        let secret = UniformSecret::from_exporter(Secret::new(&secret).unwrap()).unwrap();
        assert_eq!(seal(&secret, &typed(&told.digits), &mut arena).as_bytes(), told.blob);
    }
    black_box(&arena);
}

fn report(what: &str, hits: &[usize]) {
    println!("{what}: {:?}", SOUGHT.iter().zip(hits).collect::<Vec<_>>());
}

/// One test, for two in one process would find what the other has.
#[test]
fn nothing_is_left_of_an_unlock() {
    if env::var_os(CHILD).is_some() {
        return;
    }
    let told = told();
    let unlocked = hits_after(|| unlock(&told, |_| {}), &told.needles);
    report("after an unlock", &unlocked);
    let enrolled = hits_after(|| enrol(&told), &told.needles);
    report("after an enrolment", &enrolled);

    // The controls: Argon2 in memory of its own, then whoever keeps everything.
    let hits = hits_after(|| careless_argon2(&told), &told.needles);
    report("after Argon2 alone", &hits);
    let at = |name| hits[SOUGHT.iter().position(|sought| *sought == name).unwrap()];
    assert!(at("last block") > 0, "{hits:?}");
    let hits = hits_after(|| keep_everything(&told), &told.needles);
    report("after one who keeps everything", &hits);
    assert!(hits.iter().all(|hits| *hits > 0), "{hits:?}");

    assert_eq!((unlocked, enrolled), (vec![0; SOUGHT.len()], vec![0; SOUGHT.len()]), "{SOUGHT:?}");
}

#[inline(never)]
fn keep_everything(told: &Told) {
    unlock(told, |secret| {
        black_box(secret.to_vec().leak());
    });
    let password: String =
        [b"n:".map(|byte| !byte).as_slice(), &told.digits].concat().iter().map(|byte| char::from(!byte)).collect();
    let mut attacker = Attacker::new(&told.blob, &DEVICE_KEY);
    attacker.hardener_key = Some(HARDENER_KEY);
    let steps = attacker.steps(&password);
    black_box([midstate(&steps.prk, 0x36), midstate(&steps.prk, 0x5c)].map(Vec::leak));
    black_box(Box::leak(Box::new((steps, password))));
}

/// The crate's own buffer: freed as it is. (Freed memory may be used again, hence some of it.)
#[inline(never)]
fn careless_argon2(told: &Told) {
    let params = Params::new(MEMORY, PASSES, 1, Some(32)).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut password = Zeroizing::new(b"n:".to_vec());
    password.reserve(16);
    password.extend(told.digits.iter().map(|byte| !byte));
    let mut tag = [0; 32];
    argon2.hash_password_into(&password, &Attacker::new(&told.blob, &DEVICE_KEY).salt, &mut tag).unwrap();
    tag.zeroize();
    let _ = black_box(Block::new());
}
