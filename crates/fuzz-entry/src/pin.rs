use pushotp_pin::{Blob, Mode, PendingRotation, Stored, Verifiable};

use crate::cbor::behind_item;

/// A blob or a pending rotation that decodes has one encoding, says what its bytes say, and asks for no more than the
/// ceilings allow; and nothing is taken for two of these.
pub fn pin_blob(input: &[u8]) -> bool {
    let (camouflaged, verifiable) = (Blob::decode(input), Blob::<Verifiable>::decode_as(input));
    let rotating = PendingRotation::decode(input);
    let taken = [camouflaged.is_ok(), verifiable.is_ok(), rotating.is_ok()];
    assert!(taken.iter().filter(|taken| **taken).count() <= 1, "one input, two meanings");
    assert_eq!(Stored::decode(input).is_ok(), camouflaged.is_ok() || rotating.is_ok());
    if let Ok(blob) = &camouflaged {
        law(blob, input);
    }
    if let Ok(blob) = &verifiable {
        assert!(blob.needs_pin());
        law(blob, input);
    }
    if let Ok(pending) = &rotating {
        assert!(input.len() <= 2064 && pending.as_bytes() == input);
        assert_eq!(behind_item(input), Some(&[][..]), "not the deterministic encoding");
        assert_eq!(pending.old().token(), pending.next().token());
        assert_eq!(pending.old().generation().next(), Some(pending.next().generation()));
        law(pending.old(), pending.old().as_bytes());
        law(pending.next(), pending.next().as_bytes());
    }
    taken.contains(&true)
}

fn law<M: Mode>(blob: &Blob<M>, input: &[u8]) {
    assert!(input.len() <= 1024 && blob.as_bytes() == input);
    assert_eq!(behind_item(input), Some(&[][..]), "not the deterministic encoding");
    let header = input.strip_prefix(b"\x85\x44OPP1\x01\x58").and_then(|rest| rest.split_first());
    let header = header.and_then(|(len, rest)| rest.get(..usize::from(*len))).unwrap();
    assert_eq!(behind_item(header), Some(&[][..]), "not the deterministic encoding");
    assert!(header.starts_with(&[b"\x85\x50", blob.token().as_bytes().as_slice()].concat()));
    assert!(header.windows(17).any(|id| id == [b"\x50", blob.device_id().as_slice()].concat()));
    assert_eq!((blob.needs_pin(), blob.pin_mode().is_some()), (blob.cost().is_some(), blob.cost().is_some()));
    assert!(blob.hardener().is_none_or(|id| blob.needs_pin() && (1..=32).contains(&id.len())));
    let providers: Vec<&str> = blob.presence_providers().collect();
    assert!(providers.len() <= 4 && providers.iter().all(|name| (1..=32).contains(&name.len())));
    assert_eq!(blob.needs_person(), blob.needs_pin() || !providers.is_empty());
    if let Some(cost) = blob.cost() {
        assert!(cost.memory_kib() <= 256 * 1024 && cost.passes() <= 16 && cost.lanes() <= 4);
        assert!(u64::from(cost.memory_kib()) * u64::from(cost.passes()) <= 1024 * 1024);
    }
}
