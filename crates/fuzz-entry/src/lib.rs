//! The bodies of the fuzz targets. Each tells whether it takes an input, and asserts a law about what it takes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a fuzz target fails by panicking, and is called for that"
)]

mod cbor;
mod enrol;
pub mod fixture;
mod payload;
mod pin;
mod provision;
mod state;
mod wire;

pub use enrol::{enrol_request, enrol_response};
pub use payload::{payload_device, payload_server};
pub use pin::pin_blob;
pub use provision::{enrolment, otpauth};
pub use state::state;
pub use wire::{envelope, frame};

/// A target: whether it takes the input.
pub type Target = fn(&[u8]) -> bool;

/// All targets by name.
pub const TARGETS: [(&str, Target); 10] = [
    ("enrol_request", enrol_request),
    ("enrol_response", enrol_response),
    ("enrolment", enrolment),
    ("envelope", envelope),
    ("frame", frame),
    ("otpauth", otpauth),
    ("payload_device", payload_device),
    ("payload_server", payload_server),
    ("pin_blob", pin_blob),
    ("state", state),
];
