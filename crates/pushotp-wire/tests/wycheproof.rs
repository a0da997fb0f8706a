//! Signatures of Project Wycheproof, read from beside the tree.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{fs, path::PathBuf};

use pushotp_wire::signer::VerifyingKey;
use serde_json::Value;

fn file(name: &str) -> Option<Value> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors");
    let root = std::env::var_os("PUSHOTP_VECTORS").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let path = root.join("wycheproof").join(name);
    let Ok(text) = fs::read_to_string(&path) else {
        assert!(std::env::var("PUSHOTP_REQUIRE_DATA").as_deref() != Ok("1"), "{} is missing", path.display());
        println!("skipped: {} is missing", path.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap().as_bytes();
    text.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// A signature of another length than 64 is none for our types; every other one gets the verdict of the file.
// protocol.md: SIG-4
#[test]
fn ed25519() {
    let Some(file) = file("ed25519_test.json") else { return };
    let (mut valid, mut invalid) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let key = VerifyingKey::parse(&hex(&group["publicKey"]["pk"])).unwrap();
        for case in group["tests"].as_array().unwrap() {
            let signature = <[u8; 64]>::try_from(hex(&case["sig"]));
            let verified = signature.is_ok_and(|signature| key.verify(&hex(&case["msg"]), &signature).is_ok());
            assert_eq!(verified, case["result"] == "valid", "{} {}", case["tcId"], case["comment"]);
            if verified { valid += 1 } else { invalid += 1 }
        }
    }
    assert_eq!((valid, invalid), (88, 63));
}

/// r and s are 32 bytes each, and s is in the lower half: of two signatures that the mathematics takes, one is ours. So
/// the cases of the file that are valid only with a high s are refused, all of them and nothing else.
#[cfg(feature = "es256")]
// protocol.md: SIG-5
#[test]
fn esp256() {
    let Some(file) = file("ecdsa_secp256r1_sha256_p1363_test.json") else { return };
    let (mut valid, mut high, mut invalid) = (0, 0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let point = hex(&group["publicKey"]["uncompressed"]);
        assert!(VerifyingKey::parse(&point).is_err(), "uncompressed");
        let key = VerifyingKey::parse(&[&[2 | point[64] & 1], &point[1..33]].concat()).unwrap();
        for case in group["tests"].as_array().unwrap() {
            let signature = <[u8; 64]>::try_from(hex(&case["sig"]));
            let is_high = signature.as_ref().is_ok_and(|signature| signature[32..] > HALF_ORDER[..]);
            let verified = signature.is_ok_and(|signature| key.verify(&hex(&case["msg"]), &signature).is_ok());
            let in_file = case["result"] == "valid";
            assert_eq!(verified, in_file && !is_high, "{} {}", case["tcId"], case["comment"]);
            match (verified, in_file) {
                (true, _) => valid += 1,
                (false, true) => high += 1,
                (false, false) => invalid += 1,
            }
        }
    }
    assert_eq!((valid, high, invalid), (103, 70, 89));
}

/// (n - 1) / 2, for the order n of P-256.
#[cfg(feature = "es256")]
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xde, 0x73, 0x7d,
    0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];
