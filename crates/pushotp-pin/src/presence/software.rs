use alloc::{string::String, vec::Vec};
use core::fmt;

use chacha20poly1305::{
    ChaCha20Poly1305, Key, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{PresenceError, PresenceKey};
use crate::Assurance;

const IV: usize = 12;

/// A presence key in software, for tests and demonstrations. **It proves no presence**: it decrypts whenever it is asked.
///
/// ChaCha20-Poly1305 under 32 bytes that the caller keeps; a random iv stands in front of the ciphertext.
///
/// ```
/// use pushotp_pin::{Assurance, PresenceKey, SoftwarePresenceKey};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let key = SoftwarePresenceKey::generate(&mut rng);
/// let wrapped = key.wrap(b"aad", &[7; 32], &mut rng)?;
/// let same = SoftwarePresenceKey::from_bytes(key.expose()); // so whoever has the file needs no finger
/// assert!(same.unwrap(b"aad", &wrapped, "unlock").is_ok());
/// assert_eq!((same.assurance(), format!("{same:?}")), (Assurance::Software, "SoftwarePresenceKey { .. }".into()));
/// # Ok::<(), pushotp_pin::PresenceError>(())
/// ```
pub struct SoftwarePresenceKey {
    key: Zeroizing<[u8; 32]>,
    provider: String,
    enrolment: Vec<u8>,
}

impl SoftwarePresenceKey {
    /// A fresh key.
    ///
    /// ```
    /// # use pushotp_pin::SoftwarePresenceKey;
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// let (one, two) = (SoftwarePresenceKey::generate(&mut rng), SoftwarePresenceKey::generate(&mut rng));
    /// assert_ne!(one.expose(), two.expose());
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        rng.fill_bytes(key.as_mut_slice());
        Self::from_bytes(&key)
    }

    /// A key as it was stored.
    ///
    /// ```
    /// # use pushotp_pin::SoftwarePresenceKey;
    /// assert_eq!(SoftwarePresenceKey::from_bytes(&[7; 32]).expose(), &[7; 32]);
    /// ```
    #[must_use]
    pub fn from_bytes(key: &[u8; 32]) -> Self {
        Self { key: Zeroizing::new(*key), provider: "software".into(), enrolment: Vec::new() }
    }

    /// The same key as another provider's, bound to a set of biometrics: to try out how a platform would behave.
    ///
    /// ```
    /// # use pushotp_pin::{PresenceKey, SoftwarePresenceKey};
    /// let key = SoftwarePresenceKey::from_bytes(&[7; 32]).simulating("face", b"two faces");
    /// assert_eq!((key.provider(), key.enrolment()), ("face", b"two faces".to_vec()));
    /// ```
    #[must_use]
    pub fn simulating(self, provider: &str, enrolment: &[u8]) -> Self {
        Self { provider: provider.into(), enrolment: enrolment.into(), ..self }
    }

    /// The key's bytes: the only way to them.
    ///
    /// ```
    /// # use pushotp_pin::SoftwarePresenceKey;
    /// assert_eq!(SoftwarePresenceKey::from_bytes(&[7; 32]).expose(), &[7; 32]); // for a file that only the user can read
    /// ```
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.key
    }

    fn aead(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(*self.key))
    }
}

impl PresenceKey for SoftwarePresenceKey {
    fn provider(&self) -> &str {
        &self.provider
    }

    fn enrolment(&self) -> Vec<u8> {
        self.enrolment.clone()
    }

    fn assurance(&self) -> Assurance {
        Assurance::Software
    }

    fn wrap(&self, aad: &[u8], plain: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, PresenceError> {
        let mut iv = [0; IV];
        rng.fill_bytes(&mut iv);
        let sealed = self.aead().encrypt(&Nonce::from(iv), Payload { msg: plain, aad });
        Ok([&iv[..], &sealed.map_err(|_| PresenceError::Unavailable)?].concat())
    }

    fn unwrap(&self, aad: &[u8], wrapped: &[u8], _: &str) -> Result<Zeroizing<Vec<u8>>, PresenceError> {
        let (iv, msg) = wrapped.split_first_chunk::<IV>().ok_or(PresenceError::Tampered)?;
        let plain = self.aead().decrypt(&Nonce::from(*iv), Payload { msg, aad });
        plain.map(Zeroizing::new).map_err(|_| PresenceError::Tampered)
    }
}

impl fmt::Debug for SoftwarePresenceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwarePresenceKey").finish_non_exhaustive()
    }
}
