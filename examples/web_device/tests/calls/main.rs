//! The calls of a page against a real login server, without a browser.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod attempts;
mod pins;
mod refusals;
mod stories;
mod world;
