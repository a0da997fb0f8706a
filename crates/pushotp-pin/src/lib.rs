#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod arena;
mod attempt;
mod blob;
mod cost;
mod derive;
mod device;
mod header;
mod pin;
mod uniform;

pub use arena::{Arena, ArenaError};
pub use attempt::{
    Attempt, AttemptStore, Candidate, Denied, MAX_ATTEMPTS, MemoryAttempts, Pending, RecordError, SettleError, Settled,
    Settlement, StoreError,
};
pub use blob::{Blob, BlobError, Field, OpenError, SealError, Sealing};
pub use cost::{Cost, CostError};
pub use device::{Assurance, DeviceError, DeviceKey, SoftwareKey};
pub use header::Header;
pub use pin::{Pin, PinError, PinPolicy, PolicyError};
pub use pushotp_types::Generation;
pub use uniform::{UniformError, UniformSecret};
