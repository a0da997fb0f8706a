//! Deterministic CBOR once more, as far as a PIN blob needs it: an oracle must not ask the code under test.

/// What stands behind the first item; `None` unless that is an unsigned integer, a byte string, a text or an array whose
/// heads are all the shortest.
pub(crate) fn behind_item(input: &[u8]) -> Option<&[u8]> {
    let (first, rest) = input.split_first()?;
    let (more, least) = match first & 31 {
        0..=23 => (0, 0),
        24 => (1, 24),
        25 => (2, 1 << 8),
        26 => (4, 1 << 16),
        27 => (8, 1 << 32),
        _ => return None,
    };
    let (argument, rest) = rest.split_at_checked(more)?;
    let argument = match more {
        0 => u64::from(first & 31),
        _ => argument.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    };
    match first >> 5 {
        _ if argument < least => None,
        0 => Some(rest),
        2 => rest.get(usize::try_from(argument).ok()?..),
        3 => {
            let (text, rest) = rest.split_at_checked(usize::try_from(argument).ok()?)?;
            core::str::from_utf8(text).is_ok().then_some(rest)
        }
        4 => (0..argument).try_fold(rest, |rest, _| behind_item(rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_encoding_and_no_other() {
        for good in [
            &b"\x61a"[..],
            b"\x17",
            b"\x18\x18",
            b"\x19\x01\x00",
            b"\x1a\x00\x01\x00\x00",
            b"\x82\x01\x41\xff",
            b"\x80",
        ] {
            assert_eq!(behind_item(good), Some(&[][..]), "{good:x?}");
        }
        assert_eq!(behind_item(b"\x01\x02"), Some(&b"\x02"[..]));
        // Long heads, no end, a tag, no UTF-8, a negative number; cut short.
        for bad in [
            &b"\x18\x17"[..],
            b"\x19\x00\xff",
            b"\x9f\xff",
            b"\xc1\x01",
            b"\x61\xff",
            b"\x20",
            b"\x82\x01",
            b"\x42\x01",
        ] {
            assert_eq!(behind_item(bad), None, "{bad:x?}");
        }
    }
}
