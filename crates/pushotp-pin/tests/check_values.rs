//! A blob holds no check value of its secret: whatever lets the right PIN be told from others would leave few of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/attacker.rs"]
mod attacker;
#[path = "fixture/candidates.rs"]
mod candidates;
#[path = "fixture/fixture.rs"]
mod fixture;

use argon2::{Algorithm, Argon2, Params, Version};
use candidates::{Shape, Token, four_digits, share, size, token};
use chacha20poly1305::{ChaCha20Poly1305, aead::Aead};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const PINS: u32 = 200;

/// How many of the PINs are left to somebody who knows a function of the right secret: the mean over ten tokens.
fn left(known: impl Fn(&[u8]) -> Vec<u8>) -> f64 {
    let left = (0..10).map(|seed| {
        let Token { candidates, right, .. } = token(seed, PINS, |random| random.to_vec());
        let stored = known(&candidates[right]);
        candidates.iter().filter(|secret| known(secret) == stored).count()
    });
    share(left.sum(), 10)
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    hmac.update(message);
    hmac.finalize().into_bytes().to_vec()
}

/// No scorer sees these, but they leave few PINs.
#[test]
fn check_values_leave_few_pins() {
    assert!((left(|_| Vec::new()) - 200.0).abs() < 0.5, "nothing stored leaves all");
    let three_bits = left(|secret| vec![Sha256::digest(secret)[0] & 7]);
    let eight_bits = left(|secret| vec![Sha256::digest(secret)[0]]);
    let push = left(|secret| mac(secret, b"approve the login?"));
    println!("of {PINS} PINs are left: 3 bits {three_bits}, 8 bits {eight_bits}, a push under the secret {push}");
    assert!((15.0..40.0).contains(&three_bits), "{three_bits}");
    assert!((1.0..4.0).contains(&eight_bits), "{eight_bits}");
    assert!((push - 1.0).abs() < 0.05);
}

/// A conventional blob, where the key of an AEAD is made of the PIN: its tag is a check value of the best kind.
#[test]
fn an_aead_leaves_one_pin() {
    let cipher = |pin: u32| {
        let (mut key, params) = ([0; 32], Params::new(8, 1, 1, Some(32)).unwrap());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into(four_digits(pin).as_bytes(), &[7; 16], &mut key).unwrap();
        ChaCha20Poly1305::new(&key.into())
    };
    let stored = cipher(137).encrypt(&[0; 12].into(), &[0x3c; 32][..]).unwrap();
    let left: Vec<u32> =
        (0..PINS).filter(|pin| cipher(*pin).decrypt(&[0; 12].into(), stored.as_slice()).is_ok()).collect();
    assert_eq!(left, [137]);
}

/// What somebody might have stored of a secret, by its first byte.
const CHECKS: [fn(&[u8]) -> u8; 7] = [
    |secret| secret[0],
    |secret| secret[secret.len() - 1],
    |secret| secret.iter().fold(0, |sum, byte| sum ^ byte),
    |secret| secret.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)),
    |secret| Sha256::digest(secret)[0],
    |secret| mac(secret, b"")[0],
    |secret| ChaCha20Poly1305::new(secret.try_into().unwrap()).encrypt(&[0; 12].into(), &[0_u8; 16][..]).unwrap()[0],
];

/// The highest share of tokens in which a byte of what is stored is one of the checks of the right secret.
fn agreeing(tokens: u64, stored: impl Fn(&Token) -> Vec<u8>) -> f64 {
    let random: Shape = |random| random.to_vec();
    let tokens: Vec<(Vec<u8>, Vec<u8>)> = (0..tokens)
        .map(|seed| {
            let token = token(seed, 1, random);
            (stored(&token), CHECKS.iter().map(|check| check(&token.candidates[0])).collect())
        })
        .collect();
    let agree =
        |place: usize, check: usize| tokens.iter().filter(|(blob, checks)| blob[place] == checks[check]).count();
    let places = 0..tokens[0].0.len();
    let most = places.flat_map(|place| (0..CHECKS.len()).map(move |check| (place, check)));
    share(most.map(|(place, check)| agree(place, check)).max().unwrap(), tokens.len())
}

/// No byte of a blob follows from the secret, wherever it stands.
#[test]
fn no_byte_of_the_blob_is_a_check() {
    // By chance one in 256; of the thousand pairs of a byte and a check one in 40 would be a surprise.
    let blob = agreeing(size(400, 1).0, |token| token.blob.as_bytes().to_vec());
    println!("a byte of the blob is a check of its secret in {:.2} % of tokens at most", blob * 100.0);
    assert!(blob < 1.0 / 40.0, "{blob}");
    // The control: one such byte among the others is seen.
    let with =
        |byte: fn(&[u8]) -> u8| agreeing(200, |token| [token.blob.as_bytes(), &[byte(&token.candidates[0])]].concat());
    assert!(with(|secret| Sha256::digest(secret)[0]) > 0.99);
    assert!(with(|secret| secret[3]) < 1.0 / 20.0, "a byte that is none of these checks");
}
