use core::fmt;

use crate::{Assurance, DeviceKey, Hardener, OpenError, VerifiableOpenError};

/// What a wrong PIN does: [`Camouflage`] or [`Verifiable`]. There are no others.
///
/// ```
/// use pushotp_pin::{Blob, Camouflage, Mode, OpenError};
///
/// fn opens<M: Mode>(_: &Blob<M>, error: &M::OpenError) -> String {
///     format!("not opened: {error}")
/// }
/// # let _ = opens::<Camouflage>;
/// ```
pub trait Mode: Suite<Error = Self::OpenError> {
    /// Why a PIN does not open a blob.
    type OpenError: core::error::Error + From<OpenError> + Copy + PartialEq + 'static;
}

/// Every PIN opens the blob, the right one to the secret: the default.
///
/// ```
/// use pushotp_pin::{Blob, BlobError, Camouflage};
///
/// let decode: fn(&[u8]) -> Result<Blob<Camouflage>, BlobError> = Blob::decode; // `Blob` alone means this
/// assert!(decode(b"").is_err());
/// ```
#[derive(Debug)]
pub enum Camouflage {}

/// A wrong PIN is told on the device, at once: so it takes something that stops the guessing, and a [`Permit`].
///
/// ```
/// use pushotp_pin::{Blob, Verifiable};
///
/// assert!(Blob::<Verifiable>::decode_as(b"").is_err());
/// ```
#[derive(Debug)]
pub enum Verifiable {}

impl Mode for Camouflage {
    type OpenError = OpenError;
}

impl Mode for Verifiable {
    type OpenError = VerifiableOpenError;
}

mod sealed {
    use alloc::vec::Vec;

    use subtle::ConstantTimeEq;
    use zeroize::Zeroizing;

    use super::{Camouflage, OpenError, Verifiable, VerifiableOpenError};
    use crate::derive::{DeriveError, Unsealer};

    /// A cipher suite: how the material of a PIN hides a secret.
    pub trait Suite {
        const SUITE: u8;
        /// How much longer the ciphertext is than the secret.
        const OVERHEAD: usize;
        /// Whether a blob without a PIN is none of this mode.
        const NEEDS_PIN: bool;
        type Error;

        fn seal(material: &Unsealer, plain: &[u8]) -> Result<Vec<u8>, DeriveError>;
        fn open(material: &Unsealer, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Self::Error>;
    }

    impl Suite for Camouflage {
        const SUITE: u8 = 1;
        const OVERHEAD: usize = 0;
        const NEEDS_PIN: bool = false;
        type Error = OpenError;

        fn seal(material: &Unsealer, plain: &[u8]) -> Result<Vec<u8>, DeriveError> {
            Ok(material.masked(b"mask", plain)?.to_vec())
        }

        fn open(material: &Unsealer, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
            Ok(material.masked(b"mask", ciphertext)?)
        }
    }

    /// Encrypt, then MAC: HMAC commits to the key, which no fast AEAD does.
    impl Suite for Verifiable {
        const SUITE: u8 = 2;
        const OVERHEAD: usize = 32;
        const NEEDS_PIN: bool = true;
        type Error = VerifiableOpenError;

        fn seal(material: &Unsealer, plain: &[u8]) -> Result<Vec<u8>, DeriveError> {
            let mut ciphertext = material.masked(b"enc", plain)?.to_vec();
            ciphertext.extend_from_slice(&material.mac(&ciphertext)?);
            Ok(ciphertext)
        }

        fn open(material: &Unsealer, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, VerifiableOpenError> {
            let (body, tag) = ciphertext.split_last_chunk::<32>().ok_or(OpenError::Tampered)?;
            let expected = Zeroizing::new(material.mac(body).map_err(OpenError::from)?);
            if !bool::from(expected.ct_eq(tag)) {
                return Err(VerifiableOpenError::WrongPin);
            }
            Ok(material.masked(b"enc", body).map_err(OpenError::from)?)
        }
    }
}

pub(crate) use sealed::Suite;

/// Leave to seal verifiably: something slows guesses down or ends them.
///
/// Only a device key of assurance [`HardwareThrottled`](Assurance::HardwareThrottled) and a [`Hardener`] give it, and it is
/// good for sealing with that very key or that hardener.
///
/// ```
/// use pushotp_pin::{NotThrottled, Permit, SoftwareKey};
///
/// let device = SoftwareKey::from_bytes([1; 16], &[7; 32]);
/// assert_eq!(Permit::from_device(&device).unwrap_err(), NotThrottled);
/// ```
///
/// It cannot be made by hand:
///
/// ```compile_fail,E0423
/// let forged = pushotp_pin::Permit(());
/// ```
#[must_use]
pub struct Permit<'a>(By<'a>);

#[derive(Clone, Copy)]
enum By<'a> {
    Device([u8; 16]),
    Hardener(&'a dyn Hardener),
}

impl<'a> Permit<'a> {
    /// From a device key that throttles in hardware.
    ///
    /// ```
    /// # use pushotp_pin::{Assurance, DeviceKey, NotThrottled, Permit, SoftwareKey};
    /// let device = SoftwareKey::from_bytes([1; 16], &[7; 32]);
    /// assert!(device.assurance() < Assurance::HardwareThrottled);
    /// assert_eq!(Permit::from_device(&device).err(), Some(NotThrottled));
    /// ```
    ///
    /// # Errors
    /// [`NotThrottled`] for any other.
    pub fn from_device(device: &dyn DeviceKey) -> Result<Self, NotThrottled> {
        if device.assurance() == Assurance::HardwareThrottled {
            Ok(Self(By::Device(device.id())))
        } else {
            Err(NotThrottled)
        }
    }

    /// From a hardener, which then takes part in every guess.
    ///
    /// ```
    /// # use pushotp_pin::{MemoryHardener, Permit};
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// let server = MemoryHardener::generate(&mut rng);
    /// let permit = Permit::from_hardener(&server);
    /// assert_eq!(format!("{permit:?}"), "Permit { .. }");
    /// ```
    pub const fn from_hardener(hardener: &'a dyn Hardener) -> Self {
        Self(By::Hardener(hardener))
    }

    pub(crate) const fn hardener(&self) -> Option<&'a dyn Hardener> {
        match self.0 {
            By::Device(_) => None,
            By::Hardener(hardener) => Some(hardener),
        }
    }

    /// Whether it allows to seal with this device key, as far as it depends on that.
    pub(crate) fn allows(&self, device: &dyn DeviceKey) -> bool {
        match self.0 {
            By::Device(id) => id == device.id() && device.assurance() == Assurance::HardwareThrottled,
            By::Hardener(_) => true,
        }
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// The device key does not stop guesses, so a wrong PIN must not be told.
///
/// ```
/// # use pushotp_pin::NotThrottled;
/// assert_eq!(NotThrottled.to_string(), "the device key does not throttle guesses in hardware");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the device key does not throttle guesses in hardware")]
pub struct NotThrottled;
