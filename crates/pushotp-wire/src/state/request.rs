use alloc::vec::Vec;

use pushotp_types::{DeviceId, TokenId, UnixTime};

use super::Reply;
use crate::{
    message::Challenge,
    terms::{ChallengeHash, ChallengeId, ChallengePolicy, MessageHash, OtpSpec},
};

/// One challenge as the server stores it: plain data, for the caller to write down and read back.
///
/// All devices and tokens of a user share one request per login; that is what lets only one answer win.
/// [`apply`](super::apply) is total over every value, also over one that it would never have made.
///
/// ```
/// # use pushotp_types::{TokenId, UnixTime};
/// # use pushotp_wire::{state::{Request, State}, terms::*};
/// let request = Request {
///     id: ChallengeId::from_bytes([1; 16]),
///     hash: ChallengeHash::from_bytes([2; 32]),
///     tokens: vec![TokenId::from_bytes([3; 16])],
///     policy: ChallengePolicy::VERIFY_USER,
///     otp: OtpSpec::BOUND,
///     expires: UnixTime::from_secs(1_800_000_000),
///     state: State::Pending { wrong: 0 },
///     answers: Vec::new(),
/// };
/// assert!(!request.state.is_final());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The challenge's id; it finds the request.
    pub id: ChallengeId,
    /// The hash of the challenge's payload: every answer must be about it.
    pub hash: ChallengeHash,
    /// The tokens that the challenge names.
    pub tokens: Vec<TokenId>,
    /// What the challenge asks for.
    pub policy: ChallengePolicy,
    /// The kind of passcode that an approval carries.
    pub otp: OtpSpec,
    /// The last second at which an answer counts.
    pub expires: UnixTime,
    /// How far it has come.
    pub state: State,
    /// The answers that were judged, oldest first; at most [`MAX_ANSWERS`](super::MAX_ANSWERS).
    pub answers: Vec<Answer>,
}

impl Request {
    /// The request of a challenge that is about to be issued, with the hash of its payload.
    ///
    /// ```
    /// # use pushotp_types::{TenantId, TokenId, UnixTime};
    /// # use pushotp_wire::{message::{Challenge, ChallengeParts, Context}, state::{Request, State}, terms::*};
    /// # let tenant = TenantId::new(b"example.com").unwrap();
    /// # let challenge = Challenge::new(ChallengeParts {
    /// #     id: ChallengeId::from_bytes([1; 16]),
    /// #     tokens: vec![TokenId::from_bytes([2; 16])],
    /// #     issued: UnixTime::from_secs(1_800_000_000),
    /// #     expires: UnixTime::from_secs(1_800_000_120),
    /// #     nonce: [3; 32],
    /// #     policy: ChallengePolicy::VERIFY_USER,
    /// #     number: NumberMode::TypeIn { digits: 6 },
    /// #     otp: OtpSpec::BOUND,
    /// #     context: Context::new("Intranet", "alice")?,
    /// # })?;
    /// let hash = challenge.encode()?.challenge_hash(&tenant);
    /// let request = Request::new(&challenge, hash);
    /// assert_eq!(request.state, State::Pending { wrong: 0 });
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub fn new(challenge: &Challenge, hash: ChallengeHash) -> Self {
        Self {
            id: challenge.id(),
            hash,
            tokens: challenge.tokens().to_vec(),
            policy: challenge.policy(),
            otp: challenge.otp(),
            expires: challenge.expires(),
            state: State::Pending { wrong: 0 },
            answers: Vec::new(),
        }
    }
}

/// How far a request has come.
///
/// ```
/// use pushotp_wire::state::State;
///
/// assert!(State::Consumed.is_final() && !State::Pending { wrong: 2 }.is_final());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody has decided yet.
    Pending {
        /// Wrong passcodes so far.
        wrong: u8,
    },
    /// Approved; the login page has to collect it.
    Approved {
        /// The token whose passcode was right.
        token: TokenId,
        /// The device that approved.
        device: DeviceId,
        /// When.
        at: UnixTime,
    },
    /// Collected: the one grant has been given.
    Consumed,
    /// Denied; the same device may report it.
    Denied {
        /// The device that denied.
        device: DeviceId,
    },
    /// Denied and reported.
    Reported,
    /// Ended by a wrong number, a user who was not verified, or the last wrong passcode.
    Failed,
    /// Not answered, or not collected, in time.
    Expired,
    /// Withdrawn by the server.
    Cancelled,
}

impl State {
    /// Whether nothing can change it any more; [`State::Denied`] can still be reported.
    ///
    /// ```
    /// # use pushotp_wire::state::State;
    /// # let device = pushotp_types::DeviceId::from_bytes([0; 16]);
    /// assert!(State::Expired.is_final() && !State::Denied { device }.is_final());
    /// ```
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Pending { .. } | Self::Approved { .. } | Self::Denied { .. })
    }
}

/// An answer that was judged, and what it was told: its bytes get the same reply again.
///
/// It holds no bytes of the message. An approval that is kept is a check for the user's PIN.
///
/// ```
/// # use pushotp_types::DeviceId;
/// # use pushotp_wire::{state::{Answer, Reply}, terms::{MessageHash, Status}};
/// let answer = Answer {
///     rh: MessageHash::of(b"a frame"),
///     device: DeviceId::from_bytes([1; 16]),
///     reply: Reply::new(Status::Refused),
/// };
/// assert_eq!(answer.reply.left, 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The hash of the whole message, as it was on the wire.
    pub rh: MessageHash,
    /// The device that sent it.
    pub device: DeviceId,
    /// What it was told.
    pub reply: Reply,
}
