//! The enrolment offer of the push protocol as a URI, for a QR code.
//!
//! `pushotp://enrol#` and the offer's deterministic CBOR in base64url without padding. It stands in the fragment because
//! a fragment is never sent to a server, should the URI end up in a browser.
//!
//! ```
//! use pushotp_provision::{
//!     Policy,
//!     enrolment::{self, EnrolmentError},
//!     otpauth,
//! };
//!
//! // What a camera has read may be of either kind:
//! let text = "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
//! assert_eq!(enrolment::parse(text).err(), Some(EnrolmentError::Scheme));
//! assert!(otpauth::parse(text, &Policy::app()).is_ok());
//! ```

use alloc::string::String;

use data_encoding::BASE64URL_NOPAD;
use pushotp_cbor::{ByteArray, ByteBuf, CborError, decode, encode_secret};
use pushotp_types::{DeviceId, EnrolmentId, Epoch, Offer, TenantId, UnixTime};
use zeroize::Zeroizing;

/// What every such URI begins with.
///
/// ```
/// use pushotp_provision::enrolment::{EnrolmentError, PREFIX, parse};
///
/// assert_ne!(parse(PREFIX).err(), Some(EnrolmentError::Scheme));
/// ```
pub const PREFIX: &str = "pushotp://enrol#";

/// The longest URI that is read, in bytes.
const MAX_LEN: usize = 1024;
/// The longest URL of a server, in bytes.
const MAX_URL_LEN: usize = 256;
/// 2020 to 2100: other times are refused everywhere in the protocol.
const SECONDS: core::ops::RangeInclusive<u64> = 1_577_836_800..=4_102_444_800;
const VERSION: u8 = 1;

/// `[1, tenant, eid, did, epoch, server key, psk, url, expires]`
type Fields = (u8, ByteBuf, ByteArray<16>, ByteArray<16>, u32, ByteArray<32>, ByteArray<32>, String, u64);

/// Reads an offer from its URI.
///
/// Only the one encoding is read that [`write()`] makes. Whether the offer has expired is for the caller's clock.
///
/// # Errors
/// [`EnrolmentError`], which names the part and never its value.
///
/// ```
/// use pushotp_provision::enrolment::{EnrolmentError, parse};
///
/// assert_eq!(parse("otpauth://totp/alice").err(), Some(EnrolmentError::Scheme));
/// assert_eq!(parse("pushotp://enrol#AAAA").err(), Some(EnrolmentError::Offer));
/// ```
pub fn parse(uri: &str) -> Result<Offer, EnrolmentError> {
    if uri.len() > MAX_LEN {
        return Err(EnrolmentError::TooLong);
    }
    let (scheme, text) = uri.split_at_checked(PREFIX.len()).ok_or(EnrolmentError::Scheme)?;
    if !scheme.eq_ignore_ascii_case(PREFIX) {
        return Err(EnrolmentError::Scheme);
    }
    let cbor = Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| EnrolmentError::Base64)?);
    let (version, tenant, enrolment, device, epoch, server_key, psk, url, expires): Fields = decode(&cbor)?;
    let psk = Zeroizing::new(psk.into_array());
    if version != VERSION {
        return Err(EnrolmentError::Version);
    }
    let offer = Offer {
        tenant: TenantId::new(&tenant).map_err(|_| EnrolmentError::Tenant)?,
        enrolment: EnrolmentId::from_bytes(*enrolment),
        device: DeviceId::from_bytes(*device),
        epoch: Epoch::new(epoch).map_err(|_| EnrolmentError::Epoch)?,
        server_key: *server_key,
        psk: *psk,
        url,
        expires: UnixTime::from_secs(expires),
    };
    check(&offer)?;
    Ok(offer)
}

/// Writes an offer as a URI.
///
/// The result is a secret: whoever reads it can enrol a device until the offer is used or expires. Show it once, as a QR
/// code, to the person who logged in.
///
/// # Errors
/// [`EnrolmentError::Url`] or [`EnrolmentError::Expiry`] for an offer that [`parse`] would refuse.
///
/// ```
/// use pushotp_provision::enrolment::{parse, write};
/// use pushotp_types::{DeviceId, EnrolmentId, Epoch, Offer, TenantId, UnixTime};
///
/// let offer = Offer {
///     tenant: TenantId::new(b"example.com")?,
///     enrolment: EnrolmentId::from_bytes([1; 16]),
///     device: DeviceId::from_bytes([2; 16]),
///     epoch: Epoch::FIRST,
///     server_key: [9; 32],
///     psk: [3; 32],
///     url: "https://login.example.com/push".into(),
///     expires: UnixTime::from_secs(1_800_000_000),
/// };
/// let uri = write(&offer)?;
/// assert!(uri.starts_with("pushotp://enrol#"));
/// assert_eq!(parse(&uri)?.enrolment, offer.enrolment);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(offer: &Offer) -> Result<Zeroizing<String>, EnrolmentError> {
    check(offer)?;
    let psk = Zeroizing::new(offer.psk);
    let fields = (
        VERSION,
        pushotp_cbor::Bytes::new(offer.tenant.as_bytes()),
        pushotp_cbor::Bytes::new(offer.enrolment.as_bytes()),
        pushotp_cbor::Bytes::new(offer.device.as_bytes()),
        offer.epoch.get(),
        pushotp_cbor::Bytes::new(&offer.server_key),
        pushotp_cbor::Bytes::new(psk.as_slice()),
        offer.url.as_str(),
        offer.expires.as_secs(),
    );
    let cbor = encode_secret(&fields)?;
    // Reserved at once, so that no copy of the secret stays behind when the text grows.
    let mut uri = Zeroizing::new(String::with_capacity(PREFIX.len() + BASE64URL_NOPAD.encode_len(cbor.len())));
    uri.push_str(PREFIX);
    BASE64URL_NOPAD.encode_append(&cbor, &mut uri);
    Ok(uri)
}

fn check(offer: &Offer) -> Result<(), EnrolmentError> {
    let url = offer.url.as_str();
    let host = url.strip_prefix("https://").ok_or(EnrolmentError::Url)?;
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_plain || url.len() > MAX_URL_LEN || host.is_empty() || host.starts_with('/') || url.contains(['#', '@']) {
        return Err(EnrolmentError::Url);
    }
    if SECONDS.contains(&offer.expires.as_secs()) { Ok(()) } else { Err(EnrolmentError::Expiry) }
}

/// Why a text is no enrolment URI.
///
/// ```
/// use pushotp_provision::enrolment::EnrolmentError;
///
/// assert_eq!(EnrolmentError::Url.to_string(), "the server's URL is not a plain https URL of at most 256 bytes");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentError {
    /// Longer than 1024 bytes.
    #[error("the text is longer than 1024 bytes")]
    TooLong,
    /// Another kind of text.
    #[error("the text does not begin with pushotp://enrol#")]
    Scheme,
    /// The fragment is not base64url without padding.
    #[error("the fragment is not base64url without padding")]
    Base64,
    /// The offer has another shape or another encoding.
    #[error("the offer is not the deterministic encoding of nine fields")]
    Offer,
    /// The offer is for another version of the protocol.
    #[error("the offer is for another version of the protocol")]
    Version,
    /// The tenant has another length than 1 to 32 bytes.
    #[error("the tenant is not 1 to 32 bytes")]
    Tenant,
    /// The epoch is 0.
    #[error("the epoch is 0")]
    Epoch,
    /// The server's URL is not `https`, or has user information, a fragment, or characters to be escaped.
    #[error("the server's URL is not a plain https URL of at most 256 bytes")]
    Url,
    /// The expiry is no time that the protocol knows.
    #[error("the expiry is not between 2020 and 2100")]
    Expiry,
}

impl From<CborError> for EnrolmentError {
    fn from(_: CborError) -> Self {
        Self::Offer
    }
}
