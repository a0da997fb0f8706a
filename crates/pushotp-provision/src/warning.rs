use alloc::vec::Vec;

/// A deviation that was tolerated.
///
/// ```
/// use pushotp_provision::Warning;
///
/// assert_eq!(Warning::WeakSecret.to_string(), "the secret is weaker than 128 bits");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// Base32 in lower case.
    #[error("the secret is in lower case")]
    LowerCase,
    /// Base32 with spaces or hyphens in it.
    #[error("the secret has spaces or hyphens in it")]
    Separators,
    /// Base32 with padding.
    #[error("the secret has padding")]
    Padding,
    /// A number of symbols that no encoder makes; the last one was dropped.
    #[error("the secret has a length that base32 does not have")]
    SecretLength,
    /// The last symbol has bits that no encoder sets; they were dropped.
    #[error("the secret has spare bits set")]
    SpareBits,
    /// Fewer than 128 bits, which RFC 4226 asks for.
    #[error("the secret is weaker than 128 bits")]
    WeakSecret,
    /// HOTP without a counter; it starts at 0.
    #[error("the counter is missing")]
    CounterMissing,
    /// The issuer before the account is not the one in the parameter; both are kept.
    #[error("the label names another issuer than the parameter")]
    IssuerMismatch,
    /// The algorithm is not spelled as the format has it.
    #[error("the algorithm is spelled unusually")]
    AlgorithmSpelling,
    /// A parameter stands there more than once with the same value.
    #[error("a parameter stands there twice")]
    Repeated,
    /// A parameter that means nothing for this kind of token was left out.
    #[error("a parameter does not belong to this kind of token")]
    Unused,
    /// A parameter or field that this crate does not know; it is kept as an [extra](crate::Credential::extra).
    #[error("a parameter is not known")]
    UnknownParameter,
    /// More digits than a phone displays, of which the tenth has three values only.
    #[error("a code of 9 or 10 digits")]
    ManyDigits,
    /// A name has characters that would deceive when displayed.
    #[error("a name has characters that are not displayed")]
    Undisplayable,
    /// A bare secret that is base32 and hexadecimal as well; it was read as base32.
    #[error("the secret is base32 and hexadecimal as well")]
    AmbiguousAlphabet,
    /// A typed secret with look-alikes of base32, such as 0 for O; they were replaced.
    #[error("the secret had characters that look like others, which were replaced")]
    LookAlikes,
    /// Fewer or more digits or another period than the kind of token has; they were ignored.
    #[error("digits or period are not those of the kind of token and were ignored")]
    FixedCodes,
    /// The kind was concluded from the issuer, as the policy permits.
    #[error("the kind of token was concluded from the issuer")]
    KindByIssuer,
    /// The format says nothing about the kind, and a default was taken.
    #[error("the kind of token was not given")]
    KindAssumed,
    /// The hash function was concluded from the length of the key, or taken as SHA-1 where that is in doubt.
    #[error("the hash function was not given")]
    AlgorithmAssumed,
    /// The format says nothing about the digits, and 6 were taken.
    #[error("the number of digits was not given")]
    DigitsAssumed,
    /// The format does not say where a clock counts its steps from, and 1970 was taken.
    #[error("where the steps are counted from was not given")]
    EpochAssumed,
    /// A hexadecimal secret with an odd number of digits; a zero was put in front.
    #[error("the secret has an odd number of hexadecimal digits")]
    OddHex,
    /// More than a day per step.
    #[error("a period of more than a day")]
    LongPeriod,
    /// The server asks not to verify TLS certificates. That must not be obeyed.
    #[error("the server asks not to verify certificates")]
    NoTlsVerification,
    /// A URL without TLS, which must not be called.
    #[error("a URL without TLS")]
    NoTls,
    /// The PIN that belongs to the key is not in the text.
    #[error("the PIN is missing")]
    PinMissing,
    /// A signature is there and was not verified.
    #[error("there is a signature, which was not verified")]
    SignatureNotVerified,
    /// Encrypted without a MAC: whoever had the file may have changed it.
    #[error("the encrypted value has no MAC")]
    MacMissing,
    /// A key derivation that is quick to guess.
    #[error("the key derivation is weak")]
    WeakKdf,
    /// Another record has the same serial number or identity.
    #[error("another record has the same serial number")]
    DuplicateSerial,
    /// The export has more QR codes than were scanned.
    #[error("the export has more QR codes")]
    CodesMissing,
    /// White space around the text.
    #[error("white space around the text")]
    Trimmed,
}

/// What was tolerated, each kind once, in a fixed order.
///
/// ```
/// use pushotp_provision::{Policy, Warning, otpauth};
///
/// let uri = " otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/// let warnings = otpauth::parse(uri, &Policy::app())?.warnings;
/// assert!(!warnings.is_empty() && warnings.contains(Warning::Trimmed));
/// assert!(warnings.iter().eq([Warning::Trimmed]));
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings(Vec<Warning>);

impl Warnings {
    pub(crate) fn add(&mut self, warning: Warning) {
        if let Err(place) = self.0.binary_search(&warning) {
            self.0.insert(place, warning);
        }
    }

    /// Whether nothing was tolerated.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, otpauth};
    /// let is_clean = |uri| otpauth::parse(uri, &Policy::app()).map(|parsed| parsed.warnings.is_empty());
    /// assert!(is_clean("otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")?);
    /// assert!(!is_clean("otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&image=x")?);
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this was.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, Warning, otpauth};
    /// let parsed = otpauth::parse("otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQ", &Policy::app())?;
    /// assert!(parsed.warnings.contains(Warning::WeakSecret)); // ask the provider for a longer one
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub fn contains(&self, warning: Warning) -> bool {
        self.0.binary_search(&warning).is_ok()
    }

    /// One after the other.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, otpauth};
    /// let parsed = otpauth::parse("otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQ&image=x", &Policy::app())?;
    /// let lines: Vec<String> = parsed.warnings.iter().map(|warning| warning.to_string()).collect();
    /// assert_eq!(lines, ["the secret is weaker than 128 bits", "a parameter is not known"]);
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = Warning> + '_ {
        self.0.iter().copied()
    }
}
