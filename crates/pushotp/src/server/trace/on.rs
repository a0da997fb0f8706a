use core::future::Future;

use pushotp_types::{Offer, TokenId};
use pushotp_wire::terms::ChallengeId;
use tracing::{Instrument as _, field::display};

use crate::{
    UnlockCode,
    server::{
        AccountId, AuditEvent, LoginServer, LoginStart, PasscodeVerdict, Push, Received, Reject, RemovedAccount,
        Resealed, ServerError, Swept, vault::hex,
    },
};

/// Where all spans and events of this crate come from, for a subscriber's filter.
const TARGET: &str = "pushotp";

/// The span of one event.
pub(crate) struct Span(tracing::Span);

macro_rules! span {
    ($name:literal) => {
        $crate::server::trace::Span::of(tracing::info_span!(
            target: "pushotp",
            $name,
            account = tracing::field::Empty,
            token = tracing::field::Empty,
            challenge = tracing::field::Empty,
            tries = tracing::field::Empty,
            outcome = tracing::field::Empty,
            error = tracing::field::Empty,
        ))
    };
}

pub(crate) use span;

impl Span {
    pub(crate) const fn of(span: tracing::Span) -> Self {
        Self(span)
    }

    pub(crate) fn account(self, server: &LoginServer, account: &AccountId) -> Self {
        record_account(&self.0, server, account);
        self
    }

    pub(crate) fn token(self, token: TokenId) -> Self {
        self.0.record("token", display(token));
        self
    }

    /// Runs an event within its span, and records what came of it.
    pub(crate) async fn trace<T: Outcome, E: core::fmt::Display>(
        self,
        event: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let told = event.instrument(self.0.clone()).await;
        match &told {
            Ok(told) => {
                self.0.record("outcome", told.outcome());
                if let Some(error) = told.error() {
                    self.0.record("error", display(error));
                }
            }
            // Its text is this crate's own; that of a store may name anything, and is left to the caller.
            Err(error) => {
                self.0.record("outcome", "failed").record("error", display(error));
            }
        }
        told
    }
}

/// What a span says of a result: words of this crate, nothing that came from outside.
pub(crate) trait Outcome {
    fn outcome(&self) -> &'static str {
        "done"
    }

    /// Why it was refused.
    fn error(&self) -> Option<&dyn core::fmt::Display> {
        None
    }
}

impl Outcome for () {}
impl Outcome for TokenId {}
impl Outcome for UnlockCode {}
impl Outcome for RemovedAccount {}
impl Outcome for Swept {}

impl Outcome for bool {
    fn outcome(&self) -> &'static str {
        if *self { "done" } else { "nothing to do" }
    }
}

impl Outcome for Offer {}
impl Outcome for Vec<Push> {}

impl Outcome for Resealed {
    fn outcome(&self) -> &'static str {
        if self.unreadable == 0 { "done" } else { "unreadable entries" }
    }
}

impl Outcome for LoginStart {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Started(_) => "started",
            Self::NoToken => "no token",
            Self::Open { .. } => "open",
            Self::TooMany { .. } => "too many",
        }
    }
}

impl Outcome for Received {
    fn outcome(&self) -> &'static str {
        match (self.as_reply(), Received::error(self)) {
            (Err(Reject), _) => "rejected",
            (Ok(_), Some(_)) => "refused",
            (Ok(_), None) => "answered",
        }
    }

    fn error(&self) -> Option<&dyn core::fmt::Display> {
        Received::error(self).map(|error| error as _)
    }
}

impl Outcome for Option<(AccountId, bool)> {
    fn outcome(&self) -> &'static str {
        match self {
            Some((_, false)) => "granted",
            Some((_, true)) => "under duress",
            None => "not granted",
        }
    }
}

impl Outcome for PasscodeVerdict {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::UnderDuress { .. } => "under duress",
            Self::Replayed => "replayed",
            Self::Refused => "refused",
            Self::NoToken => "no token",
        }
    }
}

/// Something about the event that is going on, once it is known; a span of the caller's is left alone.
fn current(record: impl FnOnce(&tracing::Span)) {
    let span = tracing::Span::current();
    if span.metadata().is_some_and(|metadata| metadata.target() == TARGET) {
        record(&span);
    }
}

fn record_account(span: &tracing::Span, server: &LoginServer, account: &AccountId) {
    if span.is_disabled() {
        return;
    }
    // A key that cannot be used now is told by the event itself.
    if let Ok(handle) = server.account_handle(account) {
        span.record("account", handle.as_str());
    }
}

pub(crate) fn account(server: &LoginServer, account: &AccountId) {
    current(|span| record_account(span, server, account));
}

pub(crate) fn token(token: TokenId) {
    current(|span| {
        span.record("token", display(token));
    });
}

pub(crate) fn challenge(challenge: ChallengeId) {
    current(|span| {
        span.record("challenge", display(challenge));
    });
}

/// How many tries the last write of the event took.
pub(crate) fn tries(tries: u32) {
    current(|span| {
        span.record("tries", tries);
    });
}

/// A line of the audit log that was written.
pub(crate) fn audit(event: &AuditEvent) {
    let token = event.token().map(display);
    tracing::info!(target: TARGET, number = event.number(), token, "{}", event.kind());
}

impl LoginServer {
    /// The name that spans have for an account, 16 hexadecimal digits: logs name no user.
    ///
    /// Only the key-encryption key can make it, once for each span; another key makes another name.
    ///
    /// # Errors
    /// [`ServerError::Key`] if the key-encryption key cannot be used now.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let world = World::new(); // a server with one user
    /// let handle = world.server.account_handle(&world.user)?; // to be looked for in the logs
    /// assert_eq!(handle.len(), 16);
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    pub fn account_handle(&self, account: &AccountId) -> Result<String, ServerError> {
        let mac = self.vault.kek.mac(b"account-handle", account.as_str().as_bytes())?;
        // What a ring's mac begins with names the key.
        Ok(hex(mac.last_chunk::<8>().unwrap_or(&[0; 8])))
    }
}
