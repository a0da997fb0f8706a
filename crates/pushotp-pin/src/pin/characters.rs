//! The characters of an alphanumeric PIN.
//!
//! Normalised by NFKC, so that it does not matter on which keyboard, in which width or with how many marks apart a
//! character is typed. Control characters and the like are refused, since nobody sees that they are there. Characters
//! that Unicode does not know are refused, since only of known ones the normal form is promised never to change: so a
//! PIN that was accepted once means the same under every later version.

use alloc::vec::Vec;

use super::{PinError, policy::MAX_LEN};

/// Appends the first characters of `text` in UTF-8; yields how many there are, or one more than allowed.
pub(super) fn read(text: &str, out: &mut Vec<u8>) -> Result<usize, PinError> {
    if !text.is_ascii() {
        return normalised(text, out);
    }
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(PinError::NotACharacter);
    }
    out.extend(text.bytes().take(MAX_LEN));
    Ok(text.len())
}

#[cfg(feature = "unicode")]
fn normalised(text: &str, out: &mut Vec<u8>) -> Result<usize, PinError> {
    use super::MAX_CHAR;
    use unicode_normalization::UnicodeNormalization;
    use zeroize::Zeroizing;

    /// A character comes from at most four: a base and the marks that it is composed with.
    const MAX_PARTS: usize = 4;

    // Before it is normalised, which sorts marks in memory of its own: a long text costs nothing.
    if text.chars().nth(MAX_LEN * MAX_PARTS).is_some() {
        return Err(PinError::TooLong { max: MAX_LEN });
    }
    let mut len = 0;
    for c in text.nfkc() {
        if !is_visible(c) {
            return Err(PinError::NotACharacter);
        }
        if len < MAX_LEN {
            out.extend_from_slice(c.encode_utf8(Zeroizing::new([0; MAX_CHAR]).as_mut_slice()).as_bytes());
        }
        len += 1;
    }
    Ok(len)
}

/// A letter, mark, number, punctuation, symbol or the space. The general category says the rest: control, format,
/// private use, unassigned, the separators of lines and paragraphs, and spaces of which NFKC makes no other.
#[cfg(feature = "unicode")]
fn is_visible(c: char) -> bool {
    use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

    match c.general_category_group() {
        GeneralCategoryGroup::Other => false,
        GeneralCategoryGroup::Separator => c == ' ',
        _ => true,
    }
}

/// Without the tables that normalise it, a text beyond ASCII is refused: ASCII is its own normal form.
#[cfg(not(feature = "unicode"))]
fn normalised(_: &str, _: &mut Vec<u8>) -> Result<usize, PinError> {
    Err(PinError::NotACharacter)
}
