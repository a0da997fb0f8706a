//! The two passcodes of a token, computed alike on both sides, and the count of failures.

use core::time::Duration;

use pushotp_oath::{DataInput, Hotp, Key, OcraSuite, Period, Question, Totp};
use pushotp_types::{Code, Digits, UnixTime};

/// How long a failure counts, in seconds: 30 days.
const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The passcode that answers the hash of a challenge or of a rotation, and no other.
///
/// Source: RFC 6287, suite `OCRA-1:HOTP-SHA256-8:QH64`.
pub(crate) fn bound(key: &Key, hash: &[u8; 32]) -> Option<Code> {
    OcraSuite::PUSH.generate(key, &DataInput::new(Question::Hash(hash))).ok()
}

/// The passcode that a person may type: TOTP with HMAC-SHA-256, 30 s, 8 digits.
///
/// Source: RFC 6238.
pub(crate) const TYPED: Totp = Totp::new(Digits::EIGHT, Period::THIRTY);

/// The passcode that counts: HOTP with HMAC-SHA-256, 8 digits.
///
/// Source: RFC 4226.
pub(crate) const COUNTED: Hotp = Hotp::new(Digits::EIGHT);

/// One more failure in a bucket that empties evenly within 30 days: its level and the time of that level.
pub(crate) fn leaky_bucket(bucket: (u8, u64), now: UnixTime) -> (u8, u64) {
    let (left, since) = leaked(bucket, now);
    (left.saturating_add(1), since)
}

/// What is left in the bucket: a full one of 30 loses one failure a day.
pub(crate) fn leaked((level, since): (u8, u64), now: UnixTime) -> (u8, u64) {
    let day = MONTH.as_secs() / 30;
    let days = now.as_secs().saturating_sub(since) / day;
    let left = u64::from(level).saturating_sub(days);
    let since = if left == 0 { now.as_secs() } else { since.saturating_add(days * day) };
    (u8::try_from(left).unwrap_or(u8::MAX), since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_forgotten_a_day_and_thirty_in_thirty_days() {
        let day = 24 * 60 * 60;
        let mut bucket = (0, 0);
        for _ in 0..30 {
            bucket = leaky_bucket(bucket, UnixTime::from_secs(10));
        }
        assert_eq!(bucket.0, 30);
        assert_eq!(leaky_bucket(bucket, UnixTime::from_secs(10 + day - 1)).0, 31);
        assert_eq!(leaky_bucket(bucket, UnixTime::from_secs(10 + day)).0, 30);
        assert_eq!(leaky_bucket(bucket, UnixTime::from_secs(10 + 30 * day)).0, 1);
    }
}
