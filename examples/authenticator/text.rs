//! Text for a terminal: what others wrote is made harmless, and everything is wrapped here, so that nothing of it is cut.

use ratatui::text::Span;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// Combining marks that one letter may carry; more of them would be drawn over the lines above and below.
const MARKS: usize = 3;

/// A name that somebody else chose. Controls, invisible characters and those that turn the direction of writing are
/// shown as the replacement character, piled up marks are left out.
pub(crate) fn safe(text: &str) -> String {
    let mut marks = 0;
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        let category = char.general_category();
        let mark = matches!(category, GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
        marks = if mark { marks + 1 } else { 0 };
        if marks <= MARKS {
            out.push(if is_harmless(category) { char } else { char::REPLACEMENT_CHARACTER });
        }
    }
    out
}

const fn is_harmless(category: GeneralCategory) -> bool {
    !matches!(
        category,
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
            | GeneralCategory::Unassigned
    )
}

/// The columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// Lines of at most so many columns; those after the first begin with so many spaces.
pub(crate) fn wrap(text: &str, columns: usize, indent: usize) -> Vec<String> {
    let indent = " ".repeat(indent.min(columns.saturating_sub(2) / 2));
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_inclusive(' ') {
        let bare = word.trim_end_matches(' ');
        // A word that is longer than a line is broken where it stands.
        let fits_alone = width(&indent) + width(bare) <= columns;
        if width(&line) + width(bare) > columns && fits_alone && line.trim() != "" {
            lines.push(std::mem::replace(&mut line, indent.clone()));
        }
        if width(&line) + width(bare) <= columns {
            line.push_str(word);
            continue;
        }
        for char in word.chars() {
            if width(&line) + width(char.encode_utf8(&mut [0; 4])) > columns {
                lines.push(std::mem::replace(&mut line, indent.clone()));
            }
            line.push(char);
        }
    }
    lines.push(line);
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// A bar of so many columns, the part of a whole that is left being full.
pub(crate) fn bar(left: u64, whole: u64, columns: usize) -> String {
    let columns = u64::try_from(columns).unwrap_or(0);
    let full = (left.min(whole) * columns).div_ceil(whole.max(1)).min(columns);
    (0..columns).map(|at| if at < full { '█' } else { '░' }).collect()
}

/// Digits in groups of three or four, as they are read aloud.
pub(crate) fn grouped(code: &str) -> String {
    let group = if code.len().is_multiple_of(3) { 3 } else { 4 };
    let chars: Vec<char> = code.chars().collect();
    chars.chunks(group).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// How long ago, in words.
pub(crate) fn ago(seconds: u64) -> String {
    match seconds {
        0..=1 => "just now".into(),
        2..=119 => format!("{seconds} seconds ago"),
        120..=7199 => format!("{} minutes ago", seconds / 60),
        7200..=172_799 => format!("{} hours ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}
