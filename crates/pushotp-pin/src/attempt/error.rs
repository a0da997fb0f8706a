use pushotp_types::UnixTime;

use super::StoreError;
use crate::DeviceError;

/// Why the record of a token's attempts does not help.
///
/// ```
/// # use pushotp_pin::RecordError;
/// assert_eq!(RecordError::Missing.to_string(), "the token has no attempt record");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// There is none: the blob was never armed, or somebody removed it.
    #[error("the token has no attempt record")]
    Missing,
    /// It is not as this device key wrote it for this token.
    #[error("the attempt record was changed or is not this device key's")]
    Tampered,
    /// It belongs to another sealing of the token: the blob is an old one, or a new one that was not armed.
    #[error("the attempt record belongs to another sealing of the token")]
    OtherGeneration,
    /// It is older than the device's counter: somebody put an old one back.
    #[error("the attempt record is older than the device's counter")]
    RolledBack,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The device key.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// Why no attempt begins; nothing was counted, unless the store failed in the middle.
///
/// ```
/// # use pushotp_pin::Denied;
/// assert_eq!(Denied::Locked.to_string(), "too many attempts in a row");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// Ten attempts in a row without success: an [`UnlockTicket`](crate::UnlockTicket) or a new enrolment helps.
    #[error("too many attempts in a row")]
    Locked,
    /// Too early.
    #[error("the next attempt has to wait")]
    Wait {
        /// When it may begin.
        until: UnixTime,
    },
    /// The blob opens with the device key alone, without a person.
    #[error("the blob has no PIN")]
    NoPin,
    /// The blob names another device key.
    #[error("the blob was sealed with another device key")]
    OtherDevice,
    /// The attempts so far are not known; treat the token as locked.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Why an attempt was not settled; it stays counted.
///
/// ```
/// # use pushotp_pin::SettleError;
/// assert_eq!(SettleError::NotPending.to_string(), "the attempt is not pending any more");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// It was settled before, or another one has begun since.
    #[error("the attempt is not pending any more")]
    NotPending,
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Why the count was not started again.
///
/// ```
/// # use pushotp_pin::UnlockError;
/// assert_eq!(UnlockError::OtherAttempt.to_string(), "the unlock ticket is of another attempt");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnlockError {
    /// It names another token or generation than the blob.
    #[error("the unlock ticket is of another blob")]
    OtherBlob,
    /// It was used before, or attempts have begun since the server was asked.
    #[error("the unlock ticket is of another attempt")]
    OtherAttempt,
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
}
