use core::fmt;

use data_encoding::BASE64URL_NOPAD;
use p256::PublicKey;
use pushotp_wire::terms::{PushAddress, PushKind};

use crate::{
    Endpoint, EndpointError, EndpointRules,
    encryption::{AUTH_LEN, PUBLIC_LEN, decode, encode},
};

/// What a device gives away so that it can be pushed: the endpoint, its public key and the authentication secret.
///
/// In a push address of the protocol it is the public key (`p256dh`, 65 bytes, uncompressed), then the authentication secret
/// (`auth`, 16 bytes), then the URL of the endpoint. A browser gives out the same three values.
///
/// ```
/// use pushotp_webpush::{Endpoint, EndpointRules, Subscription, SubscriptionKeys};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let keys = SubscriptionKeys::generate(&mut rng); // on the device
/// let rules = EndpointRules::default();
/// let subscription = keys.subscription(Endpoint::parse("https://push.example.net/7", rules)?);
/// let address = subscription.to_push_address()?; // for the enrolment, or an update
///
/// let read = Subscription::from_push_address(&address, rules)?; // on the server
/// assert_eq!(read.endpoint().host(), "push.example.net");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    endpoint: Endpoint,
    pub(crate) key: PublicKey,
    pub(crate) auth: [u8; AUTH_LEN],
}

/// Why a push address is no subscription.
///
/// ```
/// use pushotp_webpush::{EndpointRules, Subscription, SubscriptionError};
/// use pushotp_wire::terms::PushAddress;
///
/// let polls = Subscription::from_push_address(&PushAddress::POLL, EndpointRules::default());
/// assert_eq!(polls.unwrap_err(), SubscriptionError::Kind);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SubscriptionError {
    /// An address of another kind of push service.
    #[error("the push address is not one of Web Push")]
    Kind,
    /// Fewer than 82 bytes.
    #[error("the push address is too short")]
    Length,
    /// Not an uncompressed point of P-256.
    #[error("the public key is not a point of P-256")]
    Key,
    /// Not 16 bytes.
    #[error("the authentication secret is not 16 bytes")]
    Auth,
    /// The URL.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
}

impl Subscription {
    /// A subscription from its parts, as a browser gives them out.
    ///
    /// # Errors
    /// [`SubscriptionError::Key`], [`SubscriptionError::Auth`].
    ///
    /// ```
    /// use data_encoding::BASE64URL_NOPAD;
    /// use pushotp_webpush::{Endpoint, EndpointRules, Subscription};
    ///
    /// // From `PushSubscription.toJSON()`: `endpoint`, `keys.p256dh`, `keys.auth`.
    /// let endpoint = Endpoint::parse("https://push.example.net/7", EndpointRules::default())?;
    /// let p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    /// let [p256dh, auth] = [p256dh, "BTBZMqHH6r4Tts7J_aSIgg"].map(|text| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap());
    /// assert!(Subscription::new(endpoint, &p256dh, &auth).is_ok());
    /// # Ok::<(), pushotp_webpush::EndpointError>(())
    /// ```
    pub fn new(endpoint: Endpoint, p256dh: &[u8], auth: &[u8]) -> Result<Self, SubscriptionError> {
        let key = decode(p256dh).ok_or(SubscriptionError::Key)?;
        let auth = auth.try_into().map_err(|_| SubscriptionError::Auth)?;
        Ok(Self { endpoint, key, auth })
    }

    /// A subscription from the texts of a browser: `endpoint`, `keys.p256dh` and `keys.auth` of `PushSubscription.toJSON()`.
    ///
    /// # Errors
    /// [`SubscriptionError`], without the texts.
    ///
    /// ```
    /// use pushotp_webpush::{EndpointRules, Subscription, SubscriptionError};
    ///
    /// let keys = (
    ///     "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    ///     "BTBZMqHH6r4Tts7J_aSIgg",
    /// );
    /// let rules = EndpointRules::default();
    /// let subscription = Subscription::from_browser("https://push.example.net/7", keys, rules)?;
    /// assert_eq!(subscription.to_push_address().unwrap().addr().len(), 65 + 16 + 26);
    ///
    /// let swapped = Subscription::from_browser("https://push.example.net/7", (keys.1, keys.0), rules);
    /// assert_eq!(swapped.unwrap_err(), SubscriptionError::Key);
    /// # Ok::<(), SubscriptionError>(())
    /// ```
    pub fn from_browser(
        endpoint: &str,
        (p256dh, auth): (&str, &str),
        rules: EndpointRules,
    ) -> Result<Self, SubscriptionError> {
        let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes());
        let key = decode(p256dh).map_err(|_| SubscriptionError::Key)?;
        let auth = decode(auth).map_err(|_| SubscriptionError::Auth)?;
        Self::new(Endpoint::parse(endpoint, rules)?, &key, &auth)
    }

    /// Reads what a device named as its push address.
    ///
    /// # Errors
    /// [`SubscriptionError`], without the address.
    ///
    /// ```
    /// use pushotp_webpush::{EndpointRules, Subscription, SubscriptionError};
    /// use pushotp_wire::terms::{PushAddress, PushKind};
    ///
    /// let address = PushAddress::new(PushKind::WebPush, b"https://push.example.net/7".to_vec())?; // without the keys
    /// let read = Subscription::from_push_address(&address, EndpointRules::default());
    /// assert_eq!(read.unwrap_err(), SubscriptionError::Length);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn from_push_address(address: &PushAddress, rules: EndpointRules) -> Result<Self, SubscriptionError> {
        if address.kind() != PushKind::WebPush {
            return Err(SubscriptionError::Kind);
        }
        let (key, rest) = address.addr().split_first_chunk::<PUBLIC_LEN>().ok_or(SubscriptionError::Length)?;
        let (auth, url) = rest.split_first_chunk::<AUTH_LEN>().ok_or(SubscriptionError::Length)?;
        let url = str::from_utf8(url).map_err(|_| EndpointError::Path)?;
        Self::new(Endpoint::parse(url, rules)?, key, auth)
    }

    /// What a device names as its push address.
    ///
    /// # Errors
    /// [`pushotp_wire::Error::Field`] if it has more than 1024 bytes; an [`Endpoint`] never makes it so long, but for the slash
    /// that a URL without a path gets.
    ///
    /// ```
    /// # use pushotp_webpush::{Endpoint, EndpointRules, SubscriptionKeys};
    /// # use rand_core::SeedableRng;
    /// # let keys = SubscriptionKeys::generate(&mut rand_chacha::ChaCha20Rng::seed_from_u64(1));
    /// let endpoint = Endpoint::parse("https://push.example.net/7", EndpointRules::default())?;
    /// assert_eq!(keys.subscription(endpoint).to_push_address()?.addr().len(), 65 + 16 + 26);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_push_address(&self) -> Result<PushAddress, pushotp_wire::Error> {
        let url = format!("{}{}", self.endpoint.origin(), self.endpoint.path());
        PushAddress::new(PushKind::WebPush, [encode(&self.key).as_slice(), &self.auth, url.as_bytes()].concat())
    }

    /// Where the push service is.
    ///
    /// ```
    /// # use pushotp_webpush::{Endpoint, EndpointRules, SubscriptionKeys};
    /// let endpoint = Endpoint::parse("https://push.example.net/7", EndpointRules::default())?;
    /// let subscription = SubscriptionKeys::from_bytes(&[7; 48])?.subscription(endpoint.clone());
    /// assert_eq!(subscription.endpoint(), &endpoint);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(crate) const fn from_keys(endpoint: Endpoint, key: PublicKey, auth: [u8; AUTH_LEN]) -> Self {
        Self { endpoint, key, auth }
    }
}

/// Who knows it can push to the device.
impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}
