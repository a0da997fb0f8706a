use alloc::vec::Vec;
use core::fmt;

use pushotp_types::TokenId;

pub(crate) use self::carry::carry;
use self::record::{Begin, Record};
pub use self::{
    candidate::Candidate,
    error::{Denied, RecordError, SettleError, UnlockError},
    pending::{Pending, Settlement},
    record::MAX_ATTEMPTS,
    settled::Settled,
    stamp::Stamp,
    store::{AttemptStore, MemoryAttempts, StoreError},
    unlock::UnlockTicket,
};
use crate::{
    Arena, Blob, Camouflage, DeviceKey, Generation, Hardener, Header, Mode, OpenError, Pin, PresenceKey, blob::Tools,
};

mod candidate;
mod carry;
mod error;
mod pending;
mod record;
mod settled;
mod stamp;
mod store;
mod unlock;

impl<M: Mode> Blob<M> {
    /// Starts the count of attempts for this sealing at zero: once, after [`seal_pin`](Self::seal_pin) and before the
    /// blob is stored.
    ///
    /// A record of this very sealing stays as it is. Any other is replaced, also one that another device key wrote; so
    /// do not call it when a program starts, or a damaged record would mean three more tries.
    ///
    /// ```
    /// # use pushotp_pin::*;
    /// # use pushotp_types::{TokenId, UnixTime};
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// # let (secret, device) = (UniformSecret::generate(&mut rng, 32).unwrap(), SoftwareKey::generate(&mut rng));
    /// # let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    /// # let pin = Pin::choose("271846", &PinPolicy::DEFAULT).unwrap();
    /// # let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut Arena::new(), rng: &mut rng };
    /// # let blob = Blob::seal_pin(&secret, &pin, sealing)?;
    /// # let (store, now) = (MemoryAttempts::new(), UnixTime::from_secs(1_800_000_000));
    /// assert_eq!(blob.begin(&store, &device, now).unwrap_err(), Denied::Record(RecordError::Missing));
    /// blob.arm(&store, &device)?;
    /// assert!(blob.begin(&store, &device, now).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RecordError::OtherGeneration`] if the record belongs to a later sealing; a failing store or device key.
    ///
    /// The example of [`Attempt`] shows it.
    pub fn arm(&self, store: &dyn AttemptStore, device: &dyn DeviceKey) -> Result<(), RecordError> {
        let header = self.header();
        let old = store.load(header.token)?;
        let read = old.as_deref().map(|old| Record::decode(old, header.token, device)).transpose();
        let number = match read {
            Ok(Some(record)) if record.header.generation == header.generation => return Ok(()),
            Ok(Some(record)) if record.header.generation > header.generation => {
                return Err(RecordError::OtherGeneration);
            }
            Ok(Some(record)) => record.number,
            Ok(None) | Err(RecordError::Tampered) => 0,
            Err(error) => return Err(error),
        };
        let number = number.max(store.counter(header.token)?.unwrap_or(0));
        store.commit(header.token, old.as_deref(), &Record::fresh(header, number).encode(device)?)?;
        Ok(())
    }

    /// How the attempts stand, for a screen.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Locks, MemoryAttempts};
    ///
    /// let (blob, store) = (seal(&Locks::pin(&pin("271846"))), MemoryAttempts::new());
    /// blob.arm(&store, &device())?;
    /// let _ = blob.begin(&store, &device(), NOW)?; // never settled
    /// assert_eq!(blob.attempts(&store, &device())?.left(), 9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn attempts(&self, store: &dyn AttemptStore, device: &dyn DeviceKey) -> Result<Settled, RecordError> {
        Ok(Settled::new(Loaded::load(self.token(), self.generation(), store, device)?.record))
    }

    /// The fields that a record names.
    pub(crate) const fn header(&self) -> Header {
        Header { token: self.token(), generation: self.generation() }
    }

    /// Begins an attempt to open the blob with a PIN: it is counted, durably, when this returns.
    ///
    /// The first three begin at once, then one waits 30 s, 60 s, 5 min, 15 min, and 1 h from then on; after ten without
    /// success in between none begins. An attempt that was never settled has failed. [`Stamp`] says what clocks do to a
    /// wait; a `UnixTime` is one.
    ///
    /// ```
    /// # use pushotp_pin::*;
    /// # use pushotp_types::{TokenId, UnixTime};
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// # let (secret, device) = (UniformSecret::generate(&mut rng, 32).unwrap(), SoftwareKey::generate(&mut rng));
    /// # let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    /// # let pin = Pin::choose("271846", &PinPolicy::DEFAULT).unwrap();
    /// # let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut Arena::new(), rng: &mut rng };
    /// # let blob = Blob::seal_pin(&secret, &pin, sealing)?;
    /// # let (store, now) = (MemoryAttempts::new(), UnixTime::from_secs(1_800_000_000));
    /// # blob.arm(&store, &device)?;
    /// for _ in 0..3 {
    ///     let _ = blob.begin(&store, &device, now)?; // dropped unsettled, so failed
    /// }
    /// let until = UnixTime::from_secs(1_800_000_030);
    /// assert_eq!(blob.begin(&store, &device, now).unwrap_err(), Denied::Wait { until });
    /// assert!(blob.begin(&store, &device, until).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Denied`].
    ///
    /// The example of [`Attempt`] shows it.
    pub fn begin(
        &self,
        store: &dyn AttemptStore,
        device: &dyn DeviceKey,
        now: impl Into<Stamp>,
    ) -> Result<Attempt<M>, Denied> {
        if !self.needs_person() {
            return Err(Denied::NoPin);
        }
        if device.id() != self.device_id() {
            return Err(Denied::OtherDevice);
        }
        let loaded = Loaded::load(self.token(), self.generation(), store, device)?;
        match loaded.record.begin(now.into()) {
            Begin::Go(next) => {
                loaded.replace(next, store, device)?;
                Ok(Attempt { blob: self.clone(), pending: Pending { header: next.header, number: next.number } })
            }
            Begin::Wait(until, again) => {
                if let Some(again) = again {
                    loaded.replace(again, store, device)?;
                }
                Err(Denied::Wait { until })
            }
            Begin::Locked => Err(Denied::Locked),
        }
    }
}

/// A record with the bytes that it was read from, which the next one replaces.
struct Loaded {
    bytes: Vec<u8>,
    record: Record,
}

impl Loaded {
    fn load(
        token: TokenId,
        generation: Generation,
        store: &dyn AttemptStore,
        device: &dyn DeviceKey,
    ) -> Result<Self, RecordError> {
        let bytes = store.load(token)?.ok_or(RecordError::Missing)?;
        let record = Record::decode(&bytes, token, device)?;
        if record.header.generation != generation {
            return Err(RecordError::OtherGeneration);
        }
        let loaded = Self { bytes, record };
        loaded.is_current(store)?;
        Ok(loaded)
    }

    /// A record is committed before the counter is raised: it may be ahead of it, never behind.
    fn is_current(&self, store: &dyn AttemptStore) -> Result<(), RecordError> {
        let counter = store.counter(self.record.header.token)?;
        if counter.is_some_and(|counter| counter > self.record.number) { Err(RecordError::RolledBack) } else { Ok(()) }
    }

    fn replace(&self, next: Record, store: &dyn AttemptStore, device: &dyn DeviceKey) -> Result<(), RecordError> {
        let token = self.record.header.token;
        store.commit(token, Some(&self.bytes), &next.encode(device)?)?;
        Ok(store.raise(token, next.number)?)
    }
}

/// An attempt that has been counted: the right to try one PIN.
///
/// ```
/// use pushotp_pin::{Arena, MemoryAttempts, Pin, Settlement};
/// # use pushotp_pin::*;
/// # use pushotp_types::{TokenId, UnixTime};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
/// # let secret = UniformSecret::generate(&mut rng, 32).unwrap();
/// # let pin = Pin::choose("271846", &PinPolicy::DEFAULT).unwrap();
/// # let device = SoftwareKey::generate(&mut rng);
/// # let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
/// # let (mut arena, store, now) = (Arena::new(), MemoryAttempts::new(), UnixTime::from_secs(1_800_000_000));
/// # let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut arena, rng: &mut rng };
/// # let blob = Blob::seal_pin(&secret, &pin, sealing)?;
/// blob.arm(&store, &device)?; // once, at enrolment
///
/// let attempt = blob.begin(&store, &device, now)?;
/// let candidate = attempt.open(&Pin::entered("271846")?, &device, &mut arena)?;
/// assert_eq!(candidate.secret().expose(), secret.secret().expose());
/// let settled = candidate.settle(Settlement::Accepted, &store, &device, now)?; // as the server said
/// assert_eq!(settled.left(), 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "the attempt is counted already"]
pub struct Attempt<M: Mode = Camouflage> {
    blob: Blob<M>,
    pending: Pending,
}

impl<M: Mode> Attempt<M> {
    /// The secret that a PIN yields. **Every** PIN yields one; whether it is the token's, the server finds out. Only a
    /// [`Verifiable`](crate::Verifiable) blob tells a wrong one.
    ///
    /// ```
    /// # use pushotp_pin::*;
    /// # use pushotp_types::{TokenId, UnixTime};
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// # let (secret, device) = (UniformSecret::generate(&mut rng, 32).unwrap(), SoftwareKey::generate(&mut rng));
    /// # let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    /// # let pin = Pin::choose("271846", &PinPolicy::DEFAULT).unwrap();
    /// # let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut Arena::new(), rng: &mut rng };
    /// # let blob = Blob::seal_pin(&secret, &pin, sealing)?;
    /// # let (store, now) = (MemoryAttempts::new(), UnixTime::from_secs(1_800_000_000));
    /// # blob.arm(&store, &device)?;
    /// let typed = Pin::entered("314159")?; // is it right? nothing here knows
    /// let candidate = blob.begin(&store, &device, now)?.open(&typed, &device, &mut Arena::new())?;
    /// assert_eq!(candidate.secret().expose().len(), 32);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`OpenError`] if the blob is not as this device key sealed it, or device key or memory are missing. No PIN was
    /// tried then: [`Pending::resume`] and [`Settlement::Unjudged`] take the attempt back.
    /// [`VerifiableOpenError::WrongPin`](crate::VerifiableOpenError::WrongPin), where it exists, leaves it counted.
    ///
    /// The example of [`Attempt`] shows it.
    pub fn open(self, pin: &Pin, device: &dyn DeviceKey, arena: &mut Arena) -> Result<Candidate, M::OpenError> {
        let secret = self.blob.open_pin(pin, Tools { device, hardener: None, arena })?;
        Ok(Candidate::new(secret, self.pending))
    }

    /// As [`open`](Self::open), for a blob that a hardener takes part in.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Arena, Locks, MemoryAttempts, OpenError, Permit, VerifiableOpenError};
    ///
    /// let (pin, wrong, server) = (pin("271846"), pin("271847"), hardener());
    /// let blob = seal(&Locks::verifiable_pin(&pin, Permit::from_hardener(&server)));
    /// let store = MemoryAttempts::new();
    /// blob.arm(&store, &device())?;
    /// let begin = || blob.begin(&store, &device(), NOW);
    ///
    /// let told = begin()?.open_hardened(&wrong, &device(), &server, &mut Arena::new()).unwrap_err();
    /// assert_eq!(told, VerifiableOpenError::WrongPin);
    /// assert!(begin()?.open_hardened(&pin, &device(), &server, &mut Arena::new()).is_ok());
    /// let alone = begin()?.open(&pin, &device(), &mut Arena::new()).unwrap_err();
    /// assert_eq!(alone, OpenError::OtherHardener.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`open`](Self::open); [`OpenError::Harden`], and then the server may have counted.
    pub fn open_hardened(
        self,
        pin: &Pin,
        device: &dyn DeviceKey,
        hardener: &dyn Hardener,
        arena: &mut Arena,
    ) -> Result<Candidate, M::OpenError> {
        let secret = self.blob.open_pin(pin, Tools { device, hardener: Some(hardener), arena })?;
        Ok(Candidate::new(secret, self.pending))
    }

    /// The secret, by a presence key instead of a PIN; `prompt` is what the platform shows.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Locks, MemoryAttempts};
    ///
    /// let (pin, finger) = (pin("271846"), presence());
    /// let (blob, store) = (seal(&Locks::pin(&pin).or_presence(&finger)), MemoryAttempts::new());
    /// blob.arm(&store, &device())?;
    /// let candidate = blob.begin(&store, &device(), NOW)?.open_presence(&finger, &device(), "Log in to the bank?")?;
    /// assert_eq!(candidate.secret().expose(), secret().secret().expose());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`OpenError`]; the attempt can be taken back as with [`open`](Self::open).
    pub fn open_presence(
        self,
        key: &dyn PresenceKey,
        device: &dyn DeviceKey,
        prompt: &str,
    ) -> Result<Candidate, OpenError> {
        let secret = self.blob.open_presence(key, device, prompt)?;
        Ok(Candidate::new(secret, self.pending))
    }

    /// Gives up trying, to settle the attempt: [`Settlement::Unjudged`] if the user cancelled.
    ///
    /// ```
    /// # use pushotp_pin::*;
    /// # use pushotp_types::{TokenId, UnixTime};
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// # let (secret, device) = (UniformSecret::generate(&mut rng, 32).unwrap(), SoftwareKey::generate(&mut rng));
    /// # let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    /// # let pin = Pin::choose("271846", &PinPolicy::DEFAULT).unwrap();
    /// # let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut Arena::new(), rng: &mut rng };
    /// # let blob = Blob::seal_pin(&secret, &pin, sealing)?;
    /// # let (store, now) = (MemoryAttempts::new(), UnixTime::from_secs(1_800_000_000));
    /// # blob.arm(&store, &device)?;
    /// // The user cancels.
    /// let pending = blob.begin(&store, &device, now)?.into_pending();
    /// let settled = pending.settle(Settlement::Unjudged, &store, &device, now)?;
    /// assert_eq!((settled.left(), settled.failures()), (10, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_pending(self) -> Pending {
        self.pending
    }
}

impl<M: Mode> fmt::Debug for Attempt<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("blob", &self.blob).field("pending", &self.pending).finish()
    }
}
