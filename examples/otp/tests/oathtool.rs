//! The same command lines to `oathtool`: whole outputs are compared.
//!
//! Skipped where it is not installed; an error where `PUSHOTP_REQUIRE_DATA` is set, as it is in CI.

use data_encoding::{BASE32, BASE32_NOPAD, HEXLOWER, HEXUPPER};

use super::{otp, run};

/// Numbers that look random, the same in each run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    fn sometimes(&mut self, options: &mut Vec<String>, all: &[&str]) {
        if self.below(2) == 0 {
            options.push(self.one_of(all).to_owned());
        }
    }
}

fn clock(draws: &mut Draws) -> Vec<String> {
    let mut options = vec![
        draws
            .one_of(&[
                "--totp",
                "--totp=sha1",
                "--totp=SHA1",
                "--totp=sha256",
                "--totp=SHA256",
                "--totp=sha512",
                "--totp=SHA512",
            ])
            .to_owned(),
    ];
    // Never the clock itself, which moves between the two runs.
    options.push("--now".to_owned());
    options.push(match draws.below(3) {
        0 => format!("@{}", 2_000_000_000 + draws.below(1 << 31)),
        1 => format!(
            "20{}-{:02}-1{} 23:31:3{} UTC",
            34 + draws.below(60),
            1 + draws.below(12),
            draws.below(10),
            draws.below(10)
        ),
        _ => draws
            .one_of(&[
                "2034-02-13T23:31:30Z",
                "2034-02-13",
                "Sun, 29 Feb 2032 16:21:42 -0800",
                "2052-07-01 08:00:00+05:30",
                "20400301",
            ])
            .to_owned(),
    });
    draws.sometimes(&mut options, &["-s60", "--time-step-size=60s", "-s1m", "-s1h30m", "-s1d", "--time-step-size=7 s"]);
    draws.sometimes(
        &mut options,
        &["-S@59", "--start-time=2009-02-13 23:31:30 UTC", "--start-time=2009-02-13T23:31:30Z"],
    );
    options
}

fn key(draws: &mut Draws, options: &mut Vec<String>) -> String {
    let secret: Vec<u8> =
        (0..10 + draws.below(80)).map(|_| draws.0.to_be_bytes()[usize::try_from(draws.below(3)).unwrap()]).collect();
    match draws.below(6) {
        0 => return HEXUPPER.encode(&secret),
        1 | 2 => return HEXLOWER.encode(&secret),
        _ => options.push(draws.one_of(&["-b", "--base32"]).to_owned()),
    }
    let text = if draws.below(2) == 0 { BASE32.encode(&secret) } else { BASE32_NOPAD.encode(&secret) };
    match draws.below(3) {
        0 => text,
        1 => text.to_lowercase(),
        _ => text.as_bytes().chunks(4).map(|group| std::str::from_utf8(group).unwrap()).collect::<Vec<_>>().join(" "),
    }
}

/// Two command lines: one that generates, and one that searches for a code of the first.
fn generating(draws: &mut Draws) -> Vec<String> {
    let mut options = if draws.below(3) == 0 {
        let mut options = vec![format!("--counter={}", draws.below(1 << 31) << draws.below(32))];
        draws.sometimes(&mut options, &["--hotp"]);
        options
    } else {
        clock(draws)
    };
    draws.sometimes(&mut options, &["-d6", "-d7", "--digits=8"]);
    draws.sometimes(&mut options, &["-w0", "-w1", "--window=5", "-w20"]);
    draws.sometimes(&mut options, &["-v", "--verbose"]);
    let key = key(draws, &mut options);
    options.push(key);
    options
}

/// Whether both do the same: a code, or a refusal.
fn same(options: &[String]) -> Option<String> {
    let (theirs, ours) = (run("oathtool", options, "").unwrap(), otp(options));
    assert_eq!(ours.code == Some(0), theirs.code == Some(0), "{options:?}: {} {}", ours.stderr, theirs.stderr);
    (ours.code == Some(0)).then(|| {
        assert_eq!(ours.stdout, theirs.stdout, "{options:?}");
        ours.stdout
    })
}

#[test]
fn two_hundred_command_lines() {
    if run("oathtool", &["--version"], "").is_none() {
        assert!(std::env::var_os("PUSHOTP_REQUIRE_DATA").is_none(), "oathtool is not installed");
        println!("skipped: oathtool is not installed");
        return;
    }
    let (mut draws, mut found) = (Draws(1), 0);
    for round in 0..100 {
        let mut options = generating(&mut draws);
        let printed = same(&options).unwrap_or_else(|| panic!("{options:?}"));
        // One of its codes, or every fifth time a wrong one, is searched for in the same window.
        let codes: Vec<_> = printed.lines().rev().take_while(|line| !line.is_empty()).collect();
        let code = draws.one_of(&codes);
        let wrong = code.bytes().map(|digit| char::from(b'0' + (digit - b'0' + 5) % 10)).collect();
        options.push(if round % 5 == 0 { wrong } else { code.to_owned() });
        found += usize::from(same(&options).is_some());
    }
    assert_eq!(found, 80);
}
