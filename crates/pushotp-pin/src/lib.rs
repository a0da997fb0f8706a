#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod arena;
mod attempt;
mod blob;
mod cost;
mod derive;
mod device;
mod hardener;
mod header;
mod mode;
mod pin;
mod presence;
mod rotate;
mod uniform;

pub use arena::{Arena, ArenaError};
pub use attempt::{
    Attempt, AttemptStore, Candidate, Denied, MAX_ATTEMPTS, MemoryAttempts, Pending, RecordError, SettleError, Settled,
    Settlement, Stamp, StoreError, UnlockError, UnlockTicket,
};
pub use blob::{Blob, BlobError, Field, Locks, OpenError, SealError, Sealing, VerifiableOpenError};
pub use cost::{Cost, CostError};
pub use device::{Assurance, DeviceError, DeviceKey, EraseReceipt, SoftwareKey};
pub use hardener::{Evaluations, HardenError, Hardener, HmacHardener, MemoryHardener};
pub use header::Header;
pub use mode::{Camouflage, Mode, NotThrottled, Permit, Verifiable};
pub use pin::{
    DuressPin, Pin, PinChange, PinChoice, PinConfiguration, PinError, PinMode, PinPolicy, PinStyle, PolicyError, pskc,
};
pub use presence::{PresenceError, PresenceKey, SoftwarePresenceKey};
pub use pushotp_types::Generation;
pub use rotate::{GiveUpError, PendingRotation, RotateError, RotationTicket, Stored, TicketError};
pub use uniform::{UniformError, UniformSecret};
