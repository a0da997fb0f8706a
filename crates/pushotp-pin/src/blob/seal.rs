use alloc::vec::Vec;
use core::fmt;

use chacha20poly1305::{
    ChaCha20Poly1305, Key, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use pushotp_cbor::{ByteArray, ByteBuf, encode};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{
    Blob, Locks, OpenError, SealError,
    format::{ARGON2ID, DeviceFields, HeaderFields, List, MAGIC, Slot, VERSION},
    id, tag,
};
use crate::{
    Arena, Cost, DeviceKey, Header, Mode, Pin, PinMode, PresenceKey, UniformSecret,
    derive::{self, Layers, Stretch},
};

/// What sealing needs besides the secret and the PIN.
///
/// ```
/// use pushotp_pin::{Arena, Cost, Generation, Header, Sealing, SoftwareKey};
/// use pushotp_types::TokenId;
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let (device, mut arena) = (SoftwareKey::generate(&mut rng), Arena::new());
/// let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
/// let sealing = Sealing { header, cost: Cost::RECOMMENDED, device: &device, arena: &mut arena, rng: &mut rng };
/// assert_eq!(sealing.cost.memory_kib(), 64 * 1024);
/// ```
pub struct Sealing<'a> {
    /// The token and the count of its sealings.
    pub header: Header,
    /// What a guess at the PIN shall cost; without a PIN it is not looked at.
    pub cost: Cost,
    /// The key that takes part.
    pub device: &'a dyn DeviceKey,
    /// Memory for Argon2; without a PIN it is not used.
    pub arena: &'a mut Arena,
    /// For salt or nonce.
    pub rng: &'a mut dyn CryptoRng,
}

impl fmt::Debug for Sealing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealing").field("header", &self.header).field("cost", &self.cost).finish_non_exhaustive()
    }
}

impl Blob {
    /// Seals a secret under a PIN and the device key, as camouflage: every PIN opens it, the right one to the secret.
    ///
    /// Call it **once per secret**. A changed PIN or cost needs a new secret from the server: whoever has two blobs of
    /// one secret, and the device key, finds the PIN without asking the server.
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
    /// let plain = secret.secret().expose();
    /// assert!(!blob.as_bytes().windows(plain.len()).any(|part| part == plain));
    /// assert_eq!(blob.open_device(&device).unwrap_err(), OpenError::NeedsPin);
    /// # Ok::<(), SealError>(())
    /// ```
    ///
    /// # Errors
    /// [`SealError`] from the device key or for want of memory.
    ///
    /// The example of [`Blob`] shows it.
    pub fn seal_pin(secret: &UniformSecret, pin: &Pin, sealing: Sealing<'_>) -> Result<Self, SealError> {
        Self::seal(secret, &Locks::pin(pin), sealing)
    }

    /// Seals a secret under the device key alone, for a token without a PIN.
    ///
    /// ```
    /// # use pushotp_pin::*;
    /// # use pushotp_types::TokenId;
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// # let (secret, device) = (UniformSecret::generate(&mut rng, 32).unwrap(), SoftwareKey::generate(&mut rng));
    /// # let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    /// # let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut Arena::new(), rng: &mut rng };
    /// let blob = Blob::seal_device(&secret, sealing)?;
    /// let thief = SoftwareKey::from_bytes(device.id(), &[0; 32]); // a guess
    /// assert_eq!(blob.open_device(&thief).unwrap_err(), OpenError::Tampered);
    /// assert!(blob.open_device(&device).is_ok());
    /// # Ok::<(), SealError>(())
    /// ```
    ///
    /// # Errors
    /// [`SealError`] from the device key.
    ///
    /// The example of [`open_device`](Self::open_device) shows it.
    pub fn seal_device(secret: &UniformSecret, sealing: Sealing<'_>) -> Result<Self, SealError> {
        Self::seal(secret, &Locks::device(), sealing)
    }
}

impl<M: Mode> Blob<M> {
    /// Seals a secret under a PIN, under presence keys, or under both, each together with the device key; or under that alone.
    ///
    /// Call it **once per secret**, as [`seal_pin`](Blob::seal_pin) says: another PIN, another cost, a presence key more or
    /// less need a new secret and [`rotate`](Self::rotate).
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Arena, Blob, Locks, Sealing};
    ///
    /// let (pin, finger, mut rng) = (pin("271846"), presence(), rng(1));
    /// let sealing = Sealing { header: HEADER, cost: cost(), device: &device(), arena: &mut Arena::new(), rng: &mut rng };
    /// let blob = Blob::seal(&secret(), &Locks::pin(&pin).or_presence(&finger), sealing)?;
    /// assert!(blob.needs_pin() && blob.presence_providers().eq(["software"]));
    /// # Ok::<(), pushotp_pin::SealError>(())
    /// ```
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(secret: &UniformSecret, locks: &Locks<'_, M>, sealing: Sealing<'_>) -> Result<Self, SealError> {
        let Sealing { header, cost, device, arena, rng } = sealing;
        if locks.permit.as_ref().is_some_and(|permit| !permit.allows(device)) {
            return Err(SealError::NotPermitted);
        }
        if locks.hardener.is_some() && locks.pin.is_none() {
            return Err(SealError::Format);
        }
        let bytes = encode_header(header, device, secret.secret().expose().len())?;
        let target = Target { header: &bytes, plain: secret.secret().expose() };
        let mut slots = Vec::new();
        if let Some(pin) = locks.pin {
            let hardener = locks.hardener.map(|hardener| (hardener, header.token));
            slots.push(target.pin_slot::<M>(pin, &Layers { device, hardener }, cost, arena, rng)?);
        }
        for (key, id) in locks.presence.iter().zip(1..) {
            slots.push(target.presence_slot(id, *key, rng)?);
        }
        if slots.is_empty() {
            slots.push(target.device_slot(device, rng)?);
        }
        finish(bytes, &slots, device)
    }
}

/// What every slot is about.
struct Target<'a> {
    header: &'a [u8],
    plain: &'a [u8],
}

impl Target<'_> {
    fn pin_slot<M: Mode>(
        &self,
        pin: &Pin,
        layers: &Layers<'_>,
        cost: Cost,
        arena: &mut Arena,
        rng: &mut dyn CryptoRng,
    ) -> Result<Slot, SealError> {
        let mut salt = [0; 16];
        rng.fill_bytes(&mut salt);
        let stored = (ARGON2ID, cost.memory_kib(), cost.passes(), cost.lanes(), ByteBuf::from(salt));
        let mode = match pin.mode() {
            PinMode::Numeric => 0,
            PinMode::Alphanumeric => 1,
        };
        let fields = Slot::pin(M::SUITE, stored, mode, layers.hardener.map(|(hardener, _)| hardener.id()));
        let stretch = Stretch { cost, salt: &salt, context: derive::context(self.header, &fields)? };
        let sealed = derive::swept(|| M::seal(&derive::unsealer(pin, &stretch, layers, arena)?, self.plain))?;
        Ok(Slot::Pin(fields, ByteBuf::from(sealed)))
    }

    fn presence_slot(&self, id: u8, key: &dyn PresenceKey, rng: &mut dyn CryptoRng) -> Result<Slot, SealError> {
        let fields = Slot::presence(id, key.provider(), key.enrolment());
        let context = derive::context(self.header, &fields)?;
        let sealed = derive::swept(|| key.wrap(&context, self.plain, rng))?;
        Ok(Slot::Presence(fields, ByteBuf::from(sealed)))
    }

    fn device_slot(&self, device: &dyn DeviceKey, rng: &mut dyn CryptoRng) -> Result<Slot, SealError> {
        let mut iv = [0; 12];
        rng.fill_bytes(&mut iv);
        let fields = Slot::device(iv);
        let context = derive::context(self.header, &fields)?;
        let sealed = derive::swept(|| {
            let key = derive::slot_key(&context, device)?;
            Ok::<_, SealError>(aead(&key).encrypt(&Nonce::from(iv), Payload { msg: self.plain, aad: &context }))
        })?;
        Ok(Slot::Device(fields, ByteBuf::from(sealed.map_err(|_| SealError::Format)?)))
    }
}

fn encode_header(header: Header, device: &dyn DeviceKey, len: usize) -> Result<Vec<u8>, SealError> {
    let len = u8::try_from(len).map_err(|_| SealError::Format)?;
    let fields: HeaderFields =
        (id(*header.token.as_bytes()), header.generation.get(), id(device.id()), len, List(Vec::new()));
    encode(&fields).map_err(|_| SealError::Format)
}

/// Adds the tag, and reads the result: what is written can be read.
fn finish<M: Mode>(header: Vec<u8>, slots: &[Slot], device: &dyn DeviceKey) -> Result<Blob<M>, SealError> {
    let tag = tag(&header, slots, device)?;
    let fields = (ByteArray::new(MAGIC), VERSION, ByteBuf::from(header), slots, ByteArray::new(tag));
    let bytes = encode(&fields).map_err(|_| SealError::Format)?;
    Blob::decode_as(&bytes).map_err(|_| SealError::Format)
}

pub(super) fn aead_open(
    key: &[u8; 32],
    fields: &DeviceFields,
    context: &[u8; 32],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let sealed = Payload { msg: ciphertext, aad: context };
    let plain = aead(key).decrypt(&Nonce::from(*fields.2), sealed).map_err(|_| OpenError::Tampered)?;
    Ok(Zeroizing::new(plain))
}

fn aead(key: &[u8; 32]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&Key::from(*key))
}
