//! The hardware tokens of Duo: `serial,secret[,counter]`, or `serial,private identity,key` for YubiKeys; hexadecimal,
//! without a header. What the tokens are is chosen in the dialog of the import, and is in no file.

use alloc::string::{String, ToString};

use pushotp_types::{Digits, HashAlgorithm, Secret};
use zeroize::Zeroizing;

use super::{Columns, Lines, hex, lines};
use crate::{
    Credential, Error, Format, Kind, Part, Policy, Records, Warning,
    notes::{Notes, number},
};

/// What is chosen in the dialog, for all tokens of a file.
///
/// ```
/// use pushotp_provision::csv::duo::TokenType;
/// use pushotp_types::Digits;
///
/// assert_ne!(TokenType::Hotp(Digits::SIX), TokenType::Hotp(Digits::EIGHT));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// HOTP with so many digits.
    Hotp(Digits),
    /// TOTP of 30 s with so many digits.
    Totp(Digits),
    /// `YubiKey` with Yubico OTP.
    YubiKey,
}

/// Reads a file as what was chosen for it.
///
/// # Errors
/// About the whole only: too long, too many lines, no token.
///
/// ```
/// use pushotp_provision::{Kind, Policy, csv::duo::{self, TokenType}};
/// use pushotp_types::Digits;
///
/// let file = b"1001,3132333435363738393031323334353637383930,7\n";
/// let records = duo::parse(file, TokenType::Hotp(Digits::EIGHT), &Policy::server())?;
/// let token = records.credentials().next().ok_or(pushotp_provision::Error::Empty)?;
/// assert_eq!((token.kind(), token.digits().get()), (&Kind::Hotp { counter: 7 }, 8));
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
pub fn parse(input: &[u8], token_type: TokenType, policy: &Policy) -> Result<Records, Error> {
    lines(Format::DuoCsv, input, policy, |line, notes| token(&Columns::quoted(line)?, token_type, notes).map(Some))
}

/// Reads a file of which nothing is known: HOTP where there is a counter, `YubiKey` where there are two hexadecimal
/// numbers, else TOTP; 6 digits.
pub(crate) fn read(input: &[u8], policy: &Policy) -> Result<Records, Error> {
    lines(Format::DuoCsv, input, policy, |line, notes| {
        let columns = Columns::quoted(line)?;
        let token_type = match columns.get(2) {
            "" => TokenType::Totp(Digits::SIX),
            key if key.len() == 32 => TokenType::YubiKey,
            _ => TokenType::Hotp(Digits::SIX),
        };
        if token_type != TokenType::YubiKey {
            notes.warnings.add(Warning::KindAssumed);
            notes.warnings.add(Warning::DigitsAssumed);
        }
        token(&columns, token_type, notes).map(Some)
    })
}

fn token(columns: &Columns<'_>, token_type: TokenType, notes: &mut Notes<'_>) -> Result<Credential, Error> {
    let serial = columns.get(0);
    if serial.is_empty() {
        return Err(Error::Missing(Part::Serial));
    }
    notes.name(Part::Serial, Some(serial))?;
    if columns.from(3).any(|column| !column.is_empty()) {
        notes.warnings.add(Warning::UnknownParameter);
    }
    let (second, third) = (columns.get(1).as_bytes(), columns.get(2));
    let credential = match token_type {
        TokenType::YubiKey => {
            let secret = notes.hex(third.as_bytes())?;
            Credential::new(Kind::YubikeyOtp { public_id: None }, "", secret).with_private_id(private_id(second)?)
        }
        TokenType::Hotp(digits) => {
            let counter = if third.is_empty() { Some(0) } else { number(third) };
            let kind = Kind::Hotp { counter: counter.ok_or(Error::Counter)? };
            Credential::new(kind, "", notes.hex(second)?).with_codes(HashAlgorithm::Sha1, digits)
        }
        TokenType::Totp(digits) => {
            if !third.is_empty() {
                notes.warnings.add(Warning::Unused);
            }
            Credential::new(Kind::totp(30), "", notes.hex(second)?).with_codes(HashAlgorithm::Sha1, digits)
        }
    };
    Ok(credential.with_serial(serial))
}

/// Six bytes in hexadecimal.
pub(super) fn private_id(text: &[u8]) -> Result<Secret, Error> {
    const INVALID: Error = Error::Invalid(Part::Field("private identity"));
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text).map(Zeroizing::new).map_err(|_| INVALID)?;
    if bytes.len() != 6 {
        return Err(INVALID);
    }
    Secret::danger_import_weak(&bytes).map_err(|_| INVALID)
}

/// Writes a file for the import with this choice in its dialog.
///
/// Duo does not follow the clock of a TOTP token.
///
/// # Errors
/// [`Error::NotExpressible`] for tokens of another type or number of digits, other hash functions than SHA-1, tokens
/// without a serial number, and names.
///
/// ```
/// use pushotp_provision::{Credential, Kind, csv::duo::{self, TokenType}};
/// use pushotp_types::{Digits, Secret};
///
/// let token = Credential::new(Kind::Hotp { counter: 7 }, "", Secret::new(b"12345678901234567890")?).with_serial("1001");
/// let file = duo::write(&[token], TokenType::Hotp(Digits::SIX))?;
/// assert_eq!(file.as_str(), "1001,3132333435363738393031323334353637383930,7\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(credentials: &[Credential], token_type: TokenType) -> Result<Zeroizing<String>, Error> {
    let mut file = Lines::new(credentials);
    for credential in credentials {
        let serial = credential.serial().ok_or(Error::NotExpressible(Part::Serial))?;
        let secret = hex(credential.secret());
        match (token_type, credential.kind()) {
            (TokenType::Hotp(_), Kind::Hotp { counter }) => file.line(&[serial, &secret, &counter.to_string()]),
            (TokenType::Totp(_), Kind::Totp { .. }) => file.line(&[serial, &secret]),
            (TokenType::YubiKey, Kind::YubikeyOtp { .. }) => {
                let private = credential.private_id().ok_or(Error::NotExpressible(Part::Field("private identity")))?;
                file.line(&[serial, &hex(private), &secret]);
            }
            _ => return Err(Error::NotExpressible(Part::Kind)),
        }
    }
    file.verified(credentials, |input, policy| parse(input, token_type, policy))
}
