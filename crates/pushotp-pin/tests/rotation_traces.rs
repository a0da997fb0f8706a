//! Rotations that stop at every step, and go on from what was stored: the device always holds a secret that the server
//! takes, its count of attempts never falls, and it ends with the new secret alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/world.rs"]
#[allow(dead_code, reason = "the examples use the rest")]
mod world;

use std::{cell::Cell, collections::BTreeMap};

use pushotp_pin::{
    Arena, AttemptStore, Blob, DeviceKey, Generation, Header, Locks, MemoryAttempts, PendingRotation, RotationTicket,
    Sealing, Settlement, SoftwareKey, StoreError, Stored, UniformSecret,
};
use pushotp_types::{Secret, TokenId, UnixTime};
use rand_chacha::{ChaCha20Rng, rand_core::Rng};
use world::{HEADER, NOW, TOKEN, cost, device, pin, rng, seal, secret};

/// How a device goes about it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Habit {
    /// As it is written down.
    Right,
    /// Lets the passcode leave before the mark of use is stored.
    SendsBeforeTheMark,
    /// Goes back although a passcode may have left.
    GivesUpAnyway,
    /// Erases the old key as soon as the new blob is there.
    ErasesEarly,
    /// Changes the record of attempts before the file.
    ArmsFirst,
}

/// The power went out.
#[derive(Debug)]
struct Stopped;

/// Stops before or after one of the next durable steps.
struct Power {
    steps: Cell<u32>,
    after: Cell<bool>,
}

impl Power {
    fn step<T>(&self, act: impl FnOnce() -> T) -> Result<T, Stopped> {
        let left = self.steps.get();
        self.steps.set(left.saturating_sub(1));
        match (left, self.after.get()) {
            (1, false) => Err(Stopped),
            (1, true) => {
                act();
                Err(Stopped)
            }
            _ => Ok(act()),
        }
    }
}

/// What outlives a stop.
struct Disk {
    file: Vec<u8>,
    records: MemoryAttempts,
    keys: BTreeMap<[u8; 16], [u8; 32]>,
}

/// The store, on a device whose power may go out.
struct Records<'a>(&'a MemoryAttempts, &'a Power);

impl AttemptStore for Records<'_> {
    fn load(&self, token: TokenId) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.load(token)
    }
    fn commit(&self, token: TokenId, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError> {
        self.1.step(|| self.0.commit(token, old, new)).map_err(|_| StoreError::Failed)?
    }
}

/// The server's side: it never stops.
struct Server {
    generation: u32,
    current: Vec<u8>,
    pending: Option<Vec<u8>>,
}

impl Server {
    /// A passcode of this secret.
    fn judge(&mut self, secret: &[u8]) -> bool {
        if self.pending.as_deref() == Some(secret) {
            self.current = self.pending.take().unwrap();
            self.generation += 1;
        }
        self.current == secret
    }

    fn takes(&self, secret: &[u8]) -> bool {
        self.current == secret || self.pending.as_deref() == Some(secret)
    }
}

struct Device {
    disk: Disk,
    server: Server,
    power: Power,
    habit: Habit,
    rng: ChaCha20Rng,
    now: u64,
    /// Failures that nothing took back.
    failed: u8,
}

const PINS: [&str; 2] = ["271846", "905317"];

/// The generations take turns with the PINs.
fn pin_of(blob: &Blob) -> &'static str {
    PINS[(blob.generation().get() as usize + 1) % 2]
}

impl Device {
    fn new(habit: Habit, seed: u64) -> Self {
        let (blob, records) = (seal(&Locks::pin(&pin(PINS[0]))), MemoryAttempts::new());
        blob.arm(&records, &device()).unwrap();
        let keys = BTreeMap::from([(device().id(), *device().expose())]);
        let server = Server { generation: 1, current: secret().secret().expose().to_vec(), pending: None };
        let power = Power { steps: Cell::new(0), after: Cell::new(false) };
        let disk = Disk { file: blob.as_bytes().to_vec(), records, keys };
        Self { disk, server, power, habit, rng: rng(seed), now: NOW.as_secs(), failed: 0 }
    }

    fn key(&self, id: [u8; 16]) -> Option<SoftwareKey> {
        Some(SoftwareKey::from_bytes(id, self.disk.keys.get(&id)?))
    }

    fn store(&mut self, bytes: &[u8]) -> Result<(), Stopped> {
        let file = &mut self.disk.file;
        self.power.step(|| *file = bytes.to_vec())
    }

    fn erase(&mut self, id: [u8; 16]) -> Result<(), Stopped> {
        let keys = &mut self.disk.keys;
        self.power.step(|| {
            keys.remove(&id);
        })
    }

    fn opened(&mut self, blob: &Blob, text: &str, store: bool) -> Option<(Secret, pushotp_pin::Pending)> {
        self.now += 4_000;
        let key = self.key(blob.device_id())?;
        let no_power = Power { steps: Cell::new(0), after: Cell::new(false) };
        let power = if store { &self.power } else { &no_power };
        let records = Records(&self.disk.records, power);
        let attempt = blob.begin(&records, &key, UnixTime::from_secs(self.now)).ok()?;
        let candidate = attempt.open(&pin(text), &key, &mut Arena::new()).ok()?;
        let secret = Secret::new(candidate.secret().expose()).unwrap();
        Some((secret, candidate.into_pending()))
    }

    /// An approval with the right PIN; an error is a stop.
    fn approve(&mut self, blob: &Blob) -> Result<Secret, Stopped> {
        let (secret, pending) = self.opened(blob, pin_of(blob), true).ok_or(Stopped)?;
        assert!(self.server.judge(secret.expose()));
        let key = self.key(blob.device_id()).unwrap();
        let records = Records(&self.disk.records, &self.power);
        let settled = pending.settle(Settlement::Accepted, &records, &key, UnixTime::from_secs(self.now));
        // Whether it is durable is not known after a stop: what must not fall is only what was not taken back.
        self.failed = 0;
        settled.map(|_| secret).map_err(|_| Stopped)
    }

    /// From one generation to the next, from whatever is stored.
    fn rotate(&mut self) -> Result<(), Stopped> {
        match Stored::decode(&self.disk.file).unwrap() {
            Stored::Sealed(blob) => {
                for id in self.disk.keys.keys().copied().filter(|id| *id != blob.device_id()).collect::<Vec<_>>() {
                    self.erase(id)?;
                }
                if blob.generation().get() < 3 { self.ask(&blob) } else { Ok(()) }
            }
            Stored::Rotating(pending) => {
                let (old, new) = (self.key(pending.old().device_id()), self.key(pending.next().device_id()));
                let (Some(old), Some(new)) = (old, new) else { return Err(Stopped) };
                pending.arm(&Records(&self.disk.records, &self.power), &old, &new).map_err(|_| Stopped)?;
                let gives_up = self.rng.next_u32() % 3 == 0;
                if gives_up && (!pending.is_used() || self.habit == Habit::GivesUpAnyway) {
                    let mut unmarked = pending.as_bytes().to_vec();
                    unmarked[7] = 0;
                    let records = Records(&self.disk.records, &self.power);
                    let unmarked = PendingRotation::decode(&unmarked).unwrap();
                    let old = unmarked.give_up(&records, &old, &new).map_err(|_| Stopped)?;
                    return self.store(old.as_bytes());
                }
                self.confirm(pending)
            }
        }
    }

    /// Asks for a ticket, and stores what it leads to.
    fn ask(&mut self, blob: &Blob) -> Result<(), Stopped> {
        let old = self.approve(blob)?;
        let new = UniformSecret::generate(&mut self.rng, 32).unwrap();
        self.server.pending = Some(new.secret().expose().to_vec());
        let key = SoftwareKey::generate(&mut self.rng);
        let keys = &mut self.disk.keys;
        self.power.step(|| keys.insert(key.id(), *key.expose()))?;
        let header = Header { generation: Generation::new(blob.generation().get() + 1).unwrap(), ..HEADER };
        let ticket = RotationTicket::new(TOKEN, header.generation, &old, new).unwrap();
        let (mut arena, text) = (Arena::new(), pin(PINS[(blob.generation().get() as usize) % 2]));
        let sealing = Sealing { header, cost: cost(), device: &key, arena: &mut arena, rng: &mut self.rng };
        let pending = blob.rotate(ticket, &Locks::pin(&text), sealing).unwrap();
        let old_key = self.key(blob.device_id()).unwrap();
        if self.habit == Habit::ArmsFirst {
            pending.arm(&Records(&self.disk.records, &self.power), &old_key, &key).map_err(|_| Stopped)?;
        }
        self.store(pending.as_bytes())?;
        if self.habit == Habit::ErasesEarly {
            self.erase(blob.device_id())?;
        }
        pending.arm(&Records(&self.disk.records, &self.power), &old_key, &key).map_err(|_| Stopped)?;
        self.confirm(pending)
    }

    fn confirm(&mut self, pending: PendingRotation) -> Result<(), Stopped> {
        if self.habit == Habit::SendsBeforeTheMark {
            self.approve(pending.next())?;
        }
        let pending = pending.first_use();
        self.store(pending.as_bytes())?;
        self.approve(pending.next())?;
        let old = pending.old().device_id();
        let blob = pending.promote();
        self.store(blob.as_bytes())?;
        self.erase(old)
    }

    /// After a restart: what is stored opens to what the server takes, and the count has not fallen.
    fn holds(&mut self) -> Result<(), String> {
        let (blob, pending) = match Stored::decode(&self.disk.file).unwrap() {
            Stored::Sealed(blob) => (blob, None),
            Stored::Rotating(pending) => (pending.next().clone(), Some(pending)),
        };
        let key = self.key(blob.device_id()).ok_or("no device key")?;
        if let Some(pending) = pending {
            let old = self.key(pending.old().device_id()).ok_or("no old device key")?;
            pending.arm(&self.disk.records, &old, &key).map_err(|error| error.to_string())?;
        }
        let left = blob.attempts(&self.disk.records, &key).map_err(|error| error.to_string())?.left();
        if left > 10 - self.failed {
            return Err(format!("{left} attempts left after {} failures", self.failed));
        }
        let (secret, attempt) = self.opened(&blob, pin_of(&blob), false).ok_or("does not open")?;
        attempt.settle(Settlement::Unjudged, &self.disk.records, &key, UnixTime::from_secs(self.now)).unwrap();
        if self.server.takes(secret.expose()) { Ok(()) } else { Err("the server takes another secret".into()) }
    }

    /// Somebody mistypes the PIN.
    fn mistype(&mut self) {
        let blob = match Stored::decode(&self.disk.file).unwrap() {
            Stored::Sealed(blob) => blob,
            Stored::Rotating(pending) => pending.next().clone(),
        };
        if self.failed < 3 && self.opened(&blob, "000000", false).is_some() {
            self.failed += 1;
        }
    }

    /// Runs until the third generation is all there is, with these stops; the number of durable steps.
    fn run(&mut self, mut stop: impl FnMut(&mut Self) -> (u32, bool)) -> Result<(), String> {
        for _ in 0..200 {
            let (steps, after) = stop(self);
            self.power.steps.set(steps);
            self.power.after.set(after);
            let done = self.rotate();
            self.power.steps.set(0);
            self.holds()?;
            if done.is_ok() && self.server.generation == 3 && self.disk.keys.len() == 1 {
                let Stored::Sealed(blob) = Stored::decode(&self.disk.file).unwrap() else { continue };
                assert_eq!((blob.generation().get(), &self.server.pending), (3, &None));
                return Ok(());
            }
        }
        Err("never done".into())
    }
}

/// Every pair of a first stop and a second one after it.
#[test]
fn stops_at_every_step() {
    for first in 0..30 {
        for second in [0, 1, 2, 3, 5, 8] {
            for after in [false, true] {
                let mut stops = vec![(first, after), (second, after)].into_iter();
                let seed = u64::from(first * 100 + second);
                let done = Device::new(Habit::Right, seed).run(|_| stops.next().unwrap_or((0, false)));
                assert_eq!(done, Ok(()), "{first} {second} {after}");
            }
        }
    }
}

/// Random stops, mistyped PINs in between.
fn random(habit: Habit, seed: u64) -> Result<(), String> {
    let mut device = Device::new(habit, seed);
    let mut stops = rng(seed + 1_000_000);
    device.run(|device| {
        if stops.next_u32() % 4 == 0 {
            device.mistype();
        }
        (stops.next_u32() % 12, stops.next_u32() % 2 == 0)
    })
}

#[test]
fn random_traces() {
    let traces = std::env::var("PUSHOTP_PIN_TRACES").map_or(1_000, |traces| traces.parse().unwrap());
    for seed in 0..traces {
        assert_eq!(random(Habit::Right, seed), Ok(()), "{seed}");
    }
}

/// Each of the wrong habits loses a token in some history, so the checks see it.
#[test]
fn wrong_habits_are_caught() {
    for (habit, how) in [
        (Habit::SendsBeforeTheMark, "the server takes another secret"),
        (Habit::GivesUpAnyway, "the server takes another secret"),
        (Habit::ErasesEarly, "no old device key"),
        (Habit::ArmsFirst, "the attempt record"),
    ] {
        let caught: Vec<String> = (0..100).filter_map(|seed| random(habit, seed).err()).collect();
        assert!(caught.iter().any(|error| error.contains(how)), "{habit:?}: {caught:?}");
    }
}

/// The count that falls is seen as well: a record that is armed anew where it should be carried.
#[test]
fn a_count_that_starts_again_is_caught() {
    let mut device = Device::new(Habit::Right, 1);
    device.mistype();
    assert_eq!(device.holds(), Ok(()));
    let fresh = MemoryAttempts::new();
    seal(&Locks::pin(&pin(PINS[0]))).arm(&fresh, &world::device()).unwrap();
    device.disk.records = fresh;
    assert_eq!(device.holds(), Err("10 attempts left after 1 failures".into()));
}
