use alloc::vec::Vec;

use pushotp_cbor::ByteBuf;
use pushotp_types::{DeviceId, UnixTime};

use super::{Id, Payload, read, secs, version, write};
use crate::{
    Error,
    envelope::{MAX_LEN, MIN_LEN},
    padding::Frame,
    terms::{Nonce, Typ},
};

/// How many envelopes a reply may carry.
const MAX_ITEMS: usize = 8;

type FetchFields = (u8, Id, Id, u64, ByteBuf);
type PendingFields = (u8, Id, u64, Vec<ByteBuf>, ByteBuf);

/// A device asks for what is open.
///
/// ```
/// use pushotp_types::{DeviceId, UnixTime};
/// use pushotp_wire::message::Fetch;
/// use pushotp_wire::terms::Nonce;
///
/// let nonce = Nonce::from_bytes([4; 16]);
/// let fetch = Fetch::new(DeviceId::from_bytes([1; 16]), nonce, UnixTime::from_secs(1_800_000_000))?;
/// assert_eq!(fetch.nonce(), nonce);
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetch {
    device: DeviceId,
    nonce: Nonce,
    at: UnixTime,
}

impl Fetch {
    /// A question under a fresh nonce.
    ///
    /// # Errors
    /// [`Error::Field`] for a time before 2020 or after 2100.
    ///
    /// ```
    /// use pushotp_types::{DeviceId, UnixTime};
    /// use pushotp_wire::{message::Fetch, terms::Nonce};
    ///
    /// let (device, now) = (DeviceId::from_bytes([1; 16]), UnixTime::from_secs(1_800_000_000));
    /// assert!(Fetch::new(device, Nonce::from_bytes([4; 16]), now).is_ok());
    /// assert!(Fetch::new(device, Nonce::from_bytes([4; 16]), UnixTime::from_secs(0)).is_err()); // a clock never set
    /// ```
    pub fn new(device: DeviceId, nonce: Nonce, now: UnixTime) -> Result<Self, Error> {
        Ok(Self { device, nonce, at: secs(now.as_secs(), "dts")? })
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, Error> {
        let (device, nonce) = (Id::new(*self.device.as_bytes()), Id::new(*self.nonce.as_bytes()));
        let fields: FetchFields = (1, device, nonce, self.at.as_secs(), ByteBuf::new());
        write(&fields, Frame::Signed)
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Error> {
        let (v, device, nonce, at, _) = read::<FetchFields>(payload, Frame::Signed, |fields| &fields.4)?;
        version(v)?;
        Self::new(DeviceId::from_bytes(*device), Nonce::from_bytes(*nonce), UnixTime::from_secs(at))
    }

    /// The device that asks.
    ///
    /// ```
    /// use pushotp_types::{DeviceId, UnixTime};
    /// use pushotp_wire::{message::Fetch, terms::Nonce};
    ///
    /// let (device, now) = (DeviceId::from_bytes([1; 16]), UnixTime::from_secs(1_800_000_000));
    /// assert_eq!(Fetch::new(device, Nonce::from_bytes([4; 16]), now)?.device(), device);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// To be echoed in the reply.
    ///
    /// ```
    /// use pushotp_types::{DeviceId, UnixTime};
    /// use pushotp_wire::{message::Fetch, terms::Nonce};
    ///
    /// let (device, now) = (DeviceId::from_bytes([1; 16]), UnixTime::from_secs(1_800_000_000));
    /// let nonce = Nonce::from_bytes([4; 16]);
    /// assert_eq!(Fetch::new(device, nonce, now)?.nonce(), nonce);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// The device's clock; decides nothing.
    ///
    /// ```
    /// use pushotp_types::{DeviceId, UnixTime};
    /// use pushotp_wire::{message::Fetch, terms::Nonce};
    ///
    /// let (device, now) = (DeviceId::from_bytes([1; 16]), UnixTime::from_secs(1_800_000_000));
    /// assert_eq!(Fetch::new(device, Nonce::from_bytes([4; 16]), now)?.at(), now);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn at(&self) -> UnixTime {
        self.at
    }
}

/// What is open: envelopes, oldest first, each to be opened on its own.
///
/// ```
/// use pushotp_types::UnixTime;
/// use pushotp_wire::{message::Pending, terms::Nonce};
///
/// let none = Pending::new(Nonce::from_bytes([4; 16]), UnixTime::from_secs(1_800_000_000), vec![])?;
/// assert!(none.items().is_empty());
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    nonce: Nonce,
    at: UnixTime,
    items: Vec<Vec<u8>>,
}

impl Pending {
    /// The reply to the fetch with this nonce; the items must fit into one envelope together.
    ///
    /// # Errors
    /// [`Error::Field`] for more than eight items, one that cannot be an envelope, or a time out of range.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::{message::Pending, terms::Nonce};
    ///
    /// let (nonce, now) = (Nonce::from_bytes([4; 16]), UnixTime::from_secs(1_800_000_000));
    /// assert!(Pending::new(nonce, now, vec![vec![0; 119]; 8]).is_ok());
    /// assert!(Pending::new(nonce, now, vec![vec![0; 119]; 9]).is_err());
    /// assert!(Pending::new(nonce, now, vec![vec![0; 118]]).is_err()); // no envelope is so short
    /// ```
    pub fn new(nonce: Nonce, now: UnixTime, items: Vec<Vec<u8>>) -> Result<Self, Error> {
        if items.len() > MAX_ITEMS || items.iter().any(|item| !(MIN_LEN..=MAX_LEN).contains(&item.len())) {
            return Err(Error::Field("items"));
        }
        Ok(Self { nonce, at: secs(now.as_secs(), "sts")?, items })
    }

    /// The padded payload.
    ///
    /// # Errors
    /// None for a message that [`new`](Self::new) took.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::{message::Pending, terms::Nonce};
    ///
    /// let (nonce, now) = (Nonce::from_bytes([4; 16]), UnixTime::from_secs(1_800_000_000));
    /// let pending = Pending::new(nonce, now, vec![vec![0; 119]])?;
    /// assert_eq!(pending.encode()?.as_bytes().len(), 192);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn encode(&self) -> Result<Payload, Error> {
        let items = self.items.iter().map(|item| ByteBuf::from(item.as_slice())).collect();
        let fields: PendingFields = (1, Id::new(*self.nonce.as_bytes()), self.at.as_secs(), items, ByteBuf::new());
        Ok(Payload::new(Typ::Pending, write(&fields, Frame::Bare)?))
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (v, nonce, at, items, _) = read::<PendingFields>(bytes, Frame::Bare, |fields| &fields.4)?;
        version(v)?;
        let items = items.into_iter().map(ByteBuf::into_vec).collect();
        Self::new(Nonce::from_bytes(*nonce), UnixTime::from_secs(at), items)
    }

    /// The nonce of the fetch that it replies to.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::{message::Pending, terms::Nonce};
    ///
    /// let (nonce, now) = (Nonce::from_bytes([4; 16]), UnixTime::from_secs(1_800_000_000));
    /// assert_eq!(Pending::new(nonce, now, vec![])?.nonce(), nonce);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// When the server sent it.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::{message::Pending, terms::Nonce};
    ///
    /// let (nonce, now) = (Nonce::from_bytes([4; 16]), UnixTime::from_secs(1_800_000_000));
    /// assert_eq!(Pending::new(nonce, now, vec![])?.at(), now);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn at(&self) -> UnixTime {
        self.at
    }

    /// The envelopes.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::{message::Pending, terms::Nonce};
    ///
    /// let (nonce, now) = (Nonce::from_bytes([4; 16]), UnixTime::from_secs(1_800_000_000));
    /// let envelope = vec![0; 119];
    /// assert_eq!(Pending::new(nonce, now, vec![envelope.clone()])?.items(), [envelope]);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub fn items(&self) -> &[Vec<u8>] {
        &self.items
    }
}
