//! One PIN unlock against Argon2id alone at the same cost, on fresh memory on both sides: as the reference
//! implementation in C does it, built for this machine, and as the crate does it that we call.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops at the first thing that is wrong")]

use std::{hint::black_box, time::Duration};

use argon2::{Algorithm, Argon2, Params, Version};
use benches::{argon2id, ratio_of};
use criterion::{Criterion, criterion_group, criterion_main};
use pushotp_pin::{
    Arena, Blob, Cost, Generation, Header, MemoryAttempts, Pin, Sealing, Settlement, SoftwareKey, UniformSecret,
};
use pushotp_types::{TokenId, UnixTime};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

fn unlock(c: &mut Criterion) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (device, attempts) = (SoftwareKey::generate(&mut rng), MemoryAttempts::new());
    let secret = UniformSecret::generate(&mut rng, 32).unwrap();
    let pin = Pin::entered("271846").unwrap();
    let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    let mut arena = Arena::new();
    let cost = Cost::RECOMMENDED;
    let blob =
        Blob::seal_pin(&secret, &pin, Sealing { header, cost, device: &device, arena: &mut arena, rng: &mut rng });
    let blob = blob.unwrap();
    blob.arm(&attempts, &device).unwrap();
    drop(arena);

    let open = || {
        let attempt = blob.begin(&attempts, &device, NOW).unwrap();
        let candidate = attempt.open(black_box(&pin), &device, &mut Arena::new()).unwrap();
        candidate.settle(Settlement::Accepted, &attempts, &device, NOW).unwrap()
    };
    let params = Params::new(cost.memory_kib(), cost.passes(), cost.lanes(), Some(32)).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let bare = || {
        let mut out = [0; 32];
        argon2.hash_password_into(black_box(b"n:271846"), &[7; 16], &mut out).unwrap();
        out
    };
    let reference = || argon2id(black_box(b"n:271846"), &[7; 16], cost.memory_kib(), cost.passes());
    assert_eq!((bare(), cost.lanes()), (reference(), 1), "not the same work");
    c.bench_function("pin/unlock, 64 MiB, 3 passes", |b| b.iter(open));
    c.bench_function("pin/Argon2id alone, reference in C", |b| b.iter(reference));
    c.bench_function("pin/Argon2id alone, crate argon2", |b| b.iter(bare));
    ratio_of(11, "one PIN unlock / Argon2id alone, reference in C", 1.1, open, reference);
    ratio_of(11, "one PIN unlock / Argon2id alone, crate argon2", 1.1, open, bare);
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots().sample_size(10).measurement_time(Duration::from_secs(5));
    targets = unlock
}
criterion_main!(benches);
