//! Argon2id as the blob uses it: version 0x13, memory of our own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/fixture.rs"]
mod fixture;

use argon2::{Algorithm, Argon2, AssociatedData, Block, ParamsBuilder, Version};
use fixture::{cases, hex, number, unhex};
use serde_json::Value;

fn argon2id(case: &Value, password: &[u8], salt: &[u8], secret: &[u8], data: &[u8]) -> String {
    let mut params = ParamsBuilder::new();
    params.m_cost(number(&case["memory_kib"])).t_cost(number(&case["passes"])).p_cost(number(&case["lanes"]));
    let params = params.data(AssociatedData::new(data).unwrap()).output_len(32).build().unwrap();
    let mut memory = vec![Block::new(); params.block_count()];
    let argon2 = Argon2::new_with_secret(secret, Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut tag = [0; 32];
    argon2.hash_password_into_with_memory(password, salt, &mut tag, &mut memory).unwrap();
    hex(&tag)
}

#[test]
fn section_5_3() {
    for case in cases("rfc9106_argon2id.json") {
        let field = |name: &str| unhex(case[name].as_str().unwrap());
        let (secret, data) = (field("secret_hex"), field("associated_data_hex"));
        let tag = argon2id(&case, &field("password_hex"), &field("salt_hex"), &secret, &data);
        assert_eq!(tag, case["expect"], "{}", case["id"]);
    }
}

#[test]
fn reference_implementation() {
    for case in cases("argon2_reference.json") {
        let field = |name: &str| case[name].as_str().unwrap().as_bytes();
        let tag = argon2id(&case, field("password"), field("salt"), b"", b"");
        assert_eq!(tag, case["expect"], "{}", case["id"]);
    }
}
