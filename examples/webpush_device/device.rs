//! Where the login is pushed to: a page in a browser, or a program that keeps the keys of the subscription itself.

use std::{
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::Instant,
};

use pushotp_webpush::{Endpoint, EndpointRules, Opened, Subscription, SubscriptionKeys, VapidKey};

use crate::{agent::Agent, server::rng, story::Failure};

/// A push that arrived, decrypted: a sealed envelope, which only the authenticator can open.
pub(crate) struct Arrival {
    pub(crate) envelope: Vec<u8>,
    pub(crate) at: Instant,
    /// Takes what the person is told.
    pub(crate) answer: Sender<String>,
}

/// A subscription, and what arrives for it.
pub(crate) struct Pushed {
    pub(crate) subscription: Subscription,
    pub(crate) arrivals: Receiver<Arrival>,
}

/// Subscribes without a browser.
pub(crate) fn subscribe(service: &str, key: &VapidKey) -> Result<Pushed, Failure> {
    let mut agent = Agent::connect(service, None)?;
    let (_, endpoint) = agent.register(key)?;
    let keys = SubscriptionKeys::generate(&mut rng());
    let endpoint = Endpoint::parse(&endpoint, EndpointRules::danger_allow_loopback())?;
    let subscription = keys.subscription(endpoint);
    let (arrived, arrivals) = mpsc::channel();
    thread::spawn(move || {
        while let Ok(carried) = agent.receive() {
            // What was not encrypted for this subscription is from nobody; a wake-up says that there is something to fetch.
            let Ok(Opened::Sealed(envelope)) = keys.open(&carried.body) else { continue };
            let (answer, _) = mpsc::channel();
            let arrival = Arrival { envelope, at: Instant::now(), answer };
            if agent.acknowledge(&carried).is_err() || arrived.send(arrival).is_err() {
                break;
            }
        }
    });
    Ok(Pushed { subscription, arrivals })
}
