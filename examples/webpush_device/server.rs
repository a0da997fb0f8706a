//! The login server, and the authenticator of its one user.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use getrandom::{SysRng, rand_core::UnwrapErr};
use pollster::block_on;
use pushotp::{
    AccountId, Authenticator, Delivered, DeviceSetup, Incoming, LoginRequest, LoginServer, LoginStart, MemoryStorage,
    NewToken, Outcome, Prompt, Protection, ServerPolicy, ServerSetup, SoftwareKek, SoftwareKeys, Started,
    pin::Cost,
    store::MemoryStore,
    types::{TenantId, TokenId, UnixTime},
    wire::{keys::ServerKey, terms::PushAddress},
};
use pushotp_webpush::{Contact, EndpointRules, HttpTransport, NoTls, VapidKey, WebPush};

use crate::story::Failure;

const TIMEOUT: Duration = Duration::from_secs(10);

/// The system's generator.
pub(crate) fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

pub(crate) fn now() -> UnixTime {
    UnixTime::from_secs(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

/// A login server that pushes over Web Push.
pub(crate) struct Server {
    pub(crate) login: LoginServer,
    pub(crate) user: AccountId,
    pub(crate) token: TokenId,
    pub(crate) push: WebPush<HttpTransport>,
}

impl Server {
    pub(crate) fn start() -> Result<Self, Failure> {
        let mut kek = [0; 32];
        rand_core::Rng::fill_bytes(&mut rng(), &mut kek);
        let login = LoginServer::new(ServerSetup {
            tenant: TenantId::new(b"example.com")?,
            url: "https://login.example.com/push".into(),
            key: ServerKey::generate(&mut rng()),
            kek: Arc::new(SoftwareKek::from_bytes(kek)),
            store: Arc::new(MemoryStore::new()),
            policy: ServerPolicy::default(),
        });
        let user = AccountId::new("alice")?;
        block_on(login.add_account(&user))?;
        let token = block_on(login.add_token(&user, NewToken::new("Work"), now(), &mut rng()))?;
        let identity = (VapidKey::generate(&mut rng()), Contact::new("mailto:push@example.com")?);
        // Only here: the push service is on this machine and has no TLS. A login server takes the default rules, and one with TLS.
        let rules = EndpointRules::danger_allow_loopback();
        let push = WebPush::new(HttpTransport::new(NoTls, TIMEOUT), identity, rules);
        Ok(Self { login, user, token, push })
    }

    /// Enrols an authenticator that is pushed at this address; what passes between the two are bytes.
    pub(crate) fn enrol(&self, push: PushAddress) -> Result<Authenticator, Failure> {
        let offer = block_on(self.login.offer_enrolment(&self.user, now(), &mut rng()))?;
        let keys = SoftwareKeys::generate(&mut rng()).into_device_keys();
        let setup = DeviceSetup { name: "Alice's browser".into(), push, keys };
        let (request, enrolling) = Authenticator::enrol(&offer, setup, now(), &mut rng())?;
        let reply = block_on(self.login.receive(&request, now(), &mut rng()))?.into_reply()?;
        let confirming = enrolling.finish(&reply)?;
        if block_on(self.login.confirmation_code(offer.enrolment))?.as_deref() != Some(confirming.code()) {
            return Err("the confirmation codes differ".into());
        }
        let protection = Protection { pins: &[], presence: &[], cost: Cost::FLOOR };
        let device = confirming.confirm(&protection, MemoryStorage::default(), &mut rng())?;
        block_on(self.login.confirm_enrolment((&self.user, offer.enrolment), true, now(), &mut rng()))?;
        Ok(device)
    }

    /// Somebody types the user's name and password at the login page, and asks for a push.
    pub(crate) fn begin(&self) -> Result<Started, Failure> {
        let request = LoginRequest::new("Intranet").place("Vienna, Austria").client("Firefox on Linux");
        match block_on(self.login.start_login(&self.user, &request, now(), &mut rng()))? {
            LoginStart::Started(started) => Ok(started),
            other => Err(format!("the login was not pushed: {other:?}").into()),
        }
    }

    /// Hands the pushes of a login to the push service.
    pub(crate) fn deliver(&self, started: &Started) -> Vec<Delivered> {
        let pushes = (&self.user, &started.pushes[..], started.expires);
        block_on(self.login.deliver(pushes, &self.push, now(), &mut rng()))
    }

    /// The user compares the number and approves; the answer goes to the server, and what the server says comes back.
    pub(crate) fn approve(&self, device: &mut Authenticator, prompt: Prompt, number: &str) -> Result<Outcome, Failure> {
        let (message, answering) = device.approve(prompt, (self.token, number, None), now(), &mut rng())?;
        let reply = block_on(self.login.receive(&message, now(), &mut rng()))?.into_reply()?;
        Ok(device.finish(answering, &reply, now())?.outcome)
    }
}

/// The request in an envelope.
pub(crate) fn open(device: &mut Authenticator, envelope: &[u8]) -> Result<Prompt, Failure> {
    match device.open(envelope, now())? {
        Incoming::Login(prompt) | Incoming::Again(prompt) => Ok(prompt),
        other => Err(format!("not a login: {other:?}").into()),
    }
}
