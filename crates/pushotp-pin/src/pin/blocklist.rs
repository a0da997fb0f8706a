//! PINs that are tried first, by rule: no list to ship, and none to forget an entry.

/// Whether ASCII digits are on the blocklist.
///
/// Source: Markert et al., "This PIN Can Be Easily Guessed", arXiv 2003.04868: a tenth of all PINs is a useful size.
pub(super) fn is_trivial(digits: &[u8]) -> bool {
    let mut pairs = digits.chunks_exact(2).map(number);
    let dated = match (digits.len(), pairs.next(), pairs.next(), pairs.next()) {
        (4, Some(left), Some(right), _) => {
            is_day_of_year(left, right) || is_day_of_year(right, left) || is_year(left, right)
        }
        (6, Some(first), Some(second), Some(third)) => is_dated(first, second, third),
        _ => false,
    };
    dated || has_two_digits(digits) || is_run(digits)
}

/// Whether a text is on the blocklist: digits as above, other characters as far as the rules make sense for them.
///
/// Capital letters count as small ones; counting does not go on behind the last letter.
pub(super) fn is_trivial_text(text: &str) -> bool {
    let same = |one: char, other: char| one.eq_ignore_ascii_case(&other);
    let first = text.chars().next().unwrap_or_default();
    let second = text.chars().find(|c| !same(*c, first)).unwrap_or(first);
    let has_two = text.chars().all(|c| same(c, first) || same(c, second));
    let steps = || text.chars().zip(text.chars().skip(1)).map(|(from, to)| step(from, to));
    let is_run = [-2, -1, 1, 2].into_iter().any(|wanted| steps().all(|step| step == wanted));
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    has_two || is_run || is_number && is_trivial(text.as_bytes())
}

/// How far apart two characters are in Unicode, which has alphabets in their order.
fn step(from: char, to: char) -> i64 {
    i64::from(u32::from(to.to_ascii_lowercase())) - i64::from(u32::from(from.to_ascii_lowercase()))
}

fn has_two_digits(digits: &[u8]) -> bool {
    let seen = digits.iter().fold(0_u16, |seen, digit| seen | 1 << (digit & 15));
    seen.count_ones() <= 2
}

/// All steps the same, +1, -1, +2 or -2, where 0 follows 9.
fn is_run(digits: &[u8]) -> bool {
    let step_is = |wanted| digits.windows(2).all(|two| matches!(two, [a, b] if (10 + b - a) % 10 == wanted));
    [1, 2, 8, 9].into_iter().any(step_is)
}

/// Six digits: DDMMYY, MMDDYY, YYMMDD, or a year in front or behind.
fn is_dated(first: u8, second: u8, third: u8) -> bool {
    is_day_of_year(first, second)
        || is_day_of_year(second, first)
        || is_day_of_year(third, second)
        || is_year(first, second)
        || is_year(second, third)
}

/// The number that a pair of ASCII digits shows.
fn number(pair: &[u8]) -> u8 {
    pair.iter().fold(0, |number, digit| number * 10 + (digit & 15))
}

/// Days up to 31 in every month: people do not type the 31st of June, and one rule less is one error less.
const fn is_day_of_year(day: u8, month: u8) -> bool {
    day >= 1 && day <= 31 && month >= 1 && month <= 12
}

const fn is_year(century: u8, year: u8) -> bool {
    century == 19 || century == 20 && year <= 35
}
