//! Bytes from anybody: no panic, and nothing that the server did not seal gets in.

use pushotp_wire::device::Device;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::fixture::*;

const ROUNDS: usize = 100_000;

fn opens(device: &Device, bytes: &[u8]) -> bool {
    device.open(bytes, at(NOW)).is_ok()
}

fn below(rng: &mut ChaCha20Rng, bound: usize) -> usize {
    usize::try_from(rng.next_u32()).unwrap() % bound
}

#[test]
fn random_bytes() {
    let (world, mut rng) = (World::new(), ChaCha20Rng::seed_from_u64(2));
    for _ in 0..ROUNDS {
        let mut bytes = vec![0; below(&mut rng, 400)];
        rng.fill_bytes(&mut bytes);
        assert!(!opens(&world.device, &bytes));
    }
}

#[test]
fn mutated_envelopes() {
    let (mut world, mut rng) = (World::new(), ChaCha20Rng::seed_from_u64(3));
    let good = world.seal(&payload(parts()));
    assert!(opens(&world.device, &good));
    for _ in 0..ROUNDS {
        let mut bytes = good.clone();
        match below(&mut rng, 4) {
            0 => bytes.truncate(below(&mut rng, good.len())),
            1 => {
                let at = below(&mut rng, good.len());
                bytes[at] ^= 1 << below(&mut rng, 8);
            }
            2 => bytes.insert(below(&mut rng, good.len()), 0),
            _ => drop(bytes.remove(below(&mut rng, good.len()))),
        }
        assert!(bytes == good || !opens(&world.device, &bytes));
    }
}
