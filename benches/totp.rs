//! One TOTP code against the two compressions that HMAC-SHA-1 cannot do without, and a verification against one code.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a bench stops at the first thing that is wrong"
)]

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

const START: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// What remains of HMAC once its midstates are prepared: the second compression waits for the first.
fn two_compressions(state: &mut [u32; 5], blocks: &[[u8; 64]; 2]) -> u32 {
    for block in blocks {
        compress(state, std::slice::from_ref(block));
    }
    state[0]
}

fn one_code(c: &mut Criterion) {
    let (key, blocks) = (key(), [[0x5a; 64]; 2]);
    let code = || Totp::DEFAULT.generate(black_box(&key), black_box(NOW));
    let mut state = START;
    let mut bare = || two_compressions(&mut state, black_box(&blocks));
    c.bench_function("totp/one code, prepared key", |b| b.iter(code));
    c.bench_function("totp/two SHA-1 compressions", |b| b.iter(&mut bare));
    // One after the other, as they are within a code: the time that somebody waits for.
    ratio("one TOTP code / two compressions", 1.4, code, bare);
    // Many at once: where nothing waits for anything, a processor starts the next two before these have ended. What a
    // code writes and reads at once keeps it from that; the verification of many steps gets round it.
    let overlapping = || two_compressions(&mut { START }, black_box(&blocks));
    ratio("one TOTP code / two compressions that overlap with the next two", f64::INFINITY, code, overlapping);
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
