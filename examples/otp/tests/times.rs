//! Times and durations as they are typed.

use super::{KEY, otp, printed};

#[test]
fn times_that_are_understood() {
    for (text, seconds) in [
        ("@0", 0),
        ("@1700000000", 1_700_000_000),
        (" @ 5", 5),
        ("@1.9", 1),
        ("@18446744073709551615", u64::MAX),
        ("2009-02-13 23:31:30 UTC", 1_234_567_890),
        ("2009-02-13T23:31:30Z", 1_234_567_890),
        ("2009-02-13t23:31:30z", 1_234_567_890),
        ("2009-02-13 23:31:30.999", 1_234_567_890),
        ("2009-02-13 23:31", 1_234_567_860),
        ("2009-02-13", 1_234_483_200),
        ("20090213", 1_234_483_200),
        ("2009/2/13 UTC", 1_234_483_200),
        ("2009-02-13T23:31:30+01:00", 1_234_564_290),
        ("2009-02-13 23:31:30 -0800", 1_234_596_690),
        ("2009-02-13 23:31:30+01", 1_234_564_290),
        ("Fri, 13 Feb 2009 23:31:30 +0000", 1_234_567_890),
        ("Fri Feb 13 23:31:30 GMT 2009", 1_234_567_890),
        ("friday, february 13, 2009 11:31:30 pm", 1_234_567_890),
        ("2009-02-13 12:31 AM", 1_234_485_060),
        ("2009-02-13 12:31 PM", 1_234_528_260),
        ("2000-02-29", 951_782_400),
        ("2100-03-01", 4_107_542_400),
        ("9999-12-31 23:59:59", 253_402_300_799),
    ] {
        let shown = printed(&["--totp", "-v", "--now", text, KEY]);
        let time = shown.lines().find(|line| line.starts_with("Current time: ")).unwrap();
        assert!(time.ends_with(&format!("({seconds})")), "{text}: {time}");
    }
    // What is printed is understood again.
    for seconds in (0..40_u64).map(|n| n * n * n * 137_438_953) {
        let shown = printed(&["--totp", "-v", "--now", &format!("@{seconds}"), KEY]);
        let time = shown.lines().find_map(|line| line.strip_prefix("Current time: ")).unwrap();
        let (time, _) = time.split_once(" (").unwrap();
        if time.find('-') == Some(4) {
            assert!(printed(&["--totp", "-v", "--now", time, KEY]).contains(&format!("({seconds})")), "{time}");
        }
    }
}

#[test]
fn times_that_are_not() {
    for text in [
        "",
        "@",
        "@-5",
        "@18446744073709551616",
        "@1x",
        "tomorrow",
        "1 hour ago",
        "20000000000",
        "2009-02-30",
        "2100-02-29",
        "2009-13-01",
        "2009-00-01",
        "2009-01-00",
        "2009-02-13 24:00",
        "2009-02-13 23:60",
        "2009-02-13 23:31:60",
        "2009-02-13 13:31 PM",
        "2009-02-13 00:31 AM",
        "2009-02-13 PM",
        "1969-12-31 23:59:59",
        "1970-01-01 00:00 +0100",
        "2009-02-13 2009-02-13",
        "2009-02-13 10:00 11:00",
        "2009-02-13 10:00 UTC UTC",
        "2009-02-13 23:31:30 CET",
        "2009-02-13 23:31 +2500",
        "2009-02-13 -0500",
        "13 Feb",
        "2/13/2009",
        "99-02-13",
        "2009-02-13T",
        "T23:31",
        "1T1T1T1T1",
        "\u{e4}\u{f6}\u{fc}-01-01",
        "2009-02-13 23:31:30.",
        "2009-02-13 :",
        "2009-02-13 23:31 +",
        "+",
        "-",
        ":",
        "T",
    ] {
        let ended = otp(&["--totp", "-N", text, KEY]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{text}");
        assert!(ended.stderr.starts_with("otp: --now: not a time "), "{text}: {}", ended.stderr);
    }
}

#[test]
fn durations() {
    for (text, seconds) in [
        ("60s", 60),
        ("60", 60),
        ("1m", 60),
        ("1h30m", 5_400),
        ("1 h 30 m", 5_400),
        ("1m30", 90),
        ("2d", 172_800),
        ("1M", 2_592_000),
        ("1y1M1d1h1m1s", 34_218_061),
        ("4294967295", 4_294_967_295_u64),
    ] {
        let shown = printed(&["--totp", "-v", "-N@0", "-s", text, KEY]);
        assert!(shown.contains(&format!("Step size (seconds): {seconds}\n")), "{text}: {shown}");
    }
    for text in
        ["", "0", "0s", "-5", "+5", "1.5s", "1x", "s", "m1", "1m1h", "1m1m", "30 60", "5ms", "1\u{b5}s", "4294967296"]
    {
        let ended = otp(&["--totp", "-s", text, KEY]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{text}");
        assert!(ended.stderr.starts_with("otp: --time-step-size: not a duration "), "{text}: {}", ended.stderr);
    }
}
