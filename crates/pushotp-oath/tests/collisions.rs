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

/// What one verification says: the code, the step of now, steps on each side, the last step, and what to store.
const TABLE: [(&str, u64, u8, u64, Option<u64>); 12] = [
    ("235522", 62_075_368, 1, 62_075_360, Some(62_075_369)),
    ("235522", 62_075_369, 1, 62_075_369, None),
    // Its twin is outside the window, and is refused for it from then on, wherever the window stands.
    ("235522", 62_075_367, 1, 62_075_360, Some(62_075_368)),
    ("235522", 62_075_368, 1, 62_075_368, None),
    ("235522", 62_075_369, 1, 62_075_368, None),
    ("235522", 62_075_370, 1, 62_075_368, None),
    ("235522", 62_075_369, 0, 62_075_368, None),
    ("768734", 61_331_809, 1, 61_331_800, Some(61_331_809)),
    ("768734", 61_331_811, 1, 61_331_809, None),
    ("768734", 61_331_810, 1, 61_331_800, Some(61_331_811)),
    ("217436", 60_138_751, 1, 60_138_748, None),
    ("217436", 60_138_751, 1, 60_138_700, Some(60_138_751)),
];

#[test]
fn what_each_window_says() {
    for (code, now, width, last, store) in TABLE {
        let window = Window::new(width, width).unwrap();
        let verdict = Totp::DEFAULT.verify(&key(), code, at(now), window, Some(Step::new(last)));
        match (verdict, store) {
            (Verdict::Match(found), Some(store)) => assert_eq!(found.step(), Step::new(store), "{code} at {now}"),
            (Verdict::Replay, None) => {}
            (verdict, _) => panic!("{code} at {now} after {last}: {verdict:?}"),
        }
    }
}

/// The rule as a sentence, over every place of now and of the last step, for windows that are not symmetric too.
#[test]
fn the_rule_on_every_place() {
    let (key, totp) = (key(), Totp::DEFAULT);
    for (first, second, code) in COLLISIONS {
        let same: Vec<u64> = (first - 12..=second + 12).filter(|s| totp.generate(&key, at(*s)).matches(code)).collect();
        for (past, future) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (0, 2), (1, 3)] {
            let (window, reach) = (Window::new(past, future).unwrap(), u64::from(past) + u64::from(future) + 1);
            for now in first - 4..=second + 4 {
                let inside = now - u64::from(past)..=now + u64::from(future);
                for last in first - 9..=second + 6 {
                    let unused = |s: &u64| *s > last && !same.iter().any(|t| *t <= last && t < s && s - t <= reach);
                    let matching: Vec<u64> = same.iter().copied().filter(|s| inside.contains(s)).collect();
                    let verdict = totp.verify(&key, code, at(now), window, Some(Step::new(last)));
                    match (verdict, matching.iter().any(unused)) {
                        (Verdict::Match(found), true) => assert_eq!(Some(&found.step().get()), matching.last()),
                        (Verdict::Replay, false) => assert!(!matching.is_empty()),
                        (Verdict::Mismatch, false) => assert!(matching.is_empty()),
                        (verdict, _) => panic!("{code}: now {now}, last {last}, {past}/{future}: {verdict:?}"),
                    }
                }
            }
        }
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
