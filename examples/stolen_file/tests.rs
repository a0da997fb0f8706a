//! The example as a product manager runs it, and what makes each of its claims fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "conventional.rs"]
mod conventional;
#[path = "offline.rs"]
mod offline;
#[path = "online.rs"]
mod online;
#[path = "options.rs"]
mod options;
#[path = "owner.rs"]
mod owner;
#[path = "screen.rs"]
mod screen;
#[path = "story.rs"]
mod story;

#[path = "tests/claims.rs"]
mod claims;

use options::Options;
use screen::Screen;

/// What a command line prints, and how it ends.
fn told(arguments: &[&str]) -> (String, Result<(), story::Failure>) {
    let options = Options::parse(arguments.iter().map(ToString::to_string)).unwrap();
    printed(options.quiet, |screen| story::tell(&options, screen))
}

fn printed<T>(quiet: bool, run: impl FnOnce(&mut Screen<'_>) -> T) -> (String, T) {
    let mut out = Vec::new();
    let result = run(&mut Screen { out: &mut out, quiet });
    (String::from_utf8(out).unwrap(), result)
}

#[test]
fn every_step_holds() {
    let (out, end) = told(&[]);
    end.unwrap();
    let held: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("  ok      ")?.split(": ").next()).collect();
    assert_eq!(held, ["theft", "conventional file", "a dearer guess", "camouflaged file", "server", "all"]);
    for shown in [
        "256 KiB and 1 pass, far too little for an app",
        "PIN 7294 found after 7,295 guesses in ",
        "10,000 of 10,000 PINs open it in ",
        "10,000 of 10,000 PINs are left",
        "guess 10, PIN ",
        "even Alice's own PIN, 7294: the server says no",
        "stopped: 10 guesses among the 8,667 PINs that Alice could choose, or 0.12 %",
    ] {
        assert!(out.contains(shown), "{shown}\n{out}");
    }
    assert!(!out.contains("guess 11"), "{out}");
}

#[test]
fn quiet_is_one_line_per_step() {
    let (out, end) = told(&["--quiet"]);
    end.unwrap();
    assert_eq!(out.lines().count(), 6);
    assert!(out.lines().all(|line| line.starts_with("  ok      ")), "{out}");
}

/// The claim is a chance, so once in a while he is in; the story then says so.
#[test]
fn a_thief_may_be_lucky() {
    let third = online::guesses().nth(2).unwrap();
    let (out, end) = told(&["--quiet", "--pin", &third]);
    end.unwrap();
    assert!(
        out.contains("server: the thief was lucky at guess 3: 10 guesses among the 8,667 PINs that Alice could choose win once in 866"),
        "{out}"
    );
}

#[test]
fn what_makes_no_sense_is_explained() {
    for arguments in [&["--what"][..], &["--cost"], &["--cost", "64"], &["--pin", "1234"], &["--pin", "72946"], &[""]] {
        let usage = Options::parse(arguments.iter().map(ToString::to_string)).unwrap_err();
        assert!(usage.contains("--cost"), "{arguments:?}");
    }
    let dear = ["--cost", "recommended", "--pin", "9317"];
    let dear = Options::parse(dear.into_iter().map(String::from)).unwrap();
    assert_eq!((dear.cost, dear.pin.as_str()), (pushotp::pin::Cost::RECOMMENDED, "9317"));
}
