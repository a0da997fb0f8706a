//! Nothing here allocates: the calls are run under an allocator that counts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::hint::black_box;

use allocation_counter::measure;
use pushotp_oath::{
    Challenge, Counter, Factors, Hotp, Key, LookAhead, Motp, OcraSuite, OneWay, ResyncWindow, Steam, Step, Totp,
    Ungrouped, Window, Yandex,
};
use pushotp_types::{Digits, HashAlgorithm, SecretRef, UnixTime};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

fn allocations<T>(run: impl FnOnce() -> T) -> u64 {
    measure(|| drop(black_box(run()))).count_total
}

#[test]
fn generate_and_verify() {
    let long = [7; 200];
    for algorithm in [HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512] {
        let secret = SecretRef::new(black_box(&long)).unwrap();
        assert_eq!(allocations(|| Key::new(algorithm, secret)), 0);
        let (key, hotp) = (Key::new(algorithm, secret), Hotp::new(Digits::EIGHT));
        assert_eq!(allocations(|| Totp::DEFAULT.generate(&key, NOW)), 0);
        assert_eq!(allocations(|| hotp.generate(&key, Counter::new(7))), 0);
        let wide = Window::new(31, 32).unwrap();
        for typed in ["000000", "", "not a code at all, and longer than any"] {
            assert_eq!(allocations(|| Totp::DEFAULT.verify(&key, typed, NOW, wide, Some(Step::new(1)))), 0);
            assert_eq!(allocations(|| hotp.verify(&key, typed, Counter::new(0), LookAhead::new(63).unwrap())), 0);
            assert_eq!(allocations(|| hotp.resync(&key, [typed; 3], Counter::new(0), ResyncWindow::MAX)), 0);
            assert_eq!(allocations(|| Totp::DEFAULT.resync(&key, [typed; 2], NOW, ResyncWindow::MAX, None)), 0);
            assert_eq!(allocations(|| Ungrouped::new(typed)), 0);
        }
    }
}

#[test]
fn ocra() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let text = "OCRA-1:HOTP-SHA512-8:C-QN64-PSHA1-S064-T1M";
    assert_eq!(allocations(|| OcraSuite::parse(text)), 0);
    let suite = OcraSuite::parse(text).unwrap();
    let key = Key::new(HashAlgorithm::Sha512, SecretRef::new(&[7; 64]).unwrap());
    let factors = Factors {
        counter: Some(Counter::new(1)),
        pin_hash: Some(&[7; 20]),
        session: Some(&[7; 64]),
        timestamp: Some(NOW),
    };
    assert_eq!(allocations(|| OneWay::start(suite, &mut rng).unwrap().finish(&key, "00000000", factors).unwrap()), 0);
    assert_eq!(allocations(|| Challenge::parse(&suite, "12345678")), 0);
}

#[test]
fn other_codes() {
    let secret = SecretRef::new(&[7; 20]).unwrap();
    let steam = || Steam::new(secret).verify(Steam::new(secret).generate(NOW).expose(), NOW, Window::ONE, None);
    assert_eq!(allocations(steam), 0);
    let yandex = || Yandex::new(&[7; 16], "1234").unwrap();
    assert_eq!(allocations(|| yandex().verify(yandex().generate(NOW).expose(), NOW, Window::ONE, None)), 0);
    let motp = || Motp::new(secret, "1234").unwrap();
    assert_eq!(allocations(|| motp().verify(motp().generate(NOW).expose(), NOW, Motp::WINDOW, None)), 0);
}

/// The control: what allocates is counted.
#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| vec![black_box(7_u8); 7]), 1);
}
