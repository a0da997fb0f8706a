use pushotp_types::TokenId;
use zeroize::Zeroizing;

pub use self::hmac::{Evaluations, HmacHardener, MemoryHardener};

mod hmac;

/// A server that takes part in every guess with a key that the device does not have, and counts.
///
/// Implement it over a call to that server, sealed as the device's other messages are; version 1 of the wire protocol has
/// no message for it. Whoever implements it vouches for two things: the key is not on the device, and the server **counts
/// on evaluation**, before it answers, and starts again only on the proof of a right passcode. A [`Permit`](crate::Permit)
/// rests on that word.
///
/// The server learns nothing of the PIN: the input is a hash under a salt and a device key that it does not have.
///
/// ```
/// use pushotp_pin::{HardenError, Hardener, MemoryHardener};
/// use pushotp_types::TokenId;
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let server = MemoryHardener::generate(&mut rng); // in the same process, as in a test
/// let (hardener, token): (&dyn Hardener, _) = (&server, TokenId::from_bytes([7; 16]));
/// assert_eq!(hardener.harden(token, &[1; 32])?, hardener.harden(token, &[1; 32])?);
/// assert_ne!(hardener.harden(token, &[1; 32])?, hardener.harden(token, &[2; 32])?);
/// # Ok::<(), HardenError>(())
/// ```
pub trait Hardener {
    /// Names the server's key; a blob names the one that it was sealed with.
    ///
    /// ```
    /// # use pushotp_pin::{Hardener, MemoryHardener};
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// assert_ne!(MemoryHardener::generate(&mut rng).id(), MemoryHardener::generate(&mut rng).id());
    /// ```
    fn id(&self) -> [u8; 16];

    /// 32 pseudorandom bytes for a token and an input, always the same ones.
    ///
    /// ```
    /// # use pushotp_pin::{HardenError, Hardener, MemoryHardener};
    /// # use pushotp_types::TokenId;
    /// # let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    /// let (server, token) = (MemoryHardener::generate(&mut rng), TokenId::from_bytes([7; 16]));
    /// for _ in 0..10 {
    ///     server.harden(token, &[1; 32])?;
    /// }
    /// assert_eq!(server.harden(token, &[1; 32]), Err(HardenError::Locked));
    /// # Ok::<(), HardenError>(())
    /// ```
    ///
    /// # Errors
    /// [`HardenError`].
    fn harden(&self, token: TokenId, input: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, HardenError>;
}

/// Why a server did not harden; says nothing of the PIN.
///
/// ```
/// # use pushotp_pin::HardenError;
/// assert_eq!(HardenError::Locked.to_string(), "the hardener has counted too many evaluations");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HardenError {
    /// It cannot be reached.
    #[error("the hardener cannot be reached")]
    Unavailable,
    /// Too many evaluations in a row without the proof of a right passcode.
    #[error("the hardener has counted too many evaluations")]
    Locked,
    /// It has no key for this token any more, or failed.
    #[error("the hardener failed")]
    Failed,
}
