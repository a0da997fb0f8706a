use core::fmt;

use pushotp_types::{DeviceId, UnixTime};
use pushotp_wire::terms::PushAddress;

use super::Ticket;

/// A sealed message on its way to a device.
#[derive(Clone, PartialEq, Eq)]
pub struct Push {
    /// The device.
    pub device: DeviceId,
    /// Where the device wants to be pushed.
    pub address: PushAddress,
    /// The envelope: the same bytes by push and by fetch.
    pub envelope: Vec<u8>,
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push")
            .field("device", &self.device)
            .field("bytes", &self.envelope.len())
            .finish_non_exhaustive()
    }
}

/// A login that waits for its answer.
#[derive(Debug)]
pub struct Started {
    /// For the browser's session.
    pub ticket: Ticket,
    /// To be handed to the push carrier: the challenges, then what withdraws an earlier login. Losing one loses
    /// nothing, for devices can fetch.
    pub pushes: Vec<Push>,
    /// The last second at which an answer counts.
    pub expires: UnixTime,
}

/// What came of the wish to push a login.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum LoginStart {
    /// The challenge is stored and sealed.
    Started(Started),
    /// No usable token of the account has push switched on: let the user type a passcode.
    NoToken,
    /// Too many pushes without a success: let the user type a passcode, or wait.
    TooMany {
        /// When the next push may be tried.
        retry_at: UnixTime,
    },
}

/// What a waiting page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginState {
    /// Waiting for an answer.
    Waiting {
        /// The last second at which an answer counts.
        expires: UnixTime,
    },
    /// Approved: redeem it now, within 60 s.
    Approved,
    /// Redeemed already.
    Redeemed,
    /// Denied by the user.
    Denied,
    /// Denied and reported: this was not the user.
    Reported,
    /// Three wrong passcodes, a wrong number, or a user who was not verified.
    Failed,
    /// Nobody answered, or nobody collected the approval.
    Expired,
    /// Withdrawn.
    Cancelled,
}
