use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::{Assurance, DeviceError, DeviceKey};

/// A device key in software: 32 bytes that the caller keeps.
///
/// Its assurance is [`Assurance::Software`], and that is what it is worth: whoever copies the caller's files has the key.
/// Erasing overwrites these bytes in memory; that the file and its backups are gone is the caller's word.
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
    erased: bool,
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
        Self { id, key, erased: false }
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
        Self { id, key: Zeroizing::new(*key), erased: false }
    }

    /// The key's bytes: the only way to them. Zeros once it is erased.
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
        if self.erased {
            return Err(DeviceError::Gone);
        }
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

    fn next_generation(&self, rng: &mut dyn CryptoRng) -> Result<Self, DeviceError> {
        Ok(Self::generate(rng))
    }

    fn erase(&mut self) -> Result<(), DeviceError> {
        self.key.zeroize();
        self.erased = true;
        Ok(())
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareKey").finish_non_exhaustive()
    }
}
