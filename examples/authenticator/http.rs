//! Messages over HTTP: one attempt, with an end. Whether there is another one is for the engine to say.

use std::time::Duration;

use pushotp::wire::MEDIA_TYPE;
use ureq::Agent;

/// No message of the protocol is longer, in bytes.
const MAX_LEN: u64 = 4096;

/// Why there is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoReply {
    /// Nobody answered, or somebody who had nothing to say: try again.
    Unreachable,
    /// The server did not take the message.
    Rejected,
}

/// How long a reply may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Patience {
    /// So long the server may hold it back while there is nothing to tell, in whole seconds.
    pub(crate) held: Duration,
    /// After so long nobody waits for it any more.
    pub(crate) whole: Duration,
}

/// What carries a message to the server and its reply back. Yours may speak TLS.
pub(crate) trait Transport: Send + Sync + 'static {
    /// Blocks until there is a reply, as long as there is patience.
    fn post(&self, url: &str, message: &[u8], patience: Patience) -> Result<Vec<u8>, NoReply>;
}

/// HTTP without TLS, to this machine only.
pub(crate) struct Http(Agent);

impl Http {
    pub(crate) fn new() -> Self {
        // A proxy would take the message off the machine.
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None).build();
        Self(config.into())
    }
}

impl Transport for Http {
    fn post(&self, url: &str, message: &[u8], patience: Patience) -> Result<Vec<u8>, NoReply> {
        if refuse(url).is_some() {
            return Err(NoReply::Rejected);
        }
        let request = self.0.post(url).config().timeout_global(Some(patience.whole)).build();
        // RFC 7240.
        let request = request.header("prefer", format!("wait={}", patience.held.as_secs()));
        let sent = request.content_type(MEDIA_TYPE).send(message);
        let mut response = sent.map_err(|_| NoReply::Unreachable)?;
        match response.status().as_u16() {
            200 => {}
            // These two say "later".
            408 | 429 => return Err(NoReply::Unreachable),
            400..500 => return Err(NoReply::Rejected),
            _ => return Err(NoReply::Unreachable),
        }
        response.body_mut().with_config().limit(MAX_LEN).read_to_vec().map_err(|_| NoReply::Unreachable)
    }
}

/// Why messages do not go to an address.
pub(crate) fn refuse(url: &str) -> Option<&'static str> {
    let Some(rest) = url.strip_prefix("http://") else {
        return Some("This program cannot speak https: it has no TLS of its own. See its README.");
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, _) = rest.split_at(end);
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let loopback = host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    if (loopback || host == "localhost") && !authority.contains('@') {
        None
    } else {
        Some("Without https messages go to this machine only, such as http://127.0.0.1:8000/")
    }
}
