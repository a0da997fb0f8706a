//! Random histories with crashes at every store call: the count never falls behind the guesses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/fixture.rs"]
mod fixture;

use std::cell::{Cell, RefCell};

use fixture::{NOW, TOKEN, device, rng, seal};
use pushotp_pin::{
    AttemptStore, Blob, Denied, Generation, MAX_ATTEMPTS, MemoryAttempts, Pending, Settlement, StoreError,
};
use pushotp_types::{TokenId, UnixTime};
use rand_chacha::{ChaCha20Rng, rand_core::Rng};

/// A store that crashes before or after a commit, when told to.
struct Crashing {
    inner: MemoryAttempts,
    crash: Cell<Option<Crash>>,
    /// Forgets what was committed when the program ends: what no store may do.
    forgets: bool,
    synced: RefCell<Option<Vec<u8>>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Crash {
    Before,
    After,
}

impl Crashing {
    fn new(forgets: bool) -> Self {
        Self { inner: MemoryAttempts::new(), crash: Cell::new(None), forgets, synced: RefCell::new(None) }
    }

    /// The program ends and starts again.
    fn restart(&self) {
        let now = self.inner.load(TOKEN).unwrap();
        if let (true, Some(old)) = (self.forgets, &*self.synced.borrow()) {
            self.inner.commit(TOKEN, now.as_deref(), old).unwrap();
        }
        self.sync();
    }

    fn sync(&self) {
        *self.synced.borrow_mut() = self.inner.load(TOKEN).unwrap();
    }
}

impl AttemptStore for Crashing {
    fn load(&self, token: TokenId) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.load(token)
    }
    fn commit(&self, token: TokenId, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError> {
        let crash = self.crash.take();
        if crash != Some(Crash::Before) {
            self.inner.commit(token, old, new)?;
        }
        crash.map_or(Ok(()), |_| Err(StoreError::Failed))
    }
}

/// What an observer counts: guesses that a person could make and that no success or verdict took back.
struct Trace<'a> {
    blob: &'a Blob,
    store: Crashing,
    rng: ChaCha20Rng,
    now: u64,
    guesses: u32,
    /// The number of the latest attempt in which a guess could be made.
    guessed: u64,
    pending: Option<Pending>,
}

impl Trace<'_> {
    fn step(&mut self) {
        match self.rng.next_u32() % 16 {
            0..=5 => self.begin(),
            6..=8 => self.settle(Settlement::WrongPasscode),
            9 => self.settle(Settlement::Unjudged),
            10 if self.rng.next_u32() % 4 == 0 => self.settle(Settlement::Accepted),
            11 => {
                self.pending = None;
                self.store.restart();
                self.pending = Pending::resume(TOKEN, Generation::FIRST, &self.store, &device()).ok();
            }
            12 => self.now = self.now.saturating_sub(u64::from(self.rng.next_u32() % 10_000)),
            13 => self.store.crash.set(Some(Crash::Before)),
            14 => self.store.crash.set(Some(Crash::After)),
            _ => self.now += u64::from(self.rng.next_u32() % 10_000),
        }
    }

    fn begin(&mut self) {
        let attempt = self.blob.begin(&self.store, &device(), UnixTime::from_secs(self.now));
        match attempt {
            Ok(attempt) => {
                self.guesses += 1;
                let pending = attempt.into_pending();
                self.guessed = pending.number();
                self.pending = Some(pending);
            }
            Err(Denied::Locked | Denied::Wait { .. } | Denied::Record(_)) => {}
            Err(other) => unreachable!("{other}"),
        }
    }

    fn settle(&mut self, settlement: Settlement) {
        let Some(pending) = self.pending.take() else { return };
        let (crash, guessed) = (self.store.crash.get(), pending.number() == self.guessed);
        let settled = pending.settle(settlement, &self.store, &device(), UnixTime::from_secs(self.now));
        if settled.is_ok() || crash == Some(Crash::After) {
            match settlement {
                Settlement::Accepted => self.guesses = 0,
                Settlement::Unjudged if guessed => self.guesses -= 1,
                _ => {}
            }
        }
    }
}

/// The longest run of guesses over many random histories.
fn longest_run(histories: u64, forgets: bool) -> u32 {
    let blob = seal(&[0x3c; 32], "271846", 1);
    let mut longest = 0;
    for seed in 0..histories {
        let store = Crashing::new(forgets);
        blob.arm(&store, &device()).unwrap();
        store.sync();
        let mut trace =
            Trace { blob: &blob, store, rng: rng(seed), now: NOW.as_secs(), guesses: 0, guessed: 0, pending: None };
        for _ in 0..100 {
            trace.step();
            longest = longest.max(trace.guesses);
        }
    }
    longest
}

#[test]
fn never_more_than_ten_guesses() {
    assert_eq!(longest_run(4_000, false), u32::from(MAX_ATTEMPTS));
}

/// A store that has not written when it says so lets more guesses through: the observer sees it.
#[test]
fn a_store_that_writes_late_is_caught() {
    assert!(longest_run(300, true) > u32::from(MAX_ATTEMPTS));
}
