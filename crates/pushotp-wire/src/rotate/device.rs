use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use pushotp_types::{Code, Secret, TokenId};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{key::RotationKey, next_secret};
use crate::{
    Error,
    device::{Device, Sending, Unsent},
    keys::Binding,
    message::{FromDevice, ResultMessage, Rotate, Rotation, RotationStep, Ticket},
    seal::Context,
    terms::{Generation, Kid, MessageHash, RotationHash, RotationId, Status},
};

/// What a rotation is of: this token on this channel.
struct Of {
    rotation: Rotation,
    hash: RotationHash,
    kid: Kid,
}

impl Of {
    fn new(rotation: Rotation, binding: &Binding, kid: Kid) -> Result<Box<Self>, Error> {
        Ok(Box::new(Self { rotation, hash: rotation.hash(binding)?, kid }))
    }

    fn seal(&self, code: &Code, device: &Device, sending: &mut Sending<'_>) -> Result<(Vec<u8>, MessageHash), Error> {
        self.is_of(device)?;
        device.seal(&FromDevice::Rotate(Rotate::new(self.rotation, code, sending.sent)?), sending)
    }

    fn is_of(&self, device: &Device) -> Result<(), Error> {
        if device.keys().d2s_kid() == self.kid { Ok(()) } else { Err(Error::UnknownKid) }
    }
}

/// A rotation that the device is about to ask for, with a fresh id and key.
///
/// The module's [example](crate::rotate) shows it all. After a wrong passcode, and after a crash before the new secret is
/// stored, make a new one. **One at a time**: drop what waits for an earlier ticket of the token before you send another
/// request, for the server keeps the secret of the last one.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::{rotate::RotationRequest, terms::Generation};
///
/// let mut world = World::new(); // both ends of one channel
/// let mut request = || RotationRequest::new(&world.device, TOKEN, Generation::FIRST, &mut world.rng).unwrap();
/// assert_ne!(request().hash(), request().hash()); // no passcode is good for two of them
/// ```
#[must_use]
pub struct RotationRequest {
    of: Box<Of>,
    key: RotationKey,
}

impl RotationRequest {
    /// Of the token whose locked secret is of this generation.
    ///
    /// # Errors
    /// [`Error::Field`] for the last generation of all.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{rotate::RotationRequest, terms::Generation};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// assert!(RotationRequest::new(&world.device, TOKEN, Generation::FIRST, &mut world.rng).is_ok());
    /// let last = Generation::new(u32::MAX).unwrap();
    /// assert!(RotationRequest::new(&world.device, TOKEN, last, &mut world.rng).is_err());
    /// ```
    pub fn new<R: CryptoRng + ?Sized>(
        device: &Device,
        token: TokenId,
        generation: Generation,
        rng: &mut R,
    ) -> Result<Self, Error> {
        generation.next().ok_or(Error::Field("gen"))?;
        let (id, key) = (RotationId::generate(rng), RotationKey::generate(rng)?);
        let rotation = Rotation { id, token, generation, step: RotationStep::Request { key: key.public() } };
        Ok(Self { of: Of::new(rotation, device.binding(), device.keys().d2s_kid())?, key })
    }

    /// The question of the passcode, which is made with the current secret.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::FromDevice;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let request = world.request();
    /// let question = request.hash(); // a passcode answers it
    /// let (frame, _) = world.send(|device, sending| request.send(&code(), device, sending)).unwrap();
    /// let (FromDevice::Rotate(rotate), _) = world.receive(&frame) else { panic!() }; // at the server
    /// assert_eq!(rotate.rotation().hash(world.device.binding())?, question);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn hash(&self) -> RotationHash {
        self.of.hash
    }

    /// Asks: the frame to send, and what waits for the ticket.
    ///
    /// If it has to be sent again, send these same bytes. Keep them in memory only.
    ///
    /// # Errors
    /// [`Unsent`] with the request back: [`Error::Code`] for a passcode of other than 8 digits, [`Error::UnknownKid`] for
    /// another device, or what kept the message from being sealed.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_types::{Code, Digits};
    /// use pushotp_wire::Error;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let request = world.request();
    /// let short = Code::from_value(727_617, Digits::SIX);
    /// let unsent = world.send(|device, sending| request.send(&short, device, sending)).unwrap_err();
    /// assert_eq!(unsent.error, Error::Code);
    /// let request = unsent.state;
    /// assert!(world.send(|device, sending| request.send(&code(), device, sending)).is_ok());
    /// ```
    pub fn send(
        self,
        code: &Code,
        device: &Device,
        sending: &mut Sending<'_>,
    ) -> Result<(Vec<u8>, Rotating), Unsent<Self>> {
        match self.of.seal(code, device, sending) {
            Ok((bytes, rh)) => Ok((bytes, Rotating { request: self, rh })),
            Err(error) => Err(Unsent { state: self, error }),
        }
    }
}

impl fmt::Debug for RotationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RotationRequest").field("rotation", &self.of.rotation).finish_non_exhaustive()
    }
}

/// A request that was sent: it waits for the ticket, or for the result that refuses it.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::{message::Reply, rotate::RotationRequest, terms::{Generation, Status}};
///
/// let mut world = World::new(); // both ends of one channel
/// let request = RotationRequest::new(&world.device, TOKEN, Generation::FIRST, &mut world.rng)?;
/// let (frame, waiting) = world.send(|device, sending| request.send(&code(), device, sending)).unwrap();
/// let (_, about) = world.receive(&frame); // at the server
/// let result = world.result(about, Reply { status: Status::WrongPasscode, left: 2, failures: 0 });
/// assert_eq!(waiting.refused(&result), Some(Status::WrongPasscode)); // the PIN again, and a new request
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Rotating {
    request: RotationRequest,
    rh: MessageHash,
}

impl Rotating {
    /// What the server says instead of a ticket; `None` if the result is of another message, or is no refusal.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::Status;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (_, about, waiting) = world.ask();
    /// let result = world.told(about, Status::Refused); // no approval shortly before, say
    /// assert_eq!(waiting.refused(&result), Some(Status::Refused));
    /// ```
    #[must_use]
    pub fn refused(&self, result: &ResultMessage) -> Option<Status> {
        let status = result.reply().status;
        (result.about() == self.rh && status != Status::Accepted).then_some(status)
    }

    /// Opens the ticket: the new secret, out of the current one.
    ///
    /// # Errors
    /// [`NotRotated`] with the rotation back, which goes on waiting: [`Error::HashMismatch`] for the ticket of another
    /// request, [`Error::Field`] or [`Error::TokenMismatch`] for one of another rotation, generation or token,
    /// [`Error::BadSeal`] for one that is sealed to another key. Nothing that is stored changes.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::Error;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (waiting, ticket) = world.ticket();
    /// let (_, of_another) = world.ticket();
    /// let failed = waiting.finish(&of_another, &World::secret(), &world.device).unwrap_err();
    /// assert_eq!(failed.error, Error::HashMismatch);
    /// let rotated = failed.waiting.finish(&ticket, &World::secret(), &world.device).unwrap();
    /// assert_ne!(rotated.secret().expose(), World::secret().expose());
    /// ```
    pub fn finish(self, ticket: &Ticket, secret: &Secret, device: &Device) -> Result<Rotated, NotRotated> {
        match self.open(ticket, secret, device) {
            Ok(rotated) => Ok(rotated),
            Err(error) => Err(NotRotated { waiting: Box::new(self), error }),
        }
    }

    fn open(&self, ticket: &Ticket, secret: &Secret, device: &Device) -> Result<Rotated, Error> {
        let of = &self.request.of;
        of.is_of(device)?;
        self.fits(ticket)?;
        let (enc, ciphertext) = &ticket.sealed;
        let (binding, psk) = (device.binding(), device.keys().d2s_psk());
        let mut context = Context::ticket(psk, &of.kid, binding)?.receiver(self.request.key.private(), enc)?;
        let nonce = context.open(ciphertext, self.rh.as_bytes()).map_err(|_| Error::BadSeal)?;
        let nonce = Zeroizing::new(nonce);
        let nonce: &[u8; 32] = nonce.as_slice().try_into().map_err(|_| Error::BadSeal)?;
        let secret = next_secret(nonce, secret, binding, (ticket.token, ticket.generation))?;
        let rotation = Rotation { generation: ticket.generation, step: RotationStep::Confirm, ..of.rotation };
        Ok(Rotated { of: Of::new(rotation, binding, of.kid)?, secret })
    }

    fn fits(&self, ticket: &Ticket) -> Result<(), Error> {
        let Rotation { id, token, generation, .. } = self.request.of.rotation;
        if ticket.about != self.rh {
            return Err(Error::HashMismatch);
        }
        if ticket.id != id {
            return Err(Error::Field("rid"));
        }
        if ticket.token != token {
            return Err(Error::TokenMismatch);
        }
        if Some(ticket.generation) == generation.next() { Ok(()) } else { Err(Error::Field("gen")) }
    }
}

/// A ticket that does not fit; the rotation goes on waiting.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
/// # use world::*;
/// let mut world = World::new(); // both ends of one channel
/// let (waiting, _) = world.ticket();
/// let (_, of_another) = world.ticket();
/// let failed = waiting.finish(&of_another, &World::secret(), &world.device).unwrap_err();
/// assert_eq!(failed.to_string(), "no new secret: the answer is about another challenge");
/// let _goes_on = failed.waiting;
/// ```
#[derive(Debug, thiserror::Error)]
#[error("no new secret: {error}")]
pub struct NotRotated {
    /// As it was.
    pub waiting: Box<Rotating>,
    /// What was wrong with the ticket.
    #[source]
    pub error: Error,
}

/// The new secret: lock it, make that durable with its generation, and only then confirm.
///
/// The module's [example](crate::rotate) shows it. Once the new generation is stored, never ask with the old one again:
/// if the device stops before it confirms, the next approval under the new secret does it.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
/// # use world::*;
/// use pushotp_wire::terms::Generation;
///
/// let rotated = World::new().rotated();
/// assert_eq!(rotated.secret().expose().len(), 32); // lock it under the new PIN
/// assert_eq!(Some(rotated.generation()), Generation::FIRST.next()); // and store this with it
/// ```
#[must_use]
pub struct Rotated {
    of: Box<Of>,
    secret: Secret,
}

impl Rotated {
    /// The new secret.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::device::Incoming;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (rotate, about, waiting) = world.ask();
    /// let granted = world.grant(&rotate, about);
    /// let Incoming::Ticket(ticket) = world.device.open(&granted.ticket, at(NOW))? else { panic!() };
    /// let rotated = waiting.finish(&ticket, &World::secret(), &world.device).unwrap();
    /// assert_eq!(rotated.secret().expose(), granted.secret.expose()); // and it did not travel
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Its generation.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::Generation;
    ///
    /// assert_eq!(Some(World::new().rotated().generation()), Generation::FIRST.next());
    /// ```
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.of.rotation.generation
    }

    /// The question of the passcode that confirms, which is made with the new secret.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::FromDevice;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let rotated = world.rotated();
    /// let question = rotated.hash(); // a passcode under the new secret answers it
    /// let (frame, _) = world.send(|device, sending| rotated.confirm(&code(), device, sending)).unwrap();
    /// let (FromDevice::Rotate(confirm), _) = world.receive(&frame) else { panic!() }; // at the server
    /// assert_eq!(confirm.rotation().hash(world.device.binding())?, question);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn hash(&self) -> RotationHash {
        self.of.hash
    }

    /// Confirms: the frame to send, and what waits for its result. The secret is erased here.
    ///
    /// # Errors
    /// As [`RotationRequest::send`], with the new secret back.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::{FromDevice, RotationStep};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let rotated = world.rotated(); // and the new secret is locked and stored
    /// let (frame, _) = world.send(|device, sending| rotated.confirm(&code(), device, sending)).unwrap();
    /// let (FromDevice::Rotate(confirm), _) = world.receive(&frame) else { panic!() }; // at the server
    /// assert_eq!(confirm.rotation().step, RotationStep::Confirm);
    /// ```
    pub fn confirm(
        self,
        code: &Code,
        device: &Device,
        sending: &mut Sending<'_>,
    ) -> Result<(Vec<u8>, Confirming), Unsent<Self>> {
        match self.of.seal(code, device, sending) {
            Ok((bytes, rh)) => Ok((bytes, Confirming { rh })),
            Err(error) => Err(Unsent { state: self, error }),
        }
    }
}

impl fmt::Debug for Rotated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotated").field("rotation", &self.of.rotation).finish_non_exhaustive()
    }
}

/// A confirmation that was sent: it waits for its result.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
/// # use world::*;
/// use pushotp_wire::terms::{MessageHash, Status};
///
/// let mut world = World::new(); // both ends of one channel
/// let rotated = world.rotated();
/// let (_, confirming) = world.send(|device, sending| rotated.confirm(&code(), device, sending)).unwrap();
/// let of_another = world.told(MessageHash::of(b"another"), Status::Accepted);
/// assert_eq!(confirming.finish(&of_another), None); // it goes on waiting
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Confirming {
    rh: MessageHash,
}

impl Confirming {
    /// What the server said; `None` if the result is of another message.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::Status;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let rotated = world.rotated();
    /// let (frame, confirming) = world.send(|device, sending| rotated.confirm(&code(), device, sending)).unwrap();
    /// let (_, about) = world.receive(&frame); // at the server
    /// let result = world.told(about, Status::Accepted);
    /// assert_eq!(confirming.finish(&result), Some(Status::Accepted)); // the old secret is void
    /// ```
    #[must_use]
    pub fn finish(&self, result: &ResultMessage) -> Option<Status> {
        (result.about() == self.rh).then(|| result.reply().status)
    }
}
