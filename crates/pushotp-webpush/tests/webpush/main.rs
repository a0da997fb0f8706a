//! Web Push against a push service on the loopback interface: a real HTTP server, played by the tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod carried;
mod endpoints;
mod fixture;
mod hostile;
mod login;
mod messages;
mod oracle;
mod redaction;
