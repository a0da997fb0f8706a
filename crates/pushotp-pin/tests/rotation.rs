//! A new secret under new locks: by ticket, or by the end of the old device key.
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
use pushotp_cbor::{ByteArray, ByteBuf, encode};
use pushotp_pin::{
    Arena, Assurance, Blob, BlobError, DeviceError, DeviceKey, EraseReceipt, Field, Generation, GiveUpError, Header,
    Locks, MemoryAttempts, Mode, Pending, PendingRotation, Permit, RecordError, RotateError, RotationTicket, Sealing,
    SettleError, Settlement, SoftwareKey, Stored, TicketError, UniformSecret, Verifiable,
};
use pushotp_types::{Secret, TokenId};
use world::{
    HEADER, NOW, TOKEN, cost, device, hardener, next_device, pin, presence, rng, rotation, seal, secret, ticket,
};

const NEXT: Header = Header { token: TOKEN, generation: second() };

const fn second() -> Generation {
    match Generation::FIRST.next() {
        Some(next) => next,
        None => Generation::FIRST,
    }
}

fn rotate<M: Mode, N: Mode>(
    blob: &Blob<M>,
    ticket: RotationTicket,
    locks: &Locks<'_, N>,
    header: Header,
) -> Result<PendingRotation<N, M>, RotateError> {
    let (device, mut arena, mut rng) = (next_device(), Arena::new(), rng(2));
    blob.rotate(ticket, locks, Sealing { header, cost: cost(), device: &device, arena: &mut arena, rng: &mut rng })
}

/// The secret that a PIN yields of a blob, with a count of its own.
fn opened(blob: &Blob, text: &str, device: &dyn DeviceKey) -> Secret {
    let store = MemoryAttempts::new();
    blob.arm(&store, device).unwrap();
    let candidate = blob.begin(&store, device, NOW).unwrap().open(&pin(text), device, &mut Arena::new()).unwrap();
    Secret::new(candidate.secret().expose()).unwrap()
}

#[test]
fn a_new_pin_opens_the_new_secret() {
    let pending = rotation();
    let new = UniformSecret::generate(&mut rng(9), 32).unwrap();
    assert_eq!(opened(pending.next(), "905317", &next_device()).expose(), new.secret().expose());
    assert_ne!(opened(pending.next(), "271846", &next_device()).expose(), new.secret().expose());
    assert_eq!(opened(pending.old(), "271846", &device()).expose(), secret().secret().expose());
}

/// Adding and removing presence keys and PIN, and changing the mode, all go the same way.
#[test]
fn every_change_of_locks() {
    let (text, finger, server) = (pin("271846"), presence(), hardener());
    let blob = seal(&Locks::pin(&text));
    let added = rotate(&blob, ticket(2), &Locks::pin(&text).or_presence(&finger), NEXT).unwrap();
    assert_eq!(added.next().presence_providers().count(), 1);
    let removed = rotate(&seal(&Locks::pin(&text).or_presence(&finger)), ticket(2), &Locks::pin(&text), NEXT).unwrap();
    assert_eq!(removed.next().presence_providers().count(), 0);
    let without = rotate(&blob, ticket(2), &Locks::device(), NEXT).unwrap();
    assert!(!without.next().needs_person());
    let told = Locks::verifiable_pin(&text, Permit::from_hardener(&server));
    let told = rotate(&blob, ticket(2), &told, NEXT).unwrap();
    assert_eq!(
        PendingRotation::<Verifiable, pushotp_pin::Camouflage>::decode_as(told.as_bytes()).unwrap().as_bytes(),
        told.as_bytes()
    );
    assert_eq!(PendingRotation::decode(told.as_bytes()).err(), Some(BlobError::Unsupported(Field::Suite)));
}

#[test]
fn tickets_that_do_not_fit() {
    let (text, other) = (pin("271846"), TokenId::from_bytes([8; 16]));
    let (blob, locks) = (seal(&Locks::pin(&text)), Locks::pin(&text));
    let new = || UniformSecret::generate(&mut rng(9), 32).unwrap();
    let of = |token, generation| RotationTicket::new(token, generation, secret().secret(), new()).unwrap();
    assert!(rotate(&blob, of(TOKEN, second()), &locks, NEXT).is_ok());
    let third = second().next().unwrap();
    let table = [
        ("another token", of(other, second()), NEXT, RotateError::OtherToken),
        ("another token's header", of(TOKEN, second()), Header { token: other, ..NEXT }, RotateError::OtherToken),
        ("the same generation", of(TOKEN, Generation::FIRST), HEADER, RotateError::OtherGeneration),
        (
            "one generation left out",
            of(TOKEN, third),
            Header { generation: third, ..NEXT },
            RotateError::OtherGeneration,
        ),
        ("a header that did not move on", of(TOKEN, second()), HEADER, RotateError::OtherGeneration),
    ];
    for (name, ticket, header, expected) in table {
        assert_eq!(rotate(&blob, ticket, &locks, header).err(), Some(expected), "{name}");
    }
    let same = RotationTicket::new(TOKEN, second(), secret().secret(), secret());
    assert_eq!(same.err(), Some(TicketError::SameSecret));
    for len in [31, 33] {
        let other = UniformSecret::generate(&mut rng(9), len).unwrap();
        let refused = RotationTicket::new(TOKEN, second(), secret().secret(), other);
        assert_eq!(refused.err(), Some(TicketError::Length));
    }
}

/// Two blobs of one secret find both PINs, two of a rotation find nothing: why there is no way around the ticket.
#[test]
fn what_the_ticket_is_for() {
    let both = |one: &Blob, other: &Blob, keys: [&[u8; 32]; 2]| {
        let (mut one, mut other) = (Attacker::new(one.as_bytes(), keys[0]), Attacker::new(other.as_bytes(), keys[1]));
        let pins = || (0..300).map(|pin| format!("{pin:04}"));
        let first: std::collections::BTreeMap<Vec<u8>, String> = pins().map(|pin| (one.secret(&pin), pin)).collect();
        pins().filter_map(|pin| Some((first.get(&other.secret(&pin))?.clone(), pin))).collect::<Vec<_>>()
    };
    let pending = rotate(&seal(&Locks::pin(&pin("0123"))), ticket(2), &Locks::pin(&pin("0271")), NEXT).unwrap();
    let (old_key, new_key) = (&[0x5d; 32], &[0x6e; 32]);
    assert_eq!(both(pending.old(), pending.next(), [old_key, new_key]), []);
    let (device, mut arena, mut rng) = (next_device(), Arena::new(), rng(2));
    let sealing = Sealing { header: NEXT, cost: cost(), device: &device, arena: &mut arena, rng: &mut rng };
    let again = Blob::seal_pin(&secret(), &pin("0271"), sealing).unwrap();
    assert_eq!(both(pending.old(), &again, [old_key, new_key]), [("0123".into(), "0271".into())]);
}

/// The same secret, once the old key is gone for good: with a receipt, of a key in hardware, of the blob's own key.
#[test]
fn resealing_takes_a_receipt_that_is_worth_something() {
    let hardware = || Claiming::new(device(), Assurance::Hardware);
    let blob = seal(&Locks::pin(&pin("271846")));
    let reseal = |receipt, device: &dyn DeviceKey, header| {
        let (mut arena, mut rng) = (Arena::new(), rng(2));
        let sealing = Sealing { header, cost: cost(), device, arena: &mut arena, rng: &mut rng };
        blob.reseal(receipt, &secret(), &Locks::pin(&pin("905317")), sealing)
    };
    let receipt = |key: &mut dyn DeviceKey| EraseReceipt::of(key).unwrap();
    for worthless in [Assurance::Software, Assurance::OsKeystore] {
        let receipt = receipt(&mut Claiming::new(device(), worthless));
        assert_eq!(reseal(receipt, &next_device(), HEADER).err(), Some(RotateError::Assurance), "{worthless:?}");
    }
    let third = SoftwareKey::from_bytes([3; 16], &[3; 32]);
    let other = receipt(&mut Claiming::new(third, Assurance::Hardware));
    assert_eq!(reseal(other, &next_device(), HEADER).err(), Some(RotateError::OtherDevice));
    assert_eq!(reseal(receipt(&mut hardware()), &device(), HEADER).err(), Some(RotateError::OtherDevice));
    assert_eq!(reseal(receipt(&mut hardware()), &next_device(), NEXT).err(), Some(RotateError::OtherGeneration));
    let header = Header { token: TokenId::from_bytes([8; 16]), ..HEADER };
    assert_eq!(reseal(receipt(&mut hardware()), &next_device(), header).err(), Some(RotateError::OtherToken));
    let resealed = reseal(receipt(&mut hardware()), &next_device(), HEADER).unwrap();
    assert_eq!(opened(&resealed, "905317", &next_device()).expose(), secret().secret().expose());
}

/// A receipt is given for a key that answers no more, and the blob it sealed is then lost.
#[test]
fn erasing() {
    let (mut key, store) = (Claiming::new(device(), Assurance::Hardware), MemoryAttempts::new());
    let blob = seal(&Locks::pin(&pin("271846")));
    blob.arm(&store, &key).unwrap();
    let attempt = blob.begin(&store, &key, NOW).unwrap();
    let receipt = EraseReceipt::of(&mut key).unwrap();
    assert_eq!((receipt.id(), receipt.assurance()), (device().id(), Assurance::Hardware));
    let error = attempt.open(&pin("271846"), &key, &mut Arena::new()).err();
    assert_eq!(error, Some(DeviceError::Gone.into()));
    assert!(EraseReceipt::of(&mut key).is_ok(), "again at each start");
    let mut undead = Claiming { undead: true, ..Claiming::new(device(), Assurance::Hardware) };
    assert_eq!(EraseReceipt::of(&mut undead).err(), Some(DeviceError::Failed));
}

/// The count goes along, there and back, and is never lower than it was.
#[test]
fn the_count_is_carried() {
    let (pending, store) = (rotation(), MemoryAttempts::new());
    let (old, new) = (device(), next_device());
    assert_eq!(pending.arm(&store, &old, &new).err(), Some(RecordError::Missing));
    pending.old().arm(&store, &old).unwrap();
    for _ in 0..2 {
        drop(pending.old().begin(&store, &old, NOW).unwrap());
    }
    for _ in 0..2 {
        pending.arm(&store, &old, &new).unwrap();
        let stands = pending.next().attempts(&store, &new).unwrap();
        assert_eq!((stands.left(), stands.failures(), stands.number()), (8, 2, 2));
    }
    assert!(pending.old().begin(&store, &old, NOW).is_err(), "one of the two at a time");
    drop(pending.next().begin(&store, &new, NOW).unwrap());
    let back = pending.give_up(&store, &old, &new).unwrap();
    assert_eq!(back.attempts(&store, &old).unwrap().left(), 7);
    assert_eq!(back.as_bytes(), pending.old().as_bytes());
    pending.give_up(&store, &old, &new).unwrap();
    pending.arm(&store, &old, &new).unwrap();
    assert_eq!(pending.next().attempts(&store, &new).unwrap().left(), 7);
    let stranger = SoftwareKey::from_bytes(old.id(), &[0; 32]);
    assert_eq!(pending.arm(&store, &stranger, &stranger).err(), Some(RecordError::Tampered));
}

/// What was pending with the old blob has failed, and its wait runs from its beginning.
#[test]
fn a_pending_attempt_fails_on_the_way() {
    let (pending, store) = (rotation(), MemoryAttempts::new());
    pending.old().arm(&store, &device()).unwrap();
    for _ in 0..3 {
        drop(pending.old().begin(&store, &device(), NOW).unwrap());
    }
    pending.arm(&store, &device(), &next_device()).unwrap();
    let resumed = Pending::resume(TOKEN, second(), &store, &next_device());
    assert_eq!(resumed.err(), Some(SettleError::NotPending));
    let until = NOW.saturating_add(std::time::Duration::from_secs(30));
    assert_eq!(pending.next().attempts(&store, &next_device()).unwrap().wait_until(), Some(until));
}

/// After a passcode may have left, nothing leads back.
#[test]
fn giving_up() {
    let (pending, store) = (rotation(), MemoryAttempts::new());
    pending.old().arm(&store, &device()).unwrap();
    pending.arm(&store, &device(), &next_device()).unwrap();
    let used = rotation().first_use();
    assert_eq!(used.give_up(&store, &device(), &next_device()).err(), Some(GiveUpError::Used));
    let read = PendingRotation::decode(used.as_bytes()).unwrap();
    assert_eq!(read.give_up(&store, &device(), &next_device()).err(), Some(GiveUpError::Used));
    assert!(pending.next().attempts(&store, &next_device()).is_ok(), "the count stays where it was");
    assert!(pending.give_up(&store, &device(), &next_device()).is_ok());
    assert!(pending.old().attempts(&store, &device()).is_ok());
}

/// From a token without a PIN to one with, there is no record to carry; the other way none is needed.
#[test]
fn to_and_from_no_pin() {
    let (text, store) = (pin("905317"), MemoryAttempts::new());
    let to_pin = rotate(&seal(&Locks::device()), ticket(2), &Locks::pin(&text), NEXT).unwrap();
    to_pin.arm(&store, &device(), &next_device()).unwrap();
    drop(to_pin.next().begin(&store, &next_device(), NOW).unwrap());
    to_pin.arm(&store, &device(), &next_device()).unwrap();
    assert_eq!(to_pin.next().attempts(&store, &next_device()).unwrap().left(), 9, "armed once");
    let to_none = rotate(&seal(&Locks::pin(&text)), ticket(2), &Locks::device(), NEXT).unwrap();
    to_none.arm(&MemoryAttempts::new(), &device(), &next_device()).unwrap();
    assert!(to_none.next().open_device(&next_device()).is_ok());
    assert!(to_none.give_up(&MemoryAttempts::new(), &device(), &next_device()).is_ok());
}

#[test]
fn a_success_with_the_new_one_settles_as_ever() {
    let (pending, store) = (rotation(), MemoryAttempts::new());
    pending.old().arm(&store, &device()).unwrap();
    pending.arm(&store, &device(), &next_device()).unwrap();
    let pending = pending.first_use();
    let attempt = pending.next().begin(&store, &next_device(), NOW).unwrap();
    let candidate = attempt.open(&pin("905317"), &next_device(), &mut Arena::new()).unwrap();
    candidate.settle(Settlement::Accepted, &store, &next_device(), NOW).unwrap();
    let blob = pending.promote();
    assert_eq!(blob.attempts(&store, &next_device()).unwrap().left(), 10);
}

#[test]
fn files() {
    let pending = rotation();
    let (old, next) = (pending.old().as_bytes(), pending.next().as_bytes());
    let file = |magic: &[u8; 4], version: u8, used: u8, old: &[u8], next: &[u8]| {
        encode(&(ByteArray::new(*magic), version, used, ByteBuf::from(old), ByteBuf::from(next))).unwrap()
    };
    let good = file(b"OPR1", 1, 0, old, next);
    assert_eq!(good, pending.as_bytes());
    assert_eq!(file(b"OPR1", 1, 1, old, next), rotation().first_use().as_bytes());
    let longer = {
        let (device, mut arena, mut rng) = (next_device(), Arena::new(), rng(2));
        let sealing = Sealing { header: NEXT, cost: cost(), device: &device, arena: &mut arena, rng: &mut rng };
        Blob::seal_device(&UniformSecret::generate(&mut world::rng(3), 33).unwrap(), sealing).unwrap()
    };
    let table = [
        ("nothing", vec![], BlobError::Magic),
        ("a blob", old.to_vec(), BlobError::Magic),
        ("another magic", file(b"OPR2", 1, 0, old, next), BlobError::Magic),
        ("version 2", file(b"OPR1", 2, 0, old, next), BlobError::Unsupported(Field::Version)),
        ("the magic alone", good[..6].to_vec(), BlobError::Malformed(Field::Blob)),
        ("cut short", good[..good.len() - 1].to_vec(), BlobError::Malformed(Field::Blob)),
        ("a byte behind", [&good[..], &[0]].concat(), BlobError::Malformed(Field::Blob)),
        ("used twice", file(b"OPR1", 1, 2, old, next), BlobError::OutOfRange(Field::Used)),
        ("used with a long head", [&good[..7], &[0x18, 0], &good[8..]].concat(), BlobError::Malformed(Field::Blob)),
        ("the same twice", file(b"OPR1", 1, 0, old, old), BlobError::OutOfRange(Field::Generation)),
        ("the wrong way round", file(b"OPR1", 1, 0, next, old), BlobError::OutOfRange(Field::Generation)),
        ("no old blob", file(b"OPR1", 1, 0, b"", next), BlobError::Magic),
        ("a longer secret", file(b"OPR1", 1, 0, old, longer.as_bytes()), BlobError::OutOfRange(Field::SecretLength)),
        ("too long to look at", vec![0x85; 2 * 1024 + 17], BlobError::TooLong),
        ("a blob too long", file(b"OPR1", 1, 0, &[0; 1025], &[0; 900]), BlobError::TooLong),
    ];
    for (name, bytes, expected) in table {
        assert_eq!(PendingRotation::decode(&bytes).err(), Some(expected), "{name}");
    }
    assert!(matches!(Stored::decode(old), Ok(Stored::Sealed(_))));
    assert!(matches!(Stored::decode(&good), Ok(Stored::Rotating(_))));
    assert_eq!(Stored::decode(&good[..6]).err(), Some(BlobError::Malformed(Field::Blob)));
}
