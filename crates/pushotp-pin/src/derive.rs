//! From a PIN to what hides a secret, and from the device key to the key of a device slot.

use alloc::vec::Vec;
use core::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use pushotp_cbor::{ByteArray, Bytes, encode, encode_secret};
use pushotp_types::TokenId;
use serde::Serialize;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::{Arena, Cost, DeviceError, DeviceKey, HardenError, Hardener, Pin};

/// Why a mask or a key could not be derived.
#[derive(Clone, Copy, Debug)]
pub enum DeriveError {
    Device(DeviceError),
    Harden(HardenError),
    Memory,
    /// A value without a CBOR form or of a length without a mask: no input leads here.
    Impossible,
}

impl From<DeviceError> for DeriveError {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}

impl From<HardenError> for DeriveError {
    fn from(error: HardenError) -> Self {
        Self::Harden(error)
    }
}

impl From<pushotp_cbor::CborError> for DeriveError {
    fn from(_: pushotp_cbor::CborError) -> Self {
        Self::Impossible
    }
}

/// `H`: all that the blob says besides the ciphertext, the cost included.
pub(crate) fn context<T: Serialize>(header: &[u8], slot_without_ct: &T) -> Result<[u8; 32], DeriveError> {
    let input = encode(&("pushotp-pin", 1_u8, Bytes::new(header), slot_without_ct))?;
    Ok(Sha256::digest(&input).into())
}

/// What Argon2id takes besides the PIN.
pub(crate) struct Stretch<'a> {
    pub(crate) cost: Cost,
    pub(crate) salt: &'a [u8],
    pub(crate) context: [u8; 32],
}

/// Who takes part besides the PIN.
pub(crate) struct Layers<'a> {
    pub(crate) device: &'a dyn DeviceKey,
    pub(crate) hardener: Option<(&'a dyn Hardener, TokenId)>,
}

/// What a PIN, a device key and perhaps a hardener make of one slot.
pub struct Unsealer {
    expand: Hkdf<Sha256>,
    context: [u8; 32],
}

impl fmt::Debug for Unsealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsealer").finish_non_exhaustive()
    }
}

/// The material of a PIN: s1 from Argon2id, s2 from the device key, s3 from the hardener or zero.
pub(crate) fn unsealer(
    pin: &Pin,
    stretch: &Stretch<'_>,
    layers: &Layers<'_>,
    arena: &mut Arena,
) -> Result<Unsealer, DeriveError> {
    let Stretch { cost, salt, context } = stretch;
    let mut s1 = Zeroizing::new([0; 32]);
    arena.argon2id(*cost, pin.password(), salt, &mut s1).map_err(|_| DeriveError::Memory)?;
    let input = encode_secret(&("pushotp-pin-dev", 1_u8, ByteArray::new(*context), Bytes::new(s1.as_slice())))?;
    let s2 = layers.device.prf(&input)?;
    let s3 = harden(&s1, &s2, layers)?;
    let mut parts = Zeroizing::new([0; 96]);
    for (to, from) in parts.iter_mut().zip(s1.iter().chain(s2.iter()).chain(s3.iter())) {
        *to = *from;
    }
    let (mut prk, expand) = Hkdf::<Sha256>::extract(Some(b"pushotp-pin/1"), parts.as_slice());
    prk.as_mut_slice().zeroize();
    Ok(Unsealer { expand, context: *context })
}

fn harden(s1: &[u8; 32], s2: &[u8; 32], layers: &Layers<'_>) -> Result<Zeroizing<[u8; 32]>, DeriveError> {
    let Some((hardener, token)) = layers.hardener else { return Ok(Zeroizing::new([0; 32])) };
    let input = encode_secret(&("pushotp-pin-hard", 1_u8, Bytes::new(s1), Bytes::new(s2)))?;
    let hash = Zeroizing::new(Sha256::digest(&input).into());
    Ok(hardener.harden(token, &hash)?)
}

impl Unsealer {
    /// `text` XOR the mask of a label: one mask for one text.
    pub(crate) fn masked(&self, label: &[u8], text: &[u8]) -> Result<Zeroizing<Vec<u8>>, DeriveError> {
        let mut mask = Zeroizing::new(Vec::new());
        mask.resize(text.len(), 0);
        self.expand(label, &mut mask)?;
        for (to, with) in mask.iter_mut().zip(text) {
            *to ^= with;
        }
        Ok(mask)
    }

    /// The tag of the verifiable suite.
    pub(crate) fn mac(&self, ciphertext: &[u8]) -> Result<[u8; 32], DeriveError> {
        let mut key = Zeroizing::new([0; 32]);
        self.expand(b"mac", key.as_mut_slice())?;
        let mut hmac = Hmac::<Sha256>::new_from_slice(key.as_slice()).map_err(|_| DeriveError::Impossible)?;
        hmac.update(ciphertext);
        Ok(hmac.finalize().into_bytes().into())
    }

    fn expand(&self, label: &[u8], out: &mut [u8]) -> Result<(), DeriveError> {
        self.expand.expand_multi_info(&[label, &self.context], out).map_err(|_| DeriveError::Impossible)
    }
}

/// The key of a device slot.
pub(crate) fn slot_key(context: &[u8; 32], device: &dyn DeviceKey) -> Result<Zeroizing<[u8; 32]>, DeriveError> {
    Ok(device.prf(&encode(&("pushotp-pin-slot", 1_u8, ByteArray::new(*context)))?)?)
}

/// Does some work and erases the stack below: Argon2 and HKDF move their results, and each copy stays behind.
pub(crate) fn swept<T>(work: impl FnOnce() -> T) -> T {
    /// Never inlined: so what it leaves on the stack lies below the caller, where it is swept.
    #[inline(never)]
    fn below<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    /// On every way out, also that of a panic.
    struct Sweep;
    impl Drop for Sweep {
        fn drop(&mut self) {
            zeroize::zeroize_stack::<8192>();
        }
    }
    let _sweep = Sweep;
    below(work)
}
