use subtle::{Choice, ConditionallySelectable, ConstantTimeLess};

/// A typed code as a number that is compared with those of the codes; `NONE` if it cannot be one.
pub(crate) type Value = u64;

/// No code has this value.
const NONE: Value = Value::MAX;

/// What is typed, as a number of so many symbols to a base, the first one the most significant.
///
/// Its length shows; which symbols they are does not. `index` must not branch, and gives what is not below the base for
/// what is no symbol.
pub(crate) fn value(typed: &[u8], len: usize, base: u8, index: impl Fn(u8) -> u8) -> Value {
    if typed.len() != len {
        return NONE;
    }
    let (mut value, mut right) = (0, Choice::from(1));
    for byte in typed {
        let index = index(*byte);
        right &= index.ct_lt(&base);
        value = value * u64::from(base) + u64::from(index);
    }
    Value::conditional_select(&NONE, &value, right)
}

/// The digit of an ASCII digit.
pub(crate) const fn decimal(byte: u8) -> u8 {
    byte.wrapping_sub(b'0')
}

/// A typed code without the spaces and hyphens that people put between groups of digits.
///
/// Verification compares exactly what it is given; this is for a form that wants to be lenient. What is longer than any
/// code stays as wrong as it was.
///
/// ```
/// use pushotp_oath::{Hotp, HotpVerdict, Counter, Key, LookAhead, Ungrouped};
/// use pushotp_types::{Digits, HashAlgorithm, SecretRef};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let verify = |typed: &[u8]| Hotp::new(Digits::SIX).verify(&key, typed, Counter::new(0), LookAhead::ZERO);
/// assert_eq!(verify(b"755 224"), HotpVerdict::Mismatch);
/// assert!(matches!(verify(Ungrouped::new("755 224").as_ref()), HotpVerdict::Match(_)));
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
pub struct Ungrouped {
    text: [u8; 16],
    len: usize,
}

impl Ungrouped {
    /// All of `typed` but its spaces and hyphens.
    ///
    /// ```
    /// # use pushotp_oath::Ungrouped;
    /// assert_eq!(Ungrouped::new(" 755-224 ").as_ref(), b"755224");
    /// assert_eq!(Ungrouped::new("755.224").as_ref(), b"755.224"); // still wrong
    /// ```
    #[must_use]
    pub fn new(typed: &str) -> Self {
        let mut ungrouped = Self { text: [0; 16], len: 0 };
        for byte in typed.bytes().filter(|byte| !matches!(byte, b' ' | b'-')) {
            if let Some(place) = ungrouped.text.get_mut(ungrouped.len) {
                *place = byte;
                ungrouped.len += 1;
            }
        }
        ungrouped
    }
}

impl AsRef<[u8]> for Ungrouped {
    fn as_ref(&self) -> &[u8] {
        self.text.split_at(self.len).0
    }
}

impl Drop for Ungrouped {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(self.text.as_mut_slice());
    }
}

/// It may be a code.
impl core::fmt::Debug for Ungrouped {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ungrouped").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_spelling() {
        let decimal = |typed: &[u8]| value(typed, 6, 10, decimal);
        assert_eq!(decimal(b"081804"), 81_804);
        assert_eq!(decimal(b"999999"), 999_999);
        for byte in (0..=u8::MAX).filter(|byte| !byte.is_ascii_digit()) {
            for place in 0..6 {
                let mut typed = *b"081804";
                typed[place] = byte;
                assert_eq!(decimal(&typed), NONE, "{byte} at {place}");
            }
        }
        for typed in ["", "81804", "0081804", "+81804", " 81804"] {
            assert_eq!(decimal(typed.as_bytes()), NONE, "{typed}");
        }
    }

    #[test]
    fn a_long_text_stays_wrong() {
        let long = "1 2 3 4 5 6 ".repeat(100);
        assert_eq!(Ungrouped::new(&long).as_ref().len(), 16);
        assert_eq!(Ungrouped::new(" -123-456 ").as_ref(), b"123456");
    }
}
