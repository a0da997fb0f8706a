//! Offline search for the PIN by whoever has the blob and the device key: ranks every PIN by how likely its secret
//! looks. With uniform secrets the right PIN must rank anywhere; with any other it must be found, or the scorers are
//! blind and the test is worth nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/attacker.rs"]
mod attacker;
#[path = "fixture/fixture.rs"]
mod fixture;
#[path = "fixture/scorers.rs"]
mod scorers;

use attacker::Attacker;
use fixture::{rng, seal};
use hmac::{Hmac, KeyInit, Mac};
use rand_chacha::{ChaCha20Rng, rand_core::Rng};
use scorers::{SCORERS, kolmogorov_smirnov};
use sha2::{Digest, Sha256};

/// What is sealed, of 32 random bytes.
type Shape = fn([u8; 32]) -> Vec<u8>;

/// A number below `bound`, which is small.
fn below(bound: u32, rng: &mut ChaCha20Rng) -> u32 {
    rng.next_u32() % bound
}

/// The candidates of one token, `pins` PINs long, and the place of the right one.
fn token(seed: u64, pins: u32, shape: Shape) -> (Vec<Vec<u8>>, usize) {
    let mut rng = rng(seed);
    let mut random = [0; 32];
    rng.fill_bytes(&mut random);
    let right = below(pins, &mut rng);
    let blob = seal(&shape(random), &format!("{right:04}"), seed);
    let mut attacker = Attacker::new(blob.as_bytes(), &fixture::DEVICE_KEY);
    ((0..pins).map(|pin| attacker.secret(&format!("{pin:04}"))).collect(), right as usize)
}

/// Per scorer the ranks of the right PIN, 0 for the likeliest and 1 for the last, over all tokens.
fn ranks(tokens: u64, pins: u32, shape: Shape) -> Vec<Vec<f64>> {
    let mut ranks = vec![Vec::new(); SCORERS.len()];
    for seed in 0..tokens {
        let (candidates, right) = token(seed, pins, shape);
        let mut rng = rng(seed + 1_000_000);
        for (scorer, ranks) in SCORERS.iter().zip(&mut ranks) {
            let scores: Vec<f64> = candidates.iter().map(|secret| (scorer.score)(secret)).collect();
            let before = scores.iter().filter(|score| **score > scores[right]).count();
            let equal = scores.iter().filter(|score| **score >= scores[right]).count() - before;
            // Among equals the place is drawn, and spread within it, so that the rank of a blind scorer is uniform.
            let place =
                f64::from(u32::try_from(before).unwrap()) + f64::from(u32::try_from(equal).unwrap()) * unit(&mut rng);
            ranks.push(place / f64::from(pins));
        }
    }
    ranks
}

/// Uniform in 0..1.
fn unit(rng: &mut ChaCha20Rng) -> f64 {
    f64::from(rng.next_u32()) / 4_294_967_296.0
}

/// How often the right PIN is among the best hundredth.
fn best_hundredth(ranks: &[f64]) -> f64 {
    let best = ranks.iter().filter(|rank| **rank < 0.01).count();
    f64::from(u32::try_from(best).unwrap()) / f64::from(u32::try_from(ranks.len()).unwrap())
}

/// The scorers that tell the right PIN: by the shape of its ranks (corrected for their number) or by the best hundredth.
fn seeing(ranks: &[Vec<f64>]) -> Vec<&'static str> {
    let sees = |ranks: &[f64]| {
        let count = f64::from(u32::try_from(ranks.len()).unwrap());
        let sigma = (0.01 * 0.99 / count).sqrt();
        let scorers = f64::from(u32::try_from(SCORERS.len()).unwrap());
        kolmogorov_smirnov(ranks) * scorers <= 0.001 || best_hundredth(ranks) > 0.01 + 4.0 * sigma
    };
    SCORERS.iter().zip(ranks).filter(|(_, ranks)| sees(ranks)).map(|(scorer, _)| scorer.name).collect()
}

#[test]
fn uniform_secrets_give_nothing_away() {
    let ranks = ranks(400, 500, |random| random.to_vec());
    assert_eq!(seeing(&ranks), Vec::<&str>::new());
}

/// The same at full size: 1,000 tokens and all PINs of four digits.
#[test]
#[ignore = "minutes: cargo test --release -p pushotp-pin --test oracle -- --ignored"]
fn uniform_secrets_give_nothing_away_at_full_size() {
    let ranks = ranks(1_000, 10_000, |random| random.to_vec());
    assert_eq!(seeing(&ranks), Vec::<&str>::new());
}

/// Secrets that are text or DES keys: the right PIN is the very best, always.
#[test]
fn text_and_parity_are_found_at_once() {
    let shapes: [(Shape, &str); 3] = [
        (|random| random.map(|byte| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(byte % 32)]).to_vec(), "base32"),
        (|random| random.map(|byte| b"0123456789abcdef"[usize::from(byte % 16)]).to_vec(), "hex"),
        (|random| random.map(|byte| byte & 0xfe | u8::from((byte >> 1).count_ones() % 2 == 0)).to_vec(), "parity"),
    ];
    for (shape, scorer) in shapes {
        let ranks = ranks(20, 200, shape);
        let at = SCORERS.iter().position(|known| known.name == scorer).unwrap();
        assert!(best_hundredth(&ranks[at]) > 0.99, "{scorer}");
    }
}

/// One byte of 32 that is not uniform is seen.
#[test]
fn a_single_biased_byte_is_seen() {
    let shapes: [(Shape, u64); 2] =
        [(|random| [&[0], &random[1..]].concat(), 60), (|random| [&[random[0] & 0x0f], &random[1..]].concat(), 60)];
    for (shape, tokens) in shapes {
        let seeing = seeing(&ranks(tokens, 200, shape));
        assert!(seeing.contains(&"first byte"), "{seeing:?}");
    }
}

/// How many of 200 PINs a stored function of the secret leaves, as a mean over ten tokens.
fn left(stored: impl Fn(&[u8]) -> Vec<u8>) -> f64 {
    let mut sum = 0;
    for seed in 0..10 {
        let (candidates, right) = token(seed, 200, |random| random.to_vec());
        let known = stored(&candidates[right]);
        sum += candidates.iter().filter(|secret| stored(secret) == known).count();
    }
    f64::from(u32::try_from(sum).unwrap()) / 10.0
}

/// Check values are not seen by any scorer, but they leave few PINs: an AEAD's tag and a message under the secret one.
#[test]
fn check_values_leave_few_pins() {
    let aead = |secret: &[u8]| Sha256::digest(secret)[..16].to_vec();
    let push = |secret: &[u8]| {
        let mut hmac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        hmac.update(b"approve the login?");
        hmac.finalize().into_bytes().to_vec()
    };
    assert!((left(|_| Vec::new()) - 200.0).abs() < 0.5, "nothing stored leaves all");
    let three_bits = left(|secret| vec![Sha256::digest(secret)[0] & 7]);
    assert!((15.0..40.0).contains(&three_bits), "{three_bits}");
    assert!((left(aead) - 1.0).abs() < 0.05);
    assert!((left(push) - 1.0).abs() < 0.05);
}
