//! The bodies of the fuzz targets. Each tells whether it takes an input, and asserts a law about what it takes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a fuzz target fails by panicking, and is called for that"
)]

mod backup;
mod bulk;
mod cbor;
mod enrol;
pub mod fixture;
mod payload;
mod pin;
mod provision;
mod state;
mod webpush;
mod wire;

pub use backup::{BACKUP_PASSWORD, backup_encrypted, backup_json, bitwarden_csv, freeotp};
pub use bulk::{PSKC_KEY, aladdin, duo_csv, entra_csv, multiotp, oath_csv, pskc, safeword, yubico_csv};
pub use enrol::{enrol_request, enrol_response};
pub use payload::{payload_device, payload_server};
pub use pin::pin_blob;
pub use provision::{any_format, enrolment, liboath, manual, migration, otpauth, vendor};
pub use state::state;
pub use webpush::subscription;
pub use wire::{envelope, frame};

/// A target: whether it takes the input.
pub type Target = fn(&[u8]) -> bool;

/// All targets by name.
pub const TARGETS: [(&str, Target); 28] = [
    ("aladdin", aladdin),
    ("any_format", any_format),
    ("backup_encrypted", backup_encrypted),
    ("backup_json", backup_json),
    ("bitwarden_csv", bitwarden_csv),
    ("duo_csv", duo_csv),
    ("enrol_request", enrol_request),
    ("enrol_response", enrol_response),
    ("enrolment", enrolment),
    ("entra_csv", entra_csv),
    ("envelope", envelope),
    ("frame", frame),
    ("freeotp", freeotp),
    ("liboath", liboath),
    ("manual", manual),
    ("migration", migration),
    ("multiotp", multiotp),
    ("oath_csv", oath_csv),
    ("otpauth", otpauth),
    ("payload_device", payload_device),
    ("payload_server", payload_server),
    ("pin_blob", pin_blob),
    ("pskc", pskc),
    ("safeword", safeword),
    ("state", state),
    ("subscription", subscription),
    ("vendor", vendor),
    ("yubico_csv", yubico_csv),
];
