//! One stored request, two servers that read and write it, two devices, and everything that can go wrong between them:
//! a [`stateright`] model around the crate's own [`apply`](pushotp_wire::state::apply), checked exhaustively.
//!
//! A message may arrive at either server, at any time, any number of times or never, so reordering, duplicates and loss
//! are all in it. A server may stop at every point: before its write, and between the write and the reply. The rules that
//! the documentation of `state` asks of the caller are switches of the model: with both on no law is broken, and without
//! either of them the checker must find how each law breaks.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod events;
#[allow(dead_code, reason = "this model needs a part of it")]
#[path = "../state/fixture.rs"]
mod fixture;
mod goals;
mod laws;
mod table;
mod world;

use stateright::{Checker, HasDiscoveries, Model};

use crate::{
    events::Input::{PageCollects, PhoneApproves},
    laws::Law,
    world::{
        Action::{Receive, Tell, Write},
        Machine, Rules,
    },
};

/// Goes everywhere, or until each of the laws was broken.
fn check(rules: Rules, laws: &[Law]) -> impl Checker<Machine> {
    let machine = Machine::new(rules, laws).checker().threads(2);
    machine.finish_when(HasDiscoveries::AllFailures).spawn_bfs().join()
}

// protocol.md: SRV-2, SRV-3, SRV-4
#[test]
fn compare_and_swap_before_the_reply_keeps_every_law() {
    let checker = check(Rules { compare: true, write_first: true }, &Law::ALL);
    checker.assert_properties();
    let (worlds, steps) = (checker.unique_state_count(), checker.state_count());
    println!("{worlds} worlds, {steps} steps");
    assert!(worlds > 100_000, "only {worlds} worlds");
}

/// The negative control: two servers that write over each other.
// protocol.md: SRV-4
#[test]
fn without_compare_and_swap_every_law_breaks() {
    let checker = check(Rules { compare: false, write_first: true }, &Law::ALL);
    for law in Law::ALL {
        checker.assert_any_discovery(law.name());
    }
    // One way to two logins: both servers read the approval, both write, both tell.
    let approved = [Receive(0, PhoneApproves), Write(1), Tell(1)];
    let twice = [Receive(0, PageCollects), Receive(0, PageCollects), Write(0), Write(0), Tell(0), Tell(1)];
    checker.assert_discovery(Law::OneGrant.name(), [&approved[..], &twice].concat());
}

/// The other negative control: a server that tells its verdict, and then writes or dies.
// protocol.md: SRV-4
#[test]
fn telling_before_the_write_breaks_what_was_told() {
    let rules = Rules { compare: true, write_first: false };
    for law in [Law::ToldWasStored, Law::OneGrant] {
        check(rules, &[law]).assert_any_discovery(law.name());
    }
    // What is stored stays right: only what was said is not.
    let stored = [Law::DenyStays, Law::FinalStays, Law::CountedOnce];
    let checker = check(rules, &stored);
    for law in stored {
        checker.assert_no_discovery(law.name());
    }
}
