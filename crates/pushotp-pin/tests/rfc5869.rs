//! HKDF with SHA-256, the only hash function that a blob uses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/fixture.rs"]
mod fixture;

use fixture::{cases, hex, number, unhex};
use hkdf::Hkdf;
use sha2::Sha256;

#[test]
fn appendix_a() {
    for case in cases("rfc5869_hkdf_sha256.json") {
        let field = |name: &str| unhex(case[name].as_str().unwrap());
        let (prk, hkdf) = Hkdf::<Sha256>::extract(Some(&field("salt_hex")), &field("ikm_hex"));
        assert_eq!(hex(&prk), case["prk_hex"], "{}", case["id"]);
        let mut okm = vec![0; number(&case["length"]) as usize];
        let info = field("info_hex");
        // In two parts, as the blob's label and hash are given to it.
        let (front, back) = info.split_at(info.len() / 2);
        hkdf.expand_multi_info(&[front, back], &mut okm).unwrap();
        assert_eq!(hex(&okm), case["expect"], "{}", case["id"]);
    }
}
