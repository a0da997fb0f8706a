//! Random histories with crashes at every store call, rotations among them: the count never falls behind the guesses.
//!
//! `PUSHOTP_PIN_TRACES` says how many.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/fixture.rs"]
mod fixture;

use std::cell::{Cell, RefCell};

use fixture::{DEVICE_ID, DEVICE_KEY, NOW, TOKEN, cheap, pin, rng, seal, uniform};
use pushotp_pin::{
    Arena, AttemptStore, Blob, Denied, Generation, Header, Locks, MAX_ATTEMPTS, MemoryAttempts, Pending,
    PendingRotation, RotationTicket, Sealing, Settlement, SoftwareKey, StoreError, Stored,
};
use pushotp_types::{Secret, TokenId, UnixTime};
use rand_chacha::{ChaCha20Rng, rand_core::Rng};

/// A store that crashes before or after a commit, when told to.
struct Crashing {
    inner: MemoryAttempts,
    crash: Cell<Option<Crash>>,
    habit: Habit,
    synced: RefCell<Option<Vec<u8>>>,
}

/// What must not be, and has to be seen.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    Right,
    /// A store that forgets what was committed when the program ends.
    WritesLate,
    /// A device that counts from nought again under a new secret.
    ArmsAnew,
}

#[derive(Clone, Copy, PartialEq)]
enum Crash {
    Before,
    After,
}

impl Crashing {
    fn new(habit: Habit) -> Self {
        Self { inner: MemoryAttempts::new(), crash: Cell::new(None), habit, synced: RefCell::new(None) }
    }

    /// The program ends and starts again.
    fn restart(&self) {
        let now = self.inner.load(TOKEN).unwrap();
        if let (Habit::WritesLate, Some(old)) = (self.habit, &*self.synced.borrow()) {
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

/// Each generation has a secret and a device key.
fn secret_of(generation: Generation) -> [u8; 32] {
    let mut secret = [0x3c; 32];
    secret[..4].copy_from_slice(&generation.get().to_be_bytes());
    secret
}

fn device_in(generation: Generation) -> SoftwareKey {
    let (mut id, mut key) = (DEVICE_ID, DEVICE_KEY);
    if generation != Generation::FIRST {
        id[..4].copy_from_slice(&generation.get().to_be_bytes());
        key[..4].copy_from_slice(&generation.get().to_be_bytes());
    }
    SoftwareKey::from_bytes(id, &key)
}

fn device_of(blob: &Blob) -> SoftwareKey {
    device_in(blob.generation())
}

fn next_of(blob: &Blob) -> PendingRotation {
    let generation = blob.generation().next().unwrap();
    let old = Secret::new(&secret_of(blob.generation())).unwrap();
    let ticket = RotationTicket::new(TOKEN, generation, &old, uniform(&secret_of(generation))).unwrap();
    let sealing = Sealing {
        header: Header { token: TOKEN, generation },
        cost: cheap(),
        device: &device_in(generation),
        arena: &mut Arena::new(),
        rng: &mut rng(generation.get().into()),
    };
    blob.rotate(ticket, &Locks::pin(&pin("271846")), sealing).unwrap()
}

/// What an observer counts: guesses that a person could make and that no success or verdict took back.
struct Trace {
    file: Stored,
    store: Crashing,
    rng: ChaCha20Rng,
    now: u64,
    guesses: u32,
    /// The number of the latest attempt in which a guess could be made.
    guessed: u64,
    pending: Option<Pending>,
    rotations: u32,
}

impl Trace {
    fn new(blob: &Blob, habit: Habit, seed: u64) -> Self {
        let store = Crashing::new(habit);
        blob.arm(&store, &device_of(blob)).unwrap();
        store.sync();
        let (file, rng, now) = (Stored::Sealed(blob.clone()), rng(seed), NOW.as_secs());
        Self { file, store, rng, now, guesses: 0, guessed: 0, pending: None, rotations: 0 }
    }

    fn blob(&self) -> &Blob {
        match &self.file {
            Stored::Sealed(blob) => blob,
            Stored::Rotating(pending) => pending.next(),
        }
    }

    fn step(&mut self) {
        match self.rng.next_u32() % 18 {
            0..=5 => self.begin(),
            6..=8 => self.settle(Settlement::WrongPasscode),
            9 => self.settle(Settlement::Unjudged),
            10 if self.rng.next_u32() % 4 == 0 => self.settle(Settlement::Accepted),
            11 => self.restart(),
            12 => self.now = self.now.saturating_sub(u64::from(self.rng.next_u32() % 10_000)),
            13 => self.store.crash.set(Some(Crash::Before)),
            14 => self.store.crash.set(Some(Crash::After)),
            15 => self.rotate(),
            16 if self.rng.next_u32() % 2 == 0 => self.give_up(),
            _ => self.now += u64::from(self.rng.next_u32() % 10_000),
        }
    }

    /// The program ends; what it finds of a rotation when it starts again, it arms.
    fn restart(&mut self) {
        self.pending = None;
        self.store.restart();
        // Another crash may lie in wait.
        assert!(self.arm() || self.arm() || self.store.habit == Habit::WritesLate, "the record is lost");
        let (generation, device) = (self.blob().generation(), device_of(self.blob()));
        self.pending = Pending::resume(TOKEN, generation, &self.store, &device).ok();
    }

    fn arm(&self) -> bool {
        let Stored::Rotating(pending) = &self.file else { return true };
        pending.arm(&self.store, &device_of(pending.old()), &device_of(pending.next())).is_ok()
    }

    /// A rotation begins, or ends.
    fn rotate(&mut self) {
        self.file = match &self.file {
            Stored::Sealed(blob) => Stored::Rotating(next_of(blob)),
            Stored::Rotating(pending) => Stored::Sealed(pending.next().clone()),
        };
        self.rotations += 1;
        if self.store.habit == Habit::ArmsAnew {
            self.store.inner = MemoryAttempts::new();
            return self.blob().arm(&self.store.inner, &device_of(self.blob())).unwrap();
        }
        if !self.arm() {
            self.restart();
        }
    }

    fn give_up(&mut self) {
        let Stored::Rotating(pending) = &self.file else { return };
        if pending.is_used() {
            return;
        }
        match pending.give_up(&self.store, &device_of(pending.old()), &device_of(pending.next())) {
            Ok(old) => self.file = Stored::Sealed(old),
            Err(_) => self.restart(),
        }
    }

    fn begin(&mut self) {
        // Before a passcode leaves, the mark of use is stored.
        if let Stored::Rotating(pending) = &self.file {
            self.file =
                Stored::decode(PendingRotation::decode(pending.as_bytes()).unwrap().first_use().as_bytes()).unwrap();
        }
        let attempt = self.blob().begin(&self.store, &device_of(self.blob()), UnixTime::from_secs(self.now));
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
        let (device, now) = (device_of(self.blob()), UnixTime::from_secs(self.now));
        let settled = pending.settle(settlement, &self.store, &device, now);
        // Without the store being asked it is not settled, crash or not: the attempt is of another generation.
        if settled.is_ok() || crash == Some(Crash::After) && self.store.crash.get().is_none() {
            match settlement {
                Settlement::Accepted => self.guesses = 0,
                Settlement::Unjudged if guessed => self.guesses -= 1,
                _ => {}
            }
        }
    }
}

/// Of one history.
const STEPS: u32 = 60;

/// The longest run of guesses over many random histories, and how many steps of rotations these have.
fn longest_run(histories: u64, habit: Habit) -> (u32, u32) {
    let blob = seal(&secret_of(Generation::FIRST), "271846", 1);
    let (mut longest, mut rotations) = (0, 0);
    for seed in 0..histories {
        let mut trace = Trace::new(&blob, habit, seed);
        for _ in 0..STEPS {
            trace.step();
            longest = longest.max(trace.guesses);
        }
        rotations += trace.rotations;
    }
    (longest, rotations)
}

#[test]
fn never_more_than_ten_guesses() {
    let histories = std::env::var("PUSHOTP_PIN_TRACES").map_or(10_000, |traces| traces.parse().unwrap());
    let (longest, rotations) = longest_run(histories, Habit::Right);
    println!("{histories} histories with {rotations} steps of rotations: {longest} guesses at most");
    assert_eq!(longest, u32::from(MAX_ATTEMPTS));
    assert!(u64::from(rotations) > histories);
}

/// A store that has not written when it says so lets more guesses through: the observer sees it.
#[test]
fn a_store_that_writes_late_is_caught() {
    assert!(longest_run(600, Habit::WritesLate).0 > u32::from(MAX_ATTEMPTS));
}

/// So is a rotation that takes the count back.
#[test]
fn a_rotation_that_counts_anew_is_caught() {
    assert!(longest_run(600, Habit::ArmsAnew).0 > u32::from(MAX_ATTEMPTS));
}
