//! The vectors of docs/vectors: what writes them from fixed inputs, and what reads them with the crate under test.
//!
//! `PUSHOTP_WRITE_VECTORS=1 cargo test -p pushotp-wire --test vectors` writes the files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../protocol/cbor.rs"]
mod cbor;
#[path = "../protocol/enrols.rs"]
mod enrols;
#[allow(dead_code, reason = "as above")]
#[path = "../state/fixture.rs"]
mod fixture;
#[path = "../protocol/hpke.rs"]
mod hpke;
#[allow(dead_code, reason = "the other implementation, of which the vectors need not all")]
#[path = "../protocol/messages.rs"]
mod messages;
#[allow(dead_code, reason = "as above")]
#[path = "../protocol/peer.rs"]
mod peer;

mod diagnostic;
mod enrolments;
mod envelopes;
#[cfg(feature = "es256")]
mod es256;
mod events;
mod files;
mod format;
mod frames;
mod passcodes;
mod reads;
mod refused;
mod rotations;
