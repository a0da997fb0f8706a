use pushotp_types::TokenId;

use super::{AttemptStore, Loaded, Settled, UnlockError};
use crate::{Blob, DeviceKey, Generation, Mode};

/// The server's leave to start a locked count again: a person has proved who they are, and the server's own count starts
/// again too.
///
/// It names the latest attempt, so it is good once, and not after a further one. Version 1 of the wire protocol has no
/// message for it; carry it in one that only the server can have sealed. Without it a new enrolment is the way out.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
/// # use world::*;
/// use core::time::Duration;
/// use pushotp_pin::{Denied, Locks, MemoryAttempts, UnlockError, UnlockTicket};
///
/// let (blob, store) = (seal(&Locks::pin(&pin("271846"))), MemoryAttempts::new());
/// blob.arm(&store, &device())?;
/// for hour in 0..10 {
///     let _ = blob.begin(&store, &device(), NOW.saturating_add(Duration::from_secs(3_600 * hour)))?;
/// }
/// let later = NOW.saturating_add(Duration::from_secs(100_000));
/// assert_eq!(blob.begin(&store, &device(), later).unwrap_err(), Denied::Locked);
///
/// let number = blob.attempts(&store, &device())?.number(); // the server is told, and says
/// let ticket = || UnlockTicket::new(blob.token(), blob.generation(), number);
/// assert_eq!(blob.unlock(ticket(), &store, &device())?.left(), 10);
/// let _ = blob.begin(&store, &device(), later)?;
/// assert_eq!(blob.unlock(ticket(), &store, &device()), Err(UnlockError::OtherAttempt));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct UnlockTicket {
    token: TokenId,
    generation: Generation,
    number: u64,
}

impl UnlockTicket {
    /// What the server said: which sealing of which token, and which attempt was the latest.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Generation, Locks, MemoryAttempts, UnlockError, UnlockTicket};
    ///
    /// let (blob, store) = (seal(&Locks::pin(&pin("271846"))), MemoryAttempts::new());
    /// blob.arm(&store, &device())?;
    /// let of_another = UnlockTicket::new(TOKEN, Generation::new(2)?, 0);
    /// assert_eq!(blob.unlock(of_another, &store, &device()), Err(UnlockError::OtherBlob));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn new(token: TokenId, generation: Generation, number: u64) -> Self {
        Self { token, generation, number }
    }
}

impl<M: Mode> Blob<M> {
    /// Starts the count again, by the server's leave. Failures ever are kept.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Locks, MemoryAttempts, UnlockTicket};
    ///
    /// let (blob, store) = (seal(&Locks::pin(&pin("271846"))), MemoryAttempts::new());
    /// blob.arm(&store, &device())?;
    /// let _ = blob.begin(&store, &device(), NOW)?;
    /// let unlocked = blob.unlock(UnlockTicket::new(TOKEN, blob.generation(), 1), &store, &device())?;
    /// assert_eq!((unlocked.left(), unlocked.failures()), (10, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`UnlockError`]; nothing has changed then, unless the store failed in the middle.
    #[expect(clippy::needless_pass_by_value, reason = "a ticket is used up")]
    pub fn unlock(
        &self,
        ticket: UnlockTicket,
        store: &dyn AttemptStore,
        device: &dyn DeviceKey,
    ) -> Result<Settled, UnlockError> {
        let UnlockTicket { token, generation, number } = ticket;
        if (token, generation) != (self.token(), self.generation()) {
            return Err(UnlockError::OtherBlob);
        }
        let loaded = Loaded::load(token, generation, store, device)?;
        if loaded.record.number != number {
            return Err(UnlockError::OtherAttempt);
        }
        let next = loaded.record.unlocked();
        loaded.replace(next, store, device)?;
        Ok(Settled::new(next))
    }
}
