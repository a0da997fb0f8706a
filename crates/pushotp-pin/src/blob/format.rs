//! The blob's bytes, before any of them means something.
//!
//! ```cddl
//! pin-blob    = [ magic: bstr .size 4, ver: 1, hdr: bstr .size (38..119), slots: [1*4 slot], tag: bstr .size 32 ]
//! crypto-hdr  = [ tid: bstr .size 16, generation: 1..4294967295, devkey: bstr .size 16, klen: 16..64, crit: [0*8 uint] ]
//! slot        = pin-slot / presence-slot / device-slot
//! pin-slot    = [ kind: 1, slot-id: 0..255, suite: 1..2, cost: argon, mode: 0..1, layers: 1 / 3,
//!                 hard: bstr .size (0..32), ct: bstr .size (16..96) ]
//! argon       = [ alg: 1, m-kib: 8..262144, t: 1..16, p: 1..4, salt: bstr .size (16..32) ]
//! presence-slot = [ kind: 2, slot-id: 0..255, provider: tstr .size (1..32), enrolment: bstr .size (0..64),
//!                 ct: bstr .size (16..600) ]
//! device-slot = [ kind: 3, slot-id: 0..255, iv: bstr .size 12, ct: bstr .size (32..80) ]
//! ```
//!
//! Slots stand by rising slot-id. There is at most one PIN slot, since two would be two blobs of one secret; one presence
//! slot for each provider; and a device slot only alone, since it would open the others' secret without a person.

use alloc::{string::String, vec::Vec};
use core::{fmt, marker::PhantomData};

use pushotp_cbor::{ByteArray, ByteBuf};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
};

/// `OPP1`.
pub(super) const MAGIC: [u8; 4] = *b"OPP1";
pub(super) const VERSION: u8 = 1;
/// Argon2id, version 0x13: the only algorithm so far.
pub(super) const ARGON2ID: u8 = 1;
/// The device key's pseudorandom function takes part: always.
pub(super) const DEVICE_LAYER: u8 = 1;
/// A hardener takes part.
pub(super) const HARDENER_LAYER: u8 = 2;
/// What the AEAD of a device slot adds, in bytes.
pub(super) const AEAD_TAG: usize = 16;

/// magic, version, header, slots, tag.
pub(super) type BlobFields = (ByteArray<4>, u8, ByteBuf, List<Slot>, ByteArray<32>);

/// token, generation, device key, length of the secret, critical extensions.
pub(super) type HeaderFields = (ByteArray<16>, u32, ByteArray<16>, u8, List<u64>);

/// algorithm, memory, passes, lanes, salt.
pub(super) type CostFields = (u8, u32, u32, u32, ByteBuf);

/// All of a PIN slot but its ciphertext: kind, id, suite, cost, mode, layers, hardener.
pub(super) type PinFields = (u8, u8, u8, CostFields, u8, u8, ByteBuf);

/// All of a presence slot but its ciphertext: kind, id, provider, enrolment.
pub(super) type PresenceFields = (u8, u8, String, ByteBuf);

/// All of a device slot but its ciphertext: kind, id, iv.
pub(super) type DeviceFields = (u8, u8, ByteArray<12>);

/// A way to the secret, with its ciphertext.
#[derive(Clone)]
pub(super) enum Slot {
    Pin(PinFields, ByteBuf),
    Presence(PresenceFields, ByteBuf),
    Device(DeviceFields, ByteBuf),
}

const PIN: u8 = 1;
const PRESENCE: u8 = 2;
const DEVICE: u8 = 3;

impl Slot {
    pub(super) fn pin(suite: u8, cost: CostFields, mode: u8, hardener: Option<[u8; 16]>) -> PinFields {
        let layers = DEVICE_LAYER | if hardener.is_some() { HARDENER_LAYER } else { 0 };
        (PIN, 0, suite, cost, mode, layers, hardener.map(ByteBuf::from).unwrap_or_default())
    }

    pub(super) fn presence(id: u8, provider: &str, enrolment: Vec<u8>) -> PresenceFields {
        (PRESENCE, id, provider.into(), ByteBuf::from(enrolment))
    }

    pub(super) fn device(iv: [u8; 12]) -> DeviceFields {
        (DEVICE, 0, ByteArray::new(iv))
    }

    pub(super) const fn id(&self) -> u8 {
        match self {
            Self::Pin(fields, _) => fields.1,
            Self::Presence(fields, _) => fields.1,
            Self::Device(fields, _) => fields.1,
        }
    }
}

/// One flat array, whatever the kind.
impl Serialize for Slot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Pin((kind, id, suite, cost, mode, layers, hard), ct) => {
                (kind, id, suite, cost, mode, layers, hard, ct).serialize(serializer)
            }
            Self::Presence((kind, id, provider, enrolment), ct) => {
                (kind, id, provider, enrolment, ct).serialize(serializer)
            }
            Self::Device((kind, id, iv), ct) => (kind, id, iv, ct).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(SlotVisitor)
    }
}

struct SlotVisitor;

impl<'de> Visitor<'de> for SlotVisitor {
    type Value = Slot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a slot")
    }

    /// Reads the kind, then as many elements as that kind has; the caller compares the bytes, so a longer array fails.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Slot, A::Error> {
        match next(&mut seq)? {
            PIN => {
                let (id, suite, cost) = (next(&mut seq)?, next(&mut seq)?, next(&mut seq)?);
                let (mode, layers, hard) = (next(&mut seq)?, next(&mut seq)?, next(&mut seq)?);
                Ok(Slot::Pin((PIN, id, suite, cost, mode, layers, hard), next(&mut seq)?))
            }
            PRESENCE => {
                let fields = (PRESENCE, next(&mut seq)?, next(&mut seq)?, next(&mut seq)?);
                Ok(Slot::Presence(fields, next(&mut seq)?))
            }
            DEVICE => {
                let fields = (DEVICE, next(&mut seq)?, next(&mut seq)?);
                Ok(Slot::Device(fields, next(&mut seq)?))
            }
            _ => Err(A::Error::custom("unknown kind of slot")),
        }
    }
}

fn next<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(seq: &mut A) -> Result<T, A::Error> {
    seq.next_element()?.ok_or_else(|| A::Error::custom("slot too short"))
}

/// A list that grows with what is there. serde's own reserves up to a mebibyte for what the head claims, and a blob is
/// read before anybody vouches for it.
#[derive(Clone)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = seq.next_element()? {
            list.push(element);
        }
        Ok(List(list))
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, SeqDeserializer};

    use super::*;

    /// A list that claims a tebibyte and ends at once.
    struct Claims;

    impl Iterator for Claims {
        type Item = u64;

        fn next(&mut self) -> Option<u64> {
            None
        }

        fn size_hint(&self) -> (usize, Option<usize>) {
            (1 << 40, Some(1 << 40))
        }
    }

    #[test]
    fn nothing_is_reserved_for_a_claim() {
        let read = || SeqDeserializer::<_, Error>::new(Claims);
        assert_eq!(List::<u64>::deserialize(read()).unwrap().0.capacity(), 0);
        assert!(Vec::<u64>::deserialize(read()).unwrap().capacity() > 1024, "the claim is heard");
    }
}
