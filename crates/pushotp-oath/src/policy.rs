use pushotp_types::{Digits, SecretRef};

use crate::{Hotp, Totp};

/// What a standard asks of a token, as values to check when one is imported or a server starts.
///
/// Single use, which all of them ask for, is not in the list: there is no way here to accept a code twice.
///
/// ```
/// use pushotp_oath::{Policy, Totp, Violation};
/// use pushotp_types::SecretRef;
///
/// let found = |secret: &[u8]| {
///     let secret = SecretRef::danger_import_weak(secret).unwrap();
///     Policy::NIST_SP_800_63B_4.totp(secret, &Totp::DEFAULT).next()
/// };
/// assert_eq!(found(b"12345678901234567890"), None);
/// assert_eq!(found(b"0123456789"), Some(Violation::Key { bits: 80, floor: 112 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// The shortest key, in bits.
    pub min_key_bits: usize,
    /// The shortest code.
    pub min_digits: Digits,
    /// The longest period of TOTP, in seconds.
    pub max_period_secs: u32,
}

impl Policy {
    /// A key of 112 bits, six digits, a period of two minutes.
    ///
    /// ```
    /// # use pushotp_oath::{Period, Policy, Totp, Violation};
    /// # use pushotp_types::{Digits, SecretRef};
    /// let secret = SecretRef::new(b"12345678901234567890")?;
    /// let slow = Totp::new(Digits::SIX, Period::from_secs(300).unwrap());
    /// let found = Policy::NIST_SP_800_63B_4.totp(secret, &slow).next();
    /// assert_eq!(found, Some(Violation::Period { secs: 300, ceiling: 120 }));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// Source: NIST SP 800-63B-4 §3.1.4 and §3.1.5.
    pub const NIST_SP_800_63B_4: Self = Self { min_key_bits: 112, min_digits: Digits::SIX, max_period_secs: 120 };
    /// A key of 128 bits, six digits; says nothing of periods.
    ///
    /// ```
    /// # use pushotp_oath::{Hotp, Policy, Violation};
    /// # use pushotp_types::{Digits, SecretRef};
    /// let secret = SecretRef::danger_import_weak(b"12345678901234")?; // enough for NIST
    /// let found = Policy::RFC_4226.hotp(secret, &Hotp::new(Digits::SIX)).next();
    /// assert_eq!(found, Some(Violation::Key { bits: 112, floor: 128 }));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// Source: RFC 4226 §4, R4 and R6.
    pub const RFC_4226: Self = Self { min_key_bits: 128, min_digits: Digits::SIX, max_period_secs: u32::MAX };

    /// What a TOTP token falls short of; nothing, if it is as the policy asks.
    ///
    /// ```
    /// # use pushotp_oath::{Period, Policy, Totp};
    /// # use pushotp_types::{Digits, SecretRef};
    /// let totp = Totp::new(Digits::SIX, Period::from_secs(300).unwrap());
    /// let found = Policy::NIST_SP_800_63B_4.totp(SecretRef::danger_import_weak(b"0123456789")?, &totp);
    /// let lines: Vec<String> = found.map(|violation| violation.to_string()).collect(); // for a log
    /// assert_eq!(lines, ["a key of 80 bits is weaker than 112 bits", "a period of 300 s is longer than 120 s"]);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    pub fn totp(self, secret: SecretRef<'_>, totp: &Totp) -> impl Iterator<Item = Violation> + use<> {
        let (secs, ceiling) = (totp.period().as_secs(), self.max_period_secs);
        let period = (secs > ceiling).then_some(Violation::Period { secs, ceiling });
        self.code(secret, totp.digits()).chain(period)
    }

    /// What a HOTP token falls short of.
    ///
    /// ```
    /// use pushotp_oath::{Hotp, Policy};
    /// use pushotp_types::{Digits, SecretRef};
    ///
    /// let secret = SecretRef::new(b"12345678901234567890")?;
    /// assert_eq!(Policy::RFC_4226.hotp(secret, &Hotp::new(Digits::SIX)).count(), 0);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    pub fn hotp(self, secret: SecretRef<'_>, hotp: &Hotp) -> impl Iterator<Item = Violation> + use<> {
        self.code(secret, hotp.digits())
    }

    fn code(self, secret: SecretRef<'_>, digits: Digits) -> impl Iterator<Item = Violation> + use<> {
        let (bits, floor) = (secret.expose().len() * 8, self.min_key_bits);
        let key = (bits < floor).then_some(Violation::Key { bits, floor });
        let floor = self.min_digits;
        let code = (digits < floor).then_some(Violation::Digits { digits, floor });
        key.into_iter().chain(code)
    }
}

/// Where a token falls short of a policy.
///
/// ```
/// use pushotp_oath::Violation;
///
/// let violation = Violation::Period { secs: 300, ceiling: 120 };
/// assert_eq!(violation.to_string(), "a period of 300 s is longer than 120 s");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The key is too short.
    #[error("a key of {bits} bits is weaker than {floor} bits")]
    Key {
        /// Its length.
        bits: usize,
        /// The shortest.
        floor: usize,
    },
    /// The codes are too short.
    #[error("a code of {} digits is shorter than {}", .digits.get(), .floor.get())]
    Digits {
        /// How many.
        digits: Digits,
        /// The fewest.
        floor: Digits,
    },
    /// A code is shown for too long.
    #[error("a period of {secs} s is longer than {ceiling} s")]
    Period {
        /// How long.
        secs: u32,
        /// The longest.
        ceiling: u32,
    },
}
