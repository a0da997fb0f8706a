//! Reading key URIs: this library, totp-rs, and the `url` crate, which only takes the URI apart. In turns in one run, over
//! the same URIs, which are such that all take them; first they must agree on what they say.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops at the first thing that is wrong")]

use std::hint::black_box;

use benches::{Contender, ratios};
use criterion::{Criterion, criterion_group, criterion_main};
use pushotp_provision::{Credential, Policy, otpauth};
use totp_rs::Totp;
use url::Url;

/// What providers write: with defaults and without, with escapes, with everything.
const URIS: [&str; 4] = [
    "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example",
    "otpauth://totp/Example:alice%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example&algorithm=SHA1&digits=6&period=30",
    "otpauth://totp/ACME%20Co:john.doe%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=ACME%20Co&algorithm=SHA256&digits=8&period=60",
    "otpauth://totp/%E4%BD%A0%E5%A5%BD:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%E4%BD%A0%E5%A5%BD&algorithm=SHA512",
];

fn ours(uri: &str) -> Credential {
    otpauth::parse(uri, &Policy::server()).unwrap().credential
}

/// The parts as text: label and parameters, decoded; no secret, no number and no name is looked at.
fn parts(uri: &str) -> (Url, usize) {
    let url = Url::parse(uri).unwrap();
    let len = url.query_pairs().map(|(name, value)| name.len() + value.len()).sum();
    (url, len)
}

fn all<T>(read: impl Fn(&str) -> T) -> impl FnMut() -> [T; 4] {
    move || URIS.map(|uri| read(black_box(uri)))
}

fn agree() {
    for uri in URIS {
        let (ours, theirs) = (ours(uri), Totp::from_url(uri).unwrap());
        assert_eq!(ours.account(), theirs.account_name());
        assert_eq!(ours.display_issuer(), theirs.issuer());
        assert_eq!(u32::from(ours.digits().get()), u32::from(theirs.digits()));
    }
}

fn provision(c: &mut Criterion) {
    agree();
    let mut group = c.benchmark_group("provision");
    group.bench_function("otpauth, four URIs", |b| b.iter(all(ours)));
    group.finish();
    ratios(
        "four key URIs",
        &mut [
            Contender::new("this library", all(ours)),
            Contender::new("totp-rs", all(|uri| Totp::from_url(uri).unwrap())),
            Contender::new("url, which only takes them apart", all(parts)),
        ],
    );
}

criterion_group!(benches, provision);
criterion_main!(benches);
