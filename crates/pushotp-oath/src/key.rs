use core::fmt;

use pushotp_types::{Code, Digits, HashAlgorithm, SecretRef};
use zeroize::ZeroizeOnDrop;

use crate::{
    mac::{Mac, Midstates, Sha1, Sha256, Sha512},
    truncate::truncate,
};

/// A secret, prepared for a hash function: two midstates, erased when dropped.
///
/// Prepare it once and keep it as long as it is used: a code then takes two compressions instead of four.
///
/// ```
/// use pushotp_oath::{Counter, Hotp, Key};
/// use pushotp_types::{Digits, HashAlgorithm, SecretRef};
///
/// let secret = SecretRef::new(b"12345678901234567890")?;
/// let key = Key::new(HashAlgorithm::Sha1, secret);
/// assert_eq!(Hotp::new(Digits::SIX).generate(&key, Counter::new(0)).expose(), "755224");
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
pub struct Key(Prepared);

enum Prepared {
    Sha1(Midstates<Sha1>),
    Sha256(Midstates<Sha256>),
    Sha512(Midstates<Sha512>),
}

impl Key {
    /// Prepares a secret of any length.
    ///
    /// Source: RFC 2104 §4.
    #[must_use]
    pub fn new<'a>(algorithm: HashAlgorithm, secret: impl Into<SecretRef<'a>>) -> Self {
        let secret = secret.into().expose();
        Self(match algorithm {
            HashAlgorithm::Sha1 => Prepared::Sha1(Midstates::new(secret)),
            HashAlgorithm::Sha256 => Prepared::Sha256(Midstates::new(secret)),
            HashAlgorithm::Sha512 => Prepared::Sha512(Midstates::new(secret)),
        })
    }

    /// The hash function that it was prepared for.
    ///
    /// ```
    /// # use pushotp_oath::Key;
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(&[7; 32])?);
    /// assert_eq!(key.algorithm(), HashAlgorithm::Sha256);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn algorithm(&self) -> HashAlgorithm {
        match self.0 {
            Prepared::Sha1(_) => HashAlgorithm::Sha1,
            Prepared::Sha256(_) => HashAlgorithm::Sha256,
            Prepared::Sha512(_) => HashAlgorithm::Sha512,
        }
    }

    /// The HOTP value of a moving factor.
    pub(crate) fn code(&self, factor: u64, digits: Digits) -> Code {
        let mac = match &self.0 {
            Prepared::Sha1(key) => key.mac8(factor),
            Prepared::Sha256(key) => key.mac8(factor),
            Prepared::Sha512(key) => key.mac8(factor),
        };
        Code::from_value(truncate(mac.as_bytes()), digits)
    }

    /// HMAC of the concatenated parts.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> Mac {
        match &self.0 {
            Prepared::Sha1(key) => key.mac(parts),
            Prepared::Sha256(key) => key.mac(parts),
            Prepared::Sha512(key) => key.mac(parts),
        }
    }
}

/// Its midstates erase themselves.
impl ZeroizeOnDrop for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}
