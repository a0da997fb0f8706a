use rand_core::CryptoRng;
use zeroize::Zeroizing;

pub use self::{erase::EraseReceipt, software::SoftwareKey};

mod erase;
mod software;

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

    /// A key of the same kind with an id of its own, for the token's next sealing: unrelated to this one, so that
    /// erasing this one ends what was sealed with it.
    ///
    /// ```
    /// # use pushotp_pin::{DeviceKey, SoftwareKey};
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// let old = SoftwareKey::generate(&mut rng);
    /// let new = old.next_generation(&mut rng)?;
    /// assert!(old.id() != new.id() && old.prf(b"x")? != new.prf(b"x")?);
    /// # Ok::<(), pushotp_pin::DeviceError>(())
    /// ```
    ///
    /// # Errors
    /// [`DeviceError`] if none can be made.
    fn next_generation(&self, rng: &mut dyn CryptoRng) -> Result<Self, DeviceError>
    where
        Self: Sized;

    /// Destroys the key for good; from then on every use yields [`DeviceError::Gone`]. Again it does nothing.
    ///
    /// [`EraseReceipt::of`] calls it, and looks whether it is so.
    ///
    /// ```
    /// # use pushotp_pin::{DeviceError, DeviceKey, SoftwareKey};
    /// let mut device = SoftwareKey::from_bytes([1; 16], &[7; 32]);
    /// device.erase()?;
    /// assert_eq!(device.prf(b"x"), Err(DeviceError::Gone));
    /// assert_eq!(device.mac(b"x"), Err(DeviceError::Gone));
    /// # Ok::<(), DeviceError>(())
    /// ```
    ///
    /// # Errors
    /// [`DeviceError`] if it is still there, or may be.
    fn erase(&mut self) -> Result<(), DeviceError>;
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
