//! The server side: accounts, enrolment, logins, answers.

mod account;
mod answer;
mod audit;
mod device;
mod drain;
mod duress;
mod enrol;
mod error;
mod fatigue;
mod housekeeping;
mod import;
mod judge;
mod kek;
mod kek_ring;
mod login;
mod login_request;
mod login_state;
mod method;
mod notify;
mod passcode;
mod policy;
mod received;
mod recent;
mod record;
mod remove;
mod request;
mod reseal;
mod resync;
mod secret;
mod sweep;
mod ticket;
mod token;
mod trace;
mod unlock;
mod vault;

use core::fmt;
use std::sync::Arc;

use pushotp_store::DynStore;
use pushotp_types::{TenantId, UnixTime};
use pushotp_wire::keys::ServerKey;
use rand_core::CryptoRng;

pub use account::AccountId;
pub use audit::{AuditEvent, AuditKind};
pub use drain::{AccountPage, AccountView, AuditSink, Drained};
pub use duress::{DuressResponse, Redeemed};
pub use error::ServerError;
pub use import::{Import, ImportError};
pub use kek::{KeyEncryptionKey, KeyUnavailable, SoftwareKek};
pub use kek_ring::{KekId, KekRing, RingError};
pub use login_request::{LoginRequest, NumberMatching, WhileOpen};
pub use login_state::{LoginFailure, LoginStart, LoginState, Push, Started};
pub use notify::{Carried, Delivered};
pub use passcode::PasscodeVerdict;
pub use policy::ServerPolicy;
pub use received::{Received, Reject};
use record::Id;
pub use remove::RemovedAccount;
pub use reseal::Resealed;
pub use sweep::Swept;
pub use ticket::Ticket;
pub use token::{NewToken, PushSwitch, TokenView};
use vault::Vault;

/// The caller's random generator: `SysRng` in production, a seeded one in a test.
///
/// ```
/// use pushotp::Rng;
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let rng: Rng<'_> = &mut rng;
/// assert_ne!(rng.next_u64(), rng.next_u64());
/// ```
pub type Rng<'a> = &'a mut (dyn CryptoRng + Send);

/// What a login server is made of.
///
/// ```
/// use std::sync::Arc;
/// use pushotp::{LoginServer, ServerPolicy, ServerSetup, SoftwareKek, store::MemoryStore, types::TenantId, wire::keys::ServerKey};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let server = LoginServer::new(ServerSetup {
///     tenant: TenantId::new(b"example.com")?,
///     url: "https://login.example.com/push".into(),
///     key: ServerKey::generate(&mut rng),               // kept apart from the database
///     kek: Arc::new(SoftwareKek::from_bytes([7; 32])),  // an HSM fits here
///     store: Arc::new(MemoryStore::new()),              // a file or a database in production
///     policy: ServerPolicy::default(),
/// });
/// # let _ = server;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ServerSetup {
    /// The organisation: bound into every key.
    pub tenant: TenantId,
    /// Where devices send their messages; `https`.
    pub url: String,
    /// The X25519 key of the tenant, kept apart from the database.
    pub key: ServerKey,
    /// Seals what the store holds.
    pub kek: Arc<dyn KeyEncryptionKey>,
    /// Where the state lives.
    pub store: Arc<dyn DynStore>,
    /// The limits.
    pub policy: ServerPolicy,
}

impl fmt::Debug for ServerSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSetup").field("tenant", &self.tenant).field("url", &self.url).finish_non_exhaustive()
    }
}

/// The server side of push login: it issues challenges, judges answers and grants each login once.
///
/// All state is in the store, so any number of servers can share it, and a restart loses nothing. Methods take the time
/// and the randomness; none of them tells a verdict before it is stored.
///
/// A server remembers the records of the accounts that it saw last, 1024 at the most of 12 KiB at the most, and writes
/// against them without reading: the store's compare-and-swap tells whether one is still what is stored. What is not
/// written, be it a refusal or an error, is never decided by memory alone.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::{LoginRequest, LoginStart, LoginState};
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let (server, user, rng) = (&world.server, &world.user, &mut world.rng);
/// let request = LoginRequest::new("Intranet").place("Vienna, Austria");
/// let LoginStart::Started(login) = block_on(server.start_login(user, &request, NOW, rng))? else { panic!() };
/// assert_eq!(server.number(&login.ticket)?.len(), 6); // on the page
/// assert_eq!(login.pushes.len(), 1); // to the push carrier
///
/// assert!(matches!(block_on(server.login_state(&login.ticket, NOW))?, LoginState::Waiting { .. }));
/// assert_eq!(block_on(server.redeem(&login.ticket, NOW, rng))?, None); // nobody has approved
/// block_on(server.cancel_login(&login.ticket, NOW, rng))?;
/// assert_eq!(block_on(server.login_state(&login.ticket, NOW))?, LoginState::Cancelled);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LoginServer {
    tenant: TenantId,
    url: String,
    key: ServerKey,
    vault: Vault,
    policy: ServerPolicy,
}

impl LoginServer {
    /// A server on a store.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{LoginServer, ServerPolicy, ServerSetup, SoftwareKek};
    /// use pushotp::{types::TenantId, wire::keys::ServerKey};
    ///
    /// let world = World::new(); // a server with one user, and the user's device
    /// let again = LoginServer::new(ServerSetup {
    ///     tenant: TenantId::new(b"example.com")?,
    ///     url: "https://login.example.com/push".into(),
    ///     key: ServerKey::from_bytes(&world.server_key),
    ///     kek: std::sync::Arc::new(SoftwareKek::from_bytes(KEK)),
    ///     store: world.store.clone(),
    ///     policy: ServerPolicy::default(),
    /// });
    /// assert_eq!(pollster::block_on(again.tokens(&world.user))?.len(), 2); // as a second server has them
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(setup: ServerSetup) -> Self {
        let ServerSetup { tenant, url, key, kek, store, policy } = setup;
        Self { tenant, url, key, vault: Vault::new(store, kek), policy }
    }

    /// Makes an account without tokens.
    ///
    /// # Errors
    /// [`ServerError::AccountExists`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{AccountId, ServerError};
    ///
    /// let world = World::new(); // a server with one user, and the user's device
    /// let bob = AccountId::new("bob")?;
    /// block_on(world.server.add_account(&bob))?;
    /// assert!(matches!(block_on(world.server.add_account(&bob)), Err(ServerError::AccountExists)));
    /// # Ok::<(), ServerError>(())
    /// ```
    pub async fn add_account(&self, account: &AccountId) -> Result<(), ServerError> {
        trace::span!("add_account").account(self, account).trace(self.vault.create(account)).await
    }

    /// The last sixteen events of an account, oldest first.
    ///
    /// # Errors
    /// [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::AuditKind;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// world.start(NOW);
    /// let events = block_on(world.server.audit(&world.user))?;
    /// assert_eq!(events.last().map(|event| event.kind()), Some(AuditKind::LoginStarted));
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    pub async fn audit(&self, account: &AccountId) -> Result<Vec<AuditEvent>, ServerError> {
        let record = self.vault.load(account).await?;
        Ok(record.audit.iter().map(AuditEvent::read).collect())
    }

    /// An event that is about to happen, at `now`, under a name of its own.
    fn happened(now: UnixTime, rng: Rng<'_>) -> audit::Happened {
        audit::Happened { at: now, attempt: random_id(rng) }
    }
}

impl fmt::Debug for LoginServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginServer")
            .field("tenant", &self.tenant)
            .field("url", &self.url)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// 16 random bytes.
fn random_id(rng: Rng<'_>) -> Id {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    Id::new(bytes)
}
