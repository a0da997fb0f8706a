//! One defect, one error.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/fixture.rs"]
mod fixture;

use std::cell::Cell;

use fixture::{DEVICE_ID, DEVICE_KEY, NOW, device, pin, seal, seal_device};
use pushotp_cbor::{ByteArray, ByteBuf, encode};
use pushotp_pin::{
    Arena, Assurance, Blob, BlobError, Cost, CostError, Denied, DeviceError, DeviceKey, Field, MemoryAttempts,
    OpenError, Pin, PinError, PinPolicy, PolicyError, SealError, Sealing, SoftwareKey, UniformError, UniformSecret,
};
use pushotp_types::Secret;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

type Defect = fn(&mut Fields);
type PinSlot = (u8, u8, u8, (u8, u32, u32, u32, ByteBuf), u8, u8, ByteBuf, ByteBuf);

/// The fields of a blob, good until a test changes one.
struct Fields {
    version: u8,
    generation: u32,
    len: u8,
    critical: Vec<u64>,
    slots: Vec<PinSlot>,
}

fn good() -> Fields {
    let bytes = |len: usize| ByteBuf::from(vec![9; len]);
    let slot = (1, 0, 1, (1, 8, 1, 1, bytes(16)), 0, 1, bytes(0), bytes(32));
    Fields { version: 1, generation: 1, len: 32, critical: vec![], slots: vec![slot] }
}

impl Fields {
    fn encode(self) -> Vec<u8> {
        let id = ByteArray::new([7; 16]);
        let header = encode(&(id, self.generation, id, self.len, self.critical)).unwrap();
        encode(&(ByteArray::new(*b"OPP1"), self.version, ByteBuf::from(header), self.slots, ByteArray::new([0; 32])))
            .unwrap()
    }
}

#[test]
fn blobs() {
    assert!(Blob::decode(&good().encode()).is_ok());
    let table: &[(&str, Defect, BlobError)] = &[
        ("version 2", |f| f.version = 2, BlobError::Unsupported(Field::Version)),
        ("version 0", |f| f.version = 0, BlobError::Unsupported(Field::Version)),
        ("generation 0", |f| f.generation = 0, BlobError::OutOfRange(Field::Generation)),
        ("secret of 15 bytes", |f| f.len = 15, BlobError::OutOfRange(Field::SecretLength)),
        ("secret of 65 bytes", |f| f.len = 65, BlobError::OutOfRange(Field::SecretLength)),
        ("critical extension", |f| f.critical.push(1), BlobError::Unsupported(Field::Critical)),
        ("critical extension of two bytes", |f| f.critical.push(256), BlobError::Unsupported(Field::Critical)),
        ("no slot", |f| f.slots.clear(), BlobError::OutOfRange(Field::Slots)),
        ("two PIN slots of one id", |f| f.slots.push(f.slots[0].clone()), BlobError::OutOfRange(Field::Slots)),
        (
            "two PIN slots",
            |f| {
                f.slots.push(f.slots[0].clone());
                f.slots[1].1 = 1;
            },
            BlobError::OutOfRange(Field::Slots),
        ),
        ("slot of kind 0", |f| f.slots[0].0 = 0, BlobError::Malformed(Field::Blob)),
        ("slot of kind 2", |f| f.slots[0].0 = 2, BlobError::Malformed(Field::Blob)),
        ("device slot with a PIN slot's fields", |f| f.slots[0].0 = 3, BlobError::Malformed(Field::Blob)),
        ("suite 2, which shows a wrong PIN", |f| f.slots[0].2 = 2, BlobError::Unsupported(Field::Suite)),
        ("Argon2i", |f| f.slots[0].3.0 = 2, BlobError::Unsupported(Field::Algorithm)),
        ("7 KiB", |f| f.slots[0].3.1 = 7, BlobError::Cost(CostError::Memory)),
        ("8 KiB for two lanes", |f| f.slots[0].3.3 = 2, BlobError::Cost(CostError::Memory)),
        ("4 TiB", |f| f.slots[0].3.1 = u32::MAX, BlobError::Cost(CostError::Memory)),
        ("no pass", |f| f.slots[0].3.2 = 0, BlobError::Cost(CostError::Passes)),
        ("17 passes", |f| f.slots[0].3.2 = 17, BlobError::Cost(CostError::Passes)),
        ("no lane", |f| f.slots[0].3.3 = 0, BlobError::Cost(CostError::Lanes)),
        ("5 lanes", |f| f.slots[0].3.3 = 5, BlobError::Cost(CostError::Lanes)),
        (
            "256 MiB five times",
            |f| (f.slots[0].3.1, f.slots[0].3.2) = (262_144, 5),
            BlobError::Cost(CostError::Product),
        ),
        ("salt of 15", |f| f.slots[0].3.4.truncate(15), BlobError::OutOfRange(Field::Salt)),
        ("salt of 33", |f| f.slots[0].3.4.resize(33, 0), BlobError::OutOfRange(Field::Salt)),
        ("a third mode", |f| f.slots[0].4 = 2, BlobError::Unsupported(Field::Mode)),
        ("no device layer", |f| f.slots[0].5 = 0, BlobError::Unsupported(Field::Layers)),
        ("hardener without device layer", |f| f.slots[0].5 = 2, BlobError::Unsupported(Field::Layers)),
        ("a third layer", |f| f.slots[0].5 = 5, BlobError::Unsupported(Field::Layers)),
        ("hardener layer without a name", |f| f.slots[0].5 = 3, BlobError::OutOfRange(Field::Hardener)),
        ("hardener named without its layer", |f| f.slots[0].6.push(1), BlobError::OutOfRange(Field::Hardener)),
        (
            "hardener with a long name",
            |f| {
                f.slots[0].5 = 3;
                f.slots[0].6.resize(33, 1);
            },
            BlobError::OutOfRange(Field::Hardener),
        ),
        ("short ciphertext", |f| f.slots[0].7.truncate(31), BlobError::OutOfRange(Field::Ciphertext)),
        ("ciphertext with a check byte", |f| f.slots[0].7.push(0), BlobError::OutOfRange(Field::Ciphertext)),
    ];
    for (name, defect, expected) in table {
        let mut fields = good();
        defect(&mut fields);
        assert_eq!(Blob::decode(&fields.encode()).err(), Some(*expected), "{name}");
    }
}

/// Slots of the other kinds: bounds, order, and what may stand next to what.
#[test]
fn slots() {
    let bytes = |len: usize| ByteBuf::from(vec![9; len]);
    let presence = |id: u8, provider: &str, enrolment: usize, ct: usize| {
        encode(&(2_u8, id, provider, bytes(enrolment), bytes(ct))).unwrap()
    };
    let device = |id: u8, iv: usize, ct: usize| encode(&(3_u8, id, bytes(iv), bytes(ct))).unwrap();
    let pin = |id: u8| encode(&(1_u8, id, 1_u8, (1_u8, 8, 1, 1, bytes(16)), 0_u8, 1_u8, bytes(0), bytes(32))).unwrap();
    let refused = |slots: &[Vec<u8>]| {
        let good = good().encode();
        let head = [0x80 + u8::try_from(slots.len()).unwrap()];
        let blob = [&good[..48], &head[..], &slots.concat(), &good[good.len() - 34..]].concat();
        Blob::decode(&blob).err()
    };
    let (longest, range) = ("p".repeat(32), |field| Some(BlobError::OutOfRange(field)));
    let malformed = Some(BlobError::Malformed(Field::Blob));
    let table = [
        ("a PIN", refused(&[pin(0)]), None),
        ("a finger", refused(&[presence(0, "f", 0, 16)]), None),
        ("a finger at its longest", refused(&[presence(255, &longest, 64, 600)]), None),
        ("PIN and fingers", refused(&[pin(0), presence(1, "f", 0, 16), presence(2, "g", 0, 16)]), None),
        ("a finger first", refused(&[presence(1, "f", 0, 16), pin(9)]), None),
        (
            "four slots",
            refused(&[pin(0), presence(1, "f", 0, 16), presence(2, "g", 0, 16), presence(3, "h", 0, 16)]),
            None,
        ),
        ("the device alone", refused(&[device(0, 12, 48)]), None),
        ("no slot", refused(&[]), range(Field::Slots)),
        ("five slots", refused(&[1, 2, 3, 4, 5].map(|id| presence(id, &id.to_string(), 0, 16))), range(Field::Slots)),
        ("falling ids", refused(&[pin(1), presence(0, "f", 0, 16)]), range(Field::Slots)),
        ("equal ids", refused(&[pin(1), presence(1, "f", 0, 16)]), range(Field::Slots)),
        ("two PINs apart", refused(&[pin(0), presence(1, "f", 0, 16), pin(2)]), range(Field::Slots)),
        (
            "two fingers of one provider",
            refused(&[presence(0, "f", 0, 16), presence(1, "f", 0, 16)]),
            range(Field::Slots),
        ),
        ("a way past the PIN", refused(&[pin(0), device(1, 12, 48)]), range(Field::Slots)),
        ("a way past the finger", refused(&[device(0, 12, 48), presence(1, "f", 0, 16)]), range(Field::Slots)),
        ("two devices", refused(&[device(0, 12, 48), device(1, 12, 48)]), range(Field::Slots)),
        ("no provider", refused(&[presence(0, "", 0, 16)]), range(Field::Provider)),
        ("a long provider", refused(&[presence(0, &(longest.clone() + "p"), 0, 16)]), range(Field::Provider)),
        ("a long enrolment", refused(&[presence(0, "f", 65, 16)]), range(Field::Enrolment)),
        ("a short wrapped secret", refused(&[presence(0, "f", 0, 15)]), range(Field::Ciphertext)),
        ("a long wrapped secret", refused(&[presence(0, "f", 0, 601)]), range(Field::Ciphertext)),
        ("iv of 11", refused(&[device(0, 11, 48)]), malformed),
        ("iv of 13", refused(&[device(0, 13, 48)]), malformed),
        ("a device's short ciphertext", refused(&[device(0, 12, 47)]), range(Field::Ciphertext)),
        ("a device's long ciphertext", refused(&[device(0, 12, 49)]), range(Field::Ciphertext)),
        ("kind 4", refused(&[encode(&(4_u8, 0_u8, bytes(12), bytes(48))).unwrap()]), malformed),
        ("provider as bytes", refused(&[encode(&(2_u8, 0_u8, bytes(3), bytes(0), bytes(16))).unwrap()]), malformed),
        ("a finger of four fields", refused(&[encode(&(2_u8, 0_u8, "f", bytes(16))).unwrap()]), malformed),
        ("a finger of six", refused(&[encode(&(2_u8, 0_u8, "f", bytes(0), bytes(16), 0)).unwrap()]), malformed),
    ];
    for (name, refused, expected) in table {
        assert_eq!(refused, expected, "{name}");
    }
    assert!(refused(&[presence(0, &longest, 64, 600), presence(1, "f", 64, 400)]) == Some(BlobError::TooLong));
}

/// Defects of the encoding, on bytes.
#[test]
fn encodings() {
    let good = good().encode();
    let edited = |at: usize, with: &[u8], instead_of: usize| [&good[..at], with, &good[at + instead_of..]].concat();
    // The version is at 6, the header's head at 7 and 8, the slots' at 48, the slot's at 49, its kind at 50.
    assert_eq!((good[6], good[7], good[48], good[49], good[50]), (1, 0x58, 0x81, 0x88, 1));
    let table = [
        ("nothing", vec![], BlobError::Magic),
        ("another magic", edited(2, b"OPP2", 4), BlobError::Magic),
        ("a map", edited(0, &[0xa5], 1), BlobError::Magic),
        ("the magic alone", good[..6].to_vec(), BlobError::Malformed(Field::Blob)),
        ("cut short", good[..good.len() - 1].to_vec(), BlobError::Malformed(Field::Blob)),
        ("a byte behind", edited(good.len(), &[0], 0), BlobError::Malformed(Field::Blob)),
        ("version with a long head", edited(6, &[0x18, 1], 1), BlobError::Unsupported(Field::Version)),
        ("header as text", edited(7, &[0x78], 1), BlobError::Malformed(Field::Blob)),
        ("header with a long head", edited(7, &[0x59, 0], 1), BlobError::Malformed(Field::Blob)),
        ("header of four fields", edited(9, &[0x84], 1), BlobError::Malformed(Field::Header)),
        ("generation with a long head", edited(27, &[0x18, 1], 1), BlobError::Malformed(Field::Blob)),
        ("slots without an end", edited(48, &[0x9f], 1), BlobError::Malformed(Field::Blob)),
        ("a slot of nine fields", edited(49, &[0x89], 1), BlobError::Malformed(Field::Blob)),
        ("a slot of seven fields", edited(49, &[0x87], 1), BlobError::Malformed(Field::Blob)),
        ("kind with a long head", edited(50, &[0x18, 1], 1), BlobError::Malformed(Field::Blob)),
        ("kind tagged", edited(50, &[0xc1, 1], 1), BlobError::Malformed(Field::Blob)),
        ("too long to look at", vec![0x85; 1025], BlobError::TooLong),
    ];
    for (name, bytes, expected) in table {
        assert_eq!(Blob::decode(&bytes).err(), Some(expected), "{name}");
    }
    assert_eq!(Blob::decode(&[0; 1024]).err(), Some(BlobError::Magic), "1024 bytes are looked at");
}

#[test]
fn costs() {
    let table = [
        ((19 * 1024 - 1, 2, 1), Err(CostError::BelowFloor)),
        ((19 * 1024, 1, 1), Err(CostError::BelowFloor)),
        ((19 * 1024, 2, 1), Ok(Cost::FLOOR)),
        ((64 * 1024, 3, 1), Ok(Cost::RECOMMENDED)),
        ((256 * 1024 + 1, 2, 1), Err(CostError::Memory)),
        ((256 * 1024, 5, 1), Err(CostError::Product)),
        ((19 * 1024, 17, 1), Err(CostError::Passes)),
        ((19 * 1024, 2, 5), Err(CostError::Lanes)),
    ];
    for ((memory, passes, lanes), expected) in table {
        assert_eq!(Cost::new(memory, passes, lanes), expected, "{memory} KiB, {passes}, {lanes}");
    }
    assert!(Cost::new(256 * 1024, 4, 4).is_ok());
    assert_eq!(Cost::danger_below_floor(8, 0, 1), Err(CostError::Passes));
}

#[test]
fn pins_and_policies() {
    let policy = PinPolicy::DEFAULT;
    let table = [
        ("", PinError::TooShort { min: 6 }),
        ("27184", PinError::TooShort { min: 6 }),
        ("27184627184627184", PinError::TooLong { max: 16 }),
        ("271846 ", PinError::NotADigit),
        ("777777", PinError::Trivial),
    ];
    for (text, expected) in table {
        assert_eq!(Pin::choose(text, &policy).err(), Some(expected), "{text}");
    }
    assert_eq!(Pin::entered("271").err(), Some(PinError::TooShort { min: 4 }));
    assert_eq!(Pin::entered(&"7".repeat(100_000)).err(), Some(PinError::TooLong { max: 16 }));
    for (min, max) in [(3, 8), (4, 17), (8, 6), (0, 0)] {
        assert_eq!(PinPolicy::new(min, max), Err(PolicyError), "{min} to {max}");
    }
}

#[test]
fn secrets() {
    let secret = |len: usize| Secret::new(&vec![0x80; len]).unwrap();
    let text = Secret::new(b"JBSWY3DPEHPK3PXP\n").unwrap();
    assert_eq!(UniformSecret::from_exporter(secret(65)).err(), Some(UniformError::Length));
    assert_eq!(UniformSecret::assume_uniform(secret(65)).err(), Some(UniformError::Length));
    assert_eq!(UniformSecret::assume_uniform(text).err(), Some(UniformError::Printable));
    assert_eq!(UniformSecret::generate(&mut fixture::rng(1), 15).err(), Some(UniformError::Length));
    assert!(UniformSecret::assume_uniform(secret(16)).is_ok() && UniformSecret::assume_uniform(secret(64)).is_ok());
    let short = Secret::danger_import_weak(&[0x80; 10]).unwrap();
    assert_eq!(UniformSecret::from_exporter(short).err(), Some(UniformError::Length));
}

/// A device key that counts what it is asked and can fail.
struct Watched {
    key: SoftwareKey,
    prfs: Cell<u32>,
    fails: Option<DeviceError>,
}

impl DeviceKey for Watched {
    fn id(&self) -> [u8; 16] {
        self.key.id()
    }
    fn assurance(&self) -> Assurance {
        self.key.assurance()
    }
    fn prf(&self, input: &[u8]) -> Result<Zeroizing<[u8; 32]>, DeviceError> {
        self.prfs.set(self.prfs.get() + 1);
        self.fails.map_or_else(|| self.key.prf(input), Err)
    }
    fn mac(&self, message: &[u8]) -> Result<[u8; 32], DeviceError> {
        self.key.mac(message)
    }
    fn next_generation(&self, _: &mut dyn CryptoRng) -> Result<Self, DeviceError> {
        Err(DeviceError::Unavailable)
    }
    fn erase(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }
}

fn watched(fails: Option<DeviceError>) -> Watched {
    Watched { key: device(), prfs: Cell::new(0), fails }
}

fn attempt(blob: &Blob) -> pushotp_pin::Attempt {
    let store = MemoryAttempts::new();
    blob.arm(&store, &device()).unwrap();
    blob.begin(&store, &device(), NOW).unwrap()
}

/// A changed blob costs neither memory nor a use of the device key's pseudorandom function, whatever byte it is.
#[test]
fn tampering_is_found_before_argon2() {
    let good = seal(&[0x3c; 32], "271846", 1);
    let mut opened = 0;
    for at in 0..good.as_bytes().len() {
        let mut bytes = good.as_bytes().to_vec();
        bytes[at] ^= 1;
        let Ok(blob) = Blob::decode(&bytes) else { continue };
        if blob.device_id() != DEVICE_ID {
            assert_eq!(blob.begin(&MemoryAttempts::new(), &device(), NOW).err(), Some(Denied::OtherDevice));
            continue;
        }
        let (device, mut arena) = (watched(None), Arena::new());
        let refused = attempt(&blob).open(&pin("271846"), &device, &mut arena);
        assert_eq!(refused.err(), Some(OpenError::Tampered), "byte {at}");
        assert_eq!((device.prfs.get(), arena.len_kib()), (0, 0), "byte {at}");
        opened += 1;
    }
    assert!(opened >= 96, "token, salt, ciphertext and tag decode after a flip: {opened}");
    let (device, mut arena) = (watched(None), Arena::new());
    assert!(attempt(&good).open(&pin("271846"), &device, &mut arena).is_ok());
    assert_eq!((device.prfs.get(), arena.len_kib()), (1, 8), "the good one costs both");
}

#[test]
fn opening() {
    let (pinned, plain) = (seal(&[0x3c; 32], "271846", 1), seal_device(&[0x3c; 32], 1));
    let other_id = SoftwareKey::from_bytes([0; 16], &DEVICE_KEY);
    let other_key = SoftwareKey::from_bytes(DEVICE_ID, &[0; 32]);
    let gone = watched(Some(DeviceError::Gone));
    let open = |device: &dyn DeviceKey| attempt(&pinned).open(&pin("271846"), device, &mut Arena::new()).err();
    assert_eq!(open(&other_id), Some(OpenError::OtherDevice));
    assert_eq!(open(&other_key), Some(OpenError::Tampered));
    assert_eq!(open(&gone), Some(OpenError::Device(DeviceError::Gone)));
    assert_eq!(pinned.open_device(&device()).err(), Some(OpenError::NeedsPin));
    assert_eq!(plain.open_device(&other_id).err(), Some(OpenError::OtherDevice));
    assert_eq!(plain.open_device(&other_key).err(), Some(OpenError::Tampered));
    assert_eq!(plain.open_device(&gone).err(), Some(OpenError::Device(DeviceError::Gone)));
    assert_eq!(plain.begin(&MemoryAttempts::new(), &device(), NOW).err(), Some(Denied::NoPin));
}

#[test]
fn sealing() {
    let gone = watched(Some(DeviceError::Gone));
    let (mut arena, mut rng) = (Arena::new(), fixture::rng(1));
    let sealing =
        Sealing { header: fixture::HEADER, cost: fixture::cheap(), device: &gone, arena: &mut arena, rng: &mut rng };
    let sealed = Blob::seal_pin(&fixture::uniform(&[0x3c; 32]), &pin("271846"), sealing);
    assert_eq!(sealed.err(), Some(SealError::Device(DeviceError::Gone)));
}
