use alloc::string::String;
use core::fmt;

use pushotp_types::{Digits, HashAlgorithm, Secret};

use crate::Warnings;

/// A token as any provisioning format describes it.
///
/// ```
/// use pushotp_provision::{Credential, Kind};
/// use pushotp_types::{Digits, HashAlgorithm, Secret};
///
/// let secret = Secret::new(b"12345678901234567890")?;
/// let credential = Credential::new(Kind::Totp { period: 30 }, "alice", secret).with_issuer("Example");
/// assert_eq!((credential.display_issuer(), credential.account()), (Some("Example"), "alice"));
/// assert_eq!((credential.algorithm(), credential.digits()), (HashAlgorithm::Sha1, Digits::SIX));
/// let credential = credential.with_codes(HashAlgorithm::Sha256, Digits::EIGHT);
/// assert_eq!((credential.algorithm(), credential.digits().get()), (HashAlgorithm::Sha256, 8));
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
pub struct Credential {
    pub(crate) kind: Kind,
    pub(crate) secret: Secret,
    pub(crate) algorithm: HashAlgorithm,
    pub(crate) digits: Digits,
    pub(crate) issuer: Option<String>,
    pub(crate) label_issuer: Option<String>,
    pub(crate) account: String,
}

/// A credential, and what was tolerated in reading it.
///
/// ```
/// use pushotp_provision::{Policy, otpauth};
///
/// let uri = "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example";
/// let parsed = otpauth::parse(uri, &Policy::server())?;
/// assert_eq!((parsed.credential.issuer(), parsed.credential.account()), (Some("Example"), "alice"));
/// assert!(parsed.warnings.is_empty());
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Parsed {
    /// The token.
    pub credential: Credential,
    /// What was unusual.
    pub warnings: Warnings,
}

/// What moves the codes of a token on.
///
/// ```
/// use pushotp_provision::{Kind, Policy, otpauth};
///
/// let uri = "otpauth://hotp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=7";
/// assert_eq!(otpauth::parse(uri, &Policy::server())?.credential.kind(), Kind::Hotp { counter: 7 });
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A counter, RFC 4226.
    Hotp {
        /// The counter of the next code.
        counter: u64,
    },
    /// The time, RFC 6238.
    Totp {
        /// Seconds per step, at least 1.
        period: u32,
    },
}

impl Credential {
    /// A token with SHA-1 and 6 digits, as most are.
    ///
    /// ```
    /// # use pushotp_provision::{Credential, Kind};
    /// # use pushotp_types::{Digits, HashAlgorithm, Secret};
    /// let credential = Credential::new(Kind::Hotp { counter: 0 }, "alice", Secret::new(b"12345678901234567890")?);
    /// assert_eq!((credential.algorithm(), credential.digits()), (HashAlgorithm::Sha1, Digits::SIX));
    /// assert_eq!(credential.display_issuer(), None);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub fn new(kind: Kind, account: impl Into<String>, secret: Secret) -> Self {
        let (algorithm, digits) = (HashAlgorithm::Sha1, Digits::SIX);
        Self { kind, secret, algorithm, digits, issuer: None, label_issuer: None, account: account.into() }
    }

    /// The same with an issuer, in the label and as a parameter.
    ///
    /// ```
    /// # use pushotp_provision::{Credential, Kind, otpauth};
    /// # use pushotp_types::Secret;
    /// let credential = Credential::new(Kind::Totp { period: 30 }, "alice", Secret::new(b"12345678901234567890")?);
    /// let uri = otpauth::write(&credential.with_issuer("Example"))?;
    /// assert!(uri.starts_with("otpauth://totp/Example:alice?") && uri.ends_with("&issuer=Example"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        self.label_issuer = Some(issuer.clone());
        self.issuer = Some(issuer);
        self
    }

    /// The same with a hash function and a number of digits.
    ///
    /// ```
    /// # use pushotp_provision::{Credential, Kind, otpauth};
    /// # use pushotp_types::{Digits, HashAlgorithm, Secret};
    /// let credential = Credential::new(Kind::Totp { period: 30 }, "alice", Secret::new(b"12345678901234567890")?);
    /// let uri = otpauth::write(&credential.with_codes(HashAlgorithm::Sha256, Digits::EIGHT))?;
    /// assert!(uri.contains("&algorithm=SHA256") && uri.contains("&digits=8"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn with_codes(mut self, algorithm: HashAlgorithm, digits: Digits) -> Self {
        self.algorithm = algorithm;
        self.digits = digits;
        self
    }

    /// What moves the codes on.
    ///
    /// ```
    /// # use pushotp_provision::{Kind, Policy, otpauth};
    /// let uri = "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=60";
    /// assert_eq!(otpauth::parse(uri, &Policy::server())?.credential.kind(), Kind::Totp { period: 60 });
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The secret.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, otpauth};
    /// let uri = "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    /// let credential = otpauth::parse(uri, &Policy::server())?.credential;
    /// assert_eq!(credential.secret().expose(), b"12345678901234567890"); // for a key
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The hash function.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, otpauth};
    /// # use pushotp_types::HashAlgorithm;
    /// let uri = "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA512";
    /// assert_eq!(otpauth::parse(uri, &Policy::server())?.credential.algorithm(), HashAlgorithm::Sha512);
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub const fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// The digits of a code.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, otpauth};
    /// # use pushotp_types::Digits;
    /// let uri = "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=8";
    /// assert_eq!(otpauth::parse(uri, &Policy::server())?.credential.digits(), Digits::EIGHT);
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub const fn digits(&self) -> Digits {
        self.digits
    }

    /// The issuer in the parameter.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, otpauth};
    /// let uri = "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    /// assert_eq!(otpauth::parse(uri, &Policy::server())?.credential.issuer(), None); // only the label has one
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The issuer in front of the account: with some providers another one.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, otpauth};
    /// let uri = "otpauth://totp/Shop:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bank";
    /// let credential = otpauth::parse(uri, &Policy::app())?.credential;
    /// assert_eq!((credential.label_issuer(), credential.issuer()), (Some("Shop"), Some("Bank")));
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub fn label_issuer(&self) -> Option<&str> {
        self.label_issuer.as_deref()
    }

    /// The issuer to display: the parameter, else the label's.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, otpauth};
    /// let issuer = |rest| {
    ///     let uri = format!("otpauth://totp/Shop:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ{rest}");
    ///     otpauth::parse(&uri, &Policy::app()).map(|parsed| parsed.credential.display_issuer().map(str::to_owned))
    /// };
    /// assert_eq!((issuer("")?.as_deref(), issuer("&issuer=Bank")?.as_deref()), (Some("Shop"), Some("Bank")));
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub fn display_issuer(&self) -> Option<&str> {
        self.issuer().or(self.label_issuer())
    }

    /// The account, as it was written; see [`display`] before showing it.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, display, otpauth};
    /// let uri = "otpauth://totp/%E2%80%AEmoc.liam?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    /// let credential = otpauth::parse(uri, &Policy::app())?.credential;
    /// assert_eq!(display(credential.account()), "\\u{202e}moc.liam"); // else it would read mail.com
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }
}

/// Two credentials are equal if all is equal, the secrets compared in constant time.
impl PartialEq for Credential {
    fn eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        let secret: bool = self.secret.expose().ct_eq(other.secret.expose()).into();
        secret
            && (self.kind, self.algorithm, self.digits) == (other.kind, other.algorithm, other.digits)
            && (&self.issuer, &self.label_issuer, &self.account) == (&other.issuer, &other.label_issuer, &other.account)
    }
}

impl Eq for Credential {}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("kind", &self.kind)
            .field("issuer", &self.display_issuer().map(display))
            .field("account", &display(&self.account))
            .finish_non_exhaustive()
    }
}

/// A name with each character escaped that a screen would hide or obey: controls, bidirectional marks, zero widths.
///
/// ```
/// assert_eq!(pushotp_provision::display("a\u{202e}b"), "a\\u{202e}b");
/// ```
#[must_use]
pub fn display(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for character in name.chars() {
        if deceives(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

pub(crate) fn deceives(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
