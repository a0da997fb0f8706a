//! The calls of a page against a real login server, without a browser.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod attempts;
mod refusals;
mod stories;
mod world;
