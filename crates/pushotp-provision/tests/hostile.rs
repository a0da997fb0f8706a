//! 100,000 random and mutated texts at each parser: no panic, and each law holds on what is taken.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use pushotp_provision::{Policy, enrolment, otpauth};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

const SEEDS: [&str; 3] = [
    "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example&algorithm=SHA256&digits=8&period=60",
    "otpauth://hotp/a%20b%3Ac?secret=gezd%20gnbv&counter=18446744073709551615",
    "pushotp://enrol#iQFLZXhhbXBsZS5jb21QAQEBAQEBAQEBAQEBAQEBAVACAgICAgICAgICAgICAgICAVggCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQlYIAMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDeB5odHRwczovL2xvZ2luLmV4YW1wbGUuY29tL3B1c2gaa0nSAA",
];

fn mutated(rng: &mut ChaCha20Rng) -> String {
    let mut bytes = SEEDS[rng.next_u32() as usize % SEEDS.len()].as_bytes().to_vec();
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

#[test]
fn no_text_panics_or_breaks_a_law() {
    let mut rng = ChaCha20Rng::seed_from_u64(20_261_124);
    let (mut taken, mut refused) = (0_u32, 0_u32);
    for round in 0..100_000 {
        let text = if round % 4 == 0 { random(&mut rng) } else { mutated(&mut rng) };
        match otpauth::parse(&text, &Policy::app()) {
            Ok(parsed) => {
                taken += 1;
                if let Ok(uri) = otpauth::write(&parsed.credential) {
                    assert_eq!(otpauth::parse(&uri, &Policy::app()).unwrap().credential, parsed.credential, "{text}");
                }
                if otpauth::parse(&text, &Policy::server()).is_ok() {
                    assert!(parsed.credential.secret().expose().len() >= 10, "{text}");
                }
            }
            Err(_) => refused += 1,
        }
        if let Ok(offer) = enrolment::parse(&text) {
            let again = enrolment::write(&offer).unwrap();
            assert!(again.eq_ignore_ascii_case(&text) && again[16..] == text[16..], "{text}");
        }
    }
    assert!(taken > 1_000 && refused > 1_000, "{taken} taken, {refused} refused: the mutations prove nothing");
}
