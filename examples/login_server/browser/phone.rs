//! The user's phone: the real authenticator, whose messages go to a server over HTTP.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use getrandom::{SysRng, rand_core::UnwrapErr};
use pushotp::{
    Authenticator, Confirming, Denied, DeviceSetup, Incoming, MemoryStorage, Outcome, Prompt, Protection, SoftwareKeys,
    pin::{Cost, Pin, PinPolicy},
    provision::enrolment,
    types::{TokenId, UnixTime},
    wire::terms::{PushAddress, Reason, Status},
};
use ureq::Agent;

pub(crate) const PIN: &str = "271846";
pub(crate) const WRONG_PIN: &str = "314159";

/// A code is read and asked to be enrolled, and nobody has said yet that the codes agree.
pub(crate) struct Scanned {
    line: Line,
    confirming: Confirming,
}

pub(crate) struct Phone {
    line: Line,
    device: Authenticator,
    /// The token with the PIN.
    pub(crate) work: TokenId,
    /// The one without.
    pub(crate) everyday: TokenId,
}

/// To the device endpoint of a server.
struct Line {
    agent: Agent,
    url: String,
}

fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

fn now() -> UnixTime {
    UnixTime::from_secs(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}

impl Line {
    fn new(server: &str) -> Self {
        let config = Agent::config_builder().max_redirects(0).proxy(None).timeout_global(Some(Duration::from_mins(1)));
        Self { agent: config.build().into(), url: format!("{server}/push") }
    }

    fn post(&self, message: &[u8]) -> Vec<u8> {
        let mut response = self.agent.post(&self.url).content_type("application/cbor").send(message).unwrap();
        response.body_mut().read_to_vec().unwrap()
    }
}

impl Scanned {
    pub(crate) fn new(server: &str, uri: &str) -> Self {
        let line = Line::new(server);
        let offer = enrolment::parse(uri).unwrap();
        let keys = SoftwareKeys::generate(&mut rng()).into_device_keys();
        let setup = DeviceSetup { name: "Alice's phone".into(), push: PushAddress::POLL, keys };
        let (message, enrolling) = Authenticator::enrol(&offer, setup, now(), &mut rng()).unwrap();
        let confirming = enrolling.finish(&line.post(&message)).unwrap();
        Self { line, confirming }
    }

    pub(crate) fn code(&self) -> &str {
        self.confirming.code()
    }

    /// The codes agree. At a cost for tests: the PIN's own is measured elsewhere.
    pub(crate) fn confirm(self) -> Phone {
        let named = |name| self.confirming.tokens().iter().find(|token| token.name == name).unwrap().id;
        let (work, everyday) = (named("Work"), named("Everyday"));
        let pins = [(work, Pin::choose(PIN, &PinPolicy::DEFAULT).unwrap())];
        let protection = Protection { pins: &pins, presence: &[], cost: Cost::danger_below_floor(8, 1, 1).unwrap() };
        let device = self.confirming.confirm(&protection, MemoryStorage::default(), &mut rng()).unwrap();
        Phone { line: self.line, device, work, everyday }
    }
}

impl Phone {
    /// Talks to another server from now on.
    pub(crate) fn turn_to(&mut self, server: &str) {
        self.line = Line::new(server);
    }

    /// Waits for the one request that is open, as a device does: by a fetch that the server holds.
    pub(crate) fn prompt(&mut self) -> Prompt {
        let (message, fetching) = self.device.fetch(now(), &mut rng()).unwrap();
        let reply = self.line.post(&message);
        let mut found = self.device.fetched(&fetching, &reply, now()).unwrap();
        assert_eq!(found.len(), 1, "one request, never two");
        match found.remove(0).unwrap() {
            Incoming::Login(prompt) | Incoming::Again(prompt) => prompt,
            other => panic!("not a login: {other:?}"),
        }
    }

    /// Approves with the everyday token; the time at which the approval left.
    pub(crate) fn approve(&mut self, number: &str) -> SystemTime {
        let prompt = self.prompt();
        let everyday = self.everyday;
        let (left, outcome) = self.answer((prompt, everyday), (number, None));
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        left
    }

    /// Types a number and perhaps a PIN; the time at which the answer left, and what the server made of it.
    pub(crate) fn answer(
        &mut self,
        (prompt, token): (Prompt, TokenId),
        (number, pin): (&str, Option<&str>),
    ) -> (SystemTime, Outcome) {
        let pin = pin.map(|pin| Pin::entered(pin).unwrap());
        let approval = self.device.approve(prompt, (token, number, pin.as_ref()), now(), &mut rng());
        let (message, answering) = approval.unwrap();
        let left = SystemTime::now();
        let reply = self.line.post(&message);
        (left, self.device.finish(answering, &reply, now()).unwrap().outcome)
    }

    pub(crate) fn deny(&mut self) -> Denied {
        let prompt = self.prompt();
        let (message, denied) = self.device.deny(prompt, Reason::Unspecified, now(), &mut rng()).unwrap();
        let reply = self.line.post(&message);
        assert_eq!(self.device.denied(&denied, &reply, now()).unwrap(), Status::Accepted);
        denied
    }

    /// "This was not me."
    pub(crate) fn report(&mut self, denied: Denied) {
        let (message, reported) = self.device.report(denied, Reason::NotMe, now(), &mut rng()).unwrap();
        let reply = self.line.post(&message);
        assert_eq!(self.device.reported(&reported, &reply, now()).unwrap(), Status::Accepted);
    }

    /// What it asks an operator with when its count of PINs is locked.
    pub(crate) fn unlock_request(&mut self) -> String {
        self.device.unlock_request(self.work).unwrap().to_text()
    }

    /// The passcode that the everyday token shows.
    pub(crate) fn passcode(&mut self) -> String {
        let everyday = self.everyday;
        self.device.passcode(everyday, None, now()).unwrap().0.expose().to_owned()
    }
}
