use alloc::vec::Vec;
use core::fmt;

use pushotp_types::{Secret, SecretError};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// A token's secret whose bytes are uniformly random: what camouflage rests on.
///
/// A wrong PIN yields uniformly random bytes. If right ones look different, such as text, every PIN can be tried
/// without the server; so the type says where the bytes come from.
///
/// **Seal a secret once.** Two blobs of the same secret, or of secrets computed from each other, give the PIN away.
///
/// ```
/// use pushotp_pin::{UniformError, UniformSecret};
/// use pushotp_types::Secret;
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// assert_eq!(UniformSecret::generate(&mut rng, 32)?.secret().expose().len(), 32);
/// let text = Secret::new(b"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").unwrap();
/// assert_eq!(UniformSecret::assume_uniform(text).unwrap_err(), UniformError::Printable);
/// # Ok::<(), UniformError>(())
/// ```
pub struct UniformSecret(Secret);

impl UniformSecret {
    /// The shortest, in bytes.
    ///
    /// ```
    /// # use pushotp_pin::{UniformError, UniformSecret};
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// let mut generate = |len| UniformSecret::generate(&mut rng, len);
    /// assert!(generate(UniformSecret::MIN_LEN).is_ok());
    /// assert_eq!(generate(UniformSecret::MIN_LEN - 1).unwrap_err(), UniformError::Length);
    /// ```
    pub const MIN_LEN: usize = 16;
    /// The longest, in bytes.
    ///
    /// ```
    /// # use pushotp_pin::{UniformError, UniformSecret};
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// let mut generate = |len| UniformSecret::generate(&mut rng, len);
    /// assert!(generate(UniformSecret::MAX_LEN).is_ok());
    /// assert_eq!(generate(UniformSecret::MAX_LEN + 1).unwrap_err(), UniformError::Length);
    /// ```
    pub const MAX_LEN: usize = 64;

    /// A fresh one of `len` bytes.
    ///
    /// # Errors
    /// [`UniformError::Length`] unless `len` is 16 to 64.
    ///
    /// ```
    /// # use pushotp_pin::{UniformError, UniformSecret};
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
    /// assert_eq!(UniformSecret::generate(&mut rng, 65).unwrap_err(), UniformError::Length);
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R, len: usize) -> Result<Self, UniformError> {
        if !(Self::MIN_LEN..=Self::MAX_LEN).contains(&len) {
            return Err(UniformError::Length);
        }
        let mut bytes = Zeroizing::new(Vec::new());
        bytes.resize(len, 0);
        rng.fill_bytes(&mut bytes);
        Ok(Self(Secret::new(&bytes)?))
    }

    /// The secret that an enrolment's key exporter gave out.
    ///
    /// # Errors
    /// [`UniformError::Length`] unless it has 16 to 64 bytes.
    ///
    /// ```
    /// # use pushotp_pin::UniformSecret;
    /// # use pushotp_types::Secret;
    /// # let exported = Secret::new(&[7; 32]).unwrap();
    /// assert!(UniformSecret::from_exporter(exported).is_ok());
    /// ```
    pub fn from_exporter(secret: Secret) -> Result<Self, UniformError> {
        if (Self::MIN_LEN..=Self::MAX_LEN).contains(&secret.expose().len()) {
            Ok(Self(secret))
        } else {
            Err(UniformError::Length)
        }
    }

    /// An imported secret, on the caller's word that its issuer drew the bytes at random.
    ///
    /// The check finds text, not every other pattern. Where the word cannot be given, have the server replace the
    /// secret before a PIN protects it.
    ///
    /// # Errors
    /// [`UniformError::Printable`] if all bytes are printable ASCII, which of 16 random bytes happens once in three
    /// million times; [`UniformError::Length`] unless there are 16 to 64.
    ///
    /// ```
    /// # use pushotp_pin::UniformSecret;
    /// # use pushotp_types::Secret;
    /// let seed = Secret::new(b"12345678901234567890").unwrap();
    /// assert!(UniformSecret::assume_uniform(seed).is_err());
    /// ```
    pub fn assume_uniform(secret: Secret) -> Result<Self, UniformError> {
        // The fold reads all bytes: how far the text reaches is not to be timed.
        let printable = secret.expose().iter().fold(true, |all, byte| all & matches!(byte, 0x09..=0x0d | 0x20..=0x7e));
        if printable { Err(UniformError::Printable) } else { Self::from_exporter(secret) }
    }

    /// The secret.
    ///
    /// ```
    /// # use pushotp_pin::UniformSecret;
    /// # use pushotp_types::Secret;
    /// let uniform = UniformSecret::from_exporter(Secret::new(&[7; 32]).unwrap())?;
    /// assert_eq!(uniform.secret().expose(), [7; 32]);
    /// # Ok::<(), pushotp_pin::UniformError>(())
    /// ```
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.0
    }
}

impl fmt::Debug for UniformSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UniformSecret").finish_non_exhaustive()
    }
}

/// Why a secret cannot be camouflaged; says nothing of its bytes.
///
/// ```
/// # use pushotp_pin::UniformError;
/// assert_eq!(UniformError::Length.to_string(), "a secret for a blob has 16 to 64 bytes");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UniformError {
    /// Not 16 to 64 bytes.
    #[error("a secret for a blob has 16 to 64 bytes")]
    Length,
    /// All of it is text.
    #[error("a secret of printable bytes is not uniformly random")]
    Printable,
}

impl From<SecretError> for UniformError {
    fn from(_: SecretError) -> Self {
        Self::Length
    }
}
