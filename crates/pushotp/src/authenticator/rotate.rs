//! A changed PIN or cost: a new secret for the token, which the server grants and the device locks.

use core::fmt;

use pushotp_cbor::ByteBuf;
use pushotp_pin::{
    Blob, Cost, Header, Locks, Pending as Attempt, PendingRotation, Pin, PresenceKey, RotationTicket, Sealing,
    Settlement, Stored, UniformSecret,
};
use pushotp_types::{Secret, TokenId, UnixTime};
use pushotp_wire::{
    Error as WireError,
    device::Incoming,
    message::{ResultMessage, Ticket},
    rotate::{self, RotationRequest},
    terms::{Status, UserVerification},
};

use super::{Activation, Authenticator, AuthenticatorError, Unlocked, activation::locks, attempts::Attempts, key_of};
use crate::{Rng, passcode};

/// How a token is locked from now on.
///
/// ```
/// use pushotp::{Relock, pin::{Cost, Pin, PinPolicy}};
///
/// let pin = Pin::choose("905317", &PinPolicy::DEFAULT)?; // chosen twice, alike
/// let relock = Relock { pin: Some(&pin), presence: None, cost: Cost::RECOMMENDED };
/// assert!(!format!("{relock:?}").contains("905317"));
/// # Ok::<(), pushotp::pin::PinError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Relock<'a> {
    /// The new PIN, or the old one again; `None` for a token without one.
    pub pin: Option<&'a Pin>,
    /// A presence key that opens it as well, where the token's policy permits it. `None`: only the PIN does from now on, also
    /// where a presence key opened it before, which may be given again to stay.
    pub presence: Option<&'a dyn PresenceKey>,
    /// What a guess at it shall cost.
    pub cost: Cost,
}

impl fmt::Debug for Relock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Relock");
        shown.field("presence", &self.presence.is_some()).field("cost", &self.cost).finish_non_exhaustive()
    }
}

/// A rotation that was asked for: it waits for the server's ticket.
///
/// It holds the unlocked secret until then: keep it in memory only, and drop it if no reply comes.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// let mut world = World::new(); // a server with one user, and the user's device
/// let (message, rotating) = world.device.rotate(world.mail, None, NOW, &mut world.rng)?;
/// assert!(!message.is_empty());
/// drop(rotating); // nothing has changed
/// # Ok::<(), pushotp::AuthenticatorError>(())
/// ```
#[must_use]
pub struct Rotating {
    waiting: rotate::Rotating,
    token: TokenId,
    secret: Secret,
    attempt: Option<Attempt>,
    verification: UserVerification,
}

/// What became of the request for a rotation.
///
/// [`Authenticator::rotate`] shows it.
///
/// ```
/// use pushotp::{Rotation, wire::terms::UserVerification};
///
/// let say = |rotation: &Rotation| match rotation {
///     Rotation::Locked { .. } => "the PIN is changed".to_owned(),
///     Rotation::TryAgain { left, verification: UserVerification::Pin } => format!("wrong PIN? {left} more tries"),
///     Rotation::TryAgain { left, .. } => format!("not accepted, {left} more tries"),
///     Rotation::RetryLater(_) => "send the same message again".to_owned(),
///     _ => "approve a login first".to_owned(),
/// };
/// # let _ = say;
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Rotation {
    /// The token has its new lock: send the message, which confirms it. Should it be lost, the next approval does.
    Locked {
        /// The confirmation.
        message: Vec<u8>,
        /// What waits for its result.
        confirming: ConfirmingRotation,
    },
    /// The passcode was wrong: ask again.
    TryAgain {
        /// How many tries are left until the next login is approved.
        left: u8,
        /// How the token was unlocked. Only by its PIN may that have been wrong, as of
        /// [`Outcome::TryAgain`](crate::Outcome::TryAgain).
        verification: UserVerification,
    },
    /// The server could not judge it: send the same bytes again, and finish with the reply to them.
    RetryLater(Box<Rotating>),
    /// The server refused: no login was approved with this token in the last ten minutes, or too many passcodes were wrong.
    Refused(Status),
}

/// A confirmation that waits for its result.
///
/// [`Authenticator::rotate`] shows it.
///
/// ```
/// let waits = |confirming: &pushotp::ConfirmingRotation| format!("{confirming:?}");
/// # let _ = waits;
/// ```
#[derive(Debug)]
#[must_use]
pub struct ConfirmingRotation {
    token: TokenId,
    waiting: rotate::Confirming,
}

/// The reply did not lead to a new lock.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::{Relock, Rotation};
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// world.log_in(world.mail, NOW);
/// let (message, rotating) = world.device.rotate(world.mail, None, NOW, &mut world.rng)?;
/// let relock = Relock { pin: None, presence: None, cost: cost() };
/// let unrotated = world.device.rotated(rotating, (b"502 Bad Gateway", &relock), NOW, &mut world.rng).unwrap_err();
/// let rotating = *unrotated.rotating.expect("it still waits"); // the same message again, the same ticket
/// let reply = world.send(&message, NOW).expect("an answer");
/// let rotation = world.device.rotated(rotating, (&reply, &relock), NOW, &mut world.rng)?;
/// assert!(matches!(rotation, Rotation::Locked { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[error("no new lock: {error}")]
pub struct Unrotated {
    /// As it was, if it still waits. Else the old lock still holds, and another request is needed.
    pub rotating: Option<Box<Rotating>>,
    /// What stood in the way.
    #[source]
    pub error: AuthenticatorError,
}

impl Authenticator {
    /// Asks for a new secret for a token, so that it can be locked anew: for a changed PIN, a higher cost of guessing it, a
    /// presence key more or less.
    ///
    /// Two locked copies of one secret would give the PIN away, so a new lock needs a new secret. The server grants it only
    /// within ten minutes after a login was approved with this token, once. The attempt at the PIN is counted, here and
    /// there.
    ///
    /// # Errors
    /// [`AuthenticatorError::Unconfirmed`] while an earlier rotation of the token is not confirmed: the next approved login
    /// does that. [`AuthenticatorError::NoToken`], [`AuthenticatorError::PinNeeded`],
    /// [`AuthenticatorError::PresenceForbidden`], [`AuthenticatorError::Attempt`] if the next attempt has to wait, and what
    /// else unlocking can say.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{Relock, Rotation, pin::{Pin, PinPolicy}, wire::terms::Status};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// world.log_in(world.bank, NOW); // the user approves: "change your PIN"
    /// let (old, new) = (Pin::entered("271846")?, Pin::choose("905317", &PinPolicy::DEFAULT)?);
    ///
    /// let (message, rotating) = world.device.rotate(world.bank, Some(&old), NOW, &mut world.rng)?;
    /// let ticket = world.send(&message, NOW).expect("an answer");
    /// let relock = Relock { pin: Some(&new), presence: None, cost: cost() };
    /// let rotation = world.device.rotated(rotating, (&ticket, &relock), NOW, &mut world.rng)?;
    /// let Rotation::Locked { message, confirming } = rotation else { panic!() };
    ///
    /// let reply = world.send(&message, NOW).expect("an answer");
    /// assert_eq!(world.device.rotation_confirmed(&confirming, &reply, NOW)?, Status::Accepted);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rotate<'a>(
        &mut self,
        token: TokenId,
        activation: impl Into<Activation<'a>>,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<(Vec<u8>, Rotating), AuthenticatorError> {
        let generation = match self.stored(token)? {
            Stored::Sealed(blob) => blob.generation(),
            Stored::Rotating(_) => return Err(AuthenticatorError::Unconfirmed),
        };
        let sent = self.next(now)?;
        let request = RotationRequest::new(&self.device, token, generation, rng)?;
        let question = request.hash();
        let answer = |secret: &Secret| {
            let code = passcode::bound(&key_of(secret), question.as_bytes());
            Ok::<_, WireError>((code.ok_or(WireError::Code)?, copy(secret)?))
        };
        let Unlocked { made: answered, attempt, verification } = self.unlock(token, activation.into(), now, answer)?;
        let sent = answered.and_then(|(code, secret)| {
            let sending = &mut Self::sending(&self.keys, sent, rng);
            let (message, waiting) = request.send(&code, &self.device, sending).map_err(|unsent| unsent.error)?;
            Ok((message, waiting, secret))
        });
        match sent {
            Ok((message, waiting, secret)) => Ok((message, Rotating { waiting, token, secret, attempt, verification })),
            Err(error) => {
                self.settle(attempt, Settlement::Unjudged, now).transpose()?;
                Err(error.into())
            }
        }
    }

    /// Takes the server's reply to a rotation: with its ticket the token is locked anew, and stored before anything leaves.
    ///
    /// # Errors
    /// [`Unrotated`] with the rotation in it if the reply is not the server's to it, if a new PIN is needed and missing, or if a
    /// presence key is given and the token's policy forbids it.
    /// If sealing or storing failed there is none in it: the old lock still holds, and the server still takes it.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{Relock, Rotation, pin::Pin};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let pin = Pin::entered("271846")?;
    /// let (message, rotating) = world.device.rotate(world.bank, Some(&pin), NOW, &mut world.rng)?;
    /// let reply = world.send(&message, NOW).expect("an answer");
    /// let relock = Relock { pin: Some(&pin), presence: None, cost: cost() };
    /// let rotation = world.device.rotated(rotating, (&reply, &relock), NOW, &mut world.rng)?;
    /// assert!(matches!(rotation, Rotation::Refused(_))); // no login was approved before
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rotated(
        &mut self,
        rotating: Rotating,
        (reply, relock): (&[u8], &Relock<'_>),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Rotation, Unrotated> {
        let waits = |rotating, error| Unrotated { rotating: Some(Box::new(rotating)), error };
        match self.device.open(reply, now) {
            Ok(Incoming::Ticket(ticket)) => self.relock(rotating, (&ticket, relock), now, rng),
            Ok(Incoming::Result(result)) => self.not_granted(rotating, &result, now),
            Ok(_) => Err(waits(rotating, AuthenticatorError::OtherReply)),
            Err(error) => Err(waits(rotating, error.into())),
        }
    }

    /// The server's result instead of a ticket.
    fn not_granted(
        &mut self,
        rotating: Rotating,
        result: &ResultMessage,
        now: UnixTime,
    ) -> Result<Rotation, Unrotated> {
        let Some(status) = rotating.waiting.refused(result) else {
            return Err(Unrotated { rotating: Some(Box::new(rotating)), error: AuthenticatorError::OtherReply });
        };
        let (rotation, settlement) = match status {
            Status::RetryLater => return Ok(Rotation::RetryLater(Box::new(rotating))),
            Status::WrongPasscode => {
                let (left, verification) = (result.reply().left, rotating.verification);
                (Rotation::TryAgain { left, verification }, Settlement::WrongPasscode)
            }
            // The device cannot tell what was refused: the third wrong passcode, or a rotation at all.
            Status::Refused => (Rotation::Refused(status), Settlement::WrongPasscode),
            _ => (Rotation::Refused(status), Settlement::Unjudged),
        };
        match self.settle(rotating.attempt, settlement, now).transpose() {
            Ok(_) => Ok(rotation),
            Err(error) => Err(Unrotated { rotating: None, error: error.into() }),
        }
    }

    fn relock(
        &mut self,
        rotating: Rotating,
        (ticket, relock): (&Ticket, &Relock<'_>),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Rotation, Unrotated> {
        let Rotating { waiting, token, secret, attempt, verification } = rotating;
        let locks = match self.locks(token, relock) {
            Ok(locks) => locks,
            Err(error) => {
                let rotating = Some(Box::new(Rotating { waiting, token, secret, attempt, verification }));
                return Err(Unrotated { rotating, error });
            }
        };
        let rotated = match waiting.finish(ticket, &secret, &self.device) {
            Ok(rotated) => rotated,
            Err(not) => {
                let rotating = Rotating { waiting: *not.waiting, token, secret, attempt, verification };
                return Err(Unrotated { rotating: Some(Box::new(rotating)), error: not.error.into() });
            }
        };
        // A ticket is granted for a right passcode only.
        let settled = self.settle(attempt, Settlement::Accepted, now).transpose().map_err(AuthenticatorError::from);
        let confirmed = settled.and_then(|_| self.lock(token, (&secret, &rotated), (&locks, relock.cost), &mut *rng));
        let confirmed = confirmed.and_then(|()| self.confirmation(token, rotated, now, rng));
        confirmed.map_err(|error| Unrotated { rotating: None, error })
    }

    /// The new locks: what takes a PIN now goes on taking one, whatever the state says besides.
    fn locks<'a>(&mut self, token: TokenId, relock: &Relock<'a>) -> Result<Locks<'a>, AuthenticatorError> {
        let needs_pin = self.blob(token)?.needs_pin();
        let biometric = self.memory.token_mut(token)?.view().biometric;
        locks((needs_pin, biometric), relock.pin, relock.presence)
    }

    /// Seals the new secret and stores it next to the old one: from here on the device never goes back.
    fn lock(
        &mut self,
        token: TokenId,
        (old, rotated): (&Secret, &rotate::Rotated),
        (locks, cost): (&Locks<'_>, Cost),
        rng: Rng<'_>,
    ) -> Result<(), AuthenticatorError> {
        let Stored::Sealed(blob) = self.stored(token)? else { return Err(AuthenticatorError::Unconfirmed) };
        let new = UniformSecret::from_exporter(copy(rotated.secret())?).map_err(|_| AuthenticatorError::State)?;
        let ticket = RotationTicket::new(token, rotated.generation(), old, new).map_err(|_| WireError::WeakKey)?;
        let header = Header { token, generation: rotated.generation() };
        let device = &*self.keys.unlock;
        let sealing = Sealing { header, cost, device, arena: &mut self.arena, rng };
        let pending = blob.rotate(ticket, locks, sealing)?.first_use();
        self.store_lock(token, &pending)
    }

    /// Stores both locks and the count of attempts of the new one in one write: afterwards the device has either the old
    /// state or the new one.
    fn store_lock(&mut self, token: TokenId, pending: &PendingRotation) -> Result<(), AuthenticatorError> {
        let held = self.memory.token_mut(token)?;
        let before = (held.blob.clone(), held.retry.clone());
        held.blob = ByteBuf::from(pending.as_bytes());
        let unlock = &*self.keys.unlock;
        let armed = pending.arm(&Attempts::unsaved(&mut self.memory), unlock, unlock);
        let stored = armed.map_err(|error| AuthenticatorError::from(pushotp_pin::Denied::from(error)));
        let stored = stored.and_then(|()| Ok(self.memory.save()?));
        if stored.is_err() {
            let held = self.memory.token_mut(token)?;
            (held.blob, held.retry) = before;
        }
        stored
    }

    fn confirmation(
        &mut self,
        token: TokenId,
        rotated: rotate::Rotated,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Rotation, AuthenticatorError> {
        let sent = self.next(now)?;
        let code = passcode::bound(&key_of(rotated.secret()), rotated.hash().as_bytes()).ok_or(WireError::Code)?;
        let sending = &mut Self::sending(&self.keys, sent, rng);
        let confirmed = rotated.confirm(&code, &self.device, sending);
        let (message, waiting) = confirmed.map_err(|unsent| unsent.error)?;
        Ok(Rotation::Locked { message, confirming: ConfirmingRotation { token, waiting } })
    }

    /// The status in the server's reply to a confirmation. Once it is accepted, the old lock is forgotten.
    ///
    /// # Errors
    /// [`AuthenticatorError::OtherReply`], [`AuthenticatorError::Message`]: send the same bytes again;
    /// [`AuthenticatorError::Storage`], and then the next approved login does it.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{Relock, Rotation, wire::terms::Status};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// world.log_in(world.mail, NOW);
    /// let (message, rotating) = world.device.rotate(world.mail, None, NOW, &mut world.rng)?;
    /// let ticket = world.send(&message, NOW).expect("an answer");
    /// let relock = Relock { pin: None, presence: None, cost: cost() };
    /// let rotation = world.device.rotated(rotating, (&ticket, &relock), NOW, &mut world.rng)?;
    /// let Rotation::Locked { message, confirming } = rotation else { panic!() };
    ///
    /// assert!(world.device.rotation_confirmed(&confirming, &ticket, NOW).is_err()); // that was the other reply
    /// let reply = world.send(&message, NOW).expect("an answer");
    /// assert_eq!(world.device.rotation_confirmed(&confirming, &reply, NOW)?, Status::Accepted);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rotation_confirmed(
        &mut self,
        confirming: &ConfirmingRotation,
        reply: &[u8],
        now: UnixTime,
    ) -> Result<Status, AuthenticatorError> {
        let status = confirming.waiting.finish(&self.result(reply, now)?).ok_or(AuthenticatorError::OtherReply)?;
        if status == Status::Accepted {
            self.forget_old_lock(confirming.token)?;
        }
        Ok(status)
    }

    /// The server has accepted a passcode of this token: if it was one of the new secret, the old one is over.
    pub(super) fn forget_old_lock(&mut self, token: TokenId) -> Result<(), AuthenticatorError> {
        match self.stored(token)? {
            Stored::Sealed(_) => Ok(()),
            Stored::Rotating(pending) => self.replace(token, pending.promote().as_bytes()),
        }
    }

    /// What the state holds of a token's lock.
    pub(super) fn stored(&mut self, token: TokenId) -> Result<Stored, AuthenticatorError> {
        Stored::decode(&self.memory.token_mut(token)?.blob).map_err(|_| AuthenticatorError::State)
    }

    /// The blob to open: the new one, if a rotation was stored.
    pub(super) fn blob(&mut self, token: TokenId) -> Result<Blob, AuthenticatorError> {
        match self.stored(token)? {
            Stored::Sealed(blob) => Ok(blob),
            Stored::Rotating(pending) => Ok(pending.promote()),
        }
    }

    /// Stores another lock; if that fails the state is as it was.
    fn replace(&mut self, token: TokenId, bytes: &[u8]) -> Result<(), AuthenticatorError> {
        let before = core::mem::replace(&mut self.memory.token_mut(token)?.blob, ByteBuf::from(bytes));
        if let Err(error) = self.memory.save() {
            self.memory.token_mut(token)?.blob = before;
            return Err(error.into());
        }
        Ok(())
    }
}

pub(super) fn copy(secret: &Secret) -> Result<Secret, WireError> {
    Secret::new(secret.expose()).map_err(|_| WireError::WeakKey)
}

impl fmt::Debug for Rotating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotating").field("token", &self.token).finish_non_exhaustive()
    }
}
