//! Constant time under valgrind: secrets are marked undefined, and memcheck reports each branch and address that depends on
//! them. Run by `.ci/run`; without valgrind it says "skipped".
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a check stops at the first thing that is wrong")]

#[path = "ct/pin.rs"]
mod pin;

use std::{hint::black_box, process::ExitCode};

use ctcheck::{classify, declassify, errors, on_valgrind};
use pushotp_oath::{
    Counter, DataInput, Hotp, Key, LookAhead, Motp, OcraSuite, Question, ResyncWindow, Steam, Step, Totp, Window,
    Yandex,
};
use pushotp_types::{Code, Digits, HashAlgorithm, SecretRef, TenantId, UnixTime};
use pushotp_wire::{
    Envelope, envelope,
    keys::ChannelKeys,
    message::Cancel,
    state::NumberVerdict,
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
    number(&mut report);
    generation(&mut report);
    verification(&mut report);
    pin_hash(&mut report);
    other_codes(&mut report);
    opening(&mut report);
    pin::check(&mut report);
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

/// What a device sent for the number on the login page, against what the server kept: the six digits, or a keyed hash.
fn number(report: &mut Report) {
    numbers(report, *b"482913", [*b"482913", *b"482910", *b"082913"]);
    numbers(report, [7; 32], [[7; 32], [8; 32], std::array::from_fn(|n| if n == 0 { 8 } else { 7 })]);
}

fn numbers<const N: usize>(report: &mut Report, kept: [u8; N], given: [[u8; N]; 3]) {
    let kept = black_box(kept);
    classify(&kept);
    for given in given {
        let given = black_box(given);
        // Slices of a length that the compiler does not know, as a server has them: for a known one also `==` is free
        // of branches. The verdict is not looked at; it is known to all.
        let found = errors(|| verdict(&NumberVerdict::of(black_box(kept.as_slice()), black_box(given.as_slice()))));
        report.check("number comparison", false, found);
        // The twin, which stops where the two differ.
        let found = errors(|| verdict(&(black_box(kept.as_slice()) == black_box(given.as_slice()))));
        report.check("control: numbers with ==", true, found);
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

/// Every algorithm with a key that is secret; its processor's features are detected before.
fn secret_keys() -> [Key; 3] {
    let (known, secret) = (black_box([7; 20]), black_box([7; 20]));
    classify(&secret);
    [HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512].map(|algorithm| {
        black_box(Totp::DEFAULT.generate(&Key::new(algorithm, SecretRef::new(&known).unwrap()), NOW));
        Key::new(algorithm, SecretRef::new(&secret).unwrap())
    })
}

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

/// Verification: the key, the codes and what was typed are secret. The verdict shows, as one branch where it is a
/// mismatch; nothing may show of single steps, so it is one branch however many steps there are.
fn verification(report: &mut Report) {
    for key in secret_keys() {
        let typed = black_box(*b"000000");
        classify(&typed);
        for width in [0, 1, 31] {
            let window = Window::new(width, width).unwrap();
            for last in [None, Some(Step::new(59_999_999)), Some(Step::new(u64::MAX))] {
                let found = errors(|| verdict(&Totp::DEFAULT.verify(&key, typed, NOW, window, last)));
                report.check("TOTP verification, beyond the verdict", false, found.saturating_sub(VERDICT));
            }
            let look_ahead = LookAhead::new(width).unwrap();
            let found = errors(|| verdict(&Hotp::new(Digits::EIGHT).verify(&key, typed, Counter::new(7), look_ahead)));
            report.check("HOTP verification, beyond the verdict", false, found.saturating_sub(VERDICT));
        }
        let window = ResyncWindow::new(100).unwrap();
        let found = errors(|| verdict(&Totp::DEFAULT.resync(&key, [typed; 3], NOW, window, None)));
        report.check("TOTP resynchronisation, beyond the verdict", false, found.saturating_sub(VERDICT));
        let found = errors(|| verdict(&Hotp::new(Digits::SIX).resync(&key, [typed; 2], Counter::new(7), window)));
        report.check("HOTP resynchronisation, beyond the verdict", false, found.saturating_sub(VERDICT));
        // The twin that stops at the first match, or compares as text does.
        let found = errors(|| {
            (0..9).find(|step| black_box(Hotp::new(Digits::SIX).generate(&key, Counter::new(*step))).matches("000000"))
        });
        report.check("control: the first match ends the search", true, found.saturating_sub(VERDICT));
    }
}

/// How many branches a verdict itself is: found or not, used or not, and what tells its kinds apart.
const VERDICT: usize = 2;

/// A verdict may be known; only its kind is looked at.
fn verdict<T>(verdict: &T) {
    declassify(verdict);
}

/// The hash of a PIN goes into an OCRA response.
fn pin_hash(report: &mut Report) {
    let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QN08-PSHA1").unwrap();
    let [_, key, _] = secret_keys();
    let (pin, typed) = (black_box([9; 20]), black_box(*b"00000000"));
    classify(&pin);
    let input = DataInput { pin_hash: Some(&pin), ..DataInput::new(Question::Numeric("12345678")) };
    report.check("OCRA generation with a PIN", false, errors(|| suite.generate(&key, &input).is_ok()));
    classify(&typed);
    let found = errors(|| verdict(&suite.verify(&key, typed, &input)));
    report.check("OCRA verification with a PIN, beyond the verdict", false, found.saturating_sub(VERDICT));
    let found = errors(|| black_box(pin).iter().position(|byte| *byte == black_box(3)));
    report.check("control: a search in the PIN's hash", true, found);
}

/// The codes of other kinds, whose symbols are no digits.
fn other_codes(report: &mut Report) {
    let (secret, typed) = (black_box([7; 16]), black_box(*b"ABCDEFGH"));
    let first = |len: usize| typed.split_at(len).0;
    black_box(Steam::new(SecretRef::new(&[7; 16]).unwrap()).generate(NOW));
    classify(&secret);
    classify(&typed);
    let secret_ref = SecretRef::new(&secret).unwrap();
    let (steam, yandex) = (Steam::new(secret_ref), Yandex::new(&[7; 16], "1234").unwrap());
    let motp = Motp::new(secret_ref, "1234").unwrap();
    report.check("Steam generation", false, errors(|| steam.generate(NOW)));
    report.check("Mobile-OTP generation", false, errors(|| motp.generate(NOW)));
    let found = [
        errors(|| verdict(&steam.verify(first(5), NOW, Window::ONE, None))),
        errors(|| verdict(&yandex.verify(first(8), NOW, Window::ONE, None))),
        errors(|| verdict(&motp.verify(first(6), NOW, Motp::WINDOW, None))),
    ];
    for found in found {
        report.check("verification of other codes, beyond the verdict", false, found.saturating_sub(VERDICT));
    }
    let found = errors(|| first(5).iter().filter(|byte| b"23456789BCDFGHJKMNPQRTVWXY".contains(byte)).count());
    report.check("control: a search in the symbols", true, found);
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
    // An envelope for a kid that nobody has, and one for another's: the kid is public, the keys beside it are not.
    for place in [64, 72] {
        let mut other = black_box(exposed);
        declassify(other.split_at(64).0);
        other[place] ^= 1;
        classify(other.split_at(64).0);
        let others = ChannelKeys::from_exposed(&other).unwrap();
        let parsed = Envelope::parse(&bytes).unwrap();
        let verdict = if place == 64 { 0 } else { 2 };
        let found = errors(|| parsed.open(&others, &tenant).is_ok());
        report.check("envelope opening with other kids, beyond the verdict", false, found.saturating_sub(verdict));
    }
    let leaky = errors(|| {
        let key = black_box(exposed);
        classify(&key);
        key.iter().position(|byte| *byte != 7)
    });
    report.check("control: a search in the key", true, leaky);
}
