use pushotp_pin::{Denied, OpenError, RotateError, SealError, SettleError, UnlockError};
use pushotp_wire::Error as WireError;

use super::StorageError;

/// Why an authenticator did not do what its caller asked for.
///
/// There is no error for a wrong PIN: only the server can tell, and [`Outcome::TryAgain`](crate::Outcome::TryAgain) is how
/// it does.
///
/// ```
/// assert_eq!(pushotp::AuthenticatorError::PinNeeded.to_string(), "the token needs its PIN");
/// ```
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticatorError {
    /// The device has no such token.
    #[error("no such token on this device")]
    NoToken,
    /// The token is PIN protected and no PIN was given.
    #[error("the token needs its PIN")]
    PinNeeded,
    /// A presence key was given for a token whose policy does not permit a biometric.
    #[error("the token's policy permits no biometric")]
    PresenceForbidden,
    /// An earlier rotation of the token is not confirmed yet: the next approved login does that.
    #[error("the token's last rotation is not confirmed yet")]
    Unconfirmed,
    /// The number does not have the form that the login asks for.
    #[error("the number does not have as many digits as the login page shows")]
    Number,
    /// The stored state cannot be read.
    #[error("the stored state cannot be read")]
    State,
    /// Nothing may be shown: a challenge came with the id of another one.
    #[error("a second challenge under a known id")]
    Conflict,
    /// The message is not the reply that was waited for.
    #[error("not the reply to this message")]
    OtherReply,
    /// The state could not be stored.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No attempt at the PIN is possible now.
    #[error(transparent)]
    Attempt(#[from] Denied),
    /// The attempt could not be settled; it counts as failed.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// The server's leave to try again is of another device, token or attempt.
    #[error("the unlock code is not for this attempt")]
    UnlockCode,
    /// The count of attempts was not started again.
    #[error(transparent)]
    Unlocked(#[from] UnlockError),
    /// The token's secret could not be unlocked; this does not depend on the PIN.
    #[error(transparent)]
    Unlock(#[from] OpenError),
    /// The token's secret could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The token's new secret could not be sealed; the old one still holds.
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// A message was refused or could not be made.
    #[error(transparent)]
    Message(#[from] WireError),
}
