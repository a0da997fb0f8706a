//! The tests that every store has to pass, for the authors of stores. Needs the feature `conformance`.
//!
//! Describe in a [`Backend`] how handles to one and the same data are opened, and put `conformance!` into an
//! integration test. Each check is a plain function that panics where a store breaks its promises, so that it can also
//! be shown to fail: this crate's own tests run all of them against stores that are broken on purpose.
//!
//! For what stands on top of a store: [`FaultStore`] fails by plan around any store, and [`History`] records what was
//! asked and told and says whether one order explains it.
//!
//! What the checks cannot show: that a write outlives a loss of power, and that processes do not disturb each other.
//!
//! ```
//! use std::sync::Arc;
//! use pushotp_store::{MemoryStore, conformance::checks};
//!
//! // What the macro makes a `#[test]` of each:
//! let checks = checks::<Arc<MemoryStore>>();
//! checks.iter().for_each(|(_name, check)| check(&Arc::default()));
//! assert!(checks.iter().any(|(name, _)| *name == "concurrent::one_winner_for_each_version"));
//! ```

mod block_on;
mod fault;
mod handle;
mod history;
mod order;
mod random;

mod cas;
mod concurrent;
mod many;
mod scan;
mod shared;
mod value;
mod version;

use std::sync::Arc;

pub use block_on::block_on;
pub use fault::{FaultStore, Planted};
pub use history::{History, NotLinearizable, Recorded};

use crate::{MemoryStore, Store};

/// A place for data that was empty when it was made, and how to open it.
///
/// ```
/// use std::sync::Arc;
/// use pushotp_store::{MemoryStore, conformance::{Backend, checks}};
///
/// struct Memory(Arc<MemoryStore>);
///
/// impl Backend for Memory {
///     type Store = Arc<MemoryStore>;
///
///     fn open(&self) -> Self::Store {
///         Arc::clone(&self.0)
///     }
/// }
///
/// for (_name, check) in checks() {
///     check(&Memory(Arc::default()));
/// }
/// ```
pub trait Backend {
    /// A handle to the data.
    type Store: Store;

    /// One more handle to the same data; earlier ones may still be open, or all be dropped.
    ///
    /// The data lives as long as the backend. Where a file or a server keeps it, this opens or connects anew.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use pushotp_store::{Cas, Expect, Hint, Key, MemoryStore, Store, conformance::{Backend, block_on}};
    /// # block_on(async {
    /// let (backend, key) = (Arc::new(MemoryStore::new()), Key::new("account/alice")?);
    /// let won = backend.open().put_if(&key, Expect::Absent, Some(b"1"), Hint::NONE).await?;
    /// let Cas::Won(version) = won else { panic!("nothing was there") };
    /// assert_eq!(backend.open().get(&key).await?.unwrap().version, version); // another handle, the same data
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    fn open(&self) -> Self::Store;
}

/// One store in memory; its handles are clones of the `Arc`, so nothing is ever closed.
impl Backend for Arc<MemoryStore> {
    type Store = Self;

    fn open(&self) -> Self::Store {
        Self::clone(self)
    }
}

/// A check: panics unless the store behind a fresh backend keeps its promise.
///
/// ```
/// use pushotp_store::{MemoryStore, Store, conformance::Check};
///
/// let empty: Check<MemoryStore> = |store| {
///     let page = pollster::block_on(store.scan(None, 10)).expect("a page");
///     assert!(page.is_empty());
/// };
/// empty(&MemoryStore::new());
/// ```
pub type Check<B> = fn(&B);

/// The list of all checks, handed to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_checks {
    ($then:ident $($argument:tt)*) => {
        $crate::$then! {
            [$($argument)*]
            cas::absent_reads_as_none
            cas::created_is_read
            cas::create_refuses_existing
            cas::replaced_is_read
            cas::wrong_version_loses
            cas::version_of_absent_loses
            cas::deleted_is_gone
            cas::wrong_version_does_not_delete
            cas::delete_of_absent
            cas::keys_are_independent
            version::changes_with_every_write
            version::is_what_was_won
            version::never_repeats
            version::outlives_nothing
            version::of_a_deletion_matches_nothing
            many::of_no_keys
            many::in_the_order_of_the_keys
            many::each_as_get_says
            many::what_another_handle_wrote
            value::empty
            value::all_bytes
            value::large
            value::too_large
            value::hint_in_the_future
            value::longest_keys
            value::odd_keys
            scan::nothing
            scan::order
            scan::pages
            scan::after_what_is_absent
            scan::limit_zero
            scan::agrees_with_get
            scan::while_others_write
            shared::second_handle_reads
            shared::second_handle_loses
            shared::reopened_has_all
            shared::reopened_repeats_no_version
            concurrent::one_winner_for_each_version
            concurrent::one_creator
            concurrent::no_write_is_lost
            concurrent::reads_never_go_back
            concurrent::one_order_explains_all
            concurrent::dropped_future
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_list {
    ([] $($module:ident::$check:ident)*) => {
        /// All checks by name, in the order in which they are best read.
        ///
        /// ```
        /// use std::sync::Arc;
        /// use pushotp_store::{MemoryStore, conformance::checks};
        ///
        /// assert!(checks::<Arc<MemoryStore>>().iter().any(|(name, _)| *name == "version::never_repeats"));
        /// ```
        #[must_use]
        pub fn checks<B: Backend>() -> Vec<(&'static str, Check<B>)> {
            vec![$((concat!(stringify!($module), "::", stringify!($check)), $module::$check::<B>)),*]
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    ([$factory:expr] $($module:ident::$check:ident)*) => {
        $(
            #[test]
            fn $check() {
                let name = concat!(stringify!($module), "::", stringify!($check));
                $crate::conformance::run(name, &($factory)());
            }
        )*
    };
}

/// Makes one `#[test]` of each check, in a module `conformance`.
///
/// The argument is a function or closure without arguments that makes a fresh [`Backend`].
///
/// ```
/// use std::sync::Arc;
/// use pushotp_store::MemoryStore;
///
/// pushotp_store::conformance!(Arc::<MemoryStore>::default);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! conformance {
    ($factory:expr) => {
        mod conformance {
            #[allow(unused_imports, reason = "the factory may name what the file around it imports")]
            use super::*;

            $crate::__conformance_checks!(__conformance_tests $factory);
        }
    };
}

__conformance_checks!(__conformance_list);

/// Runs the check of this name.
///
/// # Panics
/// If there is none, or if the store fails it.
///
/// ```
/// use std::sync::Arc;
/// use pushotp_store::{MemoryStore, conformance};
///
/// conformance::run("cas::created_is_read", &Arc::new(MemoryStore::new()));
/// ```
pub fn run<B: Backend>(name: &str, backend: &B) {
    let check = checks().into_iter().find(|(known, _)| *known == name);
    let (_, check) = check.expect("a check of that name");
    check(backend);
}
