//! The biometric way to a secret: a key's doing, never a yes or no.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/attacker.rs"]
mod attacker;
#[path = "fixture/keys.rs"]
mod keys;
#[path = "fixture/world.rs"]
#[allow(dead_code, reason = "the examples use the rest")]
mod world;

use std::cell::Cell;

use attacker::{Attacker, unwrapped};
use keys::Finger;
use pushotp_pin::{
    Arena, Attempt, Blob, DeviceKey, Locks, MemoryAttempts, OpenError, PresenceError, PresenceKey, SealError, Sealing,
    Settlement, SoftwareKey, SoftwarePresenceKey,
};
use rand_chacha::rand_core::CryptoRng;
use world::{HEADER, NOW, cost, device, pin, presence, rng, seal, secret};

fn finger() -> Finger {
    Finger { key: presence(), there: Cell::new(true) }
}

fn attempt(blob: &Blob) -> Attempt {
    let store = MemoryAttempts::new();
    blob.arm(&store, &device()).unwrap();
    blob.begin(&store, &device(), NOW).unwrap()
}

fn open(blob: &Blob, key: &dyn PresenceKey, device: &dyn DeviceKey) -> Result<bool, OpenError> {
    let candidate = attempt(blob).open_presence(key, device, "Log in?")?;
    Ok(candidate.secret().expose() == secret().secret().expose())
}

#[test]
fn opens_while_somebody_is_there() {
    let (text, finger) = (pin("271846"), finger());
    for blob in [seal(&Locks::pin(&text).or_presence(&finger)), seal(&Locks::presence(&finger))] {
        finger.there.set(true);
        assert_eq!(open(&blob, &finger, &device()), Ok(true));
        finger.there.set(false);
        assert_eq!(open(&blob, &finger, &device()), Err(OpenError::Presence(PresenceError::Absent)));
    }
}

/// The PIN works as before, and is as well hidden: with the presence slot the PIN slot has the very same bytes.
#[test]
fn next_to_a_pin() {
    let (text, finger) = (pin("271846"), finger());
    let (alone, both) = (seal(&Locks::pin(&text)), seal(&Locks::pin(&text).or_presence(&finger)));
    let slot = &alone.as_bytes()[49..alone.as_bytes().len() - 34];
    assert!(both.as_bytes().windows(slot.len()).any(|part| part == slot));
    assert_eq!(attempt(&both).open(&text, &device(), &mut Arena::new()).unwrap().secret().expose(), [0x3c; 32]);
    let wrong = attempt(&both).open(&pin("271847"), &device(), &mut Arena::new()).unwrap();
    assert_ne!(wrong.secret().expose(), [0x3c; 32]);
    assert!(both.as_bytes().len() - alone.as_bytes().len() <= 128 && both.as_bytes().len() <= 300);
}

/// Whoever unwraps the secret has an oracle for the PIN: a presence key in a file gives away both.
#[test]
fn a_presence_key_in_a_file_gives_the_pin_away() {
    let blob = seal(&Locks::pin(&pin("0271")).or_presence(&presence()));
    let found = |known: Vec<u8>| {
        let mut thief = Attacker::new(blob.as_bytes(), device().expose());
        (0..1_000).map(|pin| format!("{pin:04}")).filter(|pin| thief.secret(pin) == known).collect::<Vec<_>>()
    };
    assert_eq!(found(unwrapped(blob.as_bytes(), presence().expose())), ["0271"]);
    assert!(found(vec![0; 32]).is_empty(), "without it there is nothing to compare with");
}

/// Counted like any attempt, and settled by the server's word.
#[test]
fn is_an_attempt() {
    let (finger, store) = (finger(), MemoryAttempts::new());
    let blob = seal(&Locks::presence(&finger));
    blob.arm(&store, &device()).unwrap();
    let candidate = blob.begin(&store, &device(), NOW).unwrap().open_presence(&finger, &device(), "?").unwrap();
    assert_eq!(blob.attempts(&store, &device()).unwrap().left(), 9);
    assert_eq!(candidate.settle(Settlement::Accepted, &store, &device(), NOW).unwrap().left(), 10);
    let no_pin = blob.begin(&store, &device(), NOW).unwrap().open(&pin("271846"), &device(), &mut Arena::new());
    assert_eq!(no_pin.err(), Some(OpenError::NoPin));
    assert_eq!(blob.open_device(&device()).err(), Some(OpenError::NeedsPin), "not without a person");
}

#[test]
fn other_keys_do_not_open() {
    let (text, finger) = (pin("271846"), finger());
    let blob = seal(&Locks::pin(&text).or_presence(&finger));
    let of = |key, there| Finger { key, there: Cell::new(there) };
    let stranger = of(SoftwarePresenceKey::from_bytes(&[0; 32]), true);
    assert_eq!(open(&blob, &stranger, &device()), Err(OpenError::Presence(PresenceError::Tampered)));
    let changed = of(presence().simulating("finger", b"one more finger"), true);
    assert_eq!(open(&blob, &changed, &device()), Err(OpenError::Presence(PresenceError::Changed)));
    assert_eq!(open(&blob, &presence(), &device()), Err(OpenError::NoPresence), "the same bytes, another provider");
    assert_eq!(open(&seal(&Locks::pin(&text)), &finger, &device()), Err(OpenError::NoPresence));
    let thief = SoftwareKey::from_bytes(device().id(), &[0; 32]);
    assert_eq!(open(&blob, &finger, &thief), Err(OpenError::Tampered));
    assert_eq!(open(&blob, &finger, &world::next_device()), Err(OpenError::OtherDevice));
}

/// A wrapped secret is bound to its blob: in another generation, of another token, it does not unwrap.
#[test]
fn a_slot_does_not_move() {
    let (finger, device) = (finger(), device());
    let sealed = |header| {
        let (mut arena, mut rng) = (Arena::new(), rng(1));
        let sealing = Sealing { header, cost: cost(), device: &device, arena: &mut arena, rng: &mut rng };
        Blob::seal(&secret(), &Locks::presence(&finger), sealing).unwrap().as_bytes().to_vec()
    };
    let one = sealed(HEADER);
    let other = sealed(pushotp_pin::Header { token: pushotp_types::TokenId::from_bytes([8; 16]), ..HEADER });
    // iv and ciphertext, in front of the tag, put into the other blob, with a tag as the device key would make it.
    let (wrapped, tag) = (12 + 32 + 16, 34);
    let mut moved = other.clone();
    let place = other.len() - tag - wrapped..other.len() - tag;
    assert_ne!(one[place.clone()], other[place.clone()], "bound to the header");
    moved[place.clone()].copy_from_slice(&one[place]);
    let header = &moved[7..7 + 2 + usize::from(moved[8])];
    let slots = &moved[7 + header.len()..moved.len() - tag];
    let message = [b"\x84\x70pushotp-pin-blob\x01", header, slots].concat();
    let good = [b"\x84\x70pushotp-pin-blob\x01", header, &other[7 + header.len()..other.len() - tag]].concat();
    assert_eq!(device.mac(&good).unwrap(), other[other.len() - 32..], "the tag is made like this");
    let at = moved.len() - 32;
    let made = device.mac(&message).unwrap();
    moved[at..].copy_from_slice(&made);
    let blob = Blob::decode(&moved).unwrap();
    let store = MemoryAttempts::new();
    blob.arm(&store, &device).unwrap();
    let attempt = blob.begin(&store, &device, NOW).unwrap();
    let error = attempt.open_presence(&finger, &device, "Log in?").err();
    assert_eq!(error, Some(OpenError::Presence(PresenceError::Tampered)));
}

/// A presence key that yields something else than a secret of the blob's length.
#[test]
fn what_is_unwrapped_has_the_secrets_length() {
    struct Short(Finger);
    impl PresenceKey for Short {
        fn provider(&self) -> &'static str {
            "finger"
        }
        fn enrolment(&self) -> Vec<u8> {
            Vec::new()
        }
        fn assurance(&self) -> pushotp_pin::Assurance {
            self.0.assurance()
        }
        fn wrap(&self, aad: &[u8], plain: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, PresenceError> {
            self.0.wrap(aad, &plain[1..], rng)
        }
        fn unwrap(&self, aad: &[u8], ct: &[u8], prompt: &str) -> Result<zeroize::Zeroizing<Vec<u8>>, PresenceError> {
            self.0.unwrap(aad, ct, prompt)
        }
    }
    let short = Short(finger());
    assert_eq!(open(&seal(&Locks::presence(&short)), &short, &device()), Err(OpenError::Tampered));
}

#[test]
fn locks_that_make_no_blob() {
    let text = pin("271846");
    let sealed = |keys: &[&dyn PresenceKey]| {
        let locks = keys.iter().fold(Locks::pin(&text), |locks, key| locks.or_presence(*key));
        let (device, mut arena, mut rng) = (device(), Arena::new(), rng(1));
        let sealing = Sealing { header: HEADER, cost: cost(), device: &device, arena: &mut arena, rng: &mut rng };
        Blob::seal(&secret(), &locks, sealing).map(|blob| blob.presence_providers().count())
    };
    let of = |provider: &str, enrolment: &[u8]| presence().simulating(provider, enrolment);
    let (one, two, three, four) = (of("1", b""), of("2", b""), of("3", b""), of("4", b""));
    let server = world::hardener();
    for no_pin in [Locks::device(), Locks::presence(&one)] {
        let (device, mut arena, mut rng) = (device(), Arena::new(), rng(1));
        let sealing = Sealing { header: HEADER, cost: cost(), device: &device, arena: &mut arena, rng: &mut rng };
        assert_eq!(Blob::seal(&secret(), &no_pin.hardened(&server), sealing).err(), Some(SealError::Format));
    }
    assert_eq!(sealed(&[&one, &two, &three]), Ok(3));
    assert_eq!(sealed(&[&one, &two, &three, &four]), Err(SealError::Format), "five slots");
    assert_eq!(sealed(&[&one, &two, &one]), Err(SealError::Format), "two of one provider");
    assert_eq!(sealed(&[&of("", b"")]), Err(SealError::Format));
    assert_eq!(sealed(&[&of(&"p".repeat(32), &[7; 64])]), Ok(1));
    assert_eq!(sealed(&[&of(&"p".repeat(33), b"")]), Err(SealError::Format));
    assert_eq!(sealed(&[&of("p", &[7; 65])]), Err(SealError::Format));
}
