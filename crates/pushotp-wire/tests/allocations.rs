//! The templates are read before anything is authenticated, and nothing is allocated for that: the calls are run under an
//! allocator that counts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "this test uses a part of it")]
#[path = "device/fixture.rs"]
mod fixture;

use std::hint::black_box;

use allocation_counter::measure;
use fixture::*;
use pushotp_wire::{Envelope, Error, Frame, device::Device, envelope::MAX_LEN, frame};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

const ROUNDS: usize = 20_000;

fn allocations<T>(run: impl FnOnce() -> T) -> u64 {
    measure(|| drop(black_box(run()))).count_total
}

/// A good message with a few bytes altered, cut or put in, or random bytes of the same length.
fn mutated(good: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut bytes = good.to_vec();
    if rng.next_u32().is_multiple_of(10) {
        rng.fill_bytes(&mut bytes);
    }
    for _ in 0..rng.next_u32() % 4 {
        // Most of a message is ciphertext, of which a template reads only the length.
        let span = if rng.next_u32().is_multiple_of(2) { 48 } else { bytes.len() };
        let (at, byte) = (rng.next_u32() as usize % (span.min(bytes.len()) + 1), rng.next_u32().to_le_bytes()[0]);
        match rng.next_u32() % 8 {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, byte),
            2 => bytes.resize(bytes.len() + 64 * usize::from(byte), byte),
            _ => drop(bytes.get_mut(at).map(|value| *value ^= 1 << (byte % 8))),
        }
    }
    bytes
}

/// Inputs that name a length of their own choice, where something could be reserved for it.
fn declared() -> Vec<Vec<u8>> {
    let heads: [&[u8]; 6] = [
        b"\xd0\x83\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\xd0\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xd0\x83\x5a\xff\xff\xff\xff",
        b"\x84\x01\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x84\x01\x48kidkidki\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\x84\x01\x5f\x41\x00\xff",
    ];
    let nested = [0x81, 0x9f, 0xbf, 0xc1, 0xd0].map(|byte| vec![byte; MAX_LEN]);
    heads.map(<[u8]>::to_vec).into_iter().chain(nested).chain([vec![], vec![0; MAX_LEN + 1]]).collect()
}

/// Reads many inputs: how many were read and refused, without an allocation.
fn read<T>(good: &[u8], parse: fn(&[u8]) -> Result<T, Error>) -> (usize, usize) {
    let mut rng = ChaCha20Rng::seed_from_u64(20_270_115);
    let random = std::iter::repeat_with(|| mutated(good, &mut rng)).take(ROUNDS);
    let (mut read, mut refused) = (0, 0);
    for bytes in std::iter::once(good.to_vec()).chain(declared()).chain(random) {
        let mut was_read = false;
        let count = allocations(|| was_read = parse(&bytes).is_ok());
        assert_eq!(count, 0, "{bytes:02x?}");
        if was_read { read += 1 } else { refused += 1 }
    }
    (read, refused)
}

fn assert_both((read, refused): (usize, usize)) {
    assert!(read > ROUNDS / 10 && refused > ROUNDS / 4, "{read} {refused}: nothing is proved");
}

#[test]
fn envelopes() {
    let good = World::new().seal(&payload(parts()));
    assert_both(read(&good, |bytes| Envelope::parse(bytes).map(drop)));
}

#[test]
fn frames() {
    let (good, _) = World::new().send(Device::fetch).unwrap();
    assert_both(read(&good, |bytes| Frame::parse(bytes).map(drop)));
}

/// The device's own entry: what is no envelope, or one under another name, gets no further than the template.
#[test]
fn a_device_refuses_strangers() {
    let mut world = World::new();
    let own = world.seal(&payload(parts()));
    let other = envelope_for_another(&mut world);
    for bytes in declared().iter().chain([&other]) {
        assert_eq!(allocations(|| world.device.open(bytes, at(NOW)).unwrap_err()), 0);
    }
    assert!(world.device.open(&own, at(NOW)).is_ok());
}

fn envelope_for_another(world: &mut World) -> Vec<u8> {
    pushotp_wire::envelope::seal(&payload(parts()), &keys(1), &tenant(), &mut world.rng).unwrap()
}

/// The controls: opening a good message is counted, and so is a parser that keeps a copy.
#[test]
fn the_counter_counts() {
    let mut world = World::new();
    let bytes = world.seal(&payload(parts()));
    assert!(allocations(|| world.device.open(&bytes, at(NOW)).unwrap()) > 0);
    let (sent, _) = world.send(Device::fetch).unwrap();
    let recipient = frame::Recipient {
        server_key: &world.server_key,
        binding: world.device.binding(),
        keys: world.device.keys(),
        verifying_key: &pushotp_wire::signer::DeviceSigner::verifying_key(&world.signer),
    };
    assert!(allocations(|| Frame::parse(&sent).unwrap().open(&recipient).unwrap()) > 0);
    assert_eq!(allocations(|| Frame::parse(&sent).map(|frame| frame.as_bytes().to_vec())), 1);
}
