//! The device's side: a challenge that was opened, checked and shown is answered once, and the types see to it.
//!
//! ```text
//! Opened -> Shown -> Answering -> accepted | shown again after a wrong passcode | final
//!             └----> Denied -> Reported
//! ```
//!
//! Every step takes the one before it by value; none of them is `Clone`. Bytes that were made are sent again as they
//! are, never made again, and an approval is never written down: kept, it is a check for the PIN.
//!
//! The device's clock is advisory. It refuses what is plainly not of now, and extends nothing: the server's clock
//! decides.

mod answering;
mod opened;
mod seen;
mod shown;

use alloc::vec::Vec;
use core::{fmt, time::Duration};

use pushotp_types::UnixTime;
use rand_core::CryptoRng;

pub use answering::{Answering, Denied, Outcome, Reported};
pub use opened::{HeldToken, Notification, Opened};
pub use seen::{Seen, SeenChallenge, SeenChallenges};
pub use shown::{Approval, Shown};

use crate::{
    Envelope, Error, frame,
    keys::{Binding, ChannelKeys, ServerPublicKey},
    message::{Cancel, Changes, Fetch, FromDevice, FromServer, Pending, ResultMessage, Sent, Ticket, Update},
    signer::DeviceSigner,
    terms::{MessageHash, Nonce},
};

/// How far the clocks of device and server may be apart.
///
/// ```
/// assert_eq!(pushotp_wire::device::SKEW.as_secs(), 120);
/// ```
pub const SKEW: Duration = Duration::from_secs(120);

/// An enrolled device: what opens the server's envelopes and seals the device's frames.
///
/// ```
/// use pushotp_types::{DeviceId, Epoch, TenantId, UnixTime};
/// use pushotp_wire::{Error, device::Device, keys::{Binding, ChannelKeys, ServerPublicKey}};
///
/// let tenant = TenantId::new(b"example.com").unwrap();
/// let binding = Binding { tenant, device: DeviceId::from_bytes([1; 16]), epoch: Epoch::FIRST };
/// let keys = ChannelKeys::from_exposed(&[7; 80])?; // out of the enrolment
/// let device = Device::new(binding, keys, ServerPublicKey::from_bytes([9; 32]));
///
/// let now = UnixTime::from_secs(1_800_000_000);
/// assert_eq!(device.open(b"", now).unwrap_err(), Error::Truncated);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Device {
    binding: Binding,
    keys: ChannelKeys,
    server_key: ServerPublicKey,
}

/// A message of the server, opened and checked.
///
/// ```
/// # use pushotp_types::{DeviceId, Epoch, TenantId, UnixTime};
/// # use pushotp_wire::{device::{Device, Incoming}, envelope, keys::*, message::Cancel, terms::*};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
/// # let now = UnixTime::from_secs(1_800_000_000);
/// # let tenant = TenantId::new(b"example.com").unwrap();
/// # let binding = Binding { tenant, device: DeviceId::from_bytes([1; 16]), epoch: Epoch::FIRST };
/// # let keys = ChannelKeys::from_exposed(&[7; 80])?;
/// let cancel = Cancel::new(ChallengeId::from_bytes([1; 16]), CancelReason::PageClosed, now).encode()?;
/// let bytes = envelope::seal(&cancel, &keys, &tenant, &mut rng)?;
///
/// let device = Device::new(binding, keys, ServerPublicKey::from_bytes([9; 32]));
/// assert!(matches!(device.open(&bytes, now)?, Incoming::Cancel(_)));
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Incoming {
    /// A login request that may be shown.
    Challenge(Opened),
    /// The reply to a message of this device: give it to what waits for it.
    Result(ResultMessage),
    /// A prompt is void: close it if it is there.
    Cancel(Cancel),
    /// The reply to a fetch: see [`Device::items`].
    Pending(Pending),
    /// The reply to a rotation: see [`Rotating`](crate::rotate::Rotating).
    Ticket(Ticket),
}

impl Device {
    /// A device with the keys of its enrolment.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{device::Device, keys::ChannelKeys};
    ///
    /// let world = World::new();
    /// let (binding, keys) = (*world.device.binding(), world.device.keys().expose()); // as they were stored
    /// let device = Device::new(binding, ChannelKeys::from_exposed(&keys)?, *world.device.server_key());
    /// assert_eq!(device.keys().s2d_kid(), world.device.keys().s2d_kid());
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn new(binding: Binding, keys: ChannelKeys, server_key: ServerPublicKey) -> Self {
        Self { binding, keys, server_key }
    }

    /// Whose channel it is.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// assert_eq!(World::new().device.binding().tenant, tenant());
    /// ```
    #[must_use]
    pub const fn binding(&self) -> &Binding {
        &self.binding
    }

    /// Its keys, to be stored.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::keys::ChannelKeys;
    ///
    /// let device = World::new().device;
    /// let stored = device.keys().expose(); // seal it
    /// assert_eq!(ChannelKeys::from_exposed(&stored)?.d2s_kid(), device.keys().d2s_kid());
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn keys(&self) -> &ChannelKeys {
        &self.keys
    }

    /// The key that its frames are sealed to.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// let world = World::new();
    /// assert_eq!(world.device.server_key(), world.server_key.public_key());
    /// ```
    #[must_use]
    pub const fn server_key(&self) -> &ServerPublicKey {
        &self.server_key
    }

    /// Opens a message of the server, from wherever it came.
    ///
    /// What fails is dropped without a word to the outside; log the error's class.
    ///
    /// # Errors
    /// [`Error`] for anything but a message that the server sealed for this device; [`Error::NotYetValid`] or
    /// [`Error::Expired`] for a challenge more than 120 s off: then the device's clock may be wrong.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{Error, device::Incoming};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let bytes = world.seal(&payload(parts())); // a challenge, for two minutes
    /// assert!(matches!(world.device.open(&bytes, at(NOW))?, Incoming::Challenge(_)));
    /// assert_eq!(world.device.open(&bytes, at(NOW + 241)).unwrap_err(), Error::Expired);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn open(&self, bytes: &[u8], now: UnixTime) -> Result<Incoming, Error> {
        let payload = Envelope::parse(bytes)?.open(&self.keys, &self.binding.tenant)?;
        match payload.decode()? {
            FromServer::Challenge(challenge) => {
                if challenge.issued() > now.saturating_add(SKEW) {
                    return Err(Error::NotYetValid);
                }
                still_valid(challenge.expires(), now)?;
                let hash = payload.challenge_hash(&self.binding.tenant);
                Ok(Incoming::Challenge(Opened::new(challenge, hash, self.keys.d2s_kid())))
            }
            FromServer::Result(result) => Ok(Incoming::Result(result)),
            FromServer::Cancel(cancel) => Ok(Incoming::Cancel(cancel)),
            FromServer::Pending(pending) => Ok(Incoming::Pending(pending)),
            FromServer::Ticket(ticket) => Ok(Incoming::Ticket(ticket)),
            // Enrolling is over, and there is no other reply to wait for.
            FromServer::EnrolResponse(_) => Err(Error::Direction),
        }
    }

    /// Asks the server for what is open: the frame to send, and the nonce that its reply must carry.
    ///
    /// # Errors
    /// [`Error::Signer`], [`Error::Field`] for a clock before 2020 or after 2100, or [`Error::WeakKey`].
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::FromDevice;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (frame, nonce) = world.send(|device, sending| device.fetch(sending)).unwrap();
    /// let (FromDevice::Fetch(fetch), _) = world.receive(&frame) else { panic!() }; // at the server
    /// assert_eq!((fetch.device(), fetch.nonce()), (world.device.binding().device, nonce));
    /// ```
    pub fn fetch(&self, sending: &mut Sending<'_>) -> Result<(Vec<u8>, Nonce), Error> {
        let nonce = Nonce::generate(sending.rng);
        let fetch = Fetch::new(self.binding.device, nonce, sending.sent.at)?;
        let (bytes, _) = self.seal(&FromDevice::Fetch(fetch), sending)?;
        Ok((bytes, nonce))
    }

    /// Tells the server of a new push address, switch or name: the frame to send, and the hash that its result names.
    ///
    /// # Errors
    /// As [`Update::new`]; [`Error::Signer`], or [`Error::WeakKey`].
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::{Changes, FromDevice};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let changes = Changes { name: Some("Alice's tablet".into()), ..Changes::default() };
    /// let (frame, about) = world.send(|device, sending| device.update(changes, sending)).unwrap();
    /// let (FromDevice::Update(update), hash) = world.receive(&frame) else { panic!() }; // at the server
    /// assert_eq!((update.changes().name.as_deref(), hash), (Some("Alice's tablet"), about));
    /// ```
    pub fn update(&self, changes: Changes, sending: &mut Sending<'_>) -> Result<(Vec<u8>, MessageHash), Error> {
        self.seal(&FromDevice::Update(Update::new(self.binding.device, changes, sending.sent)?), sending)
    }

    /// What a reply to a fetch carries, oldest first, each opened on its own: one that fails spoils no other.
    ///
    /// # Errors
    /// [`Error::Field`] if it replies to another fetch.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{message::Pending, terms::Nonce};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (nonce, challenge) = (Nonce::from_bytes([4; 16]), world.seal(&payload(parts())));
    /// let pending = Pending::new(nonce, at(NOW), vec![challenge, vec![0; 119]])?;
    /// let items = world.device.items(&pending, &nonce, at(NOW))?;
    /// assert!(items[0].is_ok() && items[1].is_err());
    /// assert!(world.device.items(&pending, &Nonce::from_bytes([5; 16]), at(NOW)).is_err());
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn items(
        &self,
        pending: &Pending,
        nonce: &Nonce,
        now: UnixTime,
    ) -> Result<Vec<Result<Incoming, Error>>, Error> {
        if pending.nonce() != *nonce {
            return Err(Error::Field("n"));
        }
        let open = |item: &Vec<u8>| match self.open(item, now)? {
            Incoming::Pending(_) => Err(Error::Direction),
            incoming => Ok(incoming),
        };
        Ok(pending.items().iter().map(open).collect())
    }

    /// The frame of a message, and the hash that the reply to it must name.
    pub(crate) fn seal(
        &self,
        message: &FromDevice,
        sending: &mut Sending<'_>,
    ) -> Result<(Vec<u8>, MessageHash), Error> {
        let sealing = frame::Sealing {
            binding: &self.binding,
            keys: &self.keys,
            server_key: &self.server_key,
            signer: sending.signer,
        };
        let bytes = frame::seal(message, &sealing, sending.rng)?;
        let hash = MessageHash::of(&bytes);
        Ok((bytes, hash))
    }
}

/// Refuses what ended too long ago, by a clock that may be wrong.
fn still_valid(expires: UnixTime, now: UnixTime) -> Result<(), Error> {
    if now > expires.saturating_add(SKEW) { Err(Error::Expired) } else { Ok(()) }
}

/// What sending a message takes, besides the device's keys.
///
/// ```
/// use pushotp_types::UnixTime;
/// use pushotp_wire::{device::Sending, message::Sent, signer::Ed25519Signer};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let signer = Ed25519Signer::generate(&mut rng);
/// let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 1_800_000_000_000 };
/// let sending = Sending { signer: &signer, rng: &mut rng, sent };
/// assert_eq!(sending.sent.sequence, 1_800_000_000_000);
/// ```
pub struct Sending<'a> {
    /// The device's signing key.
    pub signer: &'a dyn DeviceSigner,
    /// Randomness for the seal; a generator that a fork or a snapshot repeats breaks it.
    pub rng: &'a mut dyn CryptoRng,
    /// The device's clock, and a sequence number higher than any before.
    pub sent: Sent,
}

impl fmt::Debug for Sending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").field("sent", &self.sent).finish_non_exhaustive()
    }
}

/// Nothing was sent: why, and the state as it was, so that nothing is lost.
///
/// ```
/// use pushotp_wire::{Error, device::Unsent};
///
/// let unsent = Unsent { state: "shown", error: Error::Number };
/// assert_eq!(unsent.to_string(), "not sent: wrong number");
/// assert_eq!(unsent.state, "shown");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("not sent: {error}")]
pub struct Unsent<T: fmt::Debug> {
    /// What would have been answered.
    pub state: T,
    /// Why it was not.
    #[source]
    pub error: Error,
}
