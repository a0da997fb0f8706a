use core::fmt;

use linux_keyutils::Key;
use pushotp_pin::{Assurance, DeviceError, DeviceKey, SoftwareKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::ring::{Ring, device_error};

const LEN: usize = 32;

/// A device key whose 32 bytes lie in a keyring of the kernel. They are in this process only while they are used, and
/// are overwritten then.
///
/// Its assurance is [`Assurance::OsKeystore`]: it falls with the user's account, and it is **gone after a restart** of the
/// machine. [`Ring`] says when it is gone before that, and [`insert`](Self::insert) how to bring it back.
///
/// Both functions are those of [`SoftwareKey`] with the same bytes.
///
/// ```
/// use pushotp_keyring::{KeyringKey, Ring};
/// use pushotp_pin::{Assurance, DeviceKey};
/// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::from_rng(&mut some_rng()); // yours: the system's
/// # fn some_rng() -> rand_chacha::ChaCha20Rng { rand_core::SeedableRng::seed_from_u64(std::process::id().into()) }
/// # let ring = Ring::Process;
/// # if !ring.is_available() { return Ok(()); }
///
/// let device = KeyringKey::generate(ring, &mut rng)?; // `Ring::User` in an app
/// assert_eq!(device.assurance(), Assurance::OsKeystore);
///
/// // The next start finds it by its id, which a blob names.
/// let again = KeyringKey::open(ring, device.id())?;
/// assert_eq!(again.prf(b"input")?, device.prf(b"input")?);
/// # Ok::<(), pushotp_pin::DeviceError>(())
/// ```
pub struct KeyringKey {
    id: [u8; 16],
    ring: Ring,
}

impl KeyringKey {
    /// A fresh key with a random id, in a ring.
    ///
    /// ```
    /// # use pushotp_keyring::{KeyringKey, Ring};
    /// # use pushotp_pin::DeviceKey;
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(2); // yours: the system's
    /// # let ring = Ring::Process;
    /// # if !ring.is_available() { return Ok(()); }
    /// let (one, two) = (KeyringKey::generate(ring, &mut rng)?, KeyringKey::generate(ring, &mut rng)?);
    /// assert!(one.id() != two.id() && one.prf(b"x")? != two.prf(b"x")?);
    /// # Ok::<(), pushotp_pin::DeviceError>(())
    /// ```
    ///
    /// # Errors
    /// [`DeviceError::Unavailable`] if the kernel has no such ring for this process, or no room in it.
    pub fn generate<R: CryptoRng + ?Sized>(place: Ring, rng: &mut R) -> Result<Self, DeviceError> {
        let (mut id, mut key) = ([0; 16], Zeroizing::new([0; LEN]));
        rng.fill_bytes(&mut id);
        rng.fill_bytes(key.as_mut_slice());
        Self::insert(place, id, &key)
    }

    /// Puts a key into a ring that was kept elsewhere: sealed to the machine's TPM, say, and opened at login.
    ///
    /// Where it is kept then decides what it is worth. Without such a place a restart of the machine ends every
    /// enrolment.
    ///
    /// ```
    /// # use pushotp_keyring::{KeyringKey, Ring};
    /// # use pushotp_pin::{DeviceKey, SoftwareKey};
    /// # let ring = Ring::Process;
    /// # if !ring.is_available() { return Ok(()); }
    /// let device = KeyringKey::insert(ring, [1; 16], &[7; 32])?;
    /// assert_eq!(device.mac(b"x"), SoftwareKey::from_bytes([1; 16], &[7; 32]).mac(b"x"));
    /// assert!(KeyringKey::insert(ring, [1; 16], &[8; 32]).is_err()); // nothing is overwritten
    /// # Ok::<(), pushotp_pin::DeviceError>(())
    /// ```
    ///
    /// # Errors
    /// [`DeviceError::Unavailable`] if the kernel has no such ring for this process, no room in it, or another key
    /// with this id is there.
    pub fn insert(ring: Ring, id: [u8; 16], key: &[u8; LEN]) -> Result<Self, DeviceError> {
        let inserted = Self { id, ring };
        let place = ring.open()?;
        match inserted.find() {
            Ok(_) => return Err(DeviceError::Unavailable),
            Err(DeviceError::Gone) => {}
            Err(error) => return Err(error),
        }
        let added = place.add_key(&inserted.description(), key).map_err(device_error)?;
        if let Err(error) = added.set_perms(ring.permissions()) {
            // A key that others could overwrite is none.
            let _ = added.invalidate();
            return Err(device_error(error));
        }
        Ok(inserted)
    }

    /// The key of this id, which is in the ring already.
    ///
    /// ```
    /// # use pushotp_keyring::{KeyringKey, Ring};
    /// # use pushotp_pin::DeviceError;
    /// # if !Ring::Process.is_available() { return; }
    /// // After a restart of the machine: enrol again.
    /// assert_eq!(KeyringKey::open(Ring::Process, [9; 16]).unwrap_err(), DeviceError::Gone);
    /// ```
    ///
    /// # Errors
    /// [`DeviceError::Gone`] if it is not in the ring that this process sees; [`DeviceError::Unavailable`] if the kernel has no such ring for this
    /// process, or does not let it read the key.
    pub fn open(ring: Ring, id: [u8; 16]) -> Result<Self, DeviceError> {
        let key = Self { id, ring };
        key.read().map(|_| key)
    }

    /// The ring that holds it.
    ///
    /// ```
    /// # use pushotp_keyring::{KeyringKey, Ring};
    /// # let ring = Ring::Process;
    /// # if !ring.is_available() { return Ok(()); }
    /// assert_eq!(KeyringKey::insert(ring, [2; 16], &[7; 32])?.ring(), Ring::Process);
    /// # Ok::<(), pushotp_pin::DeviceError>(())
    /// ```
    #[must_use]
    pub const fn ring(&self) -> Ring {
        self.ring
    }

    /// What the kernel calls it: no secret, and seen by every process that may view the key.
    fn description(&self) -> String {
        format!("pushotp:{:032x}", u128::from_be_bytes(self.id))
    }

    fn find(&self) -> Result<Key, DeviceError> {
        self.ring.open()?.search(&self.description()).map_err(device_error)
    }

    fn read(&self) -> Result<SoftwareKey, DeviceError> {
        let mut bytes = Zeroizing::new([0; LEN]);
        // The kernel tells the length of the key, also of one that does not fit.
        let len = self.find()?.read(&mut bytes).map_err(device_error)?;
        if len == LEN { Ok(SoftwareKey::from_bytes(self.id, &bytes)) } else { Err(DeviceError::Failed) }
    }
}

impl DeviceKey for KeyringKey {
    fn id(&self) -> [u8; 16] {
        self.id
    }

    fn assurance(&self) -> Assurance {
        Assurance::OsKeystore
    }

    fn prf(&self, input: &[u8]) -> Result<Zeroizing<[u8; 32]>, DeviceError> {
        self.read()?.prf(input)
    }

    fn mac(&self, message: &[u8]) -> Result<[u8; 32], DeviceError> {
        self.read()?.mac(message)
    }

    fn next_generation(&self, rng: &mut dyn CryptoRng) -> Result<Self, DeviceError> {
        Self::generate(self.ring, rng)
    }

    /// Revokes it: the kernel overwrites the bytes, and whoever still has a link to it gets nothing.
    fn erase(&mut self) -> Result<(), DeviceError> {
        let key = match self.find() {
            Ok(key) => key,
            Err(DeviceError::Gone) => return Ok(()),
            Err(error) => return Err(error),
        };
        key.revoke().map_err(device_error)?;
        // What is left is a name without a key, which the kernel collects some time later if this fails.
        let _ = self.ring.open()?.unlink_key(key);
        Ok(())
    }
}

impl fmt::Debug for KeyringKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringKey").field("ring", &self.ring).finish_non_exhaustive()
    }
}
