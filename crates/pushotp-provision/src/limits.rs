/// What a text may cost before anything is known about its author.
///
/// The values are the crate's defaults; a caller who trusts the source may raise each of them.
///
/// ```
/// use pushotp_provision::{Error, Limits, Policy, otpauth};
///
/// let limits = Limits { uri: 20, ..Limits::default() };
/// let policy = Policy::app().limits(limits);
/// assert_eq!(otpauth::parse("otpauth://totp/alice?secret=AAAA", &policy), Err(Error::TooLong));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a caller states some of them and takes the rest from the default")]
pub struct Limits {
    /// Bytes of a URI: 4096. A QR code holds at most 4296 characters.
    pub uri: usize,
    /// Parameters of a URI: 32.
    pub parameters: usize,
    /// Bytes of a name once it is decoded: 512.
    pub name: usize,
    /// Bytes of a migration payload once it is decoded: 8192.
    pub migration: usize,
    /// Entries of a migration payload, and QR codes of a batch: 100.
    pub entries: usize,
    /// Bytes of a file: 32 MiB.
    pub file: usize,
    /// Records of a file: 100,000.
    pub records: usize,
    /// Bytes of an XML tag: 4096. Parsers compare each attribute with each other one.
    pub tag: usize,
    /// Bytes of a line: 64 KiB.
    pub line: usize,
}

impl Limits {
    pub(crate) const DEFAULT: Self = Self {
        uri: 4096,
        parameters: 32,
        name: 512,
        migration: 8192,
        entries: 100,
        file: 32 << 20,
        records: 100_000,
        tag: 4096,
        line: 64 << 10,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What a key derivation that a file asks for may cost.
///
/// A file that asks for more is refused with [`Error::KdfTooExpensive`](crate::Error::KdfTooExpensive) before anything is
/// allocated or computed, so that the caller can ask the user and try again with more.
///
/// ```
/// use pushotp_provision::{KdfLimits, Policy};
///
/// // Ente's highest level takes a gibibyte:
/// let kdf = KdfLimits { argon2_bytes: 1 << 30, ..KdfLimits::default() };
/// assert_ne!(Policy::app().kdf_limits(kdf), Policy::app());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a caller states some of them and takes the rest from the default")]
pub struct KdfLimits {
    /// Iterations of PBKDF2: 5,000,000.
    pub pbkdf2_iterations: u64,
    /// Bytes of scrypt, 128 · N · r: 64 MiB.
    pub scrypt_bytes: u64,
    /// The parallelism p of scrypt, which multiplies the time: 4.
    pub scrypt_parallelism: u32,
    /// Bytes of Argon2: 128 MiB.
    pub argon2_bytes: u64,
    /// Passes of Argon2: 16.
    pub argon2_passes: u32,
}

impl KdfLimits {
    pub(crate) const DEFAULT: Self = Self {
        pbkdf2_iterations: 5_000_000,
        scrypt_bytes: 64 << 20,
        scrypt_parallelism: 4,
        argon2_bytes: 128 << 20,
        argon2_passes: 16,
    };
}

impl Default for KdfLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
