use core::num::NonZeroU32;

use pushotp_types::TokenId;

/// Counts the sealings of a token: 1 for the first, one more for each new secret, PIN or cost.
///
/// ```
/// use pushotp_pin::Generation;
///
/// assert_eq!(Generation::FIRST.get(), 1);
/// assert_eq!(Generation::FIRST.next().map(Generation::get), Some(2));
/// assert!(Generation::new(0).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(NonZeroU32);

impl Generation {
    /// The first sealing of a token.
    ///
    /// ```
    /// # use pushotp_pin::Generation;
    /// assert!(Generation::FIRST < Generation::FIRST.next().unwrap());
    /// ```
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// A generation as it was stored or received.
    ///
    /// # Errors
    /// [`GenerationError`] for 0.
    ///
    /// ```
    /// # use pushotp_pin::Generation;
    /// assert_eq!(Generation::new(1), Ok(Generation::FIRST));
    /// ```
    pub const fn new(generation: u32) -> Result<Self, GenerationError> {
        match NonZeroU32::new(generation) {
            Some(generation) => Ok(Self(generation)),
            None => Err(GenerationError),
        }
    }

    /// The number itself.
    ///
    /// ```
    /// # use pushotp_pin::Generation;
    /// assert_eq!(Generation::FIRST.get(), 1);
    /// ```
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// The next one, `None` after the last that four bytes can count.
    ///
    /// ```
    /// # use pushotp_pin::Generation;
    /// assert_eq!(Generation::new(u32::MAX).map(Generation::next), Ok(None));
    /// ```
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

/// Generations count from 1.
///
/// ```
/// # use pushotp_pin::{Generation, GenerationError};
/// assert_eq!(Generation::new(0), Err(GenerationError));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("generations count from 1")]
pub struct GenerationError;

/// What a blob is for; authenticated, not secret.
///
/// ```
/// use pushotp_pin::{Generation, Header};
/// use pushotp_types::TokenId;
///
/// let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
/// assert_eq!(header.generation.get(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The server's id of the token.
    pub token: TokenId,
    /// Which of the token's sealings it is; the server's count.
    pub generation: Generation,
}
