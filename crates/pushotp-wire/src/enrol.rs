//! Enrolment: one request, one response, and every key comes out of that run.

mod device;
mod server;

use core::fmt;

pub use device::{DeviceEnrolment, Enrolled, NotEnrolled};
use pushotp_types::{Secret, TokenId};
pub use server::{EnrolmentOpened, EnrolmentRecipient, ServerEnrolled};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    Error,
    keys::{Binding, ChannelKeys},
    seal::{Exporter, export},
    terms::Kid,
};

/// Six digits that both sides show, and a person compares: they differ if somebody else enrolled.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
/// # use world::*;
/// let mut world = World::new(); // an offer
/// let (request, waiting) = world.start();
/// let server = world.open(&request).respond(&[token()], NOW, &mut world.rng)?;
/// let device = waiting.finish(&server.response).unwrap();
/// assert_eq!(server.confirmation, device.confirmation); // a person compares them
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct ConfirmationCode([u8; 6]);

impl ConfirmationCode {
    /// The exporter's `confirm` value, a big-endian number, modulo 10^6.
    fn new(value: [u8; 8]) -> Self {
        let mut rest = u64::from_be_bytes(value) % 1_000_000;
        let mut digits = [b'0'; 6];
        for digit in digits.iter_mut().rev() {
            *digit += (rest % 10) as u8;
            rest /= 10;
        }
        Self(digits)
    }

    /// The six digits.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// let (request, waiting) = World::new().start();
    /// let server = World::new().open(&request).respond(&[token()], NOW, &mut World::new().rng)?;
    /// let device = waiting.finish(&server.response).unwrap();
    /// assert_eq!(device.confirmation.as_str(), server.confirmation.as_str());
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for ConfirmationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfirmationCode").finish_non_exhaustive()
    }
}

/// The keys of both directions, and the code to compare.
fn channel(exporter: &impl Exporter, binding: &Binding) -> Result<(ChannelKeys, ConfirmationCode), Error> {
    let key = export::<32>(exporter, "s2d key", binding, None)?;
    let psk = export::<32>(exporter, "d2s psk", binding, None)?;
    let s2d = export::<8>(exporter, "s2d kid", binding, None)?;
    let d2s = export::<8>(exporter, "d2s kid", binding, None)?;
    let confirm = export::<8>(exporter, "confirm", binding, None)?;
    let keys = ChannelKeys::new((*key, *psk), (Kid::from_bytes(*s2d), Kid::from_bytes(*d2s)))?;
    Ok((keys, ConfirmationCode::new(*confirm)))
}

/// K: the secret of a token, uniformly random, never sent.
fn token_secret(exporter: &impl Exporter, binding: &Binding, token: &TokenId) -> Result<Secret, Error> {
    let secret = export::<32>(exporter, "token", binding, Some(token))?;
    Secret::new(secret.as_slice()).map_err(|_| Error::WeakKey)
}

/// Ties the proof of possession to this very run.
fn bind(exporter: &impl Exporter, binding: &Binding) -> Result<zeroize::Zeroizing<[u8; 32]>, Error> {
    export::<32>(exporter, "bind", binding, None)
}
