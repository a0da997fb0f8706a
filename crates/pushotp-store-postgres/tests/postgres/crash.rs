//! The server dies while others write, and comes back: what was told is there, and what is there was asked for.

use std::{
    io,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Duration,
};

use pg_cluster::Cluster;
use pushotp_store::{Cas, Expect, StoreError, Version};
use pushotp_store_postgres::PostgresStore;

use crate::fixture::{Place, key, put};

const WRITERS: usize = 4;

/// What a writer was told.
#[derive(Debug, Default)]
struct Told {
    won: u64,
    not_applied: u32,
    unknown: u32,
}

/// Counts in one key; after each failure it looks what is there. Panics where that is not what it was told.
fn count(store: &PostgresStore, name: &str, ended: &AtomicBool, all: &AtomicU64) -> Told {
    let mut told = Told::default();
    let mut expect: Expect = Expect::Absent;
    while !ended.load(Ordering::SeqCst) {
        let next = told.won + 1;
        match put(store, name, expect, &next.to_be_bytes()) {
            Ok(Cas::Won(version)) => expect = Expect::Version(version),
            Ok(Cas::Lost) => panic!("{name}: {next} is lost and nobody else writes"),
            Err(error) => {
                let (number, version) = look(store, name);
                if let StoreError::NotApplied(_) = error {
                    told.not_applied += 1;
                    assert_eq!(number, told.won, "{name}: not applied");
                } else {
                    told.unknown += 1;
                    assert!(number == told.won || number == next, "{name}: {number} after {}", told.won);
                }
                expect = version.map_or(Expect::Absent, Expect::Version);
                told.won = number;
                continue;
            }
        }
        told.won = next;
        all.fetch_add(1, Ordering::SeqCst);
    }
    told
}

/// Until the server answers again.
fn look(store: &PostgresStore, name: &str) -> (u64, Option<Version>) {
    loop {
        match pollster::block_on(pushotp_store::Store::get(store, &key(name))) {
            Ok(None) => return (0, None),
            Ok(Some(found)) => return (u64::from_be_bytes(found.value.try_into().unwrap()), Some(found.version)),
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
}

#[test]
fn what_was_told_is_there_after_a_crash() {
    let Some(mut place) = Place::new() else { return };
    let store = place.open();
    let (ended, all) = (AtomicBool::new(false), AtomicU64::new(0));
    let told: Vec<Told> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (store, ended, all) = (&store, &ended, &all);
                scope.spawn(move || count(store, &format!("account/{writer}"), ended, all))
            })
            .collect();
        let crashes = [Cluster::kill, Cluster::stop_immediate, Cluster::kill];
        let outcome: io::Result<()> = crashes.into_iter().try_for_each(|crash| {
            // In the middle: some writes after the last crash.
            let before = all.load(Ordering::SeqCst);
            while all.load(Ordering::SeqCst) < before + 50 && !writers.iter().any(thread::ScopedJoinHandle::is_finished)
            {
                thread::sleep(Duration::from_millis(1));
            }
            crash(&mut place.cluster)?;
            place.cluster.restart()
        });
        ended.store(true, Ordering::SeqCst);
        outcome.unwrap();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    for (writer, told) in told.iter().enumerate() {
        assert_eq!(look(&store, &format!("account/{writer}")).0, told.won, "{told:?}");
        assert!(told.won > 0);
    }
    // The crashes were noticed, and not only by those who had sent nothing.
    println!("{told:?}");
    assert!(told.iter().any(|told| told.unknown > 0));
}

/// Nobody was writing: the connections that lie idle are found dead before they are used.
#[test]
fn a_restart_is_not_noticed() -> io::Result<()> {
    let Some(mut place) = Place::new() else { return Ok(()) };
    let store = place.open();
    let mut expect = Expect::Absent;
    for crash in [Cluster::restart, Cluster::kill, Cluster::stop_immediate] {
        let Cas::Won(version) = put(&store, "account/alice", expect, b"1").unwrap() else { panic!() };
        expect = Expect::Version(version);
        crash(&mut place.cluster)?;
        place.cluster.restart()?;
        thread::sleep(Duration::from_millis(1_100));
    }
    assert!(matches!(put(&store, "account/alice", expect, b"2"), Ok(Cas::Won(_))));
    Ok(())
}
