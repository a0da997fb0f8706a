//! A push service whose clock the test moves, and requests to it byte for byte.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use pollster::block_on;
use pushotp::{
    types::UnixTime,
    wire::notify::{Notifier as _, PushMessage, Sending},
};
use pushotp_webpush::{
    Contact, Endpoint, EndpointRules, PushRequest, PushResponse, SubscriptionKeys, Transport, TransportError, VapidKey,
    WebPush,
};

use crate::{agent::Agent, push_service::PushService, server::rng};

pub(crate) const NOW: u64 = 1_800_000_000;
/// Longer than any answer takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) service: PushService,
    clock: Arc<AtomicU64>,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(AtomicU64::new(NOW));
        let read = Arc::clone(&clock);
        let service = PushService::start(Box::new(move || UnixTime::from_secs(read.load(Ordering::SeqCst)))).unwrap();
        Self { service, clock }
    }

    pub(crate) fn at(&self, seconds: u64) {
        self.clock.store(seconds, Ordering::SeqCst);
    }

    pub(crate) fn agent(&self) -> Agent {
        Agent::connect(&self.service.socket_url, None).unwrap()
    }

    pub(crate) fn again(&self, uaid: &str) -> Agent {
        Agent::connect(&self.service.socket_url, Some(uaid)).unwrap()
    }

    /// An agent, its channel, and a message for it that is ready to be posted.
    pub(crate) fn subscribed(&self) -> (Agent, String, Post) {
        let mut agent = self.agent();
        let (channel, endpoint) = agent.register(&vapid_key()).unwrap();
        let post = Post::to(&endpoint, &vapid_key());
        (agent, channel, post)
    }
}

pub(crate) fn vapid_key() -> VapidKey {
    VapidKey::from_bytes(&[0x5a; 32]).unwrap()
}

/// What comes next is not a message that waited: the answer to a ping.
pub(crate) fn nothing_waits(agent: &mut Agent) -> bool {
    agent.send(&serde_json::json!({})).unwrap();
    agent.read().unwrap() == serde_json::json!({})
}

/// A request to a push service, as `WebPush` makes it, to be spoilt by the test.
#[derive(Clone)]
pub(crate) struct Post {
    pub(crate) method: &'static str,
    address: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Post {
    pub(crate) fn to(endpoint: &str, key: &VapidKey) -> Self {
        let endpoint = Endpoint::parse(endpoint, EndpointRules::danger_allow_loopback()).unwrap();
        let address = format!("{}:{}", endpoint.host(), endpoint.port());
        let (path, request) = (endpoint.path().to_owned(), request(endpoint, key));
        let (headers, body) = (request.headers().to_vec(), request.body().to_vec());
        Self { method: "POST", address, path, headers, body }
    }

    pub(crate) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(found, _)| *found != name);
        self
    }

    pub(crate) fn with(self, name: &'static str, value: &str) -> Self {
        let mut post = self.without(name);
        post.headers.push((name, value.to_owned()));
        post
    }

    pub(crate) fn ttl(self, seconds: u64) -> Self {
        self.with("TTL", &seconds.to_string())
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(found, _)| *found == name).unwrap().1
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> u16 {
        status(&self.answer())
    }

    pub(crate) fn answer(&self) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\nContent-Length: {}\r\n", self.method, self.path, self.body.len());
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        exchange(&self.address, &[head.as_bytes(), b"\r\n", &self.body].concat())
    }
}

/// What a server answers to these bytes.
pub(crate) fn exchange(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

pub(crate) fn status(answer: &str) -> u16 {
    answer.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap()
}

fn request(endpoint: Endpoint, key: &VapidKey) -> PushRequest {
    #[derive(Default)]
    struct Caught(Mutex<Option<PushRequest>>);
    impl Transport for &Caught {
        async fn send(&self, request: PushRequest) -> Result<PushResponse, TransportError> {
            *self.0.lock().unwrap() = Some(request);
            Ok(PushResponse::new(201, None))
        }
    }
    let caught = Caught::default();
    let keys = SubscriptionKeys::generate(&mut rng());
    let address = keys.subscription(endpoint).to_push_address().unwrap();
    let identity = (VapidKey::from_bytes(&key.expose()).unwrap(), Contact::new("mailto:push@example.com").unwrap());
    let push = WebPush::new(&caught, identity, EndpointRules::danger_allow_loopback());
    let (ttl, now) = (Duration::from_mins(1), UnixTime::from_secs(NOW));
    block_on(push.notify(&address, PushMessage::WakeUp, Sending { ttl, now, rng: &mut rng() })).unwrap();
    caught.0.into_inner().unwrap().unwrap()
}
