//! ESP256: ECDSA on P-256 with SHA-256, as secure enclaves and TPMs offer it. Source: RFC 9864, FIPS 186-5.

use core::fmt;

use p256::ecdsa::{
    Signature, SigningKey,
    signature::{Signer as _, Verifier as _},
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{DeviceSigner, SignError, VerifyingKey, key::Inner};
use crate::Error;

/// A point of the curve, and its one encoding that the protocol has: compressed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    key: p256::ecdsa::VerifyingKey,
    bytes: [u8; 33],
}

impl Point {
    /// 33 bytes: 02 or 03, and x below the prime of the field.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let bytes: [u8; 33] = bytes.try_into().map_err(|_| Error::WeakKey)?;
        let [2 | 3, ..] = bytes else { return Err(Error::WeakKey) };
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&bytes).map_err(|_| Error::WeakKey)?;
        if key.to_sec1_point(true).as_bytes() == bytes { Ok(Self { key, bytes }) } else { Err(Error::WeakKey) }
    }

    pub(super) const fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// r and s from 1 to n - 1, and s in the lower half, so that nobody can turn a signature into a second one.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), Error> {
        let signature = Signature::from_slice(signature).map_err(|_| Error::BadSignature)?;
        if signature.normalize_s() != signature {
            return Err(Error::BadSignature);
        }
        self.key.verify(message, &signature).map_err(|_| Error::BadSignature)
    }
}

/// An ESP256 key in software. Feature `es256`.
///
/// ```
/// use pushotp_wire::signer::{Algorithm, DeviceSigner, Esp256Signer};
///
/// let signer = Esp256Signer::from_bytes(&[7; 32])?;
/// let signature = signer.sign(b"message").unwrap();
/// assert_eq!(signer.verifying_key().algorithm(), Algorithm::Esp256);
/// assert!(signer.verifying_key().verify(b"message", &signature).is_ok());
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
pub struct Esp256Signer(SigningKey);

impl Esp256Signer {
    /// A fresh key.
    ///
    /// ```
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// use pushotp_wire::signer::{DeviceSigner, Esp256Signer};
    ///
    /// let mut fresh = || Esp256Signer::generate(&mut rng).verifying_key();
    /// assert_ne!(fresh(), fresh());
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut scalar = Zeroizing::new([0; 32]);
        loop {
            rng.fill_bytes(scalar.as_mut_slice());
            // All but one of 2^32 draws are below the order of the curve.
            if let Ok(signer) = Self::from_bytes(&scalar) {
                return signer;
            }
        }
    }

    /// A key of its 32 byte scalar, big-endian.
    ///
    /// # Errors
    /// [`Error::WeakKey`] for zero, or a number that is not below the order of the curve.
    ///
    /// ```
    /// use pushotp_wire::{Error, signer::Esp256Signer};
    ///
    /// assert!(Esp256Signer::from_bytes(&[7; 32]).is_ok());
    /// assert_eq!(Esp256Signer::from_bytes(&[0; 32]).unwrap_err(), Error::WeakKey);
    /// assert_eq!(Esp256Signer::from_bytes(&[0xff; 32]).unwrap_err(), Error::WeakKey);
    /// ```
    pub fn from_bytes(scalar: &[u8; 32]) -> Result<Self, Error> {
        SigningKey::from_slice(scalar).map(Self).map_err(|_| Error::WeakKey)
    }

    /// The scalar: the only way to it.
    ///
    /// ```
    /// use pushotp_wire::signer::Esp256Signer;
    ///
    /// assert_eq!(Esp256Signer::from_bytes(&[7; 32])?.expose().as_slice(), [7; 32]);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }
}

impl DeviceSigner for Esp256Signer {
    fn verifying_key(&self) -> VerifyingKey {
        let key = *self.0.verifying_key();
        let mut bytes = [0; 33];
        for (to, from) in bytes.iter_mut().zip(key.to_sec1_point(true).as_bytes()) {
            *to = *from;
        }
        VerifyingKey(Inner::Esp256(Point { key, bytes }))
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let signature: Signature = self.0.try_sign(message).map_err(|_| SignError)?;
        Ok(signature.normalize_s().to_bytes().into())
    }
}

impl fmt::Debug for Esp256Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Esp256Signer").finish_non_exhaustive()
    }
}

/// The form that the protocol wants of an ESP256 signature: a high s is replaced by n - s, which is as valid.
///
/// For a [`DeviceSigner`] in front of a secure enclave or a TPM, half of whose signatures have a high s. `signature` is r
/// and s, 32 bytes each, not DER. Feature `es256`.
///
/// # Errors
/// [`SignError`] if r or s is zero or not below the order of the curve: then it is no signature.
///
/// ```
/// use pushotp_wire::signer::{DeviceSigner, Esp256Signer, SignError, low_s};
///
/// let low = Esp256Signer::from_bytes(&[7; 32])?.sign(b"message").unwrap();
/// assert_eq!(low_s(&low), Ok(low)); // it was already
/// assert_eq!(low_s(&[0; 64]), Err(SignError));
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
pub fn low_s(signature: &[u8; 64]) -> Result<[u8; 64], SignError> {
    let signature = Signature::from_slice(signature).map_err(|_| SignError)?;
    Ok(signature.normalize_s().to_bytes().into())
}
