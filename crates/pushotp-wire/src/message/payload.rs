use alloc::vec::Vec;
use core::fmt;

use pushotp_types::TenantId;
use sha2::{Digest, Sha256};

use super::{
    Approve, Cancel, Challenge, Deny, EnrolRequest, EnrolResponse, Fetch, Pending, Report, ResultMessage, Rotate,
    Ticket, Update,
};
use crate::{
    Error,
    cursor::with_bytes_head,
    terms::{ChallengeHash, Typ},
};

/// A message of the server before it is sealed, or after it was opened: its kind and its padded bytes.
///
/// ```
/// use pushotp_types::UnixTime;
/// use pushotp_wire::message::{Cancel, FromServer, Payload};
/// use pushotp_wire::terms::{CancelReason, ChallengeId};
///
/// let cancel = Cancel::new(ChallengeId::from_bytes([1; 16]), CancelReason::PageClosed, UnixTime::from_secs(1_800_000_000));
/// let payload = cancel.encode()?;
/// assert_eq!(payload.as_bytes().len() % 64, 0);
/// assert!(matches!(payload.decode()?, FromServer::Cancel(_)));
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    typ: Typ,
    bytes: Vec<u8>,
}

impl Payload {
    pub(crate) const fn new(typ: Typ, bytes: Vec<u8>) -> Self {
        Self { typ, bytes }
    }

    /// A payload as it was stored: kind and bytes.
    ///
    /// # Errors
    /// [`Error::Direction`] for a kind that only devices send.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{Error, message::Payload, terms::Typ};
    ///
    /// let sent = payload(parts());
    /// assert_eq!(Payload::from_stored(sent.typ(), sent.as_bytes())?, sent);
    /// assert_eq!(Payload::from_stored(Typ::Approve, [0; 64]).unwrap_err(), Error::Direction);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn from_stored(typ: Typ, bytes: impl Into<Vec<u8>>) -> Result<Self, Error> {
        if typ.is_from_device() { Err(Error::Direction) } else { Ok(Self::new(typ, bytes.into())) }
    }

    /// The kind.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// assert_eq!(payload(parts()).typ(), pushotp_wire::terms::Typ::Challenge);
    /// ```
    #[must_use]
    pub const fn typ(&self) -> Typ {
        self.typ
    }

    /// The padded bytes: what is sealed, and what the challenge hash is about.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// assert_eq!(payload(parts()).as_bytes().len() % 64, 0);
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// `ch`: SHA-256 over the deterministic CBOR of `["pushotp-ch", 1, tenant, payload]`.
    ///
    /// ```
    /// use pushotp_types::TenantId;
    /// use pushotp_wire::{message::Payload, terms::Typ};
    ///
    /// let payload = Payload::from_stored(Typ::Challenge, [0; 64])?;
    /// let (a, b) = (TenantId::new(b"a").unwrap(), TenantId::new(b"b").unwrap());
    /// assert_ne!(payload.challenge_hash(&a), payload.challenge_hash(&b));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub fn challenge_hash(&self, tenant: &TenantId) -> ChallengeHash {
        let mut hash = Sha256::new();
        hash.update(b"\x84\x6apushotp-ch\x01");
        for bytes in [tenant.as_bytes(), &self.bytes] {
            with_bytes_head(bytes.len(), |head| hash.update(head));
            hash.update(bytes);
        }
        ChallengeHash::from_bytes(hash.finalize().into())
    }

    /// The message.
    ///
    /// # Errors
    /// [`Error`] for anything but the one encoding of a message of this kind, with every field in its range.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{Error, message::{FromServer, Payload}, terms::Typ};
    ///
    /// assert!(matches!(payload(parts()).decode()?, FromServer::Challenge(_)));
    /// let other = Payload::from_stored(Typ::Cancel, payload(parts()).as_bytes())?;
    /// assert_eq!(other.decode().unwrap_err(), Error::Shape); // no cancel message
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn decode(&self) -> Result<FromServer, Error> {
        Ok(match self.typ {
            Typ::Challenge => FromServer::Challenge(Challenge::decode(&self.bytes)?),
            Typ::Result => FromServer::Result(ResultMessage::decode(&self.bytes)?),
            Typ::Cancel => FromServer::Cancel(Cancel::decode(&self.bytes)?),
            Typ::Pending => FromServer::Pending(Pending::decode(&self.bytes)?),
            Typ::EnrolResponse => FromServer::EnrolResponse(EnrolResponse::decode(&self.bytes)?),
            Typ::Ticket => FromServer::Ticket(Ticket::decode(&self.bytes)?),
            _ => return Err(Error::Direction),
        })
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payload").field("typ", &self.typ).field("len", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// A message of the server.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::message::FromServer;
///
/// let FromServer::Challenge(challenge) = payload(parts()).decode()? else { panic!() }; // a typical one
/// assert_eq!(challenge.id(), parts().id);
/// # let _ = World::new();
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FromServer {
    /// A login request.
    Challenge(Challenge),
    /// The reply to one message.
    Result(ResultMessage),
    /// A prompt is withdrawn.
    Cancel(Cancel),
    /// The reply to a fetch.
    Pending(Pending),
    /// The reply to an enrolment request.
    EnrolResponse(EnrolResponse),
    /// The reply to a rotation.
    Ticket(Ticket),
}

/// A message of a device.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::message::FromDevice;
///
/// let mut world = World::new(); // both ends of one channel
/// let (bytes, nonce) = world.send(|device, sending| device.fetch(sending)).unwrap();
/// let (FromDevice::Fetch(fetch), _) = world.receive(&bytes) else { panic!() }; // at the server
/// assert_eq!(fetch.nonce(), nonce);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum FromDevice {
    /// The user approves.
    Approve(Approve),
    /// The user denies.
    Deny(Deny),
    /// The user reports.
    Report(Report),
    /// What is open?
    Fetch(Fetch),
    /// A new device.
    EnrolRequest(EnrolRequest),
    /// Push address, switches or name change.
    Update(Update),
    /// A token gets a new secret.
    Rotate(Rotate),
}

impl FromDevice {
    /// The kind of the message.
    ///
    /// ```
    /// use pushotp_types::{DeviceId, UnixTime};
    /// use pushotp_wire::{message::{Fetch, FromDevice}, terms::{Nonce, Typ}};
    ///
    /// let (nonce, now) = (Nonce::from_bytes([4; 16]), UnixTime::from_secs(1_800_000_000));
    /// let fetch = FromDevice::Fetch(Fetch::new(DeviceId::from_bytes([1; 16]), nonce, now)?);
    /// assert_eq!(fetch.typ(), Typ::Fetch);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn typ(&self) -> Typ {
        match self {
            Self::Approve(_) => Typ::Approve,
            Self::Deny(_) => Typ::Deny,
            Self::Report(_) => Typ::Report,
            Self::Fetch(_) => Typ::Fetch,
            Self::EnrolRequest(_) => Typ::EnrolRequest,
            Self::Update(_) => Typ::Update,
            Self::Rotate(_) => Typ::Rotate,
        }
    }

    /// The padded payload that a device signs; those of approval and rotation have a passcode in them: erase them.
    ///
    /// # Errors
    /// [`Error::Padding`] never happens for a message that its constructor took.
    ///
    /// ```
    /// use pushotp_types::{DeviceId, UnixTime};
    /// use pushotp_wire::{message::{Fetch, FromDevice}, terms::{Nonce, Typ}};
    ///
    /// let (nonce, now) = (Nonce::from_bytes([4; 16]), UnixTime::from_secs(1_800_000_000));
    /// let fetch = FromDevice::Fetch(Fetch::new(DeviceId::from_bytes([1; 16]), nonce, now)?);
    /// assert_eq!(fetch.encode()?.len(), 49); // with the signature around it two blocks of 64
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Approve(message) => message.encode(),
            Self::Deny(message) => message.encode(),
            Self::Report(message) => message.encode(),
            Self::Fetch(message) => message.encode(),
            Self::EnrolRequest(message) => message.encode(),
            Self::Update(message) => message.encode(),
            Self::Rotate(message) => message.encode(),
        }
    }

    /// The message of a kind.
    ///
    /// # Errors
    /// [`Error`] for anything but the one encoding of a message of this kind, with every field in its range.
    ///
    /// ```
    /// use pushotp_types::{DeviceId, UnixTime};
    /// use pushotp_wire::{message::{Fetch, FromDevice}, terms::{Nonce, Typ}};
    ///
    /// let (nonce, now) = (Nonce::from_bytes([4; 16]), UnixTime::from_secs(1_800_000_000));
    /// let fetch = FromDevice::Fetch(Fetch::new(DeviceId::from_bytes([1; 16]), nonce, now)?);
    /// let payload = fetch.encode()?;
    /// assert!(matches!(FromDevice::decode(Typ::Fetch, &payload)?, FromDevice::Fetch(_)));
    /// assert!(FromDevice::decode(Typ::Deny, &payload).is_err());
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn decode(typ: Typ, payload: &[u8]) -> Result<Self, Error> {
        Ok(match typ {
            Typ::Approve => Self::Approve(Approve::decode(payload)?),
            Typ::Deny => Self::Deny(Deny::decode(payload)?),
            Typ::Report => Self::Report(Report::decode(payload)?),
            Typ::Fetch => Self::Fetch(Fetch::decode(payload)?),
            Typ::EnrolRequest => Self::EnrolRequest(EnrolRequest::decode(payload)?),
            Typ::Update => Self::Update(Update::decode(payload)?),
            Typ::Rotate => Self::Rotate(Rotate::decode(payload)?),
            _ => return Err(Error::Direction),
        })
    }
}
