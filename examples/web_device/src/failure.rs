//! What went wrong, as a word that the page has a sentence for. No text of the request stands in it.

use pushotp::{
    AuthenticatorError,
    pin::{Denied, PinError},
    provision::enrolment::EnrolmentError,
    wire::Error as WireError,
};
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    kind: &'static str,
    /// When the next attempt may begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
}

impl Failure {
    /// The request is none: a mistake of the page.
    pub(crate) const REQUEST: Self = Self::new("request");
    /// The call does not fit what went before: a mistake of the page.
    pub(crate) const ORDER: Self = Self::new("order");
    /// No such login waits.
    pub(crate) const NO_LOGIN: Self = Self::new("no-login");
    /// The server said no.
    pub(crate) const REFUSED: Self = Self::new("refused");

    const fn new(kind: &'static str) -> Self {
        Self { kind, until: None }
    }
}

impl From<AuthenticatorError> for Failure {
    fn from(error: AuthenticatorError) -> Self {
        match error {
            AuthenticatorError::Attempt(Denied::Wait { until }) => Self { kind: "wait", until: Some(until.as_secs()) },
            AuthenticatorError::Attempt(Denied::Locked) => Self::new("locked"),
            AuthenticatorError::PinNeeded => Self::new("pin-needed"),
            AuthenticatorError::Unconfirmed => Self::new("unconfirmed"),
            AuthenticatorError::UnlockCode => Self::new("unlock-code"),
            AuthenticatorError::Number => Self::new("number"),
            AuthenticatorError::State => Self::new("state"),
            AuthenticatorError::Message(WireError::Expired | WireError::EnrolmentExpired) => Self::new("expired"),
            AuthenticatorError::Message(WireError::NotYetValid) => Self::new("clock"),
            AuthenticatorError::Message(WireError::Display(_)) => Self::new("name"),
            AuthenticatorError::OtherReply | AuthenticatorError::Message(_) => Self::new("reply"),
            _ => Self::new("device"),
        }
    }
}

impl From<PinError> for Failure {
    fn from(error: PinError) -> Self {
        Self::new(match error {
            PinError::NotADigit => "pin-digits",
            PinError::TooShort { .. } => "pin-short",
            PinError::TooLong { .. } => "pin-long",
            _ => "pin-easy",
        })
    }
}

impl From<EnrolmentError> for Failure {
    fn from(error: EnrolmentError) -> Self {
        Self::new(match error {
            EnrolmentError::Scheme => "not-an-enrolment",
            EnrolmentError::Version => "newer",
            _ => "damaged",
        })
    }
}
