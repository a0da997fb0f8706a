//! Invitations to push services that others speak: privacyIDEA's and eduMFA's.
//!
//! They hold no passcode secret. The app makes a key pair, and sends its public key with the enrolment credential to the
//! URL before the time is over. Nothing is sent from here.

use alloc::string::String;
use core::fmt;

use pushotp_types::Secret;
use zeroize::Zeroizing;

use crate::{
    Error, Part, Policy, Warning, Warnings,
    notes::{Notes, number},
    otpauth::query::{Query, decode},
};

/// The longest URL of a server, in bytes.
const MAX_URL: usize = 2048;

/// Whose protocol the app must speak.
///
/// ```
/// use pushotp_provision::push::Provider;
///
/// assert_ne!(Provider::PrivacyIdea, Provider::EduMfa);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Provider {
    /// privacyIDEA: `otpauth://pipush/…` and `pia://pipush/…`.
    PrivacyIdea,
    /// eduMFA: `edumfa-push://edumfa/…`.
    EduMfa,
}

/// An invitation to push login.
///
/// ```
/// use pushotp_provision::{Policy, push};
///
/// let uri = "otpauth://pipush/PIPU0001?url=https%3A//login.example.com/push&ttl=10&issuer=Example\
///     &enrollment_credential=3342826741eb64e8f94e01920a88745bccdecd9e&v=1&serial=PIPU0001&sslverify=1";
/// let (push, _) = push::parse(uri, &Policy::server())?;
/// assert_eq!((push.url.as_str(), push.ttl_minutes, push.serial.as_str()), ("https://login.example.com/push", 10, "PIPU0001"));
/// assert!(push.asks_for_tls_verification);
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[non_exhaustive]
pub struct PushEnrolment {
    /// Whose protocol it is.
    pub provider: Provider,
    /// The name in the path, mostly the serial number.
    pub label: String,
    /// The name of the token on the server.
    pub serial: String,
    /// Who invites.
    pub issuer: Option<String>,
    /// Where the app enrols.
    pub url: String,
    /// How many minutes the invitation is good for.
    pub ttl_minutes: u32,
    /// What proves to the server that the app has scanned this: a secret.
    pub credential: Secret,
    /// `sslverify`. If it is false, the server asks for TLS without certificates; that must not be obeyed.
    pub asks_for_tls_verification: bool,
    /// Whether the server cannot push, so that the app has to poll.
    pub poll_only: bool,
    /// Whether the user must unlock the app before answering: `pin`, `biometric`, `any`, as the server wrote it.
    pub force_unlock: Option<String>,
    /// Whether the app must ask for a PIN of its own.
    pub pin: bool,
}

impl fmt::Debug for PushEnrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushEnrolment")
            .field("provider", &self.provider)
            .field("serial", &crate::display(&self.serial))
            .field("issuer", &self.issuer.as_deref().map(crate::display))
            .finish_non_exhaustive()
    }
}

/// Reads an invitation of privacyIDEA or eduMFA.
///
/// # Errors
/// [`Error::Scheme`], [`Error::Version`] for another version than 1, [`Error::Missing`] and [`Error::Invalid`] with the
/// part. What the policy says of TLS: a server gets [`Error::Unsupported`] where an app gets a warning.
///
/// ```
/// use pushotp_provision::{Error, Part, Policy, Warning, push};
///
/// let uri = "edumfa-push://edumfa/PUSH1?url=https%3A//login.example.com/push&ttl=5&enrollment_credential=00ff&v=1\
///     &serial=PUSH1&sslverify=0";
/// let (_, warnings) = push::parse(uri, &Policy::app())?;
/// assert!(warnings.contains(Warning::NoTlsVerification)); // say so, and verify all the same
/// assert_eq!(push::parse(uri, &Policy::server()).err(), Some(Error::Unsupported(Part::Field("sslverify"))));
/// # Ok::<(), Error>(())
/// ```
pub fn parse(uri: &str, policy: &Policy) -> Result<(PushEnrolment, Warnings), Error> {
    let mut notes = Notes::new(policy);
    let (scheme, rest) = notes.line(uri)?.split_once("://").ok_or(Error::Scheme)?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, label) = path.split_once('/').unwrap_or((path, ""));
    let provider = provider(scheme, host)?;
    let mut query = Query::parse(query, &mut notes)?;
    if query.take("v")?.is_some_and(|version| version != "1") {
        return Err(Error::Version);
    }
    let label = decode(label, Part::Field("label"))?.text(Part::Field("label"))?;
    let serial = query.take("serial")?.ok_or(Error::Missing(Part::Serial))?;
    notes.name(Part::Field("label"), Some(&label))?;
    notes.name(Part::Serial, Some(&serial))?;
    notes.name(Part::Issuer, query.issuer.as_deref())?;
    let url = url(query.take("url")?, &mut notes)?;
    let ttl = query.take("ttl")?.ok_or(Error::Missing(Part::Field("ttl")))?;
    let ttl = number(&ttl).and_then(|minutes| u32::try_from(minutes).ok()).ok_or(Error::Invalid(Part::Field("ttl")))?;
    Ok((
        PushEnrolment {
            provider,
            label: label.into(),
            serial,
            issuer: query.issuer.take(),
            url,
            ttl_minutes: ttl,
            credential: credential(&mut query)?,
            asks_for_tls_verification: verifies(&mut query, &mut notes)?,
            poll_only: flag(query.take("poll_only")?),
            force_unlock: query.take("app_force_unlock")?,
            pin: flag(query.take("pin")?),
        },
        notes.warnings,
    ))
}

fn provider(scheme: &str, host: &str) -> Result<Provider, Error> {
    let is = |ours: &str, theirs: &str| scheme.eq_ignore_ascii_case(ours) && host.eq_ignore_ascii_case(theirs);
    if is("otpauth", "pipush") || is("pia", "pipush") {
        Ok(Provider::PrivacyIdea)
    } else if is("edumfa-push", "edumfa") {
        Ok(Provider::EduMfa)
    } else {
        Err(Error::Scheme)
    }
}

/// The enrolment credential is text to the server; it is bounded and not decoded.
fn credential(query: &mut Query<'_>) -> Result<Secret, Error> {
    const NAME: &str = "enrollment_credential";
    let text = Zeroizing::new(query.take(NAME)?.ok_or(Error::Missing(Part::Field(NAME)))?);
    Secret::danger_import_weak(text.as_bytes()).map_err(|_| Error::Invalid(Part::Field(NAME)))
}

/// Whether it is `https` with a host, and without what a URL for a machine does not have.
pub(crate) fn url(url: Option<String>, notes: &mut Notes<'_>) -> Result<String, Error> {
    const URL: Part = Part::Field("url");
    let url = url.ok_or(Error::Missing(URL))?;
    if url.len() > MAX_URL {
        return Err(Error::PartTooLong(URL));
    }
    let (scheme, rest) = url.split_once("://").ok_or(Error::Invalid(URL))?;
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    if host.is_empty() || host.contains('@') || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::Invalid(URL));
    }
    match scheme.to_ascii_lowercase().as_str() {
        "https" => {}
        "http" => notes.tolerate(Warning::NoTls, Error::Unsupported(URL))?,
        _ => return Err(Error::Invalid(URL)),
    }
    Ok(url)
}

fn verifies(query: &mut Query<'_>, notes: &mut Notes<'_>) -> Result<bool, Error> {
    const NAME: &str = "sslverify";
    match query.take(NAME)?.as_deref() {
        None | Some("1" | "true" | "True") => Ok(true),
        Some("0" | "false" | "False") => {
            notes.tolerate(Warning::NoTlsVerification, Error::Unsupported(Part::Field(NAME)))?;
            Ok(false)
        }
        Some(_) => Err(Error::Invalid(Part::Field(NAME))),
    }
}

fn flag(value: Option<String>) -> bool {
    value.is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
}
