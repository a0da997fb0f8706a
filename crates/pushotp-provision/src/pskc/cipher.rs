use alloc::vec::Vec;

use aes::cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use aes_kw::KeyInit;
use zeroize::Zeroizing;

use crate::{Error, Part};

/// An encryption of XML, by its URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cipher {
    /// AES-CBC with a key of so many bytes; the IV is the first block.
    AesCbc(usize),
    /// 3DES-CBC with two keys or three, in drafts and old files.
    TripleDesCbc,
    /// AES key wrap, RFC 3394, which is a MAC as well.
    AesKw(usize),
}

impl Cipher {
    pub(super) fn parse(uri: &str) -> Result<Self, Error> {
        let name = uri.rsplit_once('#').map_or(uri, |(_, name)| name);
        Ok(match name {
            "" => return Err(Error::Missing(Part::Field("EncryptionMethod"))),
            "aes128-cbc" => Self::AesCbc(16),
            "aes192-cbc" => Self::AesCbc(24),
            "aes256-cbc" => Self::AesCbc(32),
            "kw-aes128" => Self::AesKw(16),
            "kw-aes192" => Self::AesKw(24),
            "kw-aes256" => Self::AesKw(32),
            "tripledes-cbc" | "PBE-3DES112-CBC" => Self::TripleDesCbc,
            _ => return Err(Error::Unsupported(Part::Field(unsupported(name)))),
        })
    }

    /// Bytes of a key; those of 3DES have two forms.
    pub(super) const fn key_bytes(self) -> usize {
        match self {
            Self::AesCbc(bytes) | Self::AesKw(bytes) => bytes,
            Self::TripleDesCbc => 24,
        }
    }

    /// Whether it tells a changed value by itself.
    pub(super) const fn authenticates(self) -> bool {
        matches!(self, Self::AesKw(_))
    }

    /// Decrypts a value; `iv` is one that does not stand before it.
    pub(super) fn decrypt(self, key: &[u8], iv: Option<&[u8]>, value: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        if key.len() != self.key_bytes() && !(self == Self::TripleDesCbc && key.len() == 16) {
            return Err(Error::Decrypt);
        }
        match (self, key.len()) {
            (Self::AesCbc(16), _) => cbc::<cbc::Decryptor<aes::Aes128>>(key, iv, value),
            (Self::AesCbc(24), _) => cbc::<cbc::Decryptor<aes::Aes192>>(key, iv, value),
            (Self::AesCbc(_), _) => cbc::<cbc::Decryptor<aes::Aes256>>(key, iv, value),
            (Self::TripleDesCbc, 16) => cbc::<cbc::Decryptor<des::TdesEde2>>(key, iv, value),
            (Self::TripleDesCbc, _) => cbc::<cbc::Decryptor<des::TdesEde3>>(key, iv, value),
            (Self::AesKw(_), length) => unwrap(length, key, value),
        }
    }
}

/// What an error says of an algorithm that is not supported.
fn unsupported(name: &str) -> &'static str {
    match name {
        _ if name.contains("camellia") => "encryption with Camellia",
        _ if name.starts_with("rsa") => "encryption for an RSA key",
        _ if name.ends_with("-gcm") => "encryption with AES-GCM",
        "kw-tripledes" => "key wrap with 3DES",
        _ => "the EncryptionMethod of the file",
    }
}

/// CBC. The last byte of the padding is its length; the others may be anything.
fn cbc<D: BlockModeDecrypt + KeyIvInit>(
    key: &[u8],
    iv: Option<&[u8]>,
    value: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let block = D::block_size();
    let (iv, value) = match iv {
        Some(iv) => (iv, value),
        None => value.split_at_checked(block).ok_or(Error::Decrypt)?,
    };
    let mut mode = D::new_from_slices(key, iv).map_err(|_| Error::Decrypt)?;
    let mut plain = Zeroizing::new(value.to_vec());
    let (blocks, rest) = Array::slice_as_chunks_mut(&mut plain);
    if !rest.is_empty() {
        return Err(Error::Decrypt);
    }
    mode.decrypt_blocks(blocks);
    let padding = plain.last().map_or(0, |last| usize::from(*last));
    if padding == 0 || padding > block || padding > plain.len() {
        return Err(Error::Decrypt);
    }
    let length = plain.len() - padding;
    plain.truncate(length);
    Ok(plain)
}

fn unwrap(length: usize, key: &[u8], value: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut plain = Zeroizing::new(Vec::new());
    plain.resize(value.len().checked_sub(aes_kw::IV_LEN).ok_or(Error::Decrypt)?, 0);
    let decrypted = match length {
        16 => aes_kw::KwAes128::new_from_slice(key).map(|kw| kw.unwrap_key(value, &mut plain).map(|_| ())),
        24 => aes_kw::KwAes192::new_from_slice(key).map(|kw| kw.unwrap_key(value, &mut plain).map(|_| ())),
        _ => aes_kw::KwAes256::new_from_slice(key).map(|kw| kw.unwrap_key(value, &mut plain).map(|_| ())),
    };
    match decrypted {
        Ok(Ok(())) => Ok(plain),
        _ => Err(Error::Decrypt),
    }
}

/// The IV and AES-CBC of a value, with a key of 16, 24 or 32 bytes.
pub(super) fn encrypt(key: &[u8], iv: &[u8; 16], value: &[u8]) -> Option<Vec<u8>> {
    match key.len() {
        16 => encrypt_with::<cbc::Encryptor<aes::Aes128>>(key, iv, value),
        24 => encrypt_with::<cbc::Encryptor<aes::Aes192>>(key, iv, value),
        32 => encrypt_with::<cbc::Encryptor<aes::Aes256>>(key, iv, value),
        _ => None,
    }
}

fn encrypt_with<E: BlockModeEncrypt + KeyIvInit>(key: &[u8], iv: &[u8; 16], value: &[u8]) -> Option<Vec<u8>> {
    let mut mode = E::new_from_slices(key, iv).ok()?;
    let padding = 16 - value.len() % 16;
    // Reserved at once, so that no copy of the secret stays behind when it grows.
    let mut cipher = Vec::with_capacity(value.len() + padding);
    cipher.extend_from_slice(value);
    cipher.resize(value.len() + padding, u8::try_from(padding).ok()?);
    let (blocks, _) = Array::slice_as_chunks_mut(&mut cipher);
    mode.encrypt_blocks(blocks);
    Some([iv.as_slice(), &cipher].concat())
}
