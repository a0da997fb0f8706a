//! Message encryption for Web Push, RFC 8291: from a subscription's keys to those of the content coding.

use hkdf::Hkdf;
use p256::{PublicKey, SecretKey, elliptic_curve::sec1::ToSec1Point};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::aes128gcm::{Coded, PREFIX_LEN, SALT_LEN, TAG_LEN, seal};

/// An uncompressed point.
pub(crate) const PUBLIC_LEN: usize = 65;
pub(crate) const AUTH_LEN: usize = 16;
/// What a push service must take: RFC 8030 section 7.2.
pub(crate) const MAX_BODY: usize = 4096;
/// The most data that fits with its delimiter.
pub(crate) const MAX_DATA: usize = MAX_BODY - PREFIX_LEN - PUBLIC_LEN - TAG_LEN - 1;

/// To how many bytes data is padded, with its delimiter: so the length tells one of four. A challenge has at most 384 bytes
/// in general, so it has the length of a wake-up.
const PADDED: [usize; 4] = [512, 1024, 2048, MAX_DATA + 1];

/// The public key as it travels.
pub(crate) fn encode(key: &PublicKey) -> [u8; PUBLIC_LEN] {
    let mut bytes = [0; PUBLIC_LEN];
    // An uncompressed point has this length.
    for (byte, encoded) in bytes.iter_mut().zip(key.to_sec1_point(false).as_bytes()) {
        *byte = *encoded;
    }
    bytes
}

/// A point on the curve in the one form that Web Push has.
pub(crate) fn decode(bytes: &[u8]) -> Option<PublicKey> {
    let is_uncompressed = bytes.len() == PUBLIC_LEN && bytes.first() == Some(&4);
    is_uncompressed.then(|| PublicKey::from_sec1_bytes(bytes).ok()).flatten()
}

/// The padded length of data, `None` if it does not fit.
pub(crate) fn padded(data: &[u8]) -> Option<usize> {
    PADDED.into_iter().find(|padded| data.len() < *padded)
}

/// What the content coding derives its keys from. `ua` is the receiver, the user agent, and `as` the application server.
fn ikm(shared: &[u8], auth: &[u8; AUTH_LEN], ua: &PublicKey, server: &PublicKey) -> Option<Zeroizing<[u8; 32]>> {
    let mut ikm = Zeroizing::new([0; 32]);
    let info: [&[u8]; 3] = [b"WebPush: info\0", &encode(ua), &encode(server)];
    Hkdf::<Sha256>::new(Some(auth), shared).expand_multi_info(&info, ikm.as_mut_slice()).ok()?;
    Some(ikm)
}

/// Encrypts with a key pair and a salt that are used once.
pub(crate) fn encrypt(
    (ua, auth): (&PublicKey, &[u8; AUTH_LEN]),
    (key, salt): (&SecretKey, &[u8; SALT_LEN]),
    data: &[u8],
    padded: usize,
) -> Option<Vec<u8>> {
    let server = key.public_key();
    let shared = key.diffie_hellman(ua);
    let ikm = ikm(shared.raw_secret_bytes(), auth, ua, &server)?;
    seal(ikm.as_slice(), salt, &encode(&server), data, padded)
}

/// Decrypts what was encrypted for the owner of `key`.
pub(crate) fn decrypt((key, auth): (&SecretKey, &[u8; AUTH_LEN]), body: &[u8]) -> Option<Vec<u8>> {
    if body.len() > MAX_BODY {
        return None;
    }
    let coded = Coded::parse(body)?;
    let server = decode(coded.key_id)?;
    let shared = key.diffie_hellman(&server);
    let ikm = ikm(shared.raw_secret_bytes(), auth, &key.public_key(), &server)?;
    coded.open(ikm.as_slice())
}

#[cfg(test)]
pub(crate) mod tests {
    use data_encoding::BASE64URL_NOPAD;
    use serde_json::Value;

    use super::*;

    pub(crate) fn cases(name: &str) -> Vec<Value> {
        let path = format!("{}/tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        file["cases"].as_array().unwrap().clone()
    }

    pub(crate) fn bytes(case: &Value, field: &str) -> Vec<u8> {
        BASE64URL_NOPAD.decode(case[field].as_str().unwrap_or_else(|| panic!("{field}")).as_bytes()).unwrap()
    }

    fn array<const N: usize>(case: &Value, field: &str) -> [u8; N] {
        bytes(case, field).try_into().unwrap()
    }

    #[test]
    fn rfc8291_appendix_a() {
        for case in cases("rfc8291_appendix_a.json") {
            let key = |field: &str| SecretKey::from_slice(&bytes(&case, field)).unwrap();
            let (ua, server) = (key("ua_private"), key("as_private"));
            assert_eq!(encode(&ua.public_key()), array(&case, "ua_public"));
            assert_eq!(encode(&server.public_key()), array(&case, "as_public"));
            let (auth, salt) = (array(&case, "auth_secret"), array(&case, "salt"));
            let shared = server.diffie_hellman(&ua.public_key());
            assert_eq!(shared.raw_secret_bytes().as_slice(), bytes(&case, "ecdh_secret"));
            let ikm = ikm(shared.raw_secret_bytes(), &auth, &ua.public_key(), &server.public_key()).unwrap();
            assert_eq!(ikm.as_slice(), bytes(&case, "ikm"));

            let (plaintext, body) = (bytes(&case, "plaintext"), bytes(&case, "expect"));
            let encrypted = encrypt((&ua.public_key(), &auth), (&server, &salt), &plaintext, 0).unwrap();
            assert_eq!(encrypted, body);
            assert_eq!(decrypt((&ua, &auth), &body), Some(plaintext));
        }
    }

    #[test]
    fn lengths_are_one_of_four() {
        let padded = |length: usize| padded(&vec![0; length]);
        for (length, expected) in [(0, 512), (511, 512), (512, 1024), (1023, 1024), (1024, 2048), (2048, 3994)] {
            assert_eq!(padded(length), Some(expected), "{length}");
        }
        assert_eq!((padded(3993), padded(3994)), (Some(3994), None));
    }
}
