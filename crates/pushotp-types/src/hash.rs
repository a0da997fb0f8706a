use core::fmt;

/// The hash function of an OATH algorithm; nothing shorter than 20 bytes, which dynamic truncation needs, can be named.
///
/// ```
/// use pushotp_types::HashAlgorithm;
///
/// assert_eq!(HashAlgorithm::Sha256.output_len(), 32);
/// assert_eq!(HashAlgorithm::Sha1.to_string(), "SHA1");
/// ```
///
/// Source: RFC 6238 §1.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// HMAC-SHA-1, the only one that RFC 4226 knows.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// The length of the MAC in bytes.
    ///
    /// ```
    /// # use pushotp_types::HashAlgorithm;
    /// assert_eq!(HashAlgorithm::Sha512.output_len(), 64);
    /// ```
    #[must_use]
    pub const fn output_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// The spelling of key URIs and OCRA suites: `SHA1`, `SHA256`, `SHA512`.
impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        })
    }
}
