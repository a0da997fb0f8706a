//! The content coding `aes128gcm` with one record, RFC 8188.

use aes_gcm::{
    Aes128Gcm, Key, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

pub(crate) const SALT_LEN: usize = 16;
/// Salt, record size, length of the key id.
pub(crate) const PREFIX_LEN: usize = SALT_LEN + 4 + 1;
pub(crate) const TAG_LEN: usize = 16;

/// The size of a record that is announced; the one record is shorter.
const RECORD_SIZE: u32 = 4096;
/// What ends the data of the last record; zeros follow.
const LAST: u8 = 2;

/// A message, cut up and not authenticated yet.
pub(crate) struct Coded<'a> {
    pub(crate) key_id: &'a [u8],
    salt: &'a [u8; SALT_LEN],
    record: &'a [u8],
}

impl<'a> Coded<'a> {
    /// `None` if it is cut short, or has more than one record.
    pub(crate) fn parse(body: &'a [u8]) -> Option<Self> {
        let (salt, rest) = body.split_first_chunk::<SALT_LEN>()?;
        let (size, rest) = rest.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first()?;
        let (key_id, record) = rest.split_at_checked(usize::from(*length))?;
        let size = usize::try_from(u32::from_be_bytes(*size)).ok()?;
        // The shortest record has the delimiter and the tag, and the record size says more than that.
        let is_one = size >= TAG_LEN + 2 && (TAG_LEN + 1..=size).contains(&record.len());
        is_one.then_some(Self { key_id, salt, record })
    }

    /// The data without its padding.
    pub(crate) fn open(&self, ikm: &[u8]) -> Option<Vec<u8>> {
        let (cipher, nonce) = cipher(ikm, self.salt)?;
        let mut plain = cipher.decrypt(&nonce, Payload { msg: self.record, aad: &[] }).ok()?;
        let end = plain.iter().rposition(|byte| *byte != 0)?;
        if plain.get(end) != Some(&LAST) {
            return None;
        }
        plain.truncate(end);
        Some(plain)
    }
}

/// Codes `data`, padded with zeros to `padded` bytes with its delimiter.
pub(crate) fn seal(ikm: &[u8], salt: &[u8; SALT_LEN], key_id: &[u8], data: &[u8], padded: usize) -> Option<Vec<u8>> {
    let (cipher, nonce) = cipher(ikm, salt)?;
    let mut plain = [data, &[LAST]].concat();
    plain.resize(padded.max(plain.len()), 0);
    let record = cipher.encrypt(&nonce, Payload { msg: &plain, aad: &[] }).ok()?;
    let length = [u8::try_from(key_id.len()).ok()?];
    Some([salt.as_slice(), &RECORD_SIZE.to_be_bytes(), &length, key_id, &record].concat())
}

/// The key and the nonce of the first record.
fn cipher(ikm: &[u8], salt: &[u8; SALT_LEN]) -> Option<(Aes128Gcm, Nonce<aes_gcm::aead::consts::U12>)> {
    let hkdf = Hkdf::<Sha256>::new(Some(salt), ikm);
    let (mut key, mut nonce) = (Zeroizing::new([0; 16]), [0; 12]);
    hkdf.expand(b"Content-Encoding: aes128gcm\0", key.as_mut_slice()).ok()?;
    hkdf.expand(b"Content-Encoding: nonce\0", &mut nonce).ok()?;
    Some((Aes128Gcm::new(&Key::<Aes128Gcm>::from(*key)), Nonce::from(nonce)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encryption::tests::{bytes, cases};

    #[test]
    fn rfc8188_examples() {
        for case in cases("rfc8188.json") {
            let (id, body) = (&case["id"], bytes(&case, "body"));
            let Some(coded) = Coded::parse(&body) else {
                assert_eq!(case["expect"], "refused", "{id}");
                continue;
            };
            let (ikm, plaintext) = (bytes(&case, "ikm"), case["expect"].as_str().unwrap().as_bytes());
            assert_eq!(coded.open(&ikm).unwrap(), plaintext, "{id}");
            assert_eq!(coded.key_id, bytes(&case, "key_id"), "{id}");
            assert_eq!(seal(&ikm, coded.salt, coded.key_id, plaintext, 0).unwrap(), body, "{id}");
        }
    }

    /// The padding ends with the data's delimiter: nothing, zeros only, and another delimiter are refused.
    #[test]
    fn padding_is_what_the_rfc_says() {
        let (ikm, salt) = ([7; 32], [9; SALT_LEN]);
        let seal_raw = |plain: &[u8]| {
            let (cipher, nonce) = cipher(&ikm, &salt).unwrap();
            let record = cipher.encrypt(&nonce, plain).unwrap();
            [salt.as_slice(), &4096_u32.to_be_bytes(), &[0], &record].concat()
        };
        let open = |plain: &[u8]| Coded::parse(&seal_raw(plain)).unwrap().open(&ikm);
        assert_eq!(open(b"data\x02\0\0\0"), Some(b"data".to_vec()));
        assert_eq!(open(b"\x02"), Some(Vec::new()));
        assert_eq!(open(b"data\x02\x02"), Some(b"data\x02".to_vec()));
        assert_eq!(open(b"data\x01\0"), None, "of a record that is not the last");
        assert_eq!(open(b"data"), None);
        assert_eq!(open(b"\0\0\0\0"), None);
        assert!(Coded::parse(&seal_raw(b"")).is_none());
    }

    #[test]
    fn the_record_size_bounds_the_one_record() {
        let body = seal(&[7; 32], &[9; SALT_LEN], b"", b"data", 40).unwrap();
        let sized = |size: u32| {
            let mut body = body.clone();
            body[SALT_LEN..SALT_LEN + 4].copy_from_slice(&size.to_be_bytes());
            Coded::parse(&body).map(|coded| coded.open(&[7; 32]).unwrap())
        };
        assert_eq!(sized(56), Some(b"data".to_vec()), "40 and the tag");
        assert_eq!(sized(u32::MAX), Some(b"data".to_vec()));
        for size in [55, 18, 17, 0] {
            assert_eq!(sized(size), None, "{size}");
        }
    }
}
