//! One TOTP code against the two compressions that HMAC-SHA-1 cannot do without, and a verification against one code.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops at the first thing that is wrong")]

use std::hint::black_box;

use benches::ratio;
use criterion::{Criterion, criterion_group, criterion_main};
use pushotp_oath::{Key, Totp, Verdict, Window};
use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
use sha1::block_api::compress;

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

fn key() -> Key {
    Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890").unwrap())
}

/// What remains of HMAC once its midstates are prepared.
fn two_compressions(blocks: &[[u8; 64]; 2]) -> [u32; 5] {
    let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in blocks {
        compress(&mut state, std::slice::from_ref(block));
    }
    state
}

fn one_code(c: &mut Criterion) {
    let (key, blocks) = (key(), [[0x5a; 64]; 2]);
    let code = || Totp::DEFAULT.generate(black_box(&key), black_box(NOW));
    let bare = || two_compressions(black_box(&blocks));
    c.bench_function("totp/one code, prepared key", |b| b.iter(code));
    c.bench_function("totp/two SHA-1 compressions", |b| b.iter(bare));
    ratio("one TOTP code / two compressions", 1.4, code, bare);
}

fn one_verification(c: &mut Criterion) {
    let key = key();
    let last = Totp::DEFAULT.step_at(UnixTime::from_secs(1_799_000_000));
    let right = Totp::DEFAULT.generate(&key, NOW);
    let wrong = if right.expose() == "000000" { "000001" } else { "000000" };
    let verify = || Totp::DEFAULT.verify(black_box(&key), black_box(wrong), black_box(NOW), Window::ONE, Some(last));
    assert!(matches!(verify(), Verdict::Mismatch));
    let code = || Totp::DEFAULT.generate(black_box(&key), black_box(NOW));
    c.bench_function("totp/verify a wrong code, one step either way", |b| b.iter(verify));
    ratio("a verification with look-back / one code", 6.5, verify, code);
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = one_code, one_verification
}
criterion_main!(benches);
