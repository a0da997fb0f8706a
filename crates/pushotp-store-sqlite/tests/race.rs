//! Eight processes on one file: of eight writes with the same expectation exactly one is won.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use pollster::block_on;
use pushotp_store::{Cas, Expect, Hint, Key, Store};
use pushotp_store_sqlite::SqliteStore;

const PROCESSES: usize = 8;
const ROUNDS: u32 = 500;

/// Set for the processes that this test starts: the file to race on.
const FILE: &str = "PUSHOTP_TEST_RACE_FILE";
const RACER: &str = "PUSHOTP_TEST_RACER";

#[test]
fn one_winner_in_each_round() {
    match env::var_os(FILE) {
        Some(file) => race(Path::new(&file), &env::var(RACER).unwrap()),
        None => referee(),
    }
}

/// Two commands a round, a line each: read, and write against what was read. Answers go to the standard error, for the
/// test harness writes to the standard output.
fn race(file: &Path, name: &str) {
    let (store, key) = (SqliteStore::open(file).unwrap(), Key::new("account/alice").unwrap());
    let mut expect = Expect::Absent;
    for command in io::stdin().lines() {
        if command.unwrap() == "read" {
            let found = block_on(store.get(&key)).unwrap();
            expect = found.map_or(Expect::Absent, |found| Expect::Version(found.version));
            eprintln!("{expect:?}");
        } else {
            match block_on(store.put_if(&key, expect, Some(name.as_bytes()), Hint::NONE)).unwrap() {
                Cas::Won(_) => eprintln!("won"),
                Cas::Lost => eprintln!("lost"),
            }
        }
    }
}

struct Racer {
    process: Child,
    commands: ChildStdin,
    answers: Box<dyn Iterator<Item = io::Result<String>>>,
}

fn start(file: &Path, name: usize) -> Racer {
    let mut process = Command::new(env::current_exe().unwrap())
        .args(["--exact", "one_winner_in_each_round", "--nocapture"])
        .env(FILE, file)
        .env(RACER, name.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let commands = process.stdin.take().unwrap();
    let answers = Box::new(BufReader::new(process.stderr.take().unwrap()).lines());
    Racer { process, commands, answers }
}

/// A process ends with its commands; its own test has to pass too.
fn stop(racer: Racer) {
    let Racer { mut process, commands, answers } = racer;
    drop((commands, answers));
    assert!(process.wait().unwrap().success());
}

/// Tells all to begin before it waits for any.
fn command(racers: &mut [Racer], what: &[u8]) -> Vec<String> {
    for racer in racers.iter_mut() {
        racer.commands.write_all(what).unwrap();
    }
    racers.iter_mut().map(|racer| racer.answers.next().unwrap().unwrap()).collect()
}

fn referee() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("login.db");
    // They also race to create the file.
    let mut racers: Vec<Racer> = (0..PROCESSES).map(|name| start(&file, name)).collect();
    let (mut store, key) = (None, Key::new("account/alice").unwrap());
    for round in 0..ROUNDS {
        let read = command(&mut racers, b"read\n");
        assert!(read.iter().all(|expect| *expect == read[0]), "round {round}: {read:?}");
        assert_eq!(read[0] == "Absent", round == 0, "round {round}: {read:?}");
        let told = command(&mut racers, b"write\n");
        assert_eq!(told.iter().filter(|told| *told == "lost").count(), PROCESSES - 1, "round {round}: {told:?}");
        let winner = told.iter().position(|told| told == "won").unwrap();
        let store = store.get_or_insert_with(|| SqliteStore::open(&file).unwrap());
        let found = block_on(store.get(&key)).unwrap().unwrap();
        assert_eq!(found.value, winner.to_string().as_bytes(), "round {round}");
    }
    racers.into_iter().for_each(stop);
}
