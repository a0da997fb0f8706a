use pushotp_types::{Generation, TokenId};

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
