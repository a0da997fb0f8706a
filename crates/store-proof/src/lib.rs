//! What the tests of this package share: server processes on one store, the devices of an account, and what must be
//! true of everything that anybody was told.
//!
//! The memory's store belongs to one process, so its servers are threads; those of all others are processes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a test fails by panicking"
)]

mod command;
mod open;
mod place;
mod proxy;
mod racer;
mod round;
mod setup;
mod world;

pub use command::{Answer, Command, NoLine};
pub use open::{Broken, Promise, open};
pub use place::Place;
pub use proxy::{Fate, Proxy};
pub use racer::Racer;
pub use round::{Round, What};
pub use setup::{START, rng, server_on, time_of};
pub(crate) use setup::{kek, server_key, tenant};
pub use world::{Login, Phone, Snapshot, World};

/// How many rounds a test plays: `usual`, or what `PUSHOTP_PROOF_ROUNDS` says.
#[must_use]
pub fn rounds(usual: u64) -> u64 {
    std::env::var("PUSHOTP_PROOF_ROUNDS").map_or(usual, |rounds| rounds.parse().unwrap())
}
