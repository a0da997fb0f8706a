//! The built program: what it prints, how it ends, and what it never prints.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "tests/oathtool.rs"]
mod oathtool;
#[path = "tests/refuses.rs"]
mod refuses;
#[path = "tests/times.rs"]
mod times;
#[path = "tests/vectors.rs"]
mod vectors;
#[path = "tests/verdicts.rs"]
mod verdicts;

use std::{
    env,
    ffi::OsStr,
    fs,
    io::Write,
    process::{Command, Stdio},
};

/// The key of RFC 4226, appendix D, in both spellings.
const KEY: &str = "3132333435363738393031323334353637383930";
const BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// How a run ended.
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs a program; a program that ends without reading all of its input is none the worse for it.
fn run<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: &[S], input: &str) -> Option<Ended> {
    let mut command = Command::new(program);
    command.args(arguments).env("TZ", "UTC").env("LC_ALL", "C");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().ok()?;
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Some(Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) })
}

/// The program itself, which is built with the tests.
fn otp_reads<S: AsRef<OsStr>>(arguments: &[S], input: &str) -> Ended {
    let test = env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples").join(format!("otp{}", env::consts::EXE_SUFFIX));
    run(program, arguments, input).expect("the example is built: cargo test does")
}

fn otp<S: AsRef<OsStr>>(arguments: &[S]) -> Ended {
    otp_reads(arguments, "")
}

/// What a run prints that has to end well.
fn printed(arguments: &[&str]) -> String {
    let ended = otp(arguments);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    ended.stdout
}

#[test]
fn a_code_stands_alone_on_the_last_line() {
    for (arguments, expect) in [
        (&[KEY][..], "755224\n"),
        (&["hotp", KEY], "755224\n"),
        (&["hotp", "--counter=9", KEY], "520489\n"),
        (&["--hotp", "-c9", KEY], "520489\n"),
        (&["totp", "--now=@59", "--digits", "8", KEY], "94287082\n"),
        (&["--totp", "-N", "@59", "-d8", KEY], "94287082\n"),
        (&[KEY, "-w2"], "755224\n287082\n359152\n"),
        (&["-bw", "1", BASE32], "755224\n287082\n"),
        (&["-b", "gezd gnbv gy3t qojq gezd gnbv gy3t qojq"], "755224\n"),
        // Cut in the middle of a byte, as `oathtool` takes it.
        (&["-b", "GEZDGNB"], "110366\n"),
        (&["--totp=steam", "-N@0", "-b", "FMXNK4QEGKVPULRTADY6JIDK5VHUBGZW"], "C5V56\n"),
        (&["--totp=STEAM", "-N@0", "-w1", "-b", "FMXNK4QEGKVPULRTADY6JIDK5VHUBGZW"], "C5V56\nQJY8Y\n"),
        // 80 bits and less: what exists has to be usable.
        (&["00010203040506070809"], "207059\n"),
        (&["00"], "328482\n"),
        (&["-d10", KEY], "1284755224\n"),
        (&["-c", "0xffffffffffffffff", KEY], "094451\n"),
        (&["--", KEY], "755224\n"),
    ] {
        assert_eq!(printed(arguments), expect, "{arguments:?}");
    }
    let verbose = printed(&["-v", "--totp", "-N@1700000000", KEY]);
    assert_eq!(verbose.lines().last(), Some("921300"), "{verbose}");
    for line in [
        &format!("Hex secret: {KEY}"),
        &format!("Base32 secret: {BASE32}"),
        "Step size (seconds): 30",
        "Start time: 1970-01-01 00:00:00 UTC (0)",
        "Current time: 2023-11-14 22:13:20 UTC (1700000000)",
        "Counter: 0x360AA2A (56666666)",
    ] {
        assert!(verbose.lines().any(|printed| printed == line), "{line}: {verbose}");
    }
}

#[test]
fn what_is_secret_can_stay_off_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    fs::write(&file, format!("{KEY}\nmore\n")).unwrap();
    let file = format!("@{}", file.to_str().unwrap());
    let suite = "--suite=OCRA-1:HOTP-SHA256-8:QN08-PSHA1";
    let key = "3132333435363738393031323334353637383930313233343536373839303132";
    for (arguments, input, expect) in [
        (&["-"][..], format!("{KEY}\n"), "755224\n"),
        (&["-"], format!("  {KEY}\r\n"), "755224\n"),
        (&["-w1", "-", "-"], format!("{KEY}\n287082"), "1\n"),
        (&["-b", "-"], BASE32.to_lowercase(), "755224\n"),
        (&[&file], String::new(), "755224\n"),
        (&["ocra", suite, "--question=00000000", "--pin=-", "-"], format!("{key}\n1234\n"), "83238735\n"),
        (&["ocra", suite, "--question=00000000", "--pin=-", "-", "-"], format!("{key}\n83238735\n1234\n"), "0\n"),
    ] {
        let ended = otp_reads(arguments, &input);
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), (expect, ""), "{arguments:?}");
    }
}

#[test]
fn help_lists_every_option() {
    let help = printed(&["--help"]);
    let from_source = include_str!("arguments.rs").lines().filter_map(|line| line.trim().strip_prefix("(\"--"));
    let options: Vec<_> = from_source.map(|line| format!("--{}", line.split('"').next().unwrap())).collect();
    assert_eq!(options.len(), 16);
    assert!(options.iter().all(|option| help.contains(option)), "{help}");
    assert_eq!(printed(&["verify", "-h"]), help);
}
