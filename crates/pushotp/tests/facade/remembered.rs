//! A server decides first about the record as it was when it saw it last: what another server wrote since always counts.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use pollster::block_on;
use pushotp::{
    LoginServer, LoginState, NewToken, PasscodeVerdict, ServerError,
    store::{Cas, Expect, Hint, Key, MemoryStore, Store, StoreError, Versioned},
    types::UnixTime,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::{
    faults::{Fault, faulty},
    fixture::{NOW, World, later},
};

/// A store that counts what is asked of it about accounts.
#[derive(Default)]
struct Watched {
    memory: Arc<MemoryStore>,
    reads: AtomicUsize,
    lost: AtomicUsize,
    /// The negative control: writes whatever the version.
    is_blind: bool,
}

impl Watched {
    fn reads(&self) -> usize {
        self.reads.swap(0, Ordering::SeqCst)
    }

    fn lost(&self) -> usize {
        self.lost.swap(0, Ordering::SeqCst)
    }
}

impl Store for Watched {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        if key.as_bytes().starts_with(b"account/") {
            self.reads.fetch_add(1, Ordering::SeqCst);
        }
        Store::get(&*self.memory, key).await
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        let found = Store::get(&*self.memory, key).await?;
        let stored = found.map_or(Expect::Absent, |found| Expect::Version(found.version));
        let expect = if self.is_blind { stored } else { expect };
        let cas = Store::put_if(&*self.memory, key, expect, value, hint).await?;
        if cas == Cas::Lost {
            self.lost.fetch_add(1, Ordering::SeqCst);
        }
        Ok(cas)
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        Store::scan(&*self.memory, after, limit).await
    }
}

/// A second server, on the same entries, whose questions are counted.
fn second(world: &World, is_blind: bool) -> (LoginServer, Arc<Watched>) {
    let store = Arc::new(Watched { memory: Arc::clone(&world.store), is_blind, ..Watched::default() });
    (world.server_on(store.clone()), store)
}

fn typed(world: &mut World, at: UnixTime) -> PasscodeVerdict {
    let (code, _) = world.device.passcode(world.mail, None, at).unwrap();
    block_on(world.server.verify_passcode(&world.user, code.expose(), at, &mut world.rng)).unwrap()
}

/// The server remembers the account as it is now: it has just written it.
fn remember(world: &mut World, server: &LoginServer) {
    block_on(server.set_push((&world.user, world.bank), true, NOW, &mut world.rng)).unwrap();
}

/// What two servers say of one passcode, the second of which remembers the account from before.
fn twice(is_blind: bool) -> [PasscodeVerdict; 2] {
    let mut world = World::new();
    let (server, store) = second(&world, is_blind);
    remember(&mut world, &server);
    let (code, _) = world.device.passcode(world.mail, None, later(60)).unwrap();
    let verdict = |server: &LoginServer| {
        block_on(server.verify_passcode(&world.user, code.expose(), later(60), &mut ChaCha20Rng::seed_from_u64(7)))
            .unwrap()
    };
    let first = verdict(&world.server);
    store.reads();
    let second = verdict(&server);
    assert_eq!((store.reads(), store.lost()), if is_blind { (0, 0) } else { (1, 1) }, "decided before it was read");
    [first, second]
}

// protocol.md: SRV-2
#[test]
fn a_passcode_that_another_server_accepted_is_replayed() {
    let accepted = |verdict: PasscodeVerdict| matches!(verdict, PasscodeVerdict::Accepted { .. });
    let [first, second] = twice(false);
    assert!(accepted(first));
    assert_eq!(second, PasscodeVerdict::Replayed);
    // The negative control: the first decision is about what was remembered, and the store alone stops it.
    assert_eq!(twice(true).map(accepted), [true, true]);
}

/// To write nothing is a decision as well, and no write shows that it was about the past.
#[test]
fn a_login_that_another_server_saw_approved_is_granted() {
    let mut world = World::new();
    let (server, _) = second(&world, false);
    let (message, _, started) = world.approval(NOW);
    let redeem = || block_on(server.redeem(&started.ticket, NOW, &mut ChaCha20Rng::seed_from_u64(7))).unwrap();
    remember(&mut world, &server);
    assert_eq!(redeem(), None, "nobody has approved");
    remember(&mut world, &server);
    assert!(world.send(&message, NOW).is_some());
    assert!(redeem().is_some());
    assert_eq!(redeem(), None, "once");
    assert!(!world.redeem(&started, NOW), "once, wherever");
    assert_eq!(world.state(&started, NOW), LoginState::Redeemed);
}

/// Nor does an error count that only the past would give.
#[test]
fn a_token_that_another_server_added_is_found() {
    let mut world = World::new();
    let (server, _) = second(&world, false);
    remember(&mut world, &server);
    let token = NewToken::new("Third");
    let token = block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng)).unwrap();
    block_on(server.set_push((&world.user, token), false, NOW, &mut world.rng)).unwrap();
    block_on(world.server.remove_token((&world.user, token), NOW, &mut world.rng)).unwrap();
    let gone = block_on(server.set_push((&world.user, token), true, NOW, &mut world.rng));
    assert!(matches!(gone, Err(ServerError::NoToken)), "{gone:?}");
}

#[test]
fn an_account_that_another_server_removed_is_gone() {
    let mut world = World::new();
    let (server, _) = second(&world, false);
    remember(&mut world, &server);
    block_on(world.server.remove_account(&world.user, NOW, &mut world.rng)).unwrap();
    let (code, _) = world.device.passcode(world.mail, None, later(60)).unwrap();
    let mut verify = || block_on(server.verify_passcode(&world.user, code.expose(), later(60), &mut world.rng));
    assert!(matches!(verify(), Err(ServerError::NoAccount)));
    // Another one of the same name has nothing of the first.
    block_on(world.server.add_account(&world.user)).unwrap();
    assert_eq!(verify().unwrap(), PasscodeVerdict::NoToken);
}

/// The write that the past would make is of unknown fate: what is stored does not tell, so nothing is told.
#[test]
fn a_write_of_unknown_fate_about_the_past_is_unknown() {
    for others_wrote in [false, true] {
        let mut world = World::new();
        let started = world.start(NOW);
        let server = faulty(&world, &[Fault::Vanished(0)]);
        block_on(server.audit(&world.user)).unwrap();
        if others_wrote {
            assert!(matches!(typed(&mut world, NOW), PasscodeVerdict::Accepted { .. }));
        }
        let told = block_on(server.cancel_login(&started.ticket, NOW, &mut world.rng));
        assert_eq!(matches!(told, Err(ServerError::Unknown)), others_wrote, "{told:?}");
        assert_eq!(world.state(&started, NOW) == LoginState::Cancelled, !others_wrote);
    }
}

/// How often the account is read where one server sees all of a login: to begin, to know who answers, and to tell the
/// page, but not to write.
#[test]
fn what_was_read_or_written_lately_is_not_read_to_write() {
    let mut world = World::new();
    let (server, store) = second(&world, false);
    world.server = server;
    let mut reads = Vec::new();
    let (message, _, started) = world.approval(NOW);
    reads.push(("start_login", store.reads()));
    assert!(matches!(world.state(&started, NOW), LoginState::Waiting { .. }));
    reads.push(("login_state", store.reads()));
    assert!(world.send(&message, NOW).is_some());
    reads.push(("receive", store.reads()));
    assert!(world.redeem(&started, NOW));
    reads.push(("redeem", store.reads()));
    assert!(matches!(typed(&mut world, later(60)), PasscodeVerdict::Accepted { .. }));
    reads.push(("verify_passcode", store.reads()));
    let expected = [("start_login", 1), ("login_state", 1), ("receive", 1), ("redeem", 0), ("verify_passcode", 0)];
    assert_eq!((reads.as_slice(), store.lost()), (&expected[..], 0));
}
