use aes::cipher::{Array, BlockModeDecrypt, KeyIvInit};
use aes_gcm::{Aes256Gcm, KeyInit, aead::AeadInOut};
use zeroize::Zeroizing;

use super::Plain;
use crate::Error;

/// AES-256-GCM with the tag behind the ciphertext.
pub(super) fn gcm(key: &[u8; 32], nonce: &[u8], sealed: &[u8], aad: &[u8]) -> Result<Plain, Error> {
    let (ciphertext, tag) = sealed.split_last_chunk::<16>().ok_or(Error::Decrypt)?;
    gcm_detached(key, nonce, ciphertext, tag, aad)
}

/// AES-256-GCM.
pub(super) fn gcm_detached(
    key: &[u8; 32],
    nonce: &[u8],
    ciphertext: &[u8],
    tag: &[u8],
    aad: &[u8],
) -> Result<Plain, Error> {
    let nonce = <[u8; 12]>::try_from(nonce).map_err(|_| Error::Decrypt)?;
    let tag = <[u8; 16]>::try_from(tag).map_err(|_| Error::Decrypt)?;
    let mut plain = Zeroizing::new(ciphertext.to_vec());
    let cipher = Aes256Gcm::new(key.into());
    let opened = cipher.decrypt_inout_detached(&nonce.into(), aad, plain.as_mut_slice().into(), &tag.into());
    opened.map(|()| plain).map_err(|_| Error::Decrypt)
}

/// AES-256-CBC with the padding of PKCS #7.
pub(super) fn cbc(key: &[u8; 32], iv: &[u8; 16], ciphertext: &[u8]) -> Result<Plain, Error> {
    let mut plain = Zeroizing::new(ciphertext.to_vec());
    let (blocks, rest) = Array::slice_as_chunks_mut(&mut plain);
    if !rest.is_empty() {
        return Err(Error::Decrypt);
    }
    cbc::Decryptor::<aes::Aes256>::new(key.into(), iv.into()).decrypt_blocks(blocks);
    let padding = plain.last().copied().unwrap_or_default();
    let start = plain.len().checked_sub(padding.into()).ok_or(Error::Decrypt)?;
    let is_padding = plain.get(start..).is_some_and(|bytes| bytes.iter().all(|byte| *byte == padding));
    if !(1..=16).contains(&padding) || !is_padding {
        return Err(Error::Decrypt);
    }
    plain.truncate(start);
    Ok(plain)
}
