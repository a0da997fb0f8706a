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
///
/// ```
/// use pushotp_store::{MAX_VALUE, ValueTooLarge};
///
/// assert!(ValueTooLarge::refuse(Some(&[0; MAX_VALUE])).is_ok());
/// assert!(ValueTooLarge::refuse(Some(&[0; MAX_VALUE + 1])).is_err());
/// ```
pub const MAX_VALUE: usize = 64 * 1024;

/// The most entries that one page of a [`scan`](Store::scan) has, whatever limit the caller names.
///
/// ```
/// use pushotp_store::{Expect, Hint, Key, MAX_PAGE, MemoryStore, Store};
///
/// # pollster::block_on(async {
/// let store = MemoryStore::new();
/// for name in 0..=MAX_PAGE {
///     let _ = store.put_if(&Key::new(name.to_be_bytes())?, Expect::Absent, Some(b""), Hint::NONE).await?;
/// }
/// assert_eq!(store.scan(None, u32::MAX).await?.len(), 1_000); // of 1001
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub const MAX_PAGE: u32 = 1_000;
