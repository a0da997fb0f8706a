//! What may be shown on a device's screen.

use crate::Error;

/// Whether a text can be displayed as it is: not empty, at most `most` bytes, no control characters of any kind.
pub(crate) fn displayable(text: &str, most: usize, field: &'static str) -> Result<(), Error> {
    if text.is_empty() || text.len() > most || text.chars().any(is_control) {
        return Err(Error::Display(field));
    }
    Ok(())
}

/// C0 and C1 controls, line and paragraph separators, bidirectional controls, the byte order mark.
const fn is_control(c: char) -> bool {
    matches!(
        c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}
