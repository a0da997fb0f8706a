//! Tells the requests of this process that wait for an account that something happened to it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use pushotp::AccountId;
use tokio::sync::watch;

/// When it last happened, if it did since somebody waits.
pub(crate) type Wake = watch::Receiver<Option<Instant>>;

#[derive(Default)]
pub(crate) struct Wakes {
    accounts: Mutex<HashMap<AccountId, watch::Sender<Option<Instant>>>>,
    /// For the operator: any account.
    any: watch::Sender<Option<Instant>>,
}

impl Wakes {
    /// Begins to wait. What happens from now on is not missed: subscribe first, then look at the store.
    pub(crate) fn subscribe(&self, account: &AccountId) -> Wake {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody waits for any more; a login page has few that somebody waits for.
        accounts.retain(|_, sender| sender.receiver_count() > 0);
        accounts.entry(account.clone()).or_default().subscribe()
    }

    pub(crate) fn subscribe_to_any(&self) -> Wake {
        self.any.subscribe()
    }

    /// Something was written about this account, just now.
    pub(crate) fn wake(&self, account: &AccountId) {
        let now = Some(Instant::now());
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = accounts.get(account) {
            sender.send_replace(now);
        }
        self.any.send_replace(now);
    }
}
