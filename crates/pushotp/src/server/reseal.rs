//! The rotation of the key-encryption key: what an older one sealed is sealed anew.

use pushotp_store::{Cas, Expect, Hint, Key, StoreError, Versioned};

use super::{LoginServer, Rng, ServerError, trace};

/// How often an entry is taken again because somebody else wrote first.
const TRIES: u32 = 8;

/// What one page of [`LoginServer::reseal`] did.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// let mut world = World::new(); // a server whose key-encryption key is the only one
/// let page = pollster::block_on(world.server.reseal(None, 100, &mut world.rng))?;
/// assert_eq!((page.resealed, page.unreadable), (0, 0));
/// # Ok::<(), pushotp::ServerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Resealed {
    /// Entries that were sealed anew.
    pub resealed: u64,
    /// Entries that no key of the server opens; they stay as they are.
    pub unreadable: u64,
    /// Where to go on; `None` if nothing follows.
    pub next: Option<Key>,
}

/// What became of one entry.
enum Entry {
    /// Sealed under the newest key already, or gone.
    Kept,
    Resealed,
    Unreadable,
}

impl LoginServer {
    /// Seals one page of entries anew that are not sealed under the newest key, while logins go on.
    ///
    /// Begin with `None`, go on with what the page before named, of at most `limit` entries each. An entry that somebody
    /// writes meanwhile is taken again. It can be stopped at any place and begun anew: what is done is passed over. When a
    /// whole round had neither an error nor an unreadable entry, no entry needs an older key; see
    /// [`KekRing`](crate::KekRing) for when the key may go.
    ///
    /// # Errors
    /// [`ServerError::Busy`] if others write an entry without pause, [`ServerError::Key`] if the newest key cannot be used,
    /// or the store's; call it again with the same `after`.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{KekId, KekRing, SoftwareKek};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let new = || SoftwareKek::from_bytes([8; 32]);
    /// let both = KekRing::new(KekId::new(1), new()).opens_unnamed(SoftwareKek::from_bytes(KEK))?;
    /// world.server = world.server_under(both);
    /// let (mut after, mut resealed) = (None, 0);
    /// loop {
    ///     let page = block_on(world.server.reseal(after.as_ref(), 100, &mut world.rng))?;
    ///     assert_eq!(page.unreadable, 0);
    ///     resealed += page.resealed;
    ///     after = page.next;
    ///     if after.is_none() { break }
    /// }
    /// assert_eq!(resealed, 6);
    /// world.server = world.server_under(KekRing::new(KekId::new(1), new())); // the old key is gone
    /// world.log_in(world.bank, NOW);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn reseal(&self, after: Option<&Key>, limit: u32, rng: Rng<'_>) -> Result<Resealed, ServerError> {
        trace::span!("reseal").trace(self.reseal_page(after, limit, rng)).await
    }

    async fn reseal_page(&self, after: Option<&Key>, limit: u32, rng: Rng<'_>) -> Result<Resealed, ServerError> {
        // No entries at all would look like the end.
        let page = self.vault.store.scan(after, limit.max(1)).await?;
        let mut done = Resealed { resealed: 0, unreadable: 0, next: None };
        for (key, found) in page {
            // An account's record is not sealed: what it refers to is.
            if !key.as_bytes().starts_with(b"account/") {
                match self.reseal_entry(&key, found, &mut *rng).await? {
                    Entry::Kept => {}
                    Entry::Resealed => done.resealed += 1,
                    Entry::Unreadable => done.unreadable += 1,
                }
            }
            done.next = Some(key);
        }
        Ok(done)
    }

    async fn reseal_entry(&self, key: &Key, found: Versioned, rng: Rng<'_>) -> Result<Entry, ServerError> {
        let (kek, store) = (&self.vault.kek, &self.vault.store);
        let mut found = Some(found);
        for _ in 0..TRIES {
            let Some(Versioned { version, value }) = found else { return Ok(Entry::Kept) };
            if kek.is_newest(&value) {
                return Ok(Entry::Kept);
            }
            let Ok(plain) = kek.open(key.as_bytes(), &value) else { return Ok(Entry::Unreadable) };
            let sealed = kek.seal(key.as_bytes(), &plain, &mut *rng)?;
            match store.put_if(key, Expect::Version(version), Some(&sealed), Hint::NONE).await {
                Ok(Cas::Won(_)) => return Ok(Entry::Resealed),
                Err(error @ StoreError::NotApplied(_)) => return Err(error.into()),
                // Lost, or of unknown fate: what is stored now decides.
                _ => found = store.get(key).await?,
            }
        }
        Err(ServerError::Busy)
    }
}
