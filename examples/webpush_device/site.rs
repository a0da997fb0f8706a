//! The page, its files and what it hands over: all of it same-origin, on loopback.

use std::{
    io,
    sync::{
        Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    time::{Duration, Instant},
};

use pushotp_webpush::{EndpointRules, Subscription, VapidKey};
use serde_json::Value;

use crate::{
    device::Arrival,
    http::{self, Request, Response},
    listen,
};

const MAX_BODY: usize = 8 * 1024;
/// How long the page waits for the words that it shows.
const PATIENCE: Duration = Duration::from_secs(30);
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) subscriptions: Receiver<Subscription>,
    pub(crate) arrivals: Receiver<Arrival>,
}

struct Desk {
    origin: String,
    /// The public key of the login server.
    key: String,
    /// Which endpoints it pushes to.
    rules: EndpointRules,
    subscriptions: Mutex<Sender<Subscription>>,
    arrivals: Mutex<Sender<Arrival>>,
}

impl Site {
    pub(crate) fn start((key, rules): (&VapidKey, EndpointRules)) -> io::Result<Self> {
        let listener = listen::bind()?;
        let origin = format!("http://{}", listener.local_addr()?);
        let url = format!("{origin}/");
        let (subscribed, subscriptions) = mpsc::channel();
        let (arrived, arrivals) = mpsc::channel();
        let key = key.application_server_key();
        let (subscriptions_to, arrivals_to) = (Mutex::new(subscribed), Mutex::new(arrived));
        let desk = Desk { origin, key, rules, subscriptions: subscriptions_to, arrivals: arrivals_to };
        listen::serve(listener, move |stream| http::exchange(stream, MAX_BODY, |request| desk.answer(request)));
        Ok(Self { url, subscriptions, arrivals })
    }
}

impl Desk {
    fn answer(&self, request: &Request) -> Response {
        let response = match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/") => Response::new(200).body("text/html; charset=utf-8", include_str!("page/index.html")),
            ("GET", "/page.css") => Response::new(200).body("text/css", include_str!("page/page.css")),
            ("GET", "/page.js") => Response::new(200).body("text/javascript", include_str!("page/page.js")),
            ("GET", "/worker.js") => Response::new(200).body("text/javascript", include_str!("page/worker.js")),
            ("GET", "/key") => Response::new(200).body("text/plain", self.key.as_str()),
            // Another page of the same browser could post here as well.
            ("POST", _) if request.header("Origin") != Some(&self.origin) => Response::new(403),
            ("POST", "/subscription") => self.subscribe(&request.body),
            ("POST", "/received") => self.receive(&request.body),
            _ => Response::new(404),
        };
        response
            .header("Content-Security-Policy", POLICY)
            .header("X-Content-Type-Options", "nosniff")
            .header("Cache-Control", "no-store")
    }

    /// What `PushSubscription.toJSON()` says.
    fn subscribe(&self, json: &[u8]) -> Response {
        let json: Value = serde_json::from_slice(json).unwrap_or_default();
        let text = |pointer| json.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let keys = (text("/keys/p256dh"), text("/keys/auth"));
        let Ok(subscription) = Subscription::from_browser(text("/endpoint"), keys, self.rules) else {
            return Response::new(400);
        };
        let _ = self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner).send(subscription);
        Response::new(204)
    }

    /// What the service worker received; the answer is for the person.
    fn receive(&self, envelope: &[u8]) -> Response {
        let (answer, answers) = mpsc::channel();
        let arrival = Arrival { envelope: envelope.to_vec(), at: Instant::now(), answer };
        let _ = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).send(arrival);
        let words = answers.recv_timeout(PATIENCE).unwrap_or_else(|_| "Nothing came of it.".into());
        Response::new(200).body("text/plain; charset=utf-8", words)
    }
}
