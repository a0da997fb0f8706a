use alloc::{string::String, vec::Vec};
use core::fmt;

use pushotp_cbor::{ByteBuf, Bytes, encode};
use pushotp_types::{Code, Digits, TokenId};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Id, Sent, read, version, write};
use crate::{
    Error,
    keys::Binding,
    padding::Frame,
    rotate::RotationPublicKey,
    terms::{Generation, RotationHash, RotationId},
};

type RotateFields = (u8, Id, Id, u32, u8, ByteBuf, String, u64, u64, ByteBuf);

/// Which half of a rotation a message is.
///
/// ```
/// use pushotp_wire::{message::RotationStep, rotate::RotationPublicKey};
///
/// let key = RotationPublicKey::parse(&[9; 32])?;
/// assert_ne!(RotationStep::Request { key }, RotationStep::Confirm);
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationStep {
    /// The device asks for a ticket; its passcode is under the current secret.
    Request {
        /// A fresh key of the device: the ticket is sealed to it.
        key: RotationPublicKey,
    },
    /// The device has stored the new secret; its passcode is under that one.
    Confirm,
}

/// What a rotation message is about: all but the passcode, which answers [`hash`](Self::hash).
///
/// ```
/// use pushotp_types::{DeviceId, Epoch, TenantId, TokenId};
/// use pushotp_wire::keys::Binding;
/// use pushotp_wire::message::{Rotation, RotationStep};
/// use pushotp_wire::terms::{Generation, RotationId};
///
/// let tenant = TenantId::new(b"example.com").unwrap();
/// let binding = Binding { tenant, device: DeviceId::from_bytes([1; 16]), epoch: Epoch::FIRST };
/// let confirm = Rotation {
///     id: RotationId::from_bytes([3; 16]),
///     token: TokenId::from_bytes([7; 16]),
///     generation: Generation::new(2).unwrap(),
///     step: RotationStep::Confirm,
/// };
/// let third = Rotation { generation: Generation::new(3).unwrap(), ..confirm };
/// assert_ne!(confirm.hash(&binding)?, third.hash(&binding)?);
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Drawn by the device, the same in both steps.
    pub id: RotationId,
    /// The token that gets a new secret.
    pub token: TokenId,
    /// The generation under whose secret the passcode is: the current one in a request, the new one in a confirmation.
    pub generation: Generation,
    /// Which half it is.
    pub step: RotationStep,
}

impl Rotation {
    /// The question of the passcode: SHA-256 over the deterministic CBOR of
    /// `["pushotp-rot", 1, tenant, did, tid, epoch, rid, gen, step, epk]`.
    ///
    /// # Errors
    /// None for a binding and a rotation that are there.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::Rotation;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (rotate, ..) = world.ask();
    /// let asked = *rotate.rotation();
    /// let next = Rotation { generation: asked.generation.next().unwrap(), ..asked };
    /// let binding = world.device.binding();
    /// assert_ne!(asked.hash(binding)?, next.hash(binding)?); // no passcode is good for both
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn hash(&self, binding: &Binding) -> Result<RotationHash, Error> {
        let Binding { tenant, device, epoch } = binding;
        let (step, key) = self.parts();
        let input = encode(&(
            "pushotp-rot",
            1,
            Bytes::new(tenant.as_bytes()),
            Bytes::new(device.as_bytes()),
            Bytes::new(self.token.as_bytes()),
            epoch.get(),
            Bytes::new(self.id.as_bytes()),
            self.generation.get(),
            step,
            Bytes::new(key),
        ))?;
        Ok(RotationHash::from_bytes(Sha256::digest(&input).into()))
    }

    /// Step and key as they stand in the message.
    fn parts(&self) -> (u8, &[u8]) {
        match &self.step {
            RotationStep::Request { key } => (0, key.as_bytes()),
            RotationStep::Confirm => (1, &[]),
        }
    }
}

fn step(step: u8, key: &[u8]) -> Result<RotationStep, Error> {
    match (step, key.len()) {
        (0, 32) => Ok(RotationStep::Request { key: RotationPublicKey::parse(key)? }),
        (1, 0) => Ok(RotationStep::Confirm),
        (0 | 1, _) => Err(Error::Field("epk")),
        _ => Err(Error::Field("step")),
    }
}

/// A token gets a new secret: the request, or the proof that the device has it.
///
/// The server takes a request only shortly after an accepted approval, counts wrong passcodes as those of approvals,
/// and lets the sequence number decide, as for an [`Update`](super::Update).
///
/// ```
/// use pushotp_types::{Code, Digits, TokenId, UnixTime};
/// use pushotp_wire::message::{Rotate, Rotation, RotationStep, Sent};
/// use pushotp_wire::terms::{Generation, RotationId};
///
/// let rotation = Rotation {
///     id: RotationId::from_bytes([3; 16]),
///     token: TokenId::from_bytes([7; 16]),
///     generation: Generation::new(2).unwrap(),
///     step: RotationStep::Confirm,
/// };
/// let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 9 };
/// let rotate = Rotate::new(rotation, &Code::from_value(64_727_617, Digits::EIGHT), sent)?;
/// assert!(!format!("{rotate:?}").contains("64727617"));
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
pub struct Rotate {
    rotation: Rotation,
    code: Zeroizing<String>,
    sent: Sent,
}

impl Rotate {
    /// A rotation message; `code` answers [`Rotation::hash`].
    ///
    /// # Errors
    /// [`Error::Code`] for a passcode of other than 8 digits, [`Error::Field`] for a time or sequence number out of range.
    ///
    /// ```
    /// use pushotp_types::{Code, Digits, TokenId, UnixTime};
    /// use pushotp_wire::{Error, message::{Rotate, Rotation, RotationStep, Sent}, terms::{Generation, RotationId}};
    ///
    /// let (id, token) = (RotationId::from_bytes([3; 16]), TokenId::from_bytes([7; 16]));
    /// let rotation = Rotation { id, token, generation: Generation::new(2).unwrap(), step: RotationStep::Confirm };
    /// let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 9 };
    /// assert!(Rotate::new(rotation, &Code::from_value(64_727_617, Digits::EIGHT), sent).is_ok());
    /// assert_eq!(Rotate::new(rotation, &Code::from_value(727_617, Digits::SIX), sent).unwrap_err(), Error::Code);
    /// ```
    pub fn new(rotation: Rotation, code: &Code, sent: Sent) -> Result<Self, Error> {
        if code.digits() != Digits::EIGHT {
            return Err(Error::Code);
        }
        Ok(Self { rotation, code: Zeroizing::new(code.expose().into()), sent: sent.check()? })
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, Error> {
        let (step, key) = self.rotation.parts();
        let fields = (
            1_u8,
            Id::new(*self.rotation.id.as_bytes()),
            Id::new(*self.rotation.token.as_bytes()),
            self.rotation.generation.get(),
            step,
            Bytes::new(key),
            self.code.as_str(),
            self.sent.at.as_secs(),
            self.sent.sequence,
            ByteBuf::new(),
        );
        write(&fields, Frame::Signed)
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Error> {
        let fields = read::<RotateFields>(payload, Frame::Signed, |fields| &fields.9)?;
        let (v, id, token, generation, number, key, code, at, seq, _) = fields;
        let code = Zeroizing::new(code);
        version(v)?;
        let generation = Generation::new(generation).map_err(|_| Error::Field("gen"))?;
        let step = step(number, &key)?;
        if code.len() != 8 {
            return Err(Error::Field("code"));
        }
        let (id, token) = (RotationId::from_bytes(*id), TokenId::from_bytes(*token));
        Ok(Self { rotation: Rotation { id, token, generation, step }, code, sent: Sent::new(at, seq)? })
    }

    /// What it is about.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::Generation;
    ///
    /// let (rotate, ..) = World::new().ask(); // at the server
    /// assert_eq!((rotate.rotation().token, rotate.rotation().generation), (TOKEN, Generation::FIRST));
    /// ```
    #[must_use]
    pub const fn rotation(&self) -> &Rotation {
        &self.rotation
    }

    /// The passcode as it came, 8 bytes; compare it in constant time.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// let (rotate, ..) = World::new().ask(); // at the server
    /// assert!(code().matches(rotate.expose_code()));
    /// ```
    #[must_use]
    pub fn expose_code(&self) -> &str {
        &self.code
    }

    /// Clock and sequence number of the device; here the second decides.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// let (rotate, ..) = World::new().ask(); // at the server
    /// assert_eq!(rotate.sent().at, at(NOW));
    /// ```
    #[must_use]
    pub const fn sent(&self) -> Sent {
        self.sent
    }
}

/// Without the passcode.
impl fmt::Debug for Rotate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotate").field("rotation", &self.rotation).field("sent", &self.sent).finish_non_exhaustive()
    }
}
