use pushotp_types::UnixTime;

use crate::calendar::{DAY, MONTHS, days_until};

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A time as people write it, in UTC where it names no offset; `None` if it is not understood or before 1970.
///
/// `@1234567890`, `now`, `2009-02-13`, `2009-02-13 23:31:30 UTC`, `2009-02-13T23:31:30+01:00`, what `date` and
/// `date -R` print, and the like. The name of a weekday says nothing, and fractions of a second are dropped.
pub(crate) fn parse(text: &str, now: UnixTime) -> Option<UnixTime> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("now") {
        return Some(now);
    }
    if let Some(seconds) = text.strip_prefix('@') {
        let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
        whole(fraction, 18)?;
        return whole(seconds.trim_start(), 20).map(UnixTime::from_secs);
    }
    let mut fields = Fields::default();
    for word in text.split_whitespace() {
        fields.take(word.trim_end_matches(','))?;
    }
    fields.seconds(now).map(UnixTime::from_secs)
}

/// What the words of a date say, each thing once.
#[derive(Default)]
struct Fields {
    year: Option<u64>,
    month: Option<u64>,
    day: Option<u64>,
    /// Seconds since midnight.
    time: Option<u64>,
    afternoon: Option<bool>,
    /// Seconds east of Greenwich.
    offset: Option<i64>,
}

impl Fields {
    fn take(&mut self, word: &str) -> Option<()> {
        let digit = |symbol: char| symbol.is_ascii_digit();
        let joined =
            word.split_once(['T', 't']).filter(|(date, time)| date.ends_with(digit) && time.starts_with(digit));
        if let Some((date, time)) = joined {
            self.take_date(date)?;
            return self.take_time(time);
        }
        if let Some(month) = MONTHS.iter().position(|(name, _)| names(word, name)) {
            return put(&mut self.month, month as u64 + 1);
        }
        match word.to_ascii_lowercase().as_str() {
            "utc" | "gmt" | "z" => put(&mut self.offset, 0),
            half @ ("am" | "pm") => put(&mut self.afternoon, half == "pm"),
            weekday if WEEKDAYS.iter().any(|name| names(weekday, name)) => Some(()),
            _ if word.starts_with(['+', '-']) && self.time.is_some() => self.take_offset(word),
            _ if word.contains(':') => self.take_time(word),
            _ => self.take_date(word),
        }
    }

    /// `2009-02-13`, `2009/02/13`, `20090213`, a year of four digits alone, or a day.
    fn take_date(&mut self, word: &str) -> Option<()> {
        let parts: Vec<_> = word.split(['-', '/']).collect();
        let (year, month, day) = match (parts.as_slice(), word.len()) {
            ([year, month, day], _) if year.len() == 4 => (*year, *month, *day),
            ([_], 8) => {
                let (year, rest) = word.split_at_checked(4)?;
                let (month, day) = rest.split_at_checked(2)?;
                (year, month, day)
            }
            ([_], 4) => return put(&mut self.year, whole(word, 4)?),
            ([_], _) => return put(&mut self.day, whole(word, 2)?),
            _ => return None,
        };
        put(&mut self.year, whole(year, 4)?)?;
        put(&mut self.month, whole(month, 2)?)?;
        put(&mut self.day, whole(day, 2)?)
    }

    /// `23:31`, `23:31:30`, `23:31:30.5`, and an offset right behind it.
    fn take_time(&mut self, word: &str) -> Option<()> {
        let (time, offset) = word.split_at(word.find(['+', '-', 'Z', 'z']).unwrap_or(word.len()));
        if !offset.is_empty() {
            self.take_offset(offset)?;
        }
        let mut parts = time.splitn(3, ':');
        let (hours, minutes) = (below(24, parts.next()?)?, below(60, parts.next()?)?);
        let seconds = parts.next().unwrap_or("0");
        let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
        whole(fraction, 18)?;
        put(&mut self.time, hours * 3600 + minutes * 60 + below(60, seconds)?)
    }

    /// `Z`, `+01`, `-0800` or `+05:30`.
    fn take_offset(&mut self, word: &str) -> Option<()> {
        let (sign, text) = word.split_at_checked(1)?;
        let (hours, minutes) = match (text.split_once(':'), text.len()) {
            (Some(parts), _) => parts,
            (None, 4) => text.split_at_checked(2)?,
            (None, _) => (text, "0"),
        };
        let seconds = |sign: i64| Some(sign * i64::try_from(below(24, hours)? * 3600 + below(60, minutes)? * 60).ok()?);
        match sign {
            "Z" | "z" if text.is_empty() => put(&mut self.offset, 0),
            "+" => put(&mut self.offset, seconds(1)?),
            "-" => put(&mut self.offset, seconds(-1)?),
            _ => None,
        }
    }

    /// Seconds since 1970; a time without a date is of today.
    fn seconds(&self, now: UnixTime) -> Option<u64> {
        let days = match (self.year, self.month, self.day) {
            (Some(year), Some(month), Some(day)) => days_until(year, month, day)?,
            (None, None, None) if self.time.is_some() => now.as_secs() / DAY,
            _ => return None,
        };
        let time = match (self.afternoon, self.time) {
            (None, time) => time.unwrap_or(0),
            // On a clock of twelve hours, 12 comes before 1.
            (Some(afternoon), Some(time @ 3600..46_800)) => time % 43_200 + if afternoon { 43_200 } else { 0 },
            _ => return None,
        };
        (days * DAY + time).checked_add_signed(-self.offset.unwrap_or(0))
    }
}

/// What is said twice is not understood.
fn put<T>(field: &mut Option<T>, value: T) -> Option<()> {
    field.replace(value).is_none().then_some(())
}

/// Whether a word is this name, in full or its first three letters.
fn names(word: &str, name: &str) -> bool {
    word.eq_ignore_ascii_case(name) || word.len() == 3 && name.starts_with(&word.to_ascii_lowercase())
}

/// A number of at most so many digits.
fn whole(text: &str, digits: usize) -> Option<u64> {
    let fits = text.len() <= digits && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

fn below(bound: u64, text: &str) -> Option<u64> {
    whole(text, 2).filter(|number| *number < bound)
}
