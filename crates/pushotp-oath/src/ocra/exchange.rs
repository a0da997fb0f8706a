mod mutual;
mod one_way;

use pushotp_types::UnixTime;

pub use self::{
    mutual::{GenuineServer, MutualClient, MutualServer, MutualSuites},
    one_way::OneWay,
};
use super::{Challenge, ChallengeError, DataInput, OcraSuite, Question};
use crate::Counter;

/// What goes into a response besides challenges; which parts, the suite says.
///
/// ```
/// use pushotp_oath::{Counter, Factors};
///
/// let factors = Factors { counter: Some(Counter::new(7)), ..Factors::default() };
/// assert!(factors.pin_hash.is_none());
/// ```
///
/// Source: RFC 6287 §5.1.
#[derive(Clone, Copy, Default)]
pub struct Factors<'a> {
    /// C: both sides count.
    pub counter: Option<Counter>,
    /// P: the hash of the PIN, never the PIN: 20, 32 or 64 bytes.
    pub pin_hash: Option<&'a [u8]>,
    /// S: information about the session, as many bytes as the suite says.
    pub session: Option<&'a [u8]>,
    /// T: the time.
    pub timestamp: Option<UnixTime>,
}

/// The PIN's hash and the session are not the log's.
impl core::fmt::Debug for Factors<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Factors").field("counter", &self.counter).finish_non_exhaustive()
    }
}

impl<'a> Factors<'a> {
    const fn with(self, challenge: Question<'a>, own_challenge: Option<Question<'a>>) -> DataInput<'a> {
        let Self { counter, pin_hash, session, timestamp } = self;
        DataInput { counter, challenge, own_challenge, pin_hash, session, timestamp }
    }
}

/// What is to be signed.
fn signature(suite: &OcraSuite, text: &str) -> Result<Challenge, ChallengeError> {
    if suite.session_len().is_some() { Err(ChallengeError::Session) } else { Challenge::parse(suite, text) }
}
