use alloc::{string::String, vec::Vec};
use core::fmt;

use pushotp_types::{Digits, HashAlgorithm, Secret};
use subtle::{Choice, ConstantTimeEq};

use crate::{Kind, display};

/// A token as any provisioning format describes it.
///
/// ```
/// use pushotp_provision::{Credential, Kind};
/// use pushotp_types::{Digits, HashAlgorithm, Secret};
///
/// let secret = Secret::new(b"12345678901234567890")?;
/// let credential = Credential::new(Kind::totp(30), "alice", secret).with_issuer("Example");
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
    pub(crate) serial: Option<String>,
    pub(crate) pin: Option<Secret>,
    pub(crate) private_id: Option<Secret>,
    pub(crate) extra: Vec<(String, String)>,
}

/// The length of a Steam code.
const FIVE: Digits = match Digits::danger_short(5) {
    Ok(digits) => digits,
    Err(_) => Digits::SIX,
};

impl Credential {
    /// A token with SHA-1 and 6 digits, as most are; Steam has 5 characters, Yandex SHA-256 and 8 letters.
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
        let (algorithm, digits) = match kind {
            Kind::Steam => (HashAlgorithm::Sha1, FIVE),
            Kind::Yandex { .. } => (HashAlgorithm::Sha256, Digits::EIGHT),
            _ => (HashAlgorithm::Sha1, Digits::SIX),
        };
        let (issuer, label_issuer, serial, account) = (None, None, None, account.into());
        let (pin, private_id, extra) = (None, None, Vec::new());
        Self { kind, secret, algorithm, digits, issuer, label_issuer, account, serial, pin, private_id, extra }
    }

    /// The same with an issuer, in the label and as a parameter.
    ///
    /// ```
    /// # use pushotp_provision::{Credential, Kind, otpauth};
    /// # use pushotp_types::Secret;
    /// let credential = Credential::new(Kind::totp(30), "alice", Secret::new(b"12345678901234567890")?);
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
    /// let credential = Credential::new(Kind::totp(30), "alice", Secret::new(b"12345678901234567890")?);
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

    /// The same with the issuer as a parameter, and another or none in front of the account.
    ///
    /// ```
    /// # use pushotp_provision::{Credential, Kind};
    /// # use pushotp_types::Secret;
    /// let credential = Credential::new(Kind::totp(30), "alice", Secret::new(b"12345678901234567890")?);
    /// let credential = credential.with_issuers(Some("example.com".into()), Some("Example".into()));
    /// assert_eq!((credential.issuer(), credential.label_issuer()), (Some("example.com"), Some("Example")));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub fn with_issuers(mut self, issuer: Option<String>, label_issuer: Option<String>) -> Self {
        self.issuer = issuer;
        self.label_issuer = label_issuer;
        self
    }

    /// The same with the serial number of the hardware.
    ///
    /// ```
    /// # use pushotp_provision::{Credential, Kind};
    /// # use pushotp_types::Secret;
    /// let credential = Credential::new(Kind::totp(30), "", Secret::new(b"12345678901234567890")?);
    /// assert_eq!(credential.with_serial("OATH0001").serial(), Some("OATH0001"));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub fn with_serial(mut self, serial: impl Into<String>) -> Self {
        self.serial = Some(serial.into());
        self
    }

    /// The same with a PIN: for Mobile-OTP and Yandex a part of the key, otherwise what is typed before a code.
    ///
    /// ```
    /// # use pushotp_provision::{Credential, Kind};
    /// # use pushotp_types::Secret;
    /// let credential = Credential::new(Kind::Motp, "alice", Secret::new(b"12345678901234567890")?);
    /// let credential = credential.with_pin(Secret::danger_import_weak(b"1234")?);
    /// assert_eq!(credential.pin().map(Secret::expose), Some(b"1234".as_slice()));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub fn with_pin(mut self, pin: Secret) -> Self {
        self.pin = Some(pin);
        self
    }

    /// The same with the private identity of a Yubico OTP, 6 bytes.
    ///
    /// ```
    /// # use pushotp_provision::{Credential, Kind};
    /// # use pushotp_types::Secret;
    /// let credential = Credential::new(Kind::YubikeyOtp { public_id: None }, "", Secret::new(&[7; 16])?);
    /// let credential = credential.with_private_id(Secret::danger_import_weak(&[1, 2, 3, 4, 5, 6])?);
    /// assert_eq!(credential.private_id().map(Secret::expose), Some(&[1, 2, 3, 4, 5, 6][..]));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub fn with_private_id(mut self, private_id: Secret) -> Self {
        self.private_id = Some(private_id);
        self
    }

    /// The same with one more thing that its format said and that has no place of its own.
    ///
    /// ```
    /// # use pushotp_provision::{Credential, Kind};
    /// # use pushotp_types::Secret;
    /// let credential = Credential::new(Kind::totp(30), "alice", Secret::new(b"12345678901234567890")?);
    /// let credential = credential.with_extra("manufacturer", "Acme");
    /// assert!(credential.extra().eq([("manufacturer", "Acme")]));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    /// What the token computes, and what moves it on.
    ///
    /// ```
    /// # use pushotp_provision::{Kind, Policy, otpauth};
    /// let uri = "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=60";
    /// assert_eq!(otpauth::parse(uri, &Policy::server())?.credential.kind(), &Kind::totp(60));
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.kind
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

    /// The serial number of the hardware, or the name that a server gave the token.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, otpauth};
    /// let uri = "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&serial=OATH0001";
    /// assert_eq!(otpauth::parse(uri, &Policy::app())?.credential.serial(), Some("OATH0001"));
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub fn serial(&self) -> Option<&str> {
        self.serial.as_deref()
    }

    /// The PIN: for Mobile-OTP and Yandex a part of the key, otherwise what is typed before a code.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, otpauth};
    /// let uri = "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    /// assert!(otpauth::parse(uri, &Policy::server())?.credential.pin().is_none());
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub const fn pin(&self) -> Option<&Secret> {
        self.pin.as_ref()
    }

    /// The private identity of a Yubico OTP.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, otpauth};
    /// let uri = "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    /// assert!(otpauth::parse(uri, &Policy::server())?.credential.private_id().is_none());
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub const fn private_id(&self) -> Option<&Secret> {
        self.private_id.as_ref()
    }

    /// Names and values that have no place of their own, in their order. Nothing is fetched, no value obeyed.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, otpauth};
    /// let uri = "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&image=https%3A%2F%2Fexample.com";
    /// let credential = otpauth::parse(uri, &Policy::app())?.credential;
    /// assert!(credential.extra().eq([("image", "https://example.com")]));
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    pub fn extra(&self) -> impl Iterator<Item = (&str, &str)> {
        self.extra.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Two credentials are equal if all is equal, the secrets compared in constant time.
impl PartialEq for Credential {
    fn eq(&self, other: &Self) -> bool {
        let secrets = same(Some(&self.secret), Some(&other.secret))
            & same(self.pin.as_ref(), other.pin.as_ref())
            & same(self.private_id.as_ref(), other.private_id.as_ref());
        bool::from(secrets)
            && (&self.kind, self.algorithm, self.digits) == (&other.kind, other.algorithm, other.digits)
            && (&self.issuer, &self.label_issuer, &self.account) == (&other.issuer, &other.label_issuer, &other.account)
            && (&self.serial, &self.extra) == (&other.serial, &other.extra)
    }
}

/// Whether both are none or the same bytes.
fn same(one: Option<&Secret>, other: Option<&Secret>) -> Choice {
    match (one, other) {
        (Some(one), Some(other)) => one.expose().ct_eq(other.expose()),
        (one, other) => Choice::from(u8::from(one.is_none() && other.is_none())),
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
