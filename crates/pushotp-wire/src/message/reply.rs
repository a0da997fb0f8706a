use pushotp_cbor::ByteBuf;
use pushotp_types::UnixTime;

use super::{Hash, Id, Payload, read, secs, version, write};
pub use crate::state::Reply;
use crate::{
    Error,
    padding::Frame,
    terms::{CancelReason, ChallengeId, MessageHash, Status, Typ},
};

type ResultFields = (u8, Id, Hash, u8, u8, u8, u64, ByteBuf);
type CancelFields = (u8, Id, u8, u64, ByteBuf);

/// The reply to one message of a device.
///
/// ```
/// use pushotp_types::UnixTime;
/// use pushotp_wire::message::{Reply, ResultMessage};
/// use pushotp_wire::terms::{ChallengeId, MessageHash, Status};
///
/// let about = MessageHash::of(b"the frame as it was received");
/// let now = UnixTime::from_secs(1_800_000_000);
/// let result = ResultMessage::new(ChallengeId::from_bytes([1; 16]), about, Reply::new(Status::Accepted), now)?;
/// assert_eq!(result.reply().status, Status::Accepted);
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultMessage {
    challenge: ChallengeId,
    about: MessageHash,
    reply: Reply,
    at: UnixTime,
}

impl ResultMessage {
    /// A reply to the message with the hash `about`; [`ChallengeId::NONE`] if it named no challenge.
    ///
    /// # Errors
    /// [`Error::Field`] for a time out of range, tries left without a wrong passcode, or failures without a success.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::message::{Reply, ResultMessage};
    /// use pushotp_wire::terms::{ChallengeId, MessageHash, Status};
    ///
    /// let (id, about) = (ChallengeId::from_bytes([1; 16]), MessageHash::of(b"the frame as it was received"));
    /// let now = UnixTime::from_secs(1_800_000_000);
    /// let again = Reply { status: Status::WrongPasscode, left: 2, failures: 0 };
    /// assert!(ResultMessage::new(id, about, again, now).is_ok());
    /// assert!(ResultMessage::new(id, about, Reply { left: 0, ..again }, now).is_err()); // then it is refused
    /// ```
    pub fn new(challenge: ChallengeId, about: MessageHash, reply: Reply, now: UnixTime) -> Result<Self, Error> {
        let tries = reply.left == 0 || (reply.left <= 2 && reply.status == Status::WrongPasscode);
        if !tries || (reply.status == Status::WrongPasscode && reply.left == 0) {
            return Err(Error::Field("left"));
        }
        if reply.failures > 0 && reply.status != Status::Accepted {
            return Err(Error::Field("fails"));
        }
        secs(now.as_secs(), "sts")?;
        Ok(Self { challenge, about, reply, at: now })
    }

    /// The padded payload.
    ///
    /// # Errors
    /// None for a message that [`new`](Self::new) took.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::message::{Reply, ResultMessage};
    /// use pushotp_wire::terms::{ChallengeId, MessageHash, Status};
    ///
    /// let (id, about) = (ChallengeId::from_bytes([1; 16]), MessageHash::of(b"the frame as it was received"));
    /// let now = UnixTime::from_secs(1_800_000_000);
    /// let result = ResultMessage::new(id, about, Reply::new(Status::Accepted), now)?;
    /// assert_eq!(result.encode()?.as_bytes().len(), 64);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn encode(&self) -> Result<Payload, Error> {
        let fields: ResultFields = (
            1,
            Id::new(*self.challenge.as_bytes()),
            Hash::new(*self.about.as_bytes()),
            self.reply.status.code(),
            self.reply.left,
            self.reply.failures,
            self.at.as_secs(),
            ByteBuf::new(),
        );
        Ok(Payload::new(Typ::Result, write(&fields, Frame::Bare)?))
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let fields = read::<ResultFields>(bytes, Frame::Bare, |fields| &fields.7)?;
        let (v, challenge, about, status, left, failures, at, _) = fields;
        version(v)?;
        let reply = Reply { status: Status::from_code(status)?, left, failures };
        let (challenge, about) = (ChallengeId::from_bytes(*challenge), MessageHash::from_bytes(*about));
        Self::new(challenge, about, reply, UnixTime::from_secs(at))
    }

    /// The challenge that it concerns.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::message::{Reply, ResultMessage};
    /// use pushotp_wire::terms::{ChallengeId, MessageHash, Status};
    ///
    /// let (id, about) = (ChallengeId::from_bytes([1; 16]), MessageHash::of(b"the frame as it was received"));
    /// let now = UnixTime::from_secs(1_800_000_000);
    /// let result = ResultMessage::new(id, about, Reply::new(Status::Accepted), now)?;
    /// assert_eq!(result.challenge(), id);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn challenge(&self) -> ChallengeId {
        self.challenge
    }

    /// The hash of the message that it replies to.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::message::{Reply, ResultMessage};
    /// use pushotp_wire::terms::{ChallengeId, MessageHash, Status};
    ///
    /// let (id, about) = (ChallengeId::from_bytes([1; 16]), MessageHash::of(b"the frame as it was received"));
    /// let now = UnixTime::from_secs(1_800_000_000);
    /// let result = ResultMessage::new(id, about, Reply::new(Status::Accepted), now)?;
    /// assert_eq!(result.about(), about);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn about(&self) -> MessageHash {
        self.about
    }

    /// What it says.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::message::{Reply, ResultMessage};
    /// use pushotp_wire::terms::{ChallengeId, MessageHash, Status};
    ///
    /// let (id, about) = (ChallengeId::from_bytes([1; 16]), MessageHash::of(b"the frame as it was received"));
    /// let now = UnixTime::from_secs(1_800_000_000);
    /// let result = ResultMessage::new(id, about, Reply::new(Status::Accepted), now)?;
    /// assert_eq!(result.reply().status, Status::Accepted);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn reply(&self) -> Reply {
        self.reply
    }

    /// When the server sent it.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::message::{Reply, ResultMessage};
    /// use pushotp_wire::terms::{ChallengeId, MessageHash, Status};
    ///
    /// let (id, about) = (ChallengeId::from_bytes([1; 16]), MessageHash::of(b"the frame as it was received"));
    /// let now = UnixTime::from_secs(1_800_000_000);
    /// let result = ResultMessage::new(id, about, Reply::new(Status::Accepted), now)?;
    /// assert_eq!(result.at(), now);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn at(&self) -> UnixTime {
        self.at
    }
}

/// Withdraws a prompt.
///
/// ```
/// use pushotp_types::UnixTime;
/// use pushotp_wire::message::Cancel;
/// use pushotp_wire::terms::{CancelReason, ChallengeId};
///
/// let now = UnixTime::from_secs(1_800_000_000);
/// let cancel = Cancel::new(ChallengeId::from_bytes([1; 16]), CancelReason::AnsweredElsewhere, now);
/// assert_eq!(cancel.reason(), CancelReason::AnsweredElsewhere);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancel {
    challenge: ChallengeId,
    reason: CancelReason,
    at: UnixTime,
}

impl Cancel {
    /// Withdraws the prompt of `challenge`.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::{message::Cancel, terms::{CancelReason, ChallengeId}};
    ///
    /// let (id, now) = (ChallengeId::from_bytes([1; 16]), UnixTime::from_secs(1_800_000_000));
    /// let cancel = Cancel::new(id, CancelReason::AnsweredElsewhere, now);
    /// assert_eq!((cancel.challenge(), cancel.at()), (id, now));
    /// ```
    #[must_use]
    pub const fn new(challenge: ChallengeId, reason: CancelReason, now: UnixTime) -> Self {
        Self { challenge, reason, at: now }
    }

    /// The padded payload.
    ///
    /// # Errors
    /// [`Error::Field`] for a time before 2020 or after 2100.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::{message::Cancel, terms::{CancelReason, ChallengeId}};
    ///
    /// let (id, now) = (ChallengeId::from_bytes([1; 16]), UnixTime::from_secs(1_800_000_000));
    /// assert!(Cancel::new(id, CancelReason::PageClosed, now).encode().is_ok());
    /// assert!(Cancel::new(id, CancelReason::PageClosed, UnixTime::from_secs(0)).encode().is_err());
    /// ```
    pub fn encode(&self) -> Result<Payload, Error> {
        secs(self.at.as_secs(), "sts")?;
        let id = Id::new(*self.challenge.as_bytes());
        let fields: CancelFields = (1, id, self.reason.code(), self.at.as_secs(), ByteBuf::new());
        Ok(Payload::new(Typ::Cancel, write(&fields, Frame::Bare)?))
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (v, challenge, reason, at, _) = read::<CancelFields>(bytes, Frame::Bare, |fields| &fields.4)?;
        version(v)?;
        let reason = CancelReason::from_code(reason)?;
        Ok(Self::new(ChallengeId::from_bytes(*challenge), reason, secs(at, "sts")?))
    }

    /// The challenge whose prompt is void.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::{message::Cancel, terms::{CancelReason, ChallengeId}};
    ///
    /// let (id, now) = (ChallengeId::from_bytes([1; 16]), UnixTime::from_secs(1_800_000_000));
    /// let cancel = Cancel::new(id, CancelReason::AnsweredElsewhere, now);
    /// assert_eq!(cancel.challenge(), id);
    /// ```
    #[must_use]
    pub const fn challenge(&self) -> ChallengeId {
        self.challenge
    }

    /// Why.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::{message::Cancel, terms::{CancelReason, ChallengeId}};
    ///
    /// let (id, now) = (ChallengeId::from_bytes([1; 16]), UnixTime::from_secs(1_800_000_000));
    /// let cancel = Cancel::new(id, CancelReason::AnsweredElsewhere, now);
    /// assert_eq!(cancel.reason(), CancelReason::AnsweredElsewhere);
    /// ```
    #[must_use]
    pub const fn reason(&self) -> CancelReason {
        self.reason
    }

    /// When the server sent it.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::{message::Cancel, terms::{CancelReason, ChallengeId}};
    ///
    /// let (id, now) = (ChallengeId::from_bytes([1; 16]), UnixTime::from_secs(1_800_000_000));
    /// let cancel = Cancel::new(id, CancelReason::AnsweredElsewhere, now);
    /// assert_eq!(cancel.at(), now);
    /// ```
    #[must_use]
    pub const fn at(&self) -> UnixTime {
        self.at
    }
}
