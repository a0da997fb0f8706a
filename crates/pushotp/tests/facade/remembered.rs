//! A server decides first about the record as it was when it saw it last: what another server wrote since always counts.

use std::{
    collections::BTreeSet,
    mem,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use pollster::block_on;
use pushotp::{
    Incoming, LoginRequest, LoginServer, LoginStart, LoginState, NewToken, PasscodeVerdict, ServerError, Started,
    store::{Cas, Expect, Hint, Key, MemoryStore, Store, StoreError, Versioned},
    types::{TokenId, UnixTime},
    wire::terms::Reason,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

use crate::{
    faults::{Fault, faulty},
    fixture::{NOW, World, later},
};

/// A store that counts what is asked of it about accounts.
#[derive(Default)]
struct Watched {
    memory: Arc<MemoryStore>,
    reads: AtomicUsize,
    lost: Arc<AtomicUsize>,
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

/// One user's days, told as what each event came to.
struct Story {
    world: World,
    /// Those that take turns; without any, each event has a new server, which remembers nothing.
    servers: Vec<LoginServer>,
    login: Option<Started>,
    added: Option<TokenId>,
    code: String,
}

impl Story {
    fn new(servers: usize, store: &Arc<Watched>) -> Self {
        let world = World::new();
        let store =
            Arc::new(Watched { memory: Arc::clone(&world.store), lost: Arc::clone(&store.lost), ..Watched::default() });
        let servers = (0..servers).map(|_| world.server_on(store.clone())).collect();
        Self { world, servers, login: None, added: None, code: String::new() }
    }

    /// The event of this kind, at a server that is drawn.
    fn happens(&mut self, kind: u32, turn: usize, now: UnixTime) -> String {
        if self.servers.is_empty() {
            self.world.server = self.world.server_on(self.world.store.clone());
            return self.tell(kind, now);
        }
        let turn = turn % self.servers.len();
        mem::swap(&mut self.world.server, &mut self.servers[turn]);
        let told = self.tell(kind, now);
        mem::swap(&mut self.world.server, &mut self.servers[turn]);
        told
    }

    fn tell(&mut self, kind: u32, now: UnixTime) -> String {
        let Self { world, login, added, code, .. } = self;
        let (user, mail) = (world.user.clone(), world.mail);
        // Of each event its own, so that one more draw here shifts nothing there.
        let rng = &mut ChaCha20Rng::seed_from_u64(now.as_secs());
        match (kind, &login, *added) {
            (0, ..) => {
                world.device.passcode(mail, None, now).unwrap().0.expose().clone_into(code);
                format!("{:?}", block_on(world.server.verify_passcode(&user, code, now, rng)))
            }
            (1, ..) => format!("{:?}", block_on(world.server.verify_passcode(&user, code, now, rng))),
            (2, ..) => {
                let started =
                    block_on(world.server.start_login(&user, &LoginRequest::new("Intranet"), now, rng)).unwrap();
                match started {
                    LoginStart::Started(started) => *login = Some(started),
                    other => return format!("{other:?}"),
                }
                "started".into()
            }
            (3 | 4, Some(started), _) => {
                let Some(push) = started.pushes.first() else { return "no push".into() };
                let prompt = match world.device.open(&push.envelope, now) {
                    Ok(Incoming::Login(prompt) | Incoming::Again(prompt)) => prompt,
                    other => return format!("{:?}", other.is_ok()),
                };
                let number = world.server.number(&started.ticket).unwrap();
                let message = if kind == 3 {
                    world.device.approve(prompt, (mail, &number, None), now, rng).map(|(message, _)| message).ok()
                } else {
                    world.device.deny(prompt, Reason::Unspecified, now, rng).map(|(message, _)| message).ok()
                };
                let Some(message) = message else { return "not answered".into() };
                format!("{:?}", block_on(world.server.receive(&message, now, rng)).unwrap().error())
            }
            (5, Some(started), _) => format!("{:?}", block_on(world.server.redeem(&started.ticket, now, rng))),
            (6, Some(started), _) => format!("{:?}", block_on(world.server.login_state(&started.ticket, now))),
            (7, Some(started), _) => {
                format!(
                    "{:?}",
                    block_on(world.server.cancel_login(&started.ticket, now, rng)).map(|pushes| pushes.len())
                )
            }
            (8, ..) => {
                let on = now.as_secs().is_multiple_of(2);
                format!("{:?}", block_on(world.server.set_push((&user, mail), on, now, rng)))
            }
            (9, _, None) => {
                let token = block_on(world.server.add_token(&user, NewToken::new("Third"), now, rng)).unwrap();
                *added = Some(token);
                "added".into()
            }
            (9, _, Some(token)) => {
                *added = None;
                format!(
                    "{:?}",
                    block_on(world.server.remove_token((&user, token), now, rng)).map(|pushes| pushes.len())
                )
            }
            _ => format!("{:?}", block_on(world.server.tokens(&user))),
        }
    }
}

/// Three servers that take turns say what servers say that remember nothing, event by event.
#[test]
fn three_that_remember_say_what_new_ones_say() {
    let store = Arc::new(Watched::default());
    let mut told = BTreeSet::new();
    for seed in 0..40 {
        let (mut rng, mut now) = (ChaCha20Rng::seed_from_u64(seed), NOW.as_secs());
        let [mut remembering, mut forgetful] = [3, 0].map(|servers| Story::new(servers, &store));
        for event in 0..60 {
            now += u64::from(rng.next_u32() % 40) + 1;
            let (kind, turn, at) = (rng.next_u32() % 11, rng.next_u32() as usize, UnixTime::from_secs(now));
            let [one, other] = [&mut remembering, &mut forgetful].map(|story| story.happens(kind, turn, at));
            assert_eq!(one, other, "seed {seed}, event {event} of kind {kind}");
            told.insert(one.chars().take(20).collect::<String>());
        }
        let [one, other] = [&remembering, &forgetful].map(|story| {
            let events = block_on(story.world.server.audit(&story.world.user)).unwrap();
            events.iter().map(|event| (event.kind(), event.at())).collect::<Vec<_>>()
        });
        assert_eq!(one, other, "seed {seed}");
    }
    // It was a story: all of this was told, and servers were mistaken about the past.
    for expected in ["Ok(Accepted", "Ok(Replayed", "Ok(Refused", "Ok(Some", "Ok(Denied", "Ok(Redeemed", "TooMany"] {
        assert!(told.iter().any(|told| told.starts_with(expected)), "{expected}: {told:?}");
    }
    assert!(store.lost() > 100);
}
