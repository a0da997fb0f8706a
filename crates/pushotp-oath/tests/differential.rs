//! The prepared keys against the `hmac` crate, and RFC 4226's truncation written anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead, OcraSuite, Totp, Verdict, Window};
use pushotp_types::{Digits, HashAlgorithm, SecretRef, UnixTime};

fn mac(algorithm: HashAlgorithm, secret: &[u8], message: &[u8]) -> Vec<u8> {
    match algorithm {
        HashAlgorithm::Sha1 => {
            Hmac::<sha1::Sha1>::new_from_slice(secret).unwrap().chain_update(message).finalize().into_bytes().to_vec()
        }
        HashAlgorithm::Sha256 => {
            Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap().chain_update(message).finalize().into_bytes().to_vec()
        }
        HashAlgorithm::Sha512 => {
            Hmac::<sha2::Sha512>::new_from_slice(secret).unwrap().chain_update(message).finalize().into_bytes().to_vec()
        }
    }
}

fn reference(algorithm: HashAlgorithm, secret: &[u8], counter: u64, digits: u8) -> String {
    let mac = mac(algorithm, secret, &counter.to_be_bytes());
    let offset = usize::from(mac[mac.len() - 1] & 15);
    let value = u64::from(u32::from_be_bytes(mac[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff);
    let width = usize::from(digits);
    format!("{:0width$}", value % 10_u64.pow(u32::from(digits)))
}

fn algorithm() -> impl Strategy<Value = HashAlgorithm> {
    prop_oneof![Just(HashAlgorithm::Sha1), Just(HashAlgorithm::Sha256), Just(HashAlgorithm::Sha512)]
}

proptest! {
    #[test]
    fn codes_are_those_of_another_implementation(
        algorithm in algorithm(), secret in prop::collection::vec(any::<u8>(), 16..200), counter: u64, digits in 6..=10_u8,
    ) {
        let key = Key::new(algorithm, SecretRef::new(&secret).unwrap());
        let code = Hotp::new(Digits::new(digits).unwrap()).generate(&key, Counter::new(counter));
        prop_assert_eq!(code.expose(), reference(algorithm, &secret, counter, digits));
    }

    #[test]
    fn a_code_is_taken_in_its_window_and_once(now in 200..4_000_000_000_u64, drift in -2_i64..=2) {
        let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890").unwrap());
        let shown = UnixTime::from_secs(now.saturating_add_signed(drift * 30));
        let (code, now) = (Totp::DEFAULT.generate(&key, shown), UnixTime::from_secs(now));
        match Totp::DEFAULT.verify(&key, code.expose(), now, Window::ONE, None) {
            Verdict::Match(found) => {
                let again = Totp::DEFAULT.verify(&key, code.expose(), now, Window::ONE, Some(found.step()));
                prop_assert_eq!(again, Verdict::Replay);
            }
            // Beyond the window, but for a collision.
            _ => prop_assert!(drift.abs() == 2),
        }
    }

    #[test]
    fn nothing_typed_panics_or_passes(typed in ".{0,20}", suite in "[A-Za-z0-9:-]{0,60}") {
        let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(b"12345678901234567890").unwrap());
        let now = UnixTime::from_secs(1_800_000_000);
        let right = Totp::DEFAULT.generate(&key, now);
        if typed != right.expose() {
            prop_assert_eq!(Totp::DEFAULT.verify(&key, &typed, now, Window::new(0, 0).unwrap(), None), Verdict::Mismatch);
            let verdict = Hotp::new(Digits::SIX).verify(&key, &typed, Counter::new(u64::MAX), LookAhead::new(0).unwrap());
            prop_assert!(matches!(verdict, HotpVerdict::Mismatch) || typed.len() == 6);
        }
        let _ = OcraSuite::parse(&suite);
    }
}

/// 100,000 mutated suites: what parses keeps its text, which is the prefix of the MAC.
#[test]
fn hostile_suites() {
    let seeds =
        ["OCRA-1:HOTP-SHA256-8:QH64", "OCRA-1:HOTP-SHA512-8:C-QN08-PSHA1-S064-T1M", "OCRA-1:HOTP-SHA1-0:QA10-T48H"];
    let (mut state, mut taken, mut refused) = (1_u64, 0, 0);
    let mut next = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    for _ in 0..100_000 {
        let mut text = seeds[next(3)].as_bytes().to_vec();
        for _ in 0..=next(3) {
            let at = next(text.len());
            match next(3) {
                0 => text[at] = b"OCRAHTPSQN-:0123456789MX\xc3"[next(25)],
                1 => drop(text.remove(at)),
                _ => text.insert(at, b"0123456789-:ST"[next(14)]),
            }
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        match OcraSuite::parse(&text) {
            Ok(suite) => {
                assert_eq!(suite.as_str(), text);
                taken += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(taken > 100 && refused > 10_000, "{taken} taken, {refused} refused");
}

#[test]
fn a_key_and_a_code_are_silent() {
    let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890").unwrap());
    let code = Totp::DEFAULT.generate(&key, UnixTime::from_secs(59));
    let shown = format!("{key:?} {code:?}");
    assert!(!shown.contains("287082") && !shown.contains("49, 50") && !shown.contains("1234"), "{shown}");
}
