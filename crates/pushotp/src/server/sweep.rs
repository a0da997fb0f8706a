//! Removing what a crash left: entries beside the records that no record refers to.
//!
//! An enrolment, a rotation and an update write their entries before the record, so for a moment an entry that nothing
//! refers to is on its way, and no orphan. The store's own age of an entry is not known, and the entry is not rewritten when
//! the record comes to refer to it. So there are two looks: the first leaves a mark with the entry's version and the time,
//! the second, an hour later at the earliest, removes the entry if it still is that version and still nothing refers to it.
//! Marks are entries too: any number of servers may sweep, and a restart forgets nothing.

use core::{str, time::Duration};
use std::sync::Arc;

use pushotp_store::{Key, Version, Versioned};
use pushotp_types::{EnrolmentId, UnixTime};
use pushotp_wire::terms::Kid;

use super::{
    AccountId, LoginServer, Rng, ServerError,
    device::{KeyHolder, KidOwner, StoredDevice, device_name, key_name},
    enrol::StoredOffer,
    record::{Device, Enrolment, Record, Token},
    trace,
    vault::hex,
};
use crate::tuple::tuple_struct;

/// How long an entry must have been an orphan: no request takes so long between its writes.
const GRACE: Duration = Duration::from_secs(60 * 60);
/// The kind of a mark.
const MARK: &str = "orphan";

tuple_struct! {
    /// The first look at an orphan; stored under the orphan's own key.
    struct Mark {
        version: u64,
        at: u64,
    }
}

/// What one page of a sweep came to.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let swept = block_on(world.server.sweep(None, 100, NOW, &mut world.rng))?;
/// assert_eq!((swept.marked, swept.removed), (0, 0)); // nothing crashed
/// # Ok::<(), pushotp::ServerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Swept {
    /// Where to go on; `None` behind the last entry.
    pub next: Option<Key>,
    /// How many entries were found for the first time that nothing refers to.
    pub marked: u32,
    /// How many of those that were found an hour ago or earlier were removed.
    pub removed: u32,
}

/// What the key of an entry says.
enum Place<'a> {
    Mark(&'a str),
    Secret { account: &'a str, token: &'a str, name: &'a str },
    Device { account: &'a str, kid: &'a str },
    Address { account: &'a str, name: &'a str },
    Ticket { account: &'a str, name: &'a str },
    Kid(&'a str),
    Offer(&'a str),
    Signer(&'a str),
}

impl<'a> Place<'a> {
    /// `None` for accounts, and for what is of another version.
    fn read(key: &'a str) -> Option<Self> {
        let (kind, name) = key.split_once('/')?;
        // An account's name may have slashes in it; what follows has none.
        let last = || name.rsplit_once('/');
        Some(match kind {
            MARK => Self::Mark(name),
            "secret" => {
                let (rest, name) = last()?;
                let (account, token) = rest.rsplit_once('/')?;
                Self::Secret { account, token, name }
            }
            "device" => last().map(|(account, kid)| Self::Device { account, kid })?,
            "address" => last().map(|(account, name)| Self::Address { account, name })?,
            "ticket" => last().map(|(account, name)| Self::Ticket { account, name })?,
            "kid" => Self::Kid(name),
            "offer" => Self::Offer(name),
            "signer" => Self::Signer(name),
            _ => return None,
        })
    }
}

impl LoginServer {
    /// Looks at one page of the store, up to `limit` entries, and removes those that a crash left behind: on the second look,
    /// an hour or more after the first. Run it over all pages, daily or so.
    ///
    /// What it does not know, or cannot read, it leaves alone.
    ///
    /// # Errors
    /// The store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (mut cursor, mut pages) = (None, 0);
    /// loop {
    ///     let swept = block_on(world.server.sweep(cursor.as_ref(), 3, NOW, &mut world.rng))?;
    ///     cursor = swept.next; // keep it: a restart goes on from here
    ///     pages += 1;
    ///     if cursor.is_none() {
    ///         break;
    ///     }
    /// }
    /// assert_eq!(pages, 4); // seven entries, and the end
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    pub async fn sweep(
        &self,
        after: Option<&Key>,
        limit: u32,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Swept, ServerError> {
        let span = trace::span!("sweep");
        let event = async {
            let page = self.vault.store.scan(after, limit.max(1)).await?;
            let mut swept = Swept { next: None, marked: 0, removed: 0 };
            let mut looking = Looking { server: self, now, account: None };
            for (key, found) in &page {
                let Some(name) = str::from_utf8(key.as_bytes()).ok() else { continue };
                match Place::read(name) {
                    Some(Place::Mark(orphan)) => {
                        swept.removed += u32::from(looking.second_look((key, found), orphan).await?);
                    }
                    Some(place) if !looking.is_referred_to(&place, (key, found)).await? => {
                        swept.marked += u32::from(self.first_look((key, found.version), name, (now, &mut *rng)).await?);
                    }
                    _ => {}
                }
            }
            swept.next = page.into_iter().next_back().map(|(key, _)| key);
            Ok(swept)
        };
        span.trace(event).await
    }

    /// Marks an orphan, unless it is marked, or gone since the page was read.
    async fn first_look(
        &self,
        (key, version): (&Key, Version),
        name: &str,
        (now, rng): (UnixTime, Rng<'_>),
    ) -> Result<bool, ServerError> {
        if self.vault.store.get(key).await?.is_none_or(|found| found.version != version) {
            return Ok(false);
        }
        let mark = Mark { version: version.as_u64(), at: now.as_secs() };
        self.vault.insert_sealed((MARK, name), &mark, rng).await
    }
}

/// One page's look at entries; it remembers the account that it saw last.
struct Looking<'a> {
    server: &'a LoginServer,
    now: UnixTime,
    account: Option<(String, Option<Record>)>,
}

impl Looking<'_> {
    /// Removes what was marked long enough ago, and the mark; or the mark alone, if it says nothing any more.
    async fn second_look(&mut self, (key, found): (&Key, &Versioned), orphan: &str) -> Result<bool, ServerError> {
        let vault = &self.server.vault;
        let Ok(mark) = vault.open::<Mark>(key, found) else { return Ok(false) };
        let orphan_key = Key::new(orphan).map_err(|_| ServerError::Name)?;
        let entry =
            vault.store.get(&orphan_key).await?.filter(|entry| entry.version == Version::from_u64(mark.version));
        let (Some(entry), Some(place)) = (entry, Place::read(orphan)) else {
            vault.remove_version(key, found.version).await?;
            return Ok(false);
        };
        if self.is_referred_to(&place, (&orphan_key, &entry)).await? {
            vault.remove_version(key, found.version).await?;
            return Ok(false);
        }
        if self.now.since(UnixTime::from_secs(mark.at)) < GRACE {
            return Ok(false);
        }
        let removed = vault.remove_version(&orphan_key, entry.version).await?;
        vault.remove_version(key, found.version).await?;
        Ok(removed)
    }

    /// Whether an account's record refers to an entry. What cannot be read counts as if it did.
    async fn is_referred_to(&mut self, place: &Place<'_>, entry: (&Key, &Versioned)) -> Result<bool, ServerError> {
        match self.look(place, entry).await {
            Err(ServerError::Key(_) | ServerError::Record | ServerError::Name) => Ok(true),
            told => told,
        }
    }

    async fn look(&mut self, place: &Place<'_>, (key, found): (&Key, &Versioned)) -> Result<bool, ServerError> {
        let vault = &self.server.vault;
        match *place {
            Place::Mark(_) => Ok(true),
            Place::Secret { account, token, name } => self.says(account, |record| record.has_secret(token, name)).await,
            Place::Device { account, kid } => self.says(account, |record| record.has_kid(kid)).await,
            Place::Address { account, name } => self.says(account, |record| record.has_address(name)).await,
            Place::Ticket { account, name } => self.says(account, |record| record.has_ticket(name)).await,
            Place::Kid(kid) => {
                let owner: KidOwner = vault.open(key, found)?;
                self.says(&owner.account, |record| record.has_kid(kid)).await
            }
            Place::Offer(id) => {
                let offer: StoredOffer = vault.open(key, found)?;
                self.says(&offer.account, |record| record.has_offer(id)).await
            }
            Place::Signer(name) => {
                let holder: KeyHolder = vault.open(key, found)?;
                self.holds(&holder, name).await
            }
        }
    }

    async fn says(&mut self, account: &str, refers: impl FnOnce(&Record) -> bool) -> Result<bool, ServerError> {
        Ok(self.record(account).await?.is_some_and(refers))
    }

    /// Whether a signing key is that of an enrolled device, or of one that is being enrolled.
    async fn holds(&mut self, holder: &KeyHolder, name: &str) -> Result<bool, ServerError> {
        if holder.until >= self.now.as_secs() {
            return Ok(true);
        }
        let server = self.server;
        let device = self.record(&holder.account).await?.and_then(|record| record.device(&holder.device));
        let Some(device) = device else { return Ok(false) };
        let place = device_name(&AccountId::new(holder.account.as_str())?, Kid::from_bytes(*device.kid));
        let stored: Option<StoredDevice> = server.vault.get_sealed(("device", &place)).await?;
        Ok(key_name(&stored.ok_or(ServerError::Record)?.verifying_key()?) == name)
    }

    /// The record of an account as far as it refers to anything: without the enrolments that are over.
    async fn record(&mut self, account: &str) -> Result<Option<&Record>, ServerError> {
        if self.account.as_ref().is_none_or(|(known, _)| known != account) {
            let record = match self.server.vault.read(&AccountId::new(account)?).await {
                Ok((_, record)) => {
                    let mut record = Arc::unwrap_or_clone(record);
                    record.enrolments.retain(|enrolment| enrolment.expires >= self.now.as_secs());
                    Some(record)
                }
                Err(ServerError::NoAccount) => None,
                Err(error) => return Err(error),
            };
            self.account = Some((account.to_owned(), record));
        }
        Ok(self.account.as_ref().and_then(|(_, record)| record.as_ref()))
    }
}

impl Record {
    fn has_secret(&self, token: &str, name: &str) -> bool {
        let held = self.tokens.iter().filter(|held| held.has_secret() && hex(&*held.id) == token);
        let mut made = self.enrolments.iter().filter(|made| made.tokens.iter().any(|made| hex(&**made) == token));
        held.flat_map(Token::names).any(|held| hex(&*held) == name) || made.any(|made| made.is(name))
    }

    fn has_kid(&self, kid: &str) -> bool {
        self.devices.iter().any(|device| hex(&*device.kid) == kid) || self.enrolments.iter().any(|made| made.is(kid))
    }

    fn has_address(&self, name: &str) -> bool {
        let known = |device: &Device| hex(&*device.address) == name;
        self.devices.iter().any(known) || self.enrolments.iter().any(|made| made.is(name))
    }

    fn has_ticket(&self, name: &str) -> bool {
        let told = self.devices.iter().flat_map(|device| &device.told);
        told.flat_map(|told| &told.ticket).any(|ticket| hex(&**ticket) == name)
    }

    fn has_offer(&self, id: &str) -> bool {
        self.enrolments.iter().any(|offered| EnrolmentId::from_bytes(*offered.id).to_string() == id)
    }
}

impl Enrolment {
    /// Whether its device's entries are stored under this name.
    fn is(&self, name: &str) -> bool {
        self.opened.iter().any(|opened| hex(&*opened.kid) == name)
    }
}
