use core::time::Duration;
use std::time::UNIX_EPOCH;

use pushotp_types::UnixTime;
use pushotp_wire::notify::NotifyError;

/// The longest pause that a push service can ask for: a day.
///
/// ```
/// assert_eq!(pushotp_webpush::MAX_PAUSE.as_secs(), 86_400);
/// ```
pub const MAX_PAUSE: Duration = Duration::from_secs(86_400);

/// How a push service answered: nothing else of the answer is looked at.
///
/// ```
/// use pushotp_webpush::PushResponse;
///
/// let response = PushResponse::new(429, Some("30".into()));
/// # let _ = response;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushResponse {
    status: u16,
    retry_after: Option<String>,
}

impl PushResponse {
    /// The status, and the header `Retry-After` as it is.
    #[must_use]
    pub const fn new(status: u16, retry_after: Option<String>) -> Self {
        Self { status, retry_after }
    }

    /// What it means: RFC 8030 sections 5 and 7, RFC 9110 section 10.2.3.
    pub(crate) fn judge(&self, now: UnixTime) -> Result<(), NotifyError> {
        match self.status {
            200..=299 => Ok(()),
            404 | 410 => Err(NotifyError::Gone),
            413 => Err(NotifyError::TooLarge),
            429 | 503 => Err(self.pause(now).map_or(NotifyError::Transient, NotifyError::RetryAfter)),
            408 => Err(NotifyError::Transient),
            // A redirect could lead anywhere, and is not followed.
            300..=499 => Err(NotifyError::Permanent),
            _ => Err(NotifyError::Transient),
        }
    }

    /// Seconds or a date.
    fn pause(&self, now: UnixTime) -> Option<Duration> {
        let text = self.retry_after.as_deref()?.trim();
        let pause = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // What does not fit is longer than the longest.
            text.parse().map_or(MAX_PAUSE, Duration::from_secs)
        } else {
            let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
            UnixTime::from_secs(date.as_secs()).since(now)
        };
        Some(pause.min(MAX_PAUSE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT

    #[test]
    fn each_status() {
        let judge = |status| PushResponse::new(status, None).judge(NOW);
        for status in [200, 201, 202, 204] {
            assert_eq!(judge(status), Ok(()), "{status}");
        }
        for (statuses, error) in [
            (&[404, 410][..], NotifyError::Gone),
            (&[413], NotifyError::TooLarge),
            (&[300, 301, 302, 304, 307, 308, 400, 401, 403, 405, 414, 415, 422, 499], NotifyError::Permanent),
            (&[0, 100, 101, 199, 408, 429, 500, 502, 503, 504, 599, 600, 999], NotifyError::Transient),
        ] {
            for status in statuses {
                assert_eq!(judge(*status), Err(error), "{status}");
            }
        }
    }

    #[test]
    fn pauses() {
        let judge = |status, value: &str| PushResponse::new(status, Some(value.into())).judge(NOW);
        let day = MAX_PAUSE.as_secs();
        for (value, seconds) in [
            ("0", 0),
            ("30", 30),
            (" 30 ", 30),
            ("86400", day),
            ("86401", day),
            ("18446744073709551616", day),
            ("Sun, 06 Nov 1994 08:49:36 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("Sun, 06 Nov 1994 08:50:07 GMT", 30),
            ("Sunday, 06-Nov-94 08:50:07 GMT", 30),
            ("Sun Nov  6 08:50:07 1994", 30),
            ("Fri, 31 Dec 9999 23:59:59 GMT", day),
        ] {
            let pause = Err(NotifyError::RetryAfter(Duration::from_secs(seconds)));
            assert_eq!(judge(429, value), pause, "{value}");
            assert_eq!(judge(503, value), pause, "{value}");
        }
        for value in ["", "-1", "+1", "1.5", "1e3", "soon", "06 Nov 1994", "\u{665}"] {
            assert_eq!(judge(429, value), Err(NotifyError::Transient), "{value}");
        }
        assert_eq!(judge(500, "30"), Err(NotifyError::Transient), "elsewhere it says nothing");
    }
}
