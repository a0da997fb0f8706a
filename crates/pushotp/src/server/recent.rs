//! Account records that were read or written lately, kept to write against: the store's compare-and-swap tells whether one
//! is still what is stored, so nobody need ask before.

use core::mem;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use pushotp_store::Version;

use super::{account::AccountId, record::Record};

/// How many records a generation has; there are two.
const GENERATION: usize = 512;

type Generation = HashMap<AccountId, (Version, Arc<Record>)>;

/// The records that were kept last, one per account.
///
/// A full generation becomes the old one, and what was old until then is forgotten: so nobody need know which of all was
/// used least lately.
#[derive(Default)]
pub(crate) struct Recent(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: Generation,
    old: Generation,
}

impl Recent {
    /// What is remembered of an account.
    pub(crate) fn get(&self, account: &AccountId) -> Option<(Version, Arc<Record>)> {
        self.with(|Generations { young, old }| young.get(account).or_else(|| old.get(account)).cloned())
    }

    /// The same, and it is forgotten: the caller is about to replace it.
    pub(crate) fn take(&self, account: &AccountId) -> Option<(Version, Arc<Record>)> {
        self.with(|Generations { young, old }| {
            let old = old.remove(account);
            young.remove(account).or(old)
        })
    }

    /// Replaces what is remembered of an account.
    pub(crate) fn keep(&self, account: &AccountId, version: Version, record: Arc<Record>) {
        let forgotten = self.with(|Generations { young, old }| {
            let full = young.len() >= GENERATION && !young.contains_key(account);
            let forgotten = full.then(|| mem::replace(old, mem::take(young)));
            young.insert(account.clone(), (version, record));
            forgotten
        });
        // Hundreds of records, which nobody need wait for.
        drop(forgotten);
    }

    /// Each of the above leaves whole generations behind, also if it panics.
    fn with<T>(&self, work: impl FnOnce(&mut Generations) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn account(number: usize) -> AccountId {
        AccountId::new(format!("user{number}")).unwrap()
    }

    fn keep(recent: &Recent, number: usize, version: u64) {
        recent.keep(&account(number), Version::from_u64(version), Arc::new(Record::new()));
    }

    fn version_of(recent: &Recent, number: usize) -> Option<u64> {
        recent.get(&account(number)).map(|(version, _)| version.as_u64())
    }

    #[test]
    fn the_last_one_of_an_account_is_remembered_until_it_is_taken() {
        let recent = Recent::default();
        assert_eq!(version_of(&recent, 1), None);
        keep(&recent, 1, 10);
        keep(&recent, 2, 11);
        keep(&recent, 1, 12);
        assert_eq!((version_of(&recent, 1), version_of(&recent, 2)), (Some(12), Some(11)));
        let (version, record) = recent.take(&account(1)).unwrap();
        assert_eq!(version.as_u64(), 12);
        assert_eq!(Arc::strong_count(&record), 1, "for the caller alone");
        assert_eq!((version_of(&recent, 1), version_of(&recent, 2)), (None, Some(11)));
    }

    #[test]
    fn what_is_used_stays_and_the_rest_is_bounded() {
        let recent = Recent::default();
        for number in 0..10 * GENERATION {
            keep(&recent, number, 1);
            // In use: kept anew each time that it was taken.
            assert!(recent.take(&account(0)).is_some(), "{number}");
            keep(&recent, 0, 2);
            let kept = recent.with(|generations| generations.young.len() + generations.old.len());
            assert!(kept <= 2 * GENERATION, "{kept}");
        }
        assert_eq!(version_of(&recent, 1), None, "forgotten");
        assert_eq!(version_of(&recent, 10 * GENERATION - 1), Some(1), "the last one");
    }

    /// Two generations may both have one of an account: the older is never found again.
    #[test]
    fn nothing_old_comes_back() {
        let recent = Recent::default();
        for number in 0..GENERATION {
            keep(&recent, number, 1);
        }
        keep(&recent, GENERATION, 1); // all others are old now
        keep(&recent, 0, 2);
        assert_eq!(version_of(&recent, 0), Some(2));
        assert_eq!(recent.take(&account(0)).unwrap().0.as_u64(), 2);
        assert_eq!(version_of(&recent, 0), None);
    }
}
