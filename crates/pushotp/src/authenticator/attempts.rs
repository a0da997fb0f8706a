use core::cell::RefCell;

use pushotp_cbor::ByteBuf;
use pushotp_pin::{AttemptStore, StoreError};
use pushotp_types::TokenId;

use super::state::Memory;

/// The counts of attempts, in the authenticator's own state.
pub(super) struct Attempts<'a> {
    memory: RefCell<&'a mut Memory>,
    /// Whether each change is stored at once.
    saves: bool,
}

impl<'a> Attempts<'a> {
    pub(super) const fn new(memory: &'a mut Memory) -> Self {
        Self { memory: RefCell::new(memory), saves: true }
    }

    /// Where the caller stores the change together with others.
    pub(super) const fn unsaved(memory: &'a mut Memory) -> Self {
        Self { memory: RefCell::new(memory), saves: false }
    }
}

impl AttemptStore for Attempts<'_> {
    fn load(&self, token: TokenId) -> Result<Option<Vec<u8>>, StoreError> {
        let mut memory = self.memory.try_borrow_mut().map_err(|_| StoreError::Failed)?;
        let retry = &memory.token_mut(token).map_err(|_| StoreError::Failed)?.retry;
        Ok((!retry.is_empty()).then(|| retry.to_vec()))
    }

    fn commit(&self, token: TokenId, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError> {
        let mut memory = self.memory.try_borrow_mut().map_err(|_| StoreError::Failed)?;
        let held = memory.token_mut(token).map_err(|_| StoreError::Failed)?;
        if held.retry.as_slice() != old.unwrap_or_default() {
            return Err(StoreError::Conflict);
        }
        // On a failure the new count stays in memory: it is never lower than the stored one.
        held.retry = ByteBuf::from(new);
        if self.saves { memory.save().map_err(|_| StoreError::Failed) } else { Ok(()) }
    }
}
