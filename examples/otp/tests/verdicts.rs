//! Codes that are typed: searched for as `oathtool` does, and verified as a login server does.

use super::{KEY, otp, printed};

#[test]
fn a_code_is_searched_for() {
    for (arguments, expect) in [
        (&["-w10", KEY, "969429"][..], "3\n"),
        (&[KEY, "755224"], "0\n"),
        (&[KEY, "84755224"], "0\n"),
        (&["--totp", "-N@119", "-w2", KEY, "287082"], "2\n"),
        (&["--totp", "-N@0", "-w5", KEY, "287082"], "1\n"),
        (&["--totp", "-N@59", "-w5", KEY, "94287082"], "0\n"),
        (&["--totp=steam", "-N@89", "-w5", "-b", "FMXNK4QEGKVPULRTADY6JIDK5VHUBGZW", "qjy8y"], "1\n"),
        (&["ocra", "--suite=OCRA-1:HOTP-SHA1-6:QN08", "--question=00000000", KEY, "237653"], "0\n"),
    ] {
        assert_eq!(printed(arguments), expect, "{arguments:?}");
    }
    for arguments in [
        &["-w2", KEY, "969429"][..],
        &["-c1", "-w1", KEY, "755224"],
        &["-w2", "-d8", KEY, "755224"],
        &["--totp", "-N@119", "-w1", KEY, "287082"],
        &["--totp=steam", "-N@89", "-b", "FMXNK4QEGKVPULRTADY6JIDK5VHUBGZW", "QJY8Y"],
        &["ocra", "--suite=OCRA-1:HOTP-SHA1-6:QN08", "--question=00000000", KEY, "237654"],
    ] {
        let ended = otp(arguments);
        let expect = (Some(1), "", "otp: the code is not in the window\n");
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), expect, "{arguments:?}");
    }
}

#[test]
fn a_verdict_is_one_line_and_only_a_match_ends_well() {
    const REPLAY: &str = "replay: the code of a step that is used up";
    let steam = "2dd00bd77e0222ced882665481a9c1d9f907309d";
    for (arguments, expect) in [
        (&["--totp", "--now=@59", KEY, "287082"][..], "match: step 1, drift 0"),
        (&["--now=@59", KEY, "287082"], "match: step 1, drift 0"),
        (&["--now=@89", KEY, "287082"], "match: step 1, drift -1"),
        (&["--now=@29", KEY, "287082"], "match: step 1, drift 1"),
        (&["--now=@89", "--window=0", KEY, "287082"], "mismatch"),
        (&["--now=@90", KEY, "287082"], "mismatch"),
        (&["--now=@149", "-w3", KEY, "287082"], "match: step 1, drift -3"),
        (&["--now=@1059", "--start-time=@1000", KEY, "287082"], "match: step 1, drift 0"),
        (&["--now=@59", "--last=0", KEY, "287082"], "match: step 1, drift 0"),
        (&["--now=@59", "--last=1", KEY, "287082"], REPLAY),
        (&["--now=@59", "--last=18446744073709551615", KEY, "287082"], REPLAY),
        (&["--now=@59", "--last=1", KEY, "287083"], "mismatch"),
        // Two steps in a row with the same code: used once, it is used for both.
        (&["--now=@1862261070", KEY, "235522"], "match: step 62075369, drift 0"),
        (&["--now=@1862261070", "--last=62075368", KEY, "235522"], REPLAY),
        // The length of a code comes from the token, never from what is typed.
        (&["--now=@59", KEY, "94287082"], "mismatch"),
        (&["--now=@59", "--digits=8", KEY, "94287082"], "match: step 1, drift 0"),
        (&["--now=@59", "--digits=8", KEY, "287082"], "mismatch"),
        (&["--now=@59", KEY, "287 082"], "mismatch"),
        (&["--now=@59", KEY, "\u{662}87082"], "mismatch"),
        (&["--now=@59", KEY, ""], "mismatch"),
        (&["--hotp", KEY, "755224"], "match: counter 0, drift 0, next 1"),
        (&["--counter=0", KEY, "287082"], "match: counter 1, drift 1, next 2"),
        (&["-c1", KEY, "755224"], "mismatch"),
        (&["-c1", "-w5", KEY, "338314"], "match: counter 4, drift 3, next 5"),
        (&["--totp=steam", "--now=@0", steam, "aaaaa"], "mismatch"),
        (&["--suite=OCRA-1:HOTP-SHA1-6:QN08", "--question=00000000", KEY, "237653"], "match"),
        (&["--suite=OCRA-1:HOTP-SHA1-6:C-QN08", "--question=12345678", KEY, "897640"], "match: counter 0"),
        (&["--suite=OCRA-1:HOTP-SHA1-6:QN08", "--question=00000001", KEY, "237653"], "mismatch"),
        (&["--suite=OCRA-1:HOTP-SHA1-0:QN08", "--question=12345678", KEY, "20c95bc9"], "mismatch"),
        (&["--suite=OCRA-1:HOTP-SHA1-0:QN08", "--question=12345678", KEY, "no hex"], "mismatch"),
    ] {
        let ended = otp(&[&["verify"], arguments].concat());
        let code = Some(i32::from(!expect.starts_with("match")));
        assert_eq!(
            (ended.stdout, ended.stderr, ended.code),
            (format!("{expect}\n"), String::new(), code),
            "{arguments:?}"
        );
    }
}
