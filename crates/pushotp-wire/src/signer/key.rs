use core::fmt;

use ed25519_dalek::Signature;

use super::Algorithm;
use crate::Error;

/// The public half of a device's signing key: canonical, on its curve, and not of small order.
///
/// 32 bytes are an Ed25519 key; 33 bytes are a P-256 point, compressed, which takes the feature `es256`.
///
/// ```
/// use pushotp_wire::{Error, signer::VerifyingKey};
///
/// assert_eq!(VerifyingKey::parse(&[0; 32]).unwrap_err(), Error::WeakKey);
/// assert_eq!(VerifyingKey::parse(&[1; 31]).unwrap_err(), Error::WeakKey);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(pub(super) Inner);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Inner {
    Ed25519(ed25519_dalek::VerifyingKey),
    #[cfg(feature = "es256")]
    Esp256(super::esp256::Point),
}

impl VerifyingKey {
    /// A key as it was received or stored; its length tells its algorithm.
    ///
    /// # Errors
    /// [`Error::WeakKey`] if it is not on the curve, not canonical, of small order, or of an algorithm that is not built in.
    ///
    /// ```
    /// use pushotp_wire::{Error, signer::{DeviceSigner, Ed25519Signer, VerifyingKey}};
    ///
    /// let key = Ed25519Signer::from_bytes(&[7; 32]).verifying_key();
    /// assert_eq!(VerifyingKey::parse(key.as_bytes()), Ok(key));
    /// assert_eq!(VerifyingKey::parse(&[0xff; 32]), Err(Error::WeakKey)); // not canonical
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        #[cfg(feature = "es256")]
        if bytes.len() == 33 {
            return super::esp256::Point::parse(bytes).map(|point| Self(Inner::Esp256(point)));
        }
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| Error::WeakKey)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| Error::WeakKey)?;
        if key.is_weak() || key.to_edwards().compress().as_bytes() != bytes {
            return Err(Error::WeakKey);
        }
        Ok(Self(Inner::Ed25519(key)))
    }

    /// A key of an enrolment request, which names its algorithm besides.
    pub(crate) fn from_code(algorithm: u8, bytes: &[u8]) -> Result<Self, Error> {
        let algorithm = Algorithm::from_code(algorithm)?;
        let key = Self::parse(bytes)?;
        if key.algorithm() == algorithm { Ok(key) } else { Err(Error::WeakKey) }
    }

    /// The algorithm that it is for.
    ///
    /// ```
    /// use pushotp_wire::signer::{Algorithm, DeviceSigner, Ed25519Signer};
    ///
    /// assert_eq!(Ed25519Signer::from_bytes(&[7; 32]).verifying_key().algorithm(), Algorithm::Ed25519);
    /// ```
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.0 {
            Inner::Ed25519(_) => Algorithm::Ed25519,
            #[cfg(feature = "es256")]
            Inner::Esp256(_) => Algorithm::Esp256,
        }
    }

    /// Its bytes: 32, or 33 for P-256.
    ///
    /// ```
    /// use pushotp_wire::signer::{DeviceSigner, Ed25519Signer};
    ///
    /// assert_eq!(Ed25519Signer::from_bytes(&[7; 32]).verifying_key().as_bytes().len(), 32);
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Inner::Ed25519(key) => key.as_bytes(),
            #[cfg(feature = "es256")]
            Inner::Esp256(point) => point.as_bytes(),
        }
    }

    /// Verifies a signature, strictly: one signature per key and message is valid in one encoding.
    ///
    /// # Errors
    /// [`Error::BadSignature`], which does not say why.
    ///
    /// ```
    /// use pushotp_wire::{Error, signer::{DeviceSigner, Ed25519Signer}};
    ///
    /// let signer = Ed25519Signer::from_bytes(&[7; 32]);
    /// let (key, mut signature) = (signer.verifying_key(), signer.sign(b"message").unwrap());
    /// assert_eq!(key.verify(b"message", &signature), Ok(()));
    /// assert_eq!(key.verify(b"another", &signature), Err(Error::BadSignature));
    /// signature[0] ^= 1;
    /// assert_eq!(key.verify(b"message", &signature), Err(Error::BadSignature));
    /// ```
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), Error> {
        match &self.0 {
            Inner::Ed25519(key) => {
                key.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| Error::BadSignature)
            }
            #[cfg(feature = "es256")]
            Inner::Esp256(point) => point.verify(message, signature),
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey").finish_non_exhaustive()
    }
}
