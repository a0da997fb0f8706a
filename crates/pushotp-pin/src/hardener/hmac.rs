use alloc::collections::BTreeMap;
use core::{cell::RefCell, fmt};

use hmac::{Hmac, KeyInit, Mac};
use pushotp_types::TokenId;
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{HardenError, Hardener};
use crate::MAX_ATTEMPTS;

/// The server's half of hardening: HMAC-SHA-256 under a key for each token.
///
/// It belongs **on the server**, its key next to the other keys there. In the device's own process it hardens nothing: it
/// is then one more key in software. Pure: the caller stores the count.
///
/// ```
/// use pushotp_pin::{Evaluations, HmacHardener};
/// use pushotp_types::TokenId;
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let (key, token) = (HmacHardener::generate(&mut rng), TokenId::from_bytes([7; 16]));
/// let (answer, counted) = key.evaluate(token, &[1; 32], Evaluations::NONE)?;
/// // Make `counted` durable, then send the answer. On the proof of a right passcode store `Evaluations::NONE`.
/// assert_eq!((answer.len(), counted.get()), (32, 1));
/// # Ok::<(), pushotp_pin::HardenError>(())
/// ```
pub struct HmacHardener {
    id: [u8; 16],
    key: Zeroizing<[u8; 32]>,
}

impl HmacHardener {
    /// A fresh key with a random id.
    ///
    /// ```
    /// # use pushotp_pin::HmacHardener;
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// assert_ne!(HmacHardener::generate(&mut rng).expose(), HmacHardener::generate(&mut rng).expose());
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let (mut id, mut key) = ([0; 16], Zeroizing::new([0; 32]));
        rng.fill_bytes(&mut id);
        rng.fill_bytes(key.as_mut_slice());
        Self { id, key }
    }

    /// A key as it was stored.
    ///
    /// ```
    /// # use pushotp_pin::HmacHardener;
    /// let key = HmacHardener::from_bytes([1; 16], &[7; 32]);
    /// assert_eq!((key.id(), key.expose()), ([1; 16], &[7; 32]));
    /// ```
    #[must_use]
    pub fn from_bytes(id: [u8; 16], key: &[u8; 32]) -> Self {
        Self { id, key: Zeroizing::new(*key) }
    }

    /// Its name.
    ///
    /// ```
    /// # use pushotp_pin::HmacHardener;
    /// assert_eq!(HmacHardener::from_bytes([1; 16], &[7; 32]).id(), [1; 16]);
    /// ```
    #[must_use]
    pub const fn id(&self) -> [u8; 16] {
        self.id
    }

    /// The key's bytes: the only way to them.
    ///
    /// ```
    /// # use pushotp_pin::HmacHardener;
    /// assert_eq!(HmacHardener::from_bytes([1; 16], &[7; 32]).expose(), &[7; 32]);
    /// ```
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.key
    }

    /// The answer to a device, and the count to store **before** it leaves.
    ///
    /// ```
    /// # use pushotp_pin::{Evaluations, HardenError, HmacHardener};
    /// # use pushotp_types::TokenId;
    /// let (key, token) = (HmacHardener::from_bytes([1; 16], &[7; 32]), TokenId::from_bytes([7; 16]));
    /// let full = Evaluations::from_stored(10);
    /// assert_eq!(key.evaluate(token, &[1; 32], full).unwrap_err(), HardenError::Locked);
    /// ```
    ///
    /// # Errors
    /// [`HardenError::Locked`] after ten evaluations without a proof.
    pub fn evaluate(
        &self,
        token: TokenId,
        input: &[u8; 32],
        counted: Evaluations,
    ) -> Result<(Zeroizing<[u8; 32]>, Evaluations), HardenError> {
        let counted = counted.next()?;
        let of_token = hmac(&self.key, &[b"pushotp-pin-hsk/1", token.as_bytes()])?;
        Ok((hmac(&of_token, &[input])?, counted))
    }
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> Result<Zeroizing<[u8; 32]>, HardenError> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| HardenError::Failed)?;
    for part in parts {
        hmac.update(part);
    }
    Ok(Zeroizing::new(hmac.finalize().into_bytes().into()))
}

impl fmt::Debug for HmacHardener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacHardener").finish_non_exhaustive()
    }
}

/// How often a hardener was asked about a token since the last proof of a right passcode.
///
/// Sealing asks once, too.
///
/// ```
/// use pushotp_pin::Evaluations;
///
/// assert_eq!(Evaluations::NONE.get(), 0);
/// assert_eq!(Evaluations::from_stored(3).get(), 3);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Evaluations(u8);

impl Evaluations {
    /// None: at enrolment, and on each proof of a right passcode.
    ///
    /// ```
    /// # use pushotp_pin::Evaluations;
    /// assert!(Evaluations::NONE < Evaluations::from_stored(1));
    /// ```
    pub const NONE: Self = Self(0);

    /// A count as it was stored.
    ///
    /// ```
    /// # use pushotp_pin::Evaluations;
    /// assert_eq!(Evaluations::from_stored(10).get(), 10); // no further one
    /// ```
    #[must_use]
    pub const fn from_stored(count: u8) -> Self {
        Self(count)
    }

    /// The count, to store.
    ///
    /// ```
    /// # use pushotp_pin::Evaluations;
    /// assert_eq!(Evaluations::from_stored(7).get(), 7);
    /// ```
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    const fn next(self) -> Result<Self, HardenError> {
        if self.0 < MAX_ATTEMPTS { Ok(Self(self.0 + 1)) } else { Err(HardenError::Locked) }
    }
}

/// A hardener with its counts in memory, for tests and for a server of one process: [`HmacHardener`] says what it is not.
///
/// ```
/// use pushotp_pin::{HardenError, Hardener, MemoryHardener};
/// use pushotp_types::TokenId;
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let (server, token) = (MemoryHardener::generate(&mut rng), TokenId::from_bytes([7; 16]));
/// let guess = || server.harden(token, &[1; 32]).map(|_| ());
/// assert_eq!((0..11).filter(|_| guess().is_ok()).count(), 10);
/// server.prove(token); // a passcode was right
/// assert_eq!(guess(), Ok(()));
/// ```
pub struct MemoryHardener {
    key: HmacHardener,
    counts: RefCell<BTreeMap<TokenId, Evaluations>>,
}

impl MemoryHardener {
    /// A fresh key, nothing counted.
    ///
    /// ```
    /// # use pushotp_pin::{Evaluations, MemoryHardener};
    /// # use pushotp_types::TokenId;
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// assert_eq!(MemoryHardener::generate(&mut rng).counted(TokenId::from_bytes([7; 16])), Evaluations::NONE);
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self::new(HmacHardener::generate(rng))
    }

    /// A key, nothing counted.
    ///
    /// ```
    /// # use pushotp_pin::{Hardener, HmacHardener, MemoryHardener};
    /// assert_eq!(MemoryHardener::new(HmacHardener::from_bytes([1; 16], &[7; 32])).id(), [1; 16]);
    /// ```
    #[must_use]
    pub const fn new(key: HmacHardener) -> Self {
        Self { key, counts: RefCell::new(BTreeMap::new()) }
    }

    /// A passcode of the token was right: the count starts again.
    ///
    /// ```
    /// # use pushotp_pin::{Evaluations, Hardener, MemoryHardener};
    /// # use pushotp_types::TokenId;
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// let (server, token) = (MemoryHardener::generate(&mut rng), TokenId::from_bytes([7; 16]));
    /// server.harden(token, &[1; 32])?;
    /// server.prove(token);
    /// assert_eq!(server.counted(token), Evaluations::NONE);
    /// # Ok::<(), pushotp_pin::HardenError>(())
    /// ```
    pub fn prove(&self, token: TokenId) {
        if let Ok(mut counts) = self.counts.try_borrow_mut() {
            counts.remove(&token);
        }
    }

    /// Evaluations since the last proof.
    ///
    /// ```
    /// # use pushotp_pin::{Hardener, MemoryHardener};
    /// # use pushotp_types::TokenId;
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// let (server, token) = (MemoryHardener::generate(&mut rng), TokenId::from_bytes([7; 16]));
    /// server.harden(token, &[1; 32])?;
    /// assert_eq!(server.counted(token).get(), 1);
    /// # Ok::<(), pushotp_pin::HardenError>(())
    /// ```
    #[must_use]
    pub fn counted(&self, token: TokenId) -> Evaluations {
        self.counts.try_borrow().ok().and_then(|counts| counts.get(&token).copied()).unwrap_or_default()
    }
}

impl Hardener for MemoryHardener {
    fn id(&self) -> [u8; 16] {
        self.key.id()
    }

    fn harden(&self, token: TokenId, input: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, HardenError> {
        let (answer, counted) = self.key.evaluate(token, input, self.counted(token))?;
        self.counts.try_borrow_mut().map_err(|_| HardenError::Failed)?.insert(token, counted);
        Ok(answer)
    }
}

impl fmt::Debug for MemoryHardener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryHardener").finish_non_exhaustive()
    }
}
