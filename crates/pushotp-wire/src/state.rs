//! The server's side of one challenge: a pure state machine.
//!
//! One [`Request`] per challenge id is the only place where an approval, a denial, a report, a withdrawal and the clock
//! meet. [`apply`] takes the request as it was stored, one [`Event`] and the server's time, and yields a [`Transition`]:
//! the request to store next, what to do in the same write, and the reply. It does no I/O and no cryptography: the caller
//! has opened the message, verified its signature, compared number and passcode, and says how that went.
//!
//! The caller keeps three rules. It writes [`Transition::next`] only if the stored request is still the one that it gave
//! to [`apply`] (compare and swap), else it applies the event anew. It does the effects in that same write. It tells the
//! reply only once the write is won.
//!
//! | state | good approval | wrong number, user not verified | wrong passcode | deny | report | cancel | clock | collect |
//! |---|---|---|---|---|---|---|---|---|
//! | `Pending` | `Approved`, 0 | `Failed`, 1 | counted; `Pending`, 6, twice; then `Failed`, 1 | `Denied`, 0 | `Reported`, 0 | `Cancelled` | `Expired` after `expires` | pending |
//! | `Approved` | 2 | 2 | 2 | 2 | incident, 2 | `Cancelled` | `Expired` after [`COLLECT_GRACE`] | `Consumed`, granted |
//! | `Consumed` | 2 | 2 | 2 | 2 | incident, 2 | - | - | used |
//! | `Denied` | 2 | 2 | 2 | 2 | `Reported`, 0, by the same device within [`REPORT_WINDOW`]; later 3 | - | - | refused |
//! | `Reported` | 2 | 2 | 2 | 2 | 2 | - | - | refused |
//! | `Failed` | 1 | 1 | 1 | 1 | 1 | - | - | refused |
//! | `Expired` | 3 | 3 | 3 | 3 | incident, 3 | - | - | refused |
//! | `Cancelled` | 4 | 4 | 4 | 4 | 4 | - | - | refused |
//!
//! The digits are the [`Status`](crate::terms::Status) of the reply. The bytes of an answer that was judged once get the
//! same reply for ever, and nothing is counted again.
//!
//! Updates and rotations name no challenge; they have a machine of their own, [`housekeeping`].
//!
//! ```
//! use pushotp_types::{DeviceId, TokenId, UnixTime};
//! use pushotp_wire::state::{Approval, Collected, Event, NumberVerdict, PasscodeVerdict, Request, State, TokenStanding, apply};
//! use pushotp_wire::terms::{
//!     ChallengeHash, ChallengeId, ChallengePolicy, MessageHash, OtpSpec, Status, TokenPolicy, UserVerification,
//! };
//!
//! let token = TokenId::from_bytes([7; 16]);
//! let request = Request {
//!     id: ChallengeId::from_bytes([1; 16]),
//!     hash: ChallengeHash::from_bytes([2; 32]),
//!     tokens: vec![token],
//!     policy: ChallengePolicy::VERIFY_USER,
//!     otp: OtpSpec::BOUND,
//!     expires: UnixTime::from_secs(1_800_000_120),
//!     state: State::Pending { wrong: 0 },
//!     answers: vec![],
//! };
//! let approval = Event::Approve(Approval {
//!     device: DeviceId::from_bytes([3; 16]),
//!     rh: MessageHash::of(b"the frame as it arrived"),
//!     ch: ChallengeHash::from_bytes([2; 32]),
//!     token,
//!     standing: TokenStanding::Usable,
//!     token_policy: TokenPolicy::PIN_PROTECTED,
//!     verification: UserVerification::Pin,
//!     number: NumberVerdict::Right,
//!     passcode: PasscodeVerdict::Right,
//!     failures: 1,
//! });
//! let now = UnixTime::from_secs(1_800_000_030);
//!
//! let approved = apply(&request, &approval, now);
//! assert_eq!(approved.reply.map(|reply| reply.status), Some(Status::Accepted));
//! let approved = approved.next.ok_or("stored")?;
//!
//! let collected = apply(&approved, &Event::Collect, now);
//! assert_eq!(collected.collected, Some(Collected::Granted));
//! let consumed = collected.next.ok_or("stored")?;
//! assert_eq!(apply(&consumed, &Event::Collect, now).collected, Some(Collected::Used));
//! # Ok::<(), &str>(())
//! ```

mod apply;
mod event;
pub mod housekeeping;
mod request;
mod transition;

use core::time::Duration;

pub use apply::apply;
pub(crate) use apply::verified;
pub use event::{Approval, Denial, Event, NumberVerdict, PasscodeVerdict, TokenStanding};
pub use request::{Answer, Request, State};
pub use transition::{Audit, Collected, Effect, Incident, Reply, Transition};

/// How many passcodes are judged for one request; the last of them ends it.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::state::{Approval, Event, MAX_TRIES, NumberVerdict, PasscodeVerdict, State, TokenStanding, apply};
/// use pushotp_wire::terms::{MessageHash, TokenPolicy, UserVerification};
///
/// let mut request = request(); // open for two minutes
/// for n in 1..=MAX_TRIES {
///     assert!(!request.state.is_final());
///     let wrong = Approval {
///         rh: MessageHash::of(&[n]),
///         passcode: PasscodeVerdict::Wrong,
/// #       device: pushotp_types::DeviceId::from_bytes([1; 16]), ch: request.hash, token: TOKEN,
/// #       standing: TokenStanding::Usable, token_policy: TokenPolicy::NONE, verification: UserVerification::Pin,
/// #       number: NumberVerdict::Right, failures: 0,
///         // …
///     };
///     request = apply(&request, &Event::Approve(wrong), at(NOW)).next.ok_or("not judged")?;
/// }
/// assert_eq!(request.state, State::Failed);
/// # Ok::<(), &str>(())
/// ```
pub const MAX_TRIES: u8 = 3;

/// How long the login page may wait before it collects an approval.
///
/// ```
/// # use pushotp_types::{DeviceId, TokenId, UnixTime};
/// # use pushotp_wire::{state::*, terms::*};
/// # let request = Request {
/// #     id: ChallengeId::from_bytes([1; 16]), hash: ChallengeHash::from_bytes([2; 32]), tokens: vec![],
/// #     policy: ChallengePolicy::VERIFY_USER, otp: OtpSpec::BOUND, expires: UnixTime::from_secs(1_800_000_000),
/// #     state: State::Pending { wrong: 0 }, answers: vec![],
/// # };
/// use pushotp_wire::state::{COLLECT_GRACE, Event, State, apply};
///
/// let now = UnixTime::from_secs(1_800_000_000);
/// # let (token, device) = (TokenId::from_bytes([7; 16]), DeviceId::from_bytes([1; 16]));
/// let approved = Request { state: State::Approved { token, device, at: now }, ..request };
/// let late = now.saturating_add(COLLECT_GRACE).saturating_add(std::time::Duration::from_secs(1));
/// assert_eq!(apply(&approved, &Event::Tick, late).next.map(|next| next.state), Some(State::Expired));
/// ```
pub const COLLECT_GRACE: Duration = Duration::from_secs(60);

/// How long after the end of its challenge a denied request may still be reported.
///
/// ```
/// # use pushotp_types::{DeviceId, TokenId, UnixTime};
/// # use pushotp_wire::{state::*, terms::*};
/// # let request = Request {
/// #     id: ChallengeId::from_bytes([1; 16]), hash: ChallengeHash::from_bytes([2; 32]), tokens: vec![],
/// #     policy: ChallengePolicy::VERIFY_USER, otp: OtpSpec::BOUND, expires: UnixTime::from_secs(1_800_000_000),
/// #     state: State::Pending { wrong: 0 }, answers: vec![],
/// # };
/// use pushotp_wire::state::{Denial, Event, REPORT_WINDOW, State, apply};
///
/// # let device = DeviceId::from_bytes([1; 16]);
/// let denied = Request { state: State::Denied { device }, ..request };
/// let rh = MessageHash::of(b"the frame");
/// let report = Event::Report(Denial { device, rh, ch: denied.hash, reason: Reason::NotMe });
/// let last = denied.expires.saturating_add(REPORT_WINDOW);
/// assert_eq!(apply(&denied, &report, last).next.map(|next| next.state), Some(State::Reported));
/// ```
pub const REPORT_WINDOW: Duration = Duration::from_secs(600);

/// How many answers a request remembers.
///
/// It needs no more: two wrong passcodes, the answer that decides, and one report after it.
///
/// ```
/// use pushotp_wire::state::{MAX_ANSWERS, MAX_TRIES};
///
/// assert_eq!(MAX_ANSWERS, usize::from(MAX_TRIES) + 1); // and a report
/// ```
pub const MAX_ANSWERS: usize = 4;
