use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use self::{
    blocklist::{is_trivial, is_trivial_text},
    policy::MAX_LEN,
};
pub use self::{
    configuration::{PinChange, PinChoice, PinConfiguration, PinStyle},
    duress::DuressPin,
    error::{PinError, PolicyError},
    policy::{PinMode, PinPolicy},
};

mod blocklist;
mod characters;
mod configuration;
mod digits;
mod duress;
mod error;
mod policy;
pub mod pskc;

/// The most bytes of a character in UTF-8.
const MAX_CHAR: usize = 4;
/// The bytes in front, which say the mode.
const PREFIX: usize = 2;
/// How many trivial PINs in a row a working generator does not draw: 13 % to the power of this.
const DRAWS: usize = 64;

/// An activation secret of 4 to 16 characters: erased when dropped, silent in `Debug`, neither `Clone` nor comparable.
///
/// Digits of every script count as what they mean, so a PIN may be typed on any keyboard. It never leaves the device.
/// Which digits were typed does not show in the time that a numeric PIN in ASCII takes to read.
///
/// ```
/// use pushotp_pin::{Pin, PinError, PinPolicy};
///
/// let pin = Pin::choose("271846", &PinPolicy::DEFAULT)?;
/// assert_eq!(format!("{pin:?}"), "Pin { .. }");
/// assert_eq!(Pin::choose("123456", &PinPolicy::DEFAULT).unwrap_err(), PinError::Trivial);
/// assert_eq!(Pin::entered("٢٧١٨٤٦")?.expose(), "271846");
/// # Ok::<(), PinError>(())
/// ```
pub struct Pin {
    mode: PinMode,
    /// What Argon2 hashes: two bytes for the mode, then the characters in UTF-8.
    password: Zeroizing<Vec<u8>>,
}

impl Pin {
    /// A new PIN, as the user chooses it: of the policy's mode, long enough, not among the first that anyone would try.
    ///
    /// # Errors
    /// [`PinError`]. A trivial PIN is refused only where the policy has not relaxed that.
    ///
    /// ```
    /// # use pushotp_pin::{Pin, PinError, PinPolicy};
    /// assert_eq!(Pin::choose("2719", &PinPolicy::DEFAULT).unwrap_err(), PinError::TooShort { min: 6 });
    /// ```
    ///
    /// Source: NIST SP 800-63B-4 §3.2.10.
    pub fn choose(text: &str, policy: &PinPolicy) -> Result<Self, PinError> {
        let pin = Self::within(text, policy)?;
        if policy.refuses_trivial() && pin.is_trivial() {
            return Err(PinError::Trivial);
        }
        Ok(pin)
    }

    /// A numeric PIN as it was typed to unlock: 4 to 16 digits, whatever the policy was when it was chosen.
    ///
    /// # Errors
    /// [`PinError::NotADigit`] without a position, [`PinError::TooShort`], [`PinError::TooLong`]. None of them says
    /// that the PIN is wrong: nothing on the device can tell.
    ///
    /// ```
    /// # use pushotp_pin::{Pin, PinError};
    /// assert!(Pin::entered("1111").is_ok());
    /// assert_eq!(Pin::entered("27 18 46").unwrap_err(), PinError::NotADigit);
    /// ```
    pub fn entered(text: &str) -> Result<Self, PinError> {
        Self::entered_as(text, PinMode::Numeric)
    }

    /// A PIN as it was typed to unlock, in the mode in which it was chosen.
    ///
    /// # Errors
    /// As [`entered`](Self::entered); [`PinError::NotACharacter`] in alphanumeric mode.
    ///
    /// ```
    /// # use pushotp_pin::{Pin, PinError, PinMode};
    /// assert_eq!(Pin::entered_as("Blau-7", PinMode::Alphanumeric)?.expose(), "Blau-7");
    /// assert_eq!(Pin::entered_as("Blau\t7", PinMode::Alphanumeric).unwrap_err(), PinError::NotACharacter);
    /// # Ok::<(), PinError>(())
    /// ```
    pub fn entered_as(text: &str, mode: PinMode) -> Result<Self, PinError> {
        Self::within(text, &PinPolicy::ANY.with_mode(mode))
    }

    /// A random PIN, for an organisation that hands them out: as few digits as the policy allows, in either mode.
    ///
    /// # Errors
    /// [`PinError::Trivial`] if a broken generator yields nothing else.
    ///
    /// ```
    /// # use pushotp_pin::{Pin, PinPolicy};
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// let pin = Pin::generate(&PinPolicy::DEFAULT, &mut rng)?;
    /// assert_eq!(pin.expose().len(), 6); // shown once, then dropped
    /// # Ok::<(), pushotp_pin::PinError>(())
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(policy: &PinPolicy, rng: &mut R) -> Result<Self, PinError> {
        for _ in 0..DRAWS {
            let mut password = Self::buffer(policy.mode());
            // The remainder prefers no digit by more than one part in 10^18.
            let digits = core::iter::repeat_with(|| b'0' | u8::try_from(rng.next_u64() % 10).unwrap_or(0));
            password.extend(digits.take(policy.min()));
            let pin = Self { mode: policy.mode(), password };
            if !(policy.refuses_trivial() && pin.is_trivial()) {
                return Ok(pin);
            }
        }
        Err(PinError::Trivial)
    }

    fn within(text: &str, policy: &PinPolicy) -> Result<Self, PinError> {
        let (mode, min, max) = (policy.mode(), policy.min(), policy.max());
        let mut password = Self::buffer(mode);
        let len = match mode {
            PinMode::Numeric => digits::read(text, &mut password)?,
            PinMode::Alphanumeric => characters::read(text, &mut password)?,
        };
        match len {
            len if len < min => Err(PinError::TooShort { min }),
            len if len > max => Err(PinError::TooLong { max }),
            _ => Ok(Self { mode, password }),
        }
    }

    /// Full size from the start: a buffer that grew would leave characters behind.
    fn buffer(mode: PinMode) -> Zeroizing<Vec<u8>> {
        let mut password = Zeroizing::new(Vec::with_capacity(PREFIX + MAX_LEN * MAX_CHAR));
        password.extend_from_slice(match mode {
            PinMode::Numeric => b"n:",
            PinMode::Alphanumeric => b"a:",
        });
        password
    }

    fn is_trivial(&self) -> bool {
        match self.mode {
            PinMode::Numeric => is_trivial(self.expose().as_bytes()),
            PinMode::Alphanumeric => is_trivial_text(self.expose()),
        }
    }

    /// Whether it consists of digits or of any characters.
    ///
    /// ```
    /// # use pushotp_pin::{Pin, PinMode};
    /// assert_eq!(Pin::entered("271846")?.mode(), PinMode::Numeric);
    /// # Ok::<(), pushotp_pin::PinError>(())
    /// ```
    #[must_use]
    pub const fn mode(&self) -> PinMode {
        self.mode
    }

    /// The PIN itself, as it is hashed: to show a generated one to its user, and for nothing else.
    ///
    /// ```
    /// # use pushotp_pin::Pin;
    /// assert_eq!(Pin::entered("２７18")?.expose(), "2718");
    /// # Ok::<(), pushotp_pin::PinError>(())
    /// ```
    #[must_use]
    pub fn expose(&self) -> &str {
        // Always UTF-8: it was read from a text, character by character.
        self.password.get(PREFIX..).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// What Argon2 hashes: the mode and the characters.
    pub(crate) fn password(&self) -> &[u8] {
        &self.password
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pin").finish_non_exhaustive()
    }
}
