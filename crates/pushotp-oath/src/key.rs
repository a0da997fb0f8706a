use core::fmt;

use pushotp_types::{Code, Digits, HashAlgorithm, SecretRef};
use zeroize::ZeroizeOnDrop;

use crate::{
    mac::{Mac, Midstates, Sha1, Sha256, Sha512},
    truncate::truncate,
    typed::{self, Value},
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
    /// ```
    /// # use pushotp_oath::{Key, Period, Totp};
    /// # use pushotp_types::{Digits, HashAlgorithm, SecretRef, UnixTime};
    /// let secret = SecretRef::new(b"12345678901234567890123456789012")?;
    /// let key = Key::new(HashAlgorithm::Sha256, secret);
    /// let totp = Totp::new(Digits::EIGHT, Period::THIRTY);
    /// assert_eq!(totp.generate(&key, UnixTime::from_secs(59)).expose(), "46119246"); // RFC 6238, appendix B
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// Source: RFC 2104 §4.
    #[must_use]
    pub fn new<'a>(algorithm: HashAlgorithm, secret: impl Into<SecretRef<'a>>) -> Self {
        let _sweep = Sweep;
        Self::prepare(algorithm, secret.into().expose())
    }

    /// Never inlined: so what it leaves on the stack lies below the caller, where it is swept.
    #[inline(never)]
    fn prepare(algorithm: HashAlgorithm, secret: &[u8]) -> Self {
        let mut key = Self(match algorithm {
            HashAlgorithm::Sha1 => Prepared::Sha1(Midstates::EMPTY),
            HashAlgorithm::Sha256 => Prepared::Sha256(Midstates::EMPTY),
            HashAlgorithm::Sha512 => Prepared::Sha512(Midstates::EMPTY),
        });
        match &mut key.0 {
            Prepared::Sha1(midstates) => midstates.prepare(secret),
            Prepared::Sha256(midstates) => midstates.prepare(secret),
            Prepared::Sha512(midstates) => midstates.prepare(secret),
        }
        key
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
        let [value] = self.truncated([factor]);
        Code::from_value(value, digits)
    }

    /// The same of several factors, as numbers to compare.
    pub(crate) fn values<const N: usize>(&self, factors: [u64; N], digits: Digits) -> [Value; N] {
        self.truncated(factors).map(|value| residue(value, digits).into())
    }

    /// What was typed, as a number to compare with [`values`](Self::values).
    pub(crate) fn typed(typed: &[u8], digits: Digits) -> Value {
        typed::value(typed, digits.get().into(), 10, typed::decimal)
    }

    /// The 31 bits that each of several factors yields.
    pub(crate) fn truncated<const N: usize>(&self, factors: [u64; N]) -> [u32; N] {
        let ends = match &self.0 {
            Prepared::Sha1(key) => key.mac8(factors),
            Prepared::Sha256(key) => key.mac8(factors),
            Prepared::Sha512(key) => key.mac8(factors),
        };
        ends.map(truncate)
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

/// The last digits of a value.
///
/// Each remainder is by a constant: the compiler makes no division of it, whose time would depend on the value.
const fn residue(value: u32, digits: Digits) -> u32 {
    match digits.get() {
        ..=4 => value % 10_000,
        5 => value % 100_000,
        6 => value % 1_000_000,
        7 => value % 10_000_000,
        8 => value % 100_000_000,
        9 => value % 1_000_000_000,
        // The value has 31 bits, so ten digits at most.
        10.. => value,
    }
}

/// Its midstates erase themselves.
impl ZeroizeOnDrop for Key {}

/// Erases the stack below the function that it is dropped in, which has called what leaves secrets there: a result is
/// moved, and its copy stays behind.
struct Sweep;

impl Drop for Sweep {
    fn drop(&mut self) {
        zeroize::zeroize_stack::<2048>();
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}
