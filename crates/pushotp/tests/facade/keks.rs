//! The key-encryption key is replaced: while logins go on, by several servers, and the old one is gone in the end.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use pollster::block_on;
use pushotp::{
    AuditKind, KekId, KekRing, KeyEncryptionKey, KeyUnavailable, LoginFailure, LoginServer, LoginState, NewToken,
    Outcome, PasscodeVerdict, RingError, Rotation, ServerError, SoftwareKek, Started,
    pin::Pin,
    store::{Cas, DynStore, Expect, Hint, Key, MemoryStore, Store, StoreError, Versioned},
    wire::terms::Status,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::fixture::{KEK, NOW, PIN, World, cost, later};

const NEW: KekId = KekId::new(2);

fn old() -> SoftwareKek {
    SoftwareKek::from_bytes(KEK)
}

fn new() -> SoftwareKek {
    SoftwareKek::from_bytes([0x51; 32])
}

/// The rings of the steps of a rotation, in their order; the first server knows of no ring.
fn step(number: usize) -> Arc<dyn KeyEncryptionKey> {
    match number {
        0 => Arc::new(old()),
        1 => Arc::new(KekRing::unnamed(old()).opens(NEW, new()).unwrap()),
        2 => Arc::new(KekRing::new(NEW, new()).opens_unnamed(old()).unwrap()),
        _ => Arc::new(KekRing::new(NEW, new())),
    }
}

/// All pages; how many entries were sealed anew, and how many nobody can read.
fn reseal_all(server: &LoginServer, limit: u32) -> Result<(u64, u64), ServerError> {
    let (mut rng, mut after, mut done) = (ChaCha20Rng::seed_from_u64(5), None, (0, 0));
    loop {
        let page = block_on(server.reseal(after.as_ref(), limit, &mut rng))?;
        done = (done.0 + page.resealed, done.1 + page.unreadable);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(done),
        }
    }
}

/// One login over three servers: whether it was granted.
fn log_in_over(world: &mut World, servers: [usize; 3], is_right: bool) -> bool {
    let [started_on, approved_on, redeemed_on] = servers.map(|number| world.server_under(step(number)));
    world.server = started_on;
    let (prompt, started) = world.prompt(NOW);
    let number = world.number(&started);
    world.server = approved_on;
    let wrong = if number == "000000" { "000001" } else { "000000" };
    let outcome = world.approve(prompt, (if is_right { &number } else { wrong }, PIN), later(1));
    assert_eq!(matches!(outcome, Outcome::Accepted { .. }), is_right, "{servers:?}: {outcome:?}");
    world.server = redeemed_on;
    world.redeem(&started, later(2))
}

/// Whichever of the servers of two neighbouring steps a login is started, approved and redeemed on.
#[test]
fn a_login_survives_the_upgrade_of_servers_one_after_the_other() {
    let mut world = World::new();
    for first in [0, 1] {
        for servers in (0..8).map(|bits| [bits & 1, bits >> 1 & 1, bits >> 2].map(|bit| first + bit)) {
            assert!(log_in_over(&mut world, servers, true), "{servers:?}");
            assert!(!log_in_over(&mut world, servers, false), "{servers:?}: the wrong number");
            assert!(world.logged(AuditKind::WrongNumber));
        }
    }
}

/// The negative control: who leaves a step out breaks logins, and nothing is granted.
#[test]
fn a_step_left_out_breaks_logins() {
    let mut world = World::new();
    world.server = world.server_under(step(2));
    let (prompt, started) = world.prompt(NOW);
    let number = world.number(&started);
    world.server = world.server_under(step(0));
    assert!(matches!(block_on(world.server.login_state(&started.ticket, NOW)), Err(ServerError::Ticket)));
    // The old server reads what the old key sealed, so it judges; the number's hash is not one that it can make.
    assert!(matches!(world.approve(prompt, (&number, PIN), NOW), Outcome::Refused(Status::Refused)));
    world.server = world.server_under(step(2));
    assert_eq!(world.state(&started, NOW), LoginState::Failed(LoginFailure::WrongNumber));
}

/// All that a server does, after the rotation and without the old key.
fn everything_works(world: &mut World) {
    world.log_in(world.mail, later(10));
    world.log_in(world.bank, later(11));
    let (code, _) = world.device.passcode(world.mail, None, later(60)).unwrap();
    let token = world.mail;
    let typed = block_on(world.server.verify_passcode(&world.user, code.expose(), later(60), &mut world.rng)).unwrap();
    assert_eq!(typed, PasscodeVerdict::Accepted { token });

    let pin = Pin::entered(PIN).unwrap();
    let (message, rotating) = world.device.rotate(world.bank, Some(&pin), later(61), &mut world.rng).unwrap();
    let ticket = world.send(&message, later(61)).unwrap();
    let relock = pushotp::Relock { pin: Some(&pin), presence: None, cost: cost() };
    let rotated = world.device.rotated(rotating, (&ticket, &relock), later(61), &mut world.rng).unwrap();
    assert!(matches!(rotated, Rotation::Locked { .. }));
    world.log_in(world.bank, later(62));
    assert!(world.logged(AuditKind::Rotated));

    block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng)).unwrap();
    assert!(block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).is_ok());
}

#[test]
fn the_old_key_can_be_dropped_once_all_is_sealed_anew() {
    for limit in [0, 1, 2, 100] {
        let mut world = World::new();
        let started = approved_before(&mut world);
        let second = world.server_under(step(2));
        assert_eq!(reseal_all(&second, limit).unwrap(), (6, 0), "kid, device, address, two secrets, the key's holder");
        assert_eq!(reseal_all(&second, limit).unwrap(), (0, 0), "what is done is passed over");
        world.server = second;
        assert!(world.redeem(&started, later(2)), "a login from before the rotation");
        world.server = world.server_under(step(3));
        everything_works(&mut world);
    }
    // The negative control: one entry that was left out.
    let mut world = World::new();
    let page = block_on(world.server_under(step(2)).reseal(None, 3, &mut world.rng)).unwrap();
    assert!(page.resealed == 2 && page.next.is_some(), "{page:?}");
    world.server = world.server_under(step(3));
    let started =
        block_on(world.server.start_login(&world.user, &pushotp::LoginRequest::new("Intranet"), NOW, &mut world.rng));
    let (message, _) = world.device.fetch(NOW, &mut world.rng).unwrap();
    let fetched = block_on(world.server.receive(&message, NOW, &mut world.rng));
    assert!(started.is_err() || fetched.is_err(), "an entry under the old key is in use");
}

fn approved_before(world: &mut World) -> Started {
    let (message, _, started) = world.approval(NOW);
    assert!(world.send(&message, NOW).is_some());
    started
}

/// Back to the old key, and from one named key to another: names are all that counts.
#[test]
fn a_rotation_can_go_back_and_on() {
    let mut world = World::new();
    let third = || KekRing::new(KekId::new(3), SoftwareKek::from_bytes([3; 32]));
    let rings: [Arc<dyn KeyEncryptionKey>; 3] = [
        Arc::new(KekRing::new(NEW, new()).opens_unnamed(old()).unwrap()),
        Arc::new(KekRing::unnamed(old()).opens(NEW, new()).unwrap()),
        Arc::new(third().opens_unnamed(old()).unwrap()),
    ];
    for ring in rings {
        assert_eq!(reseal_all(&world.server_under(ring), 100).unwrap(), (6, 0));
    }
    world.server = world.server_under(third());
    world.log_in(world.bank, NOW);
}

/// Sealing anew and logging in at the same time, by two servers: nothing is lost, nothing stays under the old key.
#[test]
fn logins_go_on_while_all_is_sealed_anew() {
    let mut world = World::new();
    world.server = world.server_under(step(2));
    let (server, done) = (world.server_under(step(2)), AtomicBool::new(false));
    thread::scope(|scope| {
        let resealing = scope.spawn(|| {
            let mut rounds = 0;
            while !done.load(Ordering::SeqCst) || rounds == 0 {
                let (_, unreadable) = reseal_all(&server, 2).unwrap();
                assert_eq!(unreadable, 0);
                rounds += 1;
            }
        });
        for second in 0..10 {
            world.log_in(world.mail, later(second));
        }
        done.store(true, Ordering::SeqCst);
        resealing.join().unwrap();
    });
    assert_eq!(reseal_all(&server, 100).unwrap(), (0, 0));
    world.server = world.server_under(step(3));
    everything_works(&mut world);
}

/// What happens to a write of a secret while it is sealed anew.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    NotApplied,
    /// Of unknown fate, and not written.
    Vanished,
    /// Of unknown fate, and written.
    Written,
    /// Somebody writes the same entry first.
    Overtaken,
    /// Somebody removes it first.
    Removed,
}

struct Faulty(Arc<MemoryStore>, Mutex<Vec<Fault>>);

impl Store for Faulty {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        Store::get(&*self.0, key).await
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        let is_secret = key.as_bytes().starts_with(b"secret/");
        let fault = is_secret.then(|| self.1.lock().unwrap().pop()).flatten();
        match fault {
            None => return Store::put_if(&*self.0, key, expect, value, hint).await,
            Some(Fault::NotApplied) => return Err(StoreError::not_applied("planted")),
            Some(Fault::Vanished) => {}
            Some(Fault::Written) => {
                let _ = Store::put_if(&*self.0, key, expect, value, hint).await?;
            }
            Some(other) => {
                let found = Store::get(&*self.0, key).await?.unwrap();
                let same = (other == Fault::Overtaken).then_some(found.value.as_slice());
                let _ = Store::put_if(&*self.0, key, Expect::Version(found.version), same, hint).await?;
                return Store::put_if(&*self.0, key, expect, value, hint).await;
            }
        }
        Err(StoreError::unknown("planted"))
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        Store::scan(&*self.0, after, limit).await
    }
}

#[test]
fn an_entry_that_others_write_is_taken_again() {
    for (faults, expected) in [
        (vec![Fault::Overtaken], Some(6)),
        (vec![Fault::Overtaken; 7], Some(6)),
        (vec![Fault::Vanished], Some(6)),
        // It was sealed anew, and is found so.
        (vec![Fault::Written], Some(5)),
        (vec![Fault::Removed], Some(5)),
        (vec![Fault::Overtaken; 8], None),
        (vec![Fault::NotApplied], None),
    ] {
        let mut world = World::new();
        let is_gone = faults.contains(&Fault::Removed);
        let store = Arc::new(Faulty(world.store.clone(), Mutex::new(faults.clone())));
        let server = world.server_of(store, step(2));
        let told = reseal_all(&server, 100);
        assert_eq!(told.as_ref().ok().map(|told| told.0), expected, "{faults:?}: {told:?}");
        if let Err(error) = told {
            assert!(matches!(error, ServerError::Busy | ServerError::Store(StoreError::NotApplied(_))), "{error:?}");
            assert!(reseal_all(&server, 100).unwrap().0 > 0, "it can be begun anew");
        }
        assert_eq!(reseal_all(&server, 100).unwrap(), (0, 0), "{faults:?}");
        if !is_gone {
            world.server = world.server_under(step(3));
            world.log_in(world.bank, NOW);
        }
    }
}

/// Somebody writes an entry right after each page was read.
struct Late(Arc<MemoryStore>, Key, Vec<u8>);

impl Store for Late {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        Store::get(&*self.0, key).await
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        Store::put_if(&*self.0, key, expect, value, hint).await
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        let page = Store::scan(&*self.0, after, limit).await?;
        for (key, found) in page.iter().filter(|(key, _)| *key == self.1) {
            let _ = Store::put_if(&*self.0, key, Expect::Version(found.version), Some(&self.2), Hint::NONE).await?;
        }
        Ok(page)
    }
}

/// What somebody else wrote meanwhile is sealed anew, not written over with what was read.
#[test]
fn nothing_is_written_over() {
    let (world, mut rng) = (World::new(), ChaCha20Rng::seed_from_u64(1));
    let page = block_on(DynStore::scan(&*world.store, None, 100)).unwrap();
    let (key, _) = page.into_iter().find(|(key, _)| key.as_bytes().starts_with(b"secret/")).unwrap();
    let later = old().seal(key.as_bytes(), b"written later", &mut rng).unwrap();
    let server = world.server_of(Arc::new(Late(world.store.clone(), key.clone(), later)), step(2));
    assert_eq!(reseal_all(&server, 100).unwrap(), (6, 0));
    let stored = block_on(DynStore::get(&*world.store, &key)).unwrap().unwrap();
    assert_eq!(step(3).open(key.as_bytes(), &stored.value).unwrap().as_slice(), b"written later");
}

#[test]
fn what_no_key_opens_is_reported_and_stays() {
    let world = World::new();
    let key = Key::new("secret/of somebody else").unwrap();
    let foreign = b"sealed by nobody".as_slice();
    let _ = block_on(Store::put_if(&*world.store, &key, Expect::Absent, Some(foreign), Hint::NONE)).unwrap();
    assert_eq!(reseal_all(&world.server_under(step(2)), 100).unwrap(), (6, 1));
    assert_eq!(block_on(DynStore::get(&*world.store, &key)).unwrap().unwrap().value, foreign);
    // Also what names a key that is gone, where the newest has no name.
    assert_eq!(reseal_all(&world.server_under(KekRing::unnamed(old())), 100).unwrap(), (0, 6));
}

/// The name of the key, the context and every byte are bound into the seal.
#[test]
fn what_was_sealed_opens_as_it_is_or_not_at_all() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    // The same key under two names: a name that was changed is still another context.
    let same = || KekRing::new(KekId::new(1), new()).opens(NEW, new()).unwrap().opens_unnamed(new()).unwrap();
    let mut sealed = same().seal(b"where", b"what", &mut rng).unwrap();
    assert_eq!(same().open(b"where", &sealed).unwrap().as_slice(), b"what");
    assert_eq!(same().open(b"elsewhere", &sealed), Err(KeyUnavailable));
    for place in 0..sealed.len() {
        for bit in 0..8 {
            sealed[place] ^= 1 << bit;
            assert_eq!(same().open(b"where", &sealed), Err(KeyUnavailable), "byte {place}");
            sealed[place] ^= 1 << bit;
        }
    }
    for len in 0..sealed.len() {
        assert_eq!(same().open(b"where", &sealed[..len]), Err(KeyUnavailable), "{len} bytes");
        assert!(!KekRing::new(KekId::new(1), new()).is_newest(&sealed[..len.min(7)]));
    }
    // 1 and 2 differ in two bits of the last byte of the name.
    sealed[7] = 2;
    assert_eq!(same().open(b"where", &sealed), Err(KeyUnavailable), "the name of another key of the ring");
    assert_eq!(KekRing::new(NEW, old()).open(b"where", &sealed), Err(KeyUnavailable));
}

#[test]
fn a_number_is_hashed_under_the_key_that_hashed_it_before() {
    let made = step(1).mac(b"number", b"123456").unwrap();
    assert_eq!(made, old().mac(b"number", b"123456").unwrap(), "as before there was a ring");
    assert_eq!(step(2).mac_as(b"number", b"123456", &made).unwrap(), made);
    let made = step(2).mac(b"number", b"123456").unwrap();
    assert_eq!(step(1).mac_as(b"number", b"123456", &made).unwrap(), made);
    for other in [b"123457", b"023456"] {
        assert_ne!(step(1).mac_as(b"number", other, &made).unwrap(), made);
    }
    // Without the key it is another hash, no error: the number is wrong, and the login over.
    assert_ne!(KekRing::new(KekId::new(9), old()).mac_as(b"number", b"123456", &made).unwrap(), made);
}

#[test]
fn a_ring_has_sixteen_keys_with_a_name_each() {
    let mut ring = KekRing::new(KekId::new(0), new());
    for id in 1..16 {
        ring = ring.opens(KekId::new(id), new()).unwrap();
    }
    let text = format!("{ring:?}");
    assert!(text.contains("KekId(15)") && !text.contains("81"), "names, no keys: {text}");
    assert_eq!(ring.opens_unnamed(new()).err(), Some(RingError));
    let boxed: Box<dyn KeyEncryptionKey> = Box::new(new());
    assert_eq!(KekRing::unnamed(boxed).opens_unnamed(new()).err(), Some(RingError));
}
