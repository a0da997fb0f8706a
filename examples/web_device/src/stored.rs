//! The storage that the authenticator sees: the page gets what is in it with the answer, and stores it first.

use std::sync::{Arc, Mutex, PoisonError};

use pushotp::{DeviceStorage, StorageError};
use zeroize::Zeroizing;

use crate::text::Bytes;

/// The latest state that the page has not got yet. Clones share it.
///
/// It cannot fail and is not durable: what the authenticator did after it leaves with the state or not at all.
#[derive(Clone, Default)]
pub(crate) struct Stored(Arc<Mutex<Option<Zeroizing<Vec<u8>>>>>);

impl Stored {
    pub(crate) fn take(&self) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map(Bytes)
    }
}

impl DeviceStorage for Stored {
    fn save(&mut self, state: &[u8]) -> Result<(), StorageError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Zeroizing::new(state.to_vec()));
        Ok(())
    }
}
