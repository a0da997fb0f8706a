//! LinOTP's pairing codes, `lseqr://pair/…`, and the start of its OCRA2 enrolment, `lseqr://init?…`.
//!
//! They are read to be shown and passed on; the protocols behind them are not spoken here.

use alloc::{string::String, vec::Vec};
use core::fmt;

use data_encoding::BASE64URL_NOPAD;
use pushotp_types::{HashAlgorithm, Secret};
use zeroize::Zeroizing;

use crate::{Error, Part, Policy, Warnings, notes::Notes, otpauth::query::Query};

/// The longest pairing code, decoded, in bytes.
const MAX_PAIRING: usize = 3072;

/// What is paired.
///
/// ```
/// use pushotp_provision::linotp::PairingKind;
///
/// assert_ne!(PairingKind::Qr, PairingKind::Push);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PairingKind {
    /// A token that answers challenges in QR codes.
    Qr,
    /// A token that answers pushed challenges.
    Push,
}

/// A pairing code.
///
/// ```
/// use pushotp_provision::{Policy, linotp};
///
/// // Version 2, a QR token, flags: serial number; partition 1.
/// let uri = "lseqr://pair/AgICAAAAAQAAAExTUVIwMDAxAAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\
///     BwcHBwcHBwcHBwcHBwcHBwcHBwc";
/// let (pairing, _) = linotp::parse_pairing(uri, &Policy::server())?;
/// assert_eq!((pairing.partition, pairing.serial.as_deref()), (1, Some("LSQR0001")));
/// // No public key: verify this before you believe any of it.
/// assert_eq!(pairing.signature, Some([7; 64]));
/// assert_eq!(pairing.signed.len(), 19);
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pairing {
    /// What is paired.
    pub kind: PairingKind,
    /// Which of the server's keys is meant.
    pub partition: u32,
    /// The server's public key, X25519.
    pub public_key: Option<[u8; 32]>,
    /// The token's serial number.
    pub serial: Option<String>,
    /// Where the answer goes. Without a public key of the server in the code, verify the signature first.
    pub callback_url: Option<String>,
    /// A telephone number for answers by short message.
    pub callback_sms: Option<String>,
    /// Digits of a code, 6 to 12.
    pub digits: Option<u8>,
    /// The hash function of a code.
    pub algorithm: Option<HashAlgorithm>,
    /// Ed25519, over [`signed`](Self::signed) by a key that the app knows; there if the public key is not.
    pub signature: Option<[u8; 64]>,
    /// The bytes before the signature.
    pub signed: Vec<u8>,
}

impl fmt::Debug for Pairing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pairing")
            .field("kind", &self.kind)
            .field("partition", &self.partition)
            .field("serial", &self.serial.as_deref().map(crate::display))
            .finish_non_exhaustive()
    }
}

/// Reads a pairing code.
///
/// # Errors
/// [`Error::Scheme`], [`Error::Base64`], [`Error::Version`], [`Error::Type`]; [`Error::Unsupported`] for flags that are not
/// known; [`Error::Malformed`] with the byte for what is cut short or has something behind it.
///
/// ```
/// use pushotp_provision::{Error, Policy, linotp};
///
/// assert_eq!(linotp::parse_pairing("lseqr://pair/AQ", &Policy::app()).err(), Some(Error::Version));
/// assert_eq!(linotp::parse_pairing("lseqr://pair/AgIC", &Policy::app()).err(), Some(Error::Malformed { offset: 2 }));
/// ```
pub fn parse_pairing(uri: &str, policy: &Policy) -> Result<(Pairing, Warnings), Error> {
    const PREFIX: &str = "lseqr://pair/";
    let mut notes = Notes::new(policy);
    let uri = notes.line(uri)?;
    let (prefix, text) = uri.split_at_checked(PREFIX.len()).ok_or(Error::Scheme)?;
    if !prefix.eq_ignore_ascii_case(PREFIX) {
        return Err(Error::Scheme);
    }
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Error::Base64)?;
    if bytes.len() > MAX_PAIRING {
        return Err(Error::TooLong);
    }
    let pairing = Reader { bytes: &bytes, at: 0 }.pairing()?;
    notes.name(Part::Serial, pairing.serial.as_deref())?;
    Ok((pairing, notes.warnings))
}

/// Moves forward and must come to the end.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn pairing(mut self) -> Result<Pairing, Error> {
        let [version] = self.take()?;
        if version != 2 {
            return Err(Error::Version);
        }
        let kind = match self.take()? {
            [2] => PairingKind::Qr,
            [4] => PairingKind::Push,
            _ => return Err(Error::Type),
        };
        let flags = u32::from_le_bytes(self.take()?);
        if flags > 63 {
            return Err(Error::Unsupported(Part::Field("flags")));
        }
        let has = |flag: u32| flags & flag != 0;
        let partition = u32::from_le_bytes(self.take()?);
        let public_key = has(1).then(|| self.take()).transpose()?;
        let serial = has(2).then(|| self.string()).transpose()?;
        let callback_url = has(4).then(|| self.string()).transpose()?;
        let callback_sms = has(8).then(|| self.string()).transpose()?;
        let digits = has(16).then(|| self.digits()).transpose()?;
        let algorithm = has(32).then(|| self.algorithm()).transpose()?;
        let signed = self.bytes.get(..self.at).unwrap_or_default().to_vec();
        let signature = (!has(1)).then(|| self.take()).transpose()?;
        if self.at != self.bytes.len() {
            return Err(Error::Malformed { offset: self.at });
        }
        Ok(Pairing {
            kind,
            partition,
            public_key,
            serial,
            callback_url,
            callback_sms,
            digits,
            algorithm,
            signature,
            signed,
        })
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let chunk = rest.first_chunk::<N>().ok_or(Error::Malformed { offset: self.at })?;
        self.at += N;
        Ok(*chunk)
    }

    /// Up to a zero byte.
    fn string(&mut self) -> Result<String, Error> {
        let (rest, offset) = (self.bytes.get(self.at..).unwrap_or_default(), self.at);
        let end = rest.iter().position(|byte| *byte == 0).ok_or(Error::Malformed { offset })?;
        self.at += end + 1;
        let text = core::str::from_utf8(rest.get(..end).unwrap_or_default());
        text.map(String::from).map_err(|_| Error::Malformed { offset })
    }

    fn digits(&mut self) -> Result<u8, Error> {
        let [digits] = self.take()?;
        if (6..=12).contains(&digits) { Ok(digits) } else { Err(Error::Digits) }
    }

    fn algorithm(&mut self) -> Result<HashAlgorithm, Error> {
        match self.take()? {
            [0] => Ok(HashAlgorithm::Sha1),
            [1] => Ok(HashAlgorithm::Sha256),
            [2] => Ok(HashAlgorithm::Sha512),
            _ => Err(Error::Algorithm),
        }
    }
}

/// The start of an OCRA2 enrolment: the server's half of a key. A second code with a nonce follows.
///
/// ```
/// use pushotp_provision::{Policy, linotp};
///
/// let uri = "lseqr://init?sh=31323334353637383930&os=OCRA-1%3AHOTP-SHA256-6%3AC-QA64&se=LSOC0001";
/// let (start, _) = linotp::parse_ocra2(uri, &Policy::app())?;
/// assert_eq!((start.suite.as_str(), start.serial.as_deref()), ("OCRA-1:HOTP-SHA256-6:C-QA64", Some("LSOC0001")));
/// assert_eq!(start.shared_secret.expose(), b"1234567890");
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[non_exhaustive]
pub struct Ocra2Start {
    /// What the server chose of the key. It is not the key yet.
    pub shared_secret: Secret,
    /// The OCRA suite of the token.
    pub suite: String,
    /// The token's serial number.
    pub serial: Option<String>,
}

impl fmt::Debug for Ocra2Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ocra2Start")
            .field("suite", &crate::display(&self.suite))
            .field("serial", &self.serial.as_deref().map(crate::display))
            .finish_non_exhaustive()
    }
}

/// Reads the start of an OCRA2 enrolment.
///
/// # Errors
/// [`Error::Type`] for the second code, which means nothing alone; [`Error::Missing`] and [`Error::Invalid`] with the part.
///
/// ```
/// use pushotp_provision::{Error, Part, Policy, linotp};
///
/// let policy = Policy::app();
/// assert_eq!(linotp::parse_ocra2("lseqr://nonce?me=a&ch=b", &policy).err(), Some(Error::Type));
/// assert_eq!(linotp::parse_ocra2("lseqr://init?sh=00ff", &policy).err(), Some(Error::Missing(Part::Field("os"))));
/// ```
pub fn parse_ocra2(uri: &str, policy: &Policy) -> Result<(Ocra2Start, Warnings), Error> {
    let mut notes = Notes::new(policy);
    let (scheme, rest) = notes.line(uri)?.split_once("://").ok_or(Error::Scheme)?;
    if !scheme.eq_ignore_ascii_case("lseqr") {
        return Err(Error::Scheme);
    }
    let (action, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !action.trim_end_matches('/').eq_ignore_ascii_case("init") {
        return Err(Error::Type);
    }
    let mut query = Query::parse(query, &mut notes)?;
    let shared = Zeroizing::new(query.take("sh")?.ok_or(Error::SecretMissing)?);
    let suite = query.take("os")?.ok_or(Error::Missing(Part::Field("os")))?;
    if !suite.starts_with("OCRA-1:") || suite.len() > 128 || !suite.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::Invalid(Part::Field("os")));
    }
    let serial = query.take("se")?;
    notes.name(Part::Serial, serial.as_deref())?;
    Ok((Ocra2Start { shared_secret: notes.hex(shared.as_bytes())?, suite, serial }, notes.warnings))
}
