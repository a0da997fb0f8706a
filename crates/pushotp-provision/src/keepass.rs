//! The fields of a KeePass entry, as KeePassXC, KeePass 2 and their plugins store a one-time passcode.
//!
//! The database is not read here: open it with a library for it, and pass the entry's strings.
//!
//! ```
//! use pushotp_provision::{Kind, Policy, keepass};
//!
//! let fields = [("Title", "Example"), ("TOTP Seed", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), ("TOTP Settings", "60;8")];
//! let credential = keepass::from_fields(fields, &Policy::server())?.credential;
//! assert_eq!((credential.kind(), credential.digits().get()), (&Kind::totp(60), 8));
//! # Ok::<(), pushotp_provision::Error>(())
//! ```

use data_encoding::BASE64;
use pushotp_types::Secret;
use zeroize::Zeroizing;

use crate::{
    Credential, Error, Kind, Parsed, Part, Policy, Warning,
    notes::{Notes, number},
    otpauth::{self, query::Query},
};

/// Reads the one-time passcode of an entry from its fields.
///
/// `otp` holds a key URI or the query of KeeOtp; `TOTP Seed` and `TOTP Settings` are KeeTrayTOTP's; `TimeOtp-…` and
/// `HmacOtp-…` are KeePass's own. Other fields are not looked at.
///
/// # Errors
/// [`Error::SecretMissing`] if there is none of them, [`Error::Repeated`] for the same field twice; otherwise what is wrong
/// with the field.
///
/// ```
/// use pushotp_provision::{Error, Kind, Policy, keepass};
///
/// let fields = [("HmacOtp-Secret-Hex", "3132333435363738393031323334353637383930"), ("HmacOtp-Counter", "7")];
/// let credential = keepass::from_fields(fields, &Policy::server())?.credential;
/// assert_eq!(credential.kind(), &Kind::Hotp { counter: 7 });
/// assert_eq!(keepass::from_fields([("Title", "x")], &Policy::app()), Err(Error::SecretMissing));
/// # Ok::<(), Error>(())
/// ```
pub fn from_fields<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>, policy: &Policy) -> Result<Parsed, Error> {
    let known = Fields::collect(fields)?;
    let mut notes = Notes::new(policy);
    if let Some(otp) = known.get("otp") {
        let is_uri = otp.trim_ascii_start().get(..7).is_some_and(|start| start.eq_ignore_ascii_case("otpauth"));
        return if is_uri { otpauth::parse(otp, policy) } else { parse_query(otp, policy) };
    }
    if let Some(seed) = known.get("TOTP Seed") {
        let secret = notes.base32(seed.trim_ascii().as_bytes())?;
        return tray(secret, known.get("TOTP Settings"), notes);
    }
    let by_time = known.secret("TimeOtp-Secret", &mut notes)?;
    let by_counter = known.secret("HmacOtp-Secret", &mut notes)?;
    let mut credential = match (by_time, by_counter) {
        (Some(secret), _) => {
            let period = known.get("TimeOtp-Period").map_or(Some(30), number).ok_or(Error::Period)?;
            Credential::new(Kind::totp(notes.period_of(period)?), "", secret)
        }
        (None, Some(secret)) => {
            let counter = known.get("HmacOtp-Counter").map(|text| number(text).ok_or(Error::Counter)).transpose()?;
            Credential::new(Kind::Hotp { counter: notes.counter(counter)? }, "", secret)
        }
        (None, None) => return Err(Error::SecretMissing),
    };
    if matches!(credential.kind, Kind::Totp { .. }) {
        if let Some(length) = known.get("TimeOtp-Length") {
            credential.digits = notes.digits(length)?;
        }
        if let Some(algorithm) = known.get("TimeOtp-Algorithm") {
            credential.algorithm = notes.algorithm(algorithm)?;
        }
    }
    Ok(Parsed { credential, warnings: notes.warnings })
}

/// `30;6`, `60;8`, `30;S`; without settings 30 s and 6 digits. What follows a second semicolon is a server's time.
fn tray(secret: Secret, settings: Option<&str>, mut notes: Notes<'_>) -> Result<Parsed, Error> {
    let mut parts = settings.unwrap_or("30;6").split(';').map(str::trim_ascii);
    let period = parts.next().and_then(number).ok_or(Error::Period)?;
    let digits = parts.next().ok_or(Error::Digits)?;
    let credential = if digits.eq_ignore_ascii_case("S") {
        if period != 30 {
            notes.warnings.add(Warning::FixedCodes);
        }
        Credential::new(Kind::Steam, "", secret)
    } else {
        let mut credential = Credential::new(Kind::totp(notes.period_of(period)?), "", secret);
        credential.digits = notes.digits(digits)?;
        credential
    };
    if parts.next().is_some() {
        notes.warnings.add(Warning::UnknownParameter);
    }
    Ok(Parsed { credential, warnings: notes.warnings })
}

/// Reads the query of the plugin KeeOtp: `key=…&step=25&size=8&otpHashMode=Sha256&type=Totp`.
///
/// # Errors
/// [`Error`], which names the part and never its value.
///
/// ```
/// use pushotp_provision::{Kind, Policy, keepass};
///
/// let query = "key=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&step=25&size=8&otpHashMode=Sha256";
/// let credential = keepass::parse_query(query, &Policy::server())?.credential;
/// assert_eq!((credential.kind(), credential.digits().get()), (&Kind::totp(25), 8));
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
pub fn parse_query(query: &str, policy: &Policy) -> Result<Parsed, Error> {
    let mut notes = Notes::new(policy);
    let mut query = Query::parse(notes.line(query)?, &mut notes)?;
    let key = Zeroizing::new(query.take("key")?.ok_or(Error::SecretMissing)?);
    let secret = notes.base32(key.as_bytes())?;
    let kind = query.take("type")?.unwrap_or_default().to_ascii_lowercase();
    let (step, size, mode) = (query.take("step")?, query.take("size")?, query.take("otpHashMode")?);
    let kind = match kind.as_str() {
        "" | "totp" => {
            let period = step.as_deref().map_or(Some(30), number).ok_or(Error::Period)?;
            Kind::totp(notes.period_of(period)?)
        }
        "hotp" => {
            let counter = query.counter.as_deref().map(|text| number(text).ok_or(Error::Counter)).transpose()?;
            Kind::Hotp { counter: notes.counter(counter)? }
        }
        "steam" => Kind::Steam,
        _ => return Err(Error::Type),
    };
    let mut credential = Credential::new(kind, "", secret);
    if credential.kind != Kind::Steam {
        credential.digits = size.map_or(Ok(credential.digits), |size| notes.digits(&size))?;
        credential.algorithm = mode.map_or(Ok(credential.algorithm), |mode| notes.algorithm(&mode))?;
    }
    notes.name(Part::Issuer, query.issuer.as_deref())?;
    (credential.issuer, credential.extra) = (query.issuer, query.extra);
    if !credential.extra.is_empty() {
        notes.warnings.add(Warning::UnknownParameter);
    }
    Ok(Parsed { credential, warnings: notes.warnings })
}

/// The names of all fields that are looked at.
const NAMES: [&str; 15] = [
    "otp",
    "TOTP Seed",
    "TOTP Settings",
    "TimeOtp-Secret",
    "TimeOtp-Secret-Base32",
    "TimeOtp-Secret-Hex",
    "TimeOtp-Secret-Base64",
    "TimeOtp-Length",
    "TimeOtp-Period",
    "TimeOtp-Algorithm",
    "HmacOtp-Secret",
    "HmacOtp-Secret-Base32",
    "HmacOtp-Secret-Hex",
    "HmacOtp-Secret-Base64",
    "HmacOtp-Counter",
];

/// The fields of an entry that say something about passcodes.
struct Fields<'a>([Option<&'a str>; NAMES.len()]);

impl<'a> Fields<'a> {
    fn collect(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Error> {
        let mut found = Self([None; NAMES.len()]);
        for (name, value) in fields {
            for (slot, known) in found.0.iter_mut().zip(NAMES).filter(|(_, known)| *known == name) {
                if slot.replace(value).is_some() {
                    return Err(Error::Repeated(Part::Field(known)));
                }
            }
        }
        Ok(found)
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        *NAMES.iter().zip(&self.0).find(|(known, _)| **known == name)?.1
    }

    /// A secret in one of four encodings; without a word of it, as the bytes of its text.
    fn secret(&self, prefix: &str, notes: &mut Notes<'_>) -> Result<Option<Secret>, Error> {
        let mut found = NAMES.iter().zip(&self.0).filter_map(|(name, value)| {
            let encoding = name.strip_prefix(prefix)?;
            value.map(|value| (encoding, value.trim_ascii()))
        });
        let Some((encoding, value)) = found.next() else { return Ok(None) };
        if found.next().is_some() {
            return Err(Error::Repeated(Part::Secret));
        }
        match encoding {
            "-Base32" => notes.base32(value.as_bytes()),
            "-Hex" => notes.hex(value.as_bytes()),
            "-Base64" => {
                let bytes = Zeroizing::new(BASE64.decode(value.as_bytes()).map_err(|_| Error::Base64)?);
                notes.secret(&bytes)
            }
            _ => notes.secret(value.as_bytes()),
        }
        .map(Some)
    }
}
