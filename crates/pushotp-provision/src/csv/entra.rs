//! The OATH tokens of Microsoft Entra ID: `upn,serial number,secret key,time interval,manufacturer,model`.
//!
//! The header is mandatory and decides where the columns stand; the secret is base32. TOTP with SHA-1 and 6 digits.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use data_encoding::BASE32_NOPAD;
use pushotp_types::{Digits, HashAlgorithm};
use zeroize::Zeroizing;

use super::{Columns, Lines, extra, lines};
use crate::{
    Credential, Error, Format, Kind, Part, Policy, Records,
    notes::{Notes, number},
};

/// The columns without their spaces; vendors deliver without the first one.
const NAMES: [&str; 7] = ["upn", "serialnumber", "secretkey", "timeinterval", "manufacturer", "model", "hashfunction"];
/// Characters of a secret.
const SECRET_CHARACTERS: usize = 128;

/// Where each of [`NAMES`] stands.
type Places = [Option<usize>; NAMES.len()];

/// Reads a file.
///
/// # Errors
/// About the whole only: too long, too many lines, no token, no header with serial number, secret key and time interval;
/// without a `upn` only [`Policy::app`] reads it, as Entra itself asks for one.
///
/// ```
/// use pushotp_provision::{Kind, Policy, csv::entra};
///
/// let file = b"upn,serial number,secret key,time interval,manufacturer,model\n\
///     alice@example.com,1001,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ,60,Acme,Token\n";
/// let records = entra::parse(file, &Policy::server())?;
/// let token = records.credentials().next().ok_or(pushotp_provision::Error::Empty)?;
/// assert_eq!((token.account(), token.serial(), token.kind()), ("alice@example.com", Some("1001"), &Kind::totp(60)));
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
pub fn parse(input: &[u8], policy: &Policy) -> Result<Records, Error> {
    let mut places: Option<Places> = None;
    let mut header_error = None;
    let records = lines(Format::EntraCsv, input, policy, |line, notes| {
        let columns = Columns::quoted(line)?;
        if let Some(places) = &places {
            return token(&columns, places, notes).map(Some);
        }
        match header(&columns) {
            Ok(found) => places = Some(found),
            Err(error) => header_error = header_error.or(Some(error)),
        }
        Ok(None)
    });
    // Both policies take the same line for the header: a later one would be another file.
    if policy.strict && places.is_some_and(|[upn, ..]| upn.is_none()) {
        return Err(Error::Missing(Part::Field("upn")));
    }
    // Without a header no line means anything.
    header_error.filter(|_| places.is_none()).map_or(records, Err)
}

fn header(columns: &Columns<'_>) -> Result<Places, Error> {
    let bare = |column: &str| column.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    let columns: Vec<String> = columns.from(0).map(bare).collect();
    let places = NAMES.map(|name| columns.iter().position(|column| column == name));
    let missing = |place: usize, name| places.get(place).is_some_and(Option::is_none).then_some(Part::Field(name));
    let needed = missing(1, "serial number").or(missing(2, "secret key")).or(missing(3, "time interval"));
    match needed {
        Some(part) => Err(Error::Missing(part)),
        None => Ok(places),
    }
}

fn token(columns: &Columns<'_>, places: &Places, notes: &mut Notes<'_>) -> Result<Credential, Error> {
    let [upn, serial, secret, interval, manufacturer, model, hash] =
        places.map(|place| place.map_or("", |place| columns.get(place)));
    if serial.is_empty() {
        return Err(Error::Missing(Part::Serial));
    }
    if secret.is_empty() {
        return Err(Error::SecretMissing);
    }
    notes.name(Part::Serial, Some(serial))?;
    notes.name(Part::Account, Some(upn))?;
    let secret = notes.base32(secret.as_bytes())?;
    let period = notes.period_of(number(interval).ok_or(Error::Period)?)?;
    // As Graph spells them: hmacsha1, hmacsha256.
    let algorithm = if hash.is_empty() { HashAlgorithm::Sha1 } else { Notes::new(notes.policy).algorithm(hash)? };
    let mut credential =
        Credential::new(Kind::totp(period), upn, secret).with_codes(algorithm, Digits::SIX).with_serial(serial);
    for (name, value) in [("manufacturer", manufacturer), ("model", model)] {
        notes.name(Part::Field(name), Some(value))?;
        if !value.is_empty() {
            credential.extra.push((name.into(), value.into()));
        }
    }
    Ok(credential)
}

/// Writes a file for the upload. The account is the UPN; manufacturer and model are extras.
///
/// # Errors
/// [`Error::NotExpressible`] for what Entra does not take: other kinds than TOTP of 30 or 60 s with SHA-1 and 6 digits,
/// secrets of more than 128 characters, tokens without an account or a serial number, line breaks.
///
/// ```
/// use pushotp_provision::{Credential, Kind, csv::entra};
/// use pushotp_types::Secret;
///
/// let token = Credential::new(Kind::totp(30), "alice@example.com", Secret::new(b"12345678901234567890")?);
/// let file = entra::write(&[token.with_serial("1001").with_extra("manufacturer", "Acme, Inc.")])?;
/// assert!(file.ends_with("\nalice@example.com,1001,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ,30,\"Acme, Inc.\",\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(credentials: &[Credential]) -> Result<Zeroizing<String>, Error> {
    let mut file = Lines::new(credentials);
    file.line(&["upn,serial number,secret key,time interval,manufacturer,model"]);
    for credential in credentials {
        let Kind::Totp { period: period @ (30 | 60), .. } = credential.kind() else {
            return Err(Error::NotExpressible(Part::Kind));
        };
        let secret = Zeroizing::new(BASE32_NOPAD.encode(credential.secret().expose()));
        if secret.len() > SECRET_CHARACTERS {
            return Err(Error::NotExpressible(Part::Secret));
        }
        let serial = credential.serial().ok_or(Error::NotExpressible(Part::Serial))?;
        if credential.account().is_empty() {
            return Err(Error::NotExpressible(Part::Account));
        }
        let names = [credential.account(), serial, extra(credential, "manufacturer"), extra(credential, "model")];
        let [account, serial, manufacturer, model] = names.map(quote);
        file.line(&[&account, &serial, &secret, &period.to_string(), &manufacturer, &model]);
    }
    file.verified(credentials, parse)
}

/// In quotes where a reader would otherwise take it apart, or take the line for a comment.
fn quote(text: &str) -> String {
    if text.contains(['"', ',']) || text.starts_with('#') {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.into()
}
