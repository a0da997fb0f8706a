//! From the bytes of a blob to values within their bounds.

use alloc::vec::Vec;

use pushotp_cbor::decode;
use pushotp_types::TokenId;

use super::{
    AEAD_TAG, ARGON2ID, BlobError, CAMOUFLAGE, DEVICE_LAYER, Field, NUMERIC,
    format::{BlobFields, HeaderFields, List, MAGIC, PinFields, Slot, VERSION},
};
use crate::{Cost, Generation, Header, UniformSecret};

/// A blob whose fields are all within their bounds.
#[derive(Clone)]
pub(super) struct Parsed {
    pub(super) header: Header,
    pub(super) device: [u8; 16],
    /// The header as it is authenticated.
    pub(super) header_bytes: Vec<u8>,
    pub(super) slot: Slot,
    pub(super) cost: Option<Cost>,
    pub(super) tag: [u8; 32],
}

pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, BlobError> {
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
    let len = usize::from(len);
    if !(UniformSecret::MIN_LEN..=UniformSecret::MAX_LEN).contains(&len) {
        return Err(BlobError::OutOfRange(Field::SecretLength));
    }
    let slot = only(slots)?;
    let cost = check_slot(&slot, len)?;
    Ok(Parsed { header, device: *device, header_bytes, slot, cost, tag: *tag })
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

/// A second slot would be a second way to the secret; there is none yet that may stand next to a PIN.
fn only(List(slots): List<Slot>) -> Result<Slot, BlobError> {
    let mut slots = slots.into_iter();
    match (slots.next(), slots.next()) {
        (Some(slot), None) => Ok(slot),
        (None, _) => Err(BlobError::OutOfRange(Field::Slots)),
        (Some(_), Some(_)) => Err(BlobError::Unsupported(Field::Slots)),
    }
}

/// The cost of a slot with a PIN.
fn check_slot(slot: &Slot, len: usize) -> Result<Option<Cost>, BlobError> {
    let (cost, ciphertext, expected) = match slot {
        Slot::Pin(fields, ciphertext) => (Some(check_pin(fields)?), ciphertext, len),
        Slot::Device(_, ciphertext) => (None, ciphertext, len + AEAD_TAG),
    };
    if ciphertext.len() == expected { Ok(cost) } else { Err(BlobError::OutOfRange(Field::Ciphertext)) }
}

fn check_pin(fields: &PinFields) -> Result<Cost, BlobError> {
    let (_, _, suite, (algorithm, memory, passes, lanes, salt), mode, layers, hardener) = fields;
    let known = [
        (*suite == CAMOUFLAGE, Field::Suite),
        (*algorithm == ARGON2ID, Field::Algorithm),
        (*mode == NUMERIC, Field::Mode),
        (*layers == DEVICE_LAYER, Field::Layers),
        (hardener.is_empty(), Field::Hardener),
    ];
    if let Some((_, field)) = known.into_iter().find(|(known, _)| !known) {
        return Err(BlobError::Unsupported(field));
    }
    if !(16..=32).contains(&salt.len()) {
        return Err(BlobError::OutOfRange(Field::Salt));
    }
    Ok(Cost::from_stored(*memory, *passes, *lanes)?)
}
