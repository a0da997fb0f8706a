//! The decimal digits of all scripts.

use alloc::vec::Vec;

use super::{PinError, policy::MAX_LEN};

/// The zero of each run of ten decimal digits, ascending: general category Nd. Source: Unicode 18.0.
#[rustfmt::skip]
const ZEROS: [u32; 77] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
    0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136,
    0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0,
    0x11c50, 0x11d50, 0x11da0, 0x11de0, 0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1ccf0, 0x1d7ce,
    0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
];

/// Appends the first digits of `text` as ASCII; yields how many there are.
pub(super) fn read(text: &str, out: &mut Vec<u8>) -> Result<usize, PinError> {
    if text.is_ascii() { read_ascii(text.as_bytes(), out) } else { read_any(text, out) }
}

/// No branch depends on a digit: only on whether all are digits.
fn read_ascii(text: &[u8], out: &mut Vec<u8>) -> Result<usize, PinError> {
    let mut beyond = 0;
    for byte in text {
        beyond |= 9_u8.wrapping_sub(byte ^ b'0');
    }
    out.extend(text.iter().take(MAX_LEN));
    // What is subtracted has seven bits, so the eighth is set by a value above nine and by nothing else.
    if beyond & 0x80 == 0 { Ok(text.len()) } else { Err(PinError::NotADigit) }
}

fn read_any(text: &str, out: &mut Vec<u8>) -> Result<usize, PinError> {
    let mut len = 0;
    for c in text.chars() {
        let value = digit_value(c).ok_or(PinError::NotADigit)?;
        if len < MAX_LEN {
            out.push(b'0' | value);
        }
        len += 1;
    }
    Ok(len)
}

/// The value of a decimal digit of any script. The search takes the same steps for all digits of a run.
fn digit_value(c: char) -> Option<u8> {
    let point = u32::from(c);
    let run = ZEROS.partition_point(|zero| *zero <= point).checked_sub(1)?;
    let distance = point.checked_sub(*ZEROS.get(run)?)?;
    u8::try_from(distance).ok().filter(|value| *value < 10)
}
