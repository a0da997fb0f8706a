use core::fmt;

use md5::{Digest, Md5};
use pushotp_types::{SecretRef, UnixTime};
use subtle::{ConditionallySelectable, ConstantTimeLess};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Period, Step, Verdict, Window, scan, typed};

const LEN: usize = 6;

/// A Mobile-OTP token: six hexadecimal digits every 10 s, from MD5 over time, secret and PIN.
///
/// MD5 is no reason to trust it less than it deserves: the codes have 24 bits, and the server must know the PIN. It is
/// here so that such tokens can be served until they are replaced.
///
/// ```
/// use pushotp_oath::{Motp, Verdict};
/// use pushotp_types::{SecretRef, UnixTime};
///
/// let motp = Motp::new(SecretRef::danger_import_weak(b"\xe3\x15\x2a\xfe\xe6\x25\x99\xc8")?, "1234")?;
/// let now = UnixTime::from_secs(165_892_298);
/// assert_eq!(motp.generate(now).expose(), "e7d8b6");
/// assert!(matches!(motp.verify("e7d8b6", now, Motp::WINDOW, None), Verdict::Match(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Source: no standard; the values of its tests come from the field.
pub struct Motp {
    /// MD5 takes the secret and the PIN after the time, so no state of it can be prepared.
    secret: [u8; 64],
    secret_len: usize,
    pin: [u8; 16],
    pin_len: usize,
}

impl Motp {
    /// Three minutes on either side, which servers of this kind accept; the clocks of early phones were set by hand.
    ///
    /// ```
    /// # use pushotp_oath::{Motp, Verdict};
    /// # use pushotp_types::{SecretRef, UnixTime};
    /// let motp = Motp::new(SecretRef::danger_import_weak(b"\xe3\x15\x2a\xfe\xe6\x25\x99\xc8")?, "1234")?;
    /// let late = |secs: u64| motp.verify("e7d8b6", UnixTime::from_secs(165_892_298 + secs), Motp::WINDOW, None);
    /// assert!(matches!(late(180), Verdict::Match(_)));
    /// assert_eq!(late(190), Verdict::Mismatch);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const WINDOW: Window = match Window::new(18, 18) {
        Ok(window) => window,
        Err(_) => Window::ONE,
    };

    /// A token with a secret of at most 32 bytes and a PIN of 4 to 16 digits.
    ///
    /// ```
    /// # use pushotp_oath::{Motp, MotpError};
    /// # use pushotp_types::SecretRef;
    /// let secret = SecretRef::danger_import_weak(b"\xe3\x15\x2a\xfe\xe6\x25\x99\xc8")?;
    /// assert!(Motp::new(secret, "1234").is_ok());
    /// assert_eq!(Motp::new(secret, "12a4").unwrap_err(), MotpError::Pin);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// # Errors
    /// [`MotpError`], which names the part.
    pub fn new<'a>(secret: impl Into<SecretRef<'a>>, pin: &str) -> Result<Self, MotpError> {
        let secret = secret.into().expose();
        let mut motp = Self { secret: [0; 64], secret_len: secret.len() * 2, pin: [0; 16], pin_len: pin.len() };
        if secret.len() > 32 {
            return Err(MotpError::Secret);
        }
        if !(4..=16).contains(&pin.len()) || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(MotpError::Pin);
        }
        let nibbles = secret.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        for (place, nibble) in motp.secret.iter_mut().zip(nibbles) {
            *place = hex(nibble);
        }
        for (place, digit) in motp.pin.iter_mut().zip(pin.bytes()) {
            *place = digit;
        }
        Ok(motp)
    }

    /// The code of a time.
    ///
    /// ```
    /// # use pushotp_oath::Motp;
    /// # use pushotp_types::{SecretRef, UnixTime};
    /// let motp = Motp::new(SecretRef::danger_import_weak(b"\xe3\x15\x2a\xfe\xe6\x25\x99\xc8")?, "1234")?;
    /// let shown = |secs| motp.generate(UnixTime::from_secs(secs));
    /// assert_eq!(shown(165_892_290).expose(), "e7d8b6"); // and for ten seconds more
    /// assert_ne!(shown(165_892_300).expose(), "e7d8b6");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn generate(&self, time: UnixTime) -> MotpCode {
        let value = self.value(Period::TEN.step_at(time).get());
        let mut text = [0; LEN];
        for (place, shift) in text.iter_mut().zip([20, 16, 12, 8, 4, 0]) {
            *place = hex((value >> shift & 0xf) as u8);
        }
        MotpCode { text }
    }

    /// Whether `typed`, in either case, is the code of a step of 10 s in the window that was not used.
    ///
    /// ```
    /// # use pushotp_oath::{Motp, Verdict};
    /// # use pushotp_types::{SecretRef, UnixTime};
    /// let motp = Motp::new(SecretRef::danger_import_weak(b"\xe3\x15\x2a\xfe\xe6\x25\x99\xc8")?, "1234")?;
    /// let verify = |typed, last| motp.verify(typed, UnixTime::from_secs(165_892_298), Motp::WINDOW, last);
    /// let Verdict::Match(found) = verify("E7D8B6", None) else { panic!("it is the code of now") };
    /// assert_eq!(verify("e7d8b6", Some(found.step())), Verdict::Replay);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// As [`Totp::verify`](crate::Totp::verify).
    pub fn verify(&self, typed: impl AsRef<[u8]>, now: UnixTime, window: Window, last: Option<Step>) -> Verdict {
        let typed = typed::value(typed.as_ref(), LEN, 16, nibble);
        scan::verdict(
            |steps: [u64; scan::LANES]| steps.map(|step| self.value(step)),
            typed,
            (Period::TEN.step_at(now).get(), window),
            last,
        )
    }

    /// The first 24 bits of the digest.
    fn value(&self, step: u64) -> u64 {
        let (mut rest, mut decimal, mut len) = (step, [0; 20], 0);
        for place in decimal.iter_mut().rev() {
            *place = b'0' + (rest % 10) as u8;
            (rest, len) = (rest / 10, len + 1);
            if rest == 0 {
                break;
            }
        }
        let mut digest = Md5::new()
            .chain_update(decimal.split_at(decimal.len() - len).1)
            .chain_update(self.secret.split_at(self.secret_len).0)
            .chain_update(self.pin.split_at(self.pin_len).0)
            .finalize();
        let value = digest.first_chunk().map_or(0, |[a, b, c]| u32::from_be_bytes([0, *a, *b, *c]));
        digest.as_mut_slice().zeroize();
        value.into()
    }
}

impl Drop for Motp {
    fn drop(&mut self) {
        self.secret.as_mut_slice().zeroize();
        self.pin.as_mut_slice().zeroize();
    }
}

impl ZeroizeOnDrop for Motp {}

impl fmt::Debug for Motp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Motp").finish_non_exhaustive()
    }
}

/// The lower-case digit of a nibble, without a branch: 6 more carries into the next nibble from 10 on, and the letters
/// begin 39 places after the digit that follows 9.
const fn hex(nibble: u8) -> u8 {
    b'0' + nibble + ((nibble + 6) >> 4) * 39
}

/// The nibble of a digit in either case, 16 for anything else.
fn nibble(byte: u8) -> u8 {
    let (digit, letter) = (byte.wrapping_sub(b'0'), (byte | 0x20).wrapping_sub(b'a'));
    let mut nibble = 16;
    nibble.conditional_assign(&digit, digit.ct_lt(&10));
    nibble.conditional_assign(&letter.wrapping_add(10), letter.ct_lt(&6));
    nibble
}

/// A Mobile-OTP code: erased when dropped, silent in `Debug`.
///
/// ```
/// use pushotp_oath::Motp;
/// use pushotp_types::{SecretRef, UnixTime};
///
/// let code = Motp::new(SecretRef::new(b"1234567890123456")?, "1234")?.generate(UnixTime::from_secs(59));
/// assert_eq!(code.expose().len(), 6);
/// assert_eq!(format!("{code:?}"), "MotpCode { .. }");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MotpCode {
    text: [u8; LEN],
}

impl MotpCode {
    /// The code as text, in lower case: the only way to it.
    ///
    /// ```
    /// # use pushotp_oath::Motp;
    /// # use pushotp_types::{SecretRef, UnixTime};
    /// let motp = Motp::new(SecretRef::danger_import_weak(b"\xe3\x15\x2a\xfe\xe6\x25\x99\xc8")?, "1234")?;
    /// assert_eq!(motp.generate(UnixTime::from_secs(165_892_298)).expose(), "e7d8b6");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn expose(&self) -> &str {
        core::str::from_utf8(&self.text).unwrap_or_default()
    }
}

impl fmt::Debug for MotpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MotpCode").finish_non_exhaustive()
    }
}

/// Why a Mobile-OTP token was refused; says nothing of secret or PIN.
///
/// ```
/// assert_eq!(pushotp_oath::MotpError::Pin.to_string(), "the PIN is not 4 to 16 digits");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MotpError {
    /// More than 32 bytes.
    #[error("the secret has more than 32 bytes")]
    Secret,
    /// The PIN is not 4 to 16 digits.
    #[error("the PIN is not 4 to 16 digits")]
    Pin,
}
