//! One defect, one expected error: a line that names the place, and nothing of what is secret.

use std::ffi::OsString;

use super::{BASE32, KEY, otp, otp_reads};

const SUITE: &str = "--suite=OCRA-1:HOTP-SHA1-6:QN08";
const ASK: &str = "--question=12345678";
const PIN: &str = "--pin=271846";

/// Ends with 1, one line on stderr that begins so, and no word of what was secret anywhere.
fn refused(arguments: &[&str], expect: &str) {
    let ended = otp(arguments);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{arguments:?}");
    let line = ended.stderr.strip_prefix("otp: ").and_then(|line| line.strip_suffix('\n')).unwrap();
    assert!(line.starts_with(expect) && !line.contains('\n'), "{arguments:?}: {line}");
    let secrets = [KEY, BASE32, &KEY[..8], &BASE32[..8], "271846", "755224"];
    assert!(secrets.iter().all(|secret| !line.contains(secret)), "{arguments:?}: {line}");
}

#[test]
fn what_is_no_command_line() {
    for (arguments, expect) in [
        (&[][..], "missing: KEY"),
        (&["totp"], "missing: KEY"),
        (&["verify", KEY], "missing: CODE"),
        (&[KEY, "755224", "755224"], "more than a key and a code"),
        (&["--base32", "totp", BASE32, "755224"], "more than a key and a code"),
        (&["--what", KEY], "argument 1: no option"),
        (&[KEY, &format!("--{KEY}")], "argument 2: no option"),
        (&[KEY, &format!("--key={KEY}")], "argument 2: no option"),
        (&[&format!("-b{BASE32}")], "argument 1: no option"),
        (&["--base32=yes", BASE32], "--base32: takes no value"),
        (&[KEY, "--window"], "--window: a value is missing"),
        (&[KEY, "-vw"], "--window: a value is missing"),
        (&["-w1", "--window=1", KEY], "--window: given more than once"),
        (&["--totp", "--totp=sha1", KEY], "--totp: given more than once"),
        (&["--hotp", "--totp", KEY], "hotp, totp and ocra exclude"),
        (&["hotp", "--totp", KEY], "hotp, totp and ocra exclude"),
        (&["totp", SUITE, KEY], "hotp, totp and ocra exclude"),
        (&["totp", PIN, KEY], "hotp, totp and ocra exclude"),
        (&["--last=1", KEY], "--last: not with hotp"),
        (&["totp", "--last=1", KEY], "--last: only with verify"),
        (&["--totp=steam", "-d6", KEY], "--digits: not with --totp=steam"),
        (&["--totp=steam", "-s30", KEY], "--time-step-size: not with --totp=steam"),
    ] {
        refused(arguments, expect);
    }
}

#[test]
fn values_that_are_none() {
    let (not_hex, not_base32) = ("key: not hexadecimal", "key: not base32");
    let long = "00".repeat(1025);
    for (arguments, expect) in [
        (&["--totp=md5", KEY][..], "--totp: not sha1"),
        (&["--totp=", KEY], "--totp: not sha1"),
        (&["--totp", "sha256", KEY], not_hex),
        (&["-d5", KEY], "--digits: not a number from 6 to 10"),
        (&["-d11", KEY], "--digits: not a number from 6 to 10"),
        (&["-d", KEY], "missing: KEY"),
        (&["-d", KEY, KEY], "--digits: not a number from 6 to 10"),
        (&["-d262", KEY], "--digits: not a number from 6 to 10"),
        (&["-w", "-1", KEY], "--window: not a number"),
        (&["-w", "1x", KEY], "--window: not a number"),
        (&["-c", "-1", KEY], "--counter: not a number"),
        (&["-c", "+1", KEY], "--counter: not a number"),
        (&["-c", "010", KEY], "--counter: not a number"),
        (&["-c", "", KEY], "--counter: not a number"),
        (&["-c", "0x", KEY], "--counter: not a number"),
        (&["-c", "18446744073709551616", KEY], "--counter: not a number"),
        (&["-c18446744073709551615", "-w1", KEY], "--window: not a window that ends"),
        (&["--totp", "-N@18446744073709551615", "-w1", KEY], "--window: not a window that ends"),
        (&["-w18446744073709551615", "-c1", KEY, "755224"], "--window: not a window that ends"),
        (&["verify", "-w32", KEY, "755224"], "--window: not a window of 64"),
        (&["verify", "--hotp", "-w64", KEY, "755224"], "--window: not a window of 64"),
        (&["--totp", "-S@100", "-N@99", KEY], "--now: the time lies before T0"),
        (&["--totp=steam", "-S@100", "-N@99", KEY], "--now: the time lies before T0"),
        (&["--start-time=never", "--totp", KEY], "--start-time: not a time"),
        (&[""], "key: the secret is empty"),
        (&["-b", "  "], "key: the secret is empty"),
        (&[&long], "key: the secret is longer than 1024 bytes"),
        (&[BASE32], not_hex),
        (&[&KEY[1..]], not_hex),
        (&["31 32"], not_hex),
        (&["0x31"], not_hex),
        (&["-b", "GEZDGNB1"], not_base32),
        (&["-b", "GEZ"], not_base32),
        (&["-b", "verify"], not_base32),
        (&["--", "--pin"], not_hex),
        (&["-b", "GEZDGNBV===="], not_base32),
        (&["-b", "GEZD-GNBV"], not_base32),
        (&["-b", "\u{c4}EZDGNBV"], not_base32),
        (&[KEY, "75522"], "code: not of 6 to 10 digits"),
        (&["@no such file"], "cannot read key: entity not found"),
        (&["-"], "cannot read key: unexpected end of file"),
    ] {
        refused(arguments, expect);
    }
}

#[test]
fn ocra_as_the_suite_does_not_say() {
    for (arguments, expect) in [
        (&["ocra", KEY][..], "missing: --suite"),
        (&["ocra", SUITE, KEY], "missing: --question"),
        (&["ocra", ASK, KEY], "missing: --suite"),
        (&["ocra", SUITE, ASK, ASK, ASK, KEY], "missing: --question, once or twice"),
        (&["ocra", "--suite=OCRA-10:HOTP-SHA1-6:QN08", ASK, KEY], "--suite: unknown or malformed: version"),
        (&["ocra", "--suite=OCRA-1:HOTP-MD5-6:QN08", ASK, KEY], "--suite: unknown or malformed: hash"),
        (&["ocra", "--suite=OCRA-1:HOTP-SHA1-3:QN08", ASK, KEY], "--suite: unknown or malformed: digits"),
        (&["ocra", "--suite=OCRA-1:HOTP-SHA1-6", ASK, KEY], "--suite: missing: question"),
        (&["ocra", SUITE, "--question=1234567x", KEY], "--question: not as the suite says: question"),
        (&["ocra", SUITE, "--question=", KEY], "--question: not as the suite says: question"),
        (&["ocra", SUITE, "--question=12345678123456781", KEY], "--question: not as the suite says: question"),
        (&["ocra", SUITE, "--question=1234567\u{e4}", KEY], "--question: not as the suite says: question"),
        (&["ocra", SUITE, ASK, PIN, KEY], "--suite: the suite does not have: pin"),
        (&["ocra", SUITE, ASK, "--pin=", KEY], "--pin: a value is missing"),
        (&["ocra", SUITE, ASK, "-c1", KEY], "--suite: the suite does not have: counter"),
        (&["ocra", SUITE, ASK, "-N@1", KEY], "--suite: the suite does not have: time"),
        (&["ocra", SUITE, ASK, "--session=00", KEY], "--suite: the suite does not have: session"),
        (&["ocra", SUITE, ASK, "-d6", KEY], "--digits: not with ocra"),
        (&["ocra", SUITE, ASK, "-w1", KEY], "--window: not with ocra"),
        (&["ocra", SUITE, ASK, "-s30", KEY], "--time-step-size: not with ocra"),
        (&["ocra", "--suite=OCRA-1:HOTP-SHA1-6:QN08-PSHA1", ASK, KEY], "--suite: the suite asks for: pin"),
        (&["ocra", "--suite=OCRA-1:HOTP-SHA1-6:QN08-S064", ASK, KEY], "--suite: the suite asks for: session"),
        (
            &["ocra", "--suite=OCRA-1:HOTP-SHA1-6:QN08-S064", ASK, "--session=00", KEY],
            "--suite: not as the suite says: session",
        ),
        (&["ocra", "--suite=OCRA-1:HOTP-SHA1-6:QN08-S064", ASK, "--session=xx", KEY], "--session: not hexadecimal"),
    ] {
        refused(arguments, expect);
    }
}

#[test]
#[cfg(unix)]
fn bytes_that_are_no_text() {
    use std::os::unix::ffi::OsStringExt;
    let ended = otp(&[OsString::from("-b"), OsString::from_vec(vec![b'G', 0xff])]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), "otp: argument 2: not UTF-8\n"));
    let long = format!("{}\n", "3".repeat(5_000));
    let ended = otp_reads(&["-"], &long);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), "otp: cannot read key: file too large\n"));
}
