//! A server with one user who has two tokens, and a page that keeps what the device gives it.

use std::sync::Arc;

use data_encoding::BASE64;
use getrandom::{
    SysRng,
    rand_core::{Rng as _, UnwrapErr},
};
use pollster::block_on;
use pushotp::{
    AccountId, LoginRequest, LoginServer, LoginStart, LoginState, NewToken, ServerPolicy, ServerSetup, SoftwareKek,
    Started,
    pin::Cost,
    provision::enrolment,
    store::MemoryStore,
    types::{Offer, TenantId, UnixTime},
    wire::keys::ServerKey,
};
use serde_json::{Value, json};
use web_device::WebDevice;

pub(crate) const PIN: &str = "271846";
pub(crate) const WRONG: &str = "271847";
pub(crate) const NEW: &str = "905317";

pub(crate) struct World {
    pub(crate) server: LoginServer,
    pub(crate) user: AccountId,
    pub(crate) offer: Offer,
    pub(crate) page: Page,
}

/// What a page is: the device, what it has stored, and the clock.
pub(crate) struct Page {
    device: WebDevice,
    pub(crate) state: Option<Value>,
    pub(crate) keys: Option<Value>,
    pub(crate) now: u64,
}

pub(crate) fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// A cost for tests.
fn device() -> WebDevice {
    WebDevice::new(Cost::danger_below_floor(8, 1, 1).unwrap())
}

impl Page {
    pub(crate) fn new() -> Self {
        Self { device: device(), state: None, keys: None, now: 1_800_000_000 }
    }

    /// The answer as it came.
    pub(crate) fn raw(&mut self, request: &str) -> Value {
        serde_json::from_slice(&self.device.call(request.as_bytes())).unwrap()
    }

    /// The whole answer; what is to be stored is stored.
    pub(crate) fn call(&mut self, name: &str, fields: &Value) -> Value {
        let mut seed = [0; 32];
        rng().fill_bytes(&mut seed);
        let request = json!({ "now": self.now, "seed": BASE64.encode(&seed), "call": { name: fields } });
        let answer = self.raw(&request.to_string());
        if let Some(state) = answer.get("state") {
            self.state = Some(state.clone());
        }
        if let Some(keys) = answer["ok"].get("keys") {
            self.keys = Some(keys.clone());
        }
        answer
    }

    pub(crate) fn ok(&mut self, name: &str, fields: &Value) -> Value {
        let mut answer = self.call(name, fields);
        assert!(answer.get("error").is_none(), "{name}: {answer}");
        answer["ok"].take()
    }

    pub(crate) fn error(&mut self, name: &str, fields: &Value) -> Value {
        let mut answer = self.call(name, fields);
        assert!(answer.get("ok").is_none(), "{name}: {answer}");
        answer["error"].take()
    }

    /// Ends the page, and loads it again from what it has stored.
    pub(crate) fn reload(&mut self) -> Value {
        self.device = device();
        let stored = json!({ "state": self.state, "keys": self.keys });
        self.ok("load", &stored)
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let (page, rng) = (Page::new(), &mut rng());
        let now = UnixTime::from_secs(page.now);
        let server = LoginServer::new(ServerSetup {
            tenant: TenantId::new(b"example.com").unwrap(),
            url: "https://login.example.com/push".into(),
            key: ServerKey::generate(rng),
            kek: Arc::new(SoftwareKek::from_bytes([7; 32])),
            store: Arc::new(MemoryStore::new()),
            policy: ServerPolicy::default(),
        });
        let user = AccountId::new("alice").unwrap();
        block_on(server.add_account(&user)).unwrap();
        let work = NewToken::new("Work").pin_protected().typed_by_hand();
        block_on(server.add_token(&user, work, now, rng)).unwrap();
        block_on(server.add_token(&user, NewToken::new("Everyday"), now, rng)).unwrap();
        let offer = block_on(server.offer_enrolment(&user, now, rng)).unwrap();
        Self { server, user, offer, page }
    }

    /// The same with the page enrolled.
    pub(crate) fn enrolled() -> Self {
        let mut world = Self::new();
        let uri = enrolment::write(&world.offer).unwrap();
        let started = world.page.ok("enrol", &json!({ "uri": *uri, "name": "Browser" }));
        assert_eq!(started["url"], "https://login.example.com/push");
        let reply = world.send(&started);
        let compare = world.page.ok("enrolled", &json!({ "reply": reply }));
        let shown = block_on(world.server.confirmation_code(world.offer.enrolment)).unwrap();
        assert_eq!(compare["code"].as_str(), shown.as_deref());
        let pins: Vec<Value> = compare["tokens"].as_array().unwrap().iter().filter_map(pin_of).collect();
        assert_eq!(pins.len(), 1);
        world.page.ok("confirm", &json!({ "pins": pins }));
        let enrolment = (&world.user, world.offer.enrolment);
        block_on(world.server.confirm_enrolment(enrolment, true, world.now(), &mut rng())).unwrap();
        world
    }

    pub(crate) fn now(&self) -> UnixTime {
        UnixTime::from_secs(self.page.now)
    }

    /// Posts the message of an answer; the reply.
    pub(crate) fn send(&self, told: &Value) -> String {
        let message = BASE64.decode(told["message"].as_str().expect("a message").as_bytes()).unwrap();
        let received = block_on(self.server.receive(&message, self.now(), &mut rng())).unwrap();
        BASE64.encode(&received.into_reply().unwrap())
    }

    pub(crate) fn start(&self) -> Started {
        let request = LoginRequest::new("Intranet").place("Vienna, Austria").ip([192, 0, 2, 7].into());
        match block_on(self.server.start_login(&self.user, &request, self.now(), &mut rng())).unwrap() {
            LoginStart::Started(started) => started,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn number(&self, login: &Started) -> String {
        self.server.number(&login.ticket).unwrap()
    }

    pub(crate) fn login_state(&self, login: &Started) -> LoginState {
        block_on(self.server.login_state(&login.ticket, self.now())).unwrap()
    }

    /// The logins that the page shows.
    pub(crate) fn fetch(&mut self) -> Vec<Value> {
        let told = self.page.ok("fetch", &json!({}));
        let reply = self.send(&told);
        let mut told = self.page.ok("fetched", &json!({ "reply": reply }));
        told["logins"].take().as_array().unwrap().clone()
    }

    /// The token with a PIN, of the page as it is.
    pub(crate) fn work(&self) -> Value {
        let tokens = block_on(self.server.tokens(&self.user)).unwrap();
        let work = tokens.iter().find(|token| token.name == "Work").unwrap();
        data_encoding::HEXLOWER.encode(work.id.as_bytes()).into()
    }

    pub(crate) fn token(&mut self, name: &str) -> Value {
        let device = self.page.reload()["device"].take();
        token_of(&device, name)["id"].clone()
    }
}

pub(crate) fn token_of<'a>(view: &'a Value, name: &str) -> &'a Value {
    view["tokens"].as_array().unwrap().iter().find(|token| token["name"] == name).unwrap()
}

fn pin_of(token: &Value) -> Option<Value> {
    (token["needsPin"] == true).then(|| json!({ "token": token["id"], "pin": PIN }))
}
