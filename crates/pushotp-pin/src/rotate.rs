//! A new secret under new locks: what a changed PIN, cost or presence key takes.

use pushotp_types::{Secret, TokenId};
use subtle::ConstantTimeEq;

pub use self::{
    error::{GiveUpError, RotateError, TicketError},
    pending::{PendingRotation, Stored},
};
use crate::{Assurance, Blob, EraseReceipt, Generation, Locks, Mode, Sealing, UniformSecret};

mod error;
mod pending;

/// The new secret that a server's rotation ticket led to.
///
/// With pushotp-wire it is what `Rotating::finish` yields: `Rotated::secret` and `Rotated::generation`, for the token of the
/// request. This crate takes the caller's word that the server derived the same; what it can see is that it is another
/// secret than the one before, and the generation after it.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
/// # use world::*;
/// use pushotp_pin::{Generation, RotationTicket, TicketError, UniformSecret};
///
/// let old = secret();
/// let new = UniformSecret::generate(&mut rng(9), 32)?; // in truth: derived by both sides from the ticket
/// let ticket = RotationTicket::new(TOKEN, Generation::new(2)?, old.secret(), new)?;
/// assert_eq!(ticket.generation().get(), 2);
/// let same = RotationTicket::new(TOKEN, Generation::new(2)?, old.secret(), secret());
/// assert_eq!(same.unwrap_err(), TicketError::SameSecret);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct RotationTicket {
    token: TokenId,
    generation: Generation,
    secret: UniformSecret,
}

impl RotationTicket {
    /// The secret `new` of this generation of a token, which takes the place of `old`.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Generation, RotationTicket, TicketError, UniformSecret};
    ///
    /// let shorter = UniformSecret::generate(&mut rng(9), 20)?;
    /// let refused = RotationTicket::new(TOKEN, Generation::new(2)?, secret().secret(), shorter);
    /// assert_eq!(refused.unwrap_err(), TicketError::Length);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`TicketError`]: two blobs of one secret give the PIN away.
    pub fn new(token: TokenId, generation: Generation, old: &Secret, new: UniformSecret) -> Result<Self, TicketError> {
        let (before, after) = (old.expose(), new.secret().expose());
        if before.len() != after.len() {
            return Err(TicketError::Length);
        }
        if bool::from(before.ct_eq(after)) {
            return Err(TicketError::SameSecret);
        }
        Ok(Self { token, generation, secret: new })
    }

    /// The generation of the new secret, for the header to seal with.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// assert_eq!(ticket(2).generation().get(), 2);
    /// ```
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }
}

impl<M: Mode> Blob<M> {
    /// Seals the new secret under new locks: another PIN, another cost, a presence key more or less, another mode.
    ///
    /// The header in `sealing` names the same token and the next generation. Its device key is best a
    /// [next one](crate::DeviceKey::next_generation), so that the old one can be erased in the end.
    ///
    /// [`PendingRotation`] tells what to do with the result, in which order.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Arena, Header, Locks, RotateError, Sealing};
    ///
    /// let (blob, device, mut rng) = (seal(&Locks::pin(&pin("271846"))), device(), rng(2));
    /// let mut rotate = |generation, header| {
    ///     let sealing = Sealing { header, cost: cost(), device: &device, arena: &mut Arena::new(), rng: &mut rng };
    ///     blob.rotate(ticket(generation), &Locks::pin(&pin("905317")), sealing)
    /// };
    /// let next = Header { generation: ticket(2).generation(), ..HEADER };
    /// assert_eq!(rotate(2, next)?.next().generation().get(), 2);
    /// assert_eq!(rotate(3, next).unwrap_err(), RotateError::OtherGeneration);
    /// assert_eq!(rotate(2, HEADER).unwrap_err(), RotateError::OtherGeneration);
    /// # Ok::<(), RotateError>(())
    /// ```
    ///
    /// # Errors
    /// [`RotateError`]; nothing has changed then.
    pub fn rotate<N: Mode>(
        &self,
        ticket: RotationTicket,
        locks: &Locks<'_, N>,
        sealing: Sealing<'_>,
    ) -> Result<PendingRotation<N, M>, RotateError> {
        let RotationTicket { token, generation, secret } = ticket;
        if token != self.token() || sealing.header.token != token {
            return Err(RotateError::OtherToken);
        }
        if Some(generation) != self.generation().next() || sealing.header.generation != generation {
            return Err(RotateError::OtherGeneration);
        }
        PendingRotation::new(self.clone(), Blob::seal(&secret, locks, sealing)?)
    }

    /// Seals the **same** secret anew, once the device key of this blob is erased for good: no server is needed, since
    /// what the old blob was good for is gone.
    ///
    /// Let the server accept a passcode of this secret first: a mistyped PIN yields another one, and then it is too late.
    /// A crash between the erasure and the new blob's storage loses the token; a rotation loses nothing. The header stays
    /// the same, the device key is a new one, and the count of attempts is [armed](Self::arm) again.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Arena, DeviceKey, EraseReceipt, Locks, RotateError, Sealing};
    ///
    /// let (blob, mut old, mut rng) = (seal(&Locks::pin(&pin("271846"))), device(), rng(2));
    /// let new = old.next_generation(&mut rng)?;
    /// let receipt = EraseReceipt::of(&mut old)?;
    /// let sealing = Sealing { header: HEADER, cost: cost(), device: &new, arena: &mut Arena::new(), rng: &mut rng };
    /// let resealed = blob.reseal(receipt, &secret(), &Locks::pin(&pin("905317")), sealing);
    /// assert_eq!(resealed.unwrap_err(), RotateError::Assurance); // of a key in software there may be a copy
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RotateError::Assurance`] for the receipt of a key that was not in hardware, [`RotateError::OtherDevice`] for that
    /// of another key, [`RotateError::OtherToken`] and [`RotateError::OtherGeneration`] for another header.
    #[expect(clippy::needless_pass_by_value, reason = "a receipt is used up")]
    pub fn reseal<N: Mode>(
        &self,
        receipt: EraseReceipt,
        secret: &UniformSecret,
        locks: &Locks<'_, N>,
        sealing: Sealing<'_>,
    ) -> Result<Blob<N>, RotateError> {
        if receipt.assurance() < Assurance::Hardware {
            return Err(RotateError::Assurance);
        }
        if receipt.id() != self.device_id() || sealing.device.id() == receipt.id() {
            return Err(RotateError::OtherDevice);
        }
        if sealing.header.token != self.token() {
            return Err(RotateError::OtherToken);
        }
        if sealing.header.generation != self.generation() {
            return Err(RotateError::OtherGeneration);
        }
        Ok(Blob::seal(secret, locks, sealing)?)
    }
}
