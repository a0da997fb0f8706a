//! Who is subscribed, who is connected, and what waits.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use data_encoding::HEXLOWER;
use pushotp::types::UnixTime;
use serde_json::{Value, json};

use super::socket::Outbox;
use crate::server::rng;

const MAX_SUBSCRIPTIONS: usize = 1024;
const MAX_WAITING: usize = 16;

/// What can be guessed by nobody.
pub(super) fn token() -> String {
    let mut bytes = [0; 16];
    rand_core::Rng::fill_bytes(&mut rng(), &mut bytes);
    HEXLOWER.encode(&bytes)
}

#[derive(Default)]
pub(super) struct Book {
    /// The browsers that are there, by the name that the service gave them.
    connected: HashMap<String, Outbox>,
    /// By the path of the endpoint.
    subscriptions: HashMap<String, Subscription>,
}

struct Subscription {
    agent: String,
    channel: String,
    /// The only server that may push.
    key: Vec<u8>,
    waiting: VecDeque<Message>,
    gone: bool,
}

struct Message {
    version: String,
    expires: UnixTime,
    notification: Value,
}

/// Why a message cannot be left at an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Void {
    Unknown,
    Gone,
}

impl Void {
    pub(super) const fn status(self) -> u16 {
        match self {
            Self::Unknown => 404,
            Self::Gone => 410,
        }
    }
}

impl Book {
    /// A browser is there; what waits for it.
    pub(super) fn connect(&mut self, agent: &str, outbox: Outbox, now: UnixTime) -> Vec<Value> {
        self.connected.insert(agent.to_owned(), outbox);
        let own = self.subscriptions.values_mut().filter(|found| found.agent == agent);
        own.flat_map(|subscription| {
            subscription.waiting.retain(|message| message.expires > now);
            subscription.waiting.iter().map(|message| message.notification.clone())
        })
        .collect()
    }

    pub(super) fn disconnect(&mut self, agent: &str, outbox: &Outbox) {
        // It may have come back by another connection meanwhile.
        if self.connected.get(agent).is_some_and(|found| found.is(outbox)) {
            self.connected.remove(agent);
        }
    }

    /// The path of a new endpoint.
    pub(super) fn subscribe(&mut self, agent: &str, channel: &str, key: Vec<u8>) -> Option<String> {
        if self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            return None;
        }
        self.unsubscribe(agent, channel);
        let path = format!("/push/{}", token());
        let (agent, channel) = (agent.to_owned(), channel.to_owned());
        let subscription = Subscription { agent, channel, key, waiting: VecDeque::new(), gone: false };
        self.subscriptions.insert(path.clone(), subscription);
        Some(path)
    }

    /// The endpoint stays known as one that is gone.
    pub(super) fn unsubscribe(&mut self, agent: &str, channel: &str) {
        for subscription in self.own(agent, channel) {
            subscription.gone = true;
            subscription.waiting.clear();
        }
    }

    /// The browser has it.
    pub(super) fn acknowledge(&mut self, agent: &str, channel: &str, version: &str) {
        for subscription in self.own(agent, channel) {
            subscription.waiting.retain(|message| message.version != version);
        }
    }

    fn own(&mut self, agent: &str, channel: &str) -> impl Iterator<Item = &mut Subscription> {
        self.subscriptions.values_mut().filter(move |found| found.agent == agent && found.channel == channel)
    }

    /// The key of the server that may push to an endpoint.
    pub(super) fn key(&self, path: &str) -> Result<&[u8], Void> {
        match self.subscriptions.get(path) {
            None => Err(Void::Unknown),
            Some(subscription) if subscription.gone => Err(Void::Gone),
            Some(subscription) => Ok(&subscription.key),
        }
    }

    /// Keeps a message until the browser acknowledges it, or it expires; where to send it at once, if the browser is there.
    ///
    /// A time to live of zero is for a browser that is there: nothing is kept.
    pub(super) fn leave(
        &mut self,
        path: &str,
        (version, data): (&str, &str),
        (now, ttl): (UnixTime, Duration),
    ) -> Option<(Outbox, Value)> {
        let subscription = self.subscriptions.get_mut(path)?;
        let notification = json!({
            "messageType": "notification", "channelID": subscription.channel, "version": version, "data": data,
            "headers": { "encoding": "aes128gcm" },
        });
        if !ttl.is_zero() {
            // The oldest gives way: a login that waits for long has been given up.
            while subscription.waiting.len() >= MAX_WAITING {
                subscription.waiting.pop_front();
            }
            let (version, expires) = (version.to_owned(), now.saturating_add(ttl));
            subscription.waiting.push_back(Message { version, expires, notification: notification.clone() });
        }
        Some((self.connected.get(&subscription.agent)?.clone(), notification))
    }
}
