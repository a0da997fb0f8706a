//! The server's side of one device's updates and rotations: a pure state machine.
//!
//! As with [`apply`](super::apply) of a login request, the caller has opened the message, verified its signature, looked
//! its tokens up and compared its passcode. It writes [`Transition::next`] only over the record that it gave to [`apply`],
//! does the effects in that same write, logs them, and tells the reply only once the write is won.
//!
//! A token has one current secret, and a pending one between a granted rotation and the first right passcode under it:
//!
//! | secrets \ message | request, right under the current | confirmation, right under the pending | approval under the current | approval under the pending |
//! |---|---|---|---|---|
//! | current g | keep g + 1 as pending; ticket | refused, 1 | may rotate once, for 600 s | - |
//! | current g, pending g + 1 | replace g + 1; ticket | g + 1 is current, 0 | may rotate once, for 600 s | g + 1 is current |
//!
//! A request without such an approval is refused (1) and its passcode not judged. Wrong passcodes are counted with those
//! of approvals: the first two are answered with 6, the third with 1.
//!
//! ```
//! use pushotp_types::{TokenId, UnixTime};
//! use pushotp_wire::message::{Rotation, RotationStep};
//! use pushotp_wire::rotate::RotationPublicKey;
//! use pushotp_wire::state::{TokenStanding, housekeeping::{Event, Record, RotateEvent, Told, Under, apply}};
//! use pushotp_wire::terms::{Generation, MessageHash, RotationId};
//!
//! let (token, now) = (TokenId::from_bytes([7; 16]), UnixTime::from_secs(1_800_000_000));
//! let record = Record::new([token]);
//! let ask = Event::Rotate(RotateEvent {
//!     rh: MessageHash::of(b"the frame as it arrived"),
//!     sequence: 1,
//!     rotation: Rotation {
//!         id: RotationId::from_bytes([3; 16]),
//!         token,
//!         generation: Generation::FIRST,
//!         step: RotationStep::Request { key: RotationPublicKey::parse(&[9; 32])? },
//!     },
//!     standing: TokenStanding::Usable,
//!     passcode: Some(Under::Current),
//! });
//! assert!(!matches!(apply(&record, &ask, now).told, Some(Told::Ticket))); // nobody approved anything
//!
//! let record = apply(&record, &Event::Approved { token, under: Under::Current }, now).next.ok_or(pushotp_wire::Error::Shape)?;
//! assert!(matches!(apply(&record, &ask, now).told, Some(Told::Ticket)));
//! # Ok::<(), pushotp_wire::Error>(())
//! ```

mod apply;

use alloc::vec::Vec;
use core::time::Duration;

pub use apply::apply;
use pushotp_types::{TokenId, UnixTime};

use super::{Reply, TokenStanding};
use crate::{
    Error,
    message::Rotation,
    terms::{Generation, MessageHash},
};

/// How long after an accepted approval a rotation may be asked for.
///
/// ```
/// assert_eq!(pushotp_wire::state::housekeeping::ROTATION_WINDOW.as_secs(), 600);
/// ```
pub const ROTATION_WINDOW: Duration = Duration::from_secs(600);

/// How many replies a record remembers: the latest. What is older is refused by its sequence number.
///
/// ```
/// use pushotp_types::UnixTime;
/// use pushotp_wire::state::housekeeping::{Event, MAX_REPLIES, Record, UpdateEvent, UpdateStanding, apply};
/// use pushotp_wire::terms::MessageHash;
///
/// let (mut record, now) = (Record::new([]), UnixTime::from_secs(1_800_000_000));
/// for sequence in 1..10 {
///     let rh = MessageHash::of(&[sequence]);
///     let update = UpdateEvent { rh, sequence: sequence.into(), standing: UpdateStanding::Possible };
///     record = apply(&record, &Event::Update(update), now).next.ok_or("not judged")?;
/// }
/// assert_eq!(record.replies.len(), MAX_REPLIES);
/// # Ok::<(), &str>(())
/// ```
pub const MAX_REPLIES: usize = 4;

/// What a server remembers of one epoch of a device: plain data, for the caller to write down and read back.
///
/// ```
/// use pushotp_types::TokenId;
/// use pushotp_wire::{state::housekeeping::Record, terms::Generation};
///
/// let record = Record::new([TokenId::from_bytes([7; 16])]);
/// assert_eq!(record.tokens[0].generation, Generation::FIRST);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// The sequence number of the last update or rotation that was judged.
    pub sequence: Option<u64>,
    /// The tokens that the device holds.
    pub tokens: Vec<TokenSecrets>,
    /// The replies to the last messages that were judged, oldest first; at most [`MAX_REPLIES`].
    pub replies: Vec<Remembered>,
}

impl Record {
    /// That of a device that has just enrolled, with the tokens it got.
    ///
    /// ```
    /// use pushotp_types::TokenId;
    /// use pushotp_wire::state::housekeeping::Record;
    ///
    /// let record = Record::new([TokenId::from_bytes([7; 16])]);
    /// assert_eq!((record.sequence, record.tokens.len(), record.replies.len()), (None, 1, 0));
    /// ```
    #[must_use]
    pub fn new(tokens: impl IntoIterator<Item = TokenId>) -> Self {
        let fresh =
            |token| TokenSecrets { token, generation: Generation::FIRST, pending: false, approved: None, wrong: 0 };
        Self { sequence: None, tokens: tokens.into_iter().map(fresh).collect(), replies: Vec::new() }
    }
}

/// Which secrets a token of a device has, and whether they may change.
///
/// ```
/// use pushotp_types::TokenId;
/// use pushotp_wire::state::housekeeping::Record;
///
/// let record = Record::new([TokenId::from_bytes([7; 16])]);
/// assert!(!record.tokens[0].pending && record.tokens[0].approved.is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenSecrets {
    /// The token.
    pub token: TokenId,
    /// The generation of the current secret.
    pub generation: Generation,
    /// Whether there is one of the next generation, under which passcodes are right as well.
    pub pending: bool,
    /// The last accepted approval, if no rotation has used it.
    pub approved: Option<UnixTime>,
    /// Wrong passcodes in rotations since then.
    pub wrong: u8,
}

/// A judged message, and what was said to it.
///
/// ```
/// use pushotp_wire::{state::housekeeping::{Remembered, Told}, terms::MessageHash};
///
/// let remembered = Remembered { rh: MessageHash::of(b"the frame"), told: Told::Ticket };
/// assert_eq!(remembered.told, Told::Ticket);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Remembered {
    /// The hash of the whole message.
    pub rh: MessageHash,
    /// The reply.
    pub told: Told,
}

/// What the device is told.
///
/// ```
/// use pushotp_wire::{state::{Reply, housekeeping::Told}, terms::Status};
///
/// assert_ne!(Told::Result(Reply::new(Status::Refused)), Told::Ticket);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    /// A result, without a challenge id.
    Result(Reply),
    /// The ticket. The first time make it with [`Rotate::grant`](crate::message::Rotate::grant) and keep its bytes in the
    /// same write; the same message again gets those bytes.
    Ticket,
}

/// Under which secret of a token a passcode is right.
///
/// ```
/// use pushotp_wire::state::housekeeping::Under;
///
/// assert_ne!(Under::Current, Under::Pending);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Under {
    /// The current one.
    Current,
    /// That of the next generation, which a rotation made.
    Pending,
}

/// What can happen to a record.
///
/// ```
/// use pushotp_types::TokenId;
/// use pushotp_wire::state::housekeeping::{Event, Under};
///
/// let token = TokenId::from_bytes([7; 16]);
/// assert_ne!(Event::Approved { token, under: Under::Current }, Event::Approved { token, under: Under::Pending });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An update.
    Update(UpdateEvent),
    /// A rotation, either step.
    Rotate(RotateEvent),
    /// An approval of this device was accepted, in the same write.
    Approved {
        /// With this token.
        token: TokenId,
        /// Under this secret of it.
        under: Under,
    },
}

/// An update, with the caller's findings about the tokens it names.
///
/// ```
/// # use pushotp_wire::{state::housekeeping::*, terms::MessageHash};
/// let update = UpdateEvent { rh: MessageHash::of(b"the frame"), sequence: 7, standing: UpdateStanding::Possible };
/// assert_eq!(Event::Update(update), Event::Update(update));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateEvent {
    /// The hash of the whole message.
    pub rh: MessageHash,
    /// The sequence number that it carries.
    pub sequence: u64,
    /// Whether it can be carried out.
    pub standing: UpdateStanding,
}

/// Whether an update can be carried out.
///
/// ```
/// use pushotp_wire::state::housekeeping::UpdateStanding;
///
/// assert_ne!(UpdateStanding::Possible, UpdateStanding::Blocked);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpdateStanding {
    /// The device holds every token that it names, and none that goes on is blocked.
    Possible,
    /// It switches a token on that a report, failed passcodes or an administrator switched off.
    Blocked,
    /// It names a token that the device does not hold.
    NotHeld,
}

/// A rotation, with the caller's verdict on its passcode.
///
/// The module's [example](crate::state::housekeeping) shows one.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
/// # use world::*;
/// use pushotp_wire::state::{TokenStanding, housekeeping::{Event, Record, RotateEvent, Told, Under, apply}};
///
/// let (rotate, rh, _) = World::new().ask(); // at the server
/// let event = RotateEvent {
///     rh,
///     sequence: rotate.sent().sequence,
///     rotation: *rotate.rotation(),
///     standing: TokenStanding::Usable,
///     passcode: Some(Under::Current),
/// };
/// let transition = apply(&Record::new([TOKEN]), &Event::Rotate(event), at(NOW));
/// assert!(matches!(transition.told, Some(Told::Result(_)))); // refused: there was no approval
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotateEvent {
    /// The hash of the whole message.
    pub rh: MessageHash,
    /// The sequence number that it carries.
    pub sequence: u64,
    /// What it is about.
    pub rotation: Rotation,
    /// How its token stands.
    pub standing: TokenStanding,
    /// Under which secret the passcode answers [`Rotation::hash`]; `None` if it is wrong. Always judged, in constant time.
    pub passcode: Option<Under>,
}

/// Something to do in the write that stores the next record.
///
/// ```
/// use pushotp_types::TokenId;
/// use pushotp_wire::state::housekeeping::Effect;
///
/// assert_ne!(Effect::Update, Effect::CountFailure(TokenId::from_bytes([7; 16])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Carry the update out.
    Update,
    /// Keep the granted secret as the token's pending one, in the place of an older one.
    KeepPending(TokenId, Generation),
    /// The pending secret becomes the current one, which is erased. Counter and last step stay.
    Promote(TokenId, Generation),
    /// One more failed passcode of this token, counted with those of approvals.
    CountFailure(TokenId),
}

/// What an event does to a record. Without a `next` there is nothing to write, and there are no effects.
///
/// ```
/// use pushotp_types::{TokenId, UnixTime};
/// use pushotp_wire::state::housekeeping::{Event, Record, Under, apply};
///
/// let (token, now) = (TokenId::from_bytes([7; 16]), UnixTime::from_secs(1_800_000_000));
/// let transition = apply(&Record::new([token]), &Event::Approved { token, under: Under::Current }, now);
/// assert_eq!(transition.next.map(|next| next.tokens[0].approved), Some(Some(now)));
/// assert!(transition.told.is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Transition {
    /// The record to store, if it changed: only over the one that the event was applied to.
    pub next: Option<Record>,
    /// What else belongs into that write, in this order.
    pub effects: Vec<Effect>,
    /// What the device is told, if the event was a message of it.
    pub told: Option<Told>,
    /// Why a message was refused: for the operator's log, never for the outside.
    pub error: Option<Error>,
}
