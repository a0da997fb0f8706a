use alloc::vec::Vec;
use core::{fmt, marker::PhantomData};

use pushotp_cbor::{ByteArray, Bytes, encode};
use pushotp_types::TokenId;

pub(crate) use self::open::Tools;
pub use self::{
    error::{BlobError, Field, OpenError, SealError, VerifiableOpenError},
    locks::Locks,
    seal::Sealing,
};
use self::{
    format::Slot,
    read::{Parsed, parse},
};
use crate::{Camouflage, Cost, DeviceError, DeviceKey, Generation, Mode, PinMode};

mod error;
mod format;
mod locks;
mod open;
mod read;
mod seal;

/// A token's secret, sealed for one device: under a PIN and the device key, under a presence key, or under the device key
/// alone.
///
/// `Blob` alone is a [`Camouflage`]d one: every PIN opens it. `Blob<Verifiable>` is one that tells a wrong PIN.
///
/// The bytes are not secret, but worth keeping from others. What is in them, apart from the ciphertext and the tag, is
/// independent of the secret and of the PIN; not even the PIN's length shows.
///
/// ```
/// use pushotp_pin::{
///     Arena, Blob, Cost, DeviceKey, Generation, Header, Pin, PinPolicy, Sealing, SoftwareKey, UniformSecret,
/// };
/// use pushotp_types::TokenId;
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let secret = UniformSecret::generate(&mut rng, 32).unwrap();
/// let pin = Pin::choose("271846", &PinPolicy::DEFAULT).unwrap();
/// let device = SoftwareKey::generate(&mut rng);
/// let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
/// let mut arena = Arena::new();
/// let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut arena, rng: &mut rng };
///
/// let blob = Blob::seal_pin(&secret, &pin, sealing)?;
/// let read = Blob::decode(blob.as_bytes()).unwrap();
/// assert!(read.needs_pin() && read.cost() == Some(Cost::FLOOR) && read.as_bytes().len() <= 256);
/// assert_eq!((read.token(), read.generation(), read.device_id()), (header.token, header.generation, device.id()));
/// # Ok::<(), pushotp_pin::SealError>(())
/// ```
pub struct Blob<M: Mode = Camouflage> {
    bytes: Vec<u8>,
    parsed: Parsed,
    mode: PhantomData<fn() -> M>,
}

impl Blob {
    /// The longest blob that is looked at, in bytes.
    ///
    /// ```
    /// # use pushotp_pin::{Blob, BlobError};
    /// assert_eq!(Blob::decode(&[0; Blob::MAX_LEN + 1]).unwrap_err(), BlobError::TooLong);
    /// assert_eq!(Blob::decode(&[0; Blob::MAX_LEN]).unwrap_err(), BlobError::Magic); // looked at
    /// ```
    pub const MAX_LEN: usize = 1024;

    /// A blob as it was stored: one encoding per blob, every size within its bounds, nothing authenticated yet.
    ///
    /// # Errors
    /// [`BlobError`]. Unknown versions, kinds of slots, suites and modes are refused.
    ///
    /// ```
    /// # use pushotp_pin::{Blob, BlobError};
    /// assert_eq!(Blob::decode(&[0; 1025]).unwrap_err(), BlobError::TooLong);
    /// ```
    pub fn decode(bytes: &[u8]) -> Result<Self, BlobError> {
        Self::decode_as(bytes)
    }
}

impl<M: Mode> Blob<M> {
    /// As [`Blob::decode`], for a blob of either mode.
    ///
    /// # Errors
    /// [`BlobError`]; `Unsupported(Field::Suite)` for one of the other mode, so a program never takes one for the other.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Blob, BlobError, Field, Locks, Verifiable};
    ///
    /// let blob = seal(&Locks::pin(&pin("271846")));
    /// let refused = Blob::<Verifiable>::decode_as(blob.as_bytes()).unwrap_err();
    /// assert_eq!(refused, BlobError::Unsupported(Field::Suite));
    /// ```
    pub fn decode_as(bytes: &[u8]) -> Result<Self, BlobError> {
        if bytes.len() > Blob::MAX_LEN {
            return Err(BlobError::TooLong);
        }
        Ok(Self { parsed: parse::<M>(bytes)?, bytes: bytes.into(), mode: PhantomData })
    }

    /// The bytes to store.
    ///
    /// ```
    /// # use pushotp_pin::*;
    /// # use pushotp_types::TokenId;
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// # let (secret, device) = (UniformSecret::generate(&mut rng, 32).unwrap(), SoftwareKey::generate(&mut rng));
    /// # let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    /// # let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut Arena::new(), rng: &mut rng };
    /// let blob = Blob::seal_device(&secret, sealing)?;
    /// let stored = blob.as_bytes().to_vec();
    /// assert_eq!(Blob::decode(&stored).unwrap().token(), blob.token());
    /// # Ok::<(), SealError>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The token whose secret it is.
    ///
    /// ```
    /// # use pushotp_pin::*;
    /// # use pushotp_types::TokenId;
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// # let (secret, device) = (UniformSecret::generate(&mut rng, 32).unwrap(), SoftwareKey::generate(&mut rng));
    /// # let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    /// # let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut Arena::new(), rng: &mut rng };
    /// let blob = Blob::seal_device(&secret, sealing)?;
    /// assert_eq!(blob.token(), TokenId::from_bytes([7; 16])); // that of the header
    /// # Ok::<(), SealError>(())
    /// ```
    #[must_use]
    pub const fn token(&self) -> TokenId {
        self.parsed.header.token
    }

    /// Which of the token's sealings it is.
    ///
    /// ```
    /// # use pushotp_pin::*;
    /// # use pushotp_types::TokenId;
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// # let (secret, device) = (UniformSecret::generate(&mut rng, 32).unwrap(), SoftwareKey::generate(&mut rng));
    /// # let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    /// # let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut Arena::new(), rng: &mut rng };
    /// let blob = Blob::seal_device(&secret, sealing)?;
    /// let next = blob.generation().next(); // for a new PIN, and so a new secret
    /// assert_eq!(next.map(Generation::get), Some(2));
    /// # Ok::<(), SealError>(())
    /// ```
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.parsed.header.generation
    }

    /// The id of the device key that it was sealed with.
    ///
    /// ```
    /// # use pushotp_pin::*;
    /// # use pushotp_types::TokenId;
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// # let (secret, device) = (UniformSecret::generate(&mut rng, 32).unwrap(), SoftwareKey::generate(&mut rng));
    /// # let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    /// # let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut Arena::new(), rng: &mut rng };
    /// let blob = Blob::seal_device(&secret, sealing)?;
    /// assert_eq!(blob.device_id(), device.id()); // finds the key among several
    /// # Ok::<(), SealError>(())
    /// ```
    #[must_use]
    pub const fn device_id(&self) -> [u8; 16] {
        self.parsed.device
    }

    /// Whether it opens with a PIN; otherwise a presence key opens it, or [`open_device`](Blob::open_device) does.
    ///
    /// ```
    /// # use pushotp_pin::*;
    /// # use pushotp_types::TokenId;
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// # let (secret, device) = (UniformSecret::generate(&mut rng, 32).unwrap(), SoftwareKey::generate(&mut rng));
    /// # let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    /// # let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut Arena::new(), rng: &mut rng };
    /// let blob = Blob::seal_device(&secret, sealing)?;
    /// assert!(!blob.needs_pin()); // no prompt
    /// # Ok::<(), SealError>(())
    /// ```
    #[must_use]
    pub fn needs_pin(&self) -> bool {
        self.cost().is_some()
    }

    pub(crate) const fn secret_len(&self) -> usize {
        self.parsed.secret_len
    }

    /// Whether a person has to do something before it opens: type a PIN, or show a finger or a face.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::Locks;
    ///
    /// let blob = seal(&Locks::presence(&presence()));
    /// assert!(blob.needs_person() && !blob.needs_pin());
    /// ```
    #[must_use]
    pub fn needs_person(&self) -> bool {
        !matches!(self.parsed.slots.as_slice(), [Slot::Device(..)])
    }

    /// What a guess at the PIN costs, `None` without a PIN. Below the floor, open it only to rotate it.
    ///
    /// ```
    /// # use pushotp_pin::*;
    /// # use pushotp_types::TokenId;
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// # let (secret, device) = (UniformSecret::generate(&mut rng, 32).unwrap(), SoftwareKey::generate(&mut rng));
    /// # let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    /// # let pin = Pin::choose("271846", &PinPolicy::DEFAULT).unwrap();
    /// # let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut Arena::new(), rng: &mut rng };
    /// let blob = Blob::seal_pin(&secret, &pin, sealing)?;
    /// assert!(blob.cost().is_some_and(|cost| !cost.is_below_floor()));
    /// # Ok::<(), SealError>(())
    /// ```
    #[must_use]
    pub const fn cost(&self) -> Option<Cost> {
        self.parsed.cost
    }

    /// How its PIN is typed, `None` without a PIN: which keyboard to show.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Locks, PinMode};
    ///
    /// assert_eq!(seal(&Locks::pin(&pin("271846"))).pin_mode(), Some(PinMode::Numeric));
    /// ```
    #[must_use]
    pub fn pin_mode(&self) -> Option<PinMode> {
        let (fields, _) = self.parsed.pin()?;
        Some(if fields.4 == 0 { PinMode::Numeric } else { PinMode::Alphanumeric })
    }

    /// The id of the hardener that it was sealed with, if one takes part.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Hardener, Locks};
    ///
    /// let server = hardener();
    /// let blob = seal(&Locks::pin(&pin("271846")).hardened(&server));
    /// assert_eq!(blob.hardener(), Some(&server.id()[..]));
    /// ```
    #[must_use]
    pub fn hardener(&self) -> Option<&[u8]> {
        self.parsed.pin().map(|(fields, _)| fields.6.as_slice()).filter(|id| !id.is_empty())
    }

    /// The providers of presence keys that open it.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::Locks;
    ///
    /// let (pin, finger) = (pin("271846"), presence());
    /// let blob = seal(&Locks::pin(&pin).or_presence(&finger));
    /// assert_eq!(blob.presence_providers().collect::<Vec<_>>(), ["software"]); // offer the finger first
    /// ```
    pub fn presence_providers(&self) -> impl Iterator<Item = &str> {
        self.parsed.slots.iter().filter_map(|slot| match slot {
            Slot::Presence(fields, _) => Some(fields.2.as_str()),
            _ => None,
        })
    }
}

/// The tag of a blob: the device key's, over header and slots.
fn tag(header: &[u8], slots: &[Slot], device: &dyn DeviceKey) -> Result<[u8; 32], DeviceError> {
    let message = encode(&("pushotp-pin-blob", 1_u8, Bytes::new(header), slots));
    device.mac(&message.map_err(|_| DeviceError::Failed)?)
}

impl<M: Mode> Clone for Blob<M> {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone(), parsed: self.parsed.clone(), mode: PhantomData }
    }
}

impl<M: Mode> fmt::Debug for Blob<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Blob");
        shown.field("token", &self.token()).field("generation", &self.generation().get());
        shown.field("cost", &self.cost()).finish_non_exhaustive()
    }
}

/// The fixed-length fields that hold ids.
fn id(bytes: [u8; 16]) -> ByteArray<16> {
    ByteArray::new(bytes)
}
