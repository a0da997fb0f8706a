//! What a killed process cannot show, for the system keeps its writes: a sync lies between each write and its reply.
//!
//! Watched with `strace`. Skipped where it is not installed or not permitted; an error where `PUSHOTP_REQUIRE_DATA` is
//! set, as it is in CI.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::HashSet,
    env, fs,
    io::{self, Write},
    path::Path,
    process::{Command, Stdio},
};

use pollster::block_on;
use pushotp_store::{Cas, Expect, Hint, Key, Store};
use pushotp_store_sqlite::SqliteStore;

/// Set for the process that is watched: its file, and how it opens it.
const FILE: &str = "PUSHOTP_TEST_POWER_FILE";
const WITHOUT_SYNC: &str = "PUSHOTP_TEST_POWER_WITHOUT_SYNC";

const WRITES: usize = 20;
const TOLD: &str = "this write was won";

#[test]
fn a_sync_lies_between_write_and_reply() {
    match env::var_os(FILE) {
        Some(file) => write(Path::new(&file)),
        None => watch(),
    }
}

/// Creates, replaces, deletes, and tells of each to the standard error in one call.
fn write(file: &Path) {
    let open =
        if env::var_os(WITHOUT_SYNC).is_some() { SqliteStore::danger_open_without_sync } else { SqliteStore::open };
    let (store, key) = (open(file).unwrap(), Key::new("account/alice").unwrap());
    let mut expect = Expect::Absent;
    for round in 0..WRITES {
        let value = (round % 5 < 4).then_some(&b"value"[..]);
        let Cas::Won(version) = block_on(store.put_if(&key, expect, value, Hint::NONE)).unwrap() else { panic!() };
        io::stderr().write_all(format!("{TOLD}\n").as_bytes()).unwrap();
        expect = if value.is_some() { Expect::Version(version) } else { Expect::Absent };
    }
}

fn watch() {
    let is_there = Command::new("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    if !is_there.is_ok_and(|status| status.success()) {
        assert!(env::var_os("PUSHOTP_REQUIRE_DATA").is_none(), "strace is not installed, or not permitted");
        println!("skipped: strace is not installed, or not permitted");
        return;
    }
    assert_eq!(early(false), 0, "a reply before the sync");
    // The negative control: the same eyes see it where nobody syncs.
    assert!(early(true) > 0, "without syncs no reply is too early");
}

/// How many replies came before what they tell was synced.
fn early(is_without_sync: bool) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let mut strace = Command::new("strace");
    // With the name of each file behind its number.
    strace.args(["-f", "-y", "-e", "trace=pwrite64,write,fsync,fdatasync", "-o"]).arg(&trace);
    strace.arg(env::current_exe().unwrap()).args(["--exact", "a_sync_lies_between_write_and_reply", "--nocapture"]);
    strace.env(FILE, folder.path().join("login.db")).stdout(Stdio::null()).stderr(Stdio::null());
    if is_without_sync {
        strace.env(WITHOUT_SYNC, "1");
    }
    assert!(strace.status().unwrap().success());
    let (told, early) = read(&fs::read_to_string(trace).unwrap());
    assert_eq!(told, WRITES, "each reply is seen, after a write to the log");
    early
}

/// How many replies there were after a write to the log, and how many of them before the log was synced.
fn read(trace: &str) -> (usize, usize) {
    let (mut told, mut early) = (0, 0);
    let (mut is_written, mut is_dirty) = (false, false);
    // The threads that are inside of a sync of the log which began after its last write.
    let mut syncing = HashSet::new();
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').unwrap();
        let call = call.trim_start();
        let is_sync = call.starts_with("fsync(") || call.starts_with("fdatasync(");
        if call.starts_with("pwrite64(") && call.contains("-wal>") {
            (is_written, is_dirty) = (true, true);
            syncing.clear();
        } else if is_sync && call.contains("-wal>") {
            if call.ends_with("= 0") {
                is_dirty = false;
            } else if call.contains("<unfinished") {
                syncing.insert(thread);
            }
        } else if call.contains("sync resumed>") && call.ends_with("= 0") {
            is_dirty &= !syncing.remove(thread);
        } else if call.starts_with("write(2") && call.contains(TOLD) {
            told += usize::from(is_written);
            early += usize::from(is_dirty);
            is_written = false;
        }
    }
    (told, early)
}

/// What is read in a trace, line by line.
#[test]
fn traces() {
    const WRITE: &str = "7 pwrite64(5</a/login.db-wal>, \"...\"..., 24, 0) = 24\n";
    const SYNC: &str = "7 fdatasync(5</a/login.db-wal>) = 0\n";
    const TELL: &str = "8 write(2<pipe:[1]>, \"this write was won\\n\", 19) = 19\n";
    const BEGIN: &str = "7 fdatasync(5</a/login.db-wal> <unfinished ...>\n";
    const END: &str = "7 <... fdatasync resumed>)            = 0\n";
    for (trace, expect) in [
        (&[WRITE, SYNC, TELL][..], (1, 0)),
        (&[WRITE, TELL, SYNC], (1, 1)),
        (&[SYNC, WRITE, TELL], (1, 1)),
        (&[WRITE, SYNC, WRITE, TELL], (1, 1)),
        (&[WRITE, BEGIN, END, TELL], (1, 0)),
        (&[WRITE, BEGIN, TELL, END], (1, 1)),
        (&[BEGIN, WRITE, END, TELL], (1, 1)),
        (&[WRITE, "7 fdatasync(5</a/login.db-wal>) = -1 EIO (Input/output error)\n", TELL], (1, 1)),
        (&[WRITE, "7 fsync(6</a/login.db>) = 0\n", TELL], (1, 1)),
        (&[SYNC, TELL], (0, 0)),
    ] {
        assert_eq!(read(&trace.concat()), expect, "{trace:?}");
    }
}
