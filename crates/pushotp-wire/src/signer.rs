//! The device's signing key: every message of a device is signed with it.

#[cfg(feature = "es256")]
mod esp256;
mod key;

use core::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
#[cfg(feature = "es256")]
pub use esp256::{Esp256Signer, low_s};
pub use key::VerifyingKey;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::Error;

/// The signature algorithm of a device epoch: fixed at enrolment, never negotiated.
///
/// Both exist in the protocol; without the feature `es256` no key of the second is taken, so no signature either.
///
/// ```
/// assert_eq!(pushotp_wire::signer::Algorithm::Ed25519.code(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519, COSE algorithm -19.
    Ed25519,
    /// ECDSA on P-256 with SHA-256, COSE algorithm -9.
    Esp256,
}

impl Algorithm {
    /// Its number in an enrolment request.
    ///
    /// ```
    /// use pushotp_wire::signer::Algorithm;
    ///
    /// assert_eq!((Algorithm::Ed25519.code(), Algorithm::Esp256.code()), (1, 2));
    /// ```
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::Esp256 => 2,
        }
    }

    /// The algorithm of a number, if it is built in.
    const fn from_code(code: u8) -> Result<Self, Error> {
        match code {
            1 => Ok(Self::Ed25519),
            2 if cfg!(feature = "es256") => Ok(Self::Esp256),
            _ => Err(Error::Field("alg")),
        }
    }

    /// The one byte of the protected header that names it: CBOR of -19 or -9.
    pub(crate) const fn cose(self) -> u8 {
        match self {
            Self::Ed25519 => 0x32,
            Self::Esp256 => 0x28,
        }
    }

    pub(crate) const fn from_cose(byte: u8) -> Result<Self, Error> {
        match byte {
            0x32 => Ok(Self::Ed25519),
            0x28 => Ok(Self::Esp256),
            _ => Err(Error::Header),
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

    /// The signature of `message`, 64 bytes: R and s, or for P-256 r and s, big-endian, with s in the lower half.
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
    ///
    /// ```
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// use pushotp_wire::signer::{DeviceSigner, Ed25519Signer};
    ///
    /// let mut fresh = || Ed25519Signer::generate(&mut rng).verifying_key();
    /// assert_ne!(fresh(), fresh());
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut_slice());
        Self::from_bytes(&seed)
    }

    /// A key of its 32 byte seed.
    ///
    /// ```
    /// use pushotp_wire::signer::{DeviceSigner, Ed25519Signer};
    ///
    /// let key = |seed: u8| Ed25519Signer::from_bytes(&[seed; 32]).verifying_key();
    /// assert_eq!(key(7), key(7));
    /// assert_ne!(key(7), key(8));
    /// ```
    #[must_use]
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed: the only way to it.
    ///
    /// ```
    /// use pushotp_wire::signer::Ed25519Signer;
    ///
    /// assert_eq!(Ed25519Signer::from_bytes(&[7; 32]).expose().as_slice(), [7; 32]);
    /// ```
    #[must_use]
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }
}

impl DeviceSigner for Ed25519Signer {
    fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(key::Inner::Ed25519(self.0.verifying_key()))
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
