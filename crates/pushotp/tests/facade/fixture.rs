// A server with one user, and the user's device: one token with a PIN, one without.

use std::sync::Arc;

use pollster::block_on;
use pushotp::{
    AccountId, Answering, AuditKind, Authenticator, DeviceSetup, Incoming, KeyEncryptionKey, LoginRequest, LoginServer,
    LoginStart, LoginState, MemoryStorage, NewToken, Outcome, Prompt, Protection, ServerPolicy, ServerSetup,
    SoftwareKek, SoftwareKeys, Started, TokenView,
    pin::{Cost, Pin, PinPolicy, PresenceKey, SoftwarePresenceKey},
    store::{DynStore, MemoryStore},
    types::{Offer, TenantId, TokenId, UnixTime},
    wire::{
        device::Device,
        frame::{Frame, Recipient},
        keys::{Binding, ChannelKeys, ServerKey},
        message::FromDevice,
        signer::{DeviceSigner as _, Ed25519Signer},
        terms::PushAddress,
    },
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
pub(crate) const PIN: &str = "271846";
pub(crate) const KEK: [u8; 32] = [0xb7; 32];

pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) server: LoginServer,
    pub(crate) user: AccountId,
    pub(crate) bank: TokenId,
    pub(crate) mail: TokenId,
    pub(crate) offer: Offer,
    pub(crate) device: Authenticator,
    pub(crate) storage: MemoryStorage,
    /// The state as it was right after the enrolment.
    pub(crate) first_state: Vec<u8>,
    pub(crate) keys: [u8; 80],
    pub(crate) server_key: [u8; 32],
    pub(crate) rng: ChaCha20Rng,
}

/// So many seconds after the start.
pub(crate) fn later(seconds: u64) -> UnixTime {
    UnixTime::from_secs(NOW.as_secs() + seconds)
}

/// A cost for tests: the PIN's own is measured by the benches.
pub(crate) fn cost() -> Cost {
    Cost::danger_below_floor(8, 1, 1).unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(ServerPolicy::default())
    }

    pub(crate) fn with(policy: ServerPolicy) -> Self {
        Self::made(policy, None).0
    }

    /// The same with a third token, locked with the PIN and a presence key: the key, and the token.
    pub(crate) fn with_presence() -> (Self, SoftwarePresenceKey, TokenId) {
        let key = SoftwarePresenceKey::from_bytes(&[0x5a; 32]);
        let (world, vpn) = Self::made(ServerPolicy::default(), Some(&key));
        (world, key, vpn)
    }

    fn made(policy: ServerPolicy, presence: Option<&dyn PresenceKey>) -> (Self, TokenId) {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let (store, mut server_key) = (Arc::new(MemoryStore::new()), [0; 32]);
        rng.fill_bytes(&mut server_key);
        let server = LoginServer::new(ServerSetup {
            tenant: TenantId::new(b"example.com").unwrap(),
            url: "https://login.example.com/push".into(),
            key: ServerKey::from_bytes(&server_key),
            kek: Arc::new(SoftwareKek::from_bytes(KEK)),
            store: Arc::clone(&store) as Arc<dyn DynStore>,
            policy,
        });
        let user = AccountId::new("alice").unwrap();
        block_on(server.add_account(&user)).unwrap();
        let bank = NewToken::new("Bank").pin_protected();
        let bank = block_on(server.add_token(&user, bank, NOW, &mut rng)).unwrap();
        let mail = NewToken::new("Mail").typed_by_hand();
        let mail = block_on(server.add_token(&user, mail, NOW, &mut rng)).unwrap();
        let third = presence.map(|_| NewToken::new("VPN").pin_or_biometric().typed_by_hand());
        let vpn = third.map_or(mail, |vpn| block_on(server.add_token(&user, vpn, NOW, &mut rng)).unwrap());
        let offer = block_on(server.offer_enrolment(&user, NOW, &mut rng)).unwrap();
        let keys = SoftwareKeys::generate(&mut rng);
        let exposed = *keys.expose();
        let setup = DeviceSetup { name: "phone".into(), push: PushAddress::POLL, keys: keys.into_device_keys() };
        let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut rng).unwrap();
        let reply = block_on(server.receive(&request, NOW, &mut rng)).unwrap().into_reply().unwrap();
        let confirming = enrolling.finish(&reply).unwrap();
        block_on(server.confirm_enrolment((&user, offer.enrolment), true, NOW, &mut rng)).unwrap();
        let pins = [bank, vpn].map(|token| (token, Pin::choose(PIN, &PinPolicy::DEFAULT).unwrap()));
        let presence: Vec<_> = presence.into_iter().map(|key| (vpn, key)).collect();
        let storage = MemoryStorage::default();
        let protection = Protection { pins: &pins, presence: &presence, cost: cost() };
        let device = confirming.confirm(&protection, storage.clone(), &mut rng).unwrap();
        let first_state = storage.saved();
        let keys = exposed;
        (Self { store, server, user, bank, mail, offer, device, storage, first_state, keys, server_key, rng }, vpn)
    }

    /// Another server of the same tenant, as a second process or after a restart.
    pub(crate) fn server_on(&self, store: Arc<dyn DynStore>) -> LoginServer {
        self.server_of(store, SoftwareKek::from_bytes(KEK))
    }

    /// Another server on the same store, with another key-encryption key.
    pub(crate) fn server_under(&self, kek: impl KeyEncryptionKey + 'static) -> LoginServer {
        self.server_of(self.store.clone(), kek)
    }

    pub(crate) fn server_of(&self, store: Arc<dyn DynStore>, kek: impl KeyEncryptionKey + 'static) -> LoginServer {
        LoginServer::new(ServerSetup {
            tenant: TenantId::new(b"example.com").unwrap(),
            url: "https://login.example.com/push".into(),
            key: ServerKey::from_bytes(&self.server_key),
            kek: Arc::new(kek),
            store,
            policy: ServerPolicy::default(),
        })
    }

    /// An approval with the token that needs no PIN, not sent yet.
    pub(crate) fn approval(&mut self, now: UnixTime) -> (Vec<u8>, Answering, Started) {
        let (prompt, started) = self.prompt(now);
        let number = self.number(&started);
        let (message, answering) = self.device.approve(prompt, (self.mail, &number, None), now, &mut self.rng).unwrap();
        (message, answering, started)
    }

    /// A whole login that the user approves with a token, and its own PIN if it has one.
    pub(crate) fn log_in(&mut self, token: TokenId, now: UnixTime) {
        let pin = (token == self.bank).then_some(PIN);
        assert!(matches!(self.approve_with(token, pin, now), Outcome::Accepted { .. }));
    }

    /// What a login comes to that the user approves with this token and PIN.
    pub(crate) fn approve_with(&mut self, token: TokenId, pin: Option<&str>, now: UnixTime) -> Outcome {
        let (prompt, started) = self.prompt(now);
        let (number, pin) = (self.number(&started), pin.map(|pin| Pin::entered(pin).unwrap()));
        let sent = self.device.approve(prompt, (token, &number, pin.as_ref()), now, &mut self.rng).unwrap();
        let reply = self.send(&sent.0, now).unwrap();
        let outcome = self.device.finish(sent.1, &reply, now).unwrap().outcome;
        if matches!(outcome, Outcome::Accepted { .. }) {
            assert!(self.redeem(&started, now));
        }
        outcome
    }

    /// The device as a restarted program finds it.
    pub(crate) fn restart(&mut self) {
        let keys = SoftwareKeys::from_bytes(&self.keys).into_device_keys();
        self.device = Authenticator::load(&self.storage.saved(), keys, self.storage.clone()).unwrap();
    }

    /// The device with its blobs sealed anew and no attempts: what a thief of the files makes of the local count.
    pub(crate) fn forget_attempts(&mut self) {
        let keys = SoftwareKeys::from_bytes(&self.keys).into_device_keys();
        self.device = Authenticator::load(&self.first_state, keys, self.storage.clone()).unwrap();
    }

    pub(crate) fn start(&mut self, now: UnixTime) -> Started {
        let request = LoginRequest::new("Intranet");
        match block_on(self.server.start_login(&self.user, &request, now, &mut self.rng)).unwrap() {
            LoginStart::Started(started) => started,
            other => panic!("{other:?}"),
        }
    }

    /// A login, opened on the device.
    pub(crate) fn prompt(&mut self, now: UnixTime) -> (Prompt, Started) {
        let started = self.start(now);
        match self.device.open(&started.pushes[0].envelope, now).unwrap() {
            Incoming::Login(prompt) => (prompt, started),
            other => panic!("{other:?}"),
        }
    }

    /// A message to the server; its reply, `None` for the constant reject.
    pub(crate) fn send(&mut self, message: &[u8], now: UnixTime) -> Option<Vec<u8>> {
        block_on(self.server.receive(message, now, &mut self.rng)).unwrap().into_reply().ok()
    }

    /// An approval with a PIN, sent and finished.
    pub(crate) fn approve(&mut self, prompt: Prompt, (number, pin): (&str, &str), now: UnixTime) -> Outcome {
        let pin = Pin::entered(pin).unwrap();
        let sent = self.device.approve(prompt, (self.bank, number, Some(&pin)), now, &mut self.rng).unwrap();
        let reply = self.send(&sent.0, now).unwrap();
        self.device.finish(sent.1, &reply, now).unwrap().outcome
    }

    pub(crate) fn number(&self, started: &Started) -> String {
        self.server.number(&started.ticket).unwrap()
    }

    pub(crate) fn state(&self, started: &Started, now: UnixTime) -> LoginState {
        block_on(self.server.login_state(&started.ticket, now)).unwrap()
    }

    pub(crate) fn redeem(&mut self, started: &Started, now: UnixTime) -> bool {
        block_on(self.server.redeem(&started.ticket, now, &mut self.rng)).unwrap().is_some()
    }

    /// How many entries the store has.
    pub(crate) fn stored(&self) -> usize {
        block_on(DynStore::scan(&*self.store, None, 100)).unwrap().len()
    }

    pub(crate) fn logged(&self, kind: AuditKind) -> bool {
        block_on(self.server.audit(&self.user)).unwrap().iter().any(|event| event.kind() == kind)
    }

    pub(crate) fn token(&self, id: TokenId) -> TokenView {
        block_on(self.server.tokens(&self.user)).unwrap().into_iter().find(|token| token.id == id).unwrap()
    }

    /// The passcode in an approval, as the server reads it.
    pub(crate) fn code_in(&self, approval: &[u8]) -> String {
        let tenant = TenantId::new(b"example.com").unwrap();
        let server_key = ServerKey::from_bytes(&self.server_key);
        let verifying_key = Ed25519Signer::from_bytes(&self.keys[..32].try_into().unwrap()).verifying_key();
        let binding = Binding { tenant, device: self.device.id(), epoch: self.offer.epoch };
        let signed = self.opened("device/").into_iter().find_map(|plain| {
            // An array that begins with the exposed channel keys, 80 bytes.
            let keys = ChannelKeys::from_exposed(&plain[3..83].try_into().unwrap()).unwrap();
            let (server_key, binding, verifying_key) = (&server_key, &binding, &verifying_key);
            Frame::parse(approval).unwrap().open(&Recipient { server_key, binding, keys: &keys, verifying_key }).ok()
        });
        match signed.unwrap().decode().unwrap() {
            FromDevice::Approve(approve) => approve.expose_code().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    /// The device's channel without the device, as a thief of the server's database has it.
    pub(crate) fn channel(&self) -> Device {
        let tenant = TenantId::new(b"example.com").unwrap();
        let binding = Binding { tenant, device: self.device.id(), epoch: self.offer.epoch };
        let keys = self.opened("device/").remove(0)[3..83].try_into().unwrap();
        let server_key = ServerKey::from_bytes(&self.server_key);
        Device::new(binding, ChannelKeys::from_exposed(&keys).unwrap(), *server_key.public_key())
    }

    /// What the store holds under keys of a kind, without its seal.
    fn opened(&self, kind: &str) -> Vec<Vec<u8>> {
        let kek = SoftwareKek::from_bytes(KEK);
        let page = block_on(DynStore::scan(&*self.store, None, 100)).unwrap();
        let found = page.iter().filter(|(key, _)| key.as_bytes().starts_with(kind.as_bytes()));
        found.map(|(key, stored)| kek.open(key.as_bytes(), &stored.value).unwrap().to_vec()).collect()
    }

    /// Every secret of the story, also those that only the store and the device's state hold: of server, KEK, offer and
    /// device, then one for each token, then sealing key and PSK for each device.
    pub(crate) fn secrets(&self) -> Vec<Vec<u8>> {
        let mut secrets = vec![self.server_key.to_vec(), KEK.to_vec(), self.offer.psk.to_vec()];
        secrets.extend(self.keys.chunks(32).take(2).map(<[u8]>::to_vec));
        // A CBOR byte string of 32 bytes: two bytes of head.
        secrets.extend(self.opened("secret/").into_iter().map(|plain| plain[2..34].to_vec()));
        for plain in self.opened("device/") {
            // An array that begins with the channel keys.
            secrets.extend([plain[3..35].to_vec(), plain[35..67].to_vec()]);
        }
        secrets
    }
}
