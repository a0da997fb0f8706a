use core::fmt;

use pushotp_types::UnixTime;
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    Period, Step, Verdict, Window,
    mac::{Hash, Midstates, Sha256},
    scan, typed,
};

const LEN: usize = 8;
/// 26^8: the number of codes.
const CODES: u64 = 208_827_064_576;

/// A Yandex Key token: eight letters every 30 s, from a secret and a PIN.
///
/// ```
/// use pushotp_oath::{Verdict, Window, Yandex};
/// use pushotp_types::UnixTime;
///
/// let yandex = Yandex::new(b"1234567890123456", "5239")?;
/// let now = UnixTime::from_secs(1_800_000_000);
/// let code = yandex.generate(now);
/// assert_eq!(code.expose().len(), 8);
/// assert!(matches!(yandex.verify(code.expose(), now, Window::ONE, None), Verdict::Match(_)));
/// # Ok::<(), pushotp_oath::YandexError>(())
/// ```
///
/// Source: no standard; the values of its tests come from the field.
pub struct Yandex {
    key: Midstates<Sha256>,
}

impl Yandex {
    /// A token with a secret of 16 bytes, or of 26 whose last 12 bits are a checksum, and a PIN of 4 to 16 digits.
    ///
    /// ```
    /// # use pushotp_oath::{Yandex, YandexError};
    /// assert!(Yandex::new(b"1234567890123456", "5239").is_ok());
    /// assert_eq!(Yandex::new(b"12345678901234567890123456", "5239").unwrap_err(), YandexError::Checksum);
    /// assert_eq!(Yandex::new(b"1234567890123456", "123").unwrap_err(), YandexError::Pin);
    /// ```
    ///
    /// # Errors
    /// [`YandexError`], which names the part.
    pub fn new(secret: &[u8], pin: &str) -> Result<Self, YandexError> {
        let (main, rest) = secret.split_first_chunk::<16>().ok_or(YandexError::SecretLength)?;
        match rest.len() {
            0 => {}
            10 if checksum(secret) == 0 => {}
            10 => return Err(YandexError::Checksum),
            _ => return Err(YandexError::SecretLength),
        }
        if !(4..=16).contains(&pin.len()) || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(YandexError::Pin);
        }
        let mut hash = Hash::<Sha256>::new();
        hash.update(pin.as_bytes());
        hash.update(main);
        let mut digest = Zeroizing::new([0; 32]);
        hash.finish_into(digest.as_mut_slice());
        let mut yandex = Self { key: Midstates::EMPTY };
        // A first byte of zero is dropped, by those who wrote the format.
        yandex.key.prepare(match digest.as_slice() {
            [0, rest @ ..] => rest,
            whole => whole,
        });
        Ok(yandex)
    }

    /// The code of a time.
    ///
    /// ```
    /// # use pushotp_oath::Yandex;
    /// # use pushotp_types::UnixTime;
    /// let shown = |pin| Yandex::new(b"1234567890123456", pin).map(|token| token.generate(UnixTime::from_secs(59)));
    /// assert_eq!(shown("5239")?.expose(), "flmuuhvf");
    /// assert_ne!(shown("5238")?.expose(), "flmuuhvf"); // the PIN is part of the key
    /// # Ok::<(), pushotp_oath::YandexError>(())
    /// ```
    #[must_use]
    pub fn generate(&self, time: UnixTime) -> YandexCode {
        let mut rest = self.value(Period::THIRTY.step_at(time).get());
        let mut text = [0; LEN];
        for place in text.iter_mut().rev() {
            // The remainder is below 26.
            *place = b'a' + (rest % 26) as u8;
            rest /= 26;
        }
        YandexCode { text }
    }

    /// Whether `typed`, in either case, is the code of a step in the window that was not used.
    ///
    /// ```
    /// # use pushotp_oath::{Verdict, Window, Yandex};
    /// # use pushotp_types::UnixTime;
    /// let yandex = Yandex::new(b"1234567890123456", "5239")?;
    /// let verify = |secs, last| yandex.verify("flmuuhvf", UnixTime::from_secs(secs), Window::ONE, last);
    /// let Verdict::Match(found) = verify(61, None) else { panic!("it is the code of the step before") };
    /// assert_eq!(verify(62, Some(found.step())), Verdict::Replay);
    /// # Ok::<(), pushotp_oath::YandexError>(())
    /// ```
    ///
    /// As [`Totp::verify`](crate::Totp::verify).
    pub fn verify(&self, typed: impl AsRef<[u8]>, now: UnixTime, window: Window, last: Option<Step>) -> Verdict {
        // With the bit of lower case set, what is a letter was one before.
        let letter = |byte: u8| (byte | 0x20).wrapping_sub(b'a');
        let typed = typed::value(typed.as_ref(), LEN, 26, letter);
        scan::verdict(
            |steps: [u64; scan::LANES]| steps.map(|step| self.value(step)),
            typed,
            (Period::THIRTY.step_at(now).get(), window),
            last,
        )
    }

    /// 63 bits at the offset that the last nibble names, all offsets looked at, as one of the codes.
    fn value(&self, step: u64) -> u64 {
        let mac = self.key.mac(&[&step.to_be_bytes()]);
        let offset = mac.as_bytes().last().copied().unwrap_or_default() & 0xf;
        let mut value = 0_u64;
        for (index, window) in (0_u8..16).zip(mac.as_bytes().windows(8)) {
            let here = window.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
            value.conditional_assign(&here, index.ct_eq(&offset));
        }
        (value & (u64::MAX >> 1)) % CODES
    }
}

impl fmt::Debug for Yandex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Yandex").finish_non_exhaustive()
    }
}

/// Its midstates erase themselves.
impl ZeroizeOnDrop for Yandex {}

/// The remainder of the first 196 bits by the polynomial, with the 12 bits that must equal it: 0 if they do.
fn checksum(secret: &[u8]) -> u16 {
    let bits = secret.iter().flat_map(|byte| (0..8).rev().map(move |bit| u16::from(byte >> bit & 1)));
    let mut rest = Zeroizing::new(0_u16);
    let mut stored = 0;
    for (place, bit) in bits.enumerate() {
        if place < 196 {
            *rest = *rest << 1 | bit;
            *rest ^= if *rest & 0x1000 == 0 { 0 } else { 0x18f3 };
        } else {
            stored = stored << 1 | bit;
        }
    }
    *rest ^ stored
}

/// A Yandex code: erased when dropped, silent in `Debug`.
///
/// ```
/// use pushotp_oath::Yandex;
/// use pushotp_types::UnixTime;
///
/// let code = Yandex::new(b"1234567890123456", "5239")?.generate(UnixTime::from_secs(1_800_000_000));
/// assert!(code.expose().bytes().all(|byte| byte.is_ascii_lowercase()));
/// assert_eq!(format!("{code:?}"), "YandexCode { .. }");
/// # Ok::<(), pushotp_oath::YandexError>(())
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct YandexCode {
    text: [u8; LEN],
}

impl YandexCode {
    /// The code as text: the only way to it.
    ///
    /// ```
    /// # use pushotp_oath::Yandex;
    /// # use pushotp_types::UnixTime;
    /// let code = Yandex::new(b"1234567890123456", "5239")?.generate(UnixTime::from_secs(59));
    /// assert_eq!(code.expose(), "flmuuhvf");
    /// # Ok::<(), pushotp_oath::YandexError>(())
    /// ```
    #[must_use]
    pub fn expose(&self) -> &str {
        core::str::from_utf8(&self.text).unwrap_or_default()
    }
}

impl fmt::Debug for YandexCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("YandexCode").finish_non_exhaustive()
    }
}

/// Why a Yandex token was refused; says nothing of secret or PIN.
///
/// ```
/// use pushotp_oath::{Yandex, YandexError};
///
/// assert_eq!(Yandex::new(b"too short", "5239").unwrap_err(), YandexError::SecretLength);
/// assert_eq!(YandexError::Pin.to_string(), "the PIN is not 4 to 16 digits");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum YandexError {
    /// Neither 16 nor 26 bytes.
    #[error("the secret has neither 16 nor 26 bytes")]
    SecretLength,
    /// The last 12 bits of 26 bytes are not their checksum.
    #[error("the secret's checksum is wrong")]
    Checksum,
    /// The PIN is not 4 to 16 digits.
    #[error("the PIN is not 4 to 16 digits")]
    Pin,
}
