//! The count of attempts, as pure transitions, and its bytes.
//!
//! ```cddl
//! record = [ body: bstr .size (28..64), tag: bstr .size 32 ]
//! body   = [ ver: 1, tid: bstr .size 16, generation: 1..4294967295, attempts: 0..10, failures: uint .size 4,
//!            since: uint .size 8, begun: [0*1 uint .size 8], number: uint .size 8 ]
//! ```

use alloc::vec::Vec;
use core::time::Duration;

use pushotp_cbor::{ByteArray, ByteBuf, Bytes, decode, encode};
use pushotp_types::{TokenId, UnixTime};
use subtle::ConstantTimeEq;

use super::{RecordError, Settlement};
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
const MAX_LEN: usize = 128;

type Fields = (u8, ByteArray<16>, u32, u8, u32, u64, Vec<u64>, u64);

/// How a token's attempts stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) header: Header,
    /// In a row without success, the pending one included: a crash leaves it counted.
    pub(super) attempts: u8,
    /// Ever, the pending one included.
    pub(super) failures: u32,
    /// When the latest failure was noted.
    pub(super) since: UnixTime,
    /// When the pending attempt began.
    pub(super) begun: Option<UnixTime>,
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
        Self { header, attempts: 0, failures: 0, since: UnixTime::from_secs(0), begun: None, number }
    }

    /// An attempt that is still pending has failed: crash, timeout, or overtaken by this one.
    pub(super) fn begin(self, now: UnixTime) -> Begin {
        let since = self.begun.unwrap_or(self.since);
        if self.attempts >= MAX_ATTEMPTS {
            return Begin::Locked;
        }
        let wait = wait_after(self.attempts);
        let until = since.saturating_add(wait);
        if !wait.is_zero() && now < since {
            let again = Self { since: now, begun: None, ..self };
            return Begin::Wait(now.saturating_add(wait), Some(again));
        }
        if !wait.is_zero() && now < until {
            return Begin::Wait(until, None);
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
    pub(super) fn settle(self, number: u64, settlement: Settlement, now: UnixTime) -> Option<Self> {
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
        (self.attempts < MAX_ATTEMPTS && !wait.is_zero()).then(|| self.since.saturating_add(wait))
    }

    pub(super) fn encode(self, device: &dyn DeviceKey) -> Result<Vec<u8>, RecordError> {
        let Header { token, generation } = self.header;
        let begun = self.begun.iter().map(|time| time.as_secs()).collect();
        let fields: Fields = (
            VERSION,
            ByteArray::new(*token.as_bytes()),
            generation.get(),
            self.attempts,
            self.failures,
            self.since.as_secs(),
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
        let begun = match *begun {
            [] => None,
            [time] if attempts > 0 => Some(UnixTime::from_secs(time)),
            _ => return None,
        };
        let generation = Generation::new(generation).ok()?;
        let header = Header { token: TokenId::from_bytes(*token), generation };
        let record = Self { header, attempts, failures, since: UnixTime::from_secs(since), begun, number };
        (version == VERSION && attempts <= MAX_ATTEMPTS).then_some(record)
    }
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
