use alloc::vec::Vec;
use core::fmt;

use pushotp_types::{Secret, UnixTime};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::next_secret;
use crate::{
    Error, envelope,
    keys::{Binding, ChannelKeys},
    message::{Rotate, RotationStep, Ticket},
    seal::Context,
    terms::{Generation, MessageHash},
};

/// What a server grants a rotation with.
///
/// ```
/// use pushotp_types::{DeviceId, Epoch, Secret, TenantId};
/// use pushotp_wire::{keys::{Binding, ChannelKeys}, rotate::Granting};
///
/// let tenant = TenantId::new(b"example.com").unwrap();
/// let binding = Binding { tenant, device: DeviceId::from_bytes([1; 16]), epoch: Epoch::FIRST };
/// let (keys, secret) = (ChannelKeys::from_exposed(&[7; 80])?, Secret::new(&[7; 32]).unwrap());
/// let granting = Granting { binding: &binding, keys: &keys, secret: &secret };
/// assert!(!format!("{granting:?}").contains("7, 7"));
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Granting<'a> {
    /// Whose channel it is.
    pub binding: &'a Binding,
    /// The keys of the device's epoch.
    pub keys: &'a ChannelKeys,
    /// The token's current secret: the one under which the passcode was right.
    pub secret: &'a Secret,
}

impl fmt::Debug for Granting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Granting").field("binding", &self.binding).finish_non_exhaustive()
    }
}

/// A granted rotation; the module's [example](crate::rotate) shows it.
///
/// In one write, before the ticket is sent: keep the secret as pending, with its generation, in the place of an older
/// pending one, and the ticket as the reply to the request's bytes. The current secret stays valid.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
/// # use world::*;
/// let mut world = World::new(); // both ends of one channel
/// let (rotate, about, _) = world.ask(); // at the server
/// let granted = world.grant(&rotate, about);
/// assert_eq!(Some(granted.generation), rotate.rotation().generation.next());
/// assert_ne!(granted.secret.expose(), World::secret().expose()); // keep it as pending
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Granted {
    /// The sealed ticket; the same request again gets the same bytes.
    pub ticket: Vec<u8>,
    /// The new secret; seal it under the key-encryption key.
    pub secret: Secret,
    /// Its generation.
    pub generation: Generation,
}

impl Rotate {
    /// Grants a request: draws what makes the new secret, and seals it to the request's key.
    ///
    /// `about` is the hash of the request's frame. Call it only for a request that passed every check, the passcode last.
    /// What was drawn is erased; it exists in the ticket alone.
    ///
    /// # Errors
    /// [`Error::Field`] for a confirmation, for the last generation of all, or a time out of range; [`Error::WeakKey`] for
    /// a secret below 128 bits.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/rotation.rs")); }
    /// # use world::*;
    /// use pushotp_wire::rotate::Granting;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (rotate, about, _) = world.ask(); // at the server, and its passcode was right
    /// # let (device, secret) = (&world.device, World::secret());
    /// let granting = Granting { binding: device.binding(), keys: device.keys(), secret: &secret };
    /// let granted = rotate.grant(about, &granting, at(NOW), &mut world.rng)?;
    /// assert_ne!(granted.secret.expose(), secret.expose());
    /// assert_eq!(Some(granted.generation), rotate.rotation().generation.next());
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn grant<R: CryptoRng + ?Sized>(
        &self,
        about: MessageHash,
        granting: &Granting<'_>,
        now: UnixTime,
        rng: &mut R,
    ) -> Result<Granted, Error> {
        let &Granting { binding, keys, secret } = granting;
        let rotation = self.rotation();
        let RotationStep::Request { key } = &rotation.step else { return Err(Error::Field("step")) };
        let generation = rotation.generation.next().ok_or(Error::Field("gen"))?;
        let mut nonce = Zeroizing::new([0; 32]);
        rng.fill_bytes(nonce.as_mut_slice());
        let secret = next_secret(&nonce, secret, binding, (rotation.token, generation))?;
        let kid = keys.d2s_kid();
        let (enc, mut context) = Context::ticket(keys.d2s_psk(), &kid, binding)?.sender(key.as_bytes(), rng)?;
        let sealed = context.seal(nonce.as_slice(), about.as_bytes()).map_err(|_| Error::TooLarge)?;
        let sealed = (enc, sealed.try_into().map_err(|_| Error::TooLarge)?);
        let ticket = Ticket { id: rotation.id, about, token: rotation.token, generation, sealed, at: now };
        let ticket = envelope::seal(&ticket.encode()?, keys, &binding.tenant, rng)?;
        Ok(Granted { ticket, secret, generation })
    }
}
