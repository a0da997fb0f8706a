//! The facade: whole stories over a store and a device in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod device_limit;
mod drains;
mod duress;
mod duress_kept;
mod enrolments;
mod failures;
mod fatigue;
mod faults;
mod fixture;
mod flags;
mod guesses;
mod hostile;
mod imports;
mod keks;
mod limits;
mod logins;
mod modes;
mod notify;
mod open_logins;
mod passcodes;
mod planted;
mod presence;
mod presence_refused;
mod protocol;
mod races;
mod redaction;
mod remembered;
mod removals;
mod replacements;
mod restarts;
mod resyncs;
mod rotations;
#[cfg(feature = "tracing")]
mod spans;
mod sweeps;
mod transcripts;
mod unlocks;
mod updates;
mod withdrawals;
