use core::fmt;

use pushotp_cbor::{ByteArray, ByteBuf};
use pushotp_types::{TokenId, UnixTime};

use super::{Hash, Id, Payload, read, secs, version, write};
use crate::{
    Error,
    padding::Frame,
    terms::{Generation, MessageHash, RotationId, Typ},
};

type Sealed = ByteArray<48>;
type TicketFields = (u8, Id, Hash, Id, u32, Hash, Sealed, u64, ByteBuf);

/// The reply to a rotation request: what makes the new secret, sealed to the key that the request carried.
///
/// So the device's storage and a recording of all traffic do not join the old secret and the new one.
/// [`Rotate::grant`](super::Rotate::grant) makes it, [`Rotating::finish`](crate::rotate::Rotating::finish) opens it.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
/// # use world::*;
/// use pushotp_wire::terms::Generation;
///
/// let (_, ticket) = World::new().ticket(); // at the device
/// assert_eq!((ticket.token(), Some(ticket.generation())), (TOKEN, Generation::FIRST.next()));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    pub(crate) id: RotationId,
    pub(crate) about: MessageHash,
    pub(crate) token: TokenId,
    pub(crate) generation: Generation,
    /// The HPKE encapsulated key, and 32 bytes sealed with it.
    pub(crate) sealed: ([u8; 32], [u8; 48]),
    pub(crate) at: UnixTime,
}

impl Ticket {
    /// The padded payload.
    ///
    /// # Errors
    /// [`Error::Field`] for a time before 2020 or after 2100.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::FromServer;
    ///
    /// let (_, ticket) = World::new().ticket(); // at the device
    /// assert_eq!(ticket.encode()?.decode()?, FromServer::Ticket(ticket));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn encode(&self) -> Result<Payload, Error> {
        let (enc, ciphertext) = self.sealed;
        let fields: TicketFields = (
            1,
            Id::new(*self.id.as_bytes()),
            Hash::new(*self.about.as_bytes()),
            Id::new(*self.token.as_bytes()),
            self.generation.get(),
            Hash::new(enc),
            Sealed::new(ciphertext),
            secs(self.at.as_secs(), "sts")?.as_secs(),
            ByteBuf::new(),
        );
        Ok(Payload::new(Typ::Ticket, write(&fields, Frame::Bare)?))
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let fields = read::<TicketFields>(bytes, Frame::Bare, |fields| &fields.8)?;
        let (v, id, about, token, generation, enc, ciphertext, at, _) = fields;
        version(v)?;
        Ok(Self {
            id: RotationId::from_bytes(*id),
            about: MessageHash::from_bytes(*about),
            token: TokenId::from_bytes(*token),
            generation: Generation::new(generation).map_err(|_| Error::Field("gen"))?,
            sealed: (*enc, *ciphertext),
            at: secs(at, "sts")?,
        })
    }

    /// The rotation that it belongs to.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::device::Incoming;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (rotate, about, _) = world.ask();
    /// let granted = world.grant(&rotate, about);
    /// let Incoming::Ticket(ticket) = world.device.open(&granted.ticket, at(NOW))? else { panic!() };
    /// assert_eq!(ticket.rotation(), rotate.rotation().id);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn rotation(&self) -> RotationId {
        self.id
    }

    /// The hash of the request's frame.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::device::Incoming;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (rotate, about, _) = world.ask();
    /// let granted = world.grant(&rotate, about);
    /// let Incoming::Ticket(ticket) = world.device.open(&granted.ticket, at(NOW))? else { panic!() };
    /// assert_eq!(ticket.about(), about);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn about(&self) -> MessageHash {
        self.about
    }

    /// The token that gets a new secret.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// let (_, ticket) = World::new().ticket(); // at the device
    /// assert_eq!(ticket.token(), TOKEN);
    /// ```
    #[must_use]
    pub const fn token(&self) -> TokenId {
        self.token
    }

    /// The generation that it gives: one more than the request's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::Generation;
    ///
    /// let (_, ticket) = World::new().ticket(); // at the device
    /// assert_eq!(Some(ticket.generation()), Generation::FIRST.next());
    /// ```
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// When the server sent it.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// let (_, ticket) = World::new().ticket(); // at the device
    /// assert_eq!(ticket.at(), at(NOW));
    /// ```
    #[must_use]
    pub const fn at(&self) -> UnixTime {
        self.at
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("id", &self.id)
            .field("token", &self.token)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}
