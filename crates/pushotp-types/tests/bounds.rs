//! Bounds, silence and erasure-friendly comparison of the shared types.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use pushotp_types::{Code, Digits, Epoch, Secret, SecretError, SecretRef, TenantId, TokenId};

#[test]
fn one_value_beyond_each_bound_is_refused() {
    for (len, expected) in
        [(0, Some(SecretError::Empty)), (15, Some(SecretError::Weak { bits: 120 })), (16, None), (1024, None)]
    {
        assert_eq!(Secret::new(&vec![7; len]).err(), expected, "{len} bytes");
        assert_eq!(SecretRef::new(&vec![7; len]).err(), expected, "{len} bytes");
    }
    assert!(Secret::new(&[7; 1025]).is_err());
    assert!(Secret::danger_import_weak(&[7; 15]).is_ok() && Secret::danger_import_weak(&[]).is_err());
    for (digits, ok) in [(5, false), (6, true), (10, true), (11, false)] {
        assert_eq!(Digits::new(digits).is_ok(), ok, "{digits}");
    }
    assert!(Epoch::new(0).is_err() && Epoch::new(u32::MAX).unwrap().next().is_none());
    assert!(TenantId::new(&[]).is_err() && TenantId::new(&[b'a'; 33]).is_err() && TenantId::new(&[b'a'; 32]).is_ok());
}

#[test]
fn a_code_matches_itself_and_nothing_else() {
    for (value, digits, text) in
        [(0, 6, "000000"), (755_224, 6, "755224"), (64_727_617, 8, "64727617"), (7, 10, "0000000007")]
    {
        let code = Code::from_value(value, Digits::new(digits).unwrap());
        assert_eq!(code.expose(), text);
        assert!(code.matches(text));
        for typed in ["", "0", &text[1..], &format!("{text}0"), &format!(" {text}"), "００００００", "aaaaaa"] {
            assert!(!code.matches(typed), "{text} against {typed:?}");
        }
        for place in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            other[place] ^= 1;
            assert!(!code.matches(core::str::from_utf8(&other).unwrap()));
        }
    }
}

#[test]
fn secrets_and_codes_are_silent_and_ids_are_not() {
    let secret = Secret::new(b"12345678901234567890").unwrap();
    let code = Code::from_value(755_224, Digits::SIX);
    let shown = format!("{secret:?} {code:?} {:?}", SecretRef::from(&secret));
    for form in ["755224", "1234", "49, 50", "3132"] {
        assert!(!shown.contains(form), "{shown}");
    }
    // The negative control: an id is shown, so the scan would find what is.
    assert!(format!("{:?}", TokenId::from_bytes([0x31; 16])).contains("3131"));
}
