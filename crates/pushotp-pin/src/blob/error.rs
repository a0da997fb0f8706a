use crate::{CostError, DeviceError, derive::DeriveError};

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
    /// The sealed secret.
    #[error("ciphertext")]
    Ciphertext,
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
    /// The memory of the cost cannot be had.
    #[error("the memory for the key derivation cannot be reserved")]
    Memory,
    /// The values do not make a blob; no input is known that leads here.
    #[error("the values do not make a blob")]
    Format,
}

/// Why a blob was not opened. A wrong PIN is not among the reasons: it opens the blob to another secret.
///
/// ```
/// # use pushotp_pin::OpenError;
/// assert_eq!(OpenError::Tampered.to_string(), "the blob was changed or is not this device key's");
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
    /// It opens with the device key alone.
    #[error("the blob has no PIN")]
    NoPin,
    /// The memory of the blob's cost cannot be had.
    #[error("the memory for the key derivation cannot be reserved")]
    Memory,
}

impl From<DeriveError> for SealError {
    fn from(error: DeriveError) -> Self {
        match error {
            DeriveError::Device(error) => Self::Device(error),
            DeriveError::Memory => Self::Memory,
            DeriveError::Impossible => Self::Format,
        }
    }
}

impl From<DeriveError> for OpenError {
    fn from(error: DeriveError) -> Self {
        match error {
            DeriveError::Device(error) => Self::Device(error),
            DeriveError::Memory => Self::Memory,
            DeriveError::Impossible => Self::Tampered,
        }
    }
}
