use super::{Assurance, DeviceError, DeviceKey};

/// A device key was erased: what it sealed opens no more.
///
/// Only [`of`](Self::of) makes one, after it has seen that the key answers no more. It is worth as much as the key was:
/// of a key in [`Software`](Assurance::Software) or in a store of the operating system a copy may be anywhere, so such a
/// receipt does not allow to seal the same secret once more ([`Blob::reseal`](crate::Blob::reseal)).
///
/// ```
/// use pushotp_pin::{DeviceError, DeviceKey, EraseReceipt, SoftwareKey};
///
/// let mut old = SoftwareKey::from_bytes([1; 16], &[7; 32]);
/// let receipt = EraseReceipt::of(&mut old)?;
/// assert_eq!((receipt.id(), old.prf(b"x")), ([1; 16], Err(DeviceError::Gone)));
/// # Ok::<(), DeviceError>(())
/// ```
///
/// ```compile_fail,E0423
/// # use pushotp_pin::{Assurance, EraseReceipt};
/// let forged = EraseReceipt { id: [1; 16], assurance: Assurance::Hardware };
/// # Ok::<(), pushotp_pin::DeviceError>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the key is gone"]
pub struct EraseReceipt {
    id: [u8; 16],
    assurance: Assurance,
}

impl EraseReceipt {
    /// Erases a key, and looks whether it answers still.
    ///
    /// ```
    /// # use pushotp_pin::{Assurance, EraseReceipt, SoftwareKey};
    /// let receipt = EraseReceipt::of(&mut SoftwareKey::from_bytes([1; 16], &[7; 32]))?;
    /// assert_eq!(receipt.assurance(), Assurance::Software); // a copy of the file is none of its business
    /// # Ok::<(), pushotp_pin::DeviceError>(())
    /// ```
    ///
    /// # Errors
    /// [`DeviceError`] of the key; [`DeviceError::Failed`] if it answers after all.
    pub fn of(device: &mut dyn DeviceKey) -> Result<Self, DeviceError> {
        let receipt = Self { id: device.id(), assurance: device.assurance() };
        device.erase()?;
        match (device.prf(b"pushotp-pin-gone"), device.mac(b"pushotp-pin-gone")) {
            (Err(DeviceError::Gone), Err(DeviceError::Gone)) => Ok(receipt),
            _ => Err(DeviceError::Failed),
        }
    }

    /// The id that the key had.
    ///
    /// ```
    /// # use pushotp_pin::{EraseReceipt, SoftwareKey};
    /// let receipt = EraseReceipt::of(&mut SoftwareKey::from_bytes([1; 16], &[7; 32]))?;
    /// assert_eq!(receipt.id(), [1; 16]);
    /// # Ok::<(), pushotp_pin::DeviceError>(())
    /// ```
    #[must_use]
    pub const fn id(&self) -> [u8; 16] {
        self.id
    }

    /// How well the key was kept, and so what its end is worth.
    ///
    /// ```
    /// # use pushotp_pin::{Assurance, EraseReceipt, SoftwareKey};
    /// let receipt = EraseReceipt::of(&mut SoftwareKey::from_bytes([1; 16], &[7; 32]))?;
    /// assert!(receipt.assurance() < Assurance::Hardware);
    /// # Ok::<(), pushotp_pin::DeviceError>(())
    /// ```
    #[must_use]
    pub const fn assurance(&self) -> Assurance {
        self.assurance
    }
}
