//! What a device whose own count of PIN attempts is locked asks for, and what the server says.
//!
//! Version 1 of the protocol has no message for it: both go through the operator who makes sure that it is the user, or
//! over any channel of the caller's. The request is no secret; the code is good for one device, token and attempt.

use core::fmt;

use hkdf::Hkdf;
use pushotp_cbor::{ByteArray, decode, encode};
use pushotp_types::{Generation, TokenId};
use pushotp_wire::keys::{Binding, ChannelKeys};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::ServerError;

/// Sets this use of the channel's key apart from all others.
const LABEL: &[u8] = b"pushotp-unlock/1";

/// What a device asks with: which of its tokens is locked, and which attempt at its PIN was the latest.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::UnlockRequest;
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let request = world.device.unlock_request(world.bank)?;
/// let shown = request.encode(); // as text, a QR code, or to the server's own page
/// assert_eq!(UnlockRequest::decode(&shown)?, request);
/// assert!(UnlockRequest::decode(&shown[1..]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlockRequest {
    pub(crate) token: TokenId,
    pub(crate) generation: Generation,
    pub(crate) number: u64,
}

impl UnlockRequest {
    /// The token that is locked.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// assert_eq!(world.device.unlock_request(world.bank)?.token(), world.bank);
    /// # Ok::<(), pushotp::AuthenticatorError>(())
    /// ```
    #[must_use]
    pub const fn token(&self) -> TokenId {
        self.token
    }

    /// At most 32 bytes; none of them is secret.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// assert!(world.device.unlock_request(world.bank)?.encode().len() <= 32);
    /// # Ok::<(), pushotp::AuthenticatorError>(())
    /// ```
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // Bytes and numbers can always be written.
        encode(&self.fields()).unwrap_or_default()
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`ServerError::UnlockRequest`] for anything else.
    ///
    /// ```
    /// # use pushotp::UnlockRequest;
    /// assert!(UnlockRequest::decode(b"").is_err());
    /// ```
    pub fn decode(bytes: &[u8]) -> Result<Self, ServerError> {
        let (token, generation, number): (ByteArray<16>, u32, u64) =
            decode(bytes).map_err(|_| ServerError::UnlockRequest)?;
        let generation = Generation::new(generation).map_err(|_| ServerError::UnlockRequest)?;
        Ok(Self { token: TokenId::from_bytes(*token), generation, number })
    }

    const fn fields(&self) -> (ByteArray<16>, u32, u64) {
        (ByteArray::new(*self.token.as_bytes()), self.generation.get(), self.number)
    }

    /// The one code for this request, under the keys of the device's epoch.
    pub(crate) fn code(&self, keys: &ChannelKeys, binding: &Binding) -> Option<UnlockCode> {
        let device = ByteArray::new(*binding.device.as_bytes());
        let info = encode(&(LABEL, binding.tenant.as_bytes(), device, binding.epoch.get(), self.fields())).ok()?;
        let exposed = keys.expose();
        let (sealing, _) = exposed.split_first_chunk::<32>()?;
        let mut code = [0; 32];
        Hkdf::<Sha256>::new(Some(LABEL), sealing).expand(&info, &mut code).ok()?;
        Some(UnlockCode(code))
    }
}

/// The server's leave for one device to count the attempts at one token's PIN anew; 32 bytes.
///
/// It is good for the attempt that the request named, so once. Whoever has it and not the device can do nothing with it.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::UnlockCode;
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let request = world.device.unlock_request(world.bank)?;
/// let code = block_on(world.server.unlock_device(&world.user, &request, NOW, &mut world.rng))?;
/// let sent = *code.as_bytes(); // to the device
/// world.device.unlock_attempts(world.bank, &UnlockCode::from_bytes(sent))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct UnlockCode([u8; 32]);

impl UnlockCode {
    /// A code as it came.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{AuthenticatorError, UnlockCode};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let guessed = world.device.unlock_attempts(world.bank, &UnlockCode::from_bytes([0; 32]));
    /// assert_eq!(guessed.unwrap_err(), AuthenticatorError::UnlockCode);
    /// ```
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, for the device.
    ///
    /// ```
    /// let code = pushotp::UnlockCode::from_bytes([7; 32]);
    /// assert_eq!(code.as_bytes(), &[7; 32]);
    /// ```
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for UnlockCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnlockCode").finish_non_exhaustive()
    }
}
