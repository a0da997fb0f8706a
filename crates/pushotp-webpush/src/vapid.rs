use core::{fmt, time::Duration};

use data_encoding::BASE64URL_NOPAD;
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer as _},
    elliptic_curve::Generate,
};
use pushotp_types::UnixTime;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    Endpoint,
    encryption::{PUBLIC_LEN, encode},
};

/// How long a token is good for. RFC 8292 allows a day; an hour is enough for clocks that differ.
const LIFE: Duration = Duration::from_secs(3600);
const MAX_CONTACT: usize = 256;

/// The key by which push services recognise the server: VAPID, RFC 8292.
///
/// One for each server, for good: subscriptions are made for its public key, and are void without it.
///
/// ```
/// use pushotp_webpush::VapidKey;
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let key = VapidKey::generate(&mut rng);
/// let again = VapidKey::from_bytes(&key.expose())?; // kept apart from the database
/// assert_eq!(again.application_server_key(), key.application_server_key());
/// # Ok::<(), pushotp_webpush::WeakKey>(())
/// ```
pub struct VapidKey(SigningKey);

/// 32 bytes that are no private key of P-256.
///
/// ```
/// assert_eq!(pushotp_webpush::WeakKey.to_string(), "not a private key of P-256");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a private key of P-256")]
pub struct WeakKey;

impl VapidKey {
    /// A fresh key.
    ///
    /// ```
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// let key = pushotp_webpush::VapidKey::generate(&mut rng);
    /// assert_eq!(format!("{key:?}"), "VapidKey { .. }");
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self(SigningKey::generate_from_rng(rng))
    }

    /// A stored key: the scalar, big-endian.
    ///
    /// # Errors
    /// [`WeakKey`] for zero and for what is not below the order of the curve.
    ///
    /// ```
    /// use pushotp_webpush::{VapidKey, WeakKey};
    ///
    /// assert!(VapidKey::from_bytes(&[7; 32]).is_ok());
    /// assert_eq!(VapidKey::from_bytes(&[0xff; 32]).unwrap_err(), WeakKey);
    /// ```
    pub fn from_bytes(scalar: &[u8; 32]) -> Result<Self, WeakKey> {
        SigningKey::from_slice(scalar).map(Self).map_err(|_| WeakKey)
    }

    /// The bytes for [`from_bytes`](Self::from_bytes).
    ///
    /// ```
    /// assert_eq!(*pushotp_webpush::VapidKey::from_bytes(&[7; 32])?.expose(), [7; 32]);
    /// # Ok::<(), pushotp_webpush::WeakKey>(())
    /// ```
    #[must_use]
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// The public key in base64url, as a page gives it to `pushManager.subscribe`.
    ///
    /// ```
    /// let key = pushotp_webpush::VapidKey::from_bytes(&[7; 32])?;
    /// assert_eq!(key.application_server_key().len(), 87);
    /// # Ok::<(), pushotp_webpush::WeakKey>(())
    /// ```
    #[must_use]
    pub fn application_server_key(&self) -> String {
        let public: [u8; PUBLIC_LEN] = encode(&self.0.verifying_key().into());
        BASE64URL_NOPAD.encode(&public)
    }

    /// The header `Authorization` for a push service.
    pub(crate) fn authorization(&self, endpoint: &Endpoint, contact: &Contact, now: UnixTime) -> Option<String> {
        let expires = now.saturating_add(LIFE).as_secs();
        // Neither the origin nor the contact has characters that JSON escapes.
        let claims = format!(r#"{{"aud":"{}","exp":{expires},"sub":"{}"}}"#, endpoint.origin(), contact.0);
        let [header, claims] =
            [r#"{"typ":"JWT","alg":"ES256"}"#, &claims].map(|part| BASE64URL_NOPAD.encode(part.as_bytes()));
        let signed = format!("{header}.{claims}");
        let signature: Signature = self.0.try_sign(signed.as_bytes()).ok()?;
        let signature = BASE64URL_NOPAD.encode(&signature.to_bytes());
        Some(format!("vapid t={signed}.{signature}, k={}", self.application_server_key()))
    }
}

impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VapidKey").finish_non_exhaustive()
    }
}

/// Whom the operator of a push service can reach when something goes wrong: `mailto:` or `https:`.
///
/// ```
/// use pushotp_webpush::Contact;
///
/// assert!(Contact::new("mailto:push@example.com").is_ok());
/// assert!(Contact::new("push@example.com").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact(String);

/// Not a `mailto:` or `https:` URI of at most 256 bytes.
///
/// ```
/// assert_eq!(pushotp_webpush::ContactError.to_string(), "the contact is not a mailto: or https: URI");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the contact is not a mailto: or https: URI")]
pub struct ContactError;

impl Contact {
    /// A contact.
    ///
    /// # Errors
    /// [`ContactError`].
    ///
    /// ```
    /// use pushotp_webpush::{Contact, ContactError};
    ///
    /// assert!(Contact::new("https://example.com/contact").is_ok());
    /// assert_eq!(Contact::new(r#"mailto:"quoted"@example.com"#), Err(ContactError));
    /// ```
    pub fn new(uri: &str) -> Result<Self, ContactError> {
        let rest = uri.strip_prefix("mailto:").or_else(|| uri.strip_prefix("https://")).ok_or(ContactError)?;
        let is_uri = uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\<>^`{|}".contains(&byte));
        if rest.is_empty() || uri.len() > MAX_CONTACT || !is_uri {
            return Err(ContactError);
        }
        Ok(Self(uri.to_owned()))
    }
}
