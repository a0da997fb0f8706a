//! The suite that tells a wrong PIN: by permit only, and not for camouflage.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/attacker.rs"]
mod attacker;
#[path = "fixture/keys.rs"]
mod keys;
#[path = "fixture/world.rs"]
#[allow(dead_code, reason = "the examples use the rest")]
mod world;

use attacker::Attacker;
use keys::Claiming;
use pushotp_pin::{
    Arena, Assurance, Blob, BlobError, DeviceKey, Field, HardenError, Hardener, HmacHardener, Locks, MemoryAttempts,
    MemoryHardener, NotThrottled, OpenError, Pending, Permit, SealError, Sealing, Settlement, SoftwareKey, Verifiable,
    VerifiableOpenError,
};
use world::{HEADER, NOW, TOKEN, cost, device, hardener, pin, presence, rng, seal, secret};

const DEVICE_KEY: [u8; 32] = [0x5d; 32];

fn throttled() -> Claiming {
    Claiming::new(device(), Assurance::HardwareThrottled)
}

fn seal_with(device: &dyn DeviceKey, permit: Permit<'_>) -> Result<Blob<Verifiable>, SealError> {
    let (mut arena, mut rng) = (Arena::new(), rng(1));
    let sealing = Sealing { header: HEADER, cost: cost(), device, arena: &mut arena, rng: &mut rng };
    Blob::seal(&secret(), &Locks::verifiable_pin(&pin("271846"), permit), sealing)
}

/// Of all assurances one gives a permit, and it is good for that key alone, as long as the key is what it was.
#[test]
fn permits() {
    for assurance in [Assurance::Software, Assurance::OsKeystore, Assurance::Hardware] {
        assert_eq!(Permit::from_device(&Claiming::new(device(), assurance)).err(), Some(NotThrottled), "{assurance:?}");
    }
    let key = throttled();
    let permit = || Permit::from_device(&key).unwrap();
    assert!(seal_with(&key, permit()).is_ok());
    let other = Claiming::new(SoftwareKey::from_bytes([9; 16], &DEVICE_KEY), Assurance::HardwareThrottled);
    assert_eq!(seal_with(&other, permit()).err(), Some(SealError::NotPermitted));
    assert_eq!(seal_with(&device(), permit()).err(), Some(SealError::NotPermitted), "the same id, in software");
    let permit = permit();
    key.assurance.set(Assurance::Hardware);
    assert_eq!(seal_with(&key, permit).err(), Some(SealError::NotPermitted));
}

/// A hardener's permit makes that hardener take part, also where another is named afterwards.
#[test]
fn a_hardener_that_permits_takes_part() {
    let (server, other) = (hardener(), MemoryHardener::generate(&mut rng(5)));
    let blob = seal_with(&device(), Permit::from_hardener(&server)).unwrap();
    assert_eq!(blob.hardener(), Some(&server.id()[..]));
    let text = pin("271846");
    let blob = seal(&Locks::verifiable_pin(&text, Permit::from_hardener(&server)).hardened(&other));
    assert_eq!(blob.hardener(), Some(&server.id()[..]));
    let key = throttled();
    let (mut arena, mut rng) = (Arena::new(), rng(1));
    let sealing = Sealing { header: HEADER, cost: cost(), device: &key, arena: &mut arena, rng: &mut rng };
    let locks = Locks::verifiable_pin(&text, Permit::from_device(&key).unwrap()).hardened(&other);
    assert_eq!(Blob::seal(&secret(), &locks, sealing).unwrap().hardener(), Some(&other.id()[..]));
}

/// A wrong PIN is typed, and stays counted; a failing key is no wrong PIN.
#[test]
fn a_wrong_pin_is_told() {
    let (key, store) = (throttled(), MemoryAttempts::new());
    let blob = seal_with(&key, Permit::from_device(&key).unwrap()).unwrap();
    blob.arm(&store, &key).unwrap();
    let open =
        |text, key: &dyn DeviceKey| blob.begin(&store, key, NOW).unwrap().open(&pin(text), key, &mut Arena::new());
    assert_eq!(open("271847", &key).err(), Some(VerifiableOpenError::WrongPin));
    assert_eq!(blob.attempts(&store, &key).unwrap().left(), 9);
    let candidate = open("271846", &key).unwrap();
    assert_eq!(candidate.secret().expose(), secret().secret().expose());
    candidate.settle(Settlement::Accepted, &store, &key, NOW).unwrap();

    let attempt = blob.begin(&store, &key, NOW).unwrap();
    let stranger = SoftwareKey::from_bytes(key.id(), &[0; 32]);
    let error = attempt.open(&pin("271847"), &stranger, &mut Arena::new()).err();
    assert_eq!(error, Some(VerifiableOpenError::Open(OpenError::Tampered)));
    let pending = Pending::resume(TOKEN, blob.generation(), &store, &key).unwrap();
    assert_eq!(pending.settle(Settlement::Unjudged, &store, &key, NOW).unwrap().left(), 10);
}

/// Neither mode is read as the other.
#[test]
fn modes_are_not_mixed_up() {
    let text = pin("271846");
    let (camouflaged, server) = (seal(&Locks::pin(&text)), hardener());
    let told = seal(&Locks::verifiable_pin(&text, Permit::from_hardener(&server)));
    let suite = Some(BlobError::Unsupported(Field::Suite));
    assert_eq!(Blob::decode(told.as_bytes()).err(), suite);
    assert_eq!(Blob::<Verifiable>::decode_as(camouflaged.as_bytes()).err(), suite);
    for no_pin in [seal(&Locks::device()), seal(&Locks::presence(&presence()))] {
        assert_eq!(Blob::<Verifiable>::decode_as(no_pin.as_bytes()).err(), suite);
    }
    assert!(Blob::<Verifiable>::decode_as(told.as_bytes()).is_ok() && Blob::decode(camouflaged.as_bytes()).is_ok());
}

/// With blob and device key, and the hardener's key too, the search ends with one PIN; without the latter with none, and
/// with camouflage with all of them.
#[test]
fn an_oracle_for_who_has_all_the_keys() {
    let (text, server_key) = (pin("0271"), HmacHardener::from_bytes([3; 16], &[0x44; 32]));
    let server = MemoryHardener::new(server_key);
    let blob = seal(&Locks::verifiable_pin(&text, Permit::from_hardener(&server)));
    let mut thief = Attacker::new(blob.as_bytes(), &DEVICE_KEY);
    let found = |thief: &mut Attacker| {
        (0..1000).map(|pin| format!("{pin:04}")).filter(|pin| thief.verified(pin).is_some()).collect::<Vec<_>>()
    };
    assert_eq!(found(&mut thief), Vec::<String>::new());
    thief.hardener_key = Some([0x44; 32]);
    assert_eq!(found(&mut thief), ["0271"]);
    assert_eq!(thief.verified("0271").unwrap(), secret().secret().expose());

    let camouflaged = seal(&Locks::pin(&text).hardened(&server));
    let mut thief = Attacker::new(camouflaged.as_bytes(), &DEVICE_KEY);
    thief.hardener_key = Some([0x44; 32]);
    assert_eq!(thief.secret("0271"), secret().secret().expose());
    assert_eq!(thief.secret("0272").len(), 32);
}

/// Any flipped bit of the ciphertext under the very device key is a wrong PIN, as nothing else can be said.
#[test]
fn the_tag_of_the_suite_covers_the_ciphertext() {
    let server = MemoryHardener::new(HmacHardener::from_bytes([3; 16], &[0x44; 32]));
    let blob = seal(&Locks::verifiable_pin(&pin("0271"), Permit::from_hardener(&server)));
    let mut thief = Attacker::new(blob.as_bytes(), &DEVICE_KEY);
    thief.hardener_key = Some([0x44; 32]);
    assert!(thief.verified("0271").is_some());
    for at in 0..thief.ciphertext.len() {
        thief.ciphertext[at] ^= 1;
        assert!(thief.verified("0271").is_none(), "byte {at}");
        thief.ciphertext[at] ^= 1;
    }
}

/// The server counts what it evaluates, right or wrong, and starts again on a proof only.
#[test]
fn the_hardener_counts_on_evaluation() {
    let (server, store) = (hardener(), MemoryAttempts::new());
    let blob = seal(&Locks::pin(&pin("271846")).hardened(&server));
    assert_eq!(server.counted(TOKEN).get(), 1, "sealing asks, too");
    blob.arm(&store, &device()).unwrap();
    let mut now = NOW;
    let mut open = |text: &str| {
        now = now.saturating_add(std::time::Duration::from_secs(3600));
        blob.begin(&store, &device(), now).unwrap().open_hardened(&pin(text), &device(), &server, &mut Arena::new())
    };
    for text in ["271846", "271847", "271846", "0000", "0001"] {
        assert!(open(text).is_ok());
    }
    assert_eq!(server.counted(TOKEN).get(), 6);
    server.prove(TOKEN);
    for _ in 0..5 {
        assert!(open("1111").is_ok());
    }
    assert_eq!(server.counted(TOKEN).get(), 5);
    for _ in 0..5 {
        server.harden(TOKEN, &[0; 32]).unwrap();
    }
    assert_eq!(server.harden(TOKEN, &[0; 32]).err(), Some(HardenError::Locked));
    assert!(server.harden(pushotp_types::TokenId::from_bytes([8; 16]), &[0; 32]).is_ok(), "each token counts alone");
}

/// A blob opens with the hardener that it names: not without, not with another, and not with one that it does not name.
#[test]
fn the_named_hardener_and_no_other() {
    let (server, other, text) = (hardener(), MemoryHardener::generate(&mut rng(5)), pin("271846"));
    let open = |blob: &Blob, hardener: Option<&dyn Hardener>| {
        let store = MemoryAttempts::new();
        blob.arm(&store, &device()).unwrap();
        let attempt = blob.begin(&store, &device(), NOW).unwrap();
        match hardener {
            Some(hardener) => attempt.open_hardened(&text, &device(), hardener, &mut Arena::new()),
            None => attempt.open(&text, &device(), &mut Arena::new()),
        }
        .map(|candidate| candidate.secret().expose() == secret().secret().expose())
    };
    let (hardened, plain) = (seal(&Locks::pin(&text).hardened(&server)), seal(&Locks::pin(&text)));
    assert_eq!(open(&hardened, Some(&server)), Ok(true));
    assert_eq!(open(&hardened, Some(&other)), Err(OpenError::OtherHardener));
    assert_eq!(open(&hardened, None), Err(OpenError::OtherHardener));
    assert_eq!(open(&plain, Some(&server)), Err(OpenError::OtherHardener));
    assert_eq!(open(&plain, None), Ok(true));
    // Its name alone does not do: with another key it yields another secret, as a wrong PIN does.
    let namesake = MemoryHardener::new(HmacHardener::from_bytes(server.id(), &[0; 32]));
    assert_eq!(open(&hardened, Some(&namesake)), Ok(false));
}

/// Digits as a PIN of any characters are another PIN; that is told before anything is tried.
#[test]
fn the_kind_of_pin_is_no_secret() {
    let (store, mut arena) = (MemoryAttempts::new(), Arena::new());
    let blob = seal(&Locks::pin(&pin("271846")));
    blob.arm(&store, &device()).unwrap();
    let other = pushotp_pin::Pin::entered_as("271846", pushotp_pin::PinMode::Alphanumeric).unwrap();
    let attempt = blob.begin(&store, &device(), NOW).unwrap();
    assert_eq!(attempt.open(&other, &device(), &mut arena).err(), Some(OpenError::OtherPinMode));
    assert_eq!(arena.len_kib(), 0, "Argon2 did not run");
}
