use core::fmt;
use std::sync::Arc;

use chacha20poly1305::{
    ChaCha20Poly1305, Key, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const NONCE_LEN: usize = 12;

/// Seals what the server stores: the caller's key-encryption key, in software, an HSM or a cloud service.
///
/// The store then holds secrets only under a key that is not in it.
///
/// ```
/// use pushotp::{KeyEncryptionKey, KeyUnavailable, SoftwareKek};
/// use zeroize::Zeroizing;
///
/// /// A key that an operator can switch off.
/// struct Switched {
///     on: bool,
///     key: SoftwareKek,
/// }
///
/// impl KeyEncryptionKey for Switched {
///     fn seal(&self, context: &[u8], plain: &[u8], rng: &mut dyn rand_core::CryptoRng) -> Result<Vec<u8>, KeyUnavailable> {
///         if self.on { self.key.seal(context, plain, rng) } else { Err(KeyUnavailable) }
///     }
///
///     fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyUnavailable> {
///         if self.on { self.key.open(context, sealed) } else { Err(KeyUnavailable) }
///     }
///
///     fn mac(&self, context: &[u8], message: &[u8]) -> Result<[u8; 32], KeyUnavailable> {
///         if self.on { self.key.mac(context, message) } else { Err(KeyUnavailable) }
///     }
/// }
///
/// let off = Switched { on: false, key: SoftwareKek::from_bytes([7; 32]) };
/// assert_eq!(off.mac(b"number", b"message"), Err(KeyUnavailable));
/// ```
pub trait KeyEncryptionKey: Send + Sync {
    /// Encrypts and authenticates `plaintext`, bound to `context`, the record's key.
    ///
    /// # Errors
    /// [`KeyUnavailable`] if the key cannot be used now.
    fn seal(&self, context: &[u8], plaintext: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, KeyUnavailable>;

    /// The inverse of [`seal`](Self::seal) under the same `context`.
    ///
    /// # Errors
    /// [`KeyUnavailable`], also for bytes that were not sealed by this key under this context: it says nothing more.
    fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyUnavailable>;

    /// 32 bytes that only this key can compute of `context` and `message`.
    ///
    /// # Errors
    /// [`KeyUnavailable`] if the key cannot be used now.
    fn mac(&self, context: &[u8], message: &[u8]) -> Result<[u8; 32], KeyUnavailable>;

    /// [`mac`](Self::mac) under the key that made an earlier one, to be compared with it.
    ///
    /// A key is the only one unless it says otherwise; a [`KekRing`](crate::KekRing) has several.
    ///
    /// # Errors
    /// [`KeyUnavailable`] if the key cannot be used now.
    ///
    /// ```
    /// use pushotp::{KekId, KekRing, KeyEncryptionKey, SoftwareKek};
    ///
    /// let old = KekRing::new(KekId::new(1), SoftwareKek::from_bytes([1; 32]));
    /// let made = old.mac(b"number", b"message")?;
    /// let new = KekRing::new(KekId::new(2), SoftwareKek::from_bytes([2; 32])).opens(KekId::new(1), SoftwareKek::from_bytes([1; 32]))?;
    /// assert_ne!(new.mac(b"number", b"message")?, made);
    /// assert_eq!(new.mac_as(b"number", b"message", &made)?, made);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn mac_as(&self, context: &[u8], message: &[u8], made: &[u8; 32]) -> Result<[u8; 32], KeyUnavailable> {
        let _ = made;
        self.mac(context, message)
    }

    /// Whether this was sealed under the key that [`seal`](Self::seal) uses: if not, [`LoginServer::reseal`] seals it anew.
    ///
    /// [`LoginServer::reseal`]: crate::LoginServer::reseal
    ///
    /// ```
    /// use pushotp::{KeyEncryptionKey, SoftwareKek};
    ///
    /// assert!(SoftwareKek::from_bytes([7; 32]).is_newest(b"whatever it sealed")); // there is no other key
    /// ```
    fn is_newest(&self, sealed: &[u8]) -> bool {
        let _ = sealed;
        true
    }
}

macro_rules! forward {
    ($($handle:ident),+) => {$(
        impl<K: KeyEncryptionKey + ?Sized> KeyEncryptionKey for $handle<K> {
            fn seal(&self, context: &[u8], plaintext: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, KeyUnavailable> {
                K::seal(self, context, plaintext, rng)
            }

            fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyUnavailable> {
                K::open(self, context, sealed)
            }

            fn mac(&self, context: &[u8], message: &[u8]) -> Result<[u8; 32], KeyUnavailable> {
                K::mac(self, context, message)
            }

            fn mac_as(&self, context: &[u8], message: &[u8], made: &[u8; 32]) -> Result<[u8; 32], KeyUnavailable> {
                K::mac_as(self, context, message, made)
            }

            fn is_newest(&self, sealed: &[u8]) -> bool {
                K::is_newest(self, sealed)
            }
        }
    )+};
}

forward!(Arc, Box);

/// The key-encryption key could not seal or open; which and why is not said.
///
/// ```
/// assert_eq!(pushotp::KeyUnavailable.to_string(), "the key-encryption key refused");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key-encryption key refused")]
pub struct KeyUnavailable;

/// A key-encryption key in memory: ChaCha20-Poly1305 under 32 bytes that the caller keeps apart from the database.
///
/// ```
/// use pushotp::{KeyEncryptionKey, SoftwareKek};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let kek = SoftwareKek::from_bytes([7; 32]);
/// let sealed = kek.seal(b"secret/alice", b"the secret", &mut rng)?;
/// assert_eq!(*kek.open(b"secret/alice", &sealed)?, b"the secret");
/// assert!(kek.open(b"secret/bob", &sealed).is_err());
/// # Ok::<(), pushotp::KeyUnavailable>(())
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SoftwareKek {
    seal: [u8; 32],
    mac: [u8; 32],
}

impl SoftwareKek {
    /// A key of 32 random bytes; the working keys are derived from it.
    ///
    /// ```
    /// use pushotp::{KeyEncryptionKey, SoftwareKek};
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    ///
    /// let sealed = SoftwareKek::from_bytes([7; 32]).seal(b"where", b"what", &mut rng)?;
    /// assert_eq!(SoftwareKek::from_bytes([7; 32]).open(b"where", &sealed)?.as_slice(), b"what");
    /// assert!(SoftwareKek::from_bytes([8; 32]).open(b"where", &sealed).is_err());
    /// # Ok::<(), pushotp::KeyUnavailable>(())
    /// ```
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        let hkdf = Hkdf::<Sha256>::new(Some(b"pushotp-kek/1"), bytes.as_slice());
        let mut keys = Self { seal: [0; 32], mac: [0; 32] };
        // 32 bytes are always within what HKDF can expand.
        let _ = hkdf.expand(b"seal", &mut keys.seal);
        let _ = hkdf.expand(b"mac", &mut keys.mac);
        keys
    }
}

impl fmt::Debug for SoftwareKek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareKek").finish_non_exhaustive()
    }
}

impl KeyEncryptionKey for SoftwareKek {
    fn seal(&self, context: &[u8], plaintext: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, KeyUnavailable> {
        let mut nonce = [0; NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        let cipher = ChaCha20Poly1305::new(&Key::from(self.seal));
        let sealed = cipher
            .encrypt(&Nonce::from(nonce), Payload { msg: plaintext, aad: context })
            .map_err(|_| KeyUnavailable)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyUnavailable> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(KeyUnavailable)?;
        let cipher = ChaCha20Poly1305::new(&Key::from(self.seal));
        cipher
            .decrypt(&Nonce::from(*nonce), Payload { msg: ciphertext, aad: context })
            .map(Zeroizing::new)
            .map_err(|_| KeyUnavailable)
    }

    fn mac(&self, context: &[u8], message: &[u8]) -> Result<[u8; 32], KeyUnavailable> {
        let hkdf = Hkdf::<Sha256>::new(Some(&self.mac), message);
        let mut out = [0; 32];
        hkdf.expand(context, &mut out).map_err(|_| KeyUnavailable)?;
        Ok(out)
    }
}
