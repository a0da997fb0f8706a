//! The owner: a login server, and a phone that keeps its state and its keys in two files.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use getrandom::{SysRng, rand_core::UnwrapErr};
use pollster::block_on;
use pushotp::{
    AccountId, AuditKind, Authenticator, DeviceSetup, DeviceStorage, LoginRequest, LoginServer, LoginStart, NewToken,
    Protection, ServerPolicy, ServerSetup, SoftwareKek, SoftwareKeys, StorageError,
    pin::{Cost, Pin},
    store::DynStore,
    types::{TenantId, TokenId, UnixTime},
    wire::{keys::ServerKey, terms::PushAddress},
};

use crate::story::Failure;

/// When the story begins: it needs no clock but for its speed.
pub(crate) const START: UnixTime = UnixTime::from_secs(1_800_000_000);

/// The system's generator.
pub(crate) fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// A login server with one user and one token.
pub(crate) struct Server {
    pub(crate) login: LoginServer,
    pub(crate) user: AccountId,
    pub(crate) token: TokenId,
}

impl Server {
    pub(crate) fn start(store: Arc<dyn DynStore>, kek: [u8; 32], policy: ServerPolicy) -> Result<Self, Failure> {
        let login = LoginServer::new(ServerSetup {
            tenant: TenantId::new(b"example.com")?,
            url: "https://login.example.com/push".into(),
            key: ServerKey::generate(&mut rng()),
            kek: Arc::new(SoftwareKek::from_bytes(kek)),
            store,
            policy,
        });
        let user = AccountId::new("alice")?;
        block_on(login.add_account(&user))?;
        let token = NewToken::new("Bank").pin_protected();
        let token = block_on(login.add_token(&user, token, START, &mut rng()))?;
        Ok(Self { login, user, token })
    }

    /// Somebody who knows the password logs in at the page.
    pub(crate) fn begin(&self, now: UnixTime) -> Result<LoginStart, Failure> {
        let request = LoginRequest::new("Intranet");
        Ok(block_on(self.login.start_login(&self.user, &request, now, &mut rng()))?)
    }

    /// A device's message arrives; the reply to it.
    pub(crate) fn receive(&self, message: &[u8], now: UnixTime) -> Result<Vec<u8>, Failure> {
        Ok(block_on(self.login.receive(message, now, &mut rng()))?.into_reply()?)
    }

    /// Whether an operator reads this in the audit log.
    pub(crate) fn logged(&self, kind: AuditKind) -> Result<bool, Failure> {
        Ok(block_on(self.login.audit(&self.user))?.iter().any(|event| event.kind() == kind))
    }

    /// Whether the server takes no more passcodes of the token.
    pub(crate) fn has_disabled_it(&self) -> Result<bool, Failure> {
        Ok(block_on(self.login.tokens(&self.user))?.iter().any(|token| token.id == self.token && token.disabled))
    }
}

/// The state in one file. A real device writes a second one first, as in `push_login`.
struct StateFile(PathBuf);

impl DeviceStorage for StateFile {
    fn save(&mut self, state: &[u8]) -> Result<(), StorageError> {
        fs::write(&self.0, state).map_err(|_| StorageError)
    }
}

/// The phone's two files.
pub(crate) struct Phone {
    state: PathBuf,
    keys: PathBuf,
}

impl Phone {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { state: folder.join("device.state"), keys: folder.join("device.keys") }
    }

    /// What whoever copies them has.
    pub(crate) fn read(&self) -> io::Result<(Vec<u8>, Vec<u8>)> {
        Ok((fs::read(&self.state)?, fs::read(&self.keys)?))
    }

    /// The owner enrols the phone and chooses a PIN.
    pub(crate) fn enrol(&self, server: &Server, pin: Pin, cost: Cost) -> Result<(), Failure> {
        let offer = block_on(server.login.offer_enrolment(&server.user, START, &mut rng()))?;
        let keys = SoftwareKeys::generate(&mut rng());
        fs::write(&self.keys, keys.expose())?;
        let setup =
            DeviceSetup { name: "Alice's phone".into(), push: PushAddress::POLL, keys: keys.into_device_keys() };
        let (request, enrolling) = Authenticator::enrol(&offer, setup, START, &mut rng())?;
        let confirming = enrolling.finish(&server.receive(&request, START)?)?;
        let shown = block_on(server.login.confirmation_code(offer.enrolment))?;
        if shown.as_deref() != Some(confirming.code()) {
            return Err("the confirmation codes differ".into());
        }
        let protection = Protection { pins: &[(server.token, pin)], presence: &[], cost };
        drop(confirming.confirm(&protection, StateFile(self.state.clone()), &mut rng())?);
        block_on(server.login.confirm_enrolment((&server.user, offer.enrolment), true, START, &mut rng()))?;
        Ok(())
    }
}
