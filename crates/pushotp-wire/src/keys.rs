//! Keys: the server's, and those of one epoch of a device.

use core::fmt;

use hpke::{Deserializable as _, Kem as _, Serializable as _};
use pushotp_types::{DeviceId, Epoch, TenantId};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Error, seal::Kem, terms::Kid};

/// Whose channel it is: what every key and every seal is bound to.
///
/// ```
/// use pushotp_types::{DeviceId, Epoch, TenantId};
/// use pushotp_wire::keys::Binding;
///
/// let tenant = TenantId::new(b"example.com").unwrap();
/// let binding = Binding { tenant, device: DeviceId::from_bytes([1; 16]), epoch: Epoch::FIRST };
/// assert_eq!(binding.epoch.get(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The organisation.
    pub tenant: TenantId,
    /// The device.
    pub device: DeviceId,
    /// The device's enrolment.
    pub epoch: Epoch,
}

/// The X25519 key of a tenant: frames are sealed to it. Keep it apart from the database.
///
/// ```
/// use pushotp_wire::keys::ServerKey;
///
/// let key = ServerKey::from_bytes(&[7; 32]);
/// assert_eq!(key.public_key(), ServerKey::from_bytes(&key.expose()).public_key());
/// ```
pub struct ServerKey {
    private: <Kem as hpke::Kem>::PrivateKey,
    public: ServerPublicKey,
}

impl ServerKey {
    /// A fresh key.
    ///
    /// ```
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// use pushotp_wire::keys::ServerKey;
    ///
    /// let mut fresh = || ServerKey::generate(&mut rng);
    /// assert_ne!(fresh().public_key(), fresh().public_key());
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut_slice());
        Self::from_bytes(&bytes)
    }

    /// A key of 32 bytes; they are clamped as RFC 7748 says, so every value is one.
    ///
    /// ```
    /// use pushotp_wire::keys::ServerKey;
    ///
    /// let public = |bytes: &[u8; 32]| *ServerKey::from_bytes(bytes).public_key();
    /// assert_ne!(public(&[7; 32]), public(&[8; 32]));
    /// ```
    #[must_use]
    #[expect(clippy::missing_panics_doc, clippy::expect_used, reason = "32 bytes are the one length that it takes")]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let private = <Kem as hpke::Kem>::PrivateKey::from_bytes(bytes).expect("32 bytes");
        let public = ServerPublicKey(Kem::sk_to_pk(&private).to_bytes().into());
        Self { private, public }
    }

    /// The 32 bytes: the only way to them.
    ///
    /// ```
    /// use pushotp_wire::keys::ServerKey;
    ///
    /// let key = ServerKey::from_bytes(&[7; 32]);
    /// let stored = key.expose(); // with the key-encryption key, not in the database
    /// assert_eq!(ServerKey::from_bytes(&stored).public_key(), key.public_key());
    /// ```
    #[must_use]
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.private.to_bytes().into())
    }

    /// The public key, for offers.
    ///
    /// ```
    /// use pushotp_wire::keys::ServerKey;
    ///
    /// assert_ne!(ServerKey::from_bytes(&[7; 32]).public_key().as_bytes(), &[7; 32]);
    /// ```
    #[must_use]
    pub const fn public_key(&self) -> &ServerPublicKey {
        &self.public
    }

    /// A PSK that no device has: a hash of the private key.
    pub(crate) fn dummy_psk(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"pushotp dummy psk");
        hash.update(self.expose().as_slice());
        hash.finalize().into()
    }

    pub(crate) const fn private(&self) -> &<Kem as hpke::Kem>::PrivateKey {
        &self.private
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerKey").finish_non_exhaustive()
    }
}

/// The public half of a [`ServerKey`]: 32 bytes. A point of small order is refused when it is used.
///
/// ```
/// use pushotp_wire::keys::ServerPublicKey;
///
/// assert_eq!(ServerPublicKey::from_bytes([9; 32]).as_bytes(), &[9; 32]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerPublicKey([u8; 32]);

impl ServerPublicKey {
    /// A key as it was received.
    ///
    /// ```
    /// use pushotp_wire::keys::{ServerKey, ServerPublicKey};
    ///
    /// let public = *ServerKey::from_bytes(&[7; 32]).public_key();
    /// assert_eq!(ServerPublicKey::from_bytes(*public.as_bytes()), public); // out of an offer
    /// ```
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    ///
    /// ```
    /// use pushotp_wire::keys::ServerPublicKey;
    ///
    /// assert_eq!(ServerPublicKey::from_bytes([9; 32]).as_bytes(), &[9; 32]);
    /// ```
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What both sides share for one epoch of a device, out of the enrolment's exporter.
///
/// One key and one name for each direction; the device's own messages are sealed to the server's key besides.
///
/// ```
/// use pushotp_wire::keys::ChannelKeys;
///
/// let keys = ChannelKeys::from_exposed(&[7; 80])?;
/// assert_eq!(format!("{keys:?}"), "ChannelKeys { s2d_kid: Kid(0707070707070707), d2s_kid: Kid(0707070707070707), .. }");
/// assert!(ChannelKeys::from_exposed(&[0; 80]).is_err());
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ChannelKeys {
    s2d_key: [u8; 32],
    d2s_psk: [u8; 32],
    #[zeroize(skip)]
    s2d_kid: Kid,
    #[zeroize(skip)]
    d2s_kid: Kid,
}

impl ChannelKeys {
    pub(crate) fn new((s2d_key, d2s_psk): ([u8; 32], [u8; 32]), (s2d_kid, d2s_kid): (Kid, Kid)) -> Result<Self, Error> {
        let keys = Self { s2d_key, d2s_psk, s2d_kid, d2s_kid };
        let zero = keys.s2d_key.ct_eq(&[0; 32]) | keys.d2s_psk.ct_eq(&[0; 32]);
        if zero.into() { Err(Error::WeakKey) } else { Ok(keys) }
    }

    /// All of it, to be stored: sealing key, PSK, and the two kids. The only way to the keys.
    ///
    /// ```
    /// use pushotp_wire::keys::ChannelKeys;
    ///
    /// let keys = ChannelKeys::from_exposed(&[7; 80])?;
    /// assert_eq!(keys.expose().as_slice(), [7; 80]); // erased when it is dropped
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub fn expose(&self) -> Zeroizing<[u8; 80]> {
        let mut out = Zeroizing::new([0; 80]);
        let parts =
            self.s2d_key.iter().chain(&self.d2s_psk).chain(self.s2d_kid.as_bytes()).chain(self.d2s_kid.as_bytes());
        for (to, from) in out.iter_mut().zip(parts) {
            *to = *from;
        }
        out
    }

    /// The inverse of [`expose`](Self::expose).
    ///
    /// # Errors
    /// [`Error::WeakKey`] for a key of zeros.
    ///
    /// ```
    /// use pushotp_wire::{Error, keys::ChannelKeys};
    ///
    /// assert!(ChannelKeys::from_exposed(&[7; 80]).is_ok());
    /// assert_eq!(ChannelKeys::from_exposed(&[0; 80]).unwrap_err(), Error::WeakKey);
    /// ```
    pub fn from_exposed(bytes: &[u8; 80]) -> Result<Self, Error> {
        let (mut key, mut psk) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
        let (mut s2d, mut d2s) = ([0; 8], [0; 8]);
        let parts = key.iter_mut().chain(psk.iter_mut()).chain(&mut s2d).chain(&mut d2s);
        for (to, from) in parts.zip(bytes) {
            *to = *from;
        }
        Self::new((*key, *psk), (Kid::from_bytes(s2d), Kid::from_bytes(d2s)))
    }

    /// The name of the server's envelopes.
    ///
    /// ```
    /// use pushotp_wire::{keys::ChannelKeys, terms::Kid};
    ///
    /// let stored = std::array::from_fn(|n| if n < 72 { 1 } else { 2 });
    /// assert_eq!(ChannelKeys::from_exposed(&stored)?.s2d_kid(), Kid::from_bytes([1; 8]));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn s2d_kid(&self) -> Kid {
        self.s2d_kid
    }

    /// The name of the device's frames: how a server finds the device.
    ///
    /// ```
    /// use pushotp_wire::{keys::ChannelKeys, terms::Kid};
    ///
    /// let stored = std::array::from_fn(|n| if n < 72 { 1 } else { 2 });
    /// assert_eq!(ChannelKeys::from_exposed(&stored)?.d2s_kid(), Kid::from_bytes([2; 8]));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn d2s_kid(&self) -> Kid {
        self.d2s_kid
    }

    pub(crate) const fn s2d_key(&self) -> &[u8; 32] {
        &self.s2d_key
    }

    pub(crate) const fn d2s_psk(&self) -> &[u8; 32] {
        &self.d2s_psk
    }
}

impl fmt::Debug for ChannelKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelKeys")
            .field("s2d_kid", &self.s2d_kid)
            .field("d2s_kid", &self.d2s_kid)
            .finish_non_exhaustive()
    }
}
