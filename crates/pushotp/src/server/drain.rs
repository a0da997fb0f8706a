//! Audit events on their way out of the records: told as they are written, and drained by whoever missed some.

use std::sync::Arc;

use pushotp_store::Key;

use super::{
    AccountId, AuditEvent, LoginServer, ServerError, TokenView,
    record::{Event, Record},
    trace,
};

/// Under which keys the accounts are.
const ACCOUNTS: &str = "account/";

/// Where audit events go: a log, a queue, a security centre.
///
/// A server tells it each event of each write that it won, once, after the write and before the verdict; never one whose
/// write was lost. What a server wrote and did not live to tell, or could not know that it wrote, the sink gets with
/// [`LoginServer::drain_audit`]: it keeps the number of the last event of each account, and a number that it has seen is
/// no news. Events of one account may come out of order if several servers, or several threads, write it.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use std::sync::{Arc, Mutex};
/// use pushotp::{AccountId, AuditEvent, AuditSink};
///
/// #[derive(Default)]
/// struct Lines(Mutex<Vec<String>>);
///
/// impl AuditSink for Lines {
///     fn audited(&self, account: &AccountId, event: &AuditEvent) {
///         self.0.lock().unwrap().push(format!("{account} {}: {}", event.number(), event.kind()));
///     }
/// }
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let lines = Arc::new(Lines::default());
/// world.server = world.server_on(world.store.clone()).with_audit_sink(lines.clone());
/// world.start(NOW);
/// assert_eq!(*lines.0.lock().unwrap(), ["alice 5: login started"]);
/// ```
pub trait AuditSink: Send + Sync {
    /// One event of an account, written for good.
    ///
    /// It is called on the way to the verdict: keep it short, hand the event to a thread of its own. It must not panic.
    fn audited(&self, account: &AccountId, event: &AuditEvent);
}

impl<S: AuditSink + ?Sized> AuditSink for Arc<S> {
    fn audited(&self, account: &AccountId, event: &AuditEvent) {
        S::audited(self, account, event);
    }
}

/// The events of one account that a sink has not seen.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// let world = World::new(); // a server with one user, whose five events are still all there
/// let drained = pollster::block_on(world.server.drain_audit(&world.user, Some(2)))?;
/// assert!(drained.events.iter().map(|event| event.number()).eq([3, 4]));
/// assert_eq!((drained.missed, drained.is_set_back), (0, false));
/// # Ok::<(), pushotp::ServerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Drained {
    /// What the record still holds of them, oldest first.
    pub events: Vec<AuditEvent>,
    /// How many more there were before these: they fell out of the record, for it keeps sixteen.
    pub missed: u64,
    /// The sink has seen events that the record does not have: the store was set back to an earlier state, or the account
    /// was made anew. Then this is all that the record holds.
    pub is_set_back: bool,
}

/// An account as an operator sees it.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// let world = World::new(); // a server with one user, and the user's device
/// let page = pollster::block_on(world.server.accounts(None, 100))?;
/// let alice = &page.accounts[0];
/// assert_eq!((&alice.account, alice.tokens.len(), alice.devices), (&world.user, 2, 1));
/// # Ok::<(), pushotp::ServerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountView {
    /// Its name.
    pub account: AccountId,
    /// Its tokens, in the order of their ids.
    pub tokens: Vec<TokenView>,
    /// How many devices are enrolled.
    pub devices: usize,
    /// How many audit events it has had: a sink that has seen as many has missed none.
    pub events: u64,
}

/// A page of accounts, in the order of their names.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// let world = World::new(); // a server with one user, and the user's device
/// let page = pollster::block_on(world.server.accounts(None, 1))?;
/// let after = page.next.expect("there may be more");
/// assert!(pollster::block_on(world.server.accounts(Some(&after), 1))?.accounts.is_empty());
/// # Ok::<(), pushotp::ServerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct AccountPage {
    /// The accounts.
    pub accounts: Vec<AccountView>,
    /// Where accounts are stored that this version of the crate cannot read.
    pub unreadable: Vec<Key>,
    /// Where to go on; `None` if nothing follows.
    pub next: Option<Key>,
}

impl LoginServer {
    /// The server with a sink for its audit events.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use std::sync::{Arc, atomic::{AtomicU32, Ordering}};
    /// use pushotp::{AccountId, AuditEvent, AuditSink};
    ///
    /// struct Count(AtomicU32);
    ///
    /// impl AuditSink for Count {
    ///     fn audited(&self, _: &AccountId, _: &AuditEvent) {
    ///         self.0.fetch_add(1, Ordering::Relaxed);
    ///     }
    /// }
    ///
    /// let (mut world, count) = (World::new(), Arc::new(Count(AtomicU32::new(0))));
    /// world.server = world.server_on(world.store.clone()).with_audit_sink(count.clone());
    /// world.log_in(world.mail, NOW); // started, approved, logged in
    /// assert_eq!(count.0.load(Ordering::Relaxed), 3);
    /// ```
    #[must_use]
    pub fn with_audit_sink(mut self, sink: Arc<dyn AuditSink>) -> Self {
        self.vault.sink = Some(sink);
        self
    }

    /// The events of an account that came `after` the last one that a sink has seen; all with `None`.
    ///
    /// # Errors
    /// [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let mut world = World::new(); // a server with one user, who has had five events
    /// for _ in 0..20 {
    ///     block_on(world.server.set_push((&world.user, world.mail), true, NOW, &mut world.rng))?;
    /// }
    /// let drained = block_on(world.server.drain_audit(&world.user, Some(4)))?;
    /// assert_eq!((drained.events.len(), drained.missed), (16, 4)); // the sink was away too long
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    pub async fn drain_audit(&self, account: &AccountId, after: Option<u64>) -> Result<Drained, ServerError> {
        let (_, record) = self.vault.read(account).await?;
        let wanted = after.map_or(0, |last| last.saturating_add(1));
        let is_set_back = wanted > record.next_event;
        let wanted = if is_set_back { 0 } else { wanted };
        let oldest = record.audit.first().map_or(record.next_event, |event| event.number);
        let events = record.audit.iter().filter(|event| event.number >= wanted).map(AuditEvent::read).collect();
        Ok(Drained { events, missed: oldest.saturating_sub(wanted), is_set_back })
    }

    /// One page of all accounts: for an operator's list, and for a sink that has to catch up everywhere.
    ///
    /// Begin with `None`, go on with what the page before named, of at most `limit` accounts each; a page may be empty
    /// only at the end. It reads the whole store in its order: never on the path of a login.
    ///
    /// # Errors
    /// The store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::AccountId;
    ///
    /// let world = World::new(); // a server with one user, and the user's device
    /// block_on(world.server.add_account(&AccountId::new("bob")?))?;
    /// let (mut after, mut names) = (None, Vec::new());
    /// loop {
    ///     let page = block_on(world.server.accounts(after.as_ref(), 1))?;
    ///     names.extend(page.accounts.iter().map(|seen| seen.account.to_string()));
    ///     after = page.next;
    ///     if after.is_none() { break }
    /// }
    /// assert_eq!(names, ["alice", "bob"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn accounts(&self, after: Option<&Key>, limit: u32) -> Result<AccountPage, ServerError> {
        let first = Key::new(ACCOUNTS).map_err(|_| ServerError::Name)?;
        // No entries at all would look like the end.
        let found = self.vault.store.scan(Some(after.map_or(&first, |after| after.max(&first))), limit.max(1)).await?;
        let mut page = AccountPage { accounts: Vec::new(), unreadable: Vec::new(), next: None };
        for (key, stored) in found {
            let Some(name) = key.as_bytes().strip_prefix(ACCOUNTS.as_bytes()) else {
                page.next = None;
                break;
            };
            match (account_of(name), Record::decode(&stored.value)) {
                (Some(account), Ok(record)) => page.accounts.push(AccountView::read(account, &record)),
                _ => page.unreadable.push(key.clone()),
            }
            page.next = Some(key);
        }
        Ok(page)
    }
}

impl AccountView {
    fn read(account: AccountId, record: &Record) -> Self {
        let tokens = record.tokens.iter().map(TokenView::read).collect();
        Self { account, tokens, devices: record.devices.len(), events: record.next_event }
    }
}

fn account_of(name: &[u8]) -> Option<AccountId> {
    AccountId::new(core::str::from_utf8(name).ok()?).ok()
}

/// Tells a sink, and whoever subscribes, what a write added to the record.
pub(super) fn tell<'a>(
    sink: Option<&Arc<dyn AuditSink>>,
    account: &AccountId,
    events: impl Iterator<Item = &'a Event>,
) {
    for event in events.map(AuditEvent::read) {
        trace::audit(&event);
        if let Some(sink) = sink {
            sink.audited(account, &event);
        }
    }
}
