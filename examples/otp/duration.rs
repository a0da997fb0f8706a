/// The units of a duration, the longest first: years, months (30 days), days, hours, minutes, seconds.
const UNITS: [(char, u64); 6] =
    [('y', 365 * 86_400), ('M', 30 * 86_400), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// The seconds of a duration such as `60s`, `1m`, `1h30m`, `1 h 30 m` or `90`, which is seconds, too.
///
/// `None` if it is none, or longer than 2^64-1 seconds.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let (mut rest, mut units, mut total) = (text.trim(), UNITS.iter(), 0_u64);
    while !rest.is_empty() {
        let digits = rest.find(|symbol: char| !symbol.is_ascii_digit()).unwrap_or(rest.len());
        let (count, unit) = rest.split_at(digits);
        let mut unit = unit.trim_start().chars();
        // Each unit once and the longer ones first; what has no unit is the last.
        let letter = unit.next().unwrap_or('s');
        let (_, seconds) = units.find(|(unit, _)| *unit == letter)?;
        total = total.checked_add(count.parse::<u64>().ok()?.checked_mul(*seconds)?)?;
        rest = unit.as_str().trim_start();
    }
    (!text.trim().is_empty()).then_some(total)
}
