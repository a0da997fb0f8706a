use alloc::{boxed::Box, vec::Vec};

use super::{Device, Sending, Shown, Unsent, shown::Prompt};
use crate::{
    message::ResultMessage,
    terms::{ChallengeHash, ChallengeId, MessageHash, Reason, Status},
};

/// An approval that was sent: it waits for the result of exactly those bytes.
///
/// A cancel message closes the prompt on the screen, but the approval may have won: the result still counts.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::{device::Outcome, terms::Status};
///
/// let mut world = World::new(); // both ends of one channel
/// let (shown, code) = (world.shown(), code());
/// let (frame, answering) = world.send(|device, sending| shown.approve(&approval(&code), device, sending)).unwrap();
/// let (_, about) = world.receive(&frame); // at the server
/// let result = world.told(about, Status::Accepted);
/// assert!(matches!(answering.finish(&result), Ok(Outcome::Accepted { .. })));
/// ```
#[derive(Debug)]
#[must_use]
pub struct Answering {
    shown: Shown,
    rh: MessageHash,
}

/// What became of an approval.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::{device::Outcome, message::Reply, terms::Status};
///
/// let mut world = World::new(); // both ends of one channel
/// let (shown, code) = (world.shown(), code());
/// let (frame, answering) = world.send(|device, sending| shown.approve(&approval(&code), device, sending)).unwrap();
/// let (_, about) = world.receive(&frame); // at the server
/// let result = world.result(about, Reply { status: Status::WrongPasscode, left: 2, failures: 0 });
/// let Ok(Outcome::TryAgain { left, .. }) = answering.finish(&result) else { panic!() };
/// assert_eq!(left, 2);
/// ```
#[derive(Debug)]
#[non_exhaustive]
#[must_use]
pub enum Outcome {
    /// The server accepted it: show that, now.
    Accepted {
        /// Failed passcodes of the token before this one. Tell the user, who knows how many were their own.
        failures: u8,
    },
    /// The passcode was wrong, so most likely the PIN was.
    TryAgain {
        /// The same challenge, to be answered anew.
        shown: Shown,
        /// How many tries are left: 1 or 2.
        left: u8,
    },
    /// The server is too busy: send the same bytes again later.
    RetryLater(Answering),
    /// It is over, and not approved by this.
    Final(Status),
}

impl Answering {
    pub(super) const fn new(shown: Shown, rh: MessageHash) -> Self {
        Self { shown, rh }
    }

    /// The challenge's id.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // both ends of one channel
    /// let (shown, code) = (world.shown(), code());
    /// let (_, answering) = world.send(|device, sending| shown.approve(&approval(&code), device, sending)).unwrap();
    /// assert_eq!(answering.id(), parts().id);
    /// ```
    #[must_use]
    pub const fn id(&self) -> ChallengeId {
        self.shown.id()
    }

    /// Takes the result.
    ///
    /// # Errors
    /// Itself, if the result is of another message: it goes on waiting.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{device::{Device, Outcome, Sending}, terms::{MessageHash, Status}};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (shown, code) = (world.shown(), code());
    /// let send = |device: &Device, sending: &mut Sending<'_>| shown.approve(&approval(&code), device, sending);
    /// let (frame, answering) = world.send(send).unwrap();
    /// let (_, about) = world.receive(&frame); // at the server
    ///
    /// let stray = world.told(MessageHash::of(b"another"), Status::Accepted);
    /// let answering = answering.finish(&stray).unwrap_err(); // it goes on waiting
    /// let result = world.told(about, Status::Expired);
    /// assert!(matches!(answering.finish(&result), Ok(Outcome::Final(Status::Expired))));
    /// ```
    pub fn finish(self, result: &ResultMessage) -> Result<Outcome, Self> {
        if result.about() != self.rh {
            return Err(self);
        }
        let reply = result.reply();
        Ok(match reply.status {
            Status::Accepted => Outcome::Accepted { failures: reply.failures },
            Status::WrongPasscode => Outcome::TryAgain { shown: self.shown, left: reply.left },
            Status::RetryLater => Outcome::RetryLater(self),
            status => Outcome::Final(status),
        })
    }
}

/// A denial that was sent. It can be followed by a report, until ten minutes after the challenge's end.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::terms::{Reason, Status};
///
/// let mut world = World::new(); // both ends of one channel
/// let shown = world.shown();
/// let (frame, denied) = world.send(|device, sending| shown.deny(Reason::NotMe, device, sending)).unwrap();
/// let (_, about) = world.receive(&frame); // at the server
/// let result = world.told(about, Status::Accepted);
/// assert_eq!(denied.finish(&result), Some(Status::Accepted));
/// ```
#[derive(Debug)]
#[must_use]
pub struct Denied {
    prompt: Box<Prompt>,
    rh: MessageHash,
}

impl Denied {
    pub(super) const fn new(prompt: Box<Prompt>, rh: MessageHash) -> Self {
        Self { prompt, rh }
    }

    /// The challenge's id.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::Reason;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let shown = world.shown();
    /// let (_, denied) = world.send(|device, sending| shown.deny(Reason::NotMe, device, sending)).unwrap();
    /// assert_eq!(denied.id(), parts().id);
    /// ```
    #[must_use]
    pub const fn id(&self) -> ChallengeId {
        self.prompt.challenge.id()
    }

    /// The challenge's hash.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::Reason;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let shown = world.shown();
    /// let (_, denied) = world.send(|device, sending| shown.deny(Reason::NotMe, device, sending)).unwrap();
    /// assert_eq!(denied.hash(), payload(parts()).challenge_hash(&tenant()));
    /// ```
    #[must_use]
    pub const fn hash(&self) -> ChallengeHash {
        self.prompt.hash
    }

    /// Whether the challenge offers a report. One that is sent all the same is still an alarm.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::Reason;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let shown = world.shown();
    /// let (_, denied) = world.send(|device, sending| shown.deny(Reason::NotMe, device, sending)).unwrap();
    /// assert!(denied.report_offered()); // "was it you?"
    /// ```
    #[must_use]
    pub const fn report_offered(&self) -> bool {
        self.prompt.report_offered()
    }

    /// What the server said about the denial; `None` if the result is of another message.
    ///
    /// Show "denied" only after a result: somebody on the way may have dropped the message.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::{MessageHash, Reason, Status};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let shown = world.shown();
    /// let (frame, denied) = world.send(|device, sending| shown.deny(Reason::NotMe, device, sending)).unwrap();
    /// let (_, about) = world.receive(&frame); // at the server
    /// assert_eq!(denied.finish(&world.told(MessageHash::of(b"another"), Status::Accepted)), None);
    /// assert_eq!(denied.finish(&world.told(about, Status::AlreadyAnswered)), Some(Status::AlreadyAnswered));
    /// ```
    #[must_use]
    pub fn finish(&self, result: &ResultMessage) -> Option<Status> {
        (result.about() == self.rh).then(|| result.reply().status)
    }

    /// Reports: the frame to send, and what waits for its result.
    ///
    /// # Errors
    /// [`Unsent`] with the denial back: [`Error::UnknownKid`](crate::Error::UnknownKid) for another device than the one that denied, or what kept
    /// the message from being sealed.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{message::FromDevice, terms::Reason};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let shown = world.shown();
    /// let (_, denied) = world.send(|device, sending| shown.deny(Reason::NotMe, device, sending)).unwrap();
    /// let (frame, _) = world.send(|device, sending| denied.report(Reason::NotMe, device, sending)).unwrap();
    /// let (FromDevice::Report(report), _) = world.receive(&frame) else { panic!() }; // at the server
    /// assert_eq!((report.challenge(), report.reason()), (parts().id, Reason::NotMe));
    /// ```
    pub fn report(
        self,
        reason: Reason,
        device: &Device,
        sending: &mut Sending<'_>,
    ) -> Result<(Vec<u8>, Reported), Unsent<Self>> {
        match self.prompt.report(reason, device, sending) {
            Ok((bytes, rh)) => Ok((bytes, Reported { id: self.id(), rh })),
            Err(error) => Err(Unsent { state: self, error }),
        }
    }
}

/// A report that was sent: it waits for its result.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::terms::{Reason, Status};
///
/// let mut world = World::new(); // both ends of one channel
/// let shown = world.shown();
/// let (_, denied) = world.send(|device, sending| shown.deny(Reason::NotMe, device, sending)).unwrap();
/// let (frame, reported) = world.send(|device, sending| denied.report(Reason::NotMe, device, sending)).unwrap();
/// let (_, about) = world.receive(&frame); // at the server
/// let result = world.told(about, Status::Accepted);
/// assert_eq!(reported.finish(&result), Some(Status::Accepted));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Reported {
    id: ChallengeId,
    rh: MessageHash,
}

impl Reported {
    /// The challenge's id.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::Reason;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let shown = world.shown();
    /// let (_, denied) = world.send(|device, sending| shown.deny(Reason::NotMe, device, sending)).unwrap();
    /// let (_, reported) = world.send(|device, sending| denied.report(Reason::NotMe, device, sending)).unwrap();
    /// assert_eq!(reported.id(), parts().id);
    /// ```
    #[must_use]
    pub const fn id(&self) -> ChallengeId {
        self.id
    }

    /// What the server said about the report; `None` if the result is of another message.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::{Reason, Status};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let shown = world.shown();
    /// let (_, denied) = world.send(|device, sending| shown.deny(Reason::NotMe, device, sending)).unwrap();
    /// let (frame, reported) = world.send(|device, sending| denied.report(Reason::NotMe, device, sending)).unwrap();
    /// let (_, about) = world.receive(&frame); // at the server
    /// let too_late = world.told(about, Status::Expired); // more than ten minutes after the end
    /// assert_eq!(reported.finish(&too_late), Some(Status::Expired));
    /// ```
    #[must_use]
    pub fn finish(&self, result: &ResultMessage) -> Option<Status> {
        (result.about() == self.rh).then(|| result.reply().status)
    }
}
