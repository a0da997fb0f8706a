//! Passwords: hashed with Argon2id, and as slow for a name that nobody has.

use std::sync::Arc;

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _, password_hash::phc::PasswordHash};
use pushotp::{store::Expect, types::UnixTime};
use serde::{Deserialize, Serialize};
use tokio::{sync::Semaphore, task::spawn_blocking};
use zeroize::Zeroizing;

use crate::{
    app::{App, rng},
    failure::Failure,
    session::Realm,
};

/// How many passwords are hashed at once: each takes 19 MiB, and a core for some hundredths of a second.
const AT_ONCE: usize = 2;
/// Wrong passwords for one name before it has to wait.
const FREE_TRIES: u32 = 5;
/// The longest wait, in seconds: whoever guesses at a name must not keep its owner out.
const LONGEST_WAIT: u64 = 60;
/// How long tries are remembered, in seconds.
const REMEMBERED: u64 = 3600;

pub(crate) struct Passwords {
    turns: Semaphore,
    /// Of a password that nobody knows, for names that nobody has.
    nobody: Arc<String>,
}

/// What became of a name and a password.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    /// The name, the password or both: which is not told.
    Wrong,
    /// Too many wrong ones: how many seconds to wait.
    Wait(u64),
}

/// The wrong passwords for one name, or for one of the few that share its place.
#[derive(Default, Serialize, Deserialize)]
struct Tries {
    wrong: u32,
    last: u64,
}

/// Somebody who may sign in.
#[derive(Serialize, Deserialize)]
struct Person {
    hash: String,
}

impl Passwords {
    pub(crate) fn new() -> Result<Self, Failure> {
        let mut unknown = Zeroizing::new([0; 32]);
        rand_core::Rng::fill_bytes(&mut rng(), unknown.as_mut_slice());
        Ok(Self { turns: Semaphore::new(AT_ONCE), nobody: Arc::new(hash(unknown.as_slice())?) })
    }
}

impl App {
    /// Makes somebody who may sign in: `false` if there is one of this name.
    pub(crate) async fn add_person(&self, (realm, name): (Realm, &str), password: &str) -> Result<bool, Failure> {
        let person = Person { hash: hash(password.as_bytes())? };
        self.entries.put((&realm.person(name), Expect::Absent), &person, None).await
    }

    pub(crate) async fn has_person(&self, realm: Realm, name: &str) -> Result<bool, Failure> {
        Ok(self.entries.get::<Person>(&realm.person(name)).await?.is_some())
    }

    /// Verifies a password. The answer, and the time until it comes, are the same for a name that nobody has.
    pub(crate) async fn verify_password(
        &self,
        (realm, name): (Realm, &str),
        password: Zeroizing<String>,
    ) -> Result<Verdict, Failure> {
        let now = self.now();
        let place = self.tries_of(realm, name)?;
        let seconds = self.wait_for(&place, now).await?;
        if seconds > 0 {
            return Ok(Verdict::Wait(seconds));
        }
        // Counted before it is verified: a thousand guesses at once are not one.
        if !self.count_try(&place, now).await? {
            return Ok(Verdict::Wait(1));
        }
        let known = if name.len() <= 128 { self.entries.get::<Person>(&realm.person(name)).await? } else { None };
        let is_known = known.is_some();
        let hash = known.map_or_else(|| Arc::clone(&self.passwords.nobody), |(person, _)| Arc::new(person.hash));
        let _turn = self.passwords.turns.acquire().await?;
        let is_right = spawn_blocking(move || verify(&password, &hash)).await??;
        if !(is_known && is_right) {
            return Ok(Verdict::Wrong);
        }
        if let Some((_, version)) = self.entries.get::<Tries>(&place).await? {
            self.entries.remove(&place, version).await?;
        }
        Ok(Verdict::Right)
    }

    /// One of a million places for the tries of a name, so that names without an owner fill no database.
    fn tries_of(&self, realm: Realm, name: &str) -> Result<String, Failure> {
        let [a, b, c, ..] = self.entries.mac(b"web tries", realm.person(name).as_bytes())?;
        Ok(format!("tries/{a:02x}{b:02x}{:x}", c & 15))
    }

    async fn wait_for(&self, place: &str, now: UnixTime) -> Result<u64, Failure> {
        let Some((tries, _)) = self.entries.get::<Tries>(place).await? else { return Ok(0) };
        let doublings = tries.wrong.checked_sub(FREE_TRIES);
        let wait = doublings.map_or(0, |doublings| 1_u64.checked_shl(doublings).unwrap_or(u64::MAX).min(LONGEST_WAIT));
        let passed = now.as_secs().saturating_sub(tries.last);
        Ok(if passed > REMEMBERED { 0 } else { wait.saturating_sub(passed) })
    }

    /// `false` if somebody else tries the same name at this moment.
    async fn count_try(&self, place: &str, now: UnixTime) -> Result<bool, Failure> {
        let (tries, expect) = match self.entries.get::<Tries>(place).await? {
            Some((tries, version)) => (tries, Expect::Version(version)),
            None => (Tries::default(), Expect::Absent),
        };
        let is_old = now.as_secs().saturating_sub(tries.last) > REMEMBERED;
        let wrong = if is_old { 1 } else { tries.wrong.saturating_add(1) };
        let until = UnixTime::from_secs(now.as_secs().saturating_add(REMEMBERED));
        self.entries.put((place, expect), &Tries { wrong, last: now.as_secs() }, Some(until)).await
    }
}

fn hash(password: &[u8]) -> Result<String, Failure> {
    let mut salt = [0; 16];
    rand_core::Rng::fill_bytes(&mut rng(), &mut salt);
    // A description of `Argon2id`, its cost, the salt and the hash in one text.
    Ok(Argon2::default().hash_password_with_salt(password, &salt)?.to_string())
}

fn verify(password: &str, hash: &str) -> Result<bool, Failure> {
    Ok(Argon2::default().verify_password(password.as_bytes(), &PasswordHash::new(hash)?).is_ok())
}
