//! The bodies of the fuzz targets. Each tells whether it takes an input, and asserts a law about what it takes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a fuzz target fails by panicking, and is called for that"
)]

mod cbor;
mod pin;
mod provision;
mod wire;

pub use pin::pin_blob;
pub use provision::{enrolment, otpauth};
pub use wire::{envelope, frame, payload};

/// A target: whether it takes the input.
pub type Target = fn(&[u8]) -> bool;

/// All targets by name.
pub const TARGETS: [(&str, Target); 6] = [
    ("enrolment", enrolment),
    ("envelope", envelope),
    ("frame", frame),
    ("otpauth", otpauth),
    ("payload", payload),
    ("pin_blob", pin_blob),
];
