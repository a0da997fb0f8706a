use core::fmt;

use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Key, Period, Step, Verdict, Window, scan, typed};

/// The symbols of a code, all in one case and none that looks like another.
const SYMBOLS: &[u8; 26] = b"23456789BCDFGHJKMNPQRTVWXY";
const LEN: usize = 5;
/// No symbol has this number.
const NONE: u8 = 26;

/// A Steam Guard token: TOTP with SHA-1 and 30 s, whose codes are five letters and digits.
///
/// ```
/// use pushotp_oath::{Steam, Verdict, Window};
/// use pushotp_types::{SecretRef, UnixTime};
///
/// let steam = Steam::new(SecretRef::new(b"12345678901234567890")?);
/// let now = UnixTime::from_secs(59);
/// let code = steam.generate(now);
/// assert_eq!(code.expose(), "PV9M4");
/// let Verdict::Match(found) = steam.verify("pv9m4", now, Window::ONE, None) else { panic!("it is the code of now") };
/// assert_eq!(steam.verify("PV9M4", now, Window::ONE, Some(found.step())), Verdict::Replay);
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
///
/// Source: no standard; the values of its tests come from the field.
#[derive(Debug)]
pub struct Steam {
    key: Key,
}

impl Steam {
    /// A token with this secret.
    ///
    /// ```
    /// # use pushotp_oath::Steam;
    /// # use pushotp_types::{SecretRef, UnixTime};
    /// let steam = Steam::new(SecretRef::new(b"12345678901234567890")?);
    /// assert_eq!(steam.generate(UnixTime::from_secs(59)).expose(), "PV9M4");
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub fn new<'a>(secret: impl Into<SecretRef<'a>>) -> Self {
        Self { key: Key::new(HashAlgorithm::Sha1, secret) }
    }

    /// The code of a time.
    ///
    /// ```
    /// # use pushotp_oath::Steam;
    /// # use pushotp_types::{SecretRef, UnixTime};
    /// let steam = Steam::new(SecretRef::new(b"12345678901234567890")?);
    /// let shown = |secs| steam.generate(UnixTime::from_secs(secs));
    /// assert_eq!(shown(30).expose(), "PV9M4"); // and for half a minute more
    /// assert_ne!(shown(60).expose(), "PV9M4");
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub fn generate(&self, time: UnixTime) -> SteamCode {
        let [mut rest] = self.key.truncated([Period::THIRTY.step_at(time).get()]);
        let mut text = [0; LEN];
        // The least significant symbol comes first.
        for place in &mut text {
            // A remainder below 26.
            *place = symbol((rest % 26) as u8);
            rest /= 26;
        }
        SteamCode { text }
    }

    /// Whether `typed`, in either case, is the code of a step in the window that was not used.
    ///
    /// ```
    /// # use pushotp_oath::{Steam, Verdict, Window};
    /// # use pushotp_types::{SecretRef, UnixTime};
    /// let steam = Steam::new(SecretRef::new(b"12345678901234567890")?);
    /// let verify = |secs, last| steam.verify("PV9M4", UnixTime::from_secs(secs), Window::ONE, last);
    /// let Verdict::Match(found) = verify(61, None) else { panic!("it is the code of the step before") };
    /// assert_eq!(verify(62, Some(found.step())), Verdict::Replay);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// As [`Totp::verify`](crate::Totp::verify), with its collision rule: there are 11.9 million codes.
    pub fn verify(&self, typed: impl AsRef<[u8]>, now: UnixTime, window: Window, last: Option<Step>) -> Verdict {
        let mut reversed = [0; LEN];
        for (place, byte) in reversed.iter_mut().rev().zip(typed.as_ref()) {
            *place = *byte;
        }
        let same_length = if typed.as_ref().len() == LEN { LEN } else { 0 };
        let typed = typed::value(reversed.split_at(same_length).0, LEN, 26, index);
        let values = |steps| self.key.truncated(steps).map(|value| u64::from(value % 11_881_376));
        scan::verdict(values, typed, (Period::THIRTY.step_at(now).get(), window), last)
    }
}

/// The symbol of a number below 26; all are looked at, whichever it is.
fn symbol(number: u8) -> u8 {
    let mut found = 0;
    for (index, symbol) in (0_u8..).zip(SYMBOLS) {
        found.conditional_assign(symbol, index.ct_eq(&number));
    }
    found
}

/// The number of a symbol of either case, 26 for anything else; all are looked at, whichever it is.
fn index(byte: u8) -> u8 {
    let mut found = NONE;
    for (index, symbol) in (0_u8..).zip(SYMBOLS) {
        // A letter in lower case has one bit more; no digit has another case.
        let lower = symbol | (symbol & 0x40) >> 1;
        found.conditional_assign(&index, symbol.ct_eq(&byte) | lower.ct_eq(&byte));
    }
    found
}

/// A Steam Guard code: erased when dropped, silent in `Debug`.
///
/// ```
/// use pushotp_oath::Steam;
/// use pushotp_types::{SecretRef, UnixTime};
///
/// let code = Steam::new(SecretRef::new(b"12345678901234567890")?).generate(UnixTime::from_secs(59));
/// assert_eq!(code.expose().len(), 5);
/// assert_eq!(format!("{code:?}"), "SteamCode { .. }");
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SteamCode {
    text: [u8; LEN],
}

impl SteamCode {
    /// The code as text: the only way to it.
    ///
    /// ```
    /// # use pushotp_oath::Steam;
    /// # use pushotp_types::{SecretRef, UnixTime};
    /// let code = Steam::new(SecretRef::new(b"12345678901234567890")?).generate(UnixTime::from_secs(59));
    /// assert_eq!(code.expose(), "PV9M4");
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub fn expose(&self) -> &str {
        core::str::from_utf8(&self.text).unwrap_or_default()
    }
}

impl fmt::Debug for SteamCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SteamCode").finish_non_exhaustive()
    }
}
