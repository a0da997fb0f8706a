use subtle::{Choice, ConditionallySelectable};

use crate::mac::{Ends, Mac};

/// Dynamic truncation: 31 bits of a MAC, at the offset that its last nibble names.
///
/// The offset is secret, so its highest bit selects between words and the others shift: no branch, no secret index.
///
/// Source: RFC 4226 §5.3.
pub(crate) fn truncate(Ends { first: [w0, w1, w2, w3, w4], last }: Ends) -> u32 {
    let eight = Choice::from(last >> 3 & 1);
    let pair = |left, right| u64::from(left) << 32 | u64::from(right);
    let left = u64::conditional_select(&pair(w0, w1), &pair(w2, w3), eight);
    let right = u64::from(u32::conditional_select(&w2, &w4, eight)) << 32;
    let bits = u32::from(last & 7) * 8;
    // In two steps, for a shift by all 64 bits is none.
    let both = left << bits | right >> 1 >> (63 - bits);
    (both >> 32) as u32 & 0x7fff_ffff
}

/// [`truncate`] of a MAC in bytes.
pub(crate) fn truncate_mac(mac: &Mac) -> u32 {
    let mut ends = Ends { first: [0; 5], last: mac.as_bytes().last().copied().unwrap_or_default() };
    for (word, bytes) in ends.first.iter_mut().zip(mac.as_bytes().chunks_exact(4)) {
        *word = bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
    }
    truncate(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(mac: [u8; 20]) -> Ends {
        let word = |at: usize| u32::from_be_bytes(mac[at..at + 4].try_into().unwrap());
        Ends { first: [word(0), word(4), word(8), word(12), word(16)], last: mac[19] }
    }

    #[test]
    fn the_example_of_rfc4226_and_every_offset() {
        let mac = [
            0x1f, 0x86, 0x98, 0x69, 0x0e, 0x02, 0xca, 0x16, 0x61, 0x85, 0x50, 0xef, 0x7f, 0x19, 0xda, 0x8e, 0x94, 0x5b,
            0x55, 0x5a,
        ];
        assert_eq!(truncate(ends(mac)), 0x50ef_7f19);
        for offset in 0..16_u8 {
            let mut mac = [0x80; 20];
            mac.iter_mut().zip(0..).for_each(|(byte, i)| *byte |= i);
            mac[19] = 0xf0 | offset;
            let at = usize::from(offset);
            let expected = u32::from_be_bytes(mac[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
            assert_eq!(truncate(ends(mac)), expected, "{offset}");
        }
    }
}
