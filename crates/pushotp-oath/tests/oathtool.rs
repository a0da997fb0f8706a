//! Against `oathtool`, another implementation in another language: 2,000 random cases of HOTP and TOTP.
//!
//! Skipped where it is not installed; an error where `PUSHOTP_REQUIRE_DATA` is set, as it is in CI.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::process::Command;

use data_encoding::HEXLOWER;
use pushotp_oath::{Counter, Hotp, Key, Period, Totp};
use pushotp_types::{Digits, HashAlgorithm, SecretRef, UnixTime};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

fn oathtool(options: &[String]) -> Option<String> {
    let output = Command::new("oathtool").args(options).output().ok()?;
    assert!(output.status.success(), "{options:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().trim_end().to_owned())
}

#[test]
fn two_thousand_codes() {
    if oathtool(&["--version".to_owned()]).is_none() {
        assert!(std::env::var_os("PUSHOTP_REQUIRE_DATA").is_none(), "oathtool is not installed");
        println!("skipped: oathtool is not installed");
        return;
    }
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut cases = [0; 4];
    for round in 0..2_000 {
        let mut secret = vec![0; 16 + rng.next_u32() as usize % 120];
        rng.fill_bytes(&mut secret);
        let digits = Digits::new(6 + u8::try_from(rng.next_u32() % 3).unwrap()).unwrap();
        let kind = round % 4;
        let algorithm = [HashAlgorithm::Sha1, HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512][kind];
        let key = Key::new(algorithm, SecretRef::new(&secret).unwrap());
        let mut options = vec![format!("--digits={}", digits.get())];
        let ours = if kind == 0 {
            let counter = rng.next_u64() >> (rng.next_u32() % 64);
            options.extend(["--hotp".to_owned(), format!("--counter={counter}")]);
            Hotp::new(digits).generate(&key, Counter::new(counter))
        } else {
            let (now, period) = (rng.next_u64() >> (26 + rng.next_u32() % 38), 1 + rng.next_u32() % 7200);
            options.extend([
                format!("--totp={algorithm}"),
                format!("--time-step-size={period}s"),
                format!("--now=@{now}"),
            ]);
            Totp::new(digits, Period::from_secs(period).unwrap()).generate(&key, UnixTime::from_secs(now))
        };
        options.push(HEXLOWER.encode(&secret));
        assert_eq!(oathtool(&options).unwrap(), ours.expose(), "{options:?}");
        cases[kind] += 1;
    }
    assert_eq!(cases, [500; 4]);
}
