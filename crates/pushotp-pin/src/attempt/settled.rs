use pushotp_types::UnixTime;

use super::{MAX_ATTEMPTS, record::Record};

/// How the attempts stand: after one was settled, or when the screen asks.
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
/// let candidate = blob.begin(&store, &device, now)?.open(&pin, &device, &mut arena)?;
/// let settled = candidate.settle(Settlement::Accepted, &store, &device, now)?;
/// assert_eq!((settled.left(), settled.wait_until()), (10, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled(Record);

impl Settled {
    pub(super) const fn new(record: Record) -> Self {
        Self(record)
    }

    /// The number of the latest attempt, which only grows: what an [`UnlockTicket`](crate::UnlockTicket) names.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Locks, MemoryAttempts};
    ///
    /// let (blob, store) = (seal(&Locks::pin(&pin("271846"))), MemoryAttempts::new());
    /// blob.arm(&store, &device())?;
    /// assert_eq!(blob.attempts(&store, &device())?.number(), 0);
    /// # Ok::<(), pushotp_pin::RecordError>(())
    /// ```
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.0.number
    }

    /// Attempts that are left on this device; 0 is locked. The server may stop earlier.
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
    /// let pending = || blob.begin(&store, &device, now).map(Attempt::into_pending);
    /// assert_eq!(pending()?.settle(Settlement::WrongPasscode, &store, &device, now)?.left(), 9);
    /// assert_eq!(pending()?.settle(Settlement::Accepted, &store, &device, now)?.left(), MAX_ATTEMPTS);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn left(&self) -> u8 {
        MAX_ATTEMPTS.saturating_sub(self.0.attempts)
    }

    /// When the next attempt may begin, `None` if it need not wait, or if none is left.
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
    /// let pending = || blob.begin(&store, &device, now).map(Attempt::into_pending);
    /// let fail = || pending().unwrap().settle(Settlement::WrongPasscode, &store, &device, now);
    /// let waits = [fail()?, fail()?, fail()?].map(|settled| settled.wait_until());
    /// assert_eq!(waits, [None, None, Some(UnixTime::from_secs(1_800_000_030))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn wait_until(&self) -> Option<UnixTime> {
        self.0.wait_until()
    }

    /// Attempts without success since the blob was sealed.
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
    /// let pending = || blob.begin(&store, &device, now).map(Attempt::into_pending);
    /// let _ = pending()?.settle(Settlement::WrongPasscode, &store, &device, now)?;
    /// let settled = pending()?.settle(Settlement::Accepted, &store, &device, now)?;
    /// assert_eq!((settled.left(), settled.failures()), (10, 1)); // success does not hide what was before
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.0.failures
    }
}
