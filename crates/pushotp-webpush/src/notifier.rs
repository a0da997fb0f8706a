use core::fmt;

use p256::{SecretKey, elliptic_curve::Generate};
use pushotp_wire::{
    notify::{Notifier, NotifyError, PushMessage, Sending},
    terms::PushAddress,
};

use crate::{
    Contact, EndpointRules, PushRequest, Subscription, Transport, TransportError, VapidKey,
    aes128gcm::SALT_LEN,
    encryption::{encrypt, padded},
};

/// Carries pushes to the push services of browsers, and of `UnifiedPush`.
///
/// Whatever it carries has the same headers and one of four lengths; a wake-up looks like a challenge. There is no topic,
/// since one that is the same for all messages would let the withdrawal of a login replace the next challenge, and any
/// other would tell which messages belong together.
///
/// ```
/// use core::time::Duration;
/// use pushotp_types::UnixTime;
/// use pushotp_webpush::{Contact, EndpointRules, HttpTransport, NoTls, VapidKey, WebPush};
/// use pushotp_wire::{notify::{Notifier, NotifyError, PushMessage, Sending}, terms::PushAddress};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let (key, contact) = (VapidKey::generate(&mut rng), Contact::new("mailto:push@example.com")?);
/// let transport = HttpTransport::new(NoTls, Duration::from_secs(10)); // with TLS in production
/// let push = WebPush::new(transport, (key, contact), EndpointRules::default());
///
/// let now = UnixTime::from_secs(1_800_000_000); // yours: the system's clock
/// let sending = Sending { ttl: Duration::from_secs(120), now, rng: &mut rng };
/// let refused = pollster::block_on(push.notify(&PushAddress::POLL, PushMessage::WakeUp, sending));
/// assert_eq!(refused, Err(NotifyError::Permanent)); // not an address of Web Push
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WebPush<T> {
    transport: T,
    key: VapidKey,
    contact: Contact,
    rules: EndpointRules,
}

impl<T: Transport> WebPush<T> {
    /// A notifier that push services know by this key.
    #[must_use]
    pub fn new(transport: T, (key, contact): (VapidKey, Contact), rules: EndpointRules) -> Self {
        Self { transport, key, contact, rules }
    }

    /// The key, for the page that subscribes.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use pushotp_webpush::{Contact, EndpointRules, HttpTransport, NoTls, VapidKey, WebPush};
    /// # let transport = HttpTransport::new(NoTls, Duration::from_secs(10));
    /// let identity = (VapidKey::from_bytes(&[7; 32])?, Contact::new("mailto:push@example.com")?);
    /// let push = WebPush::new(transport, identity, EndpointRules::default());
    /// assert!(push.key().application_server_key().starts_with('B')); // an uncompressed point
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn key(&self) -> &VapidKey {
        &self.key
    }

    /// Which endpoints it pushes to: the same for what a page reads of its browser, else what is taken there is refused here.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use pushotp_webpush::{Contact, Endpoint, EndpointRules, HttpTransport, NoTls, VapidKey, WebPush};
    /// # let transport = HttpTransport::new(NoTls, Duration::from_secs(10));
    /// # let identity = (VapidKey::from_bytes(&[7; 32])?, Contact::new("mailto:push@example.com")?);
    /// let push = WebPush::new(transport, identity, EndpointRules::default());
    /// // As a page posts it, within what its browser gave it: see `Subscription::from_browser`.
    /// assert!(Endpoint::parse("https://push.example.net/7", push.rules()).is_ok());
    /// assert!(Endpoint::parse("http://push.example.net/7", push.rules()).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn rules(&self) -> EndpointRules {
        self.rules
    }

    /// The whole request: what is in it needs no network.
    fn request(
        &self,
        to: &PushAddress,
        message: PushMessage<'_>,
        sending: Sending<'_>,
    ) -> Result<PushRequest, NotifyError> {
        let subscription = Subscription::from_push_address(to, self.rules).map_err(|_| NotifyError::Permanent)?;
        let data = match message {
            PushMessage::Sealed(envelope) => envelope,
            PushMessage::WakeUp => &[],
        };
        let padded = padded(data).ok_or(NotifyError::TooLarge)?;
        let Sending { ttl, now, rng } = sending;
        let mut salt = [0; SALT_LEN];
        rng.fill_bytes(&mut salt);
        let key = SecretKey::generate_from_rng(rng);
        let body = encrypt((&subscription.key, &subscription.auth), (&key, &salt), data, padded);
        let endpoint = subscription.endpoint().clone();
        let authorization = self.key.authorization(&endpoint, &self.contact, now);
        let (Some(body), Some(authorization)) = (body, authorization) else { return Err(NotifyError::Permanent) };
        Ok(PushRequest { endpoint, rules: self.rules, ttl, authorization, body })
    }
}

impl<T: Transport> Notifier for WebPush<T> {
    async fn notify(
        &self,
        to: &PushAddress,
        message: PushMessage<'_>,
        sending: Sending<'_>,
    ) -> Result<(), NotifyError> {
        let now = sending.now;
        let request = self.request(to, message, sending)?;
        match self.transport.send(request).await {
            Ok(response) => response.judge(now),
            Err(TransportError::Forbidden) => Err(NotifyError::Permanent),
            Err(_) => Err(NotifyError::Transient),
        }
    }
}

impl<T> fmt::Debug for WebPush<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebPush").field("contact", &self.contact).field("rules", &self.rules).finish_non_exhaustive()
    }
}
