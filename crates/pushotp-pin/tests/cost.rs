//! Floor and ceilings of a cost, and its calibration on this machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{cell::Cell, time::Duration};

use pushotp_pin::{Cost, CostError};

/// Each bound from both sides: memory in KiB, passes, lanes.
#[test]
fn bounds() {
    let mib = |mib: u32| mib * 1024;
    for (cost, expected) in [
        ((8, 1, 1), Ok(())),
        ((7, 1, 1), Err(CostError::Memory)),
        ((32, 1, 4), Ok(())),
        ((31, 1, 4), Err(CostError::Memory)),
        ((0, 1, 1), Err(CostError::Memory)),
        ((mib(256), 4, 4), Ok(())),
        ((mib(256) + 1, 1, 1), Err(CostError::Memory)),
        ((u32::MAX, 1, 1), Err(CostError::Memory)),
        ((mib(256), 5, 1), Err(CostError::Product)),
        ((mib(64), 16, 1), Ok(())),
        ((mib(64) + 1, 16, 1), Err(CostError::Product)),
        ((mib(64), 17, 1), Err(CostError::Passes)),
        ((mib(64), 0, 1), Err(CostError::Passes)),
        ((mib(64), u32::MAX, 1), Err(CostError::Passes)),
        ((mib(64), 3, 0), Err(CostError::Lanes)),
        ((mib(64), 3, 5), Err(CostError::Lanes)),
        ((mib(64), 3, u32::MAX), Err(CostError::Lanes)),
    ] {
        let (memory, passes, lanes) = cost;
        assert_eq!(Cost::from_stored(memory, passes, lanes).map(|_| ()), expected, "{cost:?}");
    }
}

/// The floor holds for what is sealed, not for what was.
#[test]
fn floor() {
    for (memory, passes) in [(19 * 1024 - 1, 2), (19 * 1024, 1), (8, 16), (256 * 1024, 1)] {
        assert_eq!(Cost::new(memory, passes, 1), Err(CostError::BelowFloor), "{memory} {passes}");
        assert!(Cost::from_stored(memory, passes, 1).unwrap().is_below_floor());
    }
    assert_eq!(Cost::new(19 * 1024, 2, 1), Ok(Cost::FLOOR));
    // A ceiling is told before the floor.
    assert_eq!(Cost::new(8, 17, 1), Err(CostError::Passes));
}

/// Real runs under a clock that is slow: the floor, whatever the memory.
#[test]
fn calibration_on_a_slow_clock() {
    let calls = Cell::new(0);
    let clock = || {
        calls.set(calls.get() + 1);
        Duration::from_secs(calls.get())
    };
    assert_eq!(Cost::calibrate(0, clock), Ok(Cost::FLOOR));
    assert_eq!(calls.get(), 6, "three runs, each between two looks at the clock");
    let cost = Cost::calibrate(512 << 20, clock).unwrap();
    assert_eq!((cost.memory_kib(), cost.passes(), cost.lanes()), (32 * 1024, 2, 1));
}

/// A clock that stands still: the ceiling, and an end.
#[test]
fn calibration_without_a_clock() {
    let cost = Cost::calibrate(0, || Duration::ZERO).unwrap();
    assert_eq!((cost.memory_kib(), cost.passes()), (19 * 1024, 16));
}
