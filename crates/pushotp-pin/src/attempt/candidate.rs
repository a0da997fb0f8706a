use core::fmt;

use pushotp_types::Secret;

use super::{AttemptStore, Pending, SettleError, Settled, Settlement, Stamp};
use crate::DeviceKey;

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
    pub(super) const fn new(secret: Secret, pending: Pending) -> Self {
        Self { secret, pending }
    }

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
        now: impl Into<Stamp>,
    ) -> Result<Settled, SettleError> {
        self.into_pending().settle(settlement, store, device, now)
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate").field("pending", &self.pending).finish_non_exhaustive()
    }
}
