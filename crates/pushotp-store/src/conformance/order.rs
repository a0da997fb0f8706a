//! The search for an order of the operations on one key in which each is told what it was.
//!
//! Wing and Gong, Testing and Verifying Concurrent Objects, 1993; with a memory of what was tried, after Lowe, 2017.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::history::{Call, Operation, Told};
use crate::{Cas, Expect, Version};

pub(super) fn exists(operations: &[&Operation]) -> bool {
    let mut won = BTreeSet::new();
    if operations.iter().filter_map(|operation| operation.version()).any(|version| !won.insert(version.as_u64())) {
        return false;
    }
    let mut tried = HashSet::new();
    let mut open = vec![Point::default()];
    while let Some(point) = open.pop() {
        // What has an end has to have happened before anything that begins later.
        let undone = || operations.iter().enumerate().filter(|(place, _)| !point.done.contains(place));
        let Some(first_end) = undone().map(|(_, operation)| operation.end).filter(|end| *end != u64::MAX).min() else {
            return true;
        };
        for (place, _) in undone().filter(|(_, operation)| operation.begin < first_end) {
            if let Some(next) = point.then(place, operations) {
                if tried.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
    }
    false
}

/// Some operations are done, in an order that is forgotten.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Point {
    done: BTreeSet<usize>,
    /// The write whose value is stored.
    stored: Option<usize>,
    /// The versions of writes of unknown fate, once somebody has seen them.
    seen: BTreeMap<usize, Version>,
}

impl Point {
    /// The point after this operation, unless it would have been told something else.
    fn then(&self, place: usize, operations: &[&Operation]) -> Option<Self> {
        let operation = operations.get(place)?;
        let mut next = self.clone();
        next.done.insert(place);
        let is_explained = match (&operation.call, &operation.told) {
            (Call::Get, Told::Found(None)) => self.stored.is_none(),
            (Call::Get, Told::Found(Some(found))) => self.stored.is_some_and(|stored| {
                let written = operations.get(stored).map(|write| &write.call);
                matches!(written, Some(Call::Put { value: Some(value), .. }) if *value == found.value)
                    && next.is_version(stored, found.version, operations)
            }),
            // Nobody was told anything, and a read changes nothing.
            (Call::Get, _) => true,
            (Call::Put { expect, .. }, Told::Cas(Cas::Lost)) => !self.surely_matches(*expect, operations),
            (Call::Put { expect, value }, _) => {
                let matches = next.matches(*expect, operations);
                next.stored = value.is_some().then_some(place);
                matches
            }
        };
        is_explained.then_some(next)
    }

    fn matches(&mut self, expect: Expect, operations: &[&Operation]) -> bool {
        match (self.stored, expect) {
            (None, Expect::Absent) => true,
            (Some(stored), Expect::Version(version)) => self.is_version(stored, version, operations),
            _ => false,
        }
    }

    /// Whether the stored write has this version, or may have it and then has it from now on.
    fn is_version(&mut self, stored: usize, version: Version, operations: &[&Operation]) -> bool {
        let known = operations.get(stored).and_then(|write| write.version());
        match known {
            Some(known) => known == version,
            None => *self.seen.entry(stored).or_insert(version) == version,
        }
    }

    fn surely_matches(&self, expect: Expect, operations: &[&Operation]) -> bool {
        match (self.stored, expect) {
            (None, Expect::Absent) => true,
            (Some(stored), Expect::Version(version)) => {
                let known = operations.get(stored).and_then(|write| write.version());
                known.or_else(|| self.seen.get(&stored).copied()) == Some(version)
            }
            _ => false,
        }
    }
}
