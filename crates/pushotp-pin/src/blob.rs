use alloc::vec::Vec;
use core::fmt;

use pushotp_cbor::{ByteArray, Bytes, encode};
use pushotp_types::{Secret, TokenId};
use subtle::ConstantTimeEq;

pub use self::{
    error::{BlobError, Field, OpenError, SealError},
    seal::Sealing,
};
use self::{
    format::Slot,
    read::{Parsed, parse},
};
use crate::{Arena, Cost, DeviceError, DeviceKey, Generation, Pin, derive};

mod error;
mod format;
mod read;
mod seal;

/// The only cipher suite so far: camouflage.
const CAMOUFLAGE: u8 = 1;
/// The only mode of a PIN so far: digits.
const NUMERIC: u8 = 0;
/// The only set of layers so far: bit 0, the device key's pseudorandom function.
const DEVICE_LAYER: u8 = 1;
/// The only algorithm so far: Argon2id, version 0x13.
const ARGON2ID: u8 = 1;
/// What the AEAD of a device slot adds, in bytes.
const AEAD_TAG: usize = 16;

/// A token's secret, sealed for one device: under a PIN and the device key, or under the device key alone.
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
#[derive(Clone)]
pub struct Blob {
    bytes: Vec<u8>,
    parsed: Parsed,
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
        if bytes.len() > Self::MAX_LEN {
            return Err(BlobError::TooLong);
        }
        Ok(Self { parsed: parse(bytes)?, bytes: bytes.into() })
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

    /// Whether it opens with a PIN; otherwise [`open_device`](Self::open_device) opens it.
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

    /// The secret of a token without a PIN.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::NeedsPin`] if there is one.
    ///
    /// ```
    /// # use pushotp_pin::*;
    /// # use pushotp_types::TokenId;
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
    /// # let secret = UniformSecret::generate(&mut rng, 32).unwrap();
    /// # let device = SoftwareKey::generate(&mut rng);
    /// # let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    /// # let mut arena = Arena::new();
    /// # let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut arena, rng: &mut rng };
    /// let blob = Blob::seal_device(&secret, sealing)?;
    /// assert_eq!(blob.open_device(&device)?.expose(), secret.secret().expose());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_device(&self, device: &dyn DeviceKey) -> Result<Secret, OpenError> {
        let Slot::Device(fields, ciphertext) = &self.parsed.slot else { return Err(OpenError::NeedsPin) };
        self.authenticate(device)?;
        let context = derive::context(&self.parsed.header_bytes, fields)?;
        let key = derive::slot_key(&context, device)?;
        let plain = seal::aead_open(&key, fields, &context, ciphertext)?;
        Secret::new(&plain).map_err(|_| OpenError::Tampered)
    }

    /// The secret that a PIN yields: some secret for every PIN.
    pub(crate) fn open_pin(&self, pin: &Pin, device: &dyn DeviceKey, arena: &mut Arena) -> Result<Secret, OpenError> {
        let (Slot::Pin(fields, ciphertext), Some(cost)) = (&self.parsed.slot, self.parsed.cost) else {
            return Err(OpenError::NoPin);
        };
        self.authenticate(device)?;
        let context = derive::context(&self.parsed.header_bytes, fields)?;
        let stretch = derive::Stretch { cost, salt: &fields.3.4, context, len: ciphertext.len() };
        let mut secret = derive::mask(pin, &stretch, device, arena)?;
        seal::xor(&mut secret, ciphertext);
        Secret::new(&secret).map_err(|_| OpenError::Tampered)
    }

    /// The tag under the device key, before anything expensive.
    fn authenticate(&self, device: &dyn DeviceKey) -> Result<(), OpenError> {
        if device.id() != self.parsed.device {
            return Err(OpenError::OtherDevice);
        }
        let expected = tag(&self.parsed.header_bytes, &self.parsed.slot, device)?;
        if bool::from(expected.ct_eq(&self.parsed.tag)) { Ok(()) } else { Err(OpenError::Tampered) }
    }
}

/// The tag of a blob: the device key's, over header and slots.
fn tag(header: &[u8], slot: &Slot, device: &dyn DeviceKey) -> Result<[u8; 32], DeviceError> {
    let message = encode(&("pushotp-pin-blob", 1_u8, Bytes::new(header), [slot]));
    device.mac(&message.map_err(|_| DeviceError::Failed)?)
}

impl fmt::Debug for Blob {
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
