use alloc::string::String;

/// A name with each character escaped that a screen would hide or obey: controls, bidirectional marks, zero widths.
///
/// ```
/// assert_eq!(pushotp_provision::display("a\u{202e}b"), "a\\u{202e}b");
/// ```
#[must_use]
pub fn display(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for character in name.chars() {
        if deceives(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

pub(crate) fn deceives(character: char) -> bool {
    if matches!(character, ' '..='~') {
        return false;
    }
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
