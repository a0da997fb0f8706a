//! The activation string of SafeNet MobilePASS+, and its link.
//!
//! It invites that app to fetch a key over the network, once, by a protocol that is not public. So it is read to be
//! explained: to whom it belongs and where it leads. Another app needs a third-party authenticator from the operator.

use alloc::{string::String, vec::Vec};
use core::fmt;

use data_encoding::BASE64;
use pushotp_types::Secret;
use zeroize::Zeroizing;

use crate::{Error, Part, Policy, Warnings, notes::Notes};

/// What an activation string says. The URL's code and the passphrase are secrets.
///
/// ```
/// use pushotp_provision::{Policy, mobilepass_plus};
///
/// let text = "RW5yb2xsbWVudFVSTD1odHRwczovL3NlLmV4YW1wbGUuY29tL2Rza3BwLmFzcHg/c2M9MDAwMDAwMDAwMApVc2VySUQ9YWxpY2UKUGFz\
///     c3BocmFzZT0wMDAw";
/// let (activation, _) = mobilepass_plus::parse(text, &Policy::server())?;
/// assert_eq!((activation.user.as_str(), activation.host()), ("alice", "se.example.com"));
/// assert_eq!(activation.passphrase.expose(), b"0000");
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[non_exhaustive]
pub struct Activation {
    /// Where the app enrols, with the one-time code.
    pub url: Zeroizing<String>,
    /// For whom.
    pub user: String,
    /// What unlocks the enrolment.
    pub passphrase: Secret,
}

impl Activation {
    /// The host of the URL, which may be shown.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, mobilepass_plus};
    /// # let text = "RW5yb2xsbWVudFVSTD1odHRwczovL3NlLmV4YW1wbGUuY29tL2Rza3BwLmFzcHg/c2M9MDAwMDAwMDAwMApVc2VySUQ9YWxpY2UKUGFzc3BocmFzZT0wMDAw";
    /// let (activation, _) = mobilepass_plus::parse(text, &Policy::server())?;
    /// assert_eq!(activation.host(), "se.example.com");
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['/', '?']).next().unwrap_or_default()
    }
}

impl fmt::Debug for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Activation")
            .field("host", &self.host())
            .field("user", &crate::display(&self.user))
            .finish_non_exhaustive()
    }
}

/// Reads an activation string: base64 of three lines, or the link `mobilepassplus://autoenrollment?str=…`, in which `+`
/// and `=` stand for themselves.
///
/// # Errors
/// [`Error::Base64`], [`Error::Missing`] and [`Error::Invalid`] with the line.
///
/// ```
/// use pushotp_provision::{Error, Policy, mobilepass_plus};
///
/// assert_eq!(mobilepass_plus::parse("RW5y!", &Policy::app()).err(), Some(Error::Base64));
/// ```
pub fn parse(text: &str, policy: &Policy) -> Result<(Activation, Warnings), Error> {
    let mut notes = Notes::new(policy);
    let text = notes.line(text)?;
    let encoded = match text.split_once("://") {
        None => text,
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("mobilepassplus") => {
            rest.split_once("str=").ok_or(Error::Missing(Part::Field("str")))?.1
        }
        Some(_) => return Err(Error::Scheme),
    };
    let decoded: Zeroizing<Vec<u8>> = Zeroizing::new(BASE64.decode(encoded.as_bytes()).map_err(|_| Error::Base64)?);
    let lines = core::str::from_utf8(&decoded).map_err(|_| Error::Utf8(Part::Field("str")))?;
    let url = Some(value(lines, "EnrollmentURL")?.into());
    let url = Zeroizing::new(crate::push::url(url, &mut notes)?);
    let user = value(lines, "UserID")?;
    notes.name(Part::Account, Some(user))?;
    let passphrase = value(lines, "Passphrase")?.as_bytes();
    let passphrase = Secret::danger_import_weak(passphrase).map_err(|_| Error::Invalid(Part::Field("Passphrase")))?;
    Ok((Activation { url, user: user.into(), passphrase }, notes.warnings))
}

/// The value of the one line with this name.
fn value<'a>(lines: &'a str, name: &'static str) -> Result<&'a str, Error> {
    let mut found = lines.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let value = found.next().filter(|value| !value.is_empty()).ok_or(Error::Missing(Part::Field(name)))?;
    if found.next().is_some() { Err(Error::Repeated(Part::Field(name))) } else { Ok(value) }
}
