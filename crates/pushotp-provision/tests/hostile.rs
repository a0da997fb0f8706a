//! 100,000 random and mutated texts at each parser: no panic, and each law holds on what is taken.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use pushotp_provision::{Policy, enrolment, otpauth};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

const KEY_URIS: [&str; 2] = [
    "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example&algorithm=SHA256&digits=8&period=60",
    "otpauth://hotp/a%20b%3Ac?secret=gezd%20gnbv&counter=18446744073709551615",
];

const OFFERS: [&str; 1] = [
    "pushotp://enrol#iQFLZXhhbXBsZS5jb21QAQEBAQEBAQEBAQEBAQEBAVACAgICAgICAgICAgICAgICAVggCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQlYIAMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDeB5odHRwczovL2xvZ2luLmV4YW1wbGUuY29tL3B1c2gaa0nSAA",
];

fn mutated(seeds: &[&str], rng: &mut ChaCha20Rng) -> String {
    let mut bytes = seeds[rng.next_u32() as usize % seeds.len()].as_bytes().to_vec();
    for _ in 0..=rng.next_u32() % 4 {
        let at = rng.next_u32() as usize % bytes.len();
        match rng.next_u32() % 4 {
            0 => bytes[at] = rng.next_u32().to_le_bytes()[0],
            1 => bytes.truncate(at.max(1)),
            2 => bytes.insert(at, b"%&=:+#?/ "[rng.next_u32() as usize % 9]),
            _ => {
                let other = rng.next_u32() as usize % bytes.len();
                bytes.swap(at, other);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn random(rng: &mut ChaCha20Rng) -> String {
    let mut bytes = vec![0; rng.next_u32() as usize % 200];
    rng.fill_bytes(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One in four is random.
fn texts(seeds: &'static [&'static str]) -> impl Iterator<Item = String> {
    let mut rng = ChaCha20Rng::seed_from_u64(20_261_124);
    (0..100_000).map(move |round| if round % 4 == 0 { random(&mut rng) } else { mutated(seeds, &mut rng) })
}

#[test]
fn key_uris() {
    let (mut taken, mut written) = (0, 0);
    for text in texts(&KEY_URIS) {
        let Ok(parsed) = otpauth::parse(&text, &Policy::app()) else { continue };
        taken += 1;
        if let Ok(uri) = otpauth::write(&parsed.credential) {
            written += 1;
            assert_eq!(otpauth::parse(&uri, &Policy::app()).unwrap().credential, parsed.credential, "{text}");
        }
        if otpauth::parse(&text, &Policy::server()).is_ok() {
            assert!(parsed.credential.secret().expose().len() >= 10, "{text}");
        }
    }
    assert!((1_000..99_000).contains(&taken), "{taken} taken: the mutations prove nothing");
    assert!(written > taken - taken / 10, "{written} of {taken} written");
}

#[test]
fn offers() {
    let mut taken = 0;
    for text in texts(&OFFERS) {
        let Ok(offer) = enrolment::parse(&text) else { continue };
        taken += 1;
        let again = enrolment::write(&offer).unwrap();
        assert!(again.eq_ignore_ascii_case(&text) && again[16..] == text[16..], "{text}");
    }
    assert!((1_000..99_000).contains(&taken), "{taken} taken: the mutations prove nothing");
}
