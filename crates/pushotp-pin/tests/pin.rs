//! What is taken as a PIN, and what is too easy to guess.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "fixture/fixture.rs"]
mod fixture;

use std::collections::BTreeSet;

use fixture::{cases, open, seal};
use pushotp_pin::{Pin, PinError, PinPolicy};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// The digits of each script in order, from the list in the vectors.
fn runs() -> Vec<Vec<char>> {
    let zero = |case: &serde_json::Value| u32::from_str_radix(case["zero"].as_str().unwrap(), 16).unwrap();
    let run = |zero: u32| (zero..zero + 10).map(|point| char::from_u32(point).unwrap()).collect();
    cases("unicode_digits.json").iter().map(|case| run(zero(case))).collect()
}

/// Ten digits of every script mean the same as `0123456789`.
#[test]
fn every_script() {
    let blob = seal(&[0x3c; 32], "0123456789", 1);
    for run in runs() {
        let typed: String = run.iter().collect();
        assert_eq!(open(&blob, &typed).secret().expose(), [0x3c; 32], "{typed}");
        let rotated: String = run.iter().cycle().skip(1).take(10).collect();
        assert_ne!(open(&blob, &rotated).secret().expose(), [0x3c; 32], "{rotated}");
    }
}

/// Of all code points just those of the list are digits, and just those that another crate's tables call so.
#[test]
fn nothing_else_is_a_digit() {
    assert_eq!(unicode_properties::UNICODE_VERSION, (18, 0, 0), "the table is of another version");
    let listed: BTreeSet<char> = runs().into_iter().flatten().collect();
    assert_eq!(listed.len(), 770);
    for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
        let taken = Pin::entered(&format!("{c}123")).is_ok();
        assert_eq!(taken, listed.contains(&c), "{c:?}");
        assert_eq!(taken, c.general_category() == GeneralCategory::DecimalNumber, "{c:?}");
    }
}

/// The digits of a run follow each other from zero to nine, whether or not an ASCII digit stands beside them.
#[test]
fn values() {
    for run in runs() {
        for (value, c) in run.iter().enumerate() {
            assert_eq!(Pin::entered(&String::from_iter([*c; 4])).unwrap().expose(), value.to_string().repeat(4), "{c}");
            assert_eq!(Pin::entered(&format!("{c}719")).unwrap().expose(), format!("{value}719"), "{c}");
        }
    }
}

#[test]
fn full_width_and_mixed_scripts() {
    let blob = seal(&[0x3c; 32], "271846", 1);
    for typed in ["２７１８４６", "٢٧١٨٤٦", "۲۷۱۸۴۶", "२७१८४६", "𝟮𝟳𝟭𝟴𝟰𝟲", "2７١۸४𝟲"]
    {
        assert_eq!(open(&blob, typed).secret().expose(), [0x3c; 32], "{typed}");
    }
}

/// Everything that could hide, and the error says nothing of where.
#[test]
fn bidi_marks_and_other_text_are_refused() {
    let bidi = ['\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}'];
    let other = [
        '\u{feff}', '\u{200b}', '\u{ad}', '\u{301}', ' ', '-', '+', '.', 'a', 'O', '\0', '²', '½', '①', '〇', '五', 'Ⅳ',
    ];
    for c in bidi.into_iter().chain(other) {
        for typed in [format!("{c}271846"), format!("271{c}846"), format!("271846{c}")] {
            assert_eq!(Pin::entered(&typed).unwrap_err(), PinError::NotADigit, "{c:?}");
        }
    }
}

fn padded(len: usize) -> impl Iterator<Item = String> {
    (0..10_u32.pow(u32::try_from(len).unwrap())).map(move |number| format!("{number:0len$}"))
}

/// The PINs of a length that a policy of that length refuses as trivial.
fn refused(len: usize) -> BTreeSet<String> {
    let policy = PinPolicy::new(len, len).unwrap();
    padded(len).filter(|text| Pin::choose(text, &policy).is_err_and(|error| error == PinError::Trivial)).collect()
}

/// The same PINs, by building them instead of judging them.
fn built(len: usize, wrap_around: bool) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = dated(len).collect();
    for (one, other) in (0..10).flat_map(|one| (0..10).map(move |other| (one, other))) {
        let digit = |bits: u32, place: usize| if bits >> place & 1 == 0 { one } else { other };
        all.extend((0..1 << len).map(|bits| (0..len).map(|place| digit(bits, place).to_string()).collect()));
    }
    for (start, step) in (0..10).flat_map(|start| [-2, -1, 1, 2].map(|step| (start, step))) {
        let run: Vec<i32> = (0..i32::try_from(len).unwrap()).map(|place| start + step * place).collect();
        if wrap_around || run.iter().all(|digit| (0..10).contains(digit)) {
            all.insert(run.iter().map(|digit| digit.rem_euclid(10).to_string()).collect());
        }
    }
    all
}

fn dated(len: usize) -> Box<dyn Iterator<Item = String>> {
    let days = || (1..=31).flat_map(|day| (1..=12).map(move |month| (format!("{day:02}"), format!("{month:02}"))));
    let years = || (1900..=2035).map(|year| year.to_string());
    match len {
        4 => {
            Box::new(days().flat_map(|(day, month)| [format!("{day}{month}"), format!("{month}{day}")]).chain(years()))
        }
        6 => Box::new(padded(2).flat_map(move |two| {
            let dates = days().flat_map({
                let two = two.clone();
                move |(d, m)| [format!("{d}{m}{two}"), format!("{m}{d}{two}"), format!("{two}{m}{d}")]
            });
            dates
                .chain(years().flat_map(move |year| [format!("{year}{two}"), format!("{two}{year}")]))
                .collect::<Vec<_>>()
        })),
        _ => Box::new(std::iter::empty()),
    }
}

#[test]
fn blocklist_of_four_digits() {
    let refused = refused(4);
    assert_eq!(refused.len(), 1_333);
    assert_eq!(refused, built(4, true));
    assert_eq!(built(4, false).len(), 1_317, "counting over 9 and 0 is 16 more");
}

#[test]
fn blocklist_of_six_digits() {
    let refused = refused(6);
    assert_eq!(refused.len(), 111_074);
    assert_eq!(refused, built(6, true));
}

/// Other lengths know two digits and counting only.
#[test]
fn blocklist_of_five_digits() {
    assert_eq!(refused(5), built(5, true));
    for trivial in ["1111111", "12121212", "9876543210", "8901234567", "2468024680", "1357913579135791"] {
        assert_eq!(Pin::choose(trivial, &PinPolicy::DEFAULT).unwrap_err(), PinError::Trivial, "{trivial}");
    }
    for fine in ["19991231", "12345679", "1234321"] {
        assert!(Pin::choose(fine, &PinPolicy::DEFAULT).is_ok(), "{fine}");
    }
}

#[test]
fn unlocking_knows_no_policy_and_relaxing_is_named() {
    assert!(Pin::entered("1234").is_ok() && Pin::entered("0000000000000000").is_ok());
    assert!(Pin::choose("123456", &PinPolicy::DEFAULT.danger_allow_trivial()).is_ok());
    assert_eq!(PinPolicy::default(), PinPolicy::DEFAULT);
    assert_eq!((PinPolicy::DEFAULT.min(), PinPolicy::DEFAULT.max()), (6, 16));
}
