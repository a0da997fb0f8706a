//! One span per event, for whoever subscribes; without the feature `tracing` nothing at all.

#[cfg(not(feature = "tracing"))]
mod off;
#[cfg(feature = "tracing")]
mod on;

#[cfg(not(feature = "tracing"))]
pub(super) use off::{Span, account, audit, challenge, span, token, tries};
#[cfg(feature = "tracing")]
pub(super) use on::{Span, account, audit, challenge, span, token, tries};
