use subtle::{ConditionallySelectable, ConstantTimeEq};

/// Dynamic truncation: 31 bits of a MAC of at least 20 bytes, at the offset that its last nibble names.
///
/// The offset is secret, so all sixteen places are read and one is selected: no branch, no secret index.
///
/// Source: RFC 4226 §5.3.
pub(crate) fn truncate(mac: &[u8]) -> u32 {
    let offset = mac.last().map_or(0, |byte| byte & 0xf);
    let mut chosen = 0;
    for (index, window) in (0_u8..16).zip(mac.windows(4)) {
        let value = window.iter().fold(0, |value, byte| value << 8 | u32::from(*byte));
        chosen.conditional_assign(&value, index.ct_eq(&offset));
    }
    chosen & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc4226_and_every_offset() {
        let mac = [
            0x1f, 0x86, 0x98, 0x69, 0x0e, 0x02, 0xca, 0x16, 0x61, 0x85, 0x50, 0xef, 0x7f, 0x19, 0xda, 0x8e, 0x94, 0x5b,
            0x55, 0x5a,
        ];
        assert_eq!(truncate(&mac), 0x50ef_7f19);
        for offset in 0..16_u8 {
            let mut mac = [0x80; 20];
            mac.iter_mut().zip(0..).for_each(|(byte, i)| *byte |= i);
            mac[19] = 0xf0 | offset;
            let at = usize::from(offset);
            let expected = u32::from_be_bytes(mac[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
            assert_eq!(truncate(&mac), expected, "{offset}");
        }
    }
}
