use alloc::{vec, vec::Vec};

use crate::{
    Enrolment, Error, Format, Parsed, Place, Policy, Record, Records, Support, Unlock, Warnings, detect, keepass,
    liboath, linotp, manual, migration, mobilepass_plus, motp, oathtoken, otpauth, push, steam,
};

/// Recognises what a text or a file is, and reads it.
///
/// `unlock` opens files that are encrypted; others ignore it. A bad record does not cost the others: each has its own
/// result.
///
/// # Errors
/// An [`Error`] about the whole: [`Error::UnknownFormat`], [`Error::NotReadable`] and [`Error::FeatureMissing`], for
/// which [`detect`] has an explanation; a file that is not well-formed, too long, or does not open.
///
/// ```
/// use pushotp_provision::{Error, Format, Policy, Unlock, detect, read};
///
/// let (policy, unlock) = (Policy::app(), Unlock::none());
/// let records = read(b"otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQ", &policy, &unlock)?;
/// assert_eq!((records.format, records.records.len()), (Format::Otpauth, 1));
///
/// let activation = b"phonefactor://activate_account?code=518227904";
/// assert_eq!(read(activation, &policy, &unlock).err(), Some(Error::NotReadable(Format::Microsoft)));
/// println!("{}", detect(activation).explain()); // what the help desk says
/// # Ok::<(), Error>(())
/// ```
pub fn read(input: &[u8], policy: &Policy, unlock: &Unlock<'_>) -> Result<Records, Error> {
    if input.len() > policy.limits.file {
        return Err(Error::TooLong);
    }
    let format = detect(input).format().ok_or(Error::UnknownFormat)?;
    read_as(format, input, policy, unlock)
}

/// Reads a text or a file as the format that the caller says it is.
///
/// # Errors
/// As those of [`read`].
///
/// ```
/// use pushotp_provision::{Error, Format, Policy, Unlock, read_as};
///
/// let uri = b"otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQ";
/// assert!(read_as(Format::Otpauth, uri, &Policy::app(), &Unlock::none()).is_ok());
/// let refused = read_as(Format::Zip, uri, &Policy::app(), &Unlock::none());
/// assert_eq!(refused.err(), Some(Error::NotReadable(Format::Zip)));
/// ```
pub fn read_as(format: Format, input: &[u8], policy: &Policy, unlock: &Unlock<'_>) -> Result<Records, Error> {
    if input.len() > policy.limits.file {
        return Err(Error::TooLong);
    }
    #[cfg(not(feature = "backup-crypto"))]
    let _ = unlock;
    match format {
        // One arm for each format or family that is read as a whole.
        Format::UriList => lines(format, input, policy, |line| uri(line, policy)),
        Format::Migration => migration::read(input, policy),
        Format::LiboathUsers => liboath::read(input, policy),
        #[cfg(feature = "backup")]
        _ if format.support() == Support::Feature("backup") => crate::backup::read(format, input, policy),
        #[cfg(feature = "backup")]
        Format::KeePassFields if input.trim_ascii_start().starts_with(b"{") => {
            crate::backup::read(format, input, policy)
        }
        #[cfg(feature = "backup-crypto")]
        _ if format.support() == Support::Feature("backup-crypto") => {
            crate::backup::crypto::open(format, input, policy, unlock)
        }
        // Some of these are no text.
        #[cfg(not(feature = "backup-crypto"))]
        _ if format.support() == Support::Feature("backup-crypto") => Err(Error::FeatureMissing(format)),
        _ if format.support() == Support::Never => Err(Error::NotReadable(format)),
        #[cfg(feature = "pskc")]
        Format::Pskc => crate::pskc::read(input, policy, unlock),
        #[cfg(feature = "pskc")]
        Format::AladdinXml => crate::aladdin::read(input, policy),
        #[cfg(feature = "csv")]
        Format::OathCsv => crate::csv::oath::parse(input, policy),
        #[cfg(feature = "csv")]
        Format::EntraCsv => crate::csv::entra::parse(input, policy),
        #[cfg(feature = "csv")]
        Format::DuoCsv => crate::csv::duo::read(input, policy),
        #[cfg(feature = "csv")]
        Format::YubicoCsv => crate::csv::yubico::parse(input, policy),
        #[cfg(feature = "csv")]
        Format::MultiOtp => crate::multiotp::read(input, policy),
        #[cfg(feature = "csv")]
        Format::SafeWord => crate::safeword::read(input, policy),
        _ => match one(format, text(input)?, policy) {
            Some(record) => Ok(Records::new(format, vec![record])),
            None => Err(match format.support() {
                Support::Feature(_) => Error::FeatureMissing(format),
                _ => Error::NotReadable(format),
            }),
        },
    }
}

/// Formats of which a text is one record.
fn one(format: Format, text: &str, policy: &Policy) -> Option<Record> {
    let token = |parsed| Record::of(Place::Whole, parsed);
    Some(match format {
        Format::Otpauth => token(otpauth::parse(text, policy)),
        Format::Base32 => token(manual::base32(text, policy)),
        Format::Hex => token(manual::hex(text, policy)),
        Format::SteamUri => token(steam::parse(text, policy)),
        Format::Motp => token(motp::parse(text, policy)),
        Format::OathToken => token(oathtoken::parse(text, policy)),
        Format::KeePassFields if !text.starts_with('{') => token(keepass::parse_query(text, policy)),
        #[cfg(feature = "mobilepass")]
        Format::MobilePass => token(crate::mobilepass::parse(text, "", policy)),
        Format::PrivacyIdeaPush | Format::EduMfaPush => invites(push::parse(text, policy), Enrolment::Push),
        Format::MobilePassPlus => invites(mobilepass_plus::parse(text, policy), Enrolment::MobilePassPlus),
        Format::LinOtpPairing => invites(linotp::parse_pairing(text, policy), Enrolment::LinOtpPairing),
        Format::LinOtpOcra2 => invites(linotp::parse_ocra2(text, policy), Enrolment::LinOtpOcra2),
        #[cfg(feature = "enrolment")]
        Format::PushOtp => {
            let offer = crate::enrolment::parse(text.trim_ascii()).map_err(Error::Enrolment);
            invites(offer.map(|offer| (offer, Warnings::default())), Enrolment::PushOtp)
        }
        _ => return None,
    })
}

fn invites<T>(parsed: Result<(T, Warnings), Error>, variant: impl FnOnce(T) -> Enrolment) -> Record {
    Record::invites(parsed.map(|(invitation, warnings)| (variant(invitation), warnings)))
}

/// A line of a list, by its scheme.
fn uri(line: &str, policy: &Policy) -> Result<Parsed, Error> {
    match detect(line.as_bytes()).format() {
        Some(Format::SteamUri) => steam::parse(line, policy),
        Some(Format::Motp) => motp::parse(line, policy),
        _ => otpauth::parse(line, policy),
    }
}

/// A text with a record in each line; blank ones and those behind a `#` hold none.
pub(crate) fn lines(
    format: Format,
    input: &[u8],
    policy: &Policy,
    parse: impl Fn(&str) -> Result<Parsed, Error>,
) -> Result<Records, Error> {
    let text = text(input)?;
    // At once: growing would hold the records twice.
    let count = text.lines().filter(|line| !line.is_empty()).count();
    let mut records = Vec::with_capacity(count.min(policy.limits.records));
    for (line, number) in text.lines().zip(1..) {
        if line.len() > policy.limits.line {
            return Err(Error::TooLong);
        }
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if records.len() == policy.limits.records {
            return Err(Error::TooMany);
        }
        records.push(Record::of(Place::Line(number), parse(line)));
    }
    if records.is_empty() { Err(Error::Empty) } else { Ok(Records::new(format, records)) }
}

/// UTF-8, without a mark at the beginning.
pub(crate) fn text(input: &[u8]) -> Result<&str, Error> {
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    core::str::from_utf8(input).map_err(|error| Error::Malformed { offset: error.valid_up_to() })
}
