//! What a key container says about PINs: the `PINPolicy` of RFC 6030, with its names, as plain data without XML.

use alloc::string::String;

/// `PINPolicy`: the policy about the PIN of a key. Each attribute may be absent.
///
/// ```
/// use pushotp_pin::{PinConfiguration, pskc::{PinPolicy, PinUsageMode, ValueFormat}};
///
/// let policy = PinPolicy {
///     pin_usage_mode: PinUsageMode::from_name("Local"),
///     max_failed_attempts: Some(8),
///     min_length: Some(4),
///     max_length: Some(4),
///     pin_encoding: ValueFormat::from_name("DECIMAL"),
///     ..PinPolicy::default()
/// };
/// assert_eq!(PinConfiguration::from_pskc(Some(&policy))?.attempts(), 8);
/// # Ok::<(), pushotp_pin::pskc::PskcError>(())
/// ```
///
/// Source: RFC 6030 §5, §11.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PinPolicy {
    /// `PINKeyId`: the key of the container whose value is the PIN.
    pub pin_key_id: Option<String>,
    /// `PINUsageMode`: how the PIN is used together with the key.
    pub pin_usage_mode: Option<PinUsageMode>,
    /// `MaxFailedAttempts`: how many wrong PINs end the use of the key.
    pub max_failed_attempts: Option<u32>,
    /// `MinLength`: the fewest characters.
    pub min_length: Option<u32>,
    /// `MaxLength`: the most characters.
    pub max_length: Option<u32>,
    /// `PINEncoding`: of what the PIN consists.
    pub pin_encoding: Option<ValueFormat>,
}

/// `PINUsageMode`: how a PIN is used together with a key.
///
/// ```
/// use pushotp_pin::pskc::PinUsageMode;
///
/// assert_eq!(PinUsageMode::from_name("Append"), Some(PinUsageMode::Append));
/// assert_eq!(PinUsageMode::from_name("append"), None);
/// ```
///
/// Source: RFC 6030 §5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PinUsageMode {
    /// On the device, before the key is used.
    Local,
    /// In front of the response; who validates that checks it.
    Prepend,
    /// Behind the response; who validates that checks it.
    Append,
    /// Within the computation of the response.
    Algorithmic,
}

impl PinUsageMode {
    const ALL: [Self; 4] = [Self::Local, Self::Prepend, Self::Append, Self::Algorithmic];

    /// The name that the attribute has in XML.
    ///
    /// ```
    /// # use pushotp_pin::pskc::PinUsageMode;
    /// assert_eq!(PinUsageMode::Local.name(), "Local");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "Local",
            Self::Prepend => "Prepend",
            Self::Append => "Append",
            Self::Algorithmic => "Algorithmic",
        }
    }

    /// The mode of a name; `None` for one that the RFC does not have.
    ///
    /// ```
    /// # use pushotp_pin::pskc::PinUsageMode;
    /// assert_eq!(PinUsageMode::from_name("Remote"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// `ValueFormatType`: of what a value consists.
///
/// ```
/// use pushotp_pin::pskc::ValueFormat;
///
/// assert_eq!(ValueFormat::from_name("DECIMAL"), Some(ValueFormat::Decimal));
/// ```
///
/// Source: RFC 6030 §4.3.4, §11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueFormat {
    /// Decimal digits.
    Decimal,
    /// Hexadecimal digits.
    Hexadecimal,
    /// Letters and digits.
    Alphanumeric,
    /// Bytes in base 64.
    Base64,
    /// Bytes.
    Binary,
}

impl ValueFormat {
    const ALL: [Self; 5] = [Self::Decimal, Self::Hexadecimal, Self::Alphanumeric, Self::Base64, Self::Binary];

    /// The name that the attribute has in XML.
    ///
    /// ```
    /// # use pushotp_pin::pskc::ValueFormat;
    /// assert_eq!(ValueFormat::Alphanumeric.name(), "ALPHANUMERIC");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decimal => "DECIMAL",
            Self::Hexadecimal => "HEXADECIMAL",
            Self::Alphanumeric => "ALPHANUMERIC",
            Self::Base64 => "BASE64",
            Self::Binary => "BINARY",
        }
    }

    /// The format of a name; `None` for one that the RFC does not have.
    ///
    /// ```
    /// # use pushotp_pin::pskc::ValueFormat;
    /// assert_eq!(ValueFormat::from_name("OCTAL"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// What of a `PINPolicy` cannot be kept.
///
/// ```
/// # use pushotp_pin::{PinConfiguration, pskc::{PinPolicy, PskcError}};
/// assert_eq!(PinConfiguration::from_pskc(Some(&PinPolicy::default())), Err(PskcError::UsageMode));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PskcError {
    /// It does not say how the PIN is used.
    #[error("PINUsageMode is missing")]
    UsageMode,
    /// A PIN that is not typed as digits or text.
    #[error("PINEncoding is neither DECIMAL nor ALPHANUMERIC")]
    Encoding,
    /// No length, or one outside 3 to 16.
    #[error("MinLength and MaxLength are not within 3 to 16")]
    Length,
    /// The first use would end the use of the key.
    #[error("MaxFailedAttempts is 0")]
    Attempts,
}
