use core::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Where an authenticator keeps its state: one value, replaced as a whole.
///
/// ```
/// use pushotp::{DeviceStorage, StorageError};
///
/// struct Folder(std::path::PathBuf);
///
/// impl DeviceStorage for Folder {
///     fn save(&mut self, state: &[u8]) -> Result<(), StorageError> {
///         let save = || {
///             let (new, file) = (self.0.join("state.new"), self.0.join("state"));
///             std::fs::write(&new, state)?;
///             std::fs::File::open(&new)?.sync_all()?;
///             std::fs::rename(new, file)?;
///             std::fs::File::open(&self.0)?.sync_all()
///         };
///         save().map_err(|_| StorageError)
///     }
/// }
///
/// let mut folder = Folder(std::env::temp_dir().join("no such folder"));
/// assert_eq!(folder.save(b"state"), Err(StorageError));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait DeviceStorage: Send {
    /// Replaces the stored state; durable when it returns, and never half written.
    ///
    /// Write to a temporary file, sync it, rename it, sync the folder.
    ///
    /// # Errors
    /// [`StorageError`]; then the old state must still be there.
    fn save(&mut self, state: &[u8]) -> Result<(), StorageError>;
}

/// The device could not store its state; the authenticator did not go on.
///
/// ```
/// assert_eq!(pushotp::StorageError.to_string(), "the device could not store its state");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the device could not store its state")]
pub struct StorageError;

/// A storage in memory, for tests: clones share the state.
///
/// ```
/// use pushotp::{DeviceStorage, MemoryStorage};
///
/// let mut storage = MemoryStorage::default();
/// storage.save(b"state")?;
/// assert_eq!(storage.saved(), b"state");
/// # Ok::<(), pushotp::StorageError>(())
/// ```
#[derive(Clone, Default)]
pub struct MemoryStorage(Arc<Mutex<Vec<u8>>>);

impl MemoryStorage {
    /// What was saved last; empty before that.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::MemoryStorage;
    ///
    /// assert!(MemoryStorage::default().saved().is_empty());
    /// assert!(!World::new().storage.saved().is_empty()); // an enrolled device
    /// ```
    #[must_use]
    pub fn saved(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl DeviceStorage for MemoryStorage {
    fn save(&mut self, state: &[u8]) -> Result<(), StorageError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state.to_vec();
        Ok(())
    }
}

impl fmt::Debug for MemoryStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStorage").finish_non_exhaustive()
    }
}
