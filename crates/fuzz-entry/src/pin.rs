use pushotp_pin::Blob;

use crate::cbor::behind_item;

/// A blob that decodes has one encoding, says what its bytes say, and asks for no more than the ceilings allow.
pub fn pin_blob(input: &[u8]) -> bool {
    let Ok(blob) = Blob::decode(input) else { return false };
    assert!(input.len() <= 1024 && blob.as_bytes() == input);
    assert_eq!(behind_item(input), Some(&[][..]), "not the deterministic encoding");
    let header = input.strip_prefix(b"\x85\x44OPP1\x01\x58").and_then(|rest| rest.split_first());
    let header = header.and_then(|(len, rest)| rest.get(..usize::from(*len))).unwrap();
    assert_eq!(behind_item(header), Some(&[][..]), "not the deterministic encoding");
    assert!(header.starts_with(&[b"\x85\x50", blob.token().as_bytes().as_slice()].concat()));
    assert!(header.windows(17).any(|id| id == [b"\x50", blob.device_id().as_slice()].concat()));
    assert_eq!(blob.needs_pin(), blob.cost().is_some());
    if let Some(cost) = blob.cost() {
        assert!(cost.memory_kib() <= 256 * 1024 && cost.passes() <= 16 && cost.lanes() <= 4);
        assert!(u64::from(cost.memory_kib()) * u64::from(cost.passes()) <= 1024 * 1024);
    }
    true
}
