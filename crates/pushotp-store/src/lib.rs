#![doc = include_str!("../README.md")]

#[cfg(feature = "conformance")]
#[allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a check fails by panicking")]
pub mod conformance;
mod dynamic;
mod error;
mod key;
mod memory;
mod record;
mod store;

pub use dynamic::{BoxFuture, DynStore};
pub use error::{BoxError, StoreError, ValueTooLarge};
pub use key::{Key, KeyError};
pub use memory::MemoryStore;
pub use pushotp_types::UnixTime;
pub use record::{Cas, Expect, Hint, Version, Versioned};
pub use store::Store;

/// The longest value in bytes; a longer one is refused with [`ValueTooLarge`].
pub const MAX_VALUE: usize = 64 * 1024;

/// The most entries that one page of a [`scan`](Store::scan) has, whatever limit the caller names.
pub const MAX_PAGE: u32 = 1_000;
