//! Device to server: a signed message, sealed to the server's key, as a fixed template.

use alloc::vec::Vec;
use core::fmt;

use pushotp_types::{DeviceId, EnrolmentId, Epoch, TenantId};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    Error,
    cursor::{Cursor, external_aad, is_padded, put_bytes},
    envelope::MAX_LEN,
    keys::{Binding, ChannelKeys, ServerKey, ServerPublicKey},
    message::FromDevice,
    seal::Context,
    sign1::{self, Sign1},
    signer::{DeviceSigner, VerifyingKey},
    terms::{Kid, MessageHash, Typ},
};

/// The longest plaintext, in blocks of 64 bytes.
const MAX_BLOCKS: usize = 62;

/// Under which keys a frame claims to be sealed.
///
/// ```
/// use pushotp_wire::{frame::FrameId, terms::Kid};
///
/// assert_ne!(FrameId::Device(Kid::from_bytes([1; 8])), FrameId::Device(Kid::from_bytes([2; 8])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameId {
    /// Those of an enrolled device.
    Device(Kid),
    /// Those of an enrolment's offer.
    Enrolment(EnrolmentId),
}

/// A frame that has the right form; nothing of it is authentic before it is opened.
///
/// Parsing slices three fields: no allocation, no recursion.
///
/// Source: RFC 9180.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::frame::{Frame, FrameId};
///
/// let mut world = World::new(); // both ends of one channel
/// let (bytes, _) = world.send(|device, sending| device.fetch(sending)).unwrap();
/// let frame = Frame::parse(&bytes)?;
/// assert_eq!(frame.id(), FrameId::Device(world.device.keys().d2s_kid()));
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    bytes: &'a [u8],
    id: FrameId,
    enc: &'a [u8; 32],
    ciphertext: &'a [u8],
}

/// What a server opens a device's frames with.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::{frame::{Frame, Recipient}, signer::DeviceSigner};
///
/// let mut world = World::new(); // both ends of one channel
/// let (bytes, _) = world.send(|device, sending| device.fetch(sending)).unwrap();
/// let recipient = Recipient {
///     server_key: &world.server_key,
///     binding: world.device.binding(),
///     keys: world.device.keys(),
///     verifying_key: &world.signer.verifying_key(),
/// };
/// assert!(Frame::parse(&bytes)?.open(&recipient).is_ok());
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// The key that the device's offer carried.
    pub server_key: &'a ServerKey,
    /// Whose frame it is.
    pub binding: &'a Binding,
    /// The keys of the device's epoch.
    pub keys: &'a ChannelKeys,
    /// The device's signing key.
    pub verifying_key: &'a VerifyingKey,
}

impl<'a> Frame<'a> {
    /// Reads the template.
    ///
    /// # Errors
    /// [`Error`] for any other byte string.
    ///
    /// ```
    /// use pushotp_wire::{Error, frame::Frame};
    ///
    /// assert_eq!(Frame::parse(&[0x84, 0x02]).unwrap_err(), Error::Version);
    /// assert_eq!(Frame::parse(&[0x83, 0x01]).unwrap_err(), Error::Shape);
    /// ```
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_LEN {
            return Err(Error::TooLarge);
        }
        let mut cursor = Cursor::new(bytes);
        cursor.expect((4, 4))?;
        cursor.version()?;
        let id = cursor.bytes().map_err(|error| if error == Error::Shape { Error::Header } else { error })?;
        let id = match <[u8; 8]>::try_from(id) {
            Ok(kid) => FrameId::Device(Kid::from_bytes(kid)),
            Err(_) => FrameId::Enrolment(EnrolmentId::from_bytes(id.try_into().map_err(|_| Error::Header)?)),
        };
        let enc = cursor.array::<32>(Error::Shape)?;
        let ciphertext = cursor.bytes()?;
        cursor.end()?;
        if !is_padded(ciphertext, MAX_BLOCKS) {
            return Err(Error::Shape);
        }
        Ok(Self { bytes, id, enc, ciphertext })
    }

    /// The whole frame.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::Frame;
    ///
    /// let (bytes, _) = World::new().send(|device, sending| device.fetch(sending)).unwrap();
    /// assert_eq!(Frame::parse(&bytes)?.as_bytes(), bytes);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Under which keys it claims to be sealed.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::frame::{Frame, FrameId};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (bytes, _) = world.send(|device, sending| device.fetch(sending)).unwrap();
    /// let FrameId::Device(kid) = Frame::parse(&bytes)?.id() else { panic!("an enrolment") };
    /// assert_eq!(kid, world.device.keys().d2s_kid()); // look its keys up
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn id(&self) -> FrameId {
        self.id
    }

    /// `rh`: its hash, which names it in a reply.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{Frame, terms::MessageHash};
    ///
    /// let (bytes, _) = World::new().send(|device, sending| device.fetch(sending)).unwrap();
    /// assert_eq!(Frame::parse(&bytes)?.hash(), MessageHash::of(&bytes));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub fn hash(&self) -> MessageHash {
        MessageHash::of(self.bytes)
    }

    pub(crate) const fn enc(&self) -> &'a [u8; 32] {
        self.enc
    }

    pub(crate) const fn ciphertext(&self) -> &'a [u8] {
        self.ciphertext
    }

    /// Opens the seal and verifies the signature.
    ///
    /// # Errors
    /// [`Error`]: tell the outside nothing but that the frame was refused. Any but [`Error::UnknownKid`] and
    /// [`Error::BadSeal`] is an incident: somebody holds the channel's PSK, and not the signing key.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{Error, frame::{Frame, Recipient}, signer::DeviceSigner};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (bytes, _) = world.send(|device, sending| device.fetch(sending)).unwrap();
    /// let recipient = Recipient {
    ///     server_key: &world.server_key,
    ///     binding: world.device.binding(),
    ///     keys: world.device.keys(),
    ///     verifying_key: &world.signer.verifying_key(),
    /// };
    /// let frame = Frame::parse(&bytes)?;
    /// assert!(frame.open(&recipient).is_ok());
    /// let other = Recipient { keys: &keys(1), ..recipient };
    /// assert_eq!(frame.open(&other).unwrap_err(), Error::UnknownKid);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn open(&self, recipient: &Recipient<'_>) -> Result<Signed, Error> {
        let Recipient { server_key, binding, keys, verifying_key } = recipient;
        let kid = keys.d2s_kid();
        if self.id != FrameId::Device(kid) {
            return Err(Error::UnknownKid);
        }
        let mut context = Context::channel(keys.d2s_psk(), &kid, binding)?.receiver(server_key.private(), self.enc)?;
        let aad = external_aad(&binding.tenant);
        let plain = Zeroizing::new(context.open(self.ciphertext, &aad).map_err(|_| Error::BadSeal)?);
        let sign1 = Sign1::parse(&plain)?;
        if sign1.typ() == Typ::EnrolRequest {
            return Err(Error::Direction);
        }
        sign1.verify(verifying_key, &binding.tenant)?;
        let payload = Zeroizing::new(sign1.payload().to_vec());
        Ok(Signed { typ: sign1.typ(), payload, hash: self.hash(), device: binding.device })
    }

    /// Does the work of [`open`](Self::open) for a frame whose id is unknown, so that its refusal takes the same time.
    ///
    /// ```
    /// # use pushotp_wire::{Error, frame::Frame, keys::ServerKey};
    /// # let mut bytes = b"\x84\x01\x48kidkidki\x58\x20".to_vec();
    /// # bytes.extend([9; 32]);
    /// # bytes.extend([0x58, 80]);
    /// # bytes.extend([0; 80]);
    /// let frame = Frame::parse(&bytes)?;
    /// let tenant = pushotp_types::TenantId::new(b"example.com").unwrap();
    /// assert_eq!(frame.open_unknown(&ServerKey::from_bytes(&[7; 32]), tenant), Error::UnknownKid);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn open_unknown(&self, server_key: &ServerKey, tenant: TenantId) -> Error {
        // A PSK that no device has; sealing to it would need to know it, and would yield UnknownKid all the same.
        let psk = Zeroizing::new(server_key.dummy_psk());
        let binding = Binding { tenant, device: DeviceId::from_bytes([0; 16]), epoch: Epoch::FIRST };
        let kid = Kid::from_bytes([0; 8]);
        let opened = Context::channel(&psk, &kid, &binding)
            .and_then(|context| context.receiver(server_key.private(), self.enc))
            .map(|mut context| context.open(self.ciphertext, &external_aad(&binding.tenant)).is_ok());
        // The outcome is the same; it is looked at, so that the work is not left out.
        let _ = core::hint::black_box(opened);
        match self.id {
            FrameId::Device(_) => Error::UnknownKid,
            FrameId::Enrolment(_) => Error::UnknownEnrolment,
        }
    }
}

/// An authentic message of a device that is not decoded yet: errors from here on are answered, not dropped.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::{frame::{Frame, Recipient}, message::FromDevice, signer::DeviceSigner, terms::Typ};
///
/// let mut world = World::new(); // both ends of one channel
/// let (bytes, nonce) = world.send(|device, sending| device.fetch(sending)).unwrap();
/// # let recipient = Recipient {
/// #     server_key: &world.server_key, binding: world.device.binding(), keys: world.device.keys(),
/// #     verifying_key: &world.signer.verifying_key(),
/// # };
/// let signed = Frame::parse(&bytes)?.open(&recipient)?;
/// assert_eq!(signed.typ(), Typ::Fetch);
/// let FromDevice::Fetch(fetch) = signed.decode()? else { panic!() };
/// assert_eq!(fetch.nonce(), nonce);
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
pub struct Signed {
    typ: Typ,
    payload: Zeroizing<Vec<u8>>,
    hash: MessageHash,
    /// Whose keys opened it.
    device: DeviceId,
}

impl Signed {
    /// The kind of the message, out of its signed header.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{frame::{Frame, Recipient}, signer::DeviceSigner, terms::Typ};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (bytes, _) = world.send(|device, sending| device.fetch(sending)).unwrap();
    /// # let recipient = Recipient {
    /// #     server_key: &world.server_key, binding: world.device.binding(), keys: world.device.keys(),
    /// #     verifying_key: &world.signer.verifying_key(),
    /// # };
    /// assert_eq!(Frame::parse(&bytes)?.open(&recipient)?.typ(), Typ::Fetch);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn typ(&self) -> Typ {
        self.typ
    }

    /// `rh`: the hash of the whole frame, which names it in the reply.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{frame::{Frame, Recipient}, signer::DeviceSigner, terms::MessageHash};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (bytes, _) = world.send(|device, sending| device.fetch(sending)).unwrap();
    /// # let recipient = Recipient {
    /// #     server_key: &world.server_key, binding: world.device.binding(), keys: world.device.keys(),
    /// #     verifying_key: &world.signer.verifying_key(),
    /// # };
    /// assert_eq!(Frame::parse(&bytes)?.open(&recipient)?.hash(), MessageHash::of(&bytes));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn hash(&self) -> MessageHash {
        self.hash
    }

    /// The message.
    ///
    /// # Errors
    /// [`Error`] for anything but the one encoding of a message of this kind, with every field in its range, and for a
    /// fetch or an update in the name of another device.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{frame::{Frame, Recipient}, message::FromDevice, signer::DeviceSigner};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (bytes, nonce) = world.send(|device, sending| device.fetch(sending)).unwrap();
    /// # let recipient = Recipient {
    /// #     server_key: &world.server_key, binding: world.device.binding(), keys: world.device.keys(),
    /// #     verifying_key: &world.signer.verifying_key(),
    /// # };
    /// let FromDevice::Fetch(fetch) = Frame::parse(&bytes)?.open(&recipient)?.decode()? else { panic!() };
    /// assert_eq!(fetch.nonce(), nonce);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn decode(&self) -> Result<FromDevice, Error> {
        match FromDevice::decode(self.typ, &self.payload)? {
            FromDevice::Fetch(fetch) if fetch.device() != self.device => Err(Error::Field("did")),
            FromDevice::Update(update) if update.device() != self.device => Err(Error::Field("did")),
            message => Ok(message),
        }
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed").field("typ", &self.typ).field("hash", &self.hash).finish_non_exhaustive()
    }
}

/// What a device seals its frames with.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::{frame::{self, Frame, Sealing}, message::{Fetch, FromDevice}, terms::Nonce};
///
/// let mut world = World::new(); // both ends of one channel
/// let (binding, keys) = (world.device.binding(), world.device.keys());
/// let sealing = Sealing { binding, keys, server_key: world.server_key.public_key(), signer: &world.signer };
/// let fetch = Fetch::new(binding.device, Nonce::from_bytes([4; 16]), at(NOW))?;
/// let bytes = frame::seal(&FromDevice::Fetch(fetch), &sealing, &mut world.rng)?;
/// assert!(Frame::parse(&bytes).is_ok());
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Sealing<'a> {
    /// Whose frame it is.
    pub binding: &'a Binding,
    /// The keys of the device's epoch.
    pub keys: &'a ChannelKeys,
    /// The key that the device's offer carried.
    pub server_key: &'a ServerPublicKey,
    /// Signs what the device says.
    pub signer: &'a dyn DeviceSigner,
}

impl fmt::Debug for Sealing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealing").field("binding", &self.binding).finish_non_exhaustive()
    }
}

/// Signs a message and seals it to the server.
///
/// The ephemeral key is gone when this returns: not even the device can open the frame again. The example of
/// [`Sealing`] shows it.
///
/// # Errors
/// [`Error::Signer`] if the device's key refused, [`Error::WeakKey`] for a server key of small order,
/// [`Error::TooLarge`].
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::{Error, frame::{Sealing, seal}, keys::ServerPublicKey};
/// use pushotp_wire::{message::{Fetch, FromDevice}, terms::Nonce};
///
/// let mut world = World::new(); // both ends of one channel
/// let fetch = Fetch::new(world.device.binding().device, Nonce::from_bytes([4; 16]), at(NOW))?;
/// let message = FromDevice::Fetch(fetch);
/// let (binding, keys) = (world.device.binding(), world.device.keys());
/// let sealing = Sealing { binding, keys, server_key: world.server_key.public_key(), signer: &world.signer };
/// assert_eq!(seal(&message, &sealing, &mut world.rng)?.len(), 191);
///
/// let weak = Sealing { server_key: &ServerPublicKey::from_bytes([0; 32]), ..sealing };
/// assert_eq!(seal(&message, &weak, &mut world.rng).unwrap_err(), Error::WeakKey);
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
pub fn seal<R: CryptoRng + ?Sized>(message: &FromDevice, sealing: &Sealing<'_>, rng: &mut R) -> Result<Vec<u8>, Error> {
    let &Sealing { binding, keys, server_key, signer } = sealing;
    let kid = keys.d2s_kid();
    let (enc, mut context) = Context::channel(keys.d2s_psk(), &kid, binding)?.sender(server_key.as_bytes(), rng)?;
    let plain = sign1::sign(message, &binding.tenant, signer)?;
    if plain.len() > MAX_BLOCKS * 64 {
        return Err(Error::TooLarge);
    }
    let ciphertext = context.seal(&plain, &external_aad(&binding.tenant)).map_err(|_| Error::TooLarge)?;
    Ok(write(kid.as_bytes(), &enc, &ciphertext))
}

/// `[1, id, enc, ct]`.
pub(crate) fn write(id: &[u8], enc: &[u8; 32], ciphertext: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + ciphertext.len());
    out.extend_from_slice(&[0x84, 0x01]);
    put_bytes(&mut out, id);
    put_bytes(&mut out, enc);
    put_bytes(&mut out, ciphertext);
    out
}
