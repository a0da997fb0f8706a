//! What a [`ReplayStore`] must hold, as tests to run against your own.
//!
//! Each check panics where a store breaks its promise, so that it can also be shown to fail: this crate's own tests run
//! them against stores that are broken on purpose.
//!
//! An [`AsyncReplayStore`](crate::AsyncReplayStore) is tested in a wrapper that waits for it, with the `block_on` of your
//! runtime:
//!
//! ```
//! # use std::{collections::HashMap, convert::Infallible, pin::pin, sync::Mutex, task::{Context, Poll, Waker}};
//! use pushotp_oath::{Advance, Advanced, AsyncReplayStore, ReplayStore, conformance};
//! # #[derive(Default)]
//! # struct Database(Mutex<HashMap<&'static str, u64>>);
//! # impl AsyncReplayStore<&'static str> for Database {
//! #     type Error = Infallible;
//! #     async fn advance(&self, id: &&'static str, advance: Advance) -> Result<Advanced, Infallible> {
//! #         let mut map = self.0.lock().unwrap();
//! #         if map.get(id).copied() != advance.from() { return Ok(Advanced::Stale) }
//! #         map.insert(id, advance.to());
//! #         Ok(Advanced::Done)
//! #     }
//! # }
//! # fn block_on<T>(future: impl Future<Output = T>) -> T {
//! #     let Poll::Ready(output) = pin!(future).poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! #     output
//! # }
//!
//! struct Waited<'a>(&'a Database); // yours
//!
//! impl ReplayStore<&'static str> for Waited<'_> {
//!     type Error = <Database as AsyncReplayStore<&'static str>>::Error;
//!     fn advance(&self, id: &&'static str, advance: Advance) -> Result<Advanced, Self::Error> {
//!         block_on(self.0.advance(id, advance))
//!     }
//! }
//!
//! let database = Database::default();
//! conformance::run(|| Waited(&database), &"one", &"other");
//! ```

#![expect(clippy::expect_used, reason = "a check fails by panicking")]

use core::fmt::Debug;
use std::{sync::Barrier, thread, vec::Vec};

use crate::{Advance, Advanced, ReplayStore};

/// How many threads race, and how often.
const THREADS: usize = 32;
const ROUNDS: u64 = 20;
/// More than a float or 32 bits hold, and no more than a signed column of a database.
const LARGE: u64 = 1 << 62;

/// Runs all checks. `open` gives one more handle to the same data, which knows neither of the tokens `one` and `other`
/// when the checks begin.
///
/// A store that must be told of a token before it can remember anything about it is told in `open`.
///
/// ```
/// use std::{collections::HashMap, convert::Infallible, sync::{Arc, Mutex}};
/// use pushotp_oath::{Advance, Advanced, ReplayStore, conformance};
///
/// #[derive(Clone, Default)]
/// struct Memory(Arc<Mutex<HashMap<&'static str, u64>>>);
///
/// impl ReplayStore<&'static str> for Memory {
///     type Error = Infallible;
///     fn advance(&self, id: &&'static str, advance: Advance) -> Result<Advanced, Infallible> {
///         let mut map = self.0.lock().unwrap();
///         if map.get(id).copied() != advance.from() {
///             return Ok(Advanced::Stale);
///         }
///         map.insert(id, advance.to());
///         Ok(Advanced::Done)
///     }
/// }
///
/// let memory = Memory::default();
/// conformance::run(|| memory.clone(), &"one", &"other");
/// ```
///
/// # Panics
/// If the store breaks its promise, with a text that says which.
pub fn run<Id, S>(open: impl Fn() -> S, one: &Id, other: &Id)
where
    Id: Sync,
    S: ReplayStore<Id> + Send,
    S::Error: Debug,
{
    first(&open(), one);
    stale(&open(), one);
    apart(&open(), one, other);
    seen_by_others(&open, one);
    for round in 0..ROUNDS {
        race(&open, one, 1000 + round);
    }
}

#[track_caller]
fn advance<Id, S: ReplayStore<Id>>(store: &S, id: &Id, (from, to): (Option<u64>, u64)) -> Advanced
where
    S::Error: Debug,
{
    store.advance(id, Advance::new(from, to)).expect("the store works")
}

/// What was never used can be used once.
fn first<Id, S: ReplayStore<Id>>(store: &S, id: &Id)
where
    S::Error: Debug,
{
    assert_eq!(advance(store, id, (Some(7), 8)), Advanced::Stale, "a token that is not there was taken for one at 7");
    assert_eq!(advance(store, id, (None, 0)), Advanced::Done, "a first use was refused");
    assert_eq!(advance(store, id, (None, 0)), Advanced::Stale, "a first use was taken twice");
    assert_eq!(advance(store, id, (None, 9)), Advanced::Stale, "a first use was taken after another");
}

/// Only what is stored is replaced: 0 is a number, nothing goes back, and what was refused was not written.
fn stale<Id, S: ReplayStore<Id>>(store: &S, id: &Id)
where
    S::Error: Debug,
{
    assert_eq!(advance(store, id, (Some(0), 5)), Advanced::Done, "0 was taken for nothing");
    for from in [None, Some(0), Some(4), Some(6), Some(LARGE)] {
        assert_eq!(advance(store, id, (from, 900)), Advanced::Stale, "replaced from {from:?} though 5 is stored");
    }
    assert_eq!(advance(store, id, (Some(5), 6)), Advanced::Done, "a refused advance was written");
    assert_eq!(advance(store, id, (Some(5), 6)), Advanced::Stale, "the same advance was taken twice");
}

/// Tokens do not share a number.
fn apart<Id, S: ReplayStore<Id>>(store: &S, one: &Id, other: &Id)
where
    S::Error: Debug,
{
    assert_eq!(advance(store, other, (Some(6), 7)), Advanced::Stale, "one token's number was another's");
    assert_eq!(advance(store, other, (None, LARGE)), Advanced::Done, "one token's use was another's");
    assert_eq!(advance(store, one, (Some(6), 7)), Advanced::Done, "another token's use was this one's");
    for from in [Some(0), Some(LARGE - 1), Some(LARGE + 1)] {
        assert_eq!(advance(store, other, (from, LARGE + 9)), Advanced::Stale, "a large number is not kept whole");
    }
}

/// A write is there for every handle.
fn seen_by_others<Id, S: ReplayStore<Id>>(open: &impl Fn() -> S, id: &Id)
where
    S::Error: Debug,
{
    let (writer, reader) = (open(), open());
    assert_eq!(advance(&writer, id, (Some(7), 1000)), Advanced::Done, "a number was lost when its handle was dropped");
    assert_eq!(advance(&reader, id, (Some(7), 8)), Advanced::Stale, "another handle does not see the write");
    drop(writer);
    assert_eq!(advance(&open(), id, (Some(7), 8)), Advanced::Stale, "a number was lost when its handle was dropped");
}

/// Of many who advance from the same number, each with a handle of its own, one wins.
fn race<Id, S>(open: &impl Fn() -> S, id: &Id, from: u64)
where
    Id: Sync,
    S: ReplayStore<Id> + Send,
    S::Error: Debug,
{
    let (start, stores) = (Barrier::new(THREADS), (0..THREADS).map(|_| open()).collect::<Vec<_>>());
    let won: usize = thread::scope(|scope| {
        let racers: Vec<_> = stores
            .into_iter()
            .map(|store| {
                scope.spawn(|| {
                    let store = store;
                    start.wait();
                    advance(&store, id, (Some(from), from + 1)) == Advanced::Done
                })
            })
            .collect();
        racers.into_iter().map(|racer| usize::from(racer.join().expect("a racer does not panic"))).sum()
    });
    assert_eq!(won, 1, "{won} of {THREADS} used one code");
}
