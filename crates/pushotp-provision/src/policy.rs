use crate::{KdfLimits, Limits};

/// What is tolerated. Every disputed choice between applications is here and nowhere else.
///
/// | | [`app`](Self::app) | [`server`](Self::server) |
/// |---|---|---|
/// | base32 with separators, padding, spare bits, odd lengths | warning | error |
/// | 0, 1, 8, 9 in base32 | error; [`correct`](crate::manual::correct) replaces what a person typed | error |
/// | a bare secret that is base32 and hexadecimal as well | base32, warning | base32, warning |
/// | secret at least | 8 bits | 80 bits |
/// | below 128 bits | warning | warning |
/// | digits | 6 to 10 | 6 to 8 |
/// | HOTP without counter | 0, warning | error |
/// | period over a day | taken as it is, warning | taken as it is, warning |
/// | algorithm MD5, SHA-224, SHA-384, unknown | error | error |
/// | `algorithm=null` | SHA-1, warning | error |
/// | no account, no label | taken | error |
/// | issuer in the label unlike the parameter | both kept, warning | error |
/// | several colons in a label | the issuer parameter decides, else the first literal one, else the first `%3A` | the same |
/// | `+` in the query | space, unless the label shows that a plus was meant | the same |
/// | raw `#` in a label | data | data |
/// | parameters twice with different values | error | error |
/// | names that deceive when displayed | warning | error |
/// | digits and period of Steam | ignored, warning | ignored, warning |
/// | issuer `Steam` makes it Steam ([`steam_by_issuer`](Self::steam_by_issuer)) | no | no |
/// | the second half of a two-step enrolment missing | error | error |
/// | `sslverify=0`, URLs without TLS | warning, never obeyed | error |
/// | PSKC: a MAC that is declared and missing | error | error |
/// | PSKC: AES-CBC without any MAC ([`mac`](Self::mac)) | warning | error |
/// | PSKC: a signature ([`reject_signed`](Self::reject_signed)) | warning: not verified | warning: not verified |
/// | PSKC: the hash function of a suite that is not known, or none with a key of 32 or 64 bytes | SHA-1, warning | error; SHA-1, warning |
/// | PSKC: HOTP or TOTP without a `ResponseFormat` | 6 digits, warning | error |
/// | PSKC: check digits, a `Policy` that asks for something unknown | kept or left out, warning | error |
/// | PSKC: PBKDF2 with fewer than 10,000 iterations | warning | warning |
/// | Aladdin: an odd number of hexadecimal digits | a zero in front, warning | error |
/// | Aladdin, OATH CSV: no hash function and a key of 32 bytes (OATH CSV: or 64) | SHA-256 (SHA-512), warning | the same |
/// | Entra: no `upn` column | no account | error |
/// | Duo: kind and digits, which are in no file | TOTP, HOTP with a counter, 6 digits, warning | the same |
/// | SafeWord: from where a clock counts, but for eToken PASS (2000) | 1970, warning | the same |
/// | exports: an encryption without any MAC, as old ones of Stratum ([`mac`](Self::mac)) | warning | error |
/// | exports: an issuer that the user changed | it is the issuer, and the first one the label's | the same |
/// | exports: the counter of FreeOTP and FreeOTP+, which is the last code's | the next one | the next one |
/// | exports: a Mobile-OTP secret that is not lower-case hexadecimal | its text, as it is typed | the same |
/// | exports: an entry that lacks digits, period or algorithm | 6, 30, SHA-1 | the same |
/// | exports: an entry with a value twice | error | error |
/// | one bad record of a bulk file | the others are read | the others are read |
/// | serial numbers twice in a file | warning | warning |
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
    pub(crate) steam_by_issuer: bool,
    pub(crate) reject_signed: bool,
    pub(crate) mac: Mac,
    pub(crate) limits: Limits,
    pub(crate) kdf: KdfLimits,
}

/// Which MAC an encrypted value must have.
///
/// ```
/// use pushotp_provision::{Mac, Policy};
///
/// assert_eq!(Policy::server().mac(Mac::Required), Policy::server());
/// assert_eq!(Policy::app().mac(Mac::IfPresent), Policy::app());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mac {
    /// One over the ciphertext, or none is read.
    Required,
    /// One over the ciphertext if the file declares one; a warning if not.
    IfPresent,
    /// One over the plaintext, as ActivIdentity computes it: the padding is looked at before the MAC is verified.
    OverPlaintext,
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
        Self { strict: false, min_secret_bits: 8, max_digits: 10, mac: Mac::IfPresent, ..Self::server() }
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
        Self {
            strict: true,
            min_secret_bits: 80,
            max_digits: 8,
            steam_by_issuer: false,
            reject_signed: false,
            mac: Mac::Required,
            limits: Limits::DEFAULT,
            kdf: KdfLimits::DEFAULT,
        }
    }

    /// Whether an issuer of `Steam` makes a TOTP token a Steam one, as some apps do: a guess that an issuer can provoke.
    ///
    /// ```
    /// # use pushotp_provision::{Kind, Policy, otpauth};
    /// let uri = "otpauth://totp/Steam:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    /// let policy = Policy::app().steam_by_issuer(true);
    /// assert_eq!(otpauth::parse(uri, &policy)?.credential.kind(), &Kind::Steam);
    /// assert_eq!(otpauth::parse(uri, &Policy::app())?.credential.kind(), &Kind::totp(30));
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub const fn steam_by_issuer(self, permitted: bool) -> Self {
        Self { steam_by_issuer: permitted, ..self }
    }

    /// Which MAC an encrypted value must have.
    ///
    /// ```
    /// # use pushotp_provision::{Mac, Policy};
    /// assert_ne!(Policy::server().mac(Mac::OverPlaintext), Policy::server()); // for files of one vendor
    /// ```
    #[must_use]
    pub const fn mac(self, mac: Mac) -> Self {
        Self { mac, ..self }
    }

    /// Whether a file with a signature is refused, since no signature is verified here.
    ///
    /// ```
    /// # use pushotp_provision::Policy;
    /// assert_ne!(Policy::server().reject_signed(true), Policy::server());
    /// ```
    #[must_use]
    pub const fn reject_signed(self, reject: bool) -> Self {
        Self { reject_signed: reject, ..self }
    }

    /// With other limits on sizes.
    ///
    /// ```
    /// # use pushotp_provision::{Limits, Policy};
    /// let limits = Limits { records: 1_000_000, ..Limits::default() };
    /// assert_ne!(Policy::server().limits(limits), Policy::server());
    /// ```
    #[must_use]
    pub const fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// With other limits on key derivations.
    ///
    /// ```
    /// # use pushotp_provision::{KdfLimits, Policy};
    /// let kdf = KdfLimits { pbkdf2_iterations: 10_000, ..KdfLimits::default() };
    /// assert_ne!(Policy::server().kdf_limits(kdf), Policy::server());
    /// ```
    #[must_use]
    pub const fn kdf_limits(self, kdf: KdfLimits) -> Self {
        Self { kdf, ..self }
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
