//! Many servers on one store, all of which have read the same record before one of them writes.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use pollster::block_on;
use pushotp::{
    Authenticator, Incoming, LoginServer, LoginState, Outcome, PasscodeVerdict, ServerError,
    pin::Pin,
    store::{Cas, Expect, Hint, Key, MemoryStore, Store, StoreError, Versioned},
    wire::{
        device::Incoming as FromServer,
        terms::{Reason, Status},
    },
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::fixture::{NOW, PIN, World};

pub(crate) const RACERS: usize = 8;

/// A store at which each of the racers' first reads of the account waits for that of all others.
struct StartLine {
    memory: Arc<MemoryStore>,
    reads: AtomicUsize,
    /// How often one racer reads the account before it writes.
    reads_each: usize,
    /// The negative control: writes whatever the version.
    is_blind: bool,
}

impl StartLine {
    /// Gives up in the end, so that a racer who does not come cannot hang the test.
    fn wait_for_all(&self, number: usize) {
        let together = (number / RACERS + 1) * RACERS;
        for _ in 0..1_000 {
            if self.reads.load(Ordering::SeqCst) >= together {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Store for StartLine {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        let found = Store::get(&*self.memory, key).await;
        if key.as_bytes().starts_with(b"account/") {
            let number = self.reads.fetch_add(1, Ordering::SeqCst);
            if number < RACERS * self.reads_each {
                self.wait_for_all(number);
            }
        }
        found
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        loop {
            let now = Store::get(&*self.memory, key).await?;
            let stored = now.map_or(Expect::Absent, |found| Expect::Version(found.version));
            let expect = if self.is_blind { stored } else { expect };
            let cas = Store::put_if(&*self.memory, key, expect, value, hint).await?;
            if cas != Cas::Lost || !self.is_blind {
                return Ok(cas);
            }
        }
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        Store::scan(&*self.memory, after, limit).await
    }
}

/// What each of eight servers says when all do the same at once.
pub(crate) fn race<T: Send>(
    world: &World,
    (reads_each, is_blind): (usize, bool),
    run: impl Fn(&LoginServer, usize, &mut ChaCha20Rng) -> T + Sync,
) -> Vec<T> {
    let (memory, reads) = (Arc::clone(&world.store), AtomicUsize::new(0));
    let store = Arc::new(StartLine { memory, reads, reads_each, is_blind });
    let servers: Vec<LoginServer> = (0..RACERS).map(|_| world.server_on(store.clone())).collect();
    thread::scope(|scope| {
        let run = &run;
        let racers = servers.iter().enumerate().map(|(number, server)| {
            scope.spawn(move || run(server, number, &mut ChaCha20Rng::seed_from_u64(100 + number as u64)))
        });
        let racers: Vec<_> = racers.collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    })
}

/// How many of eight pages get the grant of one login.
fn grants(is_blind: bool) -> usize {
    let mut world = World::new();
    let (message, _, started) = world.approval(NOW);
    assert!(world.send(&message, NOW).is_some());
    let told = race(&world, (1, is_blind), |server, _, rng| block_on(server.redeem(&started.ticket, NOW, rng)));
    for told in &told {
        assert!(matches!(told, Ok(_) | Err(ServerError::Busy)), "{told:?}");
    }
    told.into_iter().filter(|told| matches!(told, Ok(Some(_)))).count()
}

// protocol.md: SRV-2, SRV-4
#[test]
fn eight_pages_and_one_grant() {
    assert_eq!(grants(false), 1);
    // The negative control: on a store that breaks its promise everybody is let in, and this test sees it.
    assert_eq!(grants(true), RACERS);
}

#[test]
fn one_approval_sent_eight_times_is_one() {
    let mut world = World::new();
    let (message, _, started) = world.approval(NOW);
    let told = race(&world, (1, false), |server, _, rng| block_on(server.receive(&message, NOW, rng)));
    let mut accepted = 0;
    for told in told {
        match told {
            Ok(received) => {
                assert_eq!(received.error(), None);
                accepted += 1;
            }
            Err(error) => assert!(matches!(error, ServerError::Busy), "{error:?}"),
        }
    }
    assert!(accepted >= 1);
    assert!(world.redeem(&started, NOW) && !world.redeem(&started, NOW));
}

/// The tickets that eight servers grant one request, and what the store holds more than before.
fn tickets(is_blind: bool) -> (usize, usize) {
    let mut world = World::new();
    world.log_in(world.bank, NOW);
    let stored = world.stored();
    let pin = Pin::entered(PIN).unwrap();
    let (message, _) = world.device.rotate(world.bank, Some(&pin), NOW, &mut world.rng).unwrap();
    // Who sends it, and whether to draft a ticket: all eight have one before any of them writes.
    let told = race(&world, (2, is_blind), |server, _, rng| block_on(server.receive(&message, NOW, rng)));
    let replies: HashSet<Vec<u8>> = told.into_iter().filter_map(|told| told.ok()?.into_reply().ok()).collect();
    let tickets = replies.iter().filter(|reply| matches!(world.channel().open(reply, NOW), Ok(FromServer::Ticket(_))));
    (tickets.count(), world.stored() - stored)
}

// protocol.md: ROT-10
#[test]
fn one_rotation_asked_of_eight_servers_is_one() {
    assert_eq!(tickets(false), (1, 2), "one ticket, one pending secret");
    // The negative control: with blind writes the device gets a ticket whose secret another one has replaced.
    assert!(tickets(true).0 > 1);
}

#[test]
fn one_passcode_typed_into_eight_pages_opens_one() {
    let mut world = World::new();
    let (code, _) = world.device.passcode(world.mail, None, NOW).unwrap();
    let user = &world.user;
    let told =
        race(&world, (1, false), |server, _, rng| block_on(server.verify_passcode(user, code.expose(), NOW, rng)));
    let accepted = told.iter().filter(|told| matches!(told, Ok(PasscodeVerdict::Accepted { .. }))).count();
    assert_eq!(accepted, 1, "{told:?}");
    for told in told {
        let expected =
            matches!(told, Ok(PasscodeVerdict::Accepted { .. } | PasscodeVerdict::Replayed) | Err(ServerError::Busy));
        assert!(expected, "{told:?}");
    }
}

/// Parallel guesses: as many refusals as are told are counted, and no more than three are told for one login.
// protocol.md: SRV-6
#[test]
fn eight_guesses_at_once_are_told_three_refusals() {
    let mut world = World::new();
    let (_, started) = world.prompt(NOW);
    let (number, bank) = (world.number(&started), world.bank);
    let wrong = Pin::entered("271847").unwrap();
    let mut guesses = Vec::new();
    for _ in 0..RACERS {
        // A thief's device counts nothing.
        world.forget_attempts();
        let Incoming::Login(prompt) = world.device.open(&started.pushes[0].envelope, NOW).unwrap() else { panic!() };
        guesses.push(world.device.approve(prompt, (bank, &number, Some(&wrong)), NOW, &mut world.rng).unwrap().0);
    }
    let told = race(&world, (1, false), |server, guess, rng| block_on(server.receive(&guesses[guess], NOW, rng)));
    let code = pushotp::wire::Error::Code;
    let refused = told.iter().filter(|told| told.as_ref().is_ok_and(|told| told.error() == Some(&code))).count();
    assert!((1..=3).contains(&refused), "{told:?}");
    assert_eq!(usize::from(world.token(bank).failures), refused);
}

/// Approve against deny: one of them decides, and the other is told so.
// protocol.md: SRV-2
#[test]
fn an_approval_against_a_denial() {
    let mut world = World::new();
    let (approval, approving, started) = world.approval(NOW);
    let again = |device: &mut Authenticator| match device.open(&started.pushes[0].envelope, NOW).unwrap() {
        Incoming::Again(prompt) => prompt,
        other => panic!("{other:?}"),
    };
    let prompt = again(&mut world.device);
    let (denial, denied) = world.device.deny(prompt, Reason::Unspecified, NOW, &mut world.rng).unwrap();
    let told = race(&world, (1, false), |server, number, rng| {
        let message = if number % 2 == 0 { &approval } else { &denial };
        // Who is told "busy" asks again, as a device does.
        loop {
            match block_on(server.receive(message, NOW, rng)) {
                Ok(received) => return received.into_reply().unwrap(),
                Err(error) => assert!(matches!(error, ServerError::Busy), "{error:?}"),
            }
        }
    });
    let is_approved = match world.device.finish(approving, &told[0], NOW).unwrap().outcome {
        Outcome::Accepted { .. } => true,
        Outcome::Refused(status) => {
            assert_eq!(status, Status::AlreadyAnswered);
            false
        }
        other => panic!("{other:?}"),
    };
    let expected = if is_approved { Status::AlreadyAnswered } else { Status::Accepted };
    assert_eq!(world.device.denied(&denied, &told[1], NOW), Ok(expected));
    let state = if is_approved { LoginState::Approved } else { LoginState::Denied };
    assert_eq!(world.state(&started, NOW), state);
    assert_eq!(world.redeem(&started, NOW), is_approved);
}

/// A server's futures run on any executor, and its parts may be shared.
#[test]
fn servers_and_devices_may_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    fn is_shared<T: Send + Sync>(_: &T) {}
    let mut world = World::new();
    let (server, user, rng) = (&world.server, &world.user, &mut world.rng);
    is_shared(server);
    is_send(&world.device);
    let ticket = pushotp::Ticket::from_bytes([]);
    is_send(&server.add_account(user));
    is_send(&server.offer_enrolment(user, NOW, rng));
    is_send(&server.confirm_enrolment((user, world.offer.enrolment), true, NOW, rng));
    is_send(&server.withdraw_enrolment((user, world.offer.enrolment), NOW, rng));
    is_send(&server.start_login(user, &pushotp::LoginRequest::new("Intranet"), NOW, rng));
    is_send(&server.receive(b"", NOW, rng));
    is_send(&server.redeem(&ticket, NOW, rng));
    is_send(&server.cancel_login(&ticket, NOW, rng));
    is_send(&server.verify_passcode(user, "", NOW, rng));
}
