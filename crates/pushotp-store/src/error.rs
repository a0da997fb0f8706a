use std::error::Error;

use crate::MAX_VALUE;

/// The engine's own error, kept as the source of a [`StoreError`].
///
/// Engines differ, and the facade holds a store whose type it does not know; a caller decides by the variant alone.
///
/// ```
/// use pushotp_store::{BoxError, StoreError};
///
/// let engine: BoxError = "the disk is full".into();
/// assert!(matches!(StoreError::not_applied(engine), StoreError::NotApplied(_)));
/// ```
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why a store did not answer; tells above all whether a write may have happened.
///
/// Losing a compare-and-swap is no error, see [`Cas`](crate::Cas). The source is the engine's error and is meant for a
/// log; a store puts neither values nor keys into it.
///
/// ```
/// use std::error::Error;
/// use pushotp_store::StoreError;
///
/// let error = StoreError::not_applied("disk full");
/// assert!(matches!(error, StoreError::NotApplied(_)));
/// assert_eq!(error.to_string(), "the store failed, and nothing was written");
/// assert_eq!(error.source().unwrap().to_string(), "disk full");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Certainly nothing was written, now or later. The only error of a read.
    #[error("the store failed, and nothing was written")]
    NotApplied(#[source] BoxError),
    /// The write may have happened, or may still happen: read before anything is told.
    #[error("the store failed, and the write may or may not have happened")]
    Unknown(#[source] BoxError),
}

impl StoreError {
    /// A failure that certainly left everything as it was.
    ///
    /// ```
    /// # use pushotp_store::StoreError;
    /// let error = StoreError::not_applied(std::io::Error::other("refused"));
    /// assert!(matches!(error, StoreError::NotApplied(_)));
    /// ```
    pub fn not_applied(source: impl Into<BoxError>) -> Self {
        Self::NotApplied(source.into())
    }

    /// A failure after which nobody knows.
    ///
    /// ```
    /// # use pushotp_store::StoreError;
    /// assert!(matches!(StoreError::unknown("connection lost"), StoreError::Unknown(_)));
    /// ```
    pub fn unknown(source: impl Into<BoxError>) -> Self {
        Self::Unknown(source.into())
    }
}

/// A value of more than [`MAX_VALUE`] bytes.
///
/// ```
/// # use pushotp_store::ValueTooLarge;
/// assert_eq!(ValueTooLarge.to_string(), "a value has at most 65536 bytes");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value has at most 65536 bytes")]
pub struct ValueTooLarge;

impl ValueTooLarge {
    /// The first line of every [`put_if`](crate::Store::put_if): refuses a value that no store has to hold.
    ///
    /// # Errors
    /// [`StoreError::NotApplied`] with [`ValueTooLarge`] as its source, beyond [`MAX_VALUE`] bytes.
    ///
    /// ```
    /// use std::error::Error;
    /// use pushotp_store::{MAX_VALUE, ValueTooLarge};
    ///
    /// assert!(ValueTooLarge::refuse(Some(&vec![0; MAX_VALUE])).is_ok());
    /// let error = ValueTooLarge::refuse(Some(&vec![0; MAX_VALUE + 1])).unwrap_err();
    /// assert!(error.source().unwrap().is::<ValueTooLarge>());
    /// ```
    pub fn refuse(value: Option<&[u8]>) -> Result<(), StoreError> {
        match value {
            Some(value) if value.len() > MAX_VALUE => Err(StoreError::not_applied(Self)),
            _ => Ok(()),
        }
    }
}
