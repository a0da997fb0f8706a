//! The negative control of the conformance suite: each of its checks fails on a store that is broken in one way.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "broken/store.rs"]
mod store;

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use pushotp_store::conformance::{checks, run};
use store::{Broken, Fault};

/// For each check a defect that it, at least, has to find.
const FINDS: &[(&str, Fault)] = &[
    ("cas::absent_reads_as_none", Fault::AbsentIsEmpty),
    ("cas::created_is_read", Fault::WritesNothing),
    ("cas::create_refuses_existing", Fault::CreateReplaces),
    ("cas::replaced_is_read", Fault::ReplaceKeepsValue),
    ("cas::wrong_version_loses", Fault::IgnoresVersion),
    ("cas::version_of_absent_loses", Fault::ReplaceCreates),
    ("cas::deleted_is_gone", Fault::DeletesNothing),
    ("cas::wrong_version_does_not_delete", Fault::DeletesBlindly),
    ("cas::delete_of_absent", Fault::CannotDeleteAbsent),
    ("cas::keys_are_independent", Fault::TouchesNeighbours),
    ("version::changes_with_every_write", Fault::VersionOfValue),
    ("version::is_what_was_won", Fault::TellsAnotherVersion),
    ("version::never_repeats", Fault::ReusesVersions),
    ("version::outlives_nothing", Fault::ReusesVersions),
    ("version::of_a_deletion_matches_nothing", Fault::TombstoneMatches),
    ("many::of_no_keys", Fault::ManyFindsSome),
    ("many::in_the_order_of_the_keys", Fault::ManySorts),
    ("many::in_the_order_of_the_keys", Fault::ManySkipsAbsent),
    ("many::each_as_get_says", Fault::ManyKnowsNoVersions),
    ("many::what_another_handle_wrote", Fault::Caches),
    ("value::empty", Fault::EmptyIsAbsent),
    ("value::all_bytes", Fault::ValuesAreText),
    ("value::large", Fault::CutsValues),
    ("value::too_large", Fault::TakesAnySize),
    ("value::hint_in_the_future", Fault::HintDeletes),
    ("value::longest_keys", Fault::CutsKeys),
    ("value::odd_keys", Fault::KeysEndAtZero),
    ("value::odd_keys", Fault::KeysIgnoreCase),
    ("scan::nothing", Fault::ShowsBookkeeping),
    ("scan::order", Fault::KeysIgnoreCase),
    ("scan::order", Fault::Backwards),
    ("scan::pages", Fault::PageIncludesAfter),
    ("scan::pages", Fault::AlwaysTheFirstPage),
    ("scan::pages", Fault::IgnoresLimit),
    ("scan::after_what_is_absent", Fault::AfterMustExist),
    ("scan::limit_zero", Fault::ZeroIsNoLimit),
    ("scan::agrees_with_get", Fault::ScanKnowsNoVersions),
    ("scan::while_others_write", Fault::PagesByPosition),
    ("shared::second_handle_reads", Fault::Caches),
    ("shared::second_handle_loses", Fault::Caches),
    ("shared::reopened_has_all", Fault::ForgetsAtClose),
    ("shared::reopened_repeats_no_version", Fault::CountsPerHandle),
    ("concurrent::one_winner_for_each_version", Fault::ChecksThenWrites),
    ("concurrent::one_creator", Fault::ChecksThenWrites),
    ("concurrent::no_write_is_lost", Fault::ChecksThenWrites),
    ("concurrent::reads_never_go_back", Fault::Caches),
    ("concurrent::one_order_explains_all", Fault::Caches),
    ("concurrent::one_order_explains_all", Fault::ChecksThenWrites),
    ("concurrent::dropped_future", Fault::StaysLocked),
];

fn fails(check: &str, fault: Fault) -> bool {
    catch_unwind(AssertUnwindSafe(|| run(check, &Broken::new(fault)))).is_err()
}

/// Else a failure would say nothing about the defect.
#[test]
fn nothing_fails_without_a_defect() {
    let failed: Vec<_> = checks::<Broken>().into_iter().filter(|(name, _)| fails(name, Fault::None)).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn each_defect_is_found() {
    let missed: Vec<_> = FINDS.iter().filter(|(check, fault)| !fails(check, *fault)).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn each_check_finds_a_defect() {
    let listed: BTreeSet<&str> = FINDS.iter().map(|(check, _)| *check).collect();
    let all: BTreeSet<&str> = checks::<Broken>().into_iter().map(|(name, _)| name).collect();
    assert_eq!(listed, all);
}
