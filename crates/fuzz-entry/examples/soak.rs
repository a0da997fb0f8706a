//! Throws altered seeds at one target, quickly and without looking at coverage: for numbers that a sanitizer does not reach.
//!
//! `cargo run --release -p fuzz-entry --example soak -- TARGET RUNS [FOLDER ...]`; the folders hold more seeds, such as what
//! `cargo fuzz` has found. The same arguments do the same.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "it fails by panicking")]

use std::{env, fs, path::Path, thread};

use fuzz_entry::{TARGETS, Target};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

/// The longest input.
const MAX_LEN: usize = 4096;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [target, runs, folders @ ..] = &arguments[..] else {
        panic!("soak TARGET RUNS [FOLDER ...]");
    };
    let (_, entry) = *TARGETS.iter().find(|(name, _)| name == target).unwrap();
    let mut seeds = Vec::new();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    for folder in [own.as_path()].into_iter().chain(folders.iter().map(Path::new)) {
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        seeds.extend(paths.into_iter().map(|path| fs::read(path).unwrap()));
    }
    let workers = thread::available_parallelism().map_or(1, usize::from) as u64;
    let each = runs.parse::<u64>().unwrap().div_ceil(workers);
    let taken: u64 = thread::scope(|scope| {
        let seeds = &seeds;
        let workers: Vec<_> =
            (0..workers).map(|number| scope.spawn(move || soak(entry, seeds, (number, each)))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    println!("{target}: {} executions over {} seeds, {taken} taken, no law broken", each * workers, seeds.len());
}

/// How many of its inputs the target takes.
fn soak(entry: Target, seeds: &[Vec<u8>], (worker, runs): (u64, u64)) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(worker);
    let (mut input, mut taken) = (Vec::with_capacity(MAX_LEN), 0);
    for _ in 0..runs {
        input.clear();
        input.extend_from_slice(pick(seeds, &mut rng));
        for _ in 0..=below(4, &mut rng) {
            alter(&mut input, seeds, &mut rng);
        }
        input.truncate(MAX_LEN);
        taken += u64::from(entry(&input));
    }
    taken
}

/// One small change, or a piece of another seed.
fn alter(input: &mut Vec<u8>, seeds: &[Vec<u8>], rng: &mut ChaCha8Rng) {
    let place = below(input.len() + 1, rng);
    let byte = rng.next_u32().to_le_bytes()[0];
    match (below(8, rng), input.get_mut(place)) {
        (0..=2, Some(found)) => *found ^= 1 << (byte % 8),
        (3, Some(found)) => *found = byte,
        (4, Some(found)) => *found = found.wrapping_add(byte % 9).wrapping_sub(4),
        (5, Some(_)) => {
            let end = (place + 1 + below(8, rng)).min(input.len());
            input.drain(place..end);
        }
        (6, _) => input.insert(place, byte),
        _ => {
            let other = pick(seeds, rng);
            let from = below(other.len() + 1, rng);
            input.truncate(place);
            input.extend_from_slice(&other[from..]);
        }
    }
}

fn pick<'a>(seeds: &'a [Vec<u8>], rng: &mut ChaCha8Rng) -> &'a [u8] {
    &seeds[below(seeds.len(), rng)]
}

fn below(bound: usize, rng: &mut ChaCha8Rng) -> usize {
    rng.next_u32() as usize % bound
}
