//! The logs of Yubico's personalisation tool, of which a file may mix two forms.
//!
//! The traditional one: `type,date,slot,public identity,private identity,key,…`, with the digits in the twelfth column.
//! Yubico's: `serial,public identity,private identity,key,access code,date`. Keys are hexadecimal, public identities
//! modhex. Only the second form has the serial number of the hardware.

use alloc::string::{String, ToString};

use pushotp_types::Secret;
use zeroize::Zeroizing;

use super::{Columns, Lines, duo::private_id, extra, hex, lines};
use crate::{Credential, Error, Format, Kind, Part, Policy, Records, Warning, notes::Notes};

const OTP: &str = "Yubico OTP";
const HOTP: &str = "OATH-HOTP";
const CHALLENGE: &str = "Challenge-Response: HMAC-SHA1";

/// Reads a file. Slot and date, whose form depends on the language of the tool, become extras.
///
/// # Errors
/// About the whole only: too long, too many lines, no token. Static passwords are refused line by line: they are no
/// passcodes.
///
/// ```
/// use pushotp_provision::{Kind, Policy, csv::yubico};
///
/// let file = b"LOGGING START,14.02.17 18:00\n\
///     OATH-HOTP,14.02.17 18:00,1,cccccccccccc,,3132333435363738393031323334353637383930,,,0,0,0,8,0,0,0,0,0,0\n";
/// let records = yubico::parse(file, &Policy::server())?;
/// let token = records.credentials().next().ok_or(pushotp_provision::Error::Empty)?;
/// assert_eq!((token.kind(), token.digits().get()), (&Kind::Hotp { counter: 0 }, 8));
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
pub fn parse(input: &[u8], policy: &Policy) -> Result<Records, Error> {
    lines(Format::YubicoCsv, input, policy, |line, notes| {
        let columns = Columns::split(line, ',')?;
        match columns.get(0) {
            "LOGGING START" => Ok(None),
            OTP | HOTP | CHALLENGE => traditional(&columns, notes).map(Some),
            "Static Password" | "Scan Code" => Err(Error::Type),
            text if text.starts_with("Challenge-Response") => Err(Error::Type),
            serial if !serial.is_empty() && serial.bytes().all(|byte| byte.is_ascii_digit()) => {
                yubicos(&columns, notes).map(Some)
            }
            _ => Err(Error::Type),
        }
    })
}

fn traditional(columns: &Columns<'_>, notes: &mut Notes<'_>) -> Result<Credential, Error> {
    let public = public_id(columns.get(3))?;
    let secret = notes.hex(columns.get(5).as_bytes())?;
    let mut credential = match columns.get(0) {
        HOTP => {
            // Of a token, and not always in modhex.
            let mut credential = Credential::new(Kind::Hotp { counter: 0 }, "", secret);
            credential.digits = notes.digits(columns.get(11))?;
            credential.extra.extend(public.map(|public| ("public_id".into(), public)));
            credential
        }
        OTP => otp(public, columns.get(4), secret)?,
        _ => Credential::new(Kind::ChallengeResponse, "", secret),
    };
    add(&mut credential, "slot", columns.get(2), notes)?;
    add(&mut credential, "date", columns.get(1), notes)?;
    access_code([6, 7].map(|place| columns.get(place)), notes);
    Ok(credential)
}

fn yubicos(columns: &Columns<'_>, notes: &mut Notes<'_>) -> Result<Credential, Error> {
    let (serial, public, private) = (columns.get(0), public_id(columns.get(1))?, columns.get(2));
    notes.name(Part::Serial, Some(serial))?;
    let secret = notes.hex(columns.get(3).as_bytes())?;
    let mut credential = match (secret.expose().len(), private) {
        (20, "0") => {
            notes.warnings.add(Warning::DigitsAssumed);
            let mut credential = Credential::new(Kind::Hotp { counter: 0 }, "", secret);
            credential.extra.extend(public.map(|public| ("public_id".into(), public)));
            credential
        }
        // A static password has neither identity.
        (16, "") if public.is_none() => return Err(Error::Type),
        (16, private) => otp(public, private, secret)?,
        _ => return Err(Error::Type),
    };
    credential.serial = Some(serial.into());
    access_code([columns.get(4), ""], notes);
    add(&mut credential, "date", columns.get(5), notes)?;
    Ok(credential)
}

fn otp(public: Option<String>, private: &str, secret: Secret) -> Result<Credential, Error> {
    let mut credential = Credential::new(Kind::YubikeyOtp { public_id: public }, "", secret);
    if !private.is_empty() {
        credential.private_id = Some(private_id(private.as_bytes())?);
    }
    Ok(credential)
}

/// Modhex, up to 16 bytes.
fn public_id(text: &str) -> Result<Option<String>, Error> {
    let modhex = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !modhex || text.len() > 32 {
        return Err(Error::Invalid(Part::Field("public identity")));
    }
    Ok(Some(text.into()).filter(|text: &String| !text.is_empty()))
}

fn add(credential: &mut Credential, name: &'static str, value: &str, notes: &mut Notes<'_>) -> Result<(), Error> {
    notes.name(Part::Field(name), Some(value))?;
    if !value.is_empty() {
        credential.extra.push((name.into(), value.into()));
    }
    Ok(())
}

/// What protects the settings of the hardware is not kept: it is a secret, and no part of the token.
fn access_code(codes: [&str; 2], notes: &mut Notes<'_>) {
    if codes.iter().any(|code| code.bytes().any(|byte| byte != b'0')) {
        notes.warnings.add(Warning::Unused);
    }
}

/// Writes a file: tokens with a serial number in Yubico's form, others in the traditional one.
///
/// # Errors
/// [`Error::NotExpressible`] for other kinds than HOTP from 0 with SHA-1, Yubico OTP and challenge-response, for digits
/// other than 6 beside a serial number, and for other extras than `public_id`, `slot` and `date`.
///
/// ```
/// use pushotp_provision::{Credential, Kind, csv::yubico};
/// use pushotp_types::Secret;
///
/// let token = Credential::new(Kind::Hotp { counter: 0 }, "", Secret::new(b"12345678901234567890")?);
/// let file = yubico::write(&[token.with_serial("508327")])?;
/// assert_eq!(file.as_str(), "508327,,0,3132333435363738393031323334353637383930,,,\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(credentials: &[Credential]) -> Result<Zeroizing<String>, Error> {
    let mut file = Lines::new(credentials);
    for credential in credentials {
        let (key, digits) = (hex(credential.secret()), credential.digits().get().to_string());
        let private = credential.private_id().map(hex).unwrap_or_default();
        let (kind, public, private) = match credential.kind() {
            Kind::Hotp { .. } => (HOTP, extra(credential, "public_id"), "0"),
            Kind::YubikeyOtp { public_id } => (OTP, public_id.as_deref().unwrap_or_default(), private.as_str()),
            Kind::ChallengeResponse => (CHALLENGE, "", ""),
            _ => return Err(Error::NotExpressible(Part::Kind)),
        };
        let (slot, date) = (extra(credential, "slot"), extra(credential, "date"));
        if let Some(serial) = credential.serial() {
            file.line(&[serial, public, private, &key, "", date, ""]);
            continue;
        }
        let (private, digits) = if kind == HOTP { ("", digits.as_str()) } else { (private, "0") };
        let head = [kind, date, slot, public, private, &key, "", "", "0", "0", "0", digits];
        file.line(&[&head[..], &["0"; 6]].concat());
    }
    file.verified(credentials, parse)
}
