use crate::{RecordError, SealError};

/// Why a secret cannot take the place of another.
///
/// ```
/// # use pushotp_pin::TicketError;
/// assert_eq!(TicketError::SameSecret.to_string(), "the new secret is the old one");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// It is the same.
    #[error("the new secret is the old one")]
    SameSecret,
    /// A new secret is as long as the old one.
    #[error("the new secret is not as long as the old one")]
    Length,
}

/// Why nothing was sealed anew; says nothing of the secret.
///
/// ```
/// # use pushotp_pin::RotateError;
/// assert_eq!(RotateError::OtherToken.to_string(), "the ticket or the header is of another token");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RotateError {
    /// Ticket, header and blob do not name the same token.
    #[error("the ticket or the header is of another token")]
    OtherToken,
    /// Ticket and header do not name the generation that comes next.
    #[error("the ticket or the header is of another generation")]
    OtherGeneration,
    /// The erased key is not the one that sealed the blob, or is to seal the new one.
    #[error("the erased key is not the one that sealed the blob")]
    OtherDevice,
    /// Of a key that was not in hardware a copy may exist, so its end is no proof.
    #[error("the erased key was not in hardware")]
    Assurance,
    /// Sealing.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Why a rotation is not given up; it stays pending.
///
/// ```
/// # use pushotp_pin::GiveUpError;
/// assert_eq!(GiveUpError::Used.to_string(), "a passcode of the new secret may have left");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GiveUpError {
    /// The server may know the new secret alone by now.
    #[error("a passcode of the new secret may have left")]
    Used,
    /// The count of attempts could not be carried back.
    #[error(transparent)]
    Record(#[from] RecordError),
}
