//! What went wrong, in words for a person.

use pushotp::{
    AuthenticatorError,
    pin::{self, PinError},
    provision::enrolment::EnrolmentError,
    types::UnixTime,
    wire::Error as WireError,
};

use crate::message::Words;

/// Why an enrolment text cannot be used.
pub(crate) const fn of_text(error: EnrolmentError) -> &'static str {
    match error {
        EnrolmentError::Scheme => "This is not an enrolment: it begins with pushotp://enrol#",
        EnrolmentError::Version => "This enrolment is for a newer program.",
        _ => "This enrolment is damaged. Copy all of it, or use the image of the QR code.",
    }
}

/// Why the device could not do something.
pub(crate) fn of(error: &AuthenticatorError, now: UnixTime) -> Words {
    if let AuthenticatorError::Attempt(pin::Denied::Wait { until }) = error {
        let wait = in_time(until.as_secs().saturating_sub(now.as_secs()));
        return format!("After wrong PINs the next try has to wait {wait}.").into();
    }
    plain(error).into()
}

/// So many seconds, in words.
fn in_time(seconds: u64) -> String {
    if seconds < 100 { format!("{seconds} seconds") } else { format!("{} minutes", seconds.div_ceil(60)) }
}

const fn plain(error: &AuthenticatorError) -> &'static str {
    match error {
        AuthenticatorError::PinNeeded => "This needs the PIN.",
        AuthenticatorError::PresenceForbidden => "Your organisation does not permit a fingerprint for this token.",
        AuthenticatorError::Unlock(pin::OpenError::Presence(_) | pin::OpenError::NoPresence) => {
            "The simulated fingerprint does not open this token any more. Use the PIN, and switch it on again."
        }
        AuthenticatorError::Unconfirmed => "The last change is not finished. Approve one more login first.",
        AuthenticatorError::Number => "The number on the login page has another length.",
        AuthenticatorError::Storage(_) => {
            "This device could not write its file, so nothing was sent. Is the disk full?"
        }
        AuthenticatorError::State => "What this device has stored cannot be read.",
        AuthenticatorError::Attempt(pin::Denied::Locked) => "Too many wrong PINs. Enrol this device again.",
        AuthenticatorError::Message(WireError::Expired) => "This is too old. Ask for a new one.",
        AuthenticatorError::Message(WireError::NotYetValid) => "This comes from the future. Is the clock right?",
        AuthenticatorError::Message(WireError::Display(_)) => "The name of this device cannot be used.",
        AuthenticatorError::Unlock(_) | AuthenticatorError::Attempt(_) => "The key of this device cannot be used.",
        _ => "This device could not do it.",
    }
}

/// Why a PIN cannot be chosen.
pub(crate) const fn of_pin(error: &PinError) -> &'static str {
    match error {
        PinError::NotADigit => "A PIN has digits only.",
        PinError::TooShort { .. } => "A PIN has at least 6 digits.",
        PinError::TooLong { .. } => "A PIN has at most 16 digits.",
        _ => "This PIN is too easy to guess. Take another one.",
    }
}
