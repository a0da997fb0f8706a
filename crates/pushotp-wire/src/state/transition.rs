use alloc::vec::Vec;

use pushotp_types::{DeviceId, TokenId};

use super::Request;
use crate::{
    Error,
    terms::{CancelReason, Reason, Status},
};

/// What an event does to a request.
///
/// Without a `next` there is nothing to write, and there are no effects.
///
/// ```
/// # use pushotp_types::{TokenId, UnixTime};
/// # use pushotp_wire::{state::*, terms::*};
/// # let request = Request {
/// #     id: ChallengeId::from_bytes([1; 16]), hash: ChallengeHash::from_bytes([2; 32]), tokens: vec![],
/// #     policy: ChallengePolicy::VERIFY_USER, otp: OtpSpec::BOUND, expires: UnixTime::from_secs(1_800_000_000),
/// #     state: State::Pending { wrong: 0 }, answers: vec![],
/// # };
/// let late = UnixTime::from_secs(1_800_000_001);
/// let transition = apply(&request, &Event::Tick, late);
/// assert_eq!(transition.next.map(|next| next.state), Some(State::Expired));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Transition {
    /// The request to store, if it changed: only over the one that the event was applied to.
    pub next: Option<Request>,
    /// What else belongs into that write, in this order.
    pub effects: Vec<Effect>,
    /// What the device is told, if the event came from one.
    pub reply: Option<Reply>,
    /// Why an answer was refused: for the operator's log, never for the outside.
    pub error: Option<Error>,
    /// What the login page is told, if the event was its question.
    pub collected: Option<Collected>,
}

/// The result of a message, but for what ties it to the message.
///
/// ```
/// use pushotp_wire::{state::Reply, terms::Status};
///
/// assert_eq!(Reply::new(Status::Expired), Reply { status: Status::Expired, left: 0, failures: 0 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reply {
    /// The verdict.
    pub status: Status,
    /// Tries left after a wrong passcode, else 0.
    pub left: u8,
    /// Failed passcodes of the token before this success, else 0.
    pub failures: u8,
}

impl Reply {
    /// A status alone.
    ///
    /// ```
    /// # use pushotp_wire::{state::Reply, terms::Status};
    /// assert_eq!(Reply::new(Status::Refused).failures, 0);
    /// ```
    #[must_use]
    pub const fn new(status: Status) -> Self {
        Self { status, left: 0, failures: 0 }
    }
}

/// Something to do in the write that stores the next request.
///
/// When a token has failed too often, it is the caller that disables it: it alone knows the counters and their limits.
///
/// ```
/// use pushotp_types::TokenId;
/// use pushotp_wire::state::Effect;
///
/// let token = TokenId::from_bytes([1; 16]);
/// assert_ne!(Effect::CountFailure(token), Effect::ResetFailures(token));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// One more failed passcode of this token.
    CountFailure(TokenId),
    /// A right passcode: no failures in a row any more.
    ResetFailures(TokenId),
    /// A HOTP or TOTP passcode was accepted: no counter or step up to it may be accepted again.
    AdvanceCounter(TokenId),
    /// A report was accepted: push goes off for every named token of the reporting device, if the policy says so.
    BlockPush,
    /// A person should look at it.
    RaiseIncident(Incident),
    /// Tell the devices that the prompt is void.
    Withdraw {
        /// What to tell them.
        reason: CancelReason,
        /// The device that gets a result instead.
        except: Option<DeviceId>,
    },
    /// A line for the audit log.
    Audit(Audit),
}

/// Why a person should look.
///
/// ```
/// use pushotp_wire::state::Incident;
///
/// assert_ne!(Incident::Report, Incident::ReportAfterApproval);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incident {
    /// The user says that the login was not theirs.
    Report,
    /// The user says so after an approval: somebody may be logged in. The caller may end that login.
    ReportAfterApproval,
    /// The user says so after the challenge had expired.
    ReportAfterExpiry,
}

/// What the audit log should say; never a number, a passcode or a message.
///
/// ```
/// use pushotp_wire::{state::Audit, terms::Reason};
///
/// assert_ne!(Audit::Denied(Reason::NotMe), Audit::Reported(Reason::NotMe));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Audit {
    /// Approved with this token.
    Approved(TokenId),
    /// A wrong passcode of this token; there are tries left.
    WrongPasscode(TokenId),
    /// The last wrong passcode ended the request.
    TooManyPasscodes(TokenId),
    /// A wrong number ended the request.
    WrongNumber(TokenId),
    /// The user was not verified as the policies ask, which ended the request.
    NotVerified(TokenId),
    /// Denied.
    Denied(Reason),
    /// Reported, in time or too late.
    Reported(Reason),
    /// Withdrawn.
    Cancelled(CancelReason),
    /// Not answered or not collected in time.
    Expired,
    /// Collected: the one grant.
    Collected,
}

/// What the login page learns.
///
/// ```
/// use pushotp_wire::state::Collected;
///
/// assert_ne!(Collected::Granted, Collected::Used);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Collected {
    /// No decision yet.
    Pending,
    /// Log in: this is told once per request.
    Granted,
    /// The grant was given before.
    Used,
    /// There will be no grant.
    Refused,
}
