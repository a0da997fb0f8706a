//! 100,000 byte strings at each decoder: random ones, and good ones that were changed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/fixture.rs"]
mod fixture;
#[path = "fixture/world.rs"]
#[allow(dead_code, reason = "the examples use the rest")]
mod world;

use fixture::{NOW, TOKEN, device, pin, rng, seal, seal_device};
use pushotp_cbor::{ByteArray, ByteBuf, Bytes, decode, encode};
use pushotp_pin::{
    AttemptStore, Blob, BlobError, Denied, DeviceKey, Locks, MAX_ATTEMPTS, MemoryAttempts, PendingRotation, Permit,
    RecordError, Settlement, Verifiable,
};
use pushotp_types::UnixTime;
use rand_chacha::{ChaCha20Rng, rand_core::Rng};

const ROUNDS: usize = 100_000;

/// One in four is random; the others are `good` with up to four edits.
fn hostile(good: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let below = |bound: usize, rng: &mut ChaCha20Rng| rng.next_u32() as usize % bound;
    if below(4, rng) == 0 {
        let mut bytes = vec![0; below(200, rng)];
        rng.fill_bytes(&mut bytes);
        return bytes;
    }
    let mut bytes = good.to_vec();
    for _ in 0..=below(4, rng) {
        let at = below(bytes.len() + 1, rng).min(bytes.len().saturating_sub(1));
        let value =
            [0, 1, 0x17, 0x18, 0x1b, 0x40, 0x5f, 0x80, 0x9f, 0xff, below(256, rng).to_le_bytes()[0]][below(11, rng)];
        match below(4, rng) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, value),
            _ if bytes.is_empty() => {}
            2 => drop(bytes.remove(at)),
            _ => bytes[at] = value,
        }
    }
    bytes
}

/// Nothing panics; what is taken is within the ceilings, and not opened unless it is the very blob that was sealed.
#[test]
fn blobs() {
    let mut rng = rng(1);
    let good = [seal(&[0x3c; 32], "271846", 1), seal_device(&[0x3c; 32], 1)];
    let mut taken = 0;
    for round in 0..ROUNDS {
        let good = &good[round % 2];
        let bytes = hostile(good.as_bytes(), &mut rng);
        let Ok(blob) = Blob::decode(&bytes) else { continue };
        // Token and device key stand where every header has them, the generation between them.
        assert_eq!((blob.token().as_bytes().as_slice(), blob.as_bytes()), (&bytes[11..27], &bytes[..]));
        let after =
            27 + [1, 2, 3, 5][[24, 256, 65_536].iter().filter(|next| blob.generation().get() >= **next).count()];
        assert_eq!((bytes[after], &blob.device_id()[..]), (0x50, &bytes[after + 1..after + 17]));
        if let Some(cost) = blob.cost() {
            let (memory, passes) = (u64::from(cost.memory_kib()), u64::from(cost.passes()));
            assert!(memory * passes <= 1024 * 1024 && memory <= 256 * 1024 && cost.lanes() <= 4);
        } else if bytes != good.as_bytes() {
            assert!(blob.open_device(&device()).is_err());
        }
        taken += 1;
    }
    assert!(taken > 1_000, "some changes leave a blob: {taken}");
}

/// The same for the other kinds of slots and the other mode, and for two blobs in one file.
#[test]
fn slots_modes_and_files() {
    let (text, finger, server) = (pin("271846"), world::presence(), world::hardener());
    let told = world::seal(&Locks::verifiable_pin(&text, Permit::from_hardener(&server)).or_presence(&finger));
    let hidden = world::seal(&Locks::pin(&text).hardened(&server).or_presence(&finger));
    let (file, mut rng, mut taken) = (world::rotation(), rng(3), [0; 3]);
    for _ in 0..ROUNDS {
        let bytes = hostile(told.as_bytes(), &mut rng);
        if let Ok(blob) = Blob::<Verifiable>::decode_as(&bytes) {
            assert!(blob.as_bytes() == bytes && blob.needs_pin() && Blob::decode(&bytes).is_err());
            taken[0] += 1;
        }
        let bytes = hostile(hidden.as_bytes(), &mut rng);
        if let Ok(blob) = Blob::decode(&bytes) {
            assert!(blob.as_bytes() == bytes && Blob::<Verifiable>::decode_as(&bytes).is_err());
            taken[1] += 1;
        }
        let bytes = hostile(file.as_bytes(), &mut rng);
        if let Ok(pending) = PendingRotation::decode(&bytes) {
            assert_eq!(pending.old().generation().next(), Some(pending.next().generation()));
            assert!(pending.as_bytes() == bytes && bytes.len() <= 2 * Blob::MAX_LEN + 16);
            taken[2] += 1;
        }
    }
    assert!(taken.iter().all(|taken| *taken > 1_000), "some changes leave a blob: {taken:?}");
}

/// A device key that signs anything is the worst case: the fields of a record are reached.
fn signed(body: &[u8]) -> Vec<u8> {
    let message = encode(&("pushotp-pin-try", 1_u8, Bytes::new(body))).unwrap();
    encode(&(ByteBuf::from(body), ByteArray::new(device().mac(&message).unwrap()))).unwrap()
}

#[test]
fn attempt_records() {
    let mut rng = rng(2);
    let blob = seal(&[0x3c; 32], "271846", 1);
    let store = MemoryAttempts::new();
    blob.arm(&store, &device()).unwrap();
    drop(blob.begin(&store, &device(), NOW).unwrap());
    let good = store.load(TOKEN).unwrap().unwrap();
    let (body, _) = decode::<(ByteBuf, ByteArray<32>)>(&good).unwrap();
    assert_eq!(signed(&body), good);
    let mut begun = 0;
    for round in 0..ROUNDS {
        let unsigned = round % 2 == 0;
        let record = if unsigned { hostile(&good, &mut rng) } else { signed(&hostile(&body, &mut rng)) };
        let store = MemoryAttempts::new();
        store.commit(TOKEN, None, &record).unwrap();
        match blob.begin(&store, &device(), UnixTime::from_secs(u64::MAX)) {
            Ok(attempt) => {
                assert!(!unsigned || record == good);
                let settled = attempt.into_pending().settle(Settlement::WrongPasscode, &store, &device(), NOW).unwrap();
                assert!(settled.left() < MAX_ATTEMPTS);
                begun += 1;
            }
            Err(Denied::Record(RecordError::Tampered)) => {}
            Err(other) => assert!(!unsigned, "{other}"),
        }
    }
    assert!(begun > 100, "some changes leave a record: {begun}");
}

/// boot, monotonic, wall.
type Stamp = (ByteBuf, u64, u64);

/// Fields that contradict each other or lie out of range, although the device key signed them.
#[test]
fn impossible_attempt_records() {
    let blob = seal(&[0x3c; 32], "271846", 1);
    let stamp = |boot: usize, monotonic: u64| -> Stamp { (ByteBuf::from(vec![3; boot]), monotonic, 5) };
    let begin = |version: u8, generation: u32, attempts: u8, since: Stamp, begun: Vec<Stamp>| {
        let token = ByteArray::new(*TOKEN.as_bytes());
        let body = encode(&(version, token, generation, attempts, 0_u32, since, begun, 7_u64)).unwrap();
        let store = MemoryAttempts::new();
        store.commit(TOKEN, None, &signed(&body)).unwrap();
        blob.begin(&store, &device(), NOW).err()
    };
    assert_eq!(begin(1, 1, 1, stamp(0, 0), vec![stamp(0, 0)]), None);
    assert_eq!(begin(1, 1, 1, stamp(16, u64::MAX), vec![stamp(16, 9)]), None);
    let table = [
        ("pending but not counted", begin(1, 1, 0, stamp(0, 0), vec![stamp(0, 0)])),
        ("two pending", begin(1, 1, 1, stamp(0, 0), vec![stamp(0, 0), stamp(0, 0)])),
        ("eleven attempts", begin(1, 1, 11, stamp(0, 0), vec![])),
        ("version 2", begin(2, 1, 1, stamp(0, 0), vec![])),
        ("generation 0", begin(1, 0, 1, stamp(0, 0), vec![])),
        ("boot id of 15 bytes", begin(1, 1, 1, stamp(15, 0), vec![])),
        ("boot id of 17 bytes", begin(1, 1, 1, stamp(0, 0), vec![stamp(17, 0)])),
        ("monotonic time without a boot id", begin(1, 1, 1, stamp(0, 1), vec![])),
    ];
    for (name, denied) in table {
        assert_eq!(denied, Some(Denied::Record(RecordError::Tampered)), "{name}");
    }
}

/// The cap comes first: a blob of any length is refused at once.
#[test]
fn length_is_looked_at_first() {
    let mut long = seal(&[0x3c; 32], "271846", 1).as_bytes().to_vec();
    long.resize(1025, 0);
    assert_eq!(Blob::decode(&long).err(), Some(BlobError::TooLong));
}
