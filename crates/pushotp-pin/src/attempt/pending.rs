use pushotp_types::TokenId;

use super::{AttemptStore, Loaded, SettleError, Settled, Stamp};
use crate::{DeviceKey, Generation, Header};

/// An attempt whose end is open: the passcode is on its way, the secret is gone.
///
/// The store's record is all there is to it, so it outlives a restart:
///
/// ```
/// use pushotp_pin::{Pending, Settlement};
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
/// # let attempt = blob.begin(&store, &device, now)?;
/// let number = attempt.into_pending().number(); // the program ends here, and starts again
///
/// let pending = Pending::resume(blob.token(), blob.generation(), &store, &device)?;
/// assert_eq!(pending.number(), number);
/// let settled = pending.settle(Settlement::WrongPasscode, &store, &device, now)?;
/// assert_eq!((settled.left(), settled.failures()), (9, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use = "unsettled, the attempt counts as failed"]
pub struct Pending {
    pub(super) header: Header,
    pub(super) number: u64,
}

impl Pending {
    /// The attempt of this sealing that is pending, after a restart.
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
    /// let resume = || Pending::resume(blob.token(), blob.generation(), &store, &device);
    /// assert_eq!(resume(), Err(SettleError::NotPending));
    /// let pending = blob.begin(&store, &device, now)?.into_pending();
    /// assert_eq!(resume(), Ok(pending));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SettleError::NotPending`] if none is; [`SettleError::Record`].
    pub fn resume(
        token: TokenId,
        generation: Generation,
        store: &dyn AttemptStore,
        device: &dyn DeviceKey,
    ) -> Result<Self, SettleError> {
        let record = Loaded::load(token, generation, store, device)?.record;
        let pending = Self { header: record.header, number: record.number };
        record.begun.map(|_| pending).ok_or(SettleError::NotPending)
    }

    /// The attempt's number, which only grows: store it with the challenge to tell whose answer it waits for.
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
    /// let begin = || blob.begin(&store, &device, now).map(|attempt| attempt.into_pending().number());
    /// assert!(begin()? < begin()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The token that it is about.
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
    /// let pending = blob.begin(&store, &device, now)?.into_pending();
    /// assert_eq!(pending.token(), blob.token());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn token(&self) -> TokenId {
        self.header.token
    }

    /// Ends the attempt as the server judged it.
    ///
    /// Only what the server said in a sealed result may lead to anything but [`Settlement::WrongPasscode`].
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
    /// let first = blob.begin(&store, &device, now)?.into_pending();
    /// let second = blob.begin(&store, &device, now)?.into_pending(); // overtakes it
    /// assert_eq!(first.settle(Settlement::Accepted, &store, &device, now), Err(SettleError::NotPending));
    /// assert_eq!(second.settle(Settlement::Accepted, &store, &device, now)?.left(), 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SettleError::NotPending`] if it was settled before or overtaken by another; [`SettleError::Record`], and then
    /// [`resume`](Self::resume) finds out how it stands.
    pub fn settle(
        self,
        settlement: Settlement,
        store: &dyn AttemptStore,
        device: &dyn DeviceKey,
        now: impl Into<Stamp>,
    ) -> Result<Settled, SettleError> {
        let loaded = Loaded::load(self.header.token, self.header.generation, store, device)?;
        let next = loaded.record.settle(self.number, settlement, now.into()).ok_or(SettleError::NotPending)?;
        loaded.replace(next, store, device)?;
        Ok(Settled::new(next))
    }
}

/// What the server's answer says about the PIN.
///
/// ```
/// # use pushotp_pin::Settlement;
/// assert_ne!(Settlement::Accepted, Settlement::Unjudged);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settlement {
    /// The passcode was right: the count starts again.
    Accepted,
    /// It was wrong, or nobody can tell: the attempt stays counted.
    WrongPasscode,
    /// No passcode was judged, because the challenge had ended before or the user cancelled: the attempt is taken back.
    Unjudged,
}
