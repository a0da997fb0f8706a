//! How far somebody comes who has the device with all its keys, the password and the number, and lacks the PIN alone:
//! ten guesses, in approvals and rotations together, so one token in a thousand with uniform PINs of four digits.
//!
//! `PUSHOTP_PIN_TOKENS` says how many tokens.

use std::sync::Arc;

use pollster::block_on;
use pushotp::{
    Incoming, LoginRequest, LoginStart, Outcome, Relock, Rotation,
    pin::{Blob, Pin, SoftwareKey},
    store::{Cas, DynStore, Expect, Hint, Key, MemoryStore, Versioned},
    types::UnixTime,
    wire::terms::Status,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

use crate::{
    fixture::{NOW, PIN, World, cost, later},
    transcripts::{sealed_secret, secret_behind, stored_blob, stored_secret, unlock_key},
};

/// How a server counts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Counting {
    Right,
    /// Each challenge begins at nought.
    PerChallenge,
    /// A rotation's passcodes are not counted.
    ApprovalsOnly,
}

/// A world that starts anew for each token.
struct Bench {
    world: World,
    blob: Blob,
    key: SoftwareKey,
    /// The store as it was right after the enrolment, and where the bank's secret is in it.
    stored: Vec<(Key, Versioned)>,
    secret_at: Key,
}

impl Bench {
    fn new() -> Self {
        let world = World::new();
        let (blob, key) = (stored_blob(&world.first_state), unlock_key(&world));
        let stored = block_on(DynStore::scan(&*world.store, None, 100)).unwrap();
        let secret_at = stored_secret(&world, &secret_behind(PIN, &blob, &key)).0;
        Self { world, blob, key, stored, secret_at }
    }

    /// The world with this PIN: what the blob yields for it becomes the bank's secret at the server.
    fn restart(&mut self, pin: &str) {
        let store = Arc::new(MemoryStore::new());
        let secret = secret_behind(pin, &self.blob, &self.key);
        for (key, stored) in &self.stored {
            let sealed = (*key == self.secret_at).then(|| sealed_secret(key, &secret, &mut self.world.rng));
            let value = sealed.as_ref().unwrap_or(&stored.value);
            let put = DynStore::put_if(&*store, key, Expect::Absent, Some(value), Hint::NONE);
            assert!(matches!(block_on(put).unwrap(), Cas::Won(_)));
        }
        self.world.server = self.world.server_on(Arc::clone(&store) as _);
        self.world.store = store;
        self.world.forget_attempts();
    }

    fn record(&self) -> (Key, Versioned) {
        let page = block_on(DynStore::scan(&*self.world.store, None, 100)).unwrap();
        page.into_iter().find(|(key, _)| key.as_bytes().starts_with(b"account/")).unwrap()
    }

    /// What a server that does not count leaves: the account's record as it was.
    fn uncount(&self, before: &Versioned) {
        let (key, now) = self.record();
        let put =
            DynStore::put_if(&*self.world.store, &key, Expect::Version(now.version), Some(&before.value), Hint::NONE);
        assert!(matches!(block_on(put).unwrap(), Cas::Won(_)));
    }
}

/// One attack: guesses in the order in which they are drawn.
struct Attack<'a> {
    bench: &'a mut Bench,
    guesses: Vec<u32>,
    /// How many of them were judged.
    judged: usize,
    hit: bool,
    now: UnixTime,
}

impl Attack<'_> {
    fn next(&self) -> Pin {
        Pin::entered(&format!("{:04}", self.guesses[self.judged])).unwrap()
    }

    fn failures(&self) -> u8 {
        self.bench.world.token(self.bench.world.bank).failures
    }

    /// Three guesses at most, while a rotation is permitted.
    fn rotations(&mut self) {
        for _ in 0..4 {
            let (pin, before) = (self.next(), self.failures());
            let World { device, bank, rng, .. } = &mut self.bench.world;
            let Ok((message, rotating)) = device.rotate(*bank, Some(&pin), self.now, rng) else { return };
            let reply = self.bench.world.send(&message, self.now).unwrap();
            let relock = Relock { pin: None, presence: None, cost: cost() };
            let World { device, rng, .. } = &mut self.bench.world;
            let rotation = device.rotated(rotating, (&reply, &relock), self.now, rng);
            self.judged += usize::from(self.failures() > before);
            match rotation {
                Ok(Rotation::TryAgain { .. }) => {}
                Ok(_) => return,
                // A ticket came, for which there is no new PIN.
                Err(_) => {
                    self.hit = true;
                    return;
                }
            }
        }
    }

    /// Three guesses at most, at one challenge; `false` when there is none any more.
    fn approvals(&mut self) -> bool {
        self.now = UnixTime::from_secs(self.now.as_secs() + 700);
        // The count on the device is the thief's to forget.
        self.bench.world.forget_attempts();
        let World { server, user, rng, .. } = &mut self.bench.world;
        let started = block_on(server.start_login(user, &LoginRequest::new("Intranet"), self.now, rng)).unwrap();
        let LoginStart::Started(started) = started else { return false };
        let opened = self.bench.world.device.open(&started.pushes[0].envelope, self.now).unwrap();
        let Incoming::Login(mut prompt) = opened else { panic!() };
        let number = self.bench.world.number(&started);
        loop {
            let (pin, before) = (self.next(), self.failures());
            let World { device, bank, rng, .. } = &mut self.bench.world;
            let Ok(sent) = device.approve(prompt, (*bank, &number, Some(&pin)), self.now, rng) else { return false };
            let reply = self.bench.world.send(&sent.0, self.now).unwrap();
            let outcome = self.bench.world.device.finish(sent.1, &reply, self.now).unwrap().outcome;
            self.judged += usize::from(self.failures() > before);
            match outcome {
                Outcome::TryAgain { prompt: again, .. } => prompt = again,
                Outcome::Accepted { .. } => {
                    self.hit = true;
                    return false;
                }
                Outcome::Refused(Status::Refused) => return true,
                other => panic!("{other:?}"),
            }
        }
    }
}

/// A right PIN, an owner who has just logged in with it, and an attack; the guesses judged, and whether one was right.
fn attack(bench: &mut Bench, counting: Counting, rng: &mut ChaCha20Rng) -> (usize, bool) {
    let right = format!("{:04}", rng.next_u32() % 10_000);
    bench.restart(&right);
    let bank = bench.world.bank;
    assert!(matches!(bench.world.approve_with(bank, Some(&right), NOW), Outcome::Accepted { .. }));
    // Different PINs in a random order.
    let first = rng.next_u32() % 10_000;
    let guesses = (0..100).map(|at| (first + at * 4_231) % 10_000).collect();
    let before = bench.record().1;
    let mut attack = Attack { bench, guesses, judged: 0, hit: false, now: later(1) };
    attack.rotations();
    if counting == Counting::ApprovalsOnly && !attack.hit {
        attack.bench.uncount(&before);
    }
    for _ in 0..8 {
        if attack.hit || !attack.approvals() {
            break;
        }
        if counting == Counting::PerChallenge {
            attack.bench.uncount(&before);
        }
    }
    (attack.judged, attack.hit)
}

/// The most guesses that were judged at one token, and at how many tokens one was right.
fn attacks(tokens: u32, counting: Counting) -> (usize, u32) {
    let (mut bench, mut rng) = (Bench::new(), ChaCha20Rng::seed_from_u64(6));
    let (mut most, mut hits) = (0, 0);
    for _ in 0..tokens {
        let (judged, hit) = attack(&mut bench, counting, &mut rng);
        most = most.max(judged);
        hits += u32::from(hit);
    }
    println!("{counting:?}: at {tokens} tokens {most} wrong guesses judged at most, {hits} tokens opened");
    (most, hits)
}

#[test]
fn ten_guesses_at_a_token() {
    let tokens = std::env::var("PUSHOTP_PIN_TOKENS").map_or(60, |tokens| tokens.parse().unwrap());
    let (most, hits) = attacks(tokens, Counting::Right);
    assert_eq!(most, 10);
    let (tokens, rate) = (f64::from(tokens), f64::from(hits) / f64::from(tokens));
    assert!(rate <= 0.001 + 3.0 * (0.001 * 0.999 / tokens).sqrt(), "{rate}");
}

#[test]
fn a_server_that_counts_badly_is_caught() {
    assert_eq!(attacks(10, Counting::PerChallenge).0, 3 + 8 * 3);
    assert_eq!(attacks(10, Counting::ApprovalsOnly).0, 3 + 10);
}
