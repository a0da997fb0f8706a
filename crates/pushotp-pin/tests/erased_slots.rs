//! After an unlock without a PIN, by a presence key or by the device key alone, nothing of it is left in this process.
//!
//! As in `erased.rs`, another process seals, recomputes the keys and tells all of it inverted.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/attacker.rs"]
mod attacker;
#[path = "fixture/fixture.rs"]
mod fixture;
#[path = "fixture/memory.rs"]
mod memory;

use std::{env, hint::black_box, process::Command};

use fixture::{DEVICE_KEY, HEADER, NOW, device, hex, rng, unhex, uniform};
use memory::{Needle, hits_after};
use pushotp_pin::{Arena, Blob, Locks, MemoryAttempts, Sealing, Settlement, SoftwarePresenceKey, UniformSecret};
use pushotp_types::Secret;
use rand_chacha::rand_core::Rng;
use zeroize::{Zeroize, Zeroizing};

const CHILD: &str = "PUSHOTP_PIN_TELLS";

/// What a scan looks for.
const SOUGHT: [&str; 3] = ["presence key", "slot key", "secret"];

fn seal(secret: &UniformSecret, locks: &Locks<'_>) -> Blob {
    let (device, mut arena, mut rng) = (device(), Arena::new(), rng(18));
    let sealing = Sealing { header: HEADER, cost: fixture::cheap(), device: &device, arena: &mut arena, rng: &mut rng };
    Blob::seal(secret, locks, sealing).unwrap()
}

/// The other process: seals, recomputes, and tells. Without the variable it has nothing to do.
#[test]
fn tells() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    let (mut rng, mut secret, mut presence) = (rng(17), [0; 32], [0; 32]);
    rng.fill_bytes(&mut secret);
    rng.fill_bytes(&mut presence);
    let finger = SoftwarePresenceKey::from_bytes(&presence);
    let by_finger = seal(&uniform(&secret), &Locks::presence(&finger));
    let by_device = seal(&uniform(&secret), &Locks::device());
    assert_eq!(attacker::unwrapped(by_finger.as_bytes(), &presence), secret);
    let (slot_key, opened) = attacker::device_slot(by_device.as_bytes(), &DEVICE_KEY);
    assert_eq!(opened, secret);
    println!("told {} {}", hex(by_finger.as_bytes()), hex(by_device.as_bytes()));
    for value in [presence, slot_key, secret] {
        println!("told {}", hex(&value.map(|byte| !byte)));
    }
}

struct Told {
    by_finger: Vec<u8>,
    by_device: Vec<u8>,
    /// Inverted, in the order of `SOUGHT`.
    values: [Vec<u8>; SOUGHT.len()],
}

fn told() -> Told {
    let mut child = Command::new(env::current_exe().unwrap());
    let output = child.args(["--exact", "tells", "--nocapture"]).env(CHILD, "1").output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let mut told = text.lines().filter_map(|line| line.split_once("told ")).map(|(_, told)| told);
    let (by_finger, by_device) = told.next().unwrap().split_once(' ').unwrap();
    let values: Vec<Vec<u8>> = told.map(unhex).collect();
    Told { by_finger: unhex(by_finger), by_device: unhex(by_device), values: values.try_into().unwrap() }
}

/// As it was before it was inverted, in memory that is erased.
fn plain(inverted: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut plain = Zeroizing::new([0; 32]);
    plain.iter_mut().zip(inverted).for_each(|(to, byte)| *to = !byte);
    plain
}

/// What happens to the secret in between.
type Use = fn(&[u8]);

#[inline(never)]
fn by_finger(told: &Told, used: Use) {
    let (store, device) = (MemoryAttempts::new(), device());
    let blob = Blob::decode(&told.by_finger).unwrap();
    blob.arm(&store, &device).unwrap();
    let finger = SoftwarePresenceKey::from_bytes(&plain(&told.values[0]));
    let candidate = blob.begin(&store, &device, NOW).unwrap().open_presence(&finger, &device, "Log in?").unwrap();
    used(candidate.secret().expose());
    candidate.settle(Settlement::Accepted, &store, &device, NOW).unwrap();
}

#[inline(never)]
fn by_device(told: &Told, used: Use) {
    used(Blob::decode(&told.by_device).unwrap().open_device(&device()).unwrap().expose());
}

/// An enrolment with each lock, from a secret that the caller erases.
#[inline(never)]
fn enrol(told: &Told) {
    let secret = || UniformSecret::from_exporter(Secret::new(plain(&told.values[2]).as_slice()).unwrap()).unwrap();
    let finger = SoftwarePresenceKey::from_bytes(&plain(&told.values[0]));
    assert_eq!(seal(&secret(), &Locks::presence(&finger)).as_bytes(), told.by_finger);
    assert_eq!(seal(&secret(), &Locks::device()).as_bytes(), told.by_device);
}

/// Who keeps everything: the control.
#[inline(never)]
fn keep_everything(told: &Told) {
    by_finger(told, |secret| {
        black_box(secret.to_vec().leak());
    });
    let (mut slot_key, _) = attacker::device_slot(&told.by_device, &DEVICE_KEY);
    black_box([plain(&told.values[0]).to_vec(), slot_key.to_vec()].map(Vec::leak));
    slot_key.zeroize();
}

/// One test, for two in one process would find what the other has.
#[test]
fn nothing_is_left_of_an_unlock_without_a_pin() {
    if env::var_os(CHILD).is_some() {
        return;
    }
    let told = told();
    let needles = told.values.clone().map(Needle::new);
    let left = [
        hits_after(|| by_finger(&told, |_| {}), &needles),
        hits_after(|| by_device(&told, |_| {}), &needles),
        hits_after(|| enrol(&told), &needles),
    ];
    println!("{SOUGHT:?} after a finger, the device, an enrolment: {left:?}");
    let kept = hits_after(|| keep_everything(&told), &needles);
    assert!(kept.iter().all(|hits| *hits > 0), "{kept:?}");
    assert_eq!(left, [[0; SOUGHT.len()]; 3].map(Vec::from), "{SOUGHT:?}");
}
