use crate::mac::{Ends, Mac};

/// Dynamic truncation: 31 bits of a MAC, at the offset that its last nibble names.
///
/// The offset is secret, so the place is found by masks and shifts: no branch, no secret index.
///
/// Source: RFC 4226 §5.3.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is asked for")]
pub(crate) fn truncate(Ends { first, last }: Ends) -> u32 {
    let (word, byte) = (u32::from(last >> 2 & 3), u32::from(last & 3));
    let (mut high, mut low) = (0, 0);
    for (index, pair) in (0_u32..).zip(first.windows(2)) {
        // All ones at the word that the offset names, else zeros.
        let mask = ((index ^ word).wrapping_sub(1) >> 31).wrapping_neg();
        if let [left, right] = pair {
            high |= left & mask;
            low |= right & mask;
        }
    }
    let both = u64::from(high) << 32 | u64::from(low);
    (both >> (32 - 8 * byte)) as u32 & 0x7fff_ffff
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
