//! What the page asks for.

use serde::Deserialize;

use crate::text::{Bytes, Id, Secret};

/// One call, with the clock and the randomness for it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// Seconds since 1970.
    pub(crate) now: u64,
    /// 32 bytes of the browser's generator, for this call alone.
    pub(crate) seed: Bytes,
    pub(crate) call: Call,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Call {
    /// The device as it was stored.
    Load { state: Bytes, keys: Bytes },
    /// Starts an enrolment: yields a message.
    Enrol { uri: Secret, name: String },
    /// The reply to it: yields the code to compare.
    Enrolled { reply: Bytes },
    /// The codes agree.
    Confirm { pins: Vec<ChosenPin> },
    /// Asks what is open: yields a message.
    Fetch {},
    /// The reply to it: yields the logins to be shown.
    Fetched { reply: Bytes },
    /// Yields a message.
    Approve { login: Id, token: Id, number: String, pin: Option<Secret> },
    /// The reply to it.
    Approved { login: Id, reply: Bytes },
    /// Yields a message.
    Deny { login: Id },
    /// The reply to it.
    Denied { login: Id, reply: Bytes },
    /// After a denial: yields a message.
    Report { login: Id },
    /// The reply to it.
    Reported { login: Id, reply: Bytes },
    /// The login is over for this device, however it ended.
    Forget { login: Id },
    /// A passcode to be typed by hand.
    Passcode { token: Id, pin: Option<Secret> },
    /// Switches push for a token: yields a message.
    Push { token: Id, on: bool },
    /// The reply to it.
    Pushed { reply: Bytes },
    /// Asks the server for leave to change a PIN: yields a message.
    Rotate { token: Id, pin: Secret, new: Secret },
    /// The reply to it: with leave the PIN is changed, and another message says so.
    Rotated { reply: Bytes },
    /// The reply to that one.
    RotationConfirmed { reply: Bytes },
    /// What an operator needs to unlock the count of a token.
    UnlockRequest { token: Id },
    /// The operator's code.
    Unlock { token: Id, code: Secret },
}

/// A PIN that the user chose for a token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChosenPin {
    pub(crate) token: Id,
    pub(crate) pin: Secret,
}
