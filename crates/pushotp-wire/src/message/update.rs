use alloc::{string::String, vec::Vec};

use pushotp_cbor::ByteBuf;
use pushotp_types::{DeviceId, TokenId};

use super::{Id, MAX_NAME, Sent, read, version, write};
use crate::{
    Error,
    padding::Frame,
    terms::{PushAddress, PushKind},
    text::displayable,
};

/// How many tokens one update can switch: as many as a device can get in one enrolment.
const MAX_SWITCHES: usize = 8;

type AddressFields = (u8, ByteBuf);
type UpdateFields = (u8, Id, Vec<AddressFields>, Vec<(Id, u8)>, String, u64, u64, ByteBuf);

/// Push on or off for one token on the device that says so.
///
/// It is the user's wish: a server that blocked the token after a report or too many wrong passcodes keeps it blocked.
///
/// ```
/// use pushotp_types::TokenId;
/// use pushotp_wire::message::PushSwitch;
///
/// let off = PushSwitch { token: TokenId::from_bytes([7; 16]), on: false };
/// assert!(PushSwitch { on: true, ..off } != off);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushSwitch {
    /// The token.
    pub token: TokenId,
    /// Whether challenges for it come to this device.
    pub on: bool,
}

/// What changes; what is `None` or empty stays as it is.
///
/// ```
/// use pushotp_wire::message::Changes;
///
/// let renamed = Changes { name: Some("Alice's new phone".into()), ..Changes::default() };
/// assert!(renamed != Changes::default());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Where the device can be pushed from now on.
    pub address: Option<PushAddress>,
    /// Tokens whose push goes on or off: at most eight, each once.
    pub push: Vec<PushSwitch>,
    /// The device's name: 1 to 64 displayable bytes.
    pub name: Option<String>,
}

impl Changes {
    fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.name {
            displayable(name, MAX_NAME, "name")?;
        }
        let ascending = self.push.windows(2).all(|pair| matches!(pair, [a, b] if a.token < b.token));
        if self.push.len() > MAX_SWITCHES || !ascending {
            return Err(Error::Field("push"));
        }
        let nothing = self.address.is_none() && self.push.is_empty() && self.name.is_none();
        if nothing { Err(Error::Field("update")) } else { Ok(()) }
    }
}

/// A device changes its push address, its switches or its name; it needs no PIN.
///
/// Its sequence number decides: a server takes it only if it is higher than that of every update and rotation of the
/// device before, or a frame that was held back would bring an old address back.
///
/// ```
/// use pushotp_types::{DeviceId, TokenId, UnixTime};
/// use pushotp_wire::{Error, message::{Changes, PushSwitch, Sent, Update}};
///
/// let device = DeviceId::from_bytes([1; 16]);
/// let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 1_800_000_000_000 };
/// let push = vec![PushSwitch { token: TokenId::from_bytes([7; 16]), on: false }];
/// let update = Update::new(device, Changes { push, ..Changes::default() }, sent)?;
/// assert!(!update.changes().push[0].on);
/// assert_eq!(Update::new(device, Changes::default(), sent).unwrap_err(), Error::Field("update"));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    device: DeviceId,
    changes: Changes,
    sent: Sent,
}

impl Update {
    /// An update of this device.
    ///
    /// # Errors
    /// [`Error::Field`] if nothing changes, for a token that is named twice or more than eight, for a time or sequence
    /// number out of range; [`Error::Display`] for the name.
    ///
    /// ```
    /// use pushotp_types::{DeviceId, TokenId, UnixTime};
    /// use pushotp_wire::{Error, message::{Changes, PushSwitch, Sent, Update}};
    ///
    /// let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 7 };
    /// let off = PushSwitch { token: TokenId::from_bytes([7; 16]), on: false };
    /// let update = |push| Update::new(DeviceId::from_bytes([1; 16]), Changes { push, ..Changes::default() }, sent);
    /// assert!(update(vec![off]).is_ok());
    /// assert_eq!(update(vec![off, off]).unwrap_err(), Error::Field("push"));
    /// ```
    pub fn new(device: DeviceId, mut changes: Changes, sent: Sent) -> Result<Self, Error> {
        changes.push.sort_by_key(|switch| switch.token);
        Self::checked(device, changes, sent)
    }

    fn checked(device: DeviceId, changes: Changes, sent: Sent) -> Result<Self, Error> {
        changes.check()?;
        Ok(Self { device, changes, sent: sent.check()? })
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, Error> {
        let Changes { address, push, name } = &self.changes;
        let address = address.iter().map(|address| (address.kind().code(), ByteBuf::from(address.addr()))).collect();
        let switch = |switch: &PushSwitch| (Id::new(*switch.token.as_bytes()), u8::from(switch.on));
        let fields: UpdateFields = (
            1,
            Id::new(*self.device.as_bytes()),
            address,
            push.iter().map(switch).collect(),
            name.clone().unwrap_or_default(),
            self.sent.at.as_secs(),
            self.sent.sequence,
            ByteBuf::new(),
        );
        write(&fields, Frame::Signed)
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Error> {
        let fields = read::<UpdateFields>(payload, Frame::Signed, |fields| &fields.7)?;
        let (v, device, address, push, name, at, seq, _) = fields;
        version(v)?;
        let changes = Changes {
            address: one_address(address)?,
            push: push.into_iter().map(switch).collect::<Result<_, _>>()?,
            name: (!name.is_empty()).then_some(name),
        };
        Self::checked(DeviceId::from_bytes(*device), changes, Sent::new(at, seq)?)
    }

    /// The device that it is about: the one that signs it.
    ///
    /// ```
    /// # use pushotp_types::{DeviceId, UnixTime};
    /// # use pushotp_wire::message::{Changes, Sent, Update};
    /// # let device = DeviceId::from_bytes([1; 16]);
    /// # let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 7 };
    /// let changes = Changes { name: Some("Alice's tablet".into()), ..Changes::default() };
    /// let update = Update::new(device, changes, sent)?;
    /// assert_eq!(update.device(), device);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// What changes.
    ///
    /// ```
    /// # use pushotp_types::{DeviceId, UnixTime};
    /// # use pushotp_wire::message::{Changes, Sent, Update};
    /// # let device = DeviceId::from_bytes([1; 16]);
    /// # let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 7 };
    /// let changes = Changes { name: Some("Alice's tablet".into()), ..Changes::default() };
    /// let update = Update::new(device, changes.clone(), sent)?;
    /// assert_eq!(update.changes(), &changes);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Clock and sequence number of the device; here the second decides.
    ///
    /// ```
    /// # use pushotp_types::{DeviceId, UnixTime};
    /// # use pushotp_wire::message::{Changes, Sent, Update};
    /// # let device = DeviceId::from_bytes([1; 16]);
    /// # let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 7 };
    /// let changes = Changes { name: Some("Alice's tablet".into()), ..Changes::default() };
    /// let update = Update::new(device, changes, sent)?;
    /// assert_eq!(update.sent(), sent);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn sent(&self) -> Sent {
        self.sent
    }
}

/// At most one address.
fn one_address(fields: Vec<AddressFields>) -> Result<Option<PushAddress>, Error> {
    let mut fields = fields.into_iter();
    let first = fields.next();
    if fields.next().is_some() {
        return Err(Error::Field("addr"));
    }
    first.map(|(kind, addr)| PushAddress::new(PushKind::from_code(kind)?, addr.into_vec())).transpose()
}

fn switch((id, on): (Id, u8)) -> Result<PushSwitch, Error> {
    if on > 1 {
        return Err(Error::Field("on"));
    }
    Ok(PushSwitch { token: TokenId::from_bytes(*id), on: on == 1 })
}
