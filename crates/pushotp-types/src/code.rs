use core::fmt;

use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Digits;

/// A generated one-time code: a fixed number of decimal digits, leading zeros included.
///
/// It is erased when dropped, silent in `Debug`, and compared in constant time.
///
/// ```
/// use pushotp_types::{Code, Digits};
///
/// let code = Code::from_value(81_804, Digits::EIGHT);
/// assert_eq!(code.expose(), "00081804");
/// assert!(code.matches("00081804"));
/// assert!(!code.matches("81804"));
/// assert_eq!(format!("{code:?}"), "Code { .. }");
/// ```
pub struct Code {
    /// ASCII digits, right-aligned: the code is the last `digits` of them.
    text: [u8; 10],
    digits: Digits,
}

impl Code {
    /// The last `digits` decimal digits of `value`, padded with zeros on the left.
    ///
    /// Works on every bit of `value` alike: division by a constant, no branch, no table.
    ///
    /// Source: RFC 4226 §5.3, step 3.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits};
    /// assert_eq!(Code::from_value(1_284_755_224, Digits::SIX).expose(), "755224");
    /// ```
    #[must_use]
    pub fn from_value(value: u32, digits: Digits) -> Self {
        let mut text = [b'0'; 10];
        // How many digits there are is no secret.
        if digits.get() <= 6 {
            halves::<3, 1_000>(&mut text, value % 1_000_000);
        } else {
            halves::<5, 100_000>(&mut text, value);
        }
        Self { text, digits }
    }

    /// The code as text: the only way to its digits.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits};
    /// assert_eq!(Code::from_value(7, Digits::SIX).expose(), "000007");
    /// ```
    #[must_use]
    pub fn expose(&self) -> &str {
        let (_, last) = self.text.split_at(10 - usize::from(self.digits.get()));
        core::str::from_utf8(last).unwrap_or_default()
    }

    /// How many digits it has.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits};
    /// assert_eq!(Code::from_value(7, Digits::SIX).digits(), Digits::SIX);
    /// ```
    #[must_use]
    pub const fn digits(&self) -> Digits {
        self.digits
    }

    /// Whether `typed` is exactly this code; takes the same time wherever they differ.
    ///
    /// A text of another length is a mismatch, and so is one with anything but ASCII digits in it.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits};
    /// let code = Code::from_value(42, Digits::SIX);
    /// assert!(code.matches("000042"));
    /// assert!(!code.matches("+00042") && !code.matches("٠٠٠٠٤٢") && !code.matches(""));
    /// ```
    #[must_use]
    pub fn matches(&self, typed: &str) -> bool {
        self.ct_matches(typed.as_bytes()).into()
    }

    /// [`matches`](Self::matches) as a [`Choice`], for a caller that combines several comparisons.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits};
    /// let (a, b) = (Code::from_value(1, Digits::SIX), Code::from_value(2, Digits::SIX));
    /// assert!(bool::from(a.ct_matches(b"000002") | b.ct_matches(b"000002")));
    /// ```
    #[must_use]
    pub fn ct_matches(&self, typed: &[u8]) -> Choice {
        let (_, last) = self.text.split_at(10 - usize::from(self.digits.get()));
        last.ct_eq(typed)
    }
}

/// Writes the last digits of a number, `N` to each half, where `POWER` is 10 to the power of `N`.
///
/// Two halves, so that the processor works on both at once; each division is by a constant.
fn halves<const N: usize, const POWER: u32>(text: &mut [u8; 10], value: u32) {
    let (mut high, mut low) = (value / POWER, value % POWER);
    let (rest, right) = text.split_at_mut(10 - N);
    for (left, right) in rest.iter_mut().rev().zip(right.iter_mut().rev()) {
        (*left, *right) = (b'0' + (high % 10) as u8, b'0' + (low % 10) as u8);
        (high, low) = (high / 10, low / 10);
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        // As a slice, which is erased at once; an array is erased byte by byte.
        self.text.as_mut_slice().zeroize();
    }
}

impl ZeroizeOnDrop for Code {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code").finish_non_exhaustive()
    }
}
