//! The server's side: what a login page would call.

use std::{cell::RefCell, fs, path::Path, sync::Arc};

use getrandom::{SysRng, rand_core::UnwrapErr};
use pollster::block_on;
use pushotp::{
    AccountId, AuditEvent, AuditKind, LoginFailure, LoginRequest, LoginServer, LoginStart, LoginState, NewToken,
    ServerPolicy, ServerSetup, SoftwareKek, Started,
    store::DynStore,
    types::{TenantId, TokenId, UnixTime},
    wire::keys::ServerKey,
};

use crate::{device::create_private, store::open_store, story::Failure};

/// A login server with one user.
pub(crate) struct Server {
    pub(crate) login: LoginServer,
    pub(crate) user: AccountId,
    pub(crate) bank: TokenId,
    pub(crate) mail: TokenId,
    /// All messages that arrived, as who taps the wire has them.
    pub(crate) arrived: RefCell<Vec<Vec<u8>>>,
}

/// The system's generator.
pub(crate) fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

impl Server {
    /// Starts on a database, with a new user and two tokens. The keys lie in a file of their own; where they are those
    /// `of_the_run`, what earlier runs left stays as it is, unreadable.
    pub(crate) fn start(db: &str, (path, of_the_run): (&Path, bool), now: UnixTime) -> Result<Self, Failure> {
        // First the store, which refuses a file that is none; then the keys.
        let store = block_on(open_store(db)).map_err(|error| -> Failure { error })?;
        let is_new = block_on(store.scan(None, 1))?.is_empty();
        let keys = keys(path, is_new || of_the_run)?;
        Self::start_on(store, &keys, now)
    }

    /// The same on any store.
    pub(crate) fn start_on(store: Arc<dyn DynStore>, keys: &[u8], now: UnixTime) -> Result<Self, Failure> {
        let (key, kek) = keys.split_first_chunk::<32>().ok_or("the key file is too short")?;
        let kek = kek.first_chunk::<32>().ok_or("the key file is too short")?;
        let login = LoginServer::new(ServerSetup {
            tenant: TenantId::new(b"example.com")?,
            url: "https://login.example.com/push".into(),
            key: ServerKey::from_bytes(key),
            kek: Arc::new(SoftwareKek::from_bytes(*kek)),
            store,
            policy: ServerPolicy::default(),
        });
        let user = new_user(&login)?;
        let bank = NewToken::new("Bank").pin_protected();
        let bank = block_on(login.add_token(&user, bank, now, &mut rng()))?;
        let mail = block_on(login.add_token(&user, NewToken::new("Mail").typed_by_hand(), now, &mut rng()))?;
        Ok(Self { login, user, bank, mail, arrived: RefCell::default() })
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
        self.arrived.borrow_mut().push(message.to_vec());
        let received = block_on(self.login.receive(message, now, &mut rng()))?;
        let why = received.error().map(ToString::to_string);
        Ok((received.into_reply().ok(), why))
    }

    /// The newest line of the audit log.
    pub(crate) fn newest_event(&self) -> Result<AuditEvent, Failure> {
        Ok(block_on(self.login.audit(&self.user))?.pop().ok_or("the audit log is empty")?)
    }

    /// What an operator reads last, which must be this.
    pub(crate) fn operator_sees(&self, kind: AuditKind) -> Result<String, Failure> {
        let newest = self.newest_event()?.kind();
        if newest == kind {
            Ok(kind.to_string())
        } else {
            Err(format!("the audit log ends with \"{newest}\", not with \"{kind}\"").into())
        }
    }
}

/// What the login page shows while it waits.
pub(crate) fn page_words(state: &LoginState) -> &'static str {
    match state {
        LoginState::Waiting { .. } => "waiting for your authenticator",
        LoginState::Approved | LoginState::Redeemed => "approved",
        LoginState::Denied => "denied on the device",
        LoginState::Reported => "denied and reported on the device",
        LoginState::Expired => "nobody answered in time",
        LoginState::Cancelled => "withdrawn",
        LoginState::Failed(LoginFailure::WrongNumber) => "refused: that was not the number, start again",
        LoginState::Failed(LoginFailure::TooManyPasscodes) => "refused: three wrong PINs, most likely; start again",
        LoginState::Failed(LoginFailure::NotVerified) => {
            "refused: the device did not show that it was you, start again"
        }
        _ => "refused, start again",
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
fn keys(path: &Path, is_new: bool) -> Result<Vec<u8>, Failure> {
    if !path.exists() {
        if !is_new {
            let path = path.display();
            return Err(format!("{path} is missing: nothing in an old database can be read without it").into());
        }
        let mut keys = [0; 64];
        rand_core::Rng::fill_bytes(&mut rng(), &mut keys);
        create_private(path, &keys)?;
    }
    Ok(fs::read(path)?)
}
