//! The store on a real server of its own, which is read-only, restarted, killed and cut off.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod crash;
mod cut;
mod durable;
mod fixture;
mod properties;
mod queue;
mod race;
mod refuses;
