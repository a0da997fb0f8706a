use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

/// A key that does not leave the device: it takes part in every guess and seals the blob.
///
/// Implement it over Android Keystore or `StrongBox`, a secure enclave, a TPM or an operating system's key store. Both
/// functions must always give the same output for the same input, and neither may tell anything about the other.
///
/// ```
/// use pushotp_pin::{Assurance, DeviceKey, SoftwareKey};
///
/// let key: &dyn DeviceKey = &SoftwareKey::from_bytes([1; 16], &[2; 32]);
/// assert_eq!(key.assurance(), Assurance::Software);
/// assert_eq!(key.prf(b"x")?, key.prf(b"x")?);
/// assert_ne!(*key.prf(b"x")?, key.mac(b"x")?);
/// # Ok::<(), pushotp_pin::DeviceError>(())
/// ```
pub trait DeviceKey {
    /// Names the key; not secret, and not computed from it.
    ///
    /// ```
    /// # use pushotp_pin::{DeviceKey, SoftwareKey};
    /// let (old, new) = (SoftwareKey::from_bytes([1; 16], &[7; 32]), SoftwareKey::from_bytes([2; 16], &[8; 32]));
    /// assert_ne!(old.id(), new.id()); // a blob names the one that sealed it
    /// ```
    fn id(&self) -> [u8; 16];

    /// How well the key is kept.
    ///
    /// ```
    /// # use pushotp_pin::{Assurance, DeviceKey, SoftwareKey};
    /// let device = SoftwareKey::from_bytes([1; 16], &[7; 32]);
    /// assert!(device.assurance() < Assurance::Hardware); // warn before passcodes are displayed
    /// ```
    fn assurance(&self) -> Assurance;

    /// 32 pseudorandom bytes of `input`.
    ///
    /// ```
    /// # use pushotp_pin::{DeviceKey, SoftwareKey};
    /// let device = SoftwareKey::from_bytes([1; 16], &[7; 32]);
    /// assert_eq!(device.prf(b"one")?, device.prf(b"one")?);
    /// assert_ne!(device.prf(b"one")?, device.prf(b"two")?);
    /// # Ok::<(), pushotp_pin::DeviceError>(())
    /// ```
    ///
    /// # Errors
    /// [`DeviceError`] if the key cannot be used.
    fn prf(&self, input: &[u8]) -> Result<Zeroizing<[u8; 32]>, DeviceError>;

    /// The authentication tag of `message`.
    ///
    /// ```
    /// # use pushotp_pin::{DeviceKey, SoftwareKey};
    /// let (device, other) = (SoftwareKey::from_bytes([1; 16], &[7; 32]), SoftwareKey::from_bytes([1; 16], &[8; 32]));
    /// assert_ne!(device.mac(b"record 1")?, device.mac(b"record 2")?);
    /// assert_ne!(device.mac(b"record")?, other.mac(b"record")?);
    /// # Ok::<(), pushotp_pin::DeviceError>(())
    /// ```
    ///
    /// # Errors
    /// [`DeviceError`] if the key cannot be used.
    fn mac(&self, message: &[u8]) -> Result<[u8; 32], DeviceError>;
}

/// How well a device key is kept, from worst to best.
///
/// ```
/// # use pushotp_pin::Assurance;
/// assert!(Assurance::Software < Assurance::HardwareThrottled);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Assurance {
    /// In a file: copied together with the blob. A token that displays passcodes then needs a warning, because one seen
    /// passcode and a copy of the files give the PIN away.
    Software,
    /// In a store of the operating system: falls with the user's account.
    OsKeystore,
    /// In hardware that does not give it out.
    Hardware,
    /// In hardware that also slows down or ends guessing.
    HardwareThrottled,
}

/// Why a device key gave no answer; says nothing of the input.
///
/// ```
/// # use pushotp_pin::DeviceError;
/// assert_eq!(DeviceError::Gone.to_string(), "the device key does not exist any more");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// Not now: the store is locked, the hardware is busy or slows guesses down.
    #[error("the device key cannot be used now")]
    Unavailable,
    /// It was erased or invalidated; only a new enrolment helps.
    #[error("the device key does not exist any more")]
    Gone,
    /// Anything else.
    #[error("the device key failed")]
    Failed,
}

/// A device key in software: 32 bytes that the caller keeps.
///
/// The pseudorandom function is HMAC-SHA-256 of the byte 1 and the input, the tag that of the byte 2 and the message.
///
/// ```
/// use pushotp_pin::{DeviceKey, SoftwareKey};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let key = SoftwareKey::generate(&mut rng);
/// let same = SoftwareKey::from_bytes(key.id(), key.expose());
/// assert_eq!(key.mac(b"message"), same.mac(b"message"));
/// assert_eq!(format!("{key:?}"), "SoftwareKey { .. }");
/// ```
pub struct SoftwareKey {
    id: [u8; 16],
    key: Zeroizing<[u8; 32]>,
}

impl SoftwareKey {
    /// A fresh key with a random id.
    ///
    /// ```
    /// # use pushotp_pin::{DeviceKey, SoftwareKey};
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1); // yours: the system's
    /// let (one, two) = (SoftwareKey::generate(&mut rng), SoftwareKey::generate(&mut rng));
    /// assert!(one.id() != two.id() && one.expose() != two.expose());
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let (mut id, mut key) = ([0; 16], Zeroizing::new([0; 32]));
        rng.fill_bytes(&mut id);
        rng.fill_bytes(key.as_mut_slice());
        Self { id, key }
    }

    /// A key as it was stored.
    ///
    /// ```
    /// # use pushotp_pin::{DeviceKey, SoftwareKey};
    /// let (stored_id, stored_key) = ([1; 16], [7; 32]);
    /// let device = SoftwareKey::from_bytes(stored_id, &stored_key);
    /// assert_eq!((device.id(), device.expose()), (stored_id, &stored_key));
    /// ```
    #[must_use]
    pub fn from_bytes(id: [u8; 16], key: &[u8; 32]) -> Self {
        Self { id, key: Zeroizing::new(*key) }
    }

    /// The key's bytes: the only way to them.
    ///
    /// ```
    /// # use pushotp_pin::{DeviceKey, SoftwareKey};
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1); // yours: the system's
    /// let device = SoftwareKey::generate(&mut rng);
    /// let (id, key) = (device.id(), *device.expose()); // for a file that only the user can read
    /// assert_eq!(SoftwareKey::from_bytes(id, &key).mac(b"x"), device.mac(b"x"));
    /// ```
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.key
    }

    fn hmac(&self, role: u8, input: &[u8]) -> Result<[u8; 32], DeviceError> {
        let mut hmac = Hmac::<Sha256>::new_from_slice(self.key.as_slice()).map_err(|_| DeviceError::Failed)?;
        hmac.update(&[role]);
        hmac.update(input);
        Ok(hmac.finalize().into_bytes().into())
    }
}

impl DeviceKey for SoftwareKey {
    fn id(&self) -> [u8; 16] {
        self.id
    }

    fn assurance(&self) -> Assurance {
        Assurance::Software
    }

    fn prf(&self, input: &[u8]) -> Result<Zeroizing<[u8; 32]>, DeviceError> {
        self.hmac(1, input).map(Zeroizing::new)
    }

    fn mac(&self, message: &[u8]) -> Result<[u8; 32], DeviceError> {
        self.hmac(2, message)
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareKey").finish_non_exhaustive()
    }
}
