//! What a crash leaves is removed, and what is on its way is not.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
};

use pollster::block_on;
use pushotp::{
    AccountId, Authenticator, DeviceSetup, LoginServer, MemoryStorage, NewToken, Protection, ServerPolicy,
    SoftwareKeys,
    store::{Cas, DynStore, Expect, Hint, Key, MemoryStore, Store, StoreError, Versioned},
    types::UnixTime,
    wire::terms::PushAddress,
};

use crate::fixture::{NOW, World, cost, later};

/// A store that takes so many writes and then none, until it may go on.
pub(crate) struct Stalling {
    memory: Arc<MemoryStore>,
    left: Arc<AtomicUsize>,
}

impl Store for Stalling {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        Store::get(&*self.memory, key).await
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        let take = |left: usize| left.checked_sub(1);
        poll_fn(|_| match self.left.fetch_update(SeqCst, SeqCst, take) {
            Ok(_) => Poll::Ready(()),
            Err(_) => Poll::Pending,
        })
        .await;
        Store::put_if(&*self.memory, key, expect, value, hint).await
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        Store::scan(&*self.memory, after, limit).await
    }
}

/// A server on the world's store that stops after so many writes, and what lets it go on.
pub(crate) fn stalling(world: &World, writes: usize) -> (LoginServer, Arc<AtomicUsize>) {
    let left = Arc::new(AtomicUsize::new(writes));
    let store = Stalling { memory: Arc::clone(&world.store), left: Arc::clone(&left) };
    (world.server_on(Arc::new(store)), left)
}

/// Polls once: `None` if the server died, where it stands.
pub(crate) fn until_death<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(told) => Some(told),
        Poll::Pending => None,
    }
}

/// All pages; how many entries were marked and removed.
pub(crate) fn sweep(world: &mut World, now: UnixTime) -> (u32, u32) {
    let (mut next, mut counts) = (None, (0, 0));
    loop {
        let page = block_on(world.server.sweep(next.as_ref(), 4, now, &mut world.rng)).unwrap();
        counts = (counts.0 + page.marked, counts.1 + page.removed);
        next = page.next;
        if next.is_none() {
            return counts;
        }
    }
}

pub(crate) fn keys(world: &World) -> Vec<String> {
    let page = block_on(DynStore::scan(&*world.store, None, 1_000)).unwrap();
    page.into_iter().map(|(key, _)| String::from_utf8(key.as_bytes().to_vec()).unwrap()).collect()
}

/// A tablet for one more token: its request, and what it needs to go on.
pub(crate) fn tablet(world: &mut World, now: UnixTime) -> (Vec<u8>, pushotp::Enrolling, pushotp::types::Offer) {
    block_on(world.server.add_token(&world.user, NewToken::new("More"), now, &mut world.rng)).unwrap();
    let offer = block_on(world.server.offer_enrolment(&world.user, now, &mut world.rng)).unwrap();
    let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
    let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
    let (request, enrolling) = Authenticator::enrol(&offer, setup, now, &mut world.rng).unwrap();
    (request, enrolling, offer)
}

/// A whole world has no orphans, whatever it goes through.
#[test]
fn nothing_that_counts_is_swept() {
    let mut world = World::new();
    world.log_in(world.mail, NOW);
    let (message, rotating) = world.device.rotate(world.mail, None, NOW, &mut world.rng).unwrap();
    let ticket = world.send(&message, NOW).unwrap();
    let (request, _, _) = tablet(&mut world, NOW);
    world.send(&request, NOW).unwrap();
    let before = keys(&world);
    // The enrolment on its way is over after ten minutes.
    for now in [NOW, later(1), later(600)] {
        assert_eq!(sweep(&mut world, now), (0, 0));
    }
    assert_eq!(keys(&world), before);
    let relock = pushotp::Relock { pin: None, presence: None, cost: cost() };
    let rotation = world.device.rotated(rotating, (&ticket, &relock), later(1), &mut world.rng).unwrap();
    assert!(matches!(rotation, pushotp::Rotation::Locked { .. }));
    world.log_in(world.mail, later(2));
    world.log_in(world.bank, later(3));
}

/// An enrolment that nobody confirmed: an hour after it is over its entries are gone, and nothing else.
#[test]
fn what_was_never_confirmed_is_swept() {
    let mut world = World::new();
    let before = keys(&world);
    let (request, _, _) = tablet(&mut world, NOW);
    world.send(&request, NOW).unwrap();
    // Offer, kid, device, signing key, address, secret.
    assert_eq!(keys(&world).len(), before.len() + 6);
    assert_eq!(sweep(&mut world, later(600)), (0, 0));
    assert_eq!(sweep(&mut world, later(601)), (6, 0));
    assert_eq!(sweep(&mut world, later(601 + 3599)), (0, 0), "not before an hour");
    assert_eq!(sweep(&mut world, later(601 + 3600)), (0, 6));
    assert_eq!(keys(&world), before);
    world.log_in(world.bank, later(2 * 3600));
}

/// Stopped after each of its writes, swept, and gone on with: nobody sweeps what is on its way.
#[test]
fn an_enrolment_on_its_way_is_not_swept() {
    for writes in 0..7 {
        let mut world = World::new();
        let (request, enrolling, offer) = tablet(&mut world, NOW);
        let (server, left) = stalling(&world, writes);
        let mut rng = world.rng.clone();
        let mut receiving = pin!(server.receive(&request, NOW, &mut rng));
        assert!(receiving.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "{writes}");
        for seconds in [0, 60, 3599] {
            assert_eq!(sweep(&mut world, later(seconds)).1, 0, "{writes}");
        }
        left.store(100, SeqCst);
        let reply = block_on(receiving).unwrap().into_reply().unwrap();
        let confirming = enrolling.finish(&reply).unwrap();
        block_on(world.server.confirm_enrolment((&world.user, offer.enrolment), true, NOW, &mut world.rng)).unwrap();
        // What was marked counts now: the second look takes the marks away, and nothing else.
        assert_eq!(sweep(&mut world, later(9_000)).1, 0, "{writes}");
        assert!(!keys(&world).iter().any(|key| key.starts_with("orphan/")), "{writes}");
        let protection = Protection { pins: &[], presence: &[], cost: cost() };
        let mut device = confirming.confirm(&protection, MemoryStorage::default(), &mut world.rng).unwrap();
        let (fetch, _) = device.fetch(later(9_000), &mut world.rng).unwrap();
        assert!(world.send(&fetch, later(9_000)).is_some(), "{writes}");
    }
}

/// The negative control: the two looks alone are what keeps them, so a request that stalls for an hour loses.
#[test]
fn a_request_that_stalls_for_an_hour_is_lost() {
    let mut world = World::new();
    let (request, enrolling, offer) = tablet(&mut world, NOW);
    let (server, left) = stalling(&world, 5);
    let mut rng = world.rng.clone();
    let mut receiving = pin!(server.receive(&request, NOW, &mut rng));
    assert!(receiving.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(sweep(&mut world, NOW).0 > 0);
    assert!(sweep(&mut world, later(3600)).1 > 0);
    left.store(100, SeqCst);
    let confirming = enrolling.finish(&block_on(receiving).unwrap().into_reply().unwrap()).unwrap();
    block_on(world.server.confirm_enrolment((&world.user, offer.enrolment), true, NOW, &mut world.rng)).unwrap();
    let protection = Protection { pins: &[], presence: &[], cost: cost() };
    let mut device = confirming.confirm(&protection, MemoryStorage::default(), &mut world.rng).unwrap();
    let (fetch, _) = device.fetch(NOW, &mut world.rng).unwrap();
    assert_eq!(world.send(&fetch, NOW), None, "the record refers to nothing");
}

/// A rotation, too: whichever write it stops at, the sweep leaves it alone, and what it leaves for ever is swept.
#[test]
fn a_rotation_that_dies_is_swept() {
    for writes in 0..3 {
        let mut world = World::new();
        world.log_in(world.mail, NOW);
        let before = keys(&world);
        let (message, _) = world.device.rotate(world.mail, None, NOW, &mut world.rng).unwrap();
        let (server, _) = stalling(&world, writes);
        assert!(until_death(server.receive(&message, NOW, &mut world.rng.clone())).is_none());
        assert_eq!(keys(&world).len(), before.len() + writes);
        assert_eq!(sweep(&mut world, NOW), (u32::try_from(writes).unwrap(), 0));
        assert_eq!(sweep(&mut world, later(3600)).1, u32::try_from(writes).unwrap());
        assert_eq!(keys(&world), before);
        world.log_in(world.mail, later(4000));
    }
}

/// A new phone, too: after each write of the confirmation what the old one had is swept, its signing key among it.
#[test]
fn a_replacement_that_dies_is_swept() {
    let replaced = |writes: usize| {
        let mut world = World::new();
        let place = (&world.user, world.device.id());
        let offer = block_on(world.server.offer_replacement(place, NOW, &mut world.rng)).unwrap();
        let fresh = crate::replacements::fresh(&mut world);
        crate::replacements::answer(&mut world, &offer, &fresh, NOW);
        let (server, _) = stalling(&world, writes);
        let confirm = server.confirm_enrolment((&world.user, offer.enrolment), true, NOW, &mut world.rng);
        let finished = until_death(confirm).is_some();
        (world, finished)
    };
    let (whole, finished) = replaced(100);
    assert!(finished);
    let whole = keys(&whole);
    for writes in 1..100 {
        let (mut world, finished) = replaced(writes);
        assert!(finished || keys(&world).len() > whole.len(), "{writes}");
        sweep(&mut world, later(3600));
        sweep(&mut world, later(7200));
        assert_eq!(keys(&world), whole, "{writes}");
        if finished {
            return;
        }
    }
    panic!("more writes than were tried");
}

/// An entry that is written anew is another one: its mark says nothing.
#[test]
fn a_mark_is_of_one_version() {
    let mut world = World::new();
    let orphan = Key::new("ticket/alice/0011223344556677").unwrap();
    let put =
        |world: &World, expect| block_on(DynStore::put_if(&*world.store, &orphan, expect, Some(b"x"), Hint::NONE));
    let Cas::Won(version) = put(&world, Expect::Absent).unwrap() else { panic!() };
    assert_eq!(sweep(&mut world, NOW), (1, 0));
    assert!(matches!(put(&world, Expect::Version(version)).unwrap(), Cas::Won(_)));
    // The first look at the new one takes the old mark away or leaves it; the hour begins anew.
    assert_eq!(sweep(&mut world, later(3600)), (1, 0));
    assert_eq!(sweep(&mut world, later(7199)), (0, 0));
    assert_eq!(sweep(&mut world, later(7200)), (0, 1));
}

/// What a sweep does not know, or cannot read, it leaves alone.
#[test]
fn what_is_not_known_stays() {
    let mut world = World::new();
    for key in ["kid/00112233", "offer/00", "signer/00", "other/alice/1", "secret/alice", "device", "orphan/x", "zzz"] {
        let key = Key::new(key).unwrap();
        let put = DynStore::put_if(&*world.store, &key, Expect::Absent, Some(b"not sealed"), Hint::NONE);
        assert!(matches!(block_on(put).unwrap(), Cas::Won(_)));
    }
    let before = keys(&world);
    for now in [NOW, later(3600), later(7200)] {
        assert_eq!(sweep(&mut world, now), (0, 0));
    }
    assert_eq!(keys(&world), before);
}

/// Accounts whose names look like parts of a key keep what is theirs.
#[test]
fn names_with_slashes_are_names() {
    let mut world = World::with(ServerPolicy::default());
    for name in ["alice/", "a/b/c", "alice/0011223344556677"] {
        let account = AccountId::new(name).unwrap();
        block_on(world.server.add_account(&account)).unwrap();
        let token = NewToken::new("More");
        block_on(world.server.add_token(&account, token, NOW, &mut world.rng)).unwrap();
        let offer = block_on(world.server.offer_enrolment(&account, NOW, &mut world.rng)).unwrap();
        let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
        let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
        let (request, _) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap();
        world.send(&request, NOW).unwrap();
        block_on(world.server.confirm_enrolment((&account, offer.enrolment), true, NOW, &mut world.rng)).unwrap();
    }
    assert_eq!(sweep(&mut world, later(3600)), (0, 0));
    assert_eq!(sweep(&mut world, later(7200)), (0, 0));
}
