//! The negative control of the story: a server that loses a write, or a device that does not do its part, and the story
//! does not end well.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use pushotp::{
    Authenticator, SoftwareKeys,
    store::{Cas, Expect, Hint, Key, Store, StoreError, Version, Versioned},
};
use pushotp_store_sqlite::SqliteStore;
use tempfile::TempDir;

use super::{
    device, printed,
    server::{Server, rng},
    story::{self, Cast, Clock, Failure},
};

/// Says of every write that it was won, and does only the first ones of accounts.
struct Forgetful {
    file: SqliteStore,
    left: AtomicUsize,
}

impl Store for Forgetful {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        Store::get(&self.file, key).await
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        let is_account = key.as_bytes().starts_with(b"account/");
        let take = |left: usize| left.checked_sub(1);
        if is_account && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_err() {
            return Ok(Cas::Won(Version::from_u64(u64::MAX)));
        }
        Store::put_if(&self.file, key, expect, value, hint).await
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        Store::scan(&self.file, after, limit).await
    }
}

/// Enrols on a store that does so many writes of accounts: the cast, and how many writes are left.
fn enrolled(folder: &Path, writes: usize) -> Result<(Cast, Arc<Forgetful>), Failure> {
    let file = SqliteStore::open(&folder.join("login.db"))?;
    let store = Arc::new(Forgetful { file, left: AtomicUsize::new(writes) });
    let clock = Clock::default();
    let server = Server::start_on(store.clone(), &[7; 64], clock.now())?;
    let cast = printed(true, |screen| story::enrol(screen, (clock, server), &folder.join("device"), false)).1?;
    Ok((cast, store))
}

fn play(cast: &mut Cast) -> Result<(), Failure> {
    printed(true, |screen| story::play(cast, screen)).1
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// From whichever write on the server forgets: the story notices.
#[test]
fn no_write_of_the_server_can_be_left_out() {
    let here = folder();
    let (mut cast, store) = enrolled(here.path(), usize::MAX).unwrap();
    let at_start = usize::MAX - store.left.load(Ordering::SeqCst);
    play(&mut cast).unwrap();
    let all = usize::MAX - store.left.load(Ordering::SeqCst);
    assert!(at_start >= 5 && all >= at_start + 20, "{at_start} {all}");
    for writes in 0..at_start {
        let here = folder();
        assert!(enrolled(here.path(), writes).and_then(|(mut cast, _)| play(&mut cast)).is_err(), "{writes}");
    }
    // The last one, and every third before it: each run costs a real Argon2id.
    for writes in (at_start..all).rev().step_by(3) {
        let here = folder();
        let (mut cast, store) = enrolled(here.path(), at_start).unwrap();
        store.left.store(writes - at_start, Ordering::SeqCst);
        assert!(play(&mut cast).is_err(), "{writes} of {all} writes");
    }
}

/// The story with one thing broken after the enrolment, by who is given the cast and the device's state.
fn broken(break_it: impl FnOnce(&mut Cast, &Path)) -> Result<(), Failure> {
    let here = folder();
    let (mut cast, _) = enrolled(here.path(), usize::MAX)?;
    break_it(&mut cast, &here.path().join("device"));
    play(&mut cast)
}

#[test]
fn no_part_of_the_device_can_be_left_out() {
    broken(|_, _| {}).unwrap();
    let is_silent = broken(|cast, _| {
        for token in cast.device.tokens() {
            cast.device.set_push(token.id, false).unwrap();
        }
    });
    assert!(is_silent.is_err());
    let has_other_keys = broken(|cast, state| {
        let keys = SoftwareKeys::generate(&mut rng()).into_device_keys();
        let storage = device::StateFile(state.to_owned());
        cast.device = Authenticator::load(&fs::read(state).unwrap(), keys, storage).unwrap();
    });
    assert!(has_other_keys.is_err());
    let mixes_tokens_up = broken(|cast, _| std::mem::swap(&mut cast.server.bank, &mut cast.server.mail));
    assert!(mixes_tokens_up.is_err());
}
