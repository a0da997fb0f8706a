use core::fmt;

use pushotp_cbor::{ByteArray, ByteBuf};
use pushotp_pin::{Arena, Blob, Cost, Generation, Header, Locks, Pin, PresenceKey, SealError, Sealing, UniformSecret};
use pushotp_types::{Offer, Secret, TokenId, UnixTime};
use pushotp_wire::{
    device::Device,
    enrol::{self, DeviceEnrolment, Enrolled},
    message::{DeviceProfile, Sent},
    terms::{PushAddress, TokenPolicy},
};

use super::{
    Authenticator, AuthenticatorError, Biometric, DeviceKeys, DeviceStorage, DeviceToken,
    activation::locks,
    attempts::Attempts,
    state::{Memory, State, Token},
};
use crate::Rng;

/// What a device is made of when it enrols.
///
/// ```
/// use pushotp::{DeviceSetup, SoftwareKeys, wire::terms::PushAddress};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let keys = SoftwareKeys::generate(&mut rng); // store `keys.expose()` apart from the state, or use keys of the platform
/// let setup = DeviceSetup { name: "Alice's phone".into(), push: PushAddress::POLL, keys: keys.into_device_keys() };
/// assert_eq!(setup.name, "Alice's phone");
/// ```
#[derive(Debug)]
pub struct DeviceSetup {
    /// Its name, as an operator sees it: 1 to 64 bytes.
    pub name: String,
    /// Where it wants to be pushed; [`PushAddress::POLL`] if it fetches.
    pub push: PushAddress,
    /// Its keys.
    pub keys: DeviceKeys,
}

/// How the secrets are sealed on the device.
///
/// ```
/// use pushotp::{Protection, pin::{Cost, Pin, PinPolicy}, types::TokenId};
///
/// let bank = TokenId::from_bytes([1; 16]);
/// let pins = [(bank, Pin::choose("271846", &PinPolicy::DEFAULT)?)];
/// let protection = Protection { pins: &pins, presence: &[], cost: Cost::RECOMMENDED };
/// assert_eq!(protection.pins.len(), 1);
/// assert!(Pin::choose("123456", &PinPolicy::DEFAULT).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Protection<'a> {
    /// A PIN for each PIN protected token.
    pub pins: &'a [(TokenId, Pin)],
    /// A presence key for each token that a fingerprint or a face shall open as well, where the token's policy permits it.
    /// It has to be kept at least as well as the device key: whoever has both finds the PIN.
    pub presence: &'a [(TokenId, &'a dyn PresenceKey)],
    /// What a guess at a PIN shall cost.
    pub cost: Cost,
}

impl Protection<'_> {
    fn locks(&self, token: &DeviceToken) -> Result<Locks<'_>, AuthenticatorError> {
        let pin = self.pins.iter().find(|(id, _)| *id == token.id).map(|(_, pin)| pin);
        let presence = self.presence.iter().find(|(id, _)| *id == token.id).map(|(_, key)| *key);
        locks((token.pin_protected, token.biometric), pin, presence)
    }
}

impl fmt::Debug for Protection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Protection");
        shown.field("pins", &self.pins.len()).field("presence", &self.presence.len());
        shown.field("cost", &self.cost).finish()
    }
}

/// An enrolment that waits for the server's response.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::{Authenticator, DeviceSetup, NewToken, SoftwareKeys, wire::terms::PushAddress};
///
/// let mut world = World::new(); // a server with one user
/// block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng))?;
/// let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng))?;
///
/// let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
/// let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
/// let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng)?;
/// let response = world.send(&request, NOW).expect("an answer");
/// assert_eq!(enrolling.finish(&response)?.tokens()[0].name, "VPN");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Enrolling {
    exchange: DeviceEnrolment,
    url: String,
    keys: DeviceKeys,
}

/// The response gave the device no tokens.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::{Authenticator, DeviceSetup, NewToken, NotEnrolled, SoftwareKeys, wire::terms::PushAddress};
///
/// let mut world = World::new(); // a server with one user
/// block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng))?;
/// let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng))?;
/// let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
/// let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
/// let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng)?;
///
/// let response = world.send(&request, NOW).expect("an answer"); // lost on the way
/// let NotEnrolled::Waiting { enrolling, .. } = enrolling.finish(b"502 Bad Gateway").unwrap_err() else { panic!() };
/// assert_eq!(world.send(&request, NOW), Some(response.clone())); // the same request, the same response
/// assert_eq!(enrolling.finish(&response)?.tokens()[0].name, "VPN");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotEnrolled {
    /// It was no response to this request: send the same bytes again, and finish with the reply to them.
    #[error("no response to the enrolment request: {error}")]
    Waiting {
        /// As it was.
        enrolling: Box<Enrolling>,
        /// What the reply was.
        #[source]
        error: AuthenticatorError,
    },
    /// The server refused: it has no token for the device, or another device has its signing key. It is over; with fresh
    /// keys it can be tried anew.
    #[error("the server refused the enrolment")]
    Refused,
}

/// An enrolment that waits for a person to compare two codes.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::{Authenticator, DeviceSetup, MemoryStorage, NewToken, Protection, SoftwareKeys, wire::terms::PushAddress};
///
/// let mut world = World::new(); // a server with one user
/// block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng))?;
/// let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng))?;
/// let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
/// let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
/// let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng)?;
/// let confirming = enrolling.finish(&world.send(&request, NOW).expect("an answer"))?;
///
/// // A person compares what the device and the login page show.
/// let shown = block_on(world.server.confirmation_code(offer.enrolment))?;
/// assert_eq!(shown.as_deref(), Some(confirming.code()));
/// let protection = Protection { pins: &[], presence: &[], cost: cost() };
/// let device = confirming.confirm(&protection, MemoryStorage::default(), &mut world.rng)?;
/// assert_eq!(device.tokens()[0].name, "VPN");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Confirming {
    enrolled: Enrolled,
    url: String,
    keys: DeviceKeys,
}

/// The enrolment was not completed; it can be tried again.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::{
///     Authenticator, AuthenticatorError, DeviceSetup, MemoryStorage, NewToken, Protection, SoftwareKeys,
///     wire::terms::PushAddress,
/// };
///
/// let mut world = World::new(); // a server with one user
/// block_on(world.server.add_token(&world.user, NewToken::new("VPN").pin_protected(), NOW, &mut world.rng))?;
/// let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng))?;
/// let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
/// let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
/// let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng)?;
/// let confirming = enrolling.finish(&world.send(&request, NOW).expect("an answer"))?;
///
/// let without_pin = Protection { pins: &[], presence: &[], cost: cost() };
/// let unconfirmed = confirming.confirm(&without_pin, MemoryStorage::default(), &mut world.rng).unwrap_err();
/// assert_eq!(unconfirmed.error, AuthenticatorError::PinNeeded);
/// assert_eq!(unconfirmed.confirming.tokens()[0].name, "VPN"); // ask for one, and confirm again
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[error("not enrolled: {error}")]
pub struct Unconfirmed {
    /// As it was.
    pub confirming: Box<Confirming>,
    /// What stood in the way.
    #[source]
    pub error: AuthenticatorError,
}

impl Authenticator {
    /// Starts an enrolment: the bytes go to the offer's URL.
    ///
    /// # Errors
    /// [`AuthenticatorError::Message`]: the offer has expired, the name cannot be displayed, the signing key refused.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Authenticator, DeviceSetup, NewToken, SoftwareKeys, wire::terms::PushAddress};
    ///
    /// let mut world = World::new(); // a server with one user
    /// block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng))?;
    /// let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng))?;
    /// let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
    /// let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
    /// let (request, _) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng)?;
    /// assert!(world.send(&request, NOW).is_some()); // to the offer's URL
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn enrol(
        offer: &Offer,
        setup: DeviceSetup,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<(Vec<u8>, Enrolling), AuthenticatorError> {
        let DeviceSetup { name, push, keys } = setup;
        let profile = DeviceProfile::new(name, push, Sent { at: now, sequence: 1 })?;
        let (request, exchange) = DeviceEnrolment::start(offer, profile, &*keys.signer, rng)?;
        Ok((request, Enrolling { exchange, url: offer.url.clone(), keys }))
    }
}

impl Enrolling {
    /// Takes the server's response.
    ///
    /// # Errors
    /// [`NotEnrolled::Waiting`] with this state in it: it was not made by the server of the offer for this very request.
    /// [`NotEnrolled::Refused`]: it was, and says no.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Authenticator, DeviceSetup, NewToken, SoftwareKeys, wire::terms::PushAddress};
    ///
    /// let mut world = World::new(); // a server with one user
    /// block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng))?;
    /// let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng))?;
    /// let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
    /// let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
    /// let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng)?;
    /// let confirming = enrolling.finish(&world.send(&request, NOW).expect("an answer"))?;
    /// assert_eq!(confirming.code().len(), 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn finish(self, response: &[u8]) -> Result<Confirming, NotEnrolled> {
        let Self { exchange, url, keys } = self;
        match exchange.finish(response) {
            Ok(enrolled) => Ok(Confirming { enrolled, url, keys }),
            Err(enrol::NotEnrolled::Waiting { enrolment, error }) => {
                let enrolling = Box::new(Self { exchange: *enrolment, url, keys });
                Err(NotEnrolled::Waiting { enrolling, error: error.into() })
            }
            Err(_) => Err(NotEnrolled::Refused),
        }
    }
}

impl Confirming {
    /// The code that the person compares with the one that the server shows: 6 digits.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Authenticator, DeviceSetup, NewToken, SoftwareKeys, wire::terms::PushAddress};
    ///
    /// let mut world = World::new(); // a server with one user
    /// block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng))?;
    /// let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng))?;
    /// let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
    /// let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
    /// let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng)?;
    /// let confirming = enrolling.finish(&world.send(&request, NOW).expect("an answer"))?;
    /// let shown = block_on(world.server.confirmation_code(offer.enrolment))?;
    /// assert_eq!(shown.as_deref(), Some(confirming.code())); // a person compares them
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn code(&self) -> &str {
        self.enrolled.confirmation.as_str()
    }

    /// The tokens that the device will hold.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Authenticator, DeviceSetup, NewToken, SoftwareKeys, wire::terms::PushAddress};
    ///
    /// let mut world = World::new(); // a server with one user
    /// block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng))?;
    /// let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng))?;
    /// let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
    /// let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
    /// let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng)?;
    /// let confirming = enrolling.finish(&world.send(&request, NOW).expect("an answer"))?;
    /// let needs_pin = confirming.tokens().iter().any(|token| token.pin_protected); // ask for one, twice alike
    /// assert!(!needs_pin);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn tokens(&self) -> Vec<DeviceToken> {
        let view = |(info, _): &(pushotp_wire::message::TokenInfo, _)| DeviceToken {
            id: info.id(),
            name: info.name().into(),
            pin_protected: info.policy().contains(TokenPolicy::PIN_PROTECTED),
            biometric: Biometric::of(info.policy(), false),
            push: true,
        };
        self.enrolled.tokens.iter().map(view).collect()
    }

    /// The codes agree: seals the secrets and stores the device.
    ///
    /// # Errors
    /// [`Unconfirmed`] with this state in it: a PIN is missing, a presence key is given for a token whose policy forbids it, or
    /// a key, the memory or the storage failed.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{MemoryStorage, Protection};
    /// use pollster::block_on;
    /// use pushotp::{Authenticator, DeviceSetup, NewToken, SoftwareKeys, wire::terms::PushAddress};
    ///
    /// let mut world = World::new(); // a server with one user
    /// block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng))?;
    /// let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng))?;
    /// let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
    /// let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
    /// let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng)?;
    /// let confirming = enrolling.finish(&world.send(&request, NOW).expect("an answer"))?;
    /// let storage = MemoryStorage::default(); // a file in production
    /// let device = confirming.confirm(&Protection { pins: &[], presence: &[], cost: cost() }, storage.clone(), &mut world.rng)?;
    /// assert!(device.tokens().len() == 1 && !storage.saved().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn confirm(
        self,
        protection: &Protection<'_>,
        storage: impl DeviceStorage + 'static,
        rng: Rng<'_>,
    ) -> Result<Authenticator, Unconfirmed> {
        let state = match self.state(protection, rng) {
            Ok(state) => state,
            Err(error) => return Err(Unconfirmed { confirming: Box::new(self), error }),
        };
        let mut memory = Memory { state, storage: Box::new(storage) };
        let device = match self.arm(&mut memory) {
            Ok(device) => device,
            Err(error) => return Err(Unconfirmed { confirming: Box::new(self), error }),
        };
        Ok(Authenticator { device, keys: self.keys, memory, arena: Arena::new() })
    }

    fn state(&self, protection: &Protection<'_>, rng: Rng<'_>) -> Result<State, AuthenticatorError> {
        let mut arena = Arena::new();
        let mut tokens = Vec::new();
        for (view, (info, secret)) in self.tokens().into_iter().zip(&self.enrolled.tokens) {
            let secret = Secret::new(secret.expose()).ok().and_then(|s| UniformSecret::from_exporter(s).ok());
            let secret = secret.ok_or(AuthenticatorError::Seal(SealError::Format))?;
            let header = Header { token: view.id, generation: Generation::FIRST };
            let device = &*self.keys.unlock;
            let sealing = Sealing { header, cost: protection.cost, device, arena: &mut arena, rng: &mut *rng };
            let blob = Blob::seal(&secret, &protection.locks(&view)?, sealing)?;
            tokens.push(Token {
                id: ByteArray::new(*view.id.as_bytes()),
                name: view.name,
                policy: info.policy().bits(),
                push: 1,
                blob: ByteBuf::from(blob.as_bytes()),
                retry: ByteBuf::new(),
                counter: 0,
            });
        }
        let Enrolled { binding, server_key, keys, .. } = &self.enrolled;
        Ok(State {
            format: State::format(),
            tenant: ByteBuf::from(binding.tenant.as_bytes()),
            device: ByteArray::new(*binding.device.as_bytes()),
            epoch: binding.epoch.get(),
            url: self.url.clone(),
            server_key: ByteArray::new(*server_key.as_bytes()),
            keys: ByteArray::new(*keys.expose()),
            sequence: 1,
            tokens,
            seen: Vec::new(),
        })
    }

    /// Starts the counts of attempts, and stores the state for the first time.
    fn arm(&self, memory: &mut Memory) -> Result<Device, AuthenticatorError> {
        let device = memory.state.device().ok_or(AuthenticatorError::State)?;
        let blobs: Vec<Blob> = memory.state.tokens.iter().filter_map(|token| Blob::decode(&token.blob).ok()).collect();
        let attempts = Attempts::new(memory);
        for blob in blobs.iter().filter(|blob| blob.needs_pin()) {
            blob.arm(&attempts, &*self.keys.unlock).map_err(pushotp_pin::Denied::from)?;
        }
        memory.save()?;
        Ok(device)
    }
}

impl fmt::Debug for Enrolling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolling").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

impl fmt::Debug for Confirming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirming").field("tokens", &self.tokens()).finish_non_exhaustive()
    }
}
