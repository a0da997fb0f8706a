//! Two steps near each other with the same digits: a verifier that only compares steps takes a used code again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use pushotp_oath::{Key, Step, Totp, Verdict, Window};
use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};

/// Two steps of the RFC's key, SHA-1, 6 digits, 30 s, and the code of both.
const COLLISIONS: [(u64, u64, &str); 7] = [
    (62_075_368, 62_075_369, "235522"),
    (65_343_997, 65_343_998, "896878"),
    (66_112_179, 66_112_180, "677558"),
    (61_331_809, 61_331_811, "768734"),
    (62_207_444, 62_207_446, "152079"),
    (63_376_892, 63_376_894, "029261"),
    (60_138_748, 60_138_751, "217436"),
];

fn key() -> Key {
    Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890").unwrap())
}

fn at(step: u64) -> UnixTime {
    UnixTime::from_secs(step * 30)
}

#[test]
fn a_used_code_is_not_the_next_steps_code() {
    let (key, totp) = (key(), Totp::DEFAULT);
    for (first, second, code) in COLLISIONS {
        assert_eq!(totp.generate(&key, at(first)).expose(), code);
        assert_eq!(totp.generate(&key, at(second)).expose(), code);
        let Verdict::Match(found) = totp.verify(&key, code, at(first), Window::ONE, Some(Step::new(first - 1))) else {
            panic!("{code}");
        };
        // The highest step that matched is the one to store.
        let highest = if second - first == 1 { second } else { first };
        assert_eq!(found.step(), Step::new(highest), "{code}");
        let again = totp.verify(&key, code, at(second), Window::ONE, Some(found.step()));
        assert_eq!(again, Verdict::Replay, "{code}");
    }
}

/// The negative control: accepting any later step of the window takes the used code again.
#[test]
fn a_verifier_that_only_compares_steps_is_fooled() {
    let (key, totp) = (key(), Totp::DEFAULT);
    let naive = |code: &str, now: u64, last: u64| {
        (now - 1..=now + 1).find(|step| *step > last && totp.generate(&key, at(*step)).matches(code))
    };
    for (first, second, code) in COLLISIONS {
        assert_eq!(naive(code, first - 1, first - 2), Some(first), "{code}");
        assert_eq!(naive(code, second, first), Some(second), "{code}: taken twice");
    }
}

/// A code that nobody used yet is taken, though an older step has the same digits.
#[test]
fn an_unused_code_is_taken() {
    let (key, totp) = (key(), Totp::DEFAULT);
    for (first, second, code) in COLLISIONS {
        let verdict = totp.verify(&key, code, at(second), Window::ONE, Some(Step::new(first - 10)));
        assert!(matches!(verdict, Verdict::Match(found) if found.step() == Step::new(second)), "{code}");
    }
}
