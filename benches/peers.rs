//! The same work by this library and by others, in turns in one run: one code of six digits with each hash function,
//! and the check of a wrong one, one step either way. First all must give the same codes and accept the same steps.
//!
//! Cargo builds a hash crate once for all that use it, here with the erasing that we ask for: totp-rs alone, without
//! it, is a little faster.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops at the first thing that is wrong")]

mod liboath;

use std::{
    ffi::{CStr, CString, c_int},
    hint::black_box,
    time::Duration,
};

use benches::{Contender, ratios};
use criterion::{Criterion, criterion_group, criterion_main};
use liboath::Liboath;
use pushotp_oath::{Key, Step, Totp, Verdict, Window};
use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
use totp_lite::totp_custom;
use totp_rfc::ValidationWindow;

/// One key for all: the length that every library accepts without further features.
const SECRET: &[u8; 20] = b"12345678901234567890";
const NOW: u64 = 1_800_000_000;

/// A hash function by the name that each library has for it.
struct Hash {
    name: &'static str,
    ours: HashAlgorithm,
    totp_rs: totp_rs::Algorithm,
    totp_rfc: totp_rfc::Algorithm,
    totp_lite: fn(u64, u32, &[u8], u64) -> String,
    liboath: c_int,
}

const HASHES: [Hash; 3] = [
    Hash {
        name: "SHA-1",
        ours: HashAlgorithm::Sha1,
        totp_rs: totp_rs::Algorithm::SHA1,
        totp_rfc: totp_rfc::Algorithm::Sha1,
        totp_lite: totp_custom::<totp_lite::Sha1>,
        liboath: 0,
    },
    Hash {
        name: "SHA-256",
        ours: HashAlgorithm::Sha256,
        totp_rs: totp_rs::Algorithm::SHA256,
        totp_rfc: totp_rfc::Algorithm::Sha256,
        totp_lite: totp_custom::<totp_lite::Sha256>,
        liboath: 1,
    },
    Hash {
        name: "SHA-512",
        ours: HashAlgorithm::Sha512,
        totp_rs: totp_rs::Algorithm::SHA512,
        totp_rfc: totp_rfc::Algorithm::Sha512,
        totp_lite: totp_custom::<totp_lite::Sha512>,
        liboath: 2,
    },
];

/// Every library, prepared for a hash function as far as it can be.
struct Libraries<'a> {
    hash: &'a Hash,
    key: Key,
    totp_rs: totp_rs::Totp,
    totp_rfc: totp_rfc::Totp,
    secret: totp_rfc::Secret<'static>,
    liboath: Option<&'a Liboath>,
}

/// What a user typed, as a text of Rust and of C.
struct Typed(String, CString);

impl Typed {
    fn new(text: &str) -> Self {
        Self(text.to_owned(), CString::new(text).unwrap())
    }
}

/// Whether what was typed is accepted.
type Check<'a> = (&'static str, Box<dyn Fn(&Typed) -> bool + 'a>);

impl<'a> Libraries<'a> {
    fn new(hash: &'a Hash, liboath: Option<&'a Liboath>) -> Self {
        let secret = totp_rs::Secret::new_stack(*SECRET);
        Self {
            hash,
            key: Key::new(hash.ours, SecretRef::new(SECRET).unwrap()),
            totp_rs: totp_rs::Builder::new().with_algorithm(hash.totp_rs).with_secret(secret).build().unwrap(),
            totp_rfc: totp_rfc::Totp::new(hash.totp_rfc, totp_rfc::Digits::SIX, 30, 0).unwrap(),
            secret: totp_rfc::Secret::new(SECRET).unwrap(),
            liboath,
        }
    }

    /// The code of a time as the text that each library makes of it.
    fn texts(&self, time: u64) -> Vec<String> {
        let mut texts = vec![
            ours_unprepared(self.hash.ours, time),
            Totp::DEFAULT.generate(&self.key, UnixTime::from_secs(time)).expose().to_owned(),
            self.totp_rs.generate(time).to_string(),
            self.totp_rfc.generate(&self.secret, time).unwrap().to_string(),
            (self.hash.totp_lite)(30, 6, SECRET, time),
        ];
        texts.extend(self.liboath.map(|liboath| {
            let text = liboath.generate(SECRET, time.try_into().unwrap(), self.hash.liboath);
            CStr::from_bytes_until_nul(&text).unwrap().to_str().unwrap().to_owned()
        }));
        texts
    }

    /// One code: in the quickest form that each library documents, and as text from those that make a text of it apart.
    fn codes(&self) -> Vec<Contender<'_>> {
        let mut codes = vec![
            Contender::new("ours", || {
                Totp::DEFAULT.generate(black_box(&self.key), UnixTime::from_secs(black_box(NOW)))
            }),
            Contender::new("ours with nothing prepared, to a String", || {
                ours_unprepared(black_box(self.hash.ours), black_box(NOW))
            }),
            Contender::new("totp-rs", || self.totp_rs.generate(black_box(NOW))),
            Contender::new("totp-rs to a String", || self.totp_rs.generate(black_box(NOW)).to_string()),
            Contender::new("totp-rfc", || self.totp_rfc.generate(black_box(&self.secret), black_box(NOW))),
            Contender::new("totp-rfc to a String", || {
                self.totp_rfc.generate(black_box(&self.secret), black_box(NOW)).map(|code| code.to_string())
            }),
            Contender::new("totp-lite", || (self.hash.totp_lite)(30, 6, black_box(SECRET), black_box(NOW))),
        ];
        if let Some(liboath) = self.liboath {
            let (now, flags) = (NOW.try_into().unwrap(), self.hash.liboath);
            codes.push(Contender::new("liboath", move || liboath.generate(black_box(SECRET), black_box(now), flags)));
        }
        codes
    }

    /// The check of each library that has one; ours also looks back for codes that are used up.
    fn checks(&self) -> Vec<Check<'_>> {
        let last = Some(Step::new(NOW / 30 - 1000));
        let (ours, both) = (Totp::DEFAULT, ValidationWindow::new(1, 1));
        let mut checks: Vec<Check<'_>> = vec![
            (
                "ours",
                Box::new(move |typed| {
                    let now = UnixTime::from_secs(black_box(NOW));
                    matches!(ours.verify(&self.key, &typed.0, now, Window::ONE, last), Verdict::Match(_))
                }),
            ),
            ("totp-rs", Box::new(|typed| self.totp_rs.check(&typed.0, black_box(NOW)).is_some())),
            (
                "totp-rfc",
                Box::new(move |typed| {
                    self.totp_rfc.verify_window(&self.secret, black_box(NOW), both, &typed.0).unwrap().is_some()
                }),
            ),
        ];
        if let Some(liboath) = self.liboath {
            let now = NOW.try_into().unwrap();
            let check = move |typed: &Typed| liboath.validate(SECRET, black_box(now), 1, &typed.1);
            checks.push(("liboath", Box::new(check)));
        }
        checks
    }
}

/// What a program does that keeps no key.
fn ours_unprepared(hash: HashAlgorithm, time: u64) -> String {
    let key = Key::new(hash, SecretRef::new(black_box(SECRET)).unwrap());
    Totp::DEFAULT.generate(&key, UnixTime::from_secs(time)).expose().to_owned()
}

fn assert_same_codes(libraries: &Libraries<'_>) {
    for time in (NOW..).step_by(30).take(1000) {
        let mut texts = libraries.texts(time);
        texts.dedup();
        assert_eq!(texts.len(), 1, "{texts:?} at {time}");
    }
}

/// Three steps and no others, so that each check does the same work.
fn assert_same_window(libraries: &Libraries<'_>) {
    for (name, check) in libraries.checks() {
        for (step, accepted) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let time = UnixTime::from_secs(NOW.checked_add_signed(step * 30).unwrap());
            let typed = Totp::DEFAULT.generate(&libraries.key, time);
            assert_eq!(check(&Typed::new(typed.expose())), accepted, "{name}, step {step}");
        }
    }
}

fn measure(c: &mut Criterion, work: &str, mut contenders: Vec<Contender<'_>>) {
    let mut group = c.benchmark_group(format!("peers/{work}"));
    for contender in &mut contenders {
        group.bench_function(contender.name, |b| b.iter_custom(|calls| contender.run(calls)));
    }
    group.finish();
    ratios(work, &mut contenders);
}

fn peers(c: &mut Criterion) {
    let liboath = Liboath::load();
    if liboath.is_none() {
        println!("skipped: liboath is not installed");
    }
    let all = HASHES.each_ref().map(|hash| Libraries::new(hash, liboath.as_ref()));
    all.iter().for_each(assert_same_codes);
    for libraries in &all {
        measure(c, &format!("one {} code", libraries.hash.name), libraries.codes());
    }

    let [sha1, ..] = &all;
    measure_checks(c, sha1);
}

fn measure_checks(c: &mut Criterion, libraries: &Libraries<'_>) {
    assert_same_window(libraries);
    let (wrong, checks, mut contenders) = (Typed::new("000000"), libraries.checks(), Vec::new());
    for (name, check) in &checks {
        assert!(!check(&wrong), "{name} accepts a wrong code");
        contenders.push(Contender::new(name, || check(black_box(&wrong))));
    }
    measure(c, "a wrong code, one step either way", contenders);
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1));
    targets = peers
}
criterion_main!(benches);
