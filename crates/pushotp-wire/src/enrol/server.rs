use alloc::vec::Vec;
use core::fmt;

use pushotp_types::{DeviceId, EnrolmentId, Epoch, Secret, TenantId, TokenId, UnixTime};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{ConfirmationCode, bind, channel, token_secret};
use crate::{
    Error,
    cursor::external_aad,
    envelope,
    frame::{Frame, FrameId},
    keys::{Binding, ChannelKeys, ServerKey},
    message::{DeviceProfile, EnrolResponse, FromDevice, TokenInfo},
    seal::{Context, Exporter},
    sign1::Sign1,
    signer::VerifyingKey,
    terms::{MessageHash, Typ},
};

/// What a server opens the first frame of an enrolment with: what its offer said.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
/// # use world::*;
/// use pushotp_wire::{Frame, enrol::EnrolmentRecipient};
///
/// let mut world = World::new(); // an offer
/// let (request, _) = world.start();
/// let World { offer, server_key, .. } = &world;
/// let recipient = EnrolmentRecipient {
///     server_key,
///     tenant: offer.tenant,
///     enrolment: offer.enrolment,
///     device: offer.device,
///     epoch: offer.epoch,
///     psk: &offer.psk,
/// };
/// assert!(Frame::parse(&request)?.open_enrolment(&recipient).is_ok());
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct EnrolmentRecipient<'a> {
    /// The key that the offer carried.
    pub server_key: &'a ServerKey,
    /// The organisation.
    pub tenant: TenantId,
    /// The offer's id.
    pub enrolment: EnrolmentId,
    /// The device that the offer creates.
    pub device: DeviceId,
    /// The epoch that it starts.
    pub epoch: Epoch,
    /// The offer's one-time secret.
    pub psk: &'a [u8; 32],
}

impl fmt::Debug for EnrolmentRecipient<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolmentRecipient").field("enrolment", &self.enrolment).finish_non_exhaustive()
    }
}

/// A request that was opened: the device holds the offer and its own signing key.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
/// # use world::*;
/// use pushotp_wire::{Frame, signer::DeviceSigner};
///
/// let mut world = World::new(); // an offer
/// let (request, _) = world.start();
/// let opened = Frame::parse(&request)?.open_enrolment(&world.recipient())?;
/// assert_eq!(opened.profile().name(), "Alice's phone");
/// let enrolled = opened.respond(&[token()], NOW, &mut world.rng)?;
/// assert_eq!(enrolled.verifying_key, world.signer.verifying_key());
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
pub struct EnrolmentOpened {
    binding: Binding,
    enrolment: EnrolmentId,
    about: MessageHash,
    key: VerifyingKey,
    profile: DeviceProfile,
    keys: ChannelKeys,
    confirmation: ConfirmationCode,
    exporter: alloc::boxed::Box<dyn Export>,
}

/// The run's exporter, without its type.
trait Export: Send {
    fn token(&self, binding: &Binding, token: &TokenId) -> Result<Secret, Error>;
}

impl<E: Exporter + Send> Export for E {
    fn token(&self, binding: &Binding, token: &TokenId) -> Result<Secret, Error> {
        token_secret(self, binding, token)
    }
}

impl Frame<'_> {
    /// Opens the first frame of an enrolment and checks the proof of possession.
    ///
    /// # Errors
    /// [`Error::BadSeal`] for a wrong one-time secret. [`Error::BadPossession`] if signature or binding do not fit: then
    /// somebody holds the offer who does not hold the key. Any other [`Error`] for a request that is none. None of them
    /// uses up the offer, and the outside is told only that the frame was refused.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{Error, Frame, enrol::EnrolmentRecipient};
    ///
    /// let mut world = World::new(); // an offer
    /// let (request, _) = world.start();
    /// let (frame, recipient) = (Frame::parse(&request)?, world.recipient());
    /// assert!(frame.open_enrolment(&recipient).is_ok());
    /// let wrong = EnrolmentRecipient { psk: &[4; 32], ..recipient };
    /// assert_eq!(frame.open_enrolment(&wrong).unwrap_err(), Error::BadSeal);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn open_enrolment(&self, recipient: &EnrolmentRecipient<'_>) -> Result<EnrolmentOpened, Error> {
        let &EnrolmentRecipient { server_key, tenant, enrolment, device, epoch, psk } = recipient;
        if self.id() != FrameId::Enrolment(enrolment) {
            return Err(Error::UnknownEnrolment);
        }
        let binding = Binding { tenant, device, epoch };
        let mut context = Context::enrolment(psk, &enrolment, &binding)?.receiver(server_key.private(), self.enc())?;
        let plain = context.open(self.ciphertext(), &external_aad(&tenant)).map_err(|_| Error::BadSeal)?;
        let plain = Zeroizing::new(plain);
        let sign1 = Sign1::parse(&plain)?;
        if sign1.typ() != Typ::EnrolRequest {
            return Err(Error::Direction);
        }
        // The signing key stands in the payload, so decoding comes before the signature, here alone.
        let FromDevice::EnrolRequest(request) = FromDevice::decode(sign1.typ(), sign1.payload())? else {
            return Err(Error::Direction);
        };
        sign1.verify(request.verifying_key(), &tenant).map_err(|_| Error::BadPossession)?;
        let bound = request.bind().ct_eq(bind(&context, &binding)?.as_slice());
        if !bool::from(bound) || request.enrolment() != enrolment {
            return Err(Error::BadPossession);
        }
        let (keys, confirmation) = channel(&context, &binding)?;
        Ok(EnrolmentOpened {
            binding,
            enrolment,
            about: self.hash(),
            key: *request.verifying_key(),
            profile: request.profile().clone(),
            keys,
            confirmation,
            exporter: alloc::boxed::Box::new(context),
        })
    }
}

impl EnrolmentOpened {
    /// The device's signing key, for every later frame of this epoch.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// use pushotp_wire::signer::DeviceSigner;
    ///
    /// let mut world = World::new(); // an offer
    /// let (request, _) = world.start();
    /// assert_eq!(world.open(&request).verifying_key(), &world.signer.verifying_key());
    /// ```
    #[must_use]
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.key
    }

    /// What the device says of itself.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // an offer
    /// let (request, _) = world.start();
    /// assert_eq!(world.open(&request).profile().name(), "Alice's phone");
    /// ```
    #[must_use]
    pub const fn profile(&self) -> &DeviceProfile {
        &self.profile
    }

    /// The keys of both directions, should the device be taken.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // an offer
    /// let (request, _) = world.start();
    /// let opened = world.open(&request);
    /// assert_ne!(opened.keys().s2d_kid(), opened.keys().d2s_kid()); // both new: look whether a device has one of them
    /// ```
    #[must_use]
    pub const fn keys(&self) -> &ChannelKeys {
        &self.keys
    }

    /// The response that gives the device its tokens, 1 to 8, and all that the server keeps.
    ///
    /// With no token it refuses the enrolment: send it, and keep nothing. Refuse so a signing key that another device of
    /// the tenant has, which only the server's store can tell.
    ///
    /// # Errors
    /// [`Error::Field`] for a token that is named twice or too many of them.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // an offer
    /// let (request, waiting) = world.start();
    /// let server = world.open(&request).respond(&[token()], NOW, &mut world.rng)?;
    /// assert_eq!(server.secrets.len(), 1);
    /// assert_eq!(waiting.finish(&server.response).unwrap().tokens[0].0, token()); // at the device
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn respond<R: CryptoRng + ?Sized>(
        self,
        tokens: &[TokenInfo],
        now: UnixTime,
        rng: &mut R,
    ) -> Result<ServerEnrolled, Error> {
        let secret = |info: &TokenInfo| Ok((info.id(), self.exporter.token(&self.binding, &info.id())?));
        let secrets = tokens.iter().map(secret).collect::<Result<_, Error>>()?;
        let response = EnrolResponse::new(self.enrolment, self.about, tokens.to_vec(), now)?;
        let response = envelope::seal(&response.encode()?, &self.keys, &self.binding.tenant, rng)?;
        let Self { key, profile, keys, confirmation, .. } = self;
        Ok(ServerEnrolled { response, verifying_key: key, profile, keys, confirmation, secrets })
    }
}

impl fmt::Debug for EnrolmentOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolmentOpened").field("enrolment", &self.enrolment).finish_non_exhaustive()
    }
}

/// What the server keeps of an enrolment; it counts once a person has compared the codes.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
/// # use world::*;
/// let mut world = World::new(); // an offer
/// let (request, waiting) = world.start();
/// let server = world.open(&request).respond(&[token()], NOW, &mut world.rng)?;
/// let device = waiting.finish(&server.response)?;
/// assert_eq!(server.confirmation, device.confirmation); // a person compares them
/// assert_eq!(server.secrets[0].1.expose(), device.tokens[0].1.expose()); // and no secret has travelled
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct ServerEnrolled {
    /// The sealed response; the same frame again gets the same bytes.
    pub response: Vec<u8>,
    /// The device's signing key.
    pub verifying_key: VerifyingKey,
    /// What the device says of itself.
    pub profile: DeviceProfile,
    /// The keys of both directions.
    pub keys: ChannelKeys,
    /// To be shown on the login page.
    pub confirmation: ConfirmationCode,
    /// The tokens' secrets; seal each under the key-encryption key.
    pub secrets: Vec<(TokenId, Secret)>,
}
