use alloc::{string::String, vec::Vec};

use data_encoding::HEXLOWER_PERMISSIVE;
use pushotp_types::{Digits, HashAlgorithm, Secret};
use zeroize::Zeroizing;

use crate::{Error, Part, Policy, Warning, Warnings, base32, display::deceives};

/// A policy, and what it tolerated so far: what every format asks about names, secrets and numbers.
pub(crate) struct Notes<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) warnings: Warnings,
}

impl<'a> Notes<'a> {
    pub(crate) fn new(policy: &'a Policy) -> Self {
        Self { policy, warnings: Warnings::default() }
    }

    /// An error if nothing may be guessed, else a warning.
    pub(crate) fn tolerate(&mut self, warning: Warning, error: Error) -> Result<(), Error> {
        if self.policy.strict {
            return Err(error);
        }
        self.warnings.add(warning);
        Ok(())
    }

    /// A text of one line, without the white space around it.
    pub(crate) fn line<'t>(&mut self, text: &'t str) -> Result<&'t str, Error> {
        let trimmed = text.trim_ascii();
        if trimmed.len() != text.len() {
            self.warnings.add(Warning::Trimmed);
        }
        if trimmed.len() > self.policy.limits.uri { Err(Error::TooLong) } else { Ok(trimmed) }
    }

    /// Whether a name is short, and what a person will see.
    pub(crate) fn name(&mut self, part: Part, name: Option<&str>) -> Result<(), Error> {
        let name = name.unwrap_or_default();
        if name.len() > self.policy.limits.name {
            return Err(Error::PartTooLong(part));
        }
        if name.chars().any(deceives) {
            self.tolerate(Warning::Undisplayable, Error::Undisplayable(part))?;
        }
        Ok(())
    }

    pub(crate) fn base32(&mut self, text: &[u8]) -> Result<Secret, Error> {
        let bytes = base32::decode(text, self.policy.strict, &mut self.warnings)?;
        self.secret(&bytes)
    }

    /// Hexadecimal in either case, without anything between the digits.
    pub(crate) fn hex(&mut self, text: &[u8]) -> Result<Secret, Error> {
        if text.len() > 2 * base32::MAX_BYTES {
            return Err(Error::SecretTooLong);
        }
        let mut bytes = Zeroizing::new(Vec::new());
        bytes.resize(text.len() / 2, 0);
        let even = text.len() - text.len() % 2;
        let (pairs, rest) = text.split_at_checked(even).unwrap_or((text, &[]));
        let decoded = HEXLOWER_PERMISSIVE.decode_mut(pairs, &mut bytes);
        decoded.map_err(|partial| Error::Hex { position: partial.error.position })?;
        if rest.is_empty() { self.secret(&bytes) } else { Err(Error::Hex { position: even }) }
    }

    /// The key of a token: as long as the policy asks for.
    pub(crate) fn secret(&mut self, bytes: &[u8]) -> Result<Secret, Error> {
        if bytes.is_empty() {
            return Err(Error::SecretMissing);
        }
        if bytes.len() * 8 < self.policy.min_secret_bits {
            return Err(Error::SecretTooWeak);
        }
        if bytes.len() < 16 {
            self.warnings.add(Warning::WeakSecret);
        }
        // Old tokens have 80 bits; the policy above is where that is decided.
        Secret::danger_import_weak(bytes).map_err(|_| Error::SecretTooLong)
    }

    /// `SHA1`, `sha-256`, `HMACSHA512`, `HMAC_SHA1`, `Algorithm.sha1`. Nothing unknown becomes SHA-1.
    pub(crate) fn algorithm(&mut self, text: &str) -> Result<HashAlgorithm, Error> {
        match text {
            "SHA1" => return Ok(HashAlgorithm::Sha1),
            "SHA256" => return Ok(HashAlgorithm::Sha256),
            "SHA512" => return Ok(HashAlgorithm::Sha512),
            text if text.len() > 32 => return Err(Error::Algorithm),
            _ => {}
        }
        let upper = text.to_ascii_uppercase();
        let bare = upper.strip_prefix("ALGORITHM.").unwrap_or(&upper);
        let bare = bare.strip_prefix("HMAC").map_or(bare, |rest| rest.strip_prefix(['-', '_']).unwrap_or(rest));
        let bare: String = bare.split('-').collect();
        let algorithm = match bare.as_str() {
            "SHA1" => HashAlgorithm::Sha1,
            "SHA256" => HashAlgorithm::Sha256,
            "SHA512" => HashAlgorithm::Sha512,
            // What one exporter writes for a token that names none.
            "NULL" if !self.policy.strict => HashAlgorithm::Sha1,
            _ => return Err(Error::Algorithm),
        };
        self.warnings.add(Warning::AlgorithmSpelling);
        Ok(algorithm)
    }

    /// Digits as a text of at most two characters.
    pub(crate) fn digits(&mut self, text: &str) -> Result<Digits, Error> {
        self.digits_of(Some(text).filter(|text| text.len() <= 2).and_then(number).ok_or(Error::Digits)?)
    }

    pub(crate) fn digits_of(&mut self, number: u64) -> Result<Digits, Error> {
        let digits = u8::try_from(number).ok().filter(|digits| *digits <= self.policy.max_digits);
        let digits = digits.and_then(|digits| Digits::new(digits).ok()).ok_or(Error::Digits)?;
        if digits.get() > 8 {
            self.warnings.add(Warning::ManyDigits);
        }
        Ok(digits)
    }

    /// Seconds per step, from 1.
    pub(crate) fn period_of(&mut self, seconds: u64) -> Result<u32, Error> {
        let period = u32::try_from(seconds).ok().filter(|period| *period > 0).ok_or(Error::Period)?;
        if period > 86_400 {
            self.warnings.add(Warning::LongPeriod);
        }
        Ok(period)
    }

    /// HOTP without a counter starts at 0, where that may be guessed.
    pub(crate) fn counter(&mut self, counter: Option<u64>) -> Result<u64, Error> {
        if counter.is_none() {
            self.tolerate(Warning::CounterMissing, Error::CounterMissing)?;
        }
        Ok(counter.unwrap_or_default())
    }
}

/// The spelling of key URIs.
#[cfg(feature = "csv")]
pub(crate) const fn name(algorithm: HashAlgorithm) -> &'static str {
    match algorithm {
        HashAlgorithm::Sha1 => "SHA1",
        HashAlgorithm::Sha256 => "SHA256",
        HashAlgorithm::Sha512 => "SHA512",
    }
}

/// ASCII digits, at most 20 of them: no sign, no blanks.
pub(crate) fn number(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}
