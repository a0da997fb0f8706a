//! Offline search for the PIN by whoever has the blob and the device key: ranks every PIN by how likely its secret
//! looks. With uniform secrets the right PIN must rank anywhere; with any other it must be found, or the scorers are
//! blind and the test is worth nothing.
//!
//! `PUSHOTP_PIN_TOKENS=1000` with `--release` runs it at full size: so many tokens, and all PINs of four digits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/attacker.rs"]
mod attacker;
#[path = "fixture/candidates.rs"]
#[allow(dead_code, reason = "counts of what a check value leaves are another file's")]
mod candidates;
#[path = "fixture/fixture.rs"]
mod fixture;
#[path = "fixture/scorers.rs"]
mod scorers;

use candidates::{Shape, share, size, token};
use fixture::rng;
use scorers::{SCORERS, kolmogorov_smirnov, rank};

/// Per scorer the ranks of the right PIN, 0 for the likeliest and 1 for the last, over all tokens.
fn ranks(tokens: u64, pins: u32, shape: Shape) -> Vec<Vec<f64>> {
    let mut ranks = vec![Vec::new(); SCORERS.len()];
    for seed in 0..tokens {
        let token = token(seed, pins, shape);
        let mut rng = rng(seed + 1_000_000);
        for (scorer, ranks) in SCORERS.iter().zip(&mut ranks) {
            let scores: Vec<f64> = token.candidates.iter().map(|secret| (scorer.score)(secret)).collect();
            ranks.push(rank(&scores, token.right, &mut rng));
        }
    }
    ranks
}

/// How often the right PIN is among the best hundredth.
fn best_hundredth(ranks: &[f64]) -> f64 {
    share(ranks.iter().filter(|rank| **rank < 0.01).count(), ranks.len())
}

fn mean(ranks: &[f64]) -> f64 {
    ranks.iter().sum::<f64>() / share(ranks.len(), 1)
}

/// The scorers that tell the right PIN: by the shape of its ranks, corrected for their number, or by a rate of the best
/// hundredth that is three sigma away from a hundredth.
fn seeing(ranks: &[Vec<f64>]) -> Vec<&'static str> {
    let sees = |ranks: &[f64]| {
        let sigma = (0.01 * 0.99 / share(ranks.len(), 1)).sqrt();
        kolmogorov_smirnov(ranks) * share(SCORERS.len(), 1) <= 0.001
            || (best_hundredth(ranks) - 0.01).abs() > 3.0 * sigma
    };
    SCORERS.iter().zip(ranks).filter(|(_, ranks)| sees(ranks)).map(|(scorer, _)| scorer.name).collect()
}

fn report(what: &str, ranks: &[Vec<f64>]) {
    for (scorer, ranks) in SCORERS.iter().zip(ranks) {
        let (p, best, mean) = (kolmogorov_smirnov(ranks), best_hundredth(ranks) * 100.0, mean(ranks));
        println!("{what}, {:12} KS p {p:.3}, best hundredth {best:6.2} %, mean rank {mean:.3}", scorer.name);
    }
}

#[test]
fn uniform_secrets_give_nothing_away() {
    assert!(SCORERS.len() >= 9);
    let (tokens, pins) = size(400, 300);
    let ranks = ranks(tokens, pins, |random| random.to_vec());
    report(&format!("{tokens} tokens, {pins} PINs"), &ranks);
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
        report(scorer, &ranks);
        assert!(seeing(&ranks).contains(&scorer), "{scorer}");
        let at = SCORERS.iter().position(|known| known.name == scorer).unwrap();
        assert!(best_hundredth(&ranks[at]) > 0.99, "{scorer}");
    }
}

/// One byte of 32 that is not uniform is seen.
#[test]
fn a_single_biased_byte_is_seen() {
    let shapes: [(Shape, &str); 2] = [
        (|random| [&[0], &random[1..]].concat(), "fixed byte"),
        (|random| [&[random[0] & 0x0f], &random[1..]].concat(), "biased byte"),
    ];
    for (shape, what) in shapes {
        let ranks = ranks(60, 200, shape);
        report(what, &ranks);
        assert!(seeing(&ranks).contains(&"first byte"), "{what}");
    }
}
