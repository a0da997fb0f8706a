use crate::{CostError, DeviceError, HardenError, PresenceError, derive::DeriveError};

/// Why bytes are not a blob.
///
/// ```
/// # use pushotp_pin::{Blob, BlobError};
/// assert_eq!(Blob::decode(b"not a blob").unwrap_err(), BlobError::Magic);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// Longer than 1 KiB; nothing else was looked at.
    #[error("a blob has at most 1024 bytes")]
    TooLong,
    /// It does not start as blobs do.
    #[error("not a PIN blob")]
    Magic,
    /// Not the deterministic encoding of the known fields, or a slot of an unknown kind.
    #[error("malformed {0}")]
    Malformed(Field),
    /// A value that only a later version can know.
    #[error("unsupported {0}")]
    Unsupported(Field),
    /// A value that no version allows.
    #[error("{0} out of range")]
    OutOfRange(Field),
    /// A cost above a ceiling; nothing was allocated for it.
    #[error("cost: {0}")]
    Cost(#[from] CostError),
}

/// A part of a blob, in the order of its bytes.
///
/// ```
/// # use pushotp_pin::Field;
/// assert_eq!(Field::SecretLength.to_string(), "length of the secret");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Field {
    /// The blob as a whole.
    #[error("blob")]
    Blob,
    /// Its version.
    #[error("version")]
    Version,
    /// Its header.
    #[error("header")]
    Header,
    /// The count of sealings.
    #[error("generation")]
    Generation,
    /// How many bytes the secret has.
    #[error("length of the secret")]
    SecretLength,
    /// The extensions that a reader must know.
    #[error("critical extension")]
    Critical,
    /// The list of slots.
    #[error("list of slots")]
    Slots,
    /// The cipher suite of a slot.
    #[error("suite")]
    Suite,
    /// The password hash.
    #[error("algorithm")]
    Algorithm,
    /// The salt of the password hash.
    #[error("salt")]
    Salt,
    /// The alphabet of the PIN.
    #[error("mode")]
    Mode,
    /// What takes part besides the PIN.
    #[error("set of layers")]
    Layers,
    /// What a hardening server is asked.
    #[error("hardener")]
    Hardener,
    /// Whose presence key it is.
    #[error("provider")]
    Provider,
    /// Which biometrics a presence key is bound to.
    #[error("enrolment")]
    Enrolment,
    /// The sealed secret.
    #[error("ciphertext")]
    Ciphertext,
    /// Of a pending rotation: whether a passcode of the new secret may have left.
    #[error("mark of use")]
    Used,
}

/// Why a secret was not sealed; says nothing of it.
///
/// ```
/// # use pushotp_pin::{DeviceError, SealError};
/// let error = SealError::from(DeviceError::Gone);
/// assert_eq!(error.to_string(), "the device key does not exist any more");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The device key.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The hardener.
    #[error(transparent)]
    Harden(#[from] HardenError),
    /// A presence key.
    #[error(transparent)]
    Presence(#[from] PresenceError),
    /// The permit is of another device key, or of one that does not throttle any more.
    #[error("the permit is not this device key's")]
    NotPermitted,
    /// The memory of the cost cannot be had.
    #[error("the memory for the key derivation cannot be reserved")]
    Memory,
    /// The locks do not make a blob: a hardener without a PIN, two presence keys of one provider, a provider's name,
    /// enrolment or ciphertext of the wrong length, or more than a blob holds.
    #[error("the values do not make a blob")]
    Format,
}

/// Why a blob was not opened. A wrong PIN is not among the reasons: it opens a camouflaged blob to another secret.
///
/// ```
/// # use pushotp_pin::OpenError;
/// assert_eq!(OpenError::Tampered.to_string(), "the blob was changed or is not this device key's");
/// ```
///
/// ```compile_fail,E0599
/// let told = pushotp_pin::OpenError::WrongPin;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The device key.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The blob names another device key.
    #[error("the blob was sealed with another device key")]
    OtherDevice,
    /// The tag does not fit.
    #[error("the blob was changed or is not this device key's")]
    Tampered,
    /// It opens with a PIN, not with the device key alone.
    #[error("the blob opens with a PIN")]
    NeedsPin,
    /// It opens without a PIN.
    #[error("the blob has no PIN")]
    NoPin,
    /// The PIN is of digits and the blob's of any characters, or the other way round.
    #[error("the blob was sealed with another kind of PIN")]
    OtherPinMode,
    /// Another hardener takes part, or none, or one has to.
    #[error("the blob was sealed with another hardener")]
    OtherHardener,
    /// The hardener.
    #[error(transparent)]
    Harden(#[from] HardenError),
    /// No presence key of this provider opens it.
    #[error("the blob does not open with this presence key")]
    NoPresence,
    /// The presence key.
    #[error(transparent)]
    Presence(#[from] PresenceError),
    /// The memory of the blob's cost cannot be had.
    #[error("the memory for the key derivation cannot be reserved")]
    Memory,
}

/// Why a verifiable blob was not opened.
///
/// ```
/// # use pushotp_pin::{OpenError, VerifiableOpenError};
/// assert_eq!(VerifiableOpenError::WrongPin.to_string(), "the PIN is wrong");
/// assert_eq!(VerifiableOpenError::from(OpenError::Tampered).to_string(), OpenError::Tampered.to_string());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifiableOpenError {
    /// It is not the one that the secret was sealed under; the attempt stays counted.
    #[error("the PIN is wrong")]
    WrongPin,
    /// No PIN was tried.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl From<DeriveError> for SealError {
    fn from(error: DeriveError) -> Self {
        match error {
            DeriveError::Device(error) => Self::Device(error),
            DeriveError::Harden(error) => Self::Harden(error),
            DeriveError::Memory => Self::Memory,
            DeriveError::Impossible => Self::Format,
        }
    }
}

impl From<DeriveError> for OpenError {
    fn from(error: DeriveError) -> Self {
        match error {
            DeriveError::Device(error) => Self::Device(error),
            DeriveError::Harden(error) => Self::Harden(error),
            DeriveError::Memory => Self::Memory,
            DeriveError::Impossible => Self::Tampered,
        }
    }
}
