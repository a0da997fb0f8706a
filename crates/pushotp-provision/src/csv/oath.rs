//! The OATH CSV of privacyIDEA and LinOTP: `serial, key, type, digits, counter or period, hash`.
//!
//! The key is hexadecimal; the rest may be absent: HOTP, 6 digits, counter 0 or 30 s. For OCRA the suite stands in place
//! of the digits. A first line of `# version: 2` puts user, resolver and realm in front. There are no quotes.

use alloc::{string::ToString, vec::Vec};

use pushotp_types::{Digits, HashAlgorithm};
use zeroize::Zeroizing;

use super::{Columns, Lines, extra, hex, lines};
use crate::{
    Credential, Error, Format, Kind, Part, Policy, Records, Warning,
    bulk::ocra_suite,
    notes::{self, Notes, number},
};

/// Reads a file.
///
/// The hash function may be the sixth column; else keys of 32 bytes are for SHA-256 and of 64 bytes for SHA-512, as both
/// servers do it, with a warning.
///
/// # Errors
/// About the whole only: too long, too many lines, no token, a version other than 1 and 2.
///
/// ```
/// use pushotp_provision::{Kind, Policy, csv::oath};
///
/// let file = b"tok1, 3132333435363738393031323334353637383930, totp, 8, 60\nno key in this line\n";
/// let records = oath::parse(file, &Policy::server())?;
/// let token = records.credentials().next().ok_or(pushotp_provision::Error::Empty)?;
/// assert_eq!((token.serial(), token.kind(), token.digits().get()), (Some("tok1"), &Kind::totp(60), 8));
/// assert!(records.records[1].result.is_err());
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
pub fn parse(input: &[u8], policy: &Policy) -> Result<Records, Error> {
    let users = version(input)? == 2;
    lines(Format::OathCsv, input, policy, |line, notes| {
        let columns = Columns::split(line, ',')?;
        token(&columns, if users { 3 } else { 0 }, notes).map(Some)
    })
}

/// What the first line says.
fn version(input: &[u8]) -> Result<u8, Error> {
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input).trim_ascii_start();
    let first = input.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    let Some(rest) = first.strip_prefix(b"#").map(<[u8]>::trim_ascii) else { return Ok(1) };
    let Some((b"version:", version)) = rest.split_at_checked(8).map(|(name, version)| (name, version.trim_ascii()))
    else {
        return Ok(1);
    };
    match version {
        b"1" => Ok(1),
        b"2" => Ok(2),
        _ => Err(Error::Version),
    }
}

/// A token whose serial number stands at a column.
fn token(columns: &Columns<'_>, first: usize, notes: &mut Notes<'_>) -> Result<Credential, Error> {
    let column = |place: usize| columns.get(first + place);
    let serial = column(0);
    if serial.is_empty() {
        return Err(Error::Missing(Part::Serial));
    }
    notes.name(Part::Serial, Some(serial))?;
    let secret = notes.hex(column(1).as_bytes())?;
    if columns.from(first + 6).any(|column| !column.is_empty()) {
        notes.warnings.add(Warning::UnknownParameter);
    }
    let digits = |notes: &mut Notes<'_>| match column(3) {
        "" => Ok(Digits::SIX),
        digits => notes.digits(digits),
    };
    let mut credential = match column(2).to_ascii_lowercase().as_str() {
        "" | "hotp" => {
            let counter = Some(column(4)).filter(|counter| !counter.is_empty());
            let counter = counter.map_or(Some(0), number).ok_or(Error::Counter)?;
            let (algorithm, digits) = (hash(column(5), secret.expose(), notes)?, digits(notes)?);
            Credential::new(Kind::Hotp { counter }, "", secret).with_codes(algorithm, digits)
        }
        "totp" => {
            let period = Some(column(4)).filter(|period| !period.is_empty());
            let period = notes.period_of(period.map_or(Some(30), number).ok_or(Error::Period)?)?;
            let (algorithm, digits) = (hash(column(5), secret.expose(), notes)?, digits(notes)?);
            Credential::new(Kind::totp(period), "", secret).with_codes(algorithm, digits)
        }
        "ocra" => {
            let suite = if column(3).contains(':') { column(3) } else { column(4) };
            let (algorithm, digits) = ocra_suite(notes, suite)?;
            Credential::new(Kind::Ocra { suite: suite.into(), counter: 0 }, "", secret).with_codes(algorithm, digits)
        }
        _ => return Err(Error::Type),
    };
    credential.serial = Some(serial.into());
    if first == 3 {
        owner(&mut credential, columns, notes)?;
    }
    Ok(credential)
}

/// User, resolver and realm.
fn owner(credential: &mut Credential, columns: &Columns<'_>, notes: &mut Notes<'_>) -> Result<(), Error> {
    notes.name(Part::Account, Some(columns.get(0)))?;
    credential.account = columns.get(0).into();
    for (place, name) in [(1, "resolver"), (2, "realm")] {
        let value = columns.get(place);
        notes.name(Part::Field(name), Some(value))?;
        if !value.is_empty() {
            credential.extra.push((name.into(), value.into()));
        }
    }
    Ok(())
}

const fn by_length(key: &[u8]) -> HashAlgorithm {
    match key.len() {
        32 => HashAlgorithm::Sha256,
        64 => HashAlgorithm::Sha512,
        _ => HashAlgorithm::Sha1,
    }
}

fn hash(column: &str, key: &[u8], notes: &mut Notes<'_>) -> Result<HashAlgorithm, Error> {
    if !column.is_empty() {
        // No spelling is the usual one here.
        return Notes::new(notes.policy).algorithm(column);
    }
    let algorithm = by_length(key);
    if algorithm != HashAlgorithm::Sha1 {
        notes.warnings.add(Warning::AlgorithmAssumed);
    }
    Ok(algorithm)
}

/// Writes a file, of version 2 if a token has an account or the extras `resolver` and `realm`.
///
/// # Errors
/// [`Error::NotExpressible`] for what the format has no place for: tokens without a serial number, issuers, names with
/// commas or line breaks.
///
/// ```
/// use pushotp_provision::{Credential, Kind, csv::oath};
/// use pushotp_types::Secret;
///
/// let token = Credential::new(Kind::totp(30), "", Secret::new(b"12345678901234567890")?).with_serial("tok1");
/// assert_eq!(oath::write(&[token])?.as_str(), "tok1,3132333435363738393031323334353637383930,totp,6,30\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(credentials: &[Credential]) -> Result<Zeroizing<alloc::string::String>, Error> {
    let owned = |credential: &Credential| {
        let extras = ["resolver", "realm"].iter().any(|name| !extra(credential, name).is_empty());
        extras || !credential.account().is_empty()
    };
    let users = credentials.iter().any(owned);
    let mut file = Lines::new(credentials);
    if users {
        file.line(&["# version: 2"]);
    }
    for credential in credentials {
        let (key, digits) = (hex(credential.secret()), credential.digits().get().to_string());
        let mut columns = Vec::new();
        if users {
            columns.extend([credential.account(), extra(credential, "resolver"), extra(credential, "realm")]);
        }
        columns.extend([
            credential.serial().ok_or(Error::NotExpressible(Part::Serial))?,
            &key,
            credential.kind().name(),
        ]);
        let moving = match credential.kind() {
            Kind::Hotp { counter } => counter.to_string(),
            Kind::Totp { period, .. } => period.to_string(),
            Kind::Ocra { suite, .. } => suite.clone(),
            _ => return Err(Error::NotExpressible(Part::Kind)),
        };
        if !matches!(credential.kind(), Kind::Ocra { .. }) {
            columns.push(&digits);
        }
        columns.push(&moving);
        if !matches!(credential.kind(), Kind::Ocra { .. })
            && credential.algorithm() != by_length(credential.secret().expose())
        {
            columns.push(notes::name(credential.algorithm()));
        }
        file.line(&columns);
    }
    file.verified(credentials, parse)
}
