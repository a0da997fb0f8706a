//! The device's signing key: every message of a device is signed with it.

use core::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::Error;

/// The signature algorithm of a device epoch: fixed at enrolment, never negotiated.
///
/// ```
/// assert_eq!(pushotp_wire::signer::Algorithm::Ed25519.code(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519, COSE algorithm -19.
    Ed25519,
}

impl Algorithm {
    /// Its number in an enrolment request.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
        }
    }

    /// The one byte of the protected header that names it: CBOR of -19.
    pub(crate) const fn cose(self) -> u8 {
        match self {
            Self::Ed25519 => 0x32,
        }
    }
}

/// A signing key that the device holds: in a secure enclave, a TPM, a key store, or in software.
///
/// It works without the PIN, for a denial needs none, and signs nothing but this protocol's messages.
///
/// ```
/// use pushotp_wire::signer::{DeviceSigner, Ed25519Signer, SignError, VerifyingKey};
///
/// /// A key that works only while the device is unlocked.
/// struct Locked {
///     key: Ed25519Signer,
///     unlocked: bool,
/// }
///
/// impl DeviceSigner for Locked {
///     fn verifying_key(&self) -> VerifyingKey {
///         self.key.verifying_key()
///     }
///
///     fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
///         if self.unlocked { self.key.sign(message) } else { Err(SignError) }
///     }
/// }
///
/// let locked = Locked { key: Ed25519Signer::from_bytes(&[7; 32]), unlocked: false };
/// assert_eq!(locked.sign(b"message"), Err(SignError));
/// ```
pub trait DeviceSigner {
    /// The public half.
    fn verifying_key(&self) -> VerifyingKey;

    /// The signature of `message`, 64 bytes.
    ///
    /// # Errors
    /// [`SignError`] if the key cannot be used now.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;
}

/// The device's key could not sign; why is the platform's to say.
///
/// ```
/// assert_eq!(pushotp_wire::signer::SignError.to_string(), "the signing key refused");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signing key refused")]
pub struct SignError;

/// An Ed25519 key in software.
///
/// ```
/// use pushotp_wire::signer::{DeviceSigner, Ed25519Signer};
///
/// let signer = Ed25519Signer::from_bytes(&[7; 32]);
/// let signature = signer.sign(b"message").unwrap();
/// assert!(signer.verifying_key().verify(b"message", &signature).is_ok());
/// ```
pub struct Ed25519Signer(SigningKey);

impl Ed25519Signer {
    /// A fresh key.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut_slice());
        Self::from_bytes(&seed)
    }

    /// A key of its 32 byte seed.
    #[must_use]
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed: the only way to it.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }
}

impl DeviceSigner for Ed25519Signer {
    fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(self.0.try_sign(message).map_err(|_| SignError)?.to_bytes())
    }
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ed25519Signer").finish_non_exhaustive()
    }
}

/// The public half of a device's signing key: canonical, and not of small order.
///
/// ```
/// use pushotp_wire::{Error, signer::VerifyingKey};
///
/// assert_eq!(VerifyingKey::parse(&[0; 32]).unwrap_err(), Error::WeakKey);
/// assert_eq!(VerifyingKey::parse(&[1; 31]).unwrap_err(), Error::WeakKey);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// A key as it was received or stored, 32 bytes.
    ///
    /// # Errors
    /// [`Error::WeakKey`] if it is not on the curve, not canonical, or of small order.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| Error::WeakKey)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| Error::WeakKey)?;
        if key.is_weak() || key.to_edwards().compress().as_bytes() != bytes {
            return Err(Error::WeakKey);
        }
        Ok(Self(key))
    }

    pub(crate) fn from_code(algorithm: u8, bytes: &[u8]) -> Result<Self, Error> {
        if algorithm == Algorithm::Ed25519.code() { Self::parse(bytes) } else { Err(Error::Field("alg")) }
    }

    /// The algorithm that it is for.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Verifies a signature, strictly: one signature per key and message is valid in one encoding.
    ///
    /// # Errors
    /// [`Error::BadSignature`], which does not say why.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), Error> {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| Error::BadSignature)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey").finish_non_exhaustive()
    }
}
