//! Constant time under valgrind: secrets are marked undefined, and memcheck reports each branch and address that depends on
//! them. Run by `.ci/run`; without valgrind it says "skipped".
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a check stops at the first thing that is wrong")]

use std::{hint::black_box, process::ExitCode};

use ctcheck::{classify, declassify, errors, on_valgrind};
use pushotp_oath::{Counter, DataInput, Hotp, Key, OcraSuite, Question, Totp};
use pushotp_types::{Code, Digits, HashAlgorithm, SecretRef, TenantId, UnixTime};
use pushotp_wire::{
    Envelope, envelope,
    keys::ChannelKeys,
    message::Cancel,
    terms::{CancelReason, ChallengeId},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

#[derive(Default)]
struct Report {
    passed: u32,
    failed: u32,
}

impl Report {
    fn check(&mut self, name: &str, leaky: bool, found: usize) {
        let ok = (found > 0) == leaky;
        let expected = if leaky { "some" } else { "none" };
        println!("{} {name}: {found} errors, expected {expected}", if ok { "ok  " } else { "FAIL" });
        if ok { self.passed += 1 } else { self.failed += 1 }
    }
}

fn main() -> ExitCode {
    if !on_valgrind() {
        println!("skipped: not under valgrind");
        return if std::env::var_os("CT_REQUIRED").is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let mut report = Report::default();
    comparison(&mut report);
    generation(&mut report);
    opening(&mut report);
    println!("{} passed, {} failed", report.passed, report.failed);
    if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A typed code against the right one: neither may show, nor where they differ.
fn comparison(report: &mut Report) {
    let value = black_box(64_727_617);
    classify(&value);
    // Its digits are secret from here on; how many there are is not.
    let mut right = None;
    report.check("code from a value", false, errors(|| right = Some(Code::from_value(value, Digits::EIGHT))));
    let right = right.unwrap();
    for typed in ["64727617", "64727618", "04727617"] {
        let typed: [u8; 8] = black_box(typed.as_bytes().try_into().unwrap());
        let found = errors(|| {
            let same = right.ct_matches(&typed);
            declassify(&same);
            bool::from(same)
        });
        report.check("code comparison", false, found);
        classify(&typed);
        let found = errors(|| black_box(*b"64727617") == black_box(typed) && black_box(true));
        report.check("control: slices with ==", true, found);
    }
}

/// A prepared key's code: the key's midstates and the MAC are secret, the digits that come out are not.
fn generation(report: &mut Report) {
    let (known, secret) = (black_box([7; 20]), black_box([7; 20]));
    classify(&secret);
    let question = [9; 32];
    let input = DataInput::new(Question::Hash(&question));
    for algorithm in [HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512] {
        // Run-time detection of the processor is cached before anything is secret.
        let key = Key::new(algorithm, SecretRef::new(&known).unwrap());
        black_box(Totp::DEFAULT.generate(&key, UnixTime::from_secs(59)));
        let mut key = None;
        let found = errors(|| key = Some(Key::new(algorithm, SecretRef::new(&secret).unwrap())));
        report.check("key preparation", false, found);
        let key = key.unwrap();
        let found = errors(|| Hotp::new(Digits::SIX).generate(&key, Counter::new(1)));
        report.check("HOTP generation", false, found);
        report.check("TOTP generation", false, errors(|| Totp::DEFAULT.generate(&key, UnixTime::from_secs(59))));
        if algorithm == HashAlgorithm::Sha256 {
            report.check("OCRA generation", false, errors(|| OcraSuite::PUSH.generate(&key, &input).is_ok()));
        }
    }
    let found = errors(|| {
        let table = black_box([1_u8; 256]);
        table.get(usize::from(black_box(secret).first().copied().unwrap_or(0))).copied()
    });
    report.check("control: a table indexed by a byte of the key", true, found);
}

/// Opening an envelope: the channel keys are secret; whether the tag was right may be known.
fn opening(report: &mut Report) {
    let tenant = TenantId::new(b"example.com").unwrap();
    let exposed = black_box([7; 80]);
    let keys = ChannelKeys::from_exposed(&exposed).unwrap();
    let cancel =
        Cancel::new(ChallengeId::from_bytes([1; 16]), CancelReason::PageClosed, UnixTime::from_secs(1_800_000_000));
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut bytes = envelope::seal(&cancel.encode().unwrap(), &keys, &tenant, &mut rng).unwrap();
    black_box(Envelope::parse(&bytes).unwrap().open(&keys, &tenant).is_ok());
    // The first 64 bytes are sealing key and PSK; the kids behind them are public.
    classify(exposed.split_at(64).0);
    let keys = ChannelKeys::from_exposed(&exposed).unwrap();
    let len = bytes.len();
    for place in [len - 1, len - 16, len - 17] {
        // Altered in the tag or in front of it: nothing of the plaintext may be looked at.
        bytes[place] ^= 1;
        let parsed = Envelope::parse(&bytes).unwrap();
        let found = errors(|| parsed.open(&keys, &tenant).is_ok());
        // The verdict itself shows, as two branches of the AEAD: on the tag, and on the result that says so.
        report.check("envelope opening, beyond the verdict", false, found.saturating_sub(2));
        bytes[place] ^= 1;
    }
    let leaky = errors(|| {
        let key = black_box(exposed);
        classify(&key);
        key.iter().position(|byte| *byte != 7)
    });
    report.check("control: a search in the key", true, leaky);
}
