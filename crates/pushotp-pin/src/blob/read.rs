//! From the bytes of a blob to values within their bounds.

use alloc::vec::Vec;

use pushotp_cbor::{ByteBuf, decode};
use pushotp_types::TokenId;

use super::{
    BlobError, Field,
    format::{
        AEAD_TAG, ARGON2ID, BlobFields, DEVICE_LAYER, HARDENER_LAYER, HeaderFields, List, MAGIC, PinFields, Slot,
        VERSION,
    },
};
use crate::{Cost, Generation, Header, UniformSecret, mode::Suite};

/// The most slots of a blob.
const MAX_SLOTS: usize = 4;

/// A blob whose fields are all within their bounds.
#[derive(Clone)]
pub(super) struct Parsed {
    pub(super) header: Header,
    pub(super) device: [u8; 16],
    pub(super) secret_len: usize,
    /// The header as it is authenticated.
    pub(super) header_bytes: Vec<u8>,
    pub(super) slots: Vec<Slot>,
    pub(super) cost: Option<Cost>,
    pub(super) tag: [u8; 32],
}

impl Parsed {
    pub(super) fn pin(&self) -> Option<(&PinFields, &ByteBuf)> {
        self.slots.iter().find_map(|slot| if let Slot::Pin(fields, ct) = slot { Some((fields, ct)) } else { None })
    }
}

pub(super) fn parse<M: Suite>(bytes: &[u8]) -> Result<Parsed, BlobError> {
    check_start(bytes)?;
    let (_, _, header_bytes, slots, tag) =
        decode::<BlobFields>(bytes).map_err(|_| BlobError::Malformed(Field::Blob))?;
    let header_bytes = header_bytes.into_vec();
    let fields = decode::<HeaderFields>(&header_bytes).map_err(|_| BlobError::Malformed(Field::Header))?;
    let (token, generation, device, len, critical) = fields;
    if !critical.0.is_empty() {
        return Err(BlobError::Unsupported(Field::Critical));
    }
    let header = Header {
        token: TokenId::from_bytes(*token),
        generation: Generation::new(generation).map_err(|_| BlobError::OutOfRange(Field::Generation))?,
    };
    let secret_len = usize::from(len);
    if !(UniformSecret::MIN_LEN..=UniformSecret::MAX_LEN).contains(&secret_len) {
        return Err(BlobError::OutOfRange(Field::SecretLength));
    }
    let List(slots) = slots;
    check_slots(&slots)?;
    let mut cost = None;
    for slot in &slots {
        cost = check_slot::<M>(slot, secret_len)?.or(cost);
    }
    if M::NEEDS_PIN && cost.is_none() {
        return Err(BlobError::Unsupported(Field::Suite));
    }
    Ok(Parsed { header, device: *device, secret_len, header_bytes, slots, cost, tag: *tag })
}

/// The constants in front, so that a later version is told from rubbish.
fn check_start(bytes: &[u8]) -> Result<(), BlobError> {
    let rest = bytes.strip_prefix(&[0x85, 0x44]).and_then(|rest| rest.strip_prefix(&MAGIC));
    match rest.ok_or(BlobError::Magic)?.first() {
        Some(&VERSION) => Ok(()),
        Some(_) => Err(BlobError::Unsupported(Field::Version)),
        None => Err(BlobError::Malformed(Field::Blob)),
    }
}

/// Each slot is a way to the secret: which may stand next to which.
fn check_slots(slots: &[Slot]) -> Result<(), BlobError> {
    let rising = slots.windows(2).all(|two| matches!(two, [one, next] if one.id() < next.id()));
    let pins = slots.iter().filter(|slot| matches!(slot, Slot::Pin(..))).count();
    let alone = slots.len() == 1 || !slots.iter().any(|slot| matches!(slot, Slot::Device(..)));
    let providers = slots.iter().filter_map(provider);
    let distinct = providers.clone().enumerate().all(|(at, one)| !providers.clone().take(at).any(|other| other == one));
    let fits = (1..=MAX_SLOTS).contains(&slots.len()) && rising && pins <= 1 && alone && distinct;
    if fits { Ok(()) } else { Err(BlobError::OutOfRange(Field::Slots)) }
}

fn provider(slot: &Slot) -> Option<&str> {
    if let Slot::Presence(fields, _) = slot { Some(&fields.2) } else { None }
}

/// The cost of a slot with a PIN.
fn check_slot<M: Suite>(slot: &Slot, len: usize) -> Result<Option<Cost>, BlobError> {
    let (cost, ciphertext, expected) = match slot {
        Slot::Pin(fields, ciphertext) => {
            (Some(check_pin::<M>(fields)?), ciphertext, len + M::OVERHEAD..=len + M::OVERHEAD)
        }
        Slot::Presence((_, _, provider, enrolment), ciphertext) => {
            if !(1..=32).contains(&provider.len()) {
                return Err(BlobError::OutOfRange(Field::Provider));
            }
            if enrolment.len() > 64 {
                return Err(BlobError::OutOfRange(Field::Enrolment));
            }
            (None, ciphertext, 16..=600)
        }
        Slot::Device(_, ciphertext) => (None, ciphertext, len + AEAD_TAG..=len + AEAD_TAG),
    };
    if expected.contains(&ciphertext.len()) { Ok(cost) } else { Err(BlobError::OutOfRange(Field::Ciphertext)) }
}

fn check_pin<M: Suite>(fields: &PinFields) -> Result<Cost, BlobError> {
    let (_, _, suite, (algorithm, memory, passes, lanes, salt), mode, layers, hardener) = fields;
    let both_layers = *layers == DEVICE_LAYER | HARDENER_LAYER;
    let known = [
        (*suite == M::SUITE, Field::Suite),
        (*algorithm == ARGON2ID, Field::Algorithm),
        (*mode <= 1, Field::Mode),
        (*layers == DEVICE_LAYER || both_layers, Field::Layers),
    ];
    if let Some((_, field)) = known.into_iter().find(|(known, _)| !known) {
        return Err(BlobError::Unsupported(field));
    }
    if !(16..=32).contains(&salt.len()) {
        return Err(BlobError::OutOfRange(Field::Salt));
    }
    if both_layers == hardener.is_empty() || hardener.len() > 32 {
        return Err(BlobError::OutOfRange(Field::Hardener));
    }
    Ok(Cost::from_stored(*memory, *passes, *lanes)?)
}
