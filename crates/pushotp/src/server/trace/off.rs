use core::future::Future;

use pushotp_types::TokenId;
use pushotp_wire::terms::ChallengeId;

use crate::server::{AccountId, AuditEvent, LoginServer};

/// Nothing, where there are no spans.
pub(crate) struct Span;

macro_rules! span {
    ($name:literal) => {
        $crate::server::trace::Span
    };
}

pub(crate) use span;

impl Span {
    pub(crate) fn account(self, _: &LoginServer, _: &AccountId) -> Self {
        self
    }

    pub(crate) fn token(self, _: TokenId) -> Self {
        self
    }

    #[expect(clippy::unused_self, reason = "what the span of the feature has")]
    pub(crate) fn trace<F: Future>(self, event: F) -> F {
        event
    }
}

pub(crate) const fn account(_: &LoginServer, _: &AccountId) {}

pub(crate) const fn token(_: TokenId) {}

pub(crate) const fn challenge(_: ChallengeId) {}

pub(crate) const fn tries(_: u32) {}

pub(crate) const fn audit(_: &AuditEvent) {}
