use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{KeyEncryptionKey, KeyUnavailable};

/// What begins all that a named key sealed or hashed; then its id follows.
const MARK: [u8; 4] = *b"\0kr1";
const HEADER_LEN: usize = 8;
/// How many keys a ring may have: a rotation needs two.
const MAX_KEYS: usize = 16;

/// The name of a key in a [`KekRing`]: it stands in the clear before all that the key sealed.
///
/// ```
/// use pushotp::KekId;
///
/// assert_eq!(KekId::new(20_261_126).get(), 20_261_126); // a date, or a count
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KekId(u32);

impl KekId {
    /// Any number that no other key of the tenant has, or ever had.
    ///
    /// ```
    /// # use pushotp::KekId;
    /// assert!(KekId::new(1) < KekId::new(2));
    /// ```
    #[must_use]
    pub const fn new(id: u32) -> Self {
        Self(id)
    }

    /// The number.
    ///
    /// ```
    /// # use pushotp::KekId;
    /// assert_eq!(KekId::new(7).get(), 7);
    /// ```
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Several key-encryption keys, so that one can take the place of another while logins go on.
///
/// It seals under one of them, the newest, and opens under any. What a key sealed names it, in the clear and bound into the
/// seal: no key is tried. What was sealed before there was a ring names none; it is opened by the one key without a name.
///
/// A rotation, with any number of servers on one store, each step on every server before the next one begins:
///
/// 1. A ring that still seals under the old key, and opens under the new one too.
/// 2. A ring that seals under the new key, and opens under the old one too. A login is approved and redeemed on any server
///    of these two steps, whichever it was started on.
/// 3. [`LoginServer::reseal`](crate::LoginServer::reseal), on one server, to its end.
/// 4. Once the last login of step 1 is over, 11 minutes after step 2 at most, a ring without the old key.
///
/// A backup of the store stays under the key of its time.
///
/// ```
/// use pushotp::{KekId, KekRing, KeyEncryptionKey, KeyUnavailable, SoftwareKek};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let (old, new) = (|| SoftwareKek::from_bytes([1; 32]), || SoftwareKek::from_bytes([2; 32]));
/// let before = old().seal(b"secret/alice", b"sealed before there was a ring", &mut rng)?;
///
/// let first = KekRing::unnamed(old()).opens(KekId::new(2), new())?;
/// let second = KekRing::new(KekId::new(2), new()).opens_unnamed(old())?;
/// let since = second.seal(b"secret/alice", b"sealed since", &mut rng)?;
/// for ring in [&first, &second] {
///     assert!(ring.open(b"secret/alice", &before).is_ok() && ring.open(b"secret/alice", &since).is_ok());
/// }
/// assert!(second.is_newest(&since) && !second.is_newest(&before)); // it is to be sealed anew
///
/// let last = KekRing::new(KekId::new(2), new());
/// assert_eq!(last.open(b"secret/alice", &before), Err(KeyUnavailable));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct KekRing {
    newest: Named,
    others: Vec<Named>,
}

struct Named {
    /// What it sealed begins with; `None` if it was there before there was a ring.
    id: Option<KekId>,
    key: Box<dyn KeyEncryptionKey>,
}

impl KekRing {
    /// A ring that seals under this key; an `Arc` or a `Box` of one fits, too.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use pushotp::{KekId, KekRing, KeyEncryptionKey, SoftwareKek};
    ///
    /// let shared: Arc<dyn KeyEncryptionKey> = Arc::new(SoftwareKek::from_bytes([7; 32]));
    /// let ring = KekRing::new(KekId::new(1), Arc::clone(&shared));
    /// assert_ne!(ring.mac(b"number", b"message")?, shared.mac(b"number", b"message")?); // it names its key
    /// # Ok::<(), pushotp::KeyUnavailable>(())
    /// ```
    #[must_use]
    pub fn new(id: KekId, key: impl KeyEncryptionKey + 'static) -> Self {
        Self { newest: Named { id: Some(id), key: Box::new(key) }, others: Vec::new() }
    }

    /// A ring that seals as this key does alone: servers that know of no ring can still read it.
    ///
    /// ```
    /// use pushotp::{KekRing, KeyEncryptionKey, SoftwareKek};
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    ///
    /// let sealed = KekRing::unnamed(SoftwareKek::from_bytes([7; 32])).seal(b"where", b"what", &mut rng)?;
    /// assert_eq!(SoftwareKek::from_bytes([7; 32]).open(b"where", &sealed)?.as_slice(), b"what");
    /// # Ok::<(), pushotp::KeyUnavailable>(())
    /// ```
    #[must_use]
    pub fn unnamed(key: impl KeyEncryptionKey + 'static) -> Self {
        Self { newest: Named { id: None, key: Box::new(key) }, others: Vec::new() }
    }

    /// Opens under this key, too.
    ///
    /// # Errors
    /// [`RingError`] if the ring has a key of this name, or sixteen keys.
    ///
    /// ```
    /// use pushotp::{KekId, KekRing, SoftwareKek};
    ///
    /// let key = || SoftwareKek::from_bytes([7; 32]);
    /// let ring = KekRing::new(KekId::new(2), key()).opens(KekId::new(1), key())?;
    /// assert!(ring.opens(KekId::new(2), key()).is_err());
    /// # Ok::<(), pushotp::RingError>(())
    /// ```
    pub fn opens(self, id: KekId, key: impl KeyEncryptionKey + 'static) -> Result<Self, RingError> {
        self.and(Named { id: Some(id), key: Box::new(key) })
    }

    /// Opens what was sealed under this key before there was a ring, too.
    ///
    /// # Errors
    /// [`RingError`] if the ring has such a key, or sixteen keys.
    ///
    /// ```
    /// use pushotp::{KekId, KekRing, SoftwareKek};
    ///
    /// let key = || SoftwareKek::from_bytes([7; 32]);
    /// let ring = KekRing::new(KekId::new(1), key()).opens_unnamed(key())?;
    /// assert!(ring.opens_unnamed(key()).is_err());
    /// # Ok::<(), pushotp::RingError>(())
    /// ```
    pub fn opens_unnamed(self, key: impl KeyEncryptionKey + 'static) -> Result<Self, RingError> {
        self.and(Named { id: None, key: Box::new(key) })
    }

    fn and(mut self, added: Named) -> Result<Self, RingError> {
        // The newest is not among the others.
        if self.others.len() + 1 >= MAX_KEYS || self.keys().any(|key| key.id == added.id) {
            return Err(RingError);
        }
        self.others.push(added);
        Ok(self)
    }

    fn keys(&self) -> impl Iterator<Item = &Named> {
        core::iter::once(&self.newest).chain(&self.others)
    }

    /// The key that sealed or hashed this: the one that it names, else the one without a name.
    fn key_of(&self, made: &[u8]) -> Option<&Named> {
        self.keys().find(|key| key.has_made(made)).or_else(|| self.keys().find(|key| key.id.is_none()))
    }
}

impl Named {
    fn header(&self) -> Option<[u8; HEADER_LEN]> {
        let id = self.id?.get().to_be_bytes();
        let mut header = [0; HEADER_LEN];
        for (place, byte) in header.iter_mut().zip(MARK.into_iter().chain(id)) {
            *place = byte;
        }
        Some(header)
    }

    /// Whether this begins with its name; what an unnamed key sealed does so once in 2^64.
    fn has_made(&self, made: &[u8]) -> bool {
        self.header().is_some_and(|header| made.starts_with(&header))
    }

    /// The context with the header before it. No other context begins so.
    fn bind(header: [u8; HEADER_LEN], context: &[u8]) -> Vec<u8> {
        [header.as_slice(), context].concat()
    }

    fn mac(&self, context: &[u8], message: &[u8]) -> Result<[u8; 32], KeyUnavailable> {
        let Some(header) = self.header() else { return self.key.mac(context, message) };
        let mut mac = self.key.mac(&Self::bind(header, context), message)?;
        for (place, byte) in mac.iter_mut().zip(header) {
            *place = byte;
        }
        Ok(mac)
    }
}

impl KeyEncryptionKey for KekRing {
    fn seal(&self, context: &[u8], plaintext: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, KeyUnavailable> {
        let Named { key, .. } = &self.newest;
        let Some(header) = self.newest.header() else { return key.seal(context, plaintext, rng) };
        let sealed = key.seal(&Named::bind(header, context), plaintext, rng)?;
        Ok([header.as_slice(), &sealed].concat())
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyUnavailable> {
        let named = self.key_of(sealed).ok_or(KeyUnavailable)?;
        match named.header() {
            None => named.key.open(context, sealed),
            Some(header) => {
                named.key.open(&Named::bind(header, context), sealed.get(HEADER_LEN..).ok_or(KeyUnavailable)?)
            }
        }
    }

    /// 24 of the 32 bytes are the named key's; the others name it.
    fn mac(&self, context: &[u8], message: &[u8]) -> Result<[u8; 32], KeyUnavailable> {
        self.newest.mac(context, message)
    }

    /// Under a key that the ring does not have, it is another one.
    fn mac_as(&self, context: &[u8], message: &[u8], made: &[u8; 32]) -> Result<[u8; 32], KeyUnavailable> {
        self.key_of(made).unwrap_or(&self.newest).mac(context, message)
    }

    fn is_newest(&self, sealed: &[u8]) -> bool {
        let rest = match self.newest.header() {
            Some(header) => sealed.strip_prefix(&header),
            // What names a key, though it be one that the ring does not have, is not the unnamed one's.
            None => (!sealed.starts_with(&MARK)).then_some(sealed),
        };
        rest.is_some_and(|rest| self.newest.key.is_newest(rest))
    }
}

impl fmt::Debug for KekRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others: Vec<_> = self.others.iter().map(|key| key.id).collect();
        f.debug_struct("KekRing").field("newest", &self.newest.id).field("others", &others).finish_non_exhaustive()
    }
}

/// A ring has sixteen keys at most, each with a name of its own, one of them with none.
///
/// ```
/// assert_eq!(pushotp::RingError.to_string(), "the ring has a key of this name, or sixteen keys");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ring has a key of this name, or sixteen keys")]
pub struct RingError;
