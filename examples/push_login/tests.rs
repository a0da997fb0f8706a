//! The example as a newcomer runs it: it ends well only if every step held, it takes whatever is typed, it destroys
//! nothing, and what it prints shows no secret but those that it is about.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "device.rs"]
mod device;
#[path = "interactive.rs"]
mod interactive;
#[path = "options.rs"]
mod options;
#[path = "refusals.rs"]
mod refusals;
#[path = "screen.rs"]
mod screen;
#[path = "server.rs"]
mod server;
#[path = "../store.rs"]
mod store;
#[path = "story.rs"]
mod story;

#[path = "tests/breaks.rs"]
mod breaks;
#[path = "tests/databases.rs"]
mod databases;
#[path = "tests/files.rs"]
mod files;
#[path = "tests/person.rs"]
mod person;
#[path = "tests/secrets.rs"]
mod secrets;

use options::Options;
use screen::Screen;
use story::Failure;

/// What the story prints without a person, and how it ends.
fn told(options: &Options) -> (String, Result<(), Failure>) {
    printed(options.quiet, |screen| story::tell(options, screen))
}

/// What is printed with nobody at the terminal.
fn printed<T>(quiet: bool, run: impl FnOnce(&mut Screen<'_>) -> T) -> (String, T) {
    let mut out = Vec::new();
    let result = run(&mut Screen { out: &mut out, input: &mut std::io::empty(), quiet, colours: false });
    (String::from_utf8(out).unwrap(), result)
}

#[test]
fn every_step_holds() {
    let (out, end) = told(&Options::default());
    end.unwrap();
    let steps = [
        "server",
        "enrolment",
        "login",
        "wrong PIN",
        "same approval again",
        "wrong number",
        "deny, then report",
        "approval after expiry",
        "altered in one bit",
        "push switched off",
        "typed passcode, twice",
        "all",
    ];
    let held: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("  ok      ")?.split(": ").next()).collect();
    assert_eq!(held, steps);
    // The window shows who asks, from where, how long ago, and the user steps from one token to the other.
    for shown in [
        "Intranet asks: is this you, alice?",
        "from Vienna, Austria",
        "5 s ago",
        "of 2: Bank",
        "of 2: Mail",
        "confirms",
    ] {
        assert!(out.contains(shown), "{shown}\n{out}");
    }
    let refusals = out.lines().filter(|line| line.contains("user sees \"") && line.contains("operator sees \""));
    assert_eq!(refusals.count(), 8);
}

#[test]
fn quiet_is_one_line_per_step() {
    let (out, end) = told(&Options { quiet: true, ..Options::default() });
    end.unwrap();
    assert_eq!(out.lines().count(), 12);
    assert!(out.lines().all(|line| line.starts_with("  ok      ")), "{out}");
}

#[test]
fn what_makes_no_sense_is_explained() {
    for arguments in [&["--what"][..], &["--db"], &["--keys"], &["--interactive", "--quiet"], &[""]] {
        let usage = Options::parse(arguments.iter().map(ToString::to_string)).unwrap_err();
        assert!(usage.contains("--interactive"), "{arguments:?}");
    }
    assert!(Options::parse(["--quiet", "--db", "a"].into_iter().map(String::from)).is_ok());
}
