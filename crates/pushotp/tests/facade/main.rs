//! The facade: whole stories over a store and a device in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod fixture;
mod hostile;
mod logins;
mod passcodes;
mod redaction;
mod restarts;
