use alloc::{collections::BTreeMap, vec::Vec};
use core::{cell::RefCell, fmt};

use pushotp_types::TokenId;

/// Where the count of attempts is kept: one record per token, replaced as a whole, durable before `commit` returns.
///
/// A file is enough: write a new one, sync it, rename it, sync the folder, all under a lock. An attacker who puts back
/// an old record gains nothing, since the server's count decides; this one spares the server's.
///
/// ```
/// use pushotp_pin::{AttemptStore, MemoryAttempts, StoreError};
/// use pushotp_types::TokenId;
///
/// let store: &dyn AttemptStore = &MemoryAttempts::new();
/// let token = TokenId::from_bytes([7; 16]);
/// store.commit(token, None, b"record")?;
/// assert_eq!(store.load(token)?.as_deref(), Some(&b"record"[..]));
/// assert_eq!(store.commit(token, None, b"other"), Err(StoreError::Conflict));
/// # Ok::<(), StoreError>(())
/// ```
pub trait AttemptStore {
    /// The token's record, `None` if there is none.
    ///
    /// ```
    /// # use pushotp_pin::{AttemptStore, MemoryAttempts};
    /// # use pushotp_types::TokenId;
    /// let (store, token) = (MemoryAttempts::new(), TokenId::from_bytes([7; 16]));
    /// store.commit(token, None, b"record")?;
    /// assert_eq!(store.load(token)?.as_deref(), Some(&b"record"[..]));
    /// assert_eq!(store.load(TokenId::from_bytes([8; 16]))?, None);
    /// # Ok::<(), pushotp_pin::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Failed`] if that cannot be told.
    fn load(&self, token: TokenId) -> Result<Option<Vec<u8>>, StoreError>;

    /// Replaces the record `old`, `None` for none, by `new`, in one step and durably.
    ///
    /// ```
    /// # use pushotp_pin::{AttemptStore, MemoryAttempts, StoreError};
    /// # use pushotp_types::TokenId;
    /// let (store, token) = (MemoryAttempts::new(), TokenId::from_bytes([7; 16]));
    /// store.commit(token, None, b"one")?;
    /// store.commit(token, Some(b"one"), b"two")?;
    /// assert_eq!(store.commit(token, Some(b"one"), b"three"), Err(StoreError::Conflict)); // whoever read it too early
    /// # Ok::<(), StoreError>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the record is not `old`, and then nothing changed; [`StoreError::Failed`] if it is
    /// not certain that `new` is durable.
    fn commit(&self, token: TokenId, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError>;

    /// A counter of the device that never goes back, whatever files are put back, such as a TPM's. `None`, the default,
    /// where there is none: then the device believes whatever record it finds, and the server's count decides.
    ///
    /// A record older than the counter is refused ([`RecordError::RolledBack`](crate::RecordError::RolledBack)).
    ///
    /// ```
    /// # use pushotp_pin::{AttemptStore, MemoryAttempts};
    /// # use pushotp_types::TokenId;
    /// assert_eq!(MemoryAttempts::new().counter(TokenId::from_bytes([7; 16])), Ok(None));
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Failed`] if it cannot be read.
    fn counter(&self, _token: TokenId) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    /// Raises that counter to `to`, after the record of this number was committed; never lowers it.
    ///
    /// ```
    /// # use pushotp_pin::{AttemptStore, MemoryAttempts};
    /// # use pushotp_types::TokenId;
    /// assert_eq!(MemoryAttempts::new().raise(TokenId::from_bytes([7; 16]), 5), Ok(())); // there is none
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Failed`] if it is not certain that it stands there.
    fn raise(&self, _token: TokenId, _to: u64) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Why a record was not loaded or replaced.
///
/// ```
/// # use pushotp_pin::StoreError;
/// assert_eq!(StoreError::Conflict.to_string(), "the attempt record was changed by another process");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else was faster.
    #[error("the attempt record was changed by another process")]
    Conflict,
    /// Storage failed.
    #[error("the attempt record cannot be loaded or stored")]
    Failed,
}

/// Attempts kept in memory, for tests and for devices that never restart.
///
/// ```
/// use pushotp_pin::{AttemptStore, MemoryAttempts};
/// # use pushotp_types::TokenId;
///
/// assert_eq!(MemoryAttempts::new().load(TokenId::from_bytes([7; 16])), Ok(None));
/// ```
#[derive(Default)]
pub struct MemoryAttempts(RefCell<BTreeMap<TokenId, Vec<u8>>>);

impl MemoryAttempts {
    /// No records.
    ///
    /// ```
    /// # use pushotp_pin::{AttemptStore, MemoryAttempts};
    /// # use pushotp_types::TokenId;
    /// let store: &dyn AttemptStore = &MemoryAttempts::new();
    /// assert_eq!(store.load(TokenId::from_bytes([7; 16])), Ok(None));
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self(RefCell::new(BTreeMap::new()))
    }
}

impl AttemptStore for MemoryAttempts {
    fn load(&self, token: TokenId) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.try_borrow().map(|records| records.get(&token).cloned()).map_err(|_| StoreError::Failed)
    }

    fn commit(&self, token: TokenId, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError> {
        let mut records = self.0.try_borrow_mut().map_err(|_| StoreError::Failed)?;
        if records.get(&token).map(Vec::as_slice) != old {
            return Err(StoreError::Conflict);
        }
        records.insert(token, new.into());
        Ok(())
    }
}

impl fmt::Debug for MemoryAttempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryAttempts").finish_non_exhaustive()
    }
}
