//! Accounts with a device each, made in memory and copied from there into each store.

use std::sync::Arc;

use getrandom::{SysRng, rand_core::UnwrapErr};
use pollster::block_on;
use pushotp::{
    AccountId, Authenticator, DeviceSetup, Incoming, LoginServer, MemoryStorage, NewToken, Protection, ServerPolicy,
    ServerSetup, SoftwareKek, SoftwareKeys, Started,
    pin::Cost,
    store::{DynStore, Expect, Hint, Key, MemoryStore, Versioned},
    types::{TenantId, TokenId, UnixTime},
    wire::{keys::ServerKey, terms::PushAddress},
};

pub(crate) const START: UnixTime = UnixTime::from_secs(1_800_000_000);
/// How many accounts there are: more than a server remembers.
pub(crate) const ALL: usize = 1280;
/// How many of them are in use, few enough to be remembered.
const IN_USE: usize = 256;
/// How many passcodes one in use has, of one step after the other, and how many another one.
const CODES: [u32; 2] = [1024, 256];

/// Whose passcodes are typed, in turn.
#[derive(Clone, Copy)]
pub(crate) enum Whose {
    /// Of accounts that the server has seen a moment ago, and remembers.
    InUse,
    /// Of so many that the server has forgotten each when its turn comes again.
    Anyone,
}

impl Whose {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::InUse => "verdict",
            Self::Anyone => "verdict, long unseen",
        }
    }
}

/// A user, the user's device, and the token on it.
pub(crate) struct Account {
    pub(crate) id: AccountId,
    device: Authenticator,
    token: TokenId,
}

/// Many, with the passcodes that they will type.
pub(crate) struct Accounts {
    store: Arc<MemoryStore>,
    typists: Vec<(AccountId, Vec<String>)>,
}

pub(crate) fn server_on(store: Arc<dyn DynStore>) -> LoginServer {
    LoginServer::new(ServerSetup {
        tenant: TenantId::new(b"example.com").unwrap(),
        url: "https://login.example.com/push".into(),
        key: ServerKey::from_bytes(&[9; 32]),
        kek: Arc::new(SoftwareKek::from_bytes([0xb7; 32])),
        store,
        policy: ServerPolicy::default(),
    })
}

/// When a passcode of an account is typed.
pub(crate) fn time_of(code: u32) -> UnixTime {
    UnixTime::from_secs(START.as_secs() + 30 * u64::from(code))
}

impl Account {
    /// The only account of a store in memory.
    pub(crate) fn alone() -> (Arc<dyn DynStore>, Self) {
        let store: Arc<dyn DynStore> = Arc::new(MemoryStore::new());
        let account = Self::new(&server_on(Arc::clone(&store)), "alice");
        (store, account)
    }

    fn new(server: &LoginServer, name: &str) -> Self {
        let (id, mut rng) = (AccountId::new(name).unwrap(), UnwrapErr(SysRng));
        block_on(server.add_account(&id)).unwrap();
        let token = NewToken::new("Phone").typed_by_hand();
        let token = block_on(server.add_token(&id, token, START, &mut rng)).unwrap();
        let offer = block_on(server.offer_enrolment(&id, START, &mut rng)).unwrap();
        let keys = SoftwareKeys::generate(&mut rng).into_device_keys();
        let setup = DeviceSetup { name: "phone".into(), push: PushAddress::POLL, keys };
        let (request, enrolling) = Authenticator::enrol(&offer, setup, START, &mut rng).unwrap();
        let reply = block_on(server.receive(&request, START, &mut rng)).unwrap().into_reply().unwrap();
        let confirming = enrolling.finish(&reply).unwrap();
        block_on(server.confirm_enrolment((&id, offer.enrolment), true, START, &mut rng)).unwrap();
        let protection = Protection { pins: &[], presence: &[], cost: Cost::danger_below_floor(8, 1, 1).unwrap() };
        let device = confirming.confirm(&protection, MemoryStorage::default(), &mut rng).unwrap();
        Self { id, device, token }
    }

    /// The approval of a login.
    pub(crate) fn approve(&mut self, login: &Started, number: &str, now: UnixTime) -> Vec<u8> {
        let envelope = &login.pushes.first().unwrap().envelope;
        let Incoming::Login(prompt) = self.device.open(envelope, now).unwrap() else { panic!("no prompt") };
        self.device.approve(prompt, (self.token, number, None), now, &mut UnwrapErr(SysRng)).unwrap().0
    }

    fn codes(&mut self, count: u32) -> Vec<String> {
        let mut code = |number| self.device.passcode(self.token, None, time_of(number)).unwrap().0.expose().to_owned();
        (0..count).map(&mut code).collect()
    }
}

impl Accounts {
    pub(crate) fn new(count: usize) -> Self {
        let store = Arc::new(MemoryStore::new());
        let server = server_on(store.clone());
        let typist = |number| {
            let mut account = Account::new(&server, &format!("user{number:05}"));
            let codes = account.codes(CODES[usize::from(number >= IN_USE)]);
            (account.id, codes)
        };
        Self { store, typists: (0..count).map(typist).collect() }
    }

    pub(crate) fn count(&self, whose: Whose) -> usize {
        match whose {
            Whose::InUse => self.typists.len().min(IN_USE),
            Whose::Anyone => self.typists.len(),
        }
    }

    /// The account and its passcode of so many steps after the start.
    pub(crate) fn typed(&self, account: usize, code: u32) -> Option<(&AccountId, &str)> {
        let (id, codes) = self.typists.get(account)?;
        Some((id, codes.get(usize::try_from(code).ok()?)?))
    }

    /// All that the accounts are, in another store.
    pub(crate) async fn copy_to(&self, store: &Arc<dyn DynStore>) {
        let mut writes = tokio::task::JoinSet::new();
        let mut after: Option<Key> = None;
        loop {
            let page: Vec<(Key, Versioned)> = DynStore::scan(&*self.store, after.as_ref(), 512).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (key, found) in page {
                let store = Arc::clone(store);
                writes.spawn(async move {
                    let won = store.put_if(&key, Expect::Absent, Some(&found.value), Hint::NONE).await.unwrap();
                    assert!(matches!(won, pushotp::store::Cas::Won(_)));
                });
            }
            while writes.join_next().await.transpose().unwrap().is_some() {}
        }
    }
}
