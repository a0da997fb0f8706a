//! The device's typestate over real sealed bytes; the server's side is the crate's public API.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod fixture;
mod flow;
mod hostile;
mod opens;
mod refuses;
mod seen;
