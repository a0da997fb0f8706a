use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use pushotp_types::{EnrolmentId, Offer, Secret};
use rand_core::CryptoRng;

use super::{ConfirmationCode, bind, channel, token_secret};
use crate::{
    Envelope, Error,
    cursor::external_aad,
    frame,
    keys::{Binding, ChannelKeys, ServerPublicKey},
    message::{DeviceProfile, EnrolRequest, FromDevice, FromServer, TokenInfo},
    seal::{Context, Exporter},
    sign1,
    signer::DeviceSigner,
    terms::MessageHash,
};

/// A device that has sent its request and waits for the response.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
/// # use world::*;
/// use pushotp_wire::enrol::DeviceEnrolment;
///
/// let World { offer, signer, mut rng, .. } = World::new();
/// let (frame, waiting) = DeviceEnrolment::start(&offer, profile(), &signer, &mut rng)?;
/// assert_eq!(frame.len(), 263); // to be sent
/// let _for_the_response = waiting;
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[must_use]
pub struct DeviceEnrolment {
    enrolment: EnrolmentId,
    binding: Binding,
    server_key: ServerPublicKey,
    /// The hash of the frame that was sent.
    about: MessageHash,
    keys: ChannelKeys,
    confirmation: ConfirmationCode,
    /// Exports the tokens' secrets, once the response has named them; gone with this value.
    exporter: Box<dyn Export>,
}

/// The run's exporter, without its type.
trait Export: Send + Sync {
    fn token(&self, binding: &Binding, info: &TokenInfo) -> Result<Secret, Error>;
}

impl<E: Exporter + Send + Sync> Export for E {
    fn token(&self, binding: &Binding, info: &TokenInfo) -> Result<Secret, Error> {
        token_secret(self, binding, &info.id())
    }
}

impl DeviceEnrolment {
    /// The request: the device's signing key with a proof that it holds it, sealed under the offer.
    ///
    /// # Errors
    /// [`Error::EnrolmentExpired`] by the device's own clock, [`Error::WeakKey`] for a server key of small order,
    /// [`Error::Signer`]; nothing is produced then.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::{Error, enrol::DeviceEnrolment};
    ///
    /// let World { mut offer, signer, mut rng, .. } = World::new(); // an offer
    /// assert!(DeviceEnrolment::start(&offer, profile(), &signer, &mut rng).is_ok());
    /// offer.expires = UnixTime::from_secs(1_799_999_999); // a second ago
    /// assert_eq!(DeviceEnrolment::start(&offer, profile(), &signer, &mut rng).unwrap_err(), Error::EnrolmentExpired);
    /// ```
    pub fn start<R: CryptoRng + ?Sized>(
        offer: &Offer,
        profile: DeviceProfile,
        signer: &dyn DeviceSigner,
        rng: &mut R,
    ) -> Result<(Vec<u8>, Self), Error> {
        if profile.sent().at > offer.expires {
            return Err(Error::EnrolmentExpired);
        }
        let binding = Binding { tenant: offer.tenant, device: offer.device, epoch: offer.epoch };
        let server_key = ServerPublicKey::from_bytes(offer.server_key);
        let context = Context::enrolment(&offer.psk, &offer.enrolment, &binding)?;
        let (enc, mut sender) = context.sender(server_key.as_bytes(), rng)?;
        let (keys, confirmation) = channel(&sender, &binding)?;
        let request = EnrolRequest::new(offer.enrolment, *bind(&sender, &binding)?, signer.verifying_key(), profile);
        let plain = sign1::sign(&FromDevice::EnrolRequest(request), &binding.tenant, signer)?;
        let ciphertext = sender.seal(&plain, &external_aad(&binding.tenant)).map_err(|_| Error::TooLarge)?;
        let frame = frame::write(offer.enrolment.as_bytes(), &enc, &ciphertext);
        let about = MessageHash::of(&frame);
        let exporter = Box::new(sender);
        let enrolment = offer.enrolment;
        Ok((frame, Self { enrolment, binding, server_key, about, keys, confirmation, exporter }))
    }

    /// The response: the device's tokens, whose secrets both sides derive.
    ///
    /// # Errors
    /// [`NotEnrolled::Waiting`] with the enrolment back if it is not the server's reply to this very request,
    /// [`NotEnrolled::Refused`] if it is, and the server refused.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// use pushotp_wire::enrol::NotEnrolled;
    ///
    /// let mut world = World::new(); // an offer
    /// let (request, waiting) = world.start();
    /// let refusal = world.open(&request).respond(&[], NOW, &mut world.rng)?.response; // no token for it
    /// assert!(matches!(waiting.finish(&refusal), Err(NotEnrolled::Refused)));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn finish(self, response: &[u8]) -> Result<Enrolled, NotEnrolled> {
        match self.open(response) {
            Ok(tokens) if tokens.is_empty() => Err(NotEnrolled::Refused),
            Ok(tokens) => {
                let Self { binding, server_key, keys, confirmation, .. } = self;
                Ok(Enrolled { binding, server_key, keys, confirmation, tokens })
            }
            Err(error) => Err(NotEnrolled::Waiting { enrolment: Box::new(self), error }),
        }
    }

    /// The tokens in the response to this very request; none if the server refused.
    fn open(&self, response: &[u8]) -> Result<Vec<(TokenInfo, Secret)>, Error> {
        let payload = Envelope::parse(response)?.open(&self.keys, &self.binding.tenant)?;
        let FromServer::EnrolResponse(response) = payload.decode()? else { return Err(Error::Direction) };
        if response.about() != self.about || response.enrolment() != self.enrolment {
            return Err(Error::HashMismatch);
        }
        let secret = |info: &TokenInfo| Ok((info.clone(), self.exporter.token(&self.binding, info)?));
        response.tokens().iter().map(secret).collect()
    }
}

impl fmt::Debug for DeviceEnrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceEnrolment").field("enrolment", &self.enrolment).finish_non_exhaustive()
    }
}

/// The device has no tokens.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
/// # use world::*;
/// use pushotp_wire::{Error, enrol::NotEnrolled};
///
/// let mut world = World::new(); // an offer
/// let (request, waiting) = world.start();
///
/// // The offer is used up by now, so what is not the reply must not end it.
/// let NotEnrolled::Waiting { enrolment, error } = waiting.finish(b"not a reply").unwrap_err() else { panic!() };
/// assert_eq!(error, Error::Shape);
/// let response = world.open(&request).respond(&[token()], NOW, &mut world.rng)?.response;
/// assert_eq!(enrolment.finish(&response)?.tokens.len(), 1); // the same request again gets the same reply
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotEnrolled {
    /// It was not the server's reply to this request, which may still come: send the same bytes again.
    #[error("no reply to the enrolment request: {error}")]
    Waiting {
        /// As it was.
        enrolment: Box<DeviceEnrolment>,
        /// What was wrong with it.
        #[source]
        error: Error,
    },
    /// The server has no token for this device, or takes no second device with its signing key. It is over.
    #[error("the server refused the enrolment")]
    Refused,
}

/// An enrolled device: show the code, and store the rest once the person at the login page has confirmed it.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
/// # use world::*;
/// let mut world = World::new(); // an offer
/// let (request, waiting) = world.start();
/// let response = world.open(&request).respond(&[token()], NOW, &mut world.rng)?.response;
/// let enrolled = waiting.finish(&response)?;
/// assert_eq!(enrolled.confirmation.as_str().len(), 6); // show it
/// let (info, secret) = &enrolled.tokens[0]; // seal it
/// assert_eq!((info.name(), secret.expose().len()), ("Work", 32));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Enrolled {
    /// Whose channel it is.
    pub binding: Binding,
    /// The server's key, for every frame of this epoch.
    pub server_key: ServerPublicKey,
    /// The keys of both directions.
    pub keys: ChannelKeys,
    /// To be compared with what the login page shows.
    pub confirmation: ConfirmationCode,
    /// The tokens and their secrets; seal each at once.
    pub tokens: Vec<(TokenInfo, Secret)>,
}
