use core::fmt;

use p256::{SecretKey, elliptic_curve::Generate};
use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    Endpoint, Subscription, WeakKey,
    encryption::{AUTH_LEN, decrypt},
};

/// The keys of a subscription on the device that made it: the receiving half.
///
/// A browser keeps its own and decrypts by itself; this is for a device without one, such as a `UnifiedPush` client.
///
/// ```
/// use pushotp_webpush::{Opened, OpenError, SubscriptionKeys};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let keys = SubscriptionKeys::generate(&mut rng);
/// assert_eq!(keys.open(b"not from the server").unwrap_err(), OpenError);
///
/// let stored = keys.expose(); // to be kept as other keys are
/// let again = SubscriptionKeys::from_bytes(&stored)?;
/// # let _ = again;
/// # Ok::<(), pushotp_webpush::WeakKey>(())
/// ```
pub struct SubscriptionKeys {
    key: SecretKey,
    auth: [u8; AUTH_LEN],
}

/// What a push held.
///
/// ```
/// use pushotp_webpush::Opened;
///
/// assert_ne!(Opened::Sealed(b"an envelope".to_vec()), Opened::WakeUp);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum Opened {
    /// An envelope, as the device would have fetched it. Whom it is from shows when it is opened.
    Sealed(Vec<u8>),
    /// Nothing: fetch.
    WakeUp,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sealed(envelope) => write!(f, "Sealed({} bytes)", envelope.len()),
            Self::WakeUp => f.write_str("WakeUp"),
        }
    }
}

/// What arrived was not encrypted for this subscription; says nothing more.
///
/// ```
/// assert_eq!(pushotp_webpush::OpenError.to_string(), "the push was not encrypted for this subscription");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the push was not encrypted for this subscription")]
pub struct OpenError;

impl SubscriptionKeys {
    /// Fresh keys, for one subscription.
    ///
    /// ```
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// let keys = pushotp_webpush::SubscriptionKeys::generate(&mut rng);
    /// assert_eq!(format!("{keys:?}"), "SubscriptionKeys { .. }");
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut auth = [0; AUTH_LEN];
        rng.fill_bytes(&mut auth);
        Self { key: SecretKey::generate_from_rng(rng), auth }
    }

    /// Stored keys: the private key, then the authentication secret.
    ///
    /// # Errors
    /// [`WeakKey`] if the first 32 bytes are no private key.
    ///
    /// ```
    /// use pushotp_webpush::{SubscriptionKeys, WeakKey};
    ///
    /// assert!(SubscriptionKeys::from_bytes(&[7; 48]).is_ok());
    /// assert_eq!(SubscriptionKeys::from_bytes(&[0; 48]).unwrap_err(), WeakKey);
    /// ```
    pub fn from_bytes(bytes: &[u8; 32 + AUTH_LEN]) -> Result<Self, WeakKey> {
        let (key, auth) = bytes.split_first_chunk::<32>().ok_or(WeakKey)?;
        let key = SecretKey::from_slice(key).map_err(|_| WeakKey)?;
        Ok(Self { key, auth: auth.try_into().map_err(|_| WeakKey)? })
    }

    /// The bytes for [`from_bytes`](Self::from_bytes): keep them as other keys are kept.
    ///
    /// ```
    /// let keys = pushotp_webpush::SubscriptionKeys::from_bytes(&[7; 48])?;
    /// assert_eq!(*keys.expose(), [7; 48]);
    /// # Ok::<(), pushotp_webpush::WeakKey>(())
    /// ```
    #[must_use]
    pub fn expose(&self) -> Zeroizing<[u8; 32 + AUTH_LEN]> {
        let mut bytes = Zeroizing::new([0; 32 + AUTH_LEN]);
        let (key, auth) = bytes.split_at_mut(32);
        let mut scalar = self.key.to_bytes();
        key.copy_from_slice(&scalar);
        scalar.zeroize();
        auth.copy_from_slice(&self.auth);
        bytes
    }

    /// The public half, with the endpoint that the push service gave out.
    ///
    /// ```
    /// use pushotp_webpush::{Endpoint, EndpointRules, SubscriptionKeys};
    ///
    /// let keys = SubscriptionKeys::from_bytes(&[7; 48])?;
    /// let endpoint = Endpoint::parse("https://push.example.net/7", EndpointRules::default())?;
    /// assert_eq!(keys.subscription(endpoint).endpoint().path(), "/7");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn subscription(&self, endpoint: Endpoint) -> Subscription {
        Subscription::from_keys(endpoint, self.key.public_key(), self.auth)
    }

    /// Decrypts the body of a push message, at most 4096 bytes.
    ///
    /// # Errors
    /// [`OpenError`].
    ///
    /// ```
    /// use data_encoding::BASE64URL_NOPAD;
    /// use pushotp_webpush::{Opened, SubscriptionKeys};
    ///
    /// // The example of RFC 8291.
    /// let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    /// let stored = [decode("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), decode("BTBZMqHH6r4Tts7J_aSIgg")].concat();
    /// let keys = SubscriptionKeys::from_bytes(&stored.try_into().unwrap())?;
    /// let body = decode(
    ///     "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl\
    ///      7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
    /// );
    /// let Opened::Sealed(envelope) = keys.open(&body)? else { panic!("a wake-up") };
    /// assert_eq!(envelope, b"When I grow up, I want to be a watermelon");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(&self, body: &[u8]) -> Result<Opened, OpenError> {
        let data = decrypt((&self.key, &self.auth), body).ok_or(OpenError)?;
        Ok(if data.is_empty() { Opened::WakeUp } else { Opened::Sealed(data) })
    }
}

impl Drop for SubscriptionKeys {
    fn drop(&mut self) {
        self.auth.zeroize();
    }
}

impl fmt::Debug for SubscriptionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionKeys").finish_non_exhaustive()
    }
}
