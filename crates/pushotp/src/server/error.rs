use pushotp_store::StoreError;
use pushotp_wire::Error as WireError;

use super::{kek::KeyUnavailable, record::RecordError};

/// Why a login server could not do what its caller asked for.
///
/// What a device or a person did wrong is no error but a verdict or a reply.
///
/// ```
/// assert_eq!(pushotp::ServerError::Busy.to_string(), "too many writers at once, try again");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// There is no account of this name.
    #[error("no such account")]
    NoAccount,
    /// The account exists already.
    #[error("the account exists")]
    AccountExists,
    /// The account has no such token.
    #[error("no such token")]
    NoToken,
    /// The account has no such device.
    #[error("no such device")]
    NoDevice,
    /// The account has no such enrolment, or it is over.
    #[error("no such enrolment")]
    NoEnrolment,
    /// A device has answered the enrolment: the codes are to be compared.
    #[error("a device has answered the enrolment")]
    EnrolmentAnswered,
    /// The token has no PIN, or no device has enrolled for it: it cannot have a duress PIN.
    #[error("the token has no PIN")]
    NoPin,
    /// As the secret of a duress PIN, the token's own, which is the PIN's, or one that no PIN of the token yields.
    #[error("not the secret of another PIN of the token")]
    DuressSecret,
    /// A name is empty, too long, or has characters that must not be displayed.
    #[error("a name is empty, too long or not displayable")]
    Name,
    /// The account has as many of these as it may have.
    #[error("the account has its full number of {0}")]
    Full(&'static str),
    /// The ticket was not issued by this server, or its login is long over.
    #[error("the login ticket is not valid")]
    Ticket,
    /// The bytes are no unlock request.
    #[error("the unlock request cannot be read")]
    UnlockRequest,
    /// Eight other writers were faster, one after the other.
    #[error("too many writers at once, try again")]
    Busy,
    /// A write may or may not have happened, and the store does not tell any more: the event counts as refused.
    #[error("the outcome of a write is unknown, try again")]
    Unknown,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The key-encryption key refused.
    #[error(transparent)]
    Key(#[from] KeyUnavailable),
    /// A stored value cannot be read.
    #[error("a stored value cannot be read")]
    Record,
    /// A message could not be made; the field is named.
    #[error("a message could not be made")]
    Message(#[from] WireError),
}

impl From<RecordError> for ServerError {
    fn from(_: RecordError) -> Self {
        Self::Record
    }
}
