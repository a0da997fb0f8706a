//! Whether times tell secrets apart, by statistics: Welch's t-test between two classes of inputs that take turns at random.
//!
//! The check under valgrind in `crates/ctcheck` is exact, and does not see the code paths of special instructions, which
//! this one times. |t| below 4.5 is no sign of a leak; a leaky twin shows that the test can find one. On a busy machine
//! run it again before believing it.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops at the first thing that is wrong")]

use std::{hint::black_box, time::Instant};

use pushotp_oath::{Key, Totp, Window};
use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
/// How many times each operation is timed, in both classes together.
const SAMPLES: usize = 200_000;

type Run<'a> = Box<dyn Fn(&[u8; 20]) + 'a>;

/// What is done with an input, and the input that is compared with random ones.
struct Subject<'a> {
    name: &'static str,
    run: Run<'a>,
    special: [u8; 20],
}

fn main() {
    let test = std::env::args().any(|argument| argument == "--test");
    let keys = [HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512]
        .map(|algorithm| Key::new(algorithm, SecretRef::new(b"12345678901234567890").unwrap()));
    let right = Totp::DEFAULT.generate(&keys[0], NOW);
    // Five right digits and a wrong one, against anything.
    let mut nearly = [b'0'; 20];
    nearly.iter_mut().zip(right.expose().bytes()).for_each(|(place, byte)| *place = byte);
    nearly[5] = if nearly[5] == b'0' { b'1' } else { b'0' };
    for subject in subjects(&keys, nearly) {
        let samples = if test { 100 } else { SAMPLES };
        let t = welch(&measure(&subject, samples));
        let t = if test { "runs".to_owned() } else { format!("t = {t:+.1}") };
        println!("leakage {}: {t}", subject.name);
    }
}

fn subjects(keys: &[Key; 3], nearly: [u8; 20]) -> Vec<Subject<'_>> {
    let (expected, zeros) = (black_box(nearly), [0; 20]);
    let prepare = |algorithm| {
        Box::new(move |secret: &[u8; 20]| drop(black_box(Key::new(algorithm, SecretRef::new(secret).unwrap()))))
    };
    let verify = |key| {
        Box::new(move |typed: &[u8; 20]| {
            let _ = black_box(Totp::DEFAULT.verify(key, &typed[..6], NOW, Window::ONE, None));
        })
    };
    vec![
        Subject { name: "preparing a SHA-1 key of zeros", run: prepare(HashAlgorithm::Sha1), special: zeros },
        Subject { name: "preparing a SHA-256 key of zeros", run: prepare(HashAlgorithm::Sha256), special: zeros },
        Subject { name: "preparing a SHA-512 key of zeros", run: prepare(HashAlgorithm::Sha512), special: zeros },
        Subject { name: "verifying five right digits, SHA-1", run: verify(&keys[0]), special: nearly },
        Subject { name: "verifying five right digits, SHA-256", run: verify(&keys[1]), special: nearly },
        Subject { name: "verifying five right digits, SHA-512", run: verify(&keys[2]), special: nearly },
        Subject {
            name: "control, a comparison that stops at the first difference (a leak)",
            run: Box::new(move |typed| {
                black_box(typed.iter().zip(&expected).all(|(a, b)| black_box(a) == black_box(b)));
            }),
            special: nearly,
        },
    ]
}

/// Nanoseconds of the special input and of random ones, each a batch of calls, in random order.
fn measure(Subject { run, special, .. }: &Subject<'_>, samples: usize) -> [Vec<f64>; 2] {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    // All inputs are there before the first is used: what is only just written is read more slowly.
    let inputs: Vec<(bool, [u8; 20])> = (0..samples)
        .map(|_| {
            let random = [(); 20].map(|()| b'0' + (rng.next_u32() % 10) as u8);
            if rng.next_u32() % 2 == 0 { (true, *special) } else { (false, random) }
        })
        .collect();
    let (mut specials, mut randoms) = (Vec::with_capacity(samples), Vec::with_capacity(samples));
    for (is_special, input) in &inputs {
        let start = Instant::now();
        for _ in 0..4 {
            run(black_box(input));
        }
        let time = start.elapsed().as_secs_f64() * 1e9 / 4.0;
        if *is_special { specials.push(time) } else { randoms.push(time) }
    }
    [specials, randoms]
}

/// Welch's t of two samples, without the slowest tenth, which is what else the machine did.
fn welch(times: &[Vec<f64>; 2]) -> f64 {
    let mut all: Vec<f64> = times.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let limit = all.get(all.len() * 9 / 10).copied().unwrap_or(f64::MAX);
    let [(a, s), (b, r)] = times.each_ref().map(|times| moments(times.iter().copied().filter(|time| *time <= limit)));
    (a - b) / (s + r).sqrt()
}

/// The mean, and the variance of the mean.
fn moments(times: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let (count, sum) = times.clone().fold((0.0, 0.0), |(count, sum), time| (count + 1.0, sum + time));
    let mean: f64 = sum / count;
    let squares: f64 = times.map(|time| (time - mean).powi(2)).sum();
    (mean, squares / (count - 1.0) / count)
}
