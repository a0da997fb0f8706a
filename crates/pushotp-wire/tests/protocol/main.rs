//! The protocol against a second implementation of it, written from docs/protocol.md with nothing of ours in it; and what
//! a peer that holds the right keys can get wrong, one defect each.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod agrees;
mod cbor;
mod enrols;
#[cfg(feature = "es256")]
mod es256;
mod every_bit;
mod hostile;
mod hpke;
mod messages;
mod modes;
mod peer;
mod refuses_answers;
mod refuses_challenges;
mod refuses_enrolments;
mod refuses_housekeeping;
mod refuses_seals;
mod rotates;
