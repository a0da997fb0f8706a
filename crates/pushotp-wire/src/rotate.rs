//! A new secret for a token: what a changed PIN or a costlier hardening of it needs.
//!
//! Two locked copies of one secret give the PIN away, so a token whose lock changes gets another secret. The device asks
//! with a passcode under the old one and a fresh key; the server replies with a [`Ticket`](crate::message::Ticket),
//! sealed to that key, out of which both derive the new secret; the device stores it and shows that it has it.
//!
//! ```text
//! RotationRequest -> Rotating -> Rotated -> Confirming
//! ```
//!
//! Until that proof, a [`Rotation`](crate::message::Rotation) with [`Confirm`](crate::message::RotationStep::Confirm) or
//! an approval under the new secret, the server takes passcodes under both: a crash at any point locks nobody out.
//!
//! ```
//! # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
//! # use world::*;
//! use pushotp_types::Secret;
//! use pushotp_wire::{device::Incoming, message::FromDevice, rotate::{Granting, RotationRequest}, terms::Generation};
//!
//! let mut world = World::new(); // both ends of one channel
//! let secret = Secret::new(&[7; 32]).unwrap(); // the token's, on both sides
//!
//! // The device asks; the passcode answers `request.hash()` under the old secret.
//! let request = RotationRequest::new(&world.device, TOKEN, Generation::FIRST, &mut world.rng)?;
//! let (frame, waiting) = world.send(|device, sending| request.send(&code(), device, sending)).unwrap();
//!
//! // The server judges the passcode, then grants: it stores the new secret as pending and sends the ticket.
//! let (FromDevice::Rotate(rotate), about) = world.receive(&frame) else { panic!() };
//! let granting = Granting { binding: world.device.binding(), keys: world.device.keys(), secret: &secret };
//! let granted = rotate.grant(about, &granting, at(NOW), &mut world.rng)?;
//!
//! // The device locks the new secret under the new PIN, writes that down, and only then confirms.
//! let Incoming::Ticket(ticket) = world.device.open(&granted.ticket, at(NOW))? else { panic!() };
//! let rotated = waiting.finish(&ticket, &secret, &world.device).unwrap();
//! assert_eq!(rotated.secret().expose(), granted.secret.expose());
//! assert_eq!(rotated.generation(), granted.generation);
//! let (confirmation, _) = world.send(|device, sending| rotated.confirm(&code(), device, sending)).unwrap();
//! assert!(matches!(world.receive(&confirmation).0, FromDevice::Rotate(_)));
//! # Ok::<(), pushotp_wire::Error>(())
//! ```

mod device;
mod key;
mod server;

pub use device::{Confirming, NotRotated, Rotated, Rotating, RotationRequest};
use hkdf::Hkdf;
pub use key::RotationPublicKey;
use pushotp_cbor::{Bytes, encode};
use pushotp_types::{Secret, TokenId};
pub use server::{Granted, Granting};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::{Error, keys::Binding, terms::Generation};

/// K': HKDF-SHA-256 of the old secret with the ticket's bytes as the salt, as long as the old one.
///
/// Source: RFC 5869.
fn next_secret(
    nonce: &[u8; 32],
    secret: &Secret,
    binding: &Binding,
    (token, generation): (TokenId, Generation),
) -> Result<Secret, Error> {
    let Binding { tenant, device, epoch } = binding;
    let (tenant, device) = (Bytes::new(tenant.as_bytes()), Bytes::new(device.as_bytes()));
    let info = encode(&("pushotp-k", 1, tenant, device, Bytes::new(token.as_bytes()), epoch.get(), generation.get()))?;
    let (mut prk, hkdf) = Hkdf::<Sha256>::extract(Some(nonce), secret.expose());
    prk.as_mut_slice().zeroize();
    let mut next = Zeroizing::new(alloc::vec![0; secret.expose().len()]);
    hkdf.expand(&info, &mut next).map_err(|_| Error::WeakKey)?;
    Secret::new(&next).map_err(|_| Error::WeakKey)
}
