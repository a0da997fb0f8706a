use core::fmt;

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
#[cfg(feature = "alloc")]
use rand_core::CryptoRng;
#[cfg(feature = "alloc")]
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The shortest secret that is taken without a word: 128 bits.
const MIN_LEN: usize = 16;
/// The longest secret in bytes; no token in the field comes near it.
const MAX_LEN: usize = 1024;

/// A shared secret, borrowed: what a [`Secret`] checks, for callers without an allocator.
///
/// ```
/// use pushotp_types::{SecretError, SecretRef};
///
/// assert!(SecretRef::new(b"12345678901234567890").is_ok());
/// assert_eq!(SecretRef::new(b"0123456789").unwrap_err(), SecretError::Weak { bits: 80 });
/// assert!(SecretRef::danger_import_weak(b"0123456789").is_ok());
/// ```
#[derive(Clone, Copy)]
pub struct SecretRef<'a>(&'a [u8]);

impl<'a> SecretRef<'a> {
    /// A secret of 128 bits to 1 KiB.
    ///
    /// # Errors
    /// [`SecretError`] for any other length.
    ///
    /// Source: RFC 4226 §4, R6.
    ///
    /// ```
    /// # use pushotp_types::SecretRef;
    /// assert!(SecretRef::new(&[7; 16]).is_ok() && SecretRef::new(&[7; 15]).is_err());
    /// ```
    pub const fn new(bytes: &'a [u8]) -> Result<Self, SecretError> {
        if bytes.len() >= MIN_LEN || bytes.is_empty() {
            Self::danger_import_weak(bytes)
        } else {
            Err(SecretError::Weak { bits: bytes.len() * 8 })
        }
    }

    /// A secret of any length but none, up to 1 KiB: for tokens that exist and cannot be replaced.
    ///
    /// # Errors
    /// [`SecretError::Empty`], [`SecretError::TooLong`].
    ///
    /// ```
    /// # use pushotp_types::{SecretError, SecretRef};
    /// assert_eq!(SecretRef::danger_import_weak(b"").unwrap_err(), SecretError::Empty);
    /// ```
    pub const fn danger_import_weak(bytes: &'a [u8]) -> Result<Self, SecretError> {
        match bytes.len() {
            0 => Err(SecretError::Empty),
            1..=MAX_LEN => Ok(Self(bytes)),
            _ => Err(SecretError::TooLong),
        }
    }

    /// The bytes: the only way to them.
    ///
    /// ```
    /// # use pushotp_types::SecretRef;
    /// assert_eq!(SecretRef::new(&[7; 16]).map(SecretRef::expose), Ok(&[7; 16][..]));
    /// ```
    #[must_use]
    pub const fn expose(self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Debug for SecretRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretRef").finish_non_exhaustive()
    }
}

/// A shared secret, owned: erased when dropped, silent in `Debug`, neither `Clone` nor comparable.
///
/// ```
/// use pushotp_types::Secret;
///
/// let secret = Secret::new(b"12345678901234567890")?;
/// assert_eq!(secret.expose().len(), 20);
/// assert_eq!(format!("{secret:?}"), "Secret { .. }");
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
#[cfg(feature = "alloc")]
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret(Box<[u8]>);

#[cfg(feature = "alloc")]
impl Secret {
    /// A copy of `bytes`, 128 bits to 1 KiB; erasing the original is the caller's job.
    ///
    /// # Errors
    /// [`SecretError`] for any other length.
    ///
    /// ```
    /// # use pushotp_types::Secret;
    /// assert!(Secret::new(b"too short").is_err());
    /// ```
    pub fn new(bytes: &[u8]) -> Result<Self, SecretError> {
        SecretRef::new(bytes).map(|checked| Self(checked.expose().into()))
    }

    /// A copy of `bytes`, 1 byte to 1 KiB: for tokens that exist and cannot be replaced.
    ///
    /// # Errors
    /// [`SecretError::Empty`], [`SecretError::TooLong`].
    ///
    /// ```
    /// # use pushotp_types::Secret;
    /// assert!(Secret::danger_import_weak(b"0123456789").is_ok());
    /// ```
    pub fn danger_import_weak(bytes: &[u8]) -> Result<Self, SecretError> {
        SecretRef::danger_import_weak(bytes).map(|checked| Self(checked.expose().into()))
    }

    /// A fresh, uniformly random secret.
    ///
    /// ```
    /// # use pushotp_types::{Secret, Strength};
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// assert_eq!(Secret::generate(&mut rng, Strength::Bits160).expose().len(), 20);
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R, strength: Strength) -> Self {
        let mut bytes = alloc::vec![0; strength.len()].into_boxed_slice();
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The bytes: the only way to them.
    ///
    /// ```
    /// # use pushotp_types::Secret;
    /// # let secret = Secret::new(&[7; 20])?;
    /// assert_eq!(secret.expose(), [7; 20]);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(feature = "alloc")]
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

#[cfg(feature = "alloc")]
impl<'a> From<&'a Secret> for SecretRef<'a> {
    fn from(secret: &'a Secret) -> Self {
        Self(secret.expose())
    }
}

/// The length of a generated secret; a type, so that bits and bytes cannot be confused.
///
/// ```
/// # use pushotp_types::Strength;
/// assert_ne!(Strength::Bits160, Strength::Bits256);
/// ```
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strength {
    /// 160 bits, what RFC 4226 recommends.
    Bits160,
    /// 256 bits.
    Bits256,
    /// 512 bits, the block of HMAC-SHA-1 and HMAC-SHA-256.
    Bits512,
}

#[cfg(feature = "alloc")]
impl Strength {
    const fn len(self) -> usize {
        match self {
            Self::Bits160 => 20,
            Self::Bits256 => 32,
            Self::Bits512 => 64,
        }
    }
}

/// A secret that was refused; says nothing of its bytes.
///
/// ```
/// # use pushotp_types::SecretRef;
/// let error = SecretRef::new(&[0; 10]).unwrap_err();
/// assert_eq!(error.to_string(), "a secret of 80 bits is weaker than 128 bits");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// No bytes at all.
    #[error("the secret is empty")]
    Empty,
    /// Under 128 bits; `danger_import_weak` takes it.
    #[error("a secret of {bits} bits is weaker than 128 bits")]
    Weak {
        /// Its length.
        bits: usize,
    },
    /// Over 1 KiB.
    #[error("the secret is longer than 1024 bytes")]
    TooLong,
}
