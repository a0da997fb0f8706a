//! The count of attempts, as pure transitions, and its bytes.
//!
//! ```cddl
//! record = [ body: bstr .size (29..115), tag: bstr .size 32 ]
//! body   = [ ver: 1, tid: bstr .size 16, generation: 1..4294967295, attempts: 0..10, failures: uint .size 4,
//!            since: stamp, begun: [0*1 stamp], number: uint .size 8 ]
//! stamp  = [ boot: bstr .size 0 / bstr .size 16, monotonic-ms: uint .size 8, wall-s: uint .size 8 ]
//! ```

use alloc::vec::Vec;
use core::time::Duration;

use pushotp_cbor::{ByteArray, ByteBuf, Bytes, decode, encode};
use pushotp_types::{TokenId, UnixTime};
use subtle::ConstantTimeEq;

use super::{RecordError, Settlement, Stamp, stamp::Waited};
use crate::{DeviceError, DeviceKey, Generation, Header};

/// After so many attempts in a row without success no further one begins.
///
/// ```
/// assert_eq!(pushotp_pin::MAX_ATTEMPTS, 10);
/// ```
///
/// Source: NIST SP 800-63B-4 §3.2.10.
pub const MAX_ATTEMPTS: u8 = 10;

const VERSION: u8 = 1;
/// The longest record that is looked at, in bytes.
const MAX_LEN: usize = 192;

type StampFields = (ByteBuf, u64, u64);
type Fields = (u8, ByteArray<16>, u32, u8, u32, StampFields, Vec<StampFields>, u64);

/// Nothing is measured from here, since without a failure there is no wait.
const LONG_AGO: Stamp = Stamp { running: None, wall: UnixTime::from_secs(0) };

/// How a token's attempts stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) header: Header,
    /// In a row without success, the pending one included: a crash leaves it counted.
    pub(super) attempts: u8,
    /// Ever, the pending one included.
    pub(super) failures: u32,
    /// When the latest failure was noted.
    pub(super) since: Stamp,
    /// When the pending attempt began.
    pub(super) begun: Option<Stamp>,
    /// How many attempts there were ever; names the pending one.
    pub(super) number: u64,
}

/// What becomes of a wish to begin.
#[derive(Debug)]
pub(super) enum Begin {
    /// The next attempt, to be stored before anything else happens.
    Go(Record),
    /// Too early; the record is to be stored if the clock had gone back.
    Wait(UnixTime, Option<Record>),
    Locked,
}

impl Record {
    pub(super) const fn fresh(header: Header, number: u64) -> Self {
        Self { header, attempts: 0, failures: 0, since: LONG_AGO, begun: None, number }
    }

    /// An attempt that is still pending has failed: crash, timeout, or overtaken by this one.
    pub(super) fn begin(self, now: Stamp) -> Begin {
        if self.attempts >= MAX_ATTEMPTS {
            return Begin::Locked;
        }
        let since = self.begun.unwrap_or(self.since);
        let wait = wait_after(self.attempts);
        match now.since(since) {
            _ if wait.is_zero() => {}
            Waited::Unknown => {
                let again = Self { since: now, begun: None, ..self };
                return Begin::Wait(now.wall.saturating_add(wait), Some(again));
            }
            Waited::For(waited) if waited < wait => {
                return Begin::Wait(now.wall.saturating_add(whole_seconds(wait.saturating_sub(waited))), None);
            }
            Waited::For(_) => {}
        }
        Begin::Go(Self {
            attempts: self.attempts + 1,
            failures: self.failures.saturating_add(1),
            since,
            begun: Some(now),
            number: self.number.saturating_add(1),
            ..self
        })
    }

    /// The pending attempt's end, `None` if there is no such attempt.
    pub(super) fn settle(self, number: u64, settlement: Settlement, now: Stamp) -> Option<Self> {
        if self.begun.is_none() || self.number != number {
            return None;
        }
        let (attempts, failures) = (self.attempts.saturating_sub(1), self.failures.saturating_sub(1));
        let settled = Self { begun: None, ..self };
        Some(match settlement {
            Settlement::Accepted => Self { attempts: 0, failures, ..settled },
            Settlement::Unjudged => Self { attempts, failures, ..settled },
            Settlement::WrongPasscode => Self { since: now, ..settled },
        })
    }

    /// When the next attempt may begin, `None` if at once or never.
    pub(super) fn wait_until(self) -> Option<UnixTime> {
        let wait = wait_after(self.attempts);
        (self.attempts < MAX_ATTEMPTS && !wait.is_zero())
            .then(|| self.begun.unwrap_or(self.since).wall.saturating_add(wait))
    }

    /// The same count for another sealing of the token: nothing is taken back, and what was pending has failed.
    pub(super) fn carried(self, header: Header) -> Self {
        Self { header, since: self.begun.unwrap_or(self.since), begun: None, ..self }
    }

    /// The count at zero, by the server's leave.
    pub(super) const fn unlocked(self) -> Self {
        Self { attempts: 0, begun: None, ..self }
    }

    pub(super) fn encode(self, device: &dyn DeviceKey) -> Result<Vec<u8>, RecordError> {
        let Header { token, generation } = self.header;
        let begun = self.begun.into_iter().map(stamp_fields).collect();
        let fields: Fields = (
            VERSION,
            ByteArray::new(*token.as_bytes()),
            generation.get(),
            self.attempts,
            self.failures,
            stamp_fields(self.since),
            begun,
            self.number,
        );
        let body = encode(&fields).map_err(|_| RecordError::Tampered)?;
        let tag = ByteArray::new(tag(&body, device)?);
        encode(&(ByteBuf::from(body), tag)).map_err(|_| RecordError::Tampered)
    }

    /// A record of this token, as the device key wrote it.
    pub(super) fn decode(bytes: &[u8], token: TokenId, device: &dyn DeviceKey) -> Result<Self, RecordError> {
        if bytes.len() > MAX_LEN {
            return Err(RecordError::Tampered);
        }
        let (body, stored) = decode::<(ByteBuf, ByteArray<32>)>(bytes).map_err(|_| RecordError::Tampered)?;
        if !bool::from(tag(&body, device)?.ct_eq(&*stored)) {
            return Err(RecordError::Tampered);
        }
        let fields = decode::<Fields>(&body).map_err(|_| RecordError::Tampered)?;
        Self::from_fields(fields).filter(|record| record.header.token == token).ok_or(RecordError::Tampered)
    }

    fn from_fields((version, token, generation, attempts, failures, since, begun, number): Fields) -> Option<Self> {
        let begun = match begun.as_slice() {
            [] => None,
            [begun] if attempts > 0 => Some(stamp(begun)?),
            _ => return None,
        };
        let generation = Generation::new(generation).ok()?;
        let header = Header { token: TokenId::from_bytes(*token), generation };
        let record = Self { header, attempts, failures, since: stamp(&since)?, begun, number };
        (version == VERSION && attempts <= MAX_ATTEMPTS).then_some(record)
    }
}

fn stamp_fields(stamp: Stamp) -> StampFields {
    let (boot, monotonic) = stamp.running.map_or((ByteBuf::new(), 0), |(boot, at)| (ByteBuf::from(boot), at));
    (boot, monotonic, stamp.wall.as_secs())
}

fn stamp((boot, monotonic, wall): &StampFields) -> Option<Stamp> {
    let wall = UnixTime::from_secs(*wall);
    if boot.is_empty() {
        return (*monotonic == 0).then(|| Stamp::from(wall));
    }
    let boot = boot.as_slice().try_into().ok()?;
    Some(Stamp::new(boot, Duration::from_millis(*monotonic), wall))
}

/// At least as long, for a clock of seconds.
fn whole_seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs() + u64::from(duration.subsec_nanos() > 0))
}

/// Three attempts at once, then ever longer waits.
const fn wait_after(attempts: u8) -> Duration {
    Duration::from_secs(match attempts {
        0..=2 => 0,
        3 => 30,
        4 => 60,
        5 => 5 * 60,
        6 => 15 * 60,
        _ => 60 * 60,
    })
}

fn tag(body: &[u8], device: &dyn DeviceKey) -> Result<[u8; 32], RecordError> {
    let message = encode(&("pushotp-pin-try", VERSION, Bytes::new(body))).map_err(|_| DeviceError::Failed)?;
    Ok(device.mac(&message)?)
}
