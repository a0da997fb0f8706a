//! One stored request, two servers that read and write it, two devices, and everything that can go wrong between them:
//! an exhaustive search over the crate's own [`apply`](pushotp_wire::state::apply).
//!
//! A message may arrive at either server, at any time, any number of times or never, so reordering, duplicates and loss
//! are all in it. A server may stop at every point: before its write, and between the write and the reply. The rules that
//! the documentation of `state` asks of the caller are switches of the model: with both on no law is broken, and without
//! either of them the search must find how each law breaks.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod events;
mod laws;
mod search;
mod world;

use std::collections::BTreeSet;

use laws::{Goal, Law};
use search::{Found, explore};
use world::Rules;

fn broken(found: &Found) -> BTreeSet<Law> {
    found.broken.keys().copied().collect()
}

#[test]
fn compare_and_swap_before_the_reply_keeps_every_law() {
    let found = explore(Rules { compare: true, write_first: true }, &Law::ALL);
    assert!(found.broken.is_empty(), "{:#?}", found.broken);
    // A search that reaches nothing breaks nothing.
    assert_eq!(found.reached, BTreeSet::from(Goal::ALL));
    assert!(found.worlds > 10_000, "only {} worlds", found.worlds);
}

/// The negative control: two servers that write over each other.
#[test]
fn without_compare_and_swap_every_law_breaks() {
    let found = explore(Rules { compare: false, write_first: true }, &Law::ALL);
    assert_eq!(broken(&found), BTreeSet::from(Law::ALL), "{:#?}", found.broken);
    // The shortest way: both read, both write, both tell.
    assert_eq!(found.broken[&Law::OneGrant].len(), 9, "{:#?}", found.broken[&Law::OneGrant]);
}

/// The other negative control: a server that tells its verdict, and then writes or dies.
#[test]
fn telling_before_the_write_breaks_what_was_told() {
    let rules = Rules { compare: true, write_first: false };
    for law in [Law::ToldWasStored, Law::OneGrant] {
        let found = explore(rules, &[law]);
        assert_eq!(broken(&found), BTreeSet::from([law]));
    }
    // What is stored stays right: only what was said is not.
    let stored = explore(rules, &[Law::DenyStays, Law::FinalStays, Law::CountedOnce]);
    assert!(stored.broken.is_empty(), "{:#?}", stored.broken);
}
