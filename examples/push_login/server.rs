//! The server's side: what a login page would call.

use std::{fs, path::Path, sync::Arc};

use getrandom::{SysRng, rand_core::UnwrapErr};
use pollster::block_on;
use pushotp::{
    AccountId, LoginRequest, LoginServer, LoginStart, NewToken, ServerPolicy, ServerSetup, SoftwareKek, Started,
    types::{TenantId, TokenId, UnixTime},
    wire::keys::ServerKey,
};
use pushotp_store_sqlite::SqliteStore;

use crate::{device::write_private, story::Failure};

/// A login server with one user.
pub(crate) struct Server {
    pub(crate) login: LoginServer,
    pub(crate) user: AccountId,
    pub(crate) bank: TokenId,
    pub(crate) mail: TokenId,
}

/// The system's generator.
pub(crate) fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

impl Server {
    /// Starts on an SQLite file, with a new user and two tokens. The keys lie in a file of their own.
    pub(crate) fn start(db: &Path, now: UnixTime) -> Result<Self, Failure> {
        let keys = keys(&db.with_added_extension("keys"))?;
        let (key, kek) = keys.split_first_chunk::<32>().ok_or("the key file is too short")?;
        let kek = kek.first_chunk::<32>().ok_or("the key file is too short")?;
        let login = LoginServer::new(ServerSetup {
            tenant: TenantId::new(b"example.com")?,
            url: "https://login.example.com/push".into(),
            key: ServerKey::from_bytes(key),
            kek: Arc::new(SoftwareKek::from_bytes(*kek)),
            store: Arc::new(SqliteStore::open(db)?),
            policy: ServerPolicy::default(),
        });
        let user = new_user(&login)?;
        let bank = NewToken::new("Bank").pin_protected();
        let bank = block_on(login.add_token(&user, bank, now, &mut rng()))?;
        let mail = block_on(login.add_token(&user, NewToken::new("Mail").typed_by_hand(), now, &mut rng()))?;
        Ok(Self { login, user, bank, mail })
    }

    /// A person logs in at the page, from a place.
    pub(crate) fn begin(&self, application: &str, now: UnixTime) -> Result<LoginStart, Failure> {
        let request = LoginRequest::new(application)
            .ip([198, 51, 100, 7].into())
            .place("Vienna, Austria")
            .client("Firefox on Linux");
        Ok(block_on(self.login.start_login(&self.user, &request, now, &mut rng()))?)
    }

    /// The same where it must be possible.
    pub(crate) fn started(&self, application: &str, now: UnixTime) -> Result<Started, Failure> {
        match self.begin(application, now)? {
            LoginStart::Started(started) => Ok(started),
            other => Err(format!("the login was not pushed: {other:?}").into()),
        }
    }

    /// A device's message arrives; what goes back, and why it was refused if it was.
    pub(crate) fn receive(&self, message: &[u8], now: UnixTime) -> Result<(Option<Vec<u8>>, Option<String>), Failure> {
        let received = block_on(self.login.receive(message, now, &mut rng()))?;
        let why = received.error().map(ToString::to_string);
        Ok((received.into_reply().ok(), why))
    }

    /// The newest line of the audit log.
    pub(crate) fn newest_event(&self) -> Result<String, Failure> {
        let events = block_on(self.login.audit(&self.user))?;
        Ok(events.last().map(|event| event.kind().to_string()).unwrap_or_default())
    }

    /// Whether the log has a line of a kind.
    pub(crate) fn has_logged(&self, kind: pushotp::AuditKind) -> Result<bool, Failure> {
        Ok(block_on(self.login.audit(&self.user))?.iter().any(|event| event.kind() == kind))
    }
}

/// `alice`, or the first of `alice2`, `alice3` that a file from an earlier run does not know yet.
fn new_user(login: &LoginServer) -> Result<AccountId, Failure> {
    for number in 1..1000 {
        let name = if number == 1 { "alice".to_owned() } else { format!("alice{number}") };
        let user = AccountId::new(name)?;
        match block_on(login.add_account(&user)) {
            Ok(()) => return Ok(user),
            Err(pushotp::ServerError::AccountExists) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err("the file has a thousand users".into())
}

/// Server key and key-encryption key: 64 random bytes, made once.
fn keys(path: &Path) -> Result<Vec<u8>, Failure> {
    if !path.exists() {
        let mut keys = [0; 64];
        rand_core::Rng::fill_bytes(&mut rng(), &mut keys);
        write_private(path, &keys)?;
    }
    Ok(fs::read(path)?)
}
