//! A store that fails by plan.

use std::{
    collections::BTreeMap,
    fmt,
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use super::random::Random;
use crate::{Cas, Expect, Hint, Key, Store, StoreError, Versioned};

/// The source of each error that a [`FaultStore`] plants.
///
/// ```
/// use pushotp_store::conformance::Planted;
///
/// assert_eq!(Planted.to_string(), "planted");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("planted")]
pub struct Planted;

/// A store around another one that fails in all the ways in which a store may, as a seed decides.
///
/// A write is refused; or its fate is unknown because it was lost on its way, because its reply was lost, or because it
/// is held up and lands later, behind others; or it arrives twice, where it expects a version. A read fails. Each
/// operation lets others go first now and then. About half of the operations go well. Whatever goes wrong, this is
/// still a store that keeps its promises, so what is built on it has to keep its own.
///
/// ```
/// use pushotp_store::{Cas, Expect, Hint, Key, MemoryStore, Store, StoreError, conformance::FaultStore};
///
/// # pollster::block_on(async {
/// let (store, key) = (FaultStore::new(MemoryStore::new(), 7), Key::new("account/alice")?);
/// // Whoever wants to be sure looks after each failure what is there.
/// let version = loop {
///     match store.put_if(&key, Expect::Absent, Some(b"1"), Hint::NONE).await {
///         Ok(Cas::Won(version)) => break version,
///         Ok(Cas::Lost) | Err(_) => {
///             if let Ok(Some(found)) = store.get(&key).await {
///                 break found.version;
///             }
///         }
///     }
/// };
/// store.settle().await;
/// assert_eq!(store.inner().get(&key).await?.unwrap().version, version);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct FaultStore<S> {
    store: S,
    state: Mutex<State>,
    is_lagging: bool,
}

struct State {
    random: Random,
    planted: usize,
    late: Vec<Late>,
    /// What was read of each key before the last time.
    seen: BTreeMap<Key, Option<Versioned>>,
}

/// A write that is under way for longer than anybody waits.
struct Late {
    key: Key,
    expect: Expect,
    value: Option<Vec<u8>>,
    hint: Hint,
}

/// What happens to a write.
enum Fault {
    Refused,
    Vanished,
    Late,
    Unheard,
    Twice,
}

impl<S: Store> FaultStore<S> {
    /// Around this store, with the faults of this seed.
    ///
    /// ```
    /// # use pushotp_store::{MemoryStore, conformance::FaultStore};
    /// assert_eq!(FaultStore::new(MemoryStore::new(), 7).planted(), 0);
    /// ```
    pub fn new(store: S, seed: u64) -> Self {
        let state = State { random: Random::new(seed), planted: 0, late: Vec::new(), seen: BTreeMap::new() };
        Self { store, state: Mutex::new(state), is_lagging: false }
    }

    /// One that also answers reads from the past, as a lagging replica does: no store, but the negative control of a
    /// test that has to notice.
    ///
    /// ```
    /// # use pushotp_store::{MemoryStore, conformance::FaultStore};
    /// let broken = FaultStore::lagging(MemoryStore::new(), 7);
    /// # let _ = broken;
    /// ```
    pub fn lagging(store: S, seed: u64) -> Self {
        Self { is_lagging: true, ..Self::new(store, seed) }
    }

    /// The store inside, which does not fail.
    ///
    /// ```
    /// # use pushotp_store::{Key, MemoryStore, Store, conformance::FaultStore};
    /// # pollster::block_on(async {
    /// let store = FaultStore::new(MemoryStore::new(), 7);
    /// assert_eq!(store.inner().get(&Key::new("account/alice")?).await?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn inner(&self) -> &S {
        &self.store
    }

    /// How many faults there were so far; a test that had none has shown nothing.
    ///
    /// ```
    /// # use pushotp_store::{Key, MemoryStore, Store, conformance::FaultStore};
    /// # pollster::block_on(async {
    /// let store = FaultStore::new(MemoryStore::new(), 7);
    /// for _ in 0..100 {
    ///     let _ = store.get(&Key::new("account/alice")?).await;
    /// }
    /// assert!(store.planted() > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn planted(&self) -> usize {
        self.state().planted
    }

    /// Lets all writes land that are held up, in an order that the seed decides.
    ///
    /// ```
    /// # use pushotp_store::{MemoryStore, conformance::FaultStore};
    /// pollster::block_on(FaultStore::new(MemoryStore::new(), 7).settle());
    /// ```
    pub async fn settle(&self) {
        while let Some(late) = self.pop_late() {
            self.land(late).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pop_late(&self) -> Option<Late> {
        let mut state = self.state();
        let many = u64::try_from(state.late.len()).unwrap_or(u64::MAX);
        let chosen = usize::try_from(state.random.below(many)).unwrap_or(0);
        (chosen < state.late.len()).then(|| state.late.swap_remove(chosen))
    }

    /// Nobody hears how it ended.
    async fn land(&self, late: Late) {
        let _ = self.store.put_if(&late.key, late.expect, late.value.as_deref(), late.hint).await;
    }

    /// Others go first, and perhaps a write lands that was held up.
    async fn before(&self) {
        let (mut turns, lands) = {
            let mut state = self.state();
            (state.random.below(3), state.random.below(4) == 0)
        };
        poll_fn(|context| {
            if turns == 0 {
                return Poll::Ready(());
            }
            turns -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        if let Some(late) = lands.then(|| self.pop_late()).flatten() {
            self.land(late).await;
        }
    }

    fn write_fault(&self, expect: Expect) -> Option<Fault> {
        let mut state = self.state();
        let fault = match state.random.below(10) {
            0 => Fault::Refused,
            1 => Fault::Vanished,
            2 => Fault::Late,
            3 => Fault::Unheard,
            // A creation that arrives twice could be won again after a deletion; no store does that to its callers.
            4 if expect != Expect::Absent => Fault::Twice,
            _ => return None,
        };
        state.planted += 1;
        Some(fault)
    }

    fn read_fault(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.random.below(8) > 0 {
            return Ok(());
        }
        state.planted += 1;
        Err(StoreError::not_applied(Planted))
    }

    /// Sometimes what was there the last time.
    fn lag(&self, key: &Key, found: Option<Versioned>) -> Option<Versioned> {
        let mut state = self.state();
        let before = state.seen.insert(key.clone(), found.clone());
        if state.random.below(3) > 0 {
            return found;
        }
        state.planted += 1;
        before.unwrap_or(found)
    }
}

impl<S: Store> Store for FaultStore<S> {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        self.before().await;
        self.read_fault()?;
        let found = self.store.get(key).await?;
        Ok(if self.is_lagging { self.lag(key, found) } else { found })
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        self.before().await;
        let fault = self.write_fault(expect);
        match fault {
            Some(Fault::Refused) => return Err(StoreError::not_applied(Planted)),
            Some(Fault::Vanished) => return Err(StoreError::unknown(Planted)),
            Some(Fault::Late) => {
                let late = Late { key: key.clone(), expect, value: value.map(<[u8]>::to_vec), hint };
                self.state().late.push(late);
                return Err(StoreError::unknown(Planted));
            }
            _ => {}
        }
        let told = self.store.put_if(key, expect, value, hint).await?;
        match fault {
            Some(Fault::Unheard) => Err(StoreError::unknown(Planted)),
            Some(Fault::Twice) => {
                let _ = self.store.put_if(key, expect, value, hint).await;
                Ok(told)
            }
            _ => Ok(told),
        }
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        self.before().await;
        self.read_fault()?;
        self.store.scan(after, limit).await
    }
}

impl<S> fmt::Debug for FaultStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultStore").finish_non_exhaustive()
    }
}
