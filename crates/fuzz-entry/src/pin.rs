use pushotp_pin::Blob;

/// A blob that decodes is its own encoding, and asks for no more than the ceilings allow.
pub fn pin_blob(input: &[u8]) -> bool {
    let Ok(blob) = Blob::decode(input) else { return false };
    assert_eq!(blob.as_bytes(), input);
    assert!(input.len() <= 1024);
    assert_eq!(blob.needs_pin(), blob.cost().is_some());
    if let Some(cost) = blob.cost() {
        assert!(cost.memory_kib() <= 256 * 1024 && cost.passes() <= 16 && cost.lanes() <= 4);
        assert!(u64::from(cost.memory_kib()) * u64::from(cost.passes()) <= 1024 * 1024);
    }
    true
}
