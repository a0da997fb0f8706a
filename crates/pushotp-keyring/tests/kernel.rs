//! The real keyrings of the kernel. Skipped where a sandbox forbids them, as that of most containers does, also in CI.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{env, process::Command};

use pushotp_keyring::{KeyringKey, Ring};
use pushotp_pin::{
    Arena, Assurance, Blob, Cost, DeviceError, DeviceKey, EraseReceipt, Generation, Header, MemoryAttempts,
    NotThrottled, Permit, Pin, Sealing, SoftwareKey, UniformSecret,
};
use pushotp_types::{TokenId, UnixTime};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const RINGS: [Ring; 4] = [Ring::Process, Ring::Session, Ring::User, Ring::Persistent];

/// Different in each process and for each place, since rings are shared.
fn rng(place: u32) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(u64::from(std::process::id()) << 32 | u64::from(place))
}

/// Whether the ring can be used.
fn has(ring: Ring) -> bool {
    let available = ring.is_available();
    if !available {
        println!("skipped: no keyring {ring:?}");
    }
    available
}

/// An id in hexadecimal, as it stands in the kernel's name of the key.
fn hex(id: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(id))
}

/// A key that leaves no trace in the ring when the test ends, however it ends.
struct Trial(KeyringKey);

impl Drop for Trial {
    fn drop(&mut self) {
        let _ = self.0.erase();
    }
}

#[test]
fn every_ring_keeps_a_key() {
    for ring in RINGS.into_iter().filter(|ring| has(*ring)) {
        let mut rng = rng(line!());
        let (mut one, two) = (
            Trial(KeyringKey::generate(ring, &mut rng).unwrap()),
            Trial(KeyringKey::generate(ring, &mut rng).unwrap()),
        );
        assert_eq!((one.0.ring(), one.0.assurance()), (ring, Assurance::OsKeystore));
        assert_ne!(one.0.id(), two.0.id());
        assert_ne!(one.0.prf(b"x").unwrap(), two.0.prf(b"x").unwrap());
        let again = KeyringKey::open(ring, one.0.id()).unwrap();
        assert_eq!(again.prf(b"x"), one.0.prf(b"x"));
        assert_eq!(again.mac(b"x"), one.0.mac(b"x"));
        assert_ne!(*one.0.prf(b"x").unwrap(), one.0.mac(b"x").unwrap());

        one.0.erase().unwrap();
        assert_eq!(again.prf(b"x"), Err(DeviceError::Gone), "{ring:?}: the other holder has it still");
        assert_eq!(again.mac(b"x"), Err(DeviceError::Gone));
        assert_eq!(KeyringKey::open(ring, one.0.id()).unwrap_err(), DeviceError::Gone);
        assert_eq!(one.0.erase(), Ok(()), "again it does nothing");
        assert!(two.0.prf(b"x").is_ok(), "the other key is untouched");
    }
}

#[test]
fn it_computes_what_a_key_in_software_computes() {
    if !has(Ring::Process) {
        return;
    }
    let (id, key) = ([3; 16], [0x5a; 32]);
    let (kept, software) = (KeyringKey::insert(Ring::Process, id, &key).unwrap(), SoftwareKey::from_bytes(id, &key));
    assert_eq!((kept.prf(b"x"), kept.mac(b"x")), (software.prf(b"x"), software.mac(b"x")));
    assert_ne!(kept.mac(b"x"), SoftwareKey::from_bytes(id, &[0x5b; 32]).mac(b"x"));
}

/// A key that is there is not replaced, and one that was erased leaves its place free.
#[test]
fn nothing_is_overwritten() {
    for ring in RINGS.into_iter().filter(|ring| has(*ring)) {
        let mut rng = rng(line!());
        let first = Trial(KeyringKey::generate(ring, &mut rng).unwrap());
        let (id, before) = (first.0.id(), first.0.mac(b"x").unwrap());
        assert_eq!(KeyringKey::insert(ring, id, &[8; 32]).unwrap_err(), DeviceError::Unavailable);
        assert_eq!(first.0.mac(b"x"), Ok(before));
        // Also not by a program that asks the kernel itself.
        let place = match ring {
            Ring::Process => linux_keyutils::KeyRingIdentifier::Process,
            Ring::Session => linux_keyutils::KeyRingIdentifier::Session,
            Ring::User => linux_keyutils::KeyRingIdentifier::User,
            _ => continue,
        };
        let place = linux_keyutils::KeyRing::from_special_id(place, false).unwrap();
        let name = hex(id);
        let found = place.search(&format!("pushotp:{name}")).expect("the test looks for the right name");
        // Nobody writes; of the user's other processes only those may read that are meant to; nobody else does anything.
        let bits = if ring == Ring::User { 0x2b2b_0000 } else { 0x2b00_0000 };
        assert_eq!(found.metadata().unwrap().get_perms().bits(), bits, "{ring:?}");
        assert!(found.update(&[8; 32]).is_err());
        assert!(place.add_key(&format!("pushotp:{name}"), &[8; 32]).is_err());
        assert_eq!(first.0.mac(b"x"), Ok(before));
        drop(first);
        assert!(Trial(KeyringKey::insert(ring, id, &[8; 32]).unwrap()).0.mac(b"x").unwrap() != before);
    }
}

/// The other half of the tests below: a process of its own that looks for a key.
#[test]
fn another_process() {
    let Ok(wanted) = env::var("KEYRING_TEST_ID") else { return };
    let id = u128::from_str_radix(&wanted, 16).unwrap().to_be_bytes();
    let ring = match env::var("KEYRING_TEST_RING").as_deref() {
        Ok("Process") => Ring::Process,
        Ok("Session") => Ring::Session,
        Ok("User") => Ring::User,
        _ => Ring::Persistent,
    };
    println!("found: {:?}", KeyringKey::open(ring, id).and_then(|key| key.mac(b"x")));
}

#[test]
fn another_process_finds_it_but_in_the_ring_of_a_process() {
    for ring in RINGS.into_iter().filter(|ring| has(*ring)) {
        let key = Trial(KeyringKey::generate(ring, &mut rng(line!())).unwrap());
        let id = hex(key.0.id());
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "another_process", "--nocapture"]);
        child.env("KEYRING_TEST_ID", id).env("KEYRING_TEST_RING", format!("{ring:?}"));
        let printed = String::from_utf8(child.output().unwrap().stdout).unwrap();
        let expected = if ring == Ring::Process { Err(DeviceError::Gone) } else { key.0.mac(b"x") };
        assert!(printed.contains(&format!("found: {expected:?}")), "{ring:?}: {printed}");
    }
}

/// The whole of it: sealed with a key, opened by its id, moved to the next key, and gone with the first.
#[test]
fn a_blob_lives_as_long_as_the_key() {
    if !has(Ring::Process) {
        return;
    }
    let (mut rng, now) = (rng(line!()), UnixTime::from_secs(1_800_000_000));
    let mut device = KeyringKey::generate(Ring::Process, &mut rng).unwrap();
    let (secret, pin) = (UniformSecret::generate(&mut rng, 32).unwrap(), Pin::entered("271846").unwrap());
    let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    let (cost, mut arena) = (Cost::danger_below_floor(8, 1, 1).unwrap(), Arena::new());
    let sealing = Sealing { header, cost, device: &device, arena: &mut arena, rng: &mut rng };
    let blob = Blob::seal_pin(&secret, &pin, sealing).unwrap();
    let attempts = MemoryAttempts::new();
    blob.arm(&attempts, &device).unwrap();
    let found = KeyringKey::open(Ring::Process, blob.device_id()).unwrap();
    let opened = blob.begin(&attempts, &found, now).unwrap().open(&pin, &found, &mut arena).unwrap();
    assert_eq!(opened.secret().expose(), secret.secret().expose());

    let next = device.next_generation(&mut rng).unwrap();
    assert!(next.id() != device.id() && next.ring() == Ring::Process && next.prf(b"x") != device.prf(b"x"));
    let receipt = EraseReceipt::of(&mut device).unwrap();
    assert_eq!(receipt.assurance(), Assurance::OsKeystore);
    assert!(blob.begin(&attempts, &found, now).is_err());
    assert!(next.prf(b"x").is_ok());
}

/// It does not slow guesses down, so a wrong PIN must not be told.
#[test]
fn it_permits_no_verifiable_blob() {
    if !has(Ring::Process) {
        return;
    }
    let device = KeyringKey::insert(Ring::Process, [5; 16], &[7; 32]).unwrap();
    assert_eq!(Permit::from_device(&device).unwrap_err(), NotThrottled);
}

/// A key of another length under our name is no key of ours.
#[test]
fn a_key_of_another_length_is_refused() {
    if !has(Ring::Process) {
        return;
    }
    let place = linux_keyutils::KeyRing::from_special_id(linux_keyutils::KeyRingIdentifier::Process, true).unwrap();
    for (byte, len, expected) in [(1, 31, Err(DeviceError::Failed)), (2, 33, Err(DeviceError::Failed)), (3, 32, Ok(()))]
    {
        let name = hex([byte; 16]);
        place.add_key(&format!("pushotp:{name}"), &vec![7; len]).unwrap();
        assert_eq!(KeyringKey::open(Ring::Process, [byte; 16]).map(|_| ()), expected, "{len} bytes");
    }
}

#[test]
fn nothing_of_it_is_shown() {
    if !has(Ring::Process) {
        return;
    }
    let device = KeyringKey::insert(Ring::Process, [6; 16], &[0x5a; 32]).unwrap();
    assert_eq!(format!("{device:?}"), "KeyringKey { ring: Process, .. }");
}
