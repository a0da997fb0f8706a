//! What a policy finds, at each of its bounds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use pushotp_oath::{Hotp, Period, Policy, Totp, Violation};
use pushotp_types::{Digits, SecretRef};

/// The bytes of a key, the digits of a code, the seconds of a period, and what is found.
type Case = (usize, u8, u32, &'static [Violation]);

const SHORT_CODE: Violation = Violation::Digits { digits: FIVE, floor: Digits::SIX };
const FIVE: Digits = match Digits::danger_short(5) {
    Ok(digits) => digits,
    Err(_) => Digits::SIX,
};

const CASES: [Case; 8] = [
    (14, 6, 30, &[]),
    (13, 6, 30, &[Violation::Key { bits: 104, floor: 112 }]),
    (64, 10, 120, &[]),
    (64, 10, 121, &[Violation::Period { secs: 121, ceiling: 120 }]),
    (64, 5, 30, &[SHORT_CODE]),
    (64, 7, 1, &[]),
    (
        1,
        5,
        u32::MAX,
        &[Violation::Key { bits: 8, floor: 112 }, SHORT_CODE, Violation::Period { secs: u32::MAX, ceiling: 120 }],
    ),
    (13, 6, 121, &[Violation::Key { bits: 104, floor: 112 }, Violation::Period { secs: 121, ceiling: 120 }]),
];

#[test]
fn nist_sp_800_63b_4() {
    for (bytes, digits, secs, expected) in CASES {
        let (key, digits) = ([7; 64], Digits::danger_short(digits).unwrap());
        let secret = SecretRef::danger_import_weak(&key[..bytes]).unwrap();
        let totp = Totp::new(digits, Period::from_secs(secs).unwrap());
        let found: Vec<_> = Policy::NIST_SP_800_63B_4.totp(secret, &totp).collect();
        assert_eq!(found, expected, "{bytes} {digits:?} {secs}");
        // The same of a code that counts, which has no period.
        let found: Vec<_> = Policy::NIST_SP_800_63B_4.hotp(secret, &Hotp::new(digits)).collect();
        let expected: Vec<_> = expected.iter().filter(|v| !matches!(v, Violation::Period { .. })).copied().collect();
        assert_eq!(found, expected, "{bytes} {digits:?}");
    }
}

#[test]
fn rfc_4226() {
    let found = |bytes: usize| {
        let key = [7; 64];
        let secret = SecretRef::danger_import_weak(&key[..bytes]).unwrap();
        let hour = Totp::new(Digits::SIX, Period::from_secs(3600).unwrap());
        Policy::RFC_4226.totp(secret, &hour).collect::<Vec<_>>()
    };
    assert_eq!(found(16), []);
    assert_eq!(found(15), [Violation::Key { bits: 120, floor: 128 }]);
}

#[test]
fn violations_say_what_is_wrong() {
    let texts: Vec<_> = CASES[6].3.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "a key of 8 bits is weaker than 112 bits",
            "a code of 5 digits is shorter than 6",
            "a period of 4294967295 s is longer than 120 s",
        ]
    );
}
