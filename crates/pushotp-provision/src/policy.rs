/// What is tolerated. Every disputed choice between applications is here and nowhere else.
///
/// | | [`app`](Self::app) | [`server`](Self::server) |
/// |---|---|---|
/// | base32 with separators, padding, spare bits, odd lengths | warning | error |
/// | secret at least | 8 bits | 80 bits |
/// | below 128 bits | warning | warning |
/// | digits | 6 to 10 | 6 to 8 |
/// | HOTP without counter | 0, warning | error |
/// | no account | taken | error |
/// | issuer in the label unlike the parameter | warning | error |
/// | names that deceive when displayed | warning | error |
/// | lower case, unusual spelling of the algorithm, equal repetitions, parameters that are unknown or of another type, white space around | warning | warning |
///
/// ```
/// use pushotp_provision::Policy;
///
/// assert_ne!(Policy::app(), Policy::server());
/// assert_ne!(Policy::server(), Policy::server().min_secret_bits(128));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(crate) strict: bool,
    pub(crate) min_secret_bits: usize,
    pub(crate) max_digits: u8,
}

impl Policy {
    /// For an app that shows what its user scans: it takes what other apps take, and says what was unusual.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, Warning, otpauth};
    /// let uri = "otpauth://totp/alice?secret=gezd-gnbv-gy3t-qojq"; // 80 bits, in groups
    /// let parsed = otpauth::parse(uri, &Policy::app())?;
    /// assert!(parsed.warnings.iter().eq([Warning::LowerCase, Warning::Separators, Warning::WeakSecret]));
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub const fn app() -> Self {
        Self { strict: false, min_secret_bits: 8, max_digits: 10 }
    }

    /// For a server that imports tokens: nothing is guessed.
    ///
    /// ```
    /// # use pushotp_provision::{Error, Policy, otpauth};
    /// let uri = "otpauth://hotp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"; // an app would begin at 0
    /// assert_eq!(otpauth::parse(uri, &Policy::server()), Err(Error::CounterMissing));
    /// ```
    #[must_use]
    pub const fn server() -> Self {
        Self { strict: true, min_secret_bits: 80, max_digits: 8 }
    }

    /// Asks for secrets of at least so many bits; 128 is what RFC 4226 asks for.
    ///
    /// ```
    /// # use pushotp_provision::{Error, Policy, otpauth};
    /// let uri = "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQ"; // 80 bits
    /// assert!(otpauth::parse(uri, &Policy::server()).is_ok());
    /// assert_eq!(otpauth::parse(uri, &Policy::server().min_secret_bits(128)), Err(Error::SecretTooWeak));
    /// ```
    #[must_use]
    pub const fn min_secret_bits(self, bits: usize) -> Self {
        Self { min_secret_bits: bits, ..self }
    }
}
