//! The messages: typed, checked on both sides, deterministic CBOR arrays on the wire.

mod answer;
mod challenge;
mod context;
mod enrol;
mod fetch;
mod payload;
mod reply;
mod rotate;
mod ticket;
mod update;

pub use answer::{Approve, ApproveParts, Deny, Report, Sent};
pub use challenge::{Challenge, ChallengeParts};
pub use context::{Context, ContextValue};
pub use enrol::{DeviceProfile, EnrolRequest, EnrolResponse, TokenInfo};
pub use fetch::{Fetch, Pending};
pub use payload::{FromDevice, FromServer, Payload};
pub use reply::{Cancel, Reply, ResultMessage};
pub use rotate::{Rotate, Rotation, RotationStep};
pub use ticket::Ticket;
pub use update::{Changes, PushSwitch, Update};

use pushotp_cbor::{ByteArray, ByteBuf, decode, encode_into};
use pushotp_types::{TokenId, UnixTime};
use serde::{Serialize, de::DeserializeOwned};

use alloc::vec::Vec;

use crate::{
    Error,
    padding::{self, Frame},
};

type Id = ByteArray<16>;
type Hash = ByteArray<32>;

/// The first and the last second that a message can name: 2020 to 2100.
const SECONDS: core::ops::RangeInclusive<u64> = 1_577_836_800..=4_102_444_800;
/// The highest sequence number: what a JavaScript number holds exactly.
const MAX_SEQUENCE: u64 = (1 << 53) - 1;
/// The longest name of a device or a token, in bytes.
const MAX_NAME: usize = 64;

fn secs(secs: u64, field: &'static str) -> Result<UnixTime, Error> {
    if SECONDS.contains(&secs) { Ok(UnixTime::from_secs(secs)) } else { Err(Error::Field(field)) }
}

const fn version(v: u8) -> Result<(), Error> {
    if v == 1 { Ok(()) } else { Err(Error::Version) }
}

fn sequence(seq: u64) -> Result<u64, Error> {
    if seq <= MAX_SEQUENCE { Ok(seq) } else { Err(Error::Field("seq")) }
}

/// Token ids in ascending order, without duplicates, at most eight.
fn tokens(ids: &[Id]) -> Result<Vec<TokenId>, Error> {
    let ascending = ids.windows(2).all(|pair| matches!(pair, [a, b] if **a < **b));
    if ids.is_empty() || ids.len() > 8 || !ascending {
        return Err(Error::Field("tids"));
    }
    Ok(ids.iter().map(|id| TokenId::from_bytes(**id)).collect())
}

/// A payload from its fields, the last of which is an empty pad.
fn write<T: Serialize>(fields: &T, frame: Frame) -> Result<Vec<u8>, Error> {
    // Room for an approval and its pad: a buffer that grows leaves copies of number and passcode behind.
    let mut payload = Vec::with_capacity(512);
    encode_into(fields, &mut payload)?;
    padding::pad(payload, frame)
}

/// The fields of a payload, its encoding and its pad checked.
fn read<T: DeserializeOwned + Serialize>(
    bytes: &[u8],
    frame: Frame,
    pad: impl FnOnce(&T) -> &ByteBuf,
) -> Result<T, Error> {
    let fields: T = decode(bytes)?;
    padding::check(pad(&fields), bytes.len(), frame)?;
    Ok(fields)
}
