//! The server's state machine: its table, its deadlines, an exhaustive search through its states, and random storage.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cases;
mod fixture;
mod housekeeping;
mod model;
mod properties;
mod rotation_model;
mod table;
