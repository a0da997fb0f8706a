use pushotp_types::{DeviceId, TokenId};
use subtle::ConstantTimeEq;

use crate::terms::{CancelReason, ChallengeHash, MessageHash, Reason, TokenPolicy, UserVerification};

/// What can happen to a request.
///
/// The first three come from a device, after its seal and its signature have verified and its payload has decoded.
///
/// ```
/// use pushotp_wire::{state::Event, terms::CancelReason};
///
/// assert_ne!(Event::Cancel(CancelReason::PageClosed), Event::Tick);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A device approves.
    Approve(Approval),
    /// A device denies.
    Deny(Denial),
    /// A device reports: this was not its user.
    Report(Denial),
    /// The server withdraws the request.
    Cancel(CancelReason),
    /// Time has passed; also the way to learn what the request is now.
    Tick,
    /// The login page asks for the outcome and takes the grant, if there is one.
    Collect,
}

impl Event {
    /// Whose message it is, and its hash.
    pub(super) const fn sender(&self) -> Option<(DeviceId, MessageHash)> {
        match self {
            Self::Approve(approval) => Some((approval.device, approval.rh)),
            Self::Deny(denial) | Self::Report(denial) => Some((denial.device, denial.rh)),
            Self::Cancel(_) | Self::Tick | Self::Collect => None,
        }
    }
}

/// An approval, with the caller's verdicts on what it carries.
///
/// Number and passcode are always judged, in constant time, whatever else is wrong; [`apply`](super::apply) uses a verdict only when
/// its turn comes, so a passcode beside a wrong number stays unanswered and uncounted.
///
/// ```
/// # use pushotp_types::{DeviceId, TokenId};
/// # use pushotp_wire::{state::*, terms::*};
/// let approval = Approval {
///     device: DeviceId::from_bytes([1; 16]),
///     rh: MessageHash::of(b"the frame"),
///     ch: ChallengeHash::from_bytes([2; 32]),
///     token: TokenId::from_bytes([3; 16]),
///     standing: TokenStanding::Usable,
///     token_policy: TokenPolicy::NONE,
///     verification: UserVerification::None,
///     number: NumberVerdict::Right,
///     passcode: PasscodeVerdict::Right,
///     failures: 0,
/// };
/// assert_eq!(Event::Approve(approval), Event::Approve(approval));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The device whose keys opened the message.
    pub device: DeviceId,
    /// The hash of the whole message.
    pub rh: MessageHash,
    /// The challenge hash that it carries.
    pub ch: ChallengeHash,
    /// The token that it names.
    pub token: TokenId,
    /// How that token stands.
    pub standing: TokenStanding,
    /// The policy that the token was enrolled with: a floor for every challenge.
    pub token_policy: TokenPolicy,
    /// How the device says that it verified its user.
    pub verification: UserVerification,
    /// Whether the number is the one on the login page; right where none is asked for and none was given.
    pub number: NumberVerdict,
    /// Whether the passcode is the token's for this challenge, and not used before.
    pub passcode: PasscodeVerdict,
    /// Failed passcodes of the token since its last success, as they are stored: an accepted approval tells the user.
    pub failures: u8,
}

/// A denial or a report.
///
/// ```
/// # use pushotp_types::DeviceId;
/// # use pushotp_wire::{state::{Denial, Event}, terms::*};
/// let denial = Denial {
///     device: DeviceId::from_bytes([1; 16]),
///     rh: MessageHash::of(b"the frame"),
///     ch: ChallengeHash::from_bytes([2; 32]),
///     reason: Reason::NotMe,
/// };
/// assert_ne!(Event::Deny(denial), Event::Report(denial));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The device whose keys opened the message.
    pub device: DeviceId,
    /// The hash of the whole message.
    pub rh: MessageHash,
    /// The challenge hash that it carries.
    pub ch: ChallengeHash,
    /// What the user said.
    pub reason: Reason,
}

/// How the token of an approval stands at the server.
///
/// ```
/// use pushotp_wire::state::TokenStanding;
///
/// assert_ne!(TokenStanding::Usable, TokenStanding::Disabled);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenStanding {
    /// The device holds it, and it may be used.
    Usable,
    /// The device holds it, but it is disabled or its push is off: the request waits for another token.
    Disabled,
    /// The device does not hold it, or nobody does.
    NotHeld,
}

/// What the caller's comparison of the number said.
///
/// ```
/// use pushotp_wire::state::NumberVerdict;
///
/// assert_ne!(NumberVerdict::Right, NumberVerdict::Wrong);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NumberVerdict {
    /// The number on the login page, or none where none is asked for.
    Right,
    /// Another number, none, or one where none is asked for.
    Wrong,
}

impl NumberVerdict {
    /// Compares what the server kept of the number with what came: the number itself or, better, a keyed hash of it.
    ///
    /// In constant time: where two values of one length differ does not show. Lengths show; those of numbers are public.
    ///
    /// ```
    /// use pushotp_wire::state::NumberVerdict;
    ///
    /// assert_eq!(NumberVerdict::of(b"048392", b"048392"), NumberVerdict::Right);
    /// assert_eq!(NumberVerdict::of(b"048392", b"48392"), NumberVerdict::Wrong);
    /// assert_eq!(NumberVerdict::of(b"", b""), NumberVerdict::Right); // none is asked for, and none came
    /// ```
    #[must_use]
    pub fn of(kept: &[u8], given: &[u8]) -> Self {
        if kept.ct_eq(given).into() { Self::Right } else { Self::Wrong }
    }
}

/// What the caller's comparison of the passcode said.
///
/// ```
/// use pushotp_wire::state::PasscodeVerdict;
///
/// assert_ne!(PasscodeVerdict::Right, PasscodeVerdict::Wrong);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasscodeVerdict {
    /// The passcode of the token for this challenge.
    Right,
    /// Another one, or one that was used before.
    Wrong,
}
