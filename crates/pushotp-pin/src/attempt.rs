use alloc::vec::Vec;
use core::fmt;

use pushotp_types::{Secret, TokenId, UnixTime};

use self::record::{Begin, Record};
pub use self::{
    error::{Denied, RecordError, SettleError},
    pending::{Pending, Settled, Settlement},
    record::MAX_ATTEMPTS,
    store::{AttemptStore, MemoryAttempts, StoreError},
};
use crate::{Arena, Blob, DeviceKey, Generation, Header, OpenError, Pin};

mod error;
mod pending;
mod record;
mod store;

impl Blob {
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
        let header = Header { token: self.token(), generation: self.generation() };
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
        store.commit(header.token, old.as_deref(), &Record::fresh(header, number).encode(device)?)?;
        Ok(())
    }

    /// Begins an attempt to open the blob with a PIN: it is counted, durably, when this returns.
    ///
    /// The first three begin at once, then one waits 30 s, 60 s, 5 min, 15 min, and 1 h from then on; after ten without
    /// success in between none begins. An attempt that was never settled has failed. A clock that goes back starts the
    /// wait again; one that goes forward ends it, as this count is for the screen and the server's is the one that decides.
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
    pub fn begin(&self, store: &dyn AttemptStore, device: &dyn DeviceKey, now: UnixTime) -> Result<Attempt, Denied> {
        if !self.needs_pin() {
            return Err(Denied::NoPin);
        }
        if device.id() != self.device_id() {
            return Err(Denied::OtherDevice);
        }
        let loaded = Loaded::load(self.token(), self.generation(), store, device)?;
        match loaded.record.begin(now) {
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
        Ok(Self { bytes, record })
    }

    fn replace(&self, next: Record, store: &dyn AttemptStore, device: &dyn DeviceKey) -> Result<(), RecordError> {
        let next = next.encode(device)?;
        Ok(store.commit(self.record.header.token, Some(&self.bytes), &next)?)
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
#[derive(Debug)]
#[must_use = "the attempt is counted already"]
pub struct Attempt {
    blob: Blob,
    pending: Pending,
}

impl Attempt {
    /// The secret that a PIN yields. **Every** PIN yields one; whether it is the token's, the server finds out.
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
    ///
    /// The example of [`Attempt`] shows it.
    pub fn open(self, pin: &Pin, device: &dyn DeviceKey, arena: &mut Arena) -> Result<Candidate, OpenError> {
        let secret = self.blob.open_pin(pin, device, arena)?;
        Ok(Candidate { secret, pending: self.pending })
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

/// A secret that one PIN yielded, until the server has judged a passcode made with it.
///
/// Make the passcode, then drop the secret with [`into_pending`](Self::into_pending), and settle when the server has
/// answered. Dropping it unsettled counts as a failure.
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
/// # blob.arm(&store, &device)?;
/// // A wrong PIN opens the blob as well: to another secret.
/// let candidate = blob.begin(&store, &device, now)?.open(&Pin::entered("271847")?, &device, &mut arena)?;
/// assert_ne!(candidate.secret().expose(), secret.secret().expose());
/// let settled = candidate.settle(Settlement::WrongPasscode, &store, &device, now)?; // as the server said
/// assert_eq!(settled.left(), 9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "unsettled, the attempt counts as failed"]
pub struct Candidate {
    secret: Secret,
    pending: Pending,
}

impl Candidate {
    /// The secret, for one passcode.
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
    /// let candidate = blob.begin(&store, &device, now)?.open(&pin, &device, &mut Arena::new())?;
    /// assert_eq!(candidate.secret().expose(), secret.secret().expose());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Erases the secret and keeps what settling needs.
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
    /// let candidate = blob.begin(&store, &device, now)?.open(&pin, &device, &mut Arena::new())?;
    /// // The passcode is made and sent; while the answer is awaited no secret is in memory.
    /// let pending = candidate.into_pending();
    /// assert_eq!(pending.settle(Settlement::Accepted, &store, &device, now)?.left(), 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_pending(self) -> Pending {
        self.pending
    }

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
    /// let candidate = blob.begin(&store, &device, now)?.open(&pin, &device, &mut Arena::new())?;
    /// let settled = candidate.settle(Settlement::WrongPasscode, &store, &device, now)?;
    /// assert_eq!((settled.left(), settled.failures()), (9, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// As [`Pending::settle`], and erases the secret.
    ///
    /// # Errors
    /// [`SettleError`].
    pub fn settle(
        self,
        settlement: Settlement,
        store: &dyn AttemptStore,
        device: &dyn DeviceKey,
        now: UnixTime,
    ) -> Result<Settled, SettleError> {
        self.into_pending().settle(settlement, store, device, now)
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate").field("pending", &self.pending).finish_non_exhaustive()
    }
}
