use super::{
    PinMode, PinPolicy, PolicyError,
    policy::{MAX_LEN, MIN_LEN},
    pskc::{self, PskcError},
};
use crate::MAX_ATTEMPTS;

/// The shortest PIN that an organisation may have handed out before; a new one has four characters.
const MIN_IMPORTED: u32 = 3;

/// What a token's PIN does.
///
/// ```
/// use pushotp_pin::{PinConfiguration, PinStyle};
///
/// let configuration = PinConfiguration { style: PinStyle::None, ..PinConfiguration::DEFAULT };
/// assert_eq!(configuration.policy(), Ok(None)); // no PIN prompt
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PinStyle {
    /// There is none.
    None,
    /// It unlocks the token's secret on the device and never leaves it: what this crate is about.
    #[default]
    Activation,
    /// It is typed in front of the passcode, and the server checks it.
    ServerPrepended,
    /// It is typed behind the passcode, and the server checks it.
    ServerAppended,
    /// It goes into the passcode's computation, so the server knows it.
    Algorithmic,
}

/// Where a token's first PIN comes from.
///
/// ```
/// use pushotp_pin::{Pin, PinChoice, PinConfiguration};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let configuration = PinConfiguration { choice: PinChoice::Random, ..PinConfiguration::DEFAULT };
/// if let (PinChoice::Random, Some(policy)) = (configuration.choice, configuration.policy()?) {
///     assert_eq!(Pin::generate(&policy, &mut rng)?.expose().len(), 6);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PinChoice {
    /// The user chooses it.
    #[default]
    User,
    /// The organisation says what it is.
    Issued,
    /// It is drawn at random and shown to the user.
    Random,
}

/// Whether a token's PIN may become another.
///
/// Under activation, another PIN needs another secret from the server: a rotation.
///
/// ```
/// use pushotp_pin::{PinChange, PinConfiguration};
///
/// assert_eq!(PinConfiguration::DEFAULT.change, PinChange::Allowed);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PinChange {
    /// Never: it is fixed.
    Fixed,
    /// Whenever the user wants.
    #[default]
    Allowed,
    /// The user has to change it when it is used for the first time, and may later.
    AtFirstUse,
}

/// How an organisation has the PIN of its tokens configured: plain data, as it stands in a form or a file.
///
/// [`policy`](Self::policy) says what that means for a new PIN.
///
/// ```
/// use pushotp_pin::{Pin, PinConfiguration, PinError, PinMode};
///
/// let configuration = PinConfiguration { min: 4, max: 8, trivial: true, ..PinConfiguration::DEFAULT };
/// let policy = configuration.policy()?.ok_or("no PIN")?;
/// assert!(Pin::choose("1234", &policy).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PinConfiguration {
    /// What it does.
    pub style: PinStyle,
    /// Where it comes from.
    pub choice: PinChoice,
    /// Whether it may change.
    pub change: PinChange,
    /// Of what it consists.
    pub mode: PinMode,
    /// The fewest characters, 3 to 16.
    pub min: u32,
    /// The most characters, 3 to 16.
    pub max: u32,
    /// How many wrong ones in a row disable the token; [`attempts`](Self::attempts) says what holds.
    pub attempts: u32,
    /// Whether PINs that are tried first are allowed.
    pub trivial: bool,
}

impl PinConfiguration {
    /// A PIN of 6 to 16 digits that activates the token, which the user chooses and may change; ten attempts.
    ///
    /// ```
    /// # use pushotp_pin::{PinConfiguration, PinPolicy};
    /// assert_eq!(PinConfiguration::DEFAULT.policy(), Ok(Some(PinPolicy::DEFAULT)));
    /// ```
    pub const DEFAULT: Self = Self {
        style: PinStyle::Activation,
        choice: PinChoice::User,
        change: PinChange::Allowed,
        mode: PinMode::Numeric,
        min: 6,
        max: 16,
        attempts: MAX_ATTEMPTS as u32,
        trivial: false,
    };

    /// What a new PIN must be; `None` if there is no PIN.
    ///
    /// Three characters, which old tokens allow, become four.
    ///
    /// # Errors
    /// [`PolicyError`] if nothing of 4 to 16 characters is allowed.
    ///
    /// ```
    /// # use pushotp_pin::{PinConfiguration, PolicyError};
    /// let old = |max| PinConfiguration { min: 3, max, ..PinConfiguration::DEFAULT };
    /// assert_eq!(old(8).policy()?.map(|policy| policy.min()), Some(4));
    /// assert_eq!(old(3).policy(), Err(PolicyError));
    /// # Ok::<(), PolicyError>(())
    /// ```
    ///
    /// Source: NIST SP 800-63B-4 §3.2.10.
    pub fn policy(&self) -> Result<Option<PinPolicy>, PolicyError> {
        if self.style == PinStyle::None {
            return Ok(None);
        }
        let (min, max) = (usize::try_from(self.min), usize::try_from(self.max));
        let (min, max) = (min.map_err(|_| PolicyError)?, max.map_err(|_| PolicyError)?);
        let policy = PinPolicy::new(min.max(MIN_LEN), max)?.with_mode(self.mode);
        Ok(Some(if self.trivial { policy.danger_allow_trivial() } else { policy }))
    }

    /// How many wrong ones in a row disable the token: as configured, but at least one and at most ten.
    ///
    /// ```
    /// # use pushotp_pin::PinConfiguration;
    /// let lenient = PinConfiguration { attempts: 100, ..PinConfiguration::DEFAULT };
    /// assert_eq!(lenient.attempts(), 10);
    /// ```
    ///
    /// Source: NIST SP 800-63B-4 §3.2.10.
    #[must_use]
    pub fn attempts(&self) -> u8 {
        u8::try_from(self.attempts).unwrap_or(MAX_ATTEMPTS).clamp(1, MAX_ATTEMPTS)
    }

    /// What a key container says about the PIN of a key; without a policy there is none.
    ///
    /// What RFC 6030 has no word for is as in [`DEFAULT`](Self::DEFAULT); a PIN whose value is another key of the
    /// container is issued.
    ///
    /// # Errors
    /// [`PskcError`] for what cannot be kept: a key under a policy that is not understood must not be used.
    ///
    /// ```
    /// # use pushotp_pin::{PinConfiguration, PinStyle, pskc};
    /// let policy = pskc::PinPolicy {
    ///     pin_usage_mode: Some(pskc::PinUsageMode::Append),
    ///     min_length: Some(4),
    ///     max_length: Some(4),
    ///     ..pskc::PinPolicy::default()
    /// };
    /// assert_eq!(PinConfiguration::from_pskc(Some(&policy))?.style, PinStyle::ServerAppended);
    /// # Ok::<(), pskc::PskcError>(())
    /// ```
    ///
    /// Source: RFC 6030 §5.
    pub fn from_pskc(policy: Option<&pskc::PinPolicy>) -> Result<Self, PskcError> {
        let Some(policy) = policy else { return Ok(Self { style: PinStyle::None, ..Self::DEFAULT }) };
        let style = match policy.pin_usage_mode.ok_or(PskcError::UsageMode)? {
            pskc::PinUsageMode::Local => PinStyle::Activation,
            pskc::PinUsageMode::Prepend => PinStyle::ServerPrepended,
            pskc::PinUsageMode::Append => PinStyle::ServerAppended,
            pskc::PinUsageMode::Algorithmic => PinStyle::Algorithmic,
        };
        let mode = match policy.pin_encoding {
            None | Some(pskc::ValueFormat::Decimal) => PinMode::Numeric,
            Some(pskc::ValueFormat::Alphanumeric) => PinMode::Alphanumeric,
            Some(_) => return Err(PskcError::Encoding),
        };
        let most = MAX_LEN.try_into().unwrap_or(u32::MAX);
        let max = policy.max_length.unwrap_or(most);
        let min = policy.min_length.unwrap_or(Self::DEFAULT.min.min(max));
        if min < MIN_IMPORTED || min > max || max > most {
            return Err(PskcError::Length);
        }
        let attempts = policy.max_failed_attempts.unwrap_or(Self::DEFAULT.attempts);
        if attempts == 0 {
            return Err(PskcError::Attempts);
        }
        let choice = if policy.pin_key_id.is_some() { PinChoice::Issued } else { PinChoice::User };
        Ok(Self { style, choice, mode, min, max, attempts, ..Self::DEFAULT })
    }

    /// What a key container has to say about the PIN of a key; `None` if there is no PIN.
    ///
    /// Which key of the container is the PIN, the caller adds. RFC 6030 has no word for random PINs, for changing a PIN
    /// and for trivial ones.
    ///
    /// ```
    /// # use pushotp_pin::{PinConfiguration, pskc};
    /// let policy = PinConfiguration::DEFAULT.to_pskc().ok_or("no PIN")?;
    /// assert_eq!(policy.pin_usage_mode, Some(pskc::PinUsageMode::Local));
    /// assert_eq!(PinConfiguration::from_pskc(Some(&policy))?, PinConfiguration::DEFAULT);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Source: RFC 6030 §5.
    #[must_use]
    pub fn to_pskc(&self) -> Option<pskc::PinPolicy> {
        let usage = match self.style {
            PinStyle::None => return None,
            PinStyle::Activation => pskc::PinUsageMode::Local,
            PinStyle::ServerPrepended => pskc::PinUsageMode::Prepend,
            PinStyle::ServerAppended => pskc::PinUsageMode::Append,
            PinStyle::Algorithmic => pskc::PinUsageMode::Algorithmic,
        };
        let encoding = match self.mode {
            PinMode::Numeric => pskc::ValueFormat::Decimal,
            PinMode::Alphanumeric => pskc::ValueFormat::Alphanumeric,
        };
        Some(pskc::PinPolicy {
            pin_key_id: None,
            pin_usage_mode: Some(usage),
            max_failed_attempts: Some(self.attempts),
            min_length: Some(self.min),
            max_length: Some(self.max),
            pin_encoding: Some(encoding),
        })
    }
}

impl Default for PinConfiguration {
    fn default() -> Self {
        Self::DEFAULT
    }
}
