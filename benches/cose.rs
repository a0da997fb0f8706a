//! The same messages through the crate `coset`, over the same cipher and the same signature: what a general COSE library
//! costs where the protocol has a fixed template. The payloads are written and read by the library on both sides.

use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit, Nonce,
    aead::{Aead, Payload as Sealed},
};
use coset::{
    CoseEncrypt0, CoseEncrypt0Builder, CoseSign1, CoseSign1Builder, Header, HeaderBuilder, Label,
    TaggedCborSerializable as _, cbor::Value, iana::Algorithm,
};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use pushotp_wire::{
    message::{Challenge, FromDevice, FromServer, Payload},
    terms::Typ,
};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};

/// `["pushotp", 1, tenant]`
const EXTERNAL_AAD: &[u8] = b"\x83\x67pushotp\x01\x4bexample.com";
/// The header parameter `typ` of RFC 9596.
const TYP: i64 = 16;

pub(crate) fn seal(challenge: &Challenge, key: &[u8; 32], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let payload = challenge.encode().unwrap();
    let mut iv = [0; 12];
    rng.fill_bytes(&mut iv);
    let header = HeaderBuilder::new().algorithm(Algorithm::ChaCha20Poly1305).key_id(vec![7; 8]).iv(iv.to_vec());
    let seal = |plain: &[u8], aad: &[u8]| {
        ChaCha20Poly1305::new(key.into()).encrypt(&Nonce::from(iv), Sealed { msg: plain, aad }).unwrap()
    };
    CoseEncrypt0Builder::new()
        .protected(header.value(TYP, Value::from(payload.typ().code())).build())
        .create_ciphertext(payload.as_bytes(), EXTERNAL_AAD, seal)
        .build()
        .to_tagged_vec()
        .unwrap()
}

pub(crate) fn open(bytes: &[u8], key: &[u8; 32]) -> FromServer {
    let encrypt0 = CoseEncrypt0::from_tagged_slice(bytes).unwrap();
    let header = &encrypt0.protected.header;
    assert!(header.alg == Some(coset::Algorithm::Assigned(Algorithm::ChaCha20Poly1305)) && header.key_id == [7; 8]);
    assert!(encrypt0.unprotected.is_empty());
    let nonce = Nonce::try_from(header.iv.as_slice()).unwrap();
    let open =
        |sealed: &[u8], aad: &[u8]| ChaCha20Poly1305::new(key.into()).decrypt(&nonce, Sealed { msg: sealed, aad });
    let plain = encrypt0.decrypt_ciphertext(EXTERNAL_AAD, || chacha20poly1305::Error, open).unwrap();
    Payload::from_stored(typ(header), plain).unwrap().decode().unwrap()
}

pub(crate) fn sign(message: &FromDevice, key: &SigningKey) -> Vec<u8> {
    let header = HeaderBuilder::new().algorithm(Algorithm::Ed25519).value(TYP, Value::from(message.typ().code()));
    CoseSign1Builder::new()
        .protected(header.build())
        .payload(message.encode().unwrap())
        .create_signature(EXTERNAL_AAD, |signed| key.sign(signed).to_bytes().to_vec())
        .build()
        .to_tagged_vec()
        .unwrap()
}

pub(crate) fn verify(bytes: &[u8], key: &VerifyingKey) -> FromDevice {
    let sign1 = CoseSign1::from_tagged_slice(bytes).unwrap();
    assert_eq!(sign1.protected.header.alg, Some(coset::Algorithm::Assigned(Algorithm::Ed25519)));
    assert!(sign1.unprotected.is_empty());
    let verify = |signature: &[u8], signed: &[u8]| key.verify_strict(signed, &Signature::from_slice(signature)?);
    sign1.verify_signature(EXTERNAL_AAD, verify).unwrap();
    FromDevice::decode(typ(&sign1.protected.header), &sign1.payload.unwrap()).unwrap()
}

fn typ(header: &Header) -> Typ {
    let [(Label::Int(TYP), Value::Integer(code))] = header.rest.as_slice() else { panic!("another header") };
    Typ::from_code(u16::try_from(*code).unwrap()).unwrap()
}
