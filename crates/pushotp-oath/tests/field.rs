//! What other libraries and products got wrong, one test for each defect class; the comment says what was met.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use pushotp_oath::{
    BeforeT0, Counter, Drift, Hotp, HotpVerdict, Key, LookAhead, OcraSuite, Period, RangeError, ResyncWindow, Step, T0,
    Totp, Ungrouped, Verdict, Window,
};
use pushotp_types::{Digits, HashAlgorithm, Secret, SecretRef, UnixTime};

const SECRET: &[u8; 20] = b"12345678901234567890";

fn key() -> Key {
    Key::new(HashAlgorithm::Sha1, SecretRef::new(SECRET).unwrap())
}

fn secs(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}

fn at(step: u64) -> UnixTime {
    secs(step * 30)
}

fn digits() -> impl Iterator<Item = Digits> {
    (6..=10).map(|digits| Digits::new(digits).unwrap())
}

/// Codes as integers lost their leading zeros; padding to six whatever the length refused 10 % of longer ones; a length
/// of eight with a value modulo 10^6.
#[test]
fn codes_have_their_length_and_use_it() {
    let key = key();
    for digits in digits() {
        let hotp = Hotp::new(digits);
        let mut leading = std::collections::BTreeSet::new();
        for counter in 0..10_000 {
            let code = hotp.generate(&key, Counter::new(counter));
            assert_eq!(code.expose().len(), usize::from(digits.get()));
            leading.insert(code.expose().as_bytes()[0]);
            let verdict = hotp.verify(&key, code.expose(), Counter::new(counter), LookAhead::ZERO);
            assert!(matches!(verdict, HotpVerdict::Match(_)), "{counter}");
        }
        // A value of 31 bits begins with 0, 1 or 2 in ten digits.
        let first: &[u8] = if digits.get() == 10 { b"012" } else { b"0123456789" };
        assert!(leading.iter().eq(first), "{digits:?}: {leading:?}");
    }
}

/// Lengths of 0, 5, 20, 255 from a URI: a panic, a division by zero, a megabyte of text.
#[test]
fn lengths_outside_the_range_are_no_digits() {
    assert!((0..=u8::MAX).filter(|n| !(6..=10).contains(n)).all(|n| Digits::new(n).is_err()));
    assert_eq!(Totp::DEFAULT.digits(), Digits::SIX);
}

/// Documented defaults that did not work when they were passed.
#[test]
fn defaults_are_what_they_say() {
    assert_eq!(Totp::DEFAULT, Totp::new(Digits::new(6).unwrap(), Period::from_secs(30).unwrap()));
    assert_eq!(HashAlgorithm::default(), HashAlgorithm::Sha1);
    assert_eq!((Window::ONE, Window::ZERO), (Window::new(1, 1).unwrap(), Window::new(0, 0).unwrap()));
    assert_eq!(LookAhead::ZERO, LookAhead::new(0).unwrap());
    assert_eq!(Drift::ZERO, Drift::from_steps(0).unwrap());
    assert_eq!(T0::EPOCH.elapsed(secs(59)), Ok(secs(59)));
    assert_eq!(ResyncWindow::MAX, ResyncWindow::new(2880).unwrap());
}

/// The length taken from what was typed, so that the last six of eight digits were accepted.
#[test]
fn the_credential_decides_the_length() {
    let key = key();
    for digits in digits() {
        let totp = Totp::new(digits, Period::THIRTY);
        let longest = Totp::new(Digits::new(10).unwrap(), Period::THIRTY).generate(&key, secs(59));
        for len in 0..=10 {
            let typed = &longest.expose()[10 - len..];
            let verdict = totp.verify(&key, typed, secs(59), Window::ZERO, None);
            assert_eq!(matches!(verdict, Verdict::Match(_)), len == usize::from(digits.get()), "{digits:?} {len}");
        }
    }
}

/// OCRA allows four and five digits; who takes them for other codes gets exactly that many.
#[test]
fn short_codes_are_compared_whole() {
    let key = key();
    for digits in [4, 5].map(|digits| Digits::danger_short(digits).unwrap()) {
        let (totp, hotp) = (Totp::new(digits, Period::THIRTY), Hotp::new(digits));
        for counter in 0..2_000 {
            let (code, now) = (hotp.generate(&key, Counter::new(counter)), at(counter));
            assert!(
                matches!(totp.verify(&key, code.expose(), now, Window::ZERO, None), Verdict::Match(_)),
                "{counter}"
            );
            let next = hotp.generate(&key, Counter::new(counter + 1));
            let verdict = hotp.verify(&key, next.expose(), Counter::new(counter), LookAhead::ZERO);
            assert_eq!(matches!(verdict, HotpVerdict::Match(_)), code.expose() == next.expose(), "{counter}");
        }
    }
}

/// Parsed as an integer, `+87082` and ` 87082` were codes; full-width digits, after normalisation; text that is no
/// number was another error than a wrong code; non-ASCII text threw.
#[test]
fn what_is_typed_is_compared_and_never_parsed() {
    let key = key();
    let code = Totp::DEFAULT.generate(&key, secs(59));
    assert_eq!(code.expose(), "287082");
    let typed: [&[u8]; 22] = [
        b"",
        b"0",
        b"28708",
        b"2870822",
        b"0287082",
        b"+87082",
        b"-87082",
        b" 87082",
        b"87082 ",
        b"28708\0",
        b"28708\n",
        b"0x4616",
        b"2e5082",
        "２８７０８２".as_bytes(),
        "٢٨٧٠٨٢".as_bytes(),
        "28708²".as_bytes(),
        "éé7082".as_bytes(),
        b"\xff\xff\xff\xff\xff\xff",
        b"\xb287082",
        b"287 082",
        b"287-082",
        &[b'2'; 4096],
    ];
    for typed in typed {
        assert_eq!(Totp::DEFAULT.verify(&key, typed, secs(59), Window::ONE, None), Verdict::Mismatch, "{typed:?}");
        let next = Counter::new(1);
        assert_eq!(
            Hotp::new(Digits::SIX).verify(&key, typed, next, LookAhead::ZERO),
            HotpVerdict::Mismatch,
            "{typed:?}"
        );
    }
    // Groups are put together only where that is asked for.
    for typed in ["287 082", "287-082", " 287082 ", "2-8-7-0-8-2"] {
        let verdict = Totp::DEFAULT.verify(&key, Ungrouped::new(typed), secs(59), Window::ZERO, None);
        assert!(matches!(verdict, Verdict::Match(_)), "{typed}");
    }
    for typed in ["+287082", "287\u{a0}082", "2870820", &"287082 ".repeat(9)] {
        let verdict = Totp::DEFAULT.verify(&key, Ungrouped::new(typed), secs(59), Window::ZERO, None);
        assert_eq!(verdict, Verdict::Mismatch, "{typed}");
    }
}

/// Time, step, counter, period and window at their ends: panics in debug builds, wrap-around in release.
#[test]
fn every_edge_of_time_and_counter() {
    let (key, edges) = (key(), [0, 1, 2, u64::MAX / 2, u64::MAX - 2, u64::MAX - 1, u64::MAX]);
    let windows = [Window::ZERO, Window::ONE, Window::new(63, 0).unwrap(), Window::new(0, 63).unwrap()];
    let drifts = [-2880, -1, 0, 1, 2880].map(|steps| Drift::from_steps(steps).unwrap());
    for period in [1, 30, u32::MAX].map(|secs| Period::from_secs(secs).unwrap()) {
        let totp = Totp::new(Digits::EIGHT, period);
        for now in edges.map(secs) {
            let (step, code) = (totp.step_at(now), totp.generate(&key, now));
            assert!(period.valid_from(step) <= now && now <= period.valid_until(step));
            for last in [None].into_iter().chain(edges.map(Step::new).map(Some)) {
                for window in windows {
                    let verdict = totp.verify(&key, code.expose(), now, window, last);
                    assert_eq!(matches!(verdict, Verdict::Match(_)), last.is_none_or(|last| last < step), "{now:?}");
                    for drift in drifts {
                        let _ = totp.verify(&key, code.expose(), now, window.around(drift), last);
                    }
                }
                let _ = totp.resync(&key, [code.expose(), code.expose()], now, ResyncWindow::new(3).unwrap(), last);
            }
        }
    }
    let hotp = Hotp::new(Digits::SIX);
    for counter in edges.map(Counter::new) {
        let code = hotp.generate(&key, counter);
        for look_ahead in [0, 1, 63].map(|s| LookAhead::new(s).unwrap()) {
            let verdict = hotp.verify(&key, code.expose(), counter, look_ahead);
            // After the last counter there is none to expect, so it is not accepted.
            assert_eq!(matches!(verdict, HotpVerdict::Match(_)), counter != Counter::new(u64::MAX), "{counter:?}");
        }
        let _ = hotp.resync(&key, [code.expose(), code.expose()], counter, ResyncWindow::MAX);
    }
    let last = hotp.generate(&key, Counter::new(u64::MAX));
    for next in [u64::MAX - 63, u64::MAX - 1] {
        let verdict = hotp.verify(&key, last.expose(), Counter::new(next), LookAhead::new(63).unwrap());
        assert_eq!(verdict, HotpVerdict::Mismatch, "{next}");
    }
}

/// A T0 in the future: a panic, or a counter near 2^64. A tolerance that reached below T0.
#[test]
fn before_t0() {
    let (key, t0) = (key(), T0::new(secs(1_000_000)));
    assert_eq!(t0.elapsed(secs(999_999)), Err(BeforeT0));
    assert_eq!(t0.elapsed(secs(0)), Err(BeforeT0));
    let now = t0.elapsed(secs(1_000_000)).unwrap();
    let code = Totp::DEFAULT.generate(&key, now);
    assert_eq!(code.expose(), "755224"); // step 0
    let verdict = Totp::DEFAULT.verify(&key, code.expose(), now, Window::new(9, 9).unwrap(), None);
    assert!(matches!(verdict, Verdict::Match(found) if found.step() == Step::new(0)));
    assert_eq!(T0::new(secs(u64::MAX)).elapsed(secs(u64::MAX)), Ok(secs(0)));
}

/// A period of 0; a window of 65,535; "slice 0" that meant now.
#[test]
fn ranges_are_types() {
    assert_eq!(Period::from_secs(0), Err(RangeError));
    for past in 0..=u8::MAX {
        for future in 0..=u8::MAX {
            let fits = u16::from(past) + u16::from(future) <= 63;
            let window = Window::new(past, future).map(|window| (window.past(), window.future(), window.drift()));
            assert_eq!(window, if fits { Ok((past, future, Drift::ZERO)) } else { Err(RangeError) });
        }
        assert_eq!(LookAhead::new(past).map(LookAhead::get), if past <= 63 { Ok(past) } else { Err(RangeError) });
    }
    assert_eq!(Period::from_secs(u32::MAX).map(Period::as_secs), Ok(u32::MAX));
    assert_eq!(Window::ONE.around(Drift::from_steps(-9).unwrap()).drift().steps(), -9);
    assert_eq!(ResyncWindow::new(2880).map(ResyncWindow::get), Ok(2880));
    assert_eq!(ResyncWindow::new(0), Err(RangeError));
    assert!(
        Drift::from_steps(-2881).is_err() && Drift::from_steps(2881).is_err() && Drift::from_steps(i16::MIN).is_err()
    );
    assert_eq!(Totp::DEFAULT.step_at(secs(0)), Step::new(0));
}

/// The forward edge was exclusive, so that one step ahead never matched.
#[test]
fn every_offset_of_a_window() {
    let (key, now) = (key(), 60_000_000_i64);
    for (past, future) in [(0, 0), (1, 1), (2, 0), (0, 2), (1, 5), (31, 32)] {
        let window = Window::new(past, future).unwrap();
        for drift in [-8_i16, 0, 3] {
            let middle = now + i64::from(drift);
            for offset in -i64::from(past) - 2..=i64::from(future) + 2 {
                let step = u64::try_from(middle + offset).unwrap();
                let code = Totp::DEFAULT.generate(&key, at(step));
                let window = window.around(Drift::from_steps(drift).unwrap());
                let verdict = Totp::DEFAULT.verify(&key, code.expose(), at(60_000_000), window, None);
                let inside = (-i64::from(past)..=i64::from(future)).contains(&offset);
                match verdict {
                    Verdict::Match(found) => {
                        assert!(inside && found.step() == Step::new(step), "{past}/{future} {drift} {offset}");
                        assert_eq!(i64::from(found.drift().steps()), i64::from(drift) + offset);
                    }
                    verdict => assert!(!inside && verdict == Verdict::Mismatch, "{past}/{future} {drift} {offset}"),
                }
            }
        }
    }
}

/// HOTP that looked back; a counter of 0 that meant none.
#[test]
fn hotp_looks_forward() {
    let (key, hotp) = (key(), Hotp::new(Digits::SIX));
    for expected in [0_u64, 1, 5, 1000] {
        for counter in expected.saturating_sub(3)..expected + 14 {
            let code = hotp.generate(&key, Counter::new(counter));
            let verdict = hotp.verify(&key, code.expose(), Counter::new(expected), LookAhead::new(10).unwrap());
            match verdict {
                HotpVerdict::Match(found) => {
                    assert!((expected..=expected + 10).contains(&counter), "{expected} {counter}");
                    assert_eq!((found.counter().get(), found.next().get()), (counter, counter + 1));
                    assert_eq!((found.advance().from(), found.advance().to()), (Some(expected), counter + 1));
                    assert_eq!(found.advance().drift(), None);
                }
                verdict => {
                    assert_eq!(verdict, HotpVerdict::Mismatch);
                    assert!(!(expected..=expected + 10).contains(&counter), "{expected} {counter}");
                }
            }
        }
    }
}

/// Resynchronisation by one code, or by codes that are not in a row, or behind the counter.
#[test]
fn hotp_resynchronises_by_codes_in_a_row() {
    let (key, hotp, next) = (key(), Hotp::new(Digits::SIX), Counter::new(10));
    let codes: Vec<_> = (0..1100).map(|counter| hotp.generate(&key, Counter::new(counter))).collect();
    let code = |counter: usize| codes[counter].expose();
    let resync = |typed: [&str; 2]| hotp.resync(&key, typed, next, ResyncWindow::new(1000).unwrap());
    for first in [10, 11, 500, 1009] {
        let HotpVerdict::Match(found) = resync([code(first), code(first + 1)]) else { panic!("{first}") };
        assert_eq!(found.next(), Counter::new(first as u64 + 2));
        assert_eq!(found.advance().from(), Some(10));
        for other in [[code(first + 1), code(first)], [code(first), code(first)], [code(first), code(first + 2)]] {
            assert_eq!(resync(other), HotpVerdict::Mismatch, "{first}");
        }
    }
    for first in [8, 9, 1010] {
        assert_eq!(resync([code(first), code(first + 1)]), HotpVerdict::Mismatch, "{first}");
    }
    let three = |typed: [&str; 3]| hotp.resync(&key, typed, next, ResyncWindow::new(1000).unwrap());
    assert!(
        matches!(three([code(20), code(21), code(22)]), HotpVerdict::Match(found) if found.counter() == Counter::new(22))
    );
    assert_eq!(three([code(20), code(21), code(23)]), HotpVerdict::Mismatch);
    assert_eq!(three([code(19), code(21), code(22)]), HotpVerdict::Mismatch);
}

/// Drift in seconds that moved a step past the replay guard; codes of a used step that set a clock.
#[test]
fn totp_resynchronises_by_whole_steps_that_are_unused() {
    let (key, present, reach) = (key(), 60_000_000_u64, ResyncWindow::new(20).unwrap());
    let codes: Vec<_> = (present - 30..present + 30).map(|step| Totp::DEFAULT.generate(&key, at(step))).collect();
    let code = |step: u64| codes[usize::try_from(step + 30 - present).unwrap()].expose();
    let resync = |typed: [&str; 2], last| Totp::DEFAULT.resync(&key, typed, at(present), reach, last);
    for first in [present - 20, present - 7, present, present + 19] {
        let Verdict::Match(found) = resync([code(first), code(first + 1)], None) else { panic!("{first}") };
        assert_eq!(found.step(), Step::new(first + 1));
        let drift = i64::try_from(first + 1).unwrap() - i64::try_from(present).unwrap();
        assert_eq!(i64::from(found.drift().steps()), drift);
        assert_eq!(found.advance().drift(), Some(found.drift()));
        // Each of the two must be unused.
        for (last, fresh) in [(first - 1, true), (first, false), (first + 1, false), (first + 9, false)] {
            let verdict = resync([code(first), code(first + 1)], Some(Step::new(last)));
            assert_eq!(matches!(verdict, Verdict::Match(_)), fresh, "{first} {last}");
            assert_eq!(verdict == Verdict::Replay, !fresh, "{first} {last}");
        }
        assert_eq!(resync([code(first + 1), code(first)], None), Verdict::Mismatch);
    }
    for first in [present - 21, present + 20] {
        assert_eq!(resync([code(first), code(first + 1)], None), Verdict::Mismatch);
    }
}

/// A key of 80 bits could be imported only together with other relaxations; empty and one-byte keys, by default.
#[test]
fn weak_secrets_need_the_one_relaxation() {
    for len in 0..16 {
        assert!(SecretRef::new(&[7; 16][..len]).is_err() && Secret::new(&[7; 16][..len]).is_err(), "{len}");
    }
    assert!(SecretRef::danger_import_weak(&[]).is_err());
    let weak = Key::new(HashAlgorithm::Sha1, SecretRef::danger_import_weak(b"0123456789").unwrap());
    assert_eq!(Totp::DEFAULT.generate(&weak, secs(59)).expose().len(), 6);
    assert!(SecretRef::danger_import_weak(&[7; 1025]).is_err());
}

/// `Debug` or an error with the key or the code in it.
#[test]
fn nothing_prints_a_secret() {
    let key = key();
    let (now, code) = (secs(59), Totp::DEFAULT.generate(&key, secs(59)));
    let verdict = Totp::DEFAULT.verify(&key, code.expose(), now, Window::ONE, None);
    let shown = format!(
        "{:?}",
        (
            (&key, &code, &verdict, Ungrouped::new(code.expose()), Secret::new(SECRET)),
            (SecretRef::new(SECRET), OcraSuite::PUSH, RangeError, BeforeT0, Totp::DEFAULT),
        )
    );
    let (hex, base64) = (data_encoding::HEXLOWER.encode(SECRET), data_encoding::BASE64_NOPAD.encode(SECRET));
    let decimal = format!("{SECRET:?}");
    let planted = format!("{shown} {}", code.expose());
    let leaks = |shown: &str| {
        ["287082", "GEZDGNBVGY3TQOJQ", &base64[..16], "1234567890", &hex, decimal.trim_matches(['[', ']'])]
            .iter()
            .any(|secret| shown.contains(secret))
    };
    assert!(!leaks(&shown), "{shown}");
    assert!(leaks(&planted), "the scan sees nothing");
}
