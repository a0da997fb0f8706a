use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

pub use self::software::SoftwarePresenceKey;
use crate::Assurance;

mod software;

/// A key that works only while a person proves to be there: the biometric way to a secret.
///
/// Implement it over a key that the platform releases for one use after a fingerprint or a face. The platform says yes by
/// **decrypting**: an implementation that asks a yes-or-no question and then decrypts with a key of its own is worth
/// nothing, because whoever runs code as the user skips the question.
///
/// ```
/// use pushotp_pin::{PresenceKey, SoftwarePresenceKey};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let key: &dyn PresenceKey = &SoftwarePresenceKey::generate(&mut rng);
/// let wrapped = key.wrap(b"what it is for", &[7; 32], &mut rng)?;
/// assert_eq!(key.unwrap(b"what it is for", &wrapped, "Unlock your bank token")?.as_slice(), [7; 32]);
/// assert!(key.unwrap(b"something else", &wrapped, "Unlock your bank token").is_err());
/// # Ok::<(), pushotp_pin::PresenceError>(())
/// ```
pub trait PresenceKey {
    /// Names the kind of key in the blob: 1 to 32 bytes, one slot each.
    ///
    /// ```
    /// # use pushotp_pin::{PresenceKey, SoftwarePresenceKey};
    /// assert_eq!(SoftwarePresenceKey::from_bytes(&[7; 32]).provider(), "software");
    /// ```
    fn provider(&self) -> &str;

    /// Names the set of fingerprints or faces that the key is bound to, at most 64 bytes; empty where the platform does
    /// not tell. A blob that was sealed with another set does not open.
    ///
    /// ```
    /// # use pushotp_pin::{PresenceKey, SoftwarePresenceKey};
    /// assert!(SoftwarePresenceKey::from_bytes(&[7; 32]).enrolment().is_empty());
    /// ```
    fn enrolment(&self) -> Vec<u8>;

    /// How well the key is kept.
    ///
    /// ```
    /// # use pushotp_pin::{Assurance, PresenceKey, SoftwarePresenceKey};
    /// assert_eq!(SoftwarePresenceKey::from_bytes(&[7; 32]).assurance(), Assurance::Software);
    /// ```
    fn assurance(&self) -> Assurance;

    /// Encrypts and authenticates `plain` together with `aad`, to at most 600 bytes.
    ///
    /// ```
    /// # use pushotp_pin::{PresenceKey, SoftwarePresenceKey};
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// let key = SoftwarePresenceKey::generate(&mut rng);
    /// assert_ne!(key.wrap(b"aad", &[7; 32], &mut rng)?, key.wrap(b"aad", &[7; 32], &mut rng)?);
    /// # Ok::<(), pushotp_pin::PresenceError>(())
    /// ```
    ///
    /// # Errors
    /// [`PresenceError`].
    fn wrap(&self, aad: &[u8], plain: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, PresenceError>;

    /// Decrypts after the person has proved to be there; `prompt` says what for.
    ///
    /// ```
    /// # use pushotp_pin::{PresenceKey, PresenceError, SoftwarePresenceKey};
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// let (key, other) = (SoftwarePresenceKey::generate(&mut rng), SoftwarePresenceKey::generate(&mut rng));
    /// let wrapped = key.wrap(b"aad", &[7; 32], &mut rng)?;
    /// assert!(key.unwrap(b"aad", &wrapped, "unlock").is_ok());
    /// assert_eq!(other.unwrap(b"aad", &wrapped, "unlock"), Err(PresenceError::Tampered));
    /// # Ok::<(), PresenceError>(())
    /// ```
    ///
    /// # Errors
    /// [`PresenceError`]; [`PresenceError::Tampered`] unless this key made `wrapped`, with this `aad`.
    fn unwrap(&self, aad: &[u8], wrapped: &[u8], prompt: &str) -> Result<Zeroizing<Vec<u8>>, PresenceError>;
}

/// Why a presence key did not wrap or unwrap.
///
/// ```
/// # use pushotp_pin::PresenceError;
/// assert_eq!(PresenceError::Absent.to_string(), "nobody proved to be there");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresenceError {
    /// The person cancelled, was not recognised, or did not answer.
    #[error("nobody proved to be there")]
    Absent,
    /// Fingerprints or faces changed since: use the PIN, and rotate.
    #[error("the enrolled biometrics changed")]
    Changed,
    /// The wrapped bytes are not this key's, or are of something else.
    #[error("the wrapped secret was changed or is not this presence key's")]
    Tampered,
    /// Not now, or not on this device.
    #[error("the presence key cannot be used")]
    Unavailable,
}
