use core::fmt;

use pushotp_pin::{DeviceKey, SoftwareKey};
use pushotp_wire::signer::{DeviceSigner, Ed25519Signer};
use zeroize::Zeroizing;

/// The keys that belong to a device: one signs its answers, one takes part in every unlocking.
///
/// Hold them where the platform holds keys best. They are not part of the authenticator's state, so that they can be
/// where a copy of the state file does not reach.
///
/// ```
/// use pushotp::{DeviceKeys, pin::SoftwareKey, wire::signer::Ed25519Signer};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// // Each may be a key that never leaves a secure element: both are traits.
/// let (unlock, signer) = (SoftwareKey::generate(&mut rng), Ed25519Signer::generate(&mut rng));
/// let keys = DeviceKeys::new(signer, unlock);
/// assert!(!format!("{keys:?}").contains("["));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DeviceKeys {
    pub(crate) signer: Box<dyn DeviceSigner + Send + Sync>,
    pub(crate) unlock: Box<dyn DeviceKey + Send + Sync>,
}

impl DeviceKeys {
    /// Keys of the platform: a secure enclave, a TPM, a key store.
    ///
    /// ```
    /// use pushotp::{DeviceKeys, pin::SoftwareKey, wire::signer::Ed25519Signer};
    ///
    /// let (signer, unlock) = (Ed25519Signer::from_bytes(&[1; 32]), SoftwareKey::from_bytes([2; 16], &[3; 32]));
    /// assert!(format!("{:?}", DeviceKeys::new(signer, unlock)).starts_with("DeviceKeys"));
    /// ```
    #[must_use]
    pub fn new(
        signer: impl DeviceSigner + Send + Sync + 'static,
        unlock: impl DeviceKey + Send + Sync + 'static,
    ) -> Self {
        Self { signer: Box::new(signer), unlock: Box::new(unlock) }
    }
}

impl fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceKeys").finish_non_exhaustive()
    }
}

/// The same keys in software, as 80 bytes that the caller keeps: for programs without a key store.
///
/// Whoever has these bytes and the state file has all that the device has, but not the PIN: the camouflaged secret
/// gives no way to check a guess. A token without a PIN is then only as safe as the files.
///
/// ```
/// use pushotp::SoftwareKeys;
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let keys = SoftwareKeys::generate(&mut rng);
/// let same = SoftwareKeys::from_bytes(keys.expose());
/// let device_keys = same.into_device_keys();
/// # let _ = device_keys;
/// ```
pub struct SoftwareKeys(Zeroizing<[u8; 80]>);

impl SoftwareKeys {
    /// Fresh keys.
    ///
    /// ```
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// let mut fresh = || pushotp::SoftwareKeys::generate(&mut rng);
    /// assert_ne!(fresh().expose(), fresh().expose());
    /// ```
    #[must_use]
    pub fn generate(rng: crate::Rng<'_>) -> Self {
        let mut bytes = Zeroizing::new([0; 80]);
        rng.fill_bytes(bytes.as_mut_slice());
        Self(bytes)
    }

    /// Keys as they were stored.
    ///
    /// ```
    /// let keys = pushotp::SoftwareKeys::from_bytes(&[7; 80]); // as they were stored
    /// assert_eq!(keys.expose(), &[7; 80]);
    /// ```
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 80]) -> Self {
        Self(Zeroizing::new(*bytes))
    }

    /// The 80 bytes: signing seed, unlocking key, its id. The only way to them.
    ///
    /// ```
    /// let keys = pushotp::SoftwareKeys::from_bytes(&[7; 80]);
    /// assert_eq!(keys.expose().len(), 80); // where a copy of the state file does not reach
    /// ```
    #[must_use]
    pub fn expose(&self) -> &[u8; 80] {
        &self.0
    }

    /// The keys, ready for use.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{Authenticator, SoftwareKeys};
    ///
    /// let world = World::new(); // a device that was enrolled with these keys
    /// let keys = SoftwareKeys::from_bytes(&world.keys).into_device_keys();
    /// assert!(Authenticator::load(&world.storage.saved(), keys, world.storage.clone()).is_ok());
    /// ```
    #[must_use]
    pub fn into_device_keys(self) -> DeviceKeys {
        let (mut seed, mut key, mut id) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]), [0; 16]);
        for (to, from) in seed.iter_mut().chain(key.iter_mut()).chain(id.iter_mut()).zip(self.0.iter()) {
            *to = *from;
        }
        DeviceKeys::new(Ed25519Signer::from_bytes(&seed), SoftwareKey::from_bytes(id, &key))
    }
}

impl fmt::Debug for SoftwareKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareKeys").finish_non_exhaustive()
    }
}
