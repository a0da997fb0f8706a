use pushotp_types::{Digits, HashAlgorithm, Secret};

use super::json::Scalar;
use crate::{Credential, Error, Kind, Parsed, Part, Policy, Warning, notes::Notes, yandex};

/// What an app calls the kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Totp,
    Hotp,
    Steam,
    Motp,
    Yandex,
}

impl Type {
    /// By its name, in any case.
    pub(crate) fn named(name: &str) -> Result<Self, Error> {
        const NAMES: [(&str, Type); 7] = [
            ("totp", Type::Totp),
            ("hotp", Type::Hotp),
            ("steam", Type::Steam),
            ("motp", Type::Motp),
            ("yandex", Type::Yandex),
            ("yaotp", Type::Yandex),
            ("steamtotp", Type::Steam),
        ];
        let found = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, kind)| *kind).ok_or(Error::Type)
    }
}

/// The secret of an entry, in the form in which its app keeps it.
#[derive(Clone, Copy)]
pub(crate) enum Stored<'a> {
    Base32(&'a Scalar<'a>),
    /// As the text itself is typed: what Mobile-OTP is computed from.
    Typed(&'a Scalar<'a>),
    Bytes(&'a [u8]),
}

/// An entry as most apps have it, each value as it stands there; a `Missing` one is the usual one.
#[derive(Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Type,
    pub(crate) issuer: &'a Scalar<'a>,
    /// What the QR code said before the account, where the user may change the issuer.
    pub(crate) label_issuer: &'a Scalar<'a>,
    pub(crate) account: &'a Scalar<'a>,
    pub(crate) secret: Stored<'a>,
    pub(crate) algorithm: &'a Scalar<'a>,
    pub(crate) digits: &'a Scalar<'a>,
    pub(crate) period: &'a Scalar<'a>,
    pub(crate) counter: &'a Scalar<'a>,
    pub(crate) pin: &'a Scalar<'a>,
}

/// A value that the format does not have.
pub(crate) const NONE: &Scalar<'static> = &Scalar::Missing;

impl Token<'_> {
    pub(crate) fn parse(&self, policy: &Policy) -> Result<Parsed, Error> {
        let mut notes = Notes::new(policy);
        let issuer = self.issuer.filled(Part::Issuer)?;
        let label_issuer = self.label_issuer.filled(Part::Issuer)?;
        let account = self.account.text(Part::Account)?.unwrap_or_default();
        if account.is_empty() && policy.strict {
            return Err(Error::AccountMissing);
        }
        notes.name(Part::Issuer, issuer)?;
        notes.name(Part::Issuer, label_issuer)?;
        notes.name(Part::Account, Some(account))?;
        let token = Token { kind: self.by_issuer(issuer.or(label_issuer), &mut notes), ..*self };
        let mut credential = Credential::new(token.kind(&mut notes)?, account, token.secret(&mut notes)?);
        (credential.issuer, credential.label_issuer) = (issuer.map(Into::into), label_issuer.map(Into::into));
        token.codes(&mut credential, &mut notes)?;
        token.pin(&mut credential, &mut notes)?;
        Ok(Parsed { credential, warnings: notes.warnings })
    }

    /// As some apps do with what does not say its kind, if the policy permits it.
    fn by_issuer(&self, issuer: Option<&str>, notes: &mut Notes<'_>) -> Type {
        let named = issuer.is_some_and(|issuer| issuer.eq_ignore_ascii_case("steam"));
        if notes.policy.steam_by_issuer && named && self.kind == Type::Totp {
            notes.warnings.add(Warning::KindByIssuer);
            return Type::Steam;
        }
        self.kind
    }

    fn kind(&self, notes: &mut Notes<'_>) -> Result<Kind, Error> {
        let period = self.period.number(Error::Period)?;
        Ok(match self.kind {
            Type::Totp => Kind::totp(notes.period_of(period.unwrap_or(30))?),
            Type::Hotp => {
                let counter = self.counter.number(Error::Counter)?;
                Kind::Hotp { counter: notes.counter(counter)? }
            }
            Type::Steam => Kind::Steam,
            Type::Motp => Kind::Motp,
            Type::Yandex => Kind::Yandex { pin_length: None },
        })
    }

    fn secret(&self, notes: &mut Notes<'_>) -> Result<Secret, Error> {
        let secret = match self.secret {
            Stored::Base32(text) => notes.base32(text.text(Part::Secret)?.ok_or(Error::SecretMissing)?.as_bytes())?,
            Stored::Typed(text) => {
                let text = text.text(Part::Secret)?.ok_or(Error::SecretMissing)?.as_bytes();
                // Mobile-OTP is computed from lower-case hexadecimal digits; what is none stays the text that it is.
                let is_hex = text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
                if is_hex && text.len() % 2 == 0 { notes.hex(text)? } else { notes.secret(text)? }
            }
            Stored::Bytes(bytes) => notes.secret(bytes)?,
        };
        if self.kind == Type::Yandex { yandex::key(secret.expose()) } else { Ok(secret) }
    }

    /// Hash function and digits; a kind that has its own ignores what stands there.
    fn codes(&self, credential: &mut Credential, notes: &mut Notes<'_>) -> Result<(), Error> {
        let (algorithm, digits) = (self.algorithm.text(Part::Field("algorithm"))?, self.digits.number(Error::Digits)?);
        if matches!(self.kind, Type::Totp | Type::Hotp) {
            credential.algorithm = algorithm.map_or(Ok(HashAlgorithm::Sha1), |text| notes.algorithm(text))?;
            credential.digits = digits.map_or(Ok(Digits::SIX), |digits| notes.digits_of(digits))?;
            return Ok(());
        }
        let period = self.period.number(Error::Period)?;
        let other = |found: Option<u64>, own: Option<u64>| found.is_some() && found != own;
        let own_period = credential.kind.period().map(u64::from);
        if other(digits, Some(credential.digits.get().into())) || other(period, own_period) {
            notes.warnings.add(Warning::FixedCodes);
        }
        Ok(())
    }

    fn pin(&self, credential: &mut Credential, notes: &mut Notes<'_>) -> Result<(), Error> {
        if !matches!(self.kind, Type::Motp | Type::Yandex) {
            return Ok(());
        }
        match self.pin.filled(Part::Pin)? {
            // Mobile-OTP takes any PIN, Yandex only digits.
            Some(pin) => {
                let digits = pin.bytes().all(|byte| byte.is_ascii_digit());
                if pin.len() > 64 || self.kind == Type::Yandex && !(digits && (4..=16).contains(&pin.len())) {
                    return Err(Error::Invalid(Part::Pin));
                }
                credential.pin =
                    Some(Secret::danger_import_weak(pin.as_bytes()).map_err(|_| Error::Invalid(Part::Pin))?);
            }
            None => notes.warnings.add(Warning::PinMissing),
        }
        Ok(())
    }
}
