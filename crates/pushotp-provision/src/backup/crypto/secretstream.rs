//! The only message of a stream as libsodium's `crypto_secretstream_xchacha20poly1305` seals it.

use alloc::vec::Vec;

use chacha20::{
    ChaCha20, R20,
    cipher::{KeyIvInit, StreamCipher, StreamCipherSeek},
};
use poly1305::{Poly1305, universal_hash::KeyInit};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::Plain;
use crate::Error;

/// The marks of the last message, and of one that others follow: files in the field have either. As there is one
/// message in a file, nothing can be cut off.
const MARKS: [u8; 2] = [3, 0];

/// Opens a message that is the first and the last one of its stream.
///
/// Block 0 of the key stream is the key of Poly1305, block 1 hides the message's mark, the text begins at block 2. What
/// is authenticated: the block with the mark, the ciphertext, filling, both lengths.
pub(super) fn open(key: &[u8; 32], header: &[u8], sealed: &[u8]) -> Result<Plain, Error> {
    let (salt, rest) = header.split_first_chunk::<16>().ok_or(Error::Decrypt)?;
    let suffix = <[u8; 8]>::try_from(rest).map_err(|_| Error::Decrypt)?;
    let (mark, rest) = sealed.split_first().ok_or(Error::Decrypt)?;
    let (ciphertext, tag) = rest.split_last_chunk::<16>().ok_or(Error::Decrypt)?;
    // A counter that begins at 1, then what is left of the header.
    let mut nonce = [0; 12];
    for (byte, value) in nonce.iter_mut().zip([1, 0, 0, 0].into_iter().chain(suffix)) {
        *byte = value;
    }
    let mut subkey = chacha20::hchacha::<R20>(key.into(), salt.into());
    let mut stream = ChaCha20::new(&subkey, &nonce.into());
    subkey.zeroize();

    let mut mac_key = Zeroizing::new([0; 32]);
    stream.apply_keystream(mac_key.as_mut_slice());
    stream.try_seek(64_u64).map_err(|_| Error::Decrypt)?;
    let mut block = Zeroizing::new([0; 64]);
    if let Some(first) = block.first_mut() {
        *first = *mark;
    }
    stream.apply_keystream(block.as_mut_slice());
    let opened_mark = block.first().copied().unwrap_or_default();
    if let Some(first) = block.first_mut() {
        *first = *mark;
    }
    let computed = Poly1305::new((&*mac_key).into()).compute_unpadded(&authenticated(&block, ciphertext)?);
    if !bool::from(computed.as_slice().ct_eq(tag)) || !MARKS.contains(&opened_mark) {
        return Err(Error::Decrypt);
    }
    let mut plain = Zeroizing::new(ciphertext.to_vec());
    stream.try_apply_keystream(&mut plain).map_err(|_| Error::Decrypt)?;
    Ok(plain)
}

/// The filling is as long as the ciphertext goes beyond its last whole block, which is a slip that has to stay.
fn authenticated(block: &[u8; 64], ciphertext: &[u8]) -> Result<Vec<u8>, Error> {
    let length = u64::try_from(ciphertext.len()).map_err(|_| Error::TooLong)?;
    let mut data = Vec::with_capacity(64 + ciphertext.len() + 15 + 16);
    data.extend_from_slice(block);
    data.extend_from_slice(ciphertext);
    data.resize(data.len() + ciphertext.len() % 16, 0);
    data.extend_from_slice(&0_u64.to_le_bytes());
    data.extend_from_slice(&(64 + length).to_le_bytes());
    Ok(data)
}
