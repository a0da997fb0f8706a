//! A push service, a device, and a notifier that knows both.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use pollster::block_on;
use pushotp_types::UnixTime;
use pushotp_webpush::{
    Contact, Endpoint, EndpointRules, HttpTransport, NoTls, SubscriptionKeys, Transport, VapidKey, WebPush,
};
use pushotp_wire::{
    notify::{Notifier as _, NotifyError, PushMessage, Sending},
    terms::PushAddress,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
pub(crate) const TTL: Duration = Duration::from_secs(120);
/// Longer than any test runs.
pub(crate) const PATIENT: Duration = Duration::from_secs(120);
pub(crate) const CREATED: &[u8] =
    b"HTTP/1.1 201 Created\r\nLocation: https://push.example.net/m/1\r\nContent-Length: 0\r\n\r\n";

/// What a push service was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            bytes.extend(byte);
        }
        let head = String::from_utf8(bytes).unwrap();
        let mut body = vec![0; header(&head, "Content-Length").unwrap().parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
        Self { head, body }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

pub(crate) struct Service {
    pub(crate) at: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Service {
    /// Answers every request with these bytes.
    pub(crate) fn answering(answer: &[u8]) -> Self {
        let answer = answer.to_vec();
        Self::with(move |stream| drop(stream.write_all(&answer)))
    }

    /// Reads a request, then does what it wants to; one after the other.
    pub(crate) fn with(mut then: impl FnMut(&mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (at, asked) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let kept = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = Asked::read(&mut stream);
                kept.lock().unwrap().push(request);
                then(&mut stream);
            }
        });
        Self { at, asked }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/push/7?a=b", self.at)
    }
}

pub(crate) fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(7)
}

/// A device's keys, the same each time, so that an address can be made where it is needed.
pub(crate) fn keys() -> SubscriptionKeys {
    SubscriptionKeys::generate(&mut rng())
}

pub(crate) fn address(url: &str) -> PushAddress {
    let endpoint = Endpoint::parse(url, EndpointRules::danger_allow_loopback()).unwrap();
    keys().subscription(endpoint).to_push_address().unwrap()
}

pub(crate) fn identity() -> (VapidKey, Contact) {
    (VapidKey::from_bytes(&[0x5a; 32]).unwrap(), Contact::new("mailto:push@example.com").unwrap())
}

pub(crate) fn on_loopback() -> WebPush<HttpTransport> {
    WebPush::new(HttpTransport::new(NoTls, PATIENT), identity(), EndpointRules::danger_allow_loopback())
}

/// Pushes, each time with fresh randomness.
pub(crate) fn notify<T: Transport>(
    push: &WebPush<T>,
    to: &PushAddress,
    message: PushMessage<'_>,
) -> Result<(), NotifyError> {
    static PUSHES: Mutex<u64> = Mutex::new(0);
    let seed = {
        let mut pushes = PUSHES.lock().unwrap();
        *pushes += 1;
        *pushes
    };
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let _ = rng.next_u64();
    block_on(push.notify(to, message, Sending { ttl: TTL, now: NOW, rng: &mut rng }))
}
