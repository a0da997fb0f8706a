//! From a PIN to the mask of a secret, and from the device key to the key of a device slot.

use alloc::vec::Vec;

use hkdf::Hkdf;
use pushotp_cbor::{ByteArray, Bytes, encode, encode_secret};
use serde::Serialize;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::{Arena, Cost, DeviceError, DeviceKey, Pin};

/// Why a mask or a key could not be derived.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DeriveError {
    Device(DeviceError),
    Memory,
    /// A value without a CBOR form or of a length without a mask: no input leads here.
    Impossible,
}

impl From<DeviceError> for DeriveError {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
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
    pub(crate) len: usize,
}

/// The mask of a PIN: `len` bytes, for one secret.
pub(crate) fn mask(
    pin: &Pin,
    stretch: &Stretch<'_>,
    device: &dyn DeviceKey,
    arena: &mut Arena,
) -> Result<Zeroizing<Vec<u8>>, DeriveError> {
    let Stretch { cost, salt, context, len } = stretch;
    let mut s1 = Zeroizing::new([0; 32]);
    arena.argon2id(*cost, pin.password(), salt, &mut s1).map_err(|_| DeriveError::Memory)?;
    let s2 =
        device.prf(&encode_secret(&("pushotp-pin-dev", 1_u8, ByteArray::new(*context), Bytes::new(s1.as_slice())))?)?;
    // s1, s2 and s3, which is zero as long as no server hardens the PIN.
    let mut parts = Zeroizing::new([0; 96]);
    for (to, from) in parts.iter_mut().zip(s1.iter().chain(s2.iter())) {
        *to = *from;
    }
    let (mut prk, expand) = Hkdf::<Sha256>::extract(Some(b"pushotp-pin/1"), parts.as_slice());
    prk.as_mut_slice().zeroize();
    let mut mask = Zeroizing::new(Vec::new());
    mask.resize(*len, 0);
    expand.expand_multi_info(&[b"mask", context], &mut mask).map_err(|_| DeriveError::Impossible)?;
    Ok(mask)
}

/// The key of a device slot.
pub(crate) fn slot_key(context: &[u8; 32], device: &dyn DeviceKey) -> Result<Zeroizing<[u8; 32]>, DeriveError> {
    Ok(device.prf(&encode(&("pushotp-pin-slot", 1_u8, ByteArray::new(*context)))?)?)
}
