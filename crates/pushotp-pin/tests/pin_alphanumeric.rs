//! PINs of letters, and what of Unicode is one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use pushotp_pin::{Pin, PinError, PinMode, PinPolicy};

const POLICY: PinPolicy = PinPolicy::DEFAULT.with_mode(PinMode::Alphanumeric);

fn entered(text: &str) -> Result<String, PinError> {
    Pin::entered_as(text, PinMode::Alphanumeric).map(|pin| pin.expose().to_owned())
}

/// ASCII stays as it is, with every feature.
#[test]
fn ascii() {
    let printable: String = (' '..='~').collect();
    for window in printable.as_bytes().windows(16) {
        let text = std::str::from_utf8(window).unwrap();
        assert_eq!(entered(text).unwrap(), text);
    }
    for control in (0..0x20).chain([0x7f]).map(char::from) {
        for text in [format!("{control}Blau-7"), format!("Bl{control}au-7"), format!("Blau-7{control}")] {
            assert_eq!(entered(&text), Err(PinError::NotACharacter), "{control:?}");
        }
    }
}

#[test]
fn lengths() {
    assert_eq!(entered("abc"), Err(PinError::TooShort { min: 4 }));
    assert_eq!(entered(""), Err(PinError::TooShort { min: 4 }));
    assert_eq!(entered(&"x".repeat(16)).unwrap().len(), 16);
    assert_eq!(entered(&"x".repeat(17)), Err(PinError::TooLong { max: 16 }));
    assert_eq!(entered(&"x".repeat(1 << 20)), Err(PinError::TooLong { max: 16 }));
}

/// The mode is part of the PIN: the same digits in the other mode are another PIN.
#[test]
fn modes() {
    let (numeric, text) = (Pin::entered("271846").unwrap(), Pin::entered_as("271846", PinMode::Alphanumeric).unwrap());
    assert_eq!((numeric.mode(), text.mode()), (PinMode::Numeric, PinMode::Alphanumeric));
    assert_eq!(numeric.expose(), text.expose());
    assert_eq!(Pin::choose("Blau-7", &PinPolicy::DEFAULT).unwrap_err(), PinError::NotADigit);
    assert_eq!(PinMode::default(), PinMode::Numeric);
}

#[test]
fn trivial_ones() {
    for text in [
        "aaaaaa", "aAaAaA", "ababab", "ABabAB", "abcdef", "fedcba", "AbCdEf", "acegikm", "111111", "123456", "890123",
        "311299", "199912", "@@@@@@", "      ",
    ] {
        assert_eq!(Pin::choose(text, &POLICY).unwrap_err(), PinError::Trivial, "{text}");
        assert!(Pin::choose(text, &POLICY.danger_allow_trivial()).is_ok(), "{text}");
    }
    for text in ["aabbcc", "abcdeg", "yzabcd", "Blau-7", "271846", "12345a", "311299x"] {
        assert!(Pin::choose(text, &POLICY).is_ok(), "{text}");
    }
}

/// A numeric PIN is judged alike in both modes.
#[test]
fn trivial_digits() {
    for number in 0..10_000 {
        let (text, four) = (format!("{number:04}"), PinPolicy::new(4, 4).unwrap());
        let text_mode = Pin::choose(&text, &four.with_mode(PinMode::Alphanumeric)).err();
        assert_eq!(Pin::choose(&text, &four).err(), text_mode, "{text}");
    }
}

#[cfg(not(feature = "unicode"))]
#[test]
fn nothing_beyond_ascii() {
    for text in ["größer", "２７１８", "пароль"] {
        assert_eq!(entered(text), Err(PinError::NotACharacter), "{text}");
    }
}

#[cfg(feature = "unicode")]
mod unicode {
    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

    use super::*;

    /// However it is typed: composed or not, in full width, as a ligature, with another space.
    #[test]
    fn normal_form() {
        for (typed, expected) in [
            ("größer", "größer"),
            ("gro\u{308}ßer", "größer"),
            ("Ｂｌａｕ－７", "Blau-7"),
            ("ﬁnden", "finden"),
            ("Blau\u{a0}7", "Blau 7"),
            ("Blau\u{3000}7", "Blau 7"),
            ("ｶﾞｷﾞｸﾞｹﾞ", "ガギグゲ"),
            ("한글한글", "한글한글"),
            ("1\u{2460}²½", "1121⁄2"),
        ] {
            assert_eq!(entered(typed).as_deref(), Ok(expected), "{typed}");
        }
        // Digits of other scripts stay what they are: NFKC is the whole rule, so that others can follow it.
        assert_eq!(entered("٢٧١٨").unwrap(), "٢٧١٨");
    }

    /// Of every code point: seen or refused, as its general category says.
    #[test]
    fn every_code_point() {
        assert_eq!(unicode_properties::UNICODE_VERSION, (18, 0, 0));
        let (mut taken, mut refused) = (0, 0);
        for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let result = entered(&format!("{c}abc"));
            let hidden = match c.general_category() {
                GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::PrivateUse
                | GeneralCategory::Unassigned
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator => true,
                GeneralCategory::SpaceSeparator => c == '\u{1680}',
                _ => false,
            };
            if hidden {
                assert_eq!(result, Err(PinError::NotACharacter), "{c:?}");
                refused += 1;
            } else {
                // Some characters stand for a dozen others.
                assert!(matches!(result, Ok(_) | Err(PinError::TooLong { .. })), "{c:?}");
                taken += 1;
            }
        }
        assert!(taken > 150_000 && refused > 900_000, "{taken} {refused}");
    }

    /// Its own normal form: typing what is hashed gives the same.
    #[test]
    fn stable() {
        for c in (0x80..=u32::from(char::MAX)).filter_map(char::from_u32) {
            if let Ok(once) = entered(&format!("{c}a{c}b{c}")) {
                assert_eq!(entered(&once).as_deref(), Ok(&*once), "{c:?}");
            }
        }
    }

    #[test]
    fn bounded() {
        assert_eq!(entered(&"\u{301}".repeat(65)), Err(PinError::TooLong { max: 16 }));
        assert_eq!(entered(&"é".repeat(1 << 16)), Err(PinError::TooLong { max: 16 }));
        assert_eq!(entered(&"e\u{301}".repeat(16)).unwrap(), "é".repeat(16));
        assert_eq!(entered(&"e\u{301}".repeat(17)), Err(PinError::TooLong { max: 16 }));
        // Four parts each, the most that a character has.
        let parts = "\u{1fb7}".repeat(16);
        assert_eq!(entered(&"\u{3b1}\u{345}\u{342}".repeat(16)).unwrap(), parts);
        // One character that stands for eighteen.
        assert_eq!(entered("\u{fdfa}"), Err(PinError::TooLong { max: 16 }));
        assert_eq!(entered(&"😀".repeat(16)).unwrap().len(), 64);
    }
}
