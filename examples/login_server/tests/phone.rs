//! The user's phone: the real authenticator, whose messages go to `/push`.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use pushotp::{
    Authenticator, Confirming, Denied, DeviceSetup, Incoming, MemoryStorage, Outcome, Prompt, Protection, SoftwareKeys,
    UnlockCode,
    pin::{Cost, Pin, PinPolicy},
    provision::enrolment,
    types::{TokenId, UnixTime},
    wire::terms::{PushAddress, Reason, Status},
};
use tower::ServiceExt as _;

use crate::{app::rng, browser::Browser, world::World};

pub(crate) const PIN: &str = "271846";

pub(crate) struct Phone {
    pub(crate) router: Router,
    confirming: Option<Confirming>,
    device: Option<Authenticator>,
    pub(crate) work: TokenId,
    pub(crate) everyday: TokenId,
}

/// Posts a message: status and reply.
pub(crate) async fn post(router: &Router, message: Vec<u8>, prefer: &str) -> (StatusCode, Vec<u8>) {
    let request = Request::post("/push").header(header::HOST, "127.0.0.1:8088").header("prefer", prefer);
    let response = router.clone().oneshot(request.body(Body::from(message)).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, to_bytes(body, 1 << 16).await.unwrap().to_vec())
}

impl Phone {
    /// Reads the code on the page, and asks to be enrolled.
    pub(crate) async fn scan(world: &World, browser: &mut Browser) -> Self {
        browser.get("/enrol").await;
        assert_eq!(browser.post("/enrol", &[]).await.location(), "/enrol");
        let page = browser.get("/enrol").await;
        let (_, rest) = page.text.split_once("spellcheck=\"false\">pushotp").expect("the URI");
        let uri = format!("pushotp{}", rest.split('<').next().unwrap());
        Self::answer(world, &uri).await
    }

    pub(crate) async fn answer(world: &World, uri: &str) -> Self {
        let offer = enrolment::parse(uri).unwrap();
        let keys = SoftwareKeys::generate(&mut rng()).into_device_keys();
        let setup = DeviceSetup { name: "Alice's phone".into(), push: PushAddress::POLL, keys };
        let (message, enrolling) = Authenticator::enrol(&offer, setup, world.now(), &mut rng()).unwrap();
        let (status, reply) = post(&world.router, message, "").await;
        assert_eq!(status, StatusCode::OK);
        let confirming = enrolling.finish(&reply).unwrap();
        let named = |name| confirming.tokens().iter().find(|token| token.name == name).unwrap().id;
        let (work, everyday) = (named("Work"), named("Everyday"));
        Self { router: world.router.clone(), confirming: Some(confirming), device: None, work, everyday }
    }

    pub(crate) fn code(&self) -> &str {
        self.confirming.as_ref().unwrap().code()
    }

    /// The codes agree. At a cost for tests: the PIN's own is measured elsewhere.
    pub(crate) fn confirm(&mut self) {
        let pins = [(self.work, Pin::choose(PIN, &PinPolicy::DEFAULT).unwrap())];
        let protection = Protection { pins: &pins, presence: &[], cost: Cost::danger_below_floor(8, 1, 1).unwrap() };
        let confirming = self.confirming.take().unwrap();
        self.device = Some(confirming.confirm(&protection, MemoryStorage::default(), &mut rng()).unwrap());
    }

    pub(crate) fn device(&mut self) -> &mut Authenticator {
        self.device.as_mut().expect("an enrolled phone")
    }

    /// Asks what is open.
    pub(crate) async fn fetch(&mut self, prefer: &str, now: UnixTime) -> Vec<Incoming> {
        let (message, fetching) = self.device().fetch(now, &mut rng()).unwrap();
        let router = self.router.clone();
        let (status, reply) = post(&router, message, prefer).await;
        assert_eq!(status, StatusCode::OK);
        self.device().fetched(&fetching, &reply, now).unwrap().into_iter().map(Result::unwrap).collect()
    }

    /// The one request that is open.
    pub(crate) async fn prompt(&mut self, now: UnixTime) -> Prompt {
        let mut found = self.fetch("wait=0", now).await;
        assert_eq!(found.len(), 1, "one request, never two");
        match found.remove(0) {
            Incoming::Login(prompt) | Incoming::Again(prompt) => prompt,
            other => panic!("not a login: {other:?}"),
        }
    }

    /// Approves with the everyday token, which has no PIN.
    pub(crate) async fn approve(&mut self, number: &str, now: UnixTime) -> Outcome {
        let prompt = self.prompt(now).await;
        self.approve_with((prompt, self.everyday), (number, None), now).await
    }

    pub(crate) async fn approve_with(
        &mut self,
        (prompt, token): (Prompt, TokenId),
        (number, pin): (&str, Option<&str>),
        now: UnixTime,
    ) -> Outcome {
        let pin = pin.map(|pin| Pin::entered(pin).unwrap());
        let approval = self.device().approve(prompt, (token, number, pin.as_ref()), now, &mut rng()).unwrap();
        let (message, answering) = approval;
        let router = self.router.clone();
        let (status, reply) = post(&router, message, "").await;
        assert_eq!(status, StatusCode::OK);
        self.device().finish(answering, &reply, now).unwrap().outcome
    }

    pub(crate) async fn deny(&mut self, now: UnixTime) -> Denied {
        let prompt = self.prompt(now).await;
        let router = self.router.clone();
        let (message, denied) = self.device().deny(prompt, Reason::Unspecified, now, &mut rng()).unwrap();
        let (_, reply) = post(&router, message, "").await;
        assert_eq!(self.device().denied(&denied, &reply, now).unwrap(), Status::Accepted);
        denied
    }

    pub(crate) async fn report(&mut self, denied: Denied, now: UnixTime) {
        let router = self.router.clone();
        let (message, reported) = self.device().report(denied, Reason::NotMe, now, &mut rng()).unwrap();
        let (_, reply) = post(&router, message, "").await;
        assert_eq!(self.device().reported(&reported, &reply, now).unwrap(), Status::Accepted);
    }

    pub(crate) async fn deny_and_report(&mut self, now: UnixTime) {
        let denied = self.deny(now).await;
        self.report(denied, now).await;
    }

    /// What it asks an operator with, as text.
    pub(crate) fn unlock_request(&mut self) -> (TokenId, String) {
        let token = self.work;
        (token, self.device().unlock_request(token).unwrap().to_text())
    }

    /// How many attempts there are after the operator's code.
    pub(crate) fn unlock(&mut self, token: TokenId, code: &str) -> u8 {
        let code = UnlockCode::from_text(code).unwrap();
        self.device().unlock_attempts(token, &code).unwrap().left()
    }

    /// The passcode that the everyday token shows.
    pub(crate) fn passcode(&mut self, now: UnixTime) -> String {
        let token = self.everyday;
        self.device().passcode(token, None, now).unwrap().0.expose().to_owned()
    }
}
