//! What a device whose own count of PIN attempts is locked asks for, and what the server says.
//!
//! Version 1 of the protocol has no message for it: both go through the operator who makes sure that it is the user, or
//! over any channel of the caller's. The request is no secret; the code is good for one device, token and attempt.

use core::fmt;

use data_encoding::BASE32_NOPAD;
use hkdf::Hkdf;
use pushotp_cbor::{ByteArray, decode, encode};
use pushotp_types::{Generation, TokenId};
use pushotp_wire::keys::{Binding, ChannelKeys};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{AuthenticatorError, ServerError};

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

    /// The same as a person reads it out or copies it: letters and the digits 2 to 7, in groups of four.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::UnlockRequest;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let request = world.device.unlock_request(world.bank)?;
    /// let shown = request.to_text(); // such as "QNIG C42V …"
    /// assert_eq!(UnlockRequest::from_text(&shown.to_lowercase().replace(' ', "-"))?, request);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Source: the alphabet of RFC 4648 §6.
    #[must_use]
    pub fn to_text(&self) -> String {
        grouped(&self.encode()).to_string()
    }

    /// Reads what [`to_text`](Self::to_text) shows, with any spaces and hyphens, in capitals or not.
    ///
    /// # Errors
    /// [`ServerError::UnlockRequest`] for anything else.
    ///
    /// ```
    /// # use pushotp::UnlockRequest;
    /// assert!(UnlockRequest::from_text("no request").is_err());
    /// ```
    pub fn from_text(text: &str) -> Result<Self, ServerError> {
        Self::decode(&ungrouped(text).ok_or(ServerError::UnlockRequest)?)
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

    /// The same as a person reads it out or copies it: thirteen groups of four, of letters and the digits 2 to 7.
    ///
    /// ```
    /// let code = pushotp::UnlockCode::from_bytes([7; 32]);
    /// assert!(code.to_text().starts_with("A4DQ OBYH A4DQ "));
    /// ```
    ///
    /// Source: the alphabet of RFC 4648 §6.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        grouped(&self.0)
    }

    /// Reads what [`to_text`](Self::to_text) shows, with any spaces and hyphens, in capitals or not.
    ///
    /// # Errors
    /// [`AuthenticatorError::UnlockCode`] for anything else.
    ///
    /// ```
    /// use pushotp::UnlockCode;
    ///
    /// let code = UnlockCode::from_bytes([7; 32]);
    /// assert_eq!(UnlockCode::from_text(&code.to_text())?.as_bytes(), code.as_bytes());
    /// assert!(UnlockCode::from_text("A4DQ").is_err());
    /// # Ok::<(), pushotp::AuthenticatorError>(())
    /// ```
    pub fn from_text(text: &str) -> Result<Self, AuthenticatorError> {
        let bytes = ungrouped(text).and_then(|bytes| bytes.as_slice().try_into().ok());
        bytes.map(Self).ok_or(AuthenticatorError::UnlockCode)
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

/// How many letters a person takes at a time.
const GROUP: usize = 4;

/// The longest text that is looked at, in bytes: several times what either is, for spaces of all kinds.
const LONGEST: usize = 512;

fn grouped(bytes: &[u8]) -> Zeroizing<String> {
    let letters = Zeroizing::new(BASE32_NOPAD.encode(bytes));
    // It has its room from the start: what grows leaves a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(letters.len() + letters.len() / GROUP));
    for (place, letter) in letters.chars().enumerate() {
        if place > 0 && place % GROUP == 0 {
            text.push(' ');
        }
        text.push(letter);
    }
    text
}

fn ungrouped(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.len() > LONGEST {
        return None;
    }
    let mut letters = Zeroizing::new(String::with_capacity(text.len()));
    let is_kept = |letter: &char| !letter.is_whitespace() && *letter != '-';
    letters.extend(text.chars().filter(is_kept).map(|letter| letter.to_ascii_uppercase()));
    BASE32_NOPAD.decode(letters.as_bytes()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_text_is_read_however_it_is_spaced() {
        let code = UnlockCode::from_bytes(core::array::from_fn(|place| u8::try_from(place * 7).unwrap()));
        let text = code.to_text();
        assert_eq!(text.split(' ').map(str::len).collect::<Vec<_>>(), [4; 13]);
        for typed in
            [text.replace(' ', ""), text.replace(' ', "\u{a0}-\n"), text.to_lowercase(), format!("\t{} ", *text)]
        {
            assert!(UnlockCode::from_text(&typed).unwrap().is(&code), "{typed:?}");
        }
    }

    #[test]
    fn no_other_text_is_one() {
        let code = UnlockCode::from_bytes([0xa5; 32]).to_text();
        let longest = format!("{}{}", *code, " ".repeat(LONGEST - code.len()));
        assert!(UnlockCode::from_text(&longest).is_ok());
        let (short, long) = (&code[..code.len() - 1], format!("{}A", *code));
        for wrong in ["", short, &long, &format!("{longest} "), &code.replace('U', "1"), &code.replace('U', "é")] {
            assert!(matches!(UnlockCode::from_text(wrong), Err(AuthenticatorError::UnlockCode)), "{wrong:?}");
            assert!(matches!(UnlockRequest::from_text(wrong), Err(ServerError::UnlockRequest)), "{wrong:?}");
        }
    }
}
