//! Where devices send their messages: bytes in, bytes out. A fetch waits until there is something to tell.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use pushotp::{
    AccountId, Received,
    wire::{MEDIA_TYPE, envelope::MAX_LEN},
};
use tokio::time::{Instant, timeout_at};

use crate::{
    app::{App, Shared, rng},
    failure::Failure,
};

/// How long a fetch is held at most, and without a wish of the device.
const LONGEST: Duration = Duration::from_secs(25);
/// How often the store is looked at for what another server wrote.
const POLL: Duration = Duration::from_millis(500);

pub(crate) async fn receive(
    State(app): State<Shared>,
    headers: HeaderMap,
    message: Bytes,
) -> Result<Response, Failure> {
    if message.len() > MAX_LEN {
        return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    }
    let mut received = app.take(&message).await?;
    if let (true, Some(account)) = (received.is_idle(), received.account().cloned()) {
        received = hold(&app, &account, (&message, received), wish(&headers)).await?;
    }
    if let Some(error) = received.error() {
        app.say(|| format!("a message of a device was refused: {error}"));
    }
    Ok(match received.into_reply() {
        Ok(reply) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], reply).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    })
}

impl App {
    async fn take(&self, message: &[u8]) -> Result<Received, Failure> {
        let received = self.login.receive(message, self.now(), &mut rng()).await?;
        // What a message changed is written by now: whoever waits for this account may look. A fetch changes nothing.
        if let (Some(account), false) = (received.account(), received.is_idle()) {
            self.deliver(account, received.pushes());
        }
        Ok(received)
    }
}

/// Takes a fetch again whenever something happened to its account, until there is something to tell or the time is up.
async fn hold(
    app: &App,
    account: &AccountId,
    (message, mut received): (&[u8], Received),
    longest: Duration,
) -> Result<Received, Failure> {
    let until = Instant::now() + longest;
    let mut wake = app.wakes.subscribe(account);
    let mut seen = newest(app, account).await?;
    // Once more, for what was written between the first look and the subscription.
    while received.is_idle() {
        received = app.login.receive(message, app.now(), &mut rng()).await?;
        while received.is_idle() && newest(app, account).await? == seen {
            if Instant::now() >= until {
                return Ok(received);
            }
            // A wake, or the time to look for what another server wrote.
            let _ = timeout_at(until.min(Instant::now() + POLL), wake.changed()).await;
        }
        seen = newest(app, account).await?;
    }
    Ok(received)
}

/// The number of the account's newest event: another one means that a fetch may find more. Cheaper than to open it again.
async fn newest(app: &App, account: &AccountId) -> Result<Option<u64>, Failure> {
    Ok(app.login.audit(account).await?.last().map(pushotp::AuditEvent::number))
}

/// How long the device wants to wait: RFC 7240, `Prefer: wait=` and seconds.
fn wish(headers: &HeaderMap) -> Duration {
    let prefer = headers.get("prefer").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut wishes = prefer.split(',').filter_map(|wish| wish.trim().strip_prefix("wait=")?.parse().ok());
    wishes.next().map_or(LONGEST, |seconds| Duration::from_secs(seconds).min(LONGEST))
}
