/// Why a message was refused: for logs and for the caller's decision, never for the other side.
///
/// No variant carries a byte of the message.
///
/// ```
/// use pushotp_wire::{Class, Envelope, Error};
///
/// let error = Envelope::parse(b"").unwrap_err();
/// assert_eq!(error, Error::Truncated);
/// assert_eq!(error.class(), Class::Malformed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Longer than any message of the protocol.
    #[error("longer than 4096 bytes")]
    TooLarge,
    /// It ends before its end.
    #[error("truncated")]
    Truncated,
    /// Bytes follow it.
    #[error("bytes after the message")]
    Trailing,
    /// Another encoding than the deterministic one.
    #[error("not the deterministic encoding")]
    NotCanonical,
    /// Not of the shape of its kind.
    #[error("not of the expected shape")]
    Shape,
    /// A header that the protocol does not have.
    #[error("unexpected header")]
    Header,
    /// Version other than 1.
    #[error("unknown version")]
    Version,
    /// No keys of this name.
    #[error("unknown key id")]
    UnknownKid,
    /// A message of the other direction, or one that may not come under this kind of id.
    #[error("wrong direction")]
    Direction,
    /// The seal does not open.
    #[error("the seal does not open")]
    BadSeal,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    BadSignature,
    /// Padding of another length or content than the rule gives.
    #[error("wrong padding")]
    Padding,
    /// A field out of its range.
    #[error("field out of range: {0}")]
    Field(&'static str),
    /// A text that must not be displayed: empty, too long, or with control characters.
    #[error("text not displayable: {0}")]
    Display(&'static str),
    /// Issued more than 120 s ahead of the device's clock.
    #[error("not valid yet, check the clock")]
    NotYetValid,
    /// After its end.
    #[error("expired")]
    Expired,
    /// No challenge of this id.
    #[error("unknown challenge")]
    UnknownChallenge,
    /// An answer about another challenge than the one that it names.
    #[error("the answer is about another challenge")]
    HashMismatch,
    /// A token that the challenge does not name or the device does not hold.
    #[error("the token does not fit")]
    TokenMismatch,
    /// A token that may not be used.
    #[error("the token is disabled")]
    TokenDisabled,
    /// The user was not verified as the policy asks.
    #[error("user verification required")]
    UvRequired,
    /// The wrong number.
    #[error("wrong number")]
    Number,
    /// The wrong passcode.
    #[error("wrong passcode")]
    Code,
    /// Another answer was first.
    #[error("already answered")]
    AlreadyAnswered,
    /// Withdrawn.
    #[error("cancelled")]
    Cancelled,
    /// Too many messages.
    #[error("too many messages")]
    RateLimited,
    /// No enrolment of this id.
    #[error("unknown enrolment")]
    UnknownEnrolment,
    /// The offer was used.
    #[error("the enrolment offer was used")]
    EnrolmentUsed,
    /// The offer is over.
    #[error("the enrolment offer has expired")]
    EnrolmentExpired,
    /// The device did not prove that it holds its signing key in this very run.
    #[error("no proof of possession")]
    BadPossession,
    /// A key that must not be used: all zeros, of small order, not canonical, or another device's.
    #[error("unusable key")]
    WeakKey,
    /// The device's signer failed.
    #[error("the signer failed")]
    Signer,
}

/// What a caller does about an [`Error`].
///
/// ```
/// use pushotp_wire::{Class, Error};
///
/// assert_eq!(Error::Number.class(), Class::Rejected);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// Not a message of the protocol.
    Malformed,
    /// Well-formed, but not from whom it has to be.
    Unauthenticated,
    /// Authentic, and refused.
    Rejected,
    /// Authentic, and too late: nothing that is sent now changes it.
    Final,
    /// Try again later.
    Retry,
}

impl Error {
    /// The class of the error.
    ///
    /// ```
    /// use pushotp_wire::{Class, Error};
    ///
    /// assert_eq!(Error::BadSeal.class(), Class::Unauthenticated);
    /// assert_eq!(Error::Expired.class(), Class::Final);
    /// ```
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::TooLarge
            | Self::Truncated
            | Self::Trailing
            | Self::NotCanonical
            | Self::Shape
            | Self::Header
            | Self::Version
            | Self::Padding
            | Self::Field(_)
            | Self::Display(_) => Class::Malformed,
            Self::UnknownKid
            | Self::Direction
            | Self::BadSeal
            | Self::BadSignature
            | Self::UnknownEnrolment
            | Self::BadPossession
            | Self::WeakKey => Class::Unauthenticated,
            Self::AlreadyAnswered | Self::Cancelled | Self::Expired | Self::EnrolmentUsed | Self::EnrolmentExpired => {
                Class::Final
            }
            Self::NotYetValid | Self::RateLimited | Self::Code => Class::Retry,
            _ => Class::Rejected,
        }
    }
}

impl From<pushotp_cbor::CborError> for Error {
    fn from(error: pushotp_cbor::CborError) -> Self {
        match error {
            pushotp_cbor::CborError::TooLarge => Self::TooLarge,
            pushotp_cbor::CborError::NotCanonical => Self::NotCanonical,
            _ => Self::Shape,
        }
    }
}
