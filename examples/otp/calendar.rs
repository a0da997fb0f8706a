//! The Gregorian calendar from 1970 on, in UTC.

use std::fmt;

use pushotp_types::UnixTime;

/// Seconds.
pub(crate) const DAY: u64 = 86_400;
/// The days of any 400 years in a row.
const CYCLE: u64 = 146_097;
/// Names, and days outside leap years.
pub(crate) const MONTHS: [(&str, u64); 12] = [
    ("january", 31),
    ("february", 28),
    ("march", 31),
    ("april", 30),
    ("may", 31),
    ("june", 30),
    ("july", 31),
    ("august", 31),
    ("september", 30),
    ("october", 31),
    ("november", 30),
    ("december", 31),
];

/// Whole days from 1970-01-01 to a day, which has to exist.
pub(crate) fn days_until(year: u64, month: u64, day: u64) -> Option<u64> {
    let leap_years = |until: u64| until / 4 - until / 100 + until / 400;
    let years = year.checked_sub(1970)? * 365 + leap_years(year - 1) - leap_years(1969);
    let before = usize::try_from(month).ok()?.checked_sub(1)?;
    let length = lengths(year).nth(before)?;
    (1..=length).contains(&day).then(|| years + lengths(year).take(before).sum::<u64>() + day - 1)
}

/// The days of each month.
fn lengths(year: u64) -> impl Iterator<Item = u64> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    MONTHS.iter().map(move |(name, days)| days + u64::from(is_leap && *name == "february"))
}

/// As `oathtool` prints a time: `2009-02-13 23:31:30 UTC (1234567890)`.
pub(crate) struct Utc(pub(crate) UnixTime);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (mut days, time) = (seconds / DAY, seconds % DAY);
        let mut year = 1970 + days / CYCLE * 400;
        days %= CYCLE;
        while days >= lengths(year).sum() {
            days -= lengths(year).sum::<u64>();
            year += 1;
        }
        let mut month = 1;
        for length in lengths(year) {
            if days < length {
                break;
            }
            days -= length;
            month += 1;
        }
        let (hours, minutes) = (time / 3600, time / 60 % 60);
        write!(f, "{year:04}-{month:02}-{:02} {hours:02}:{minutes:02}:{:02} UTC ({seconds})", days + 1, time % 60)
    }
}
