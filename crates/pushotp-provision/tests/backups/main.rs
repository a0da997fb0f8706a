//! The exports of authenticator apps: what is read, what is refused, and what it may cost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod encrypted;
mod fixture;
mod hostile;
mod memory;
mod plain;
