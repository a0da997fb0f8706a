//! The device side: enrolment, prompts, answers, passcodes.

mod activation;
mod answer;
mod attempts;
mod duress;
mod enrol;
mod error;
mod keys;
mod prompt;
mod rotate;
mod state;
mod storage;
mod unlock;
mod update;

use core::fmt;

use pushotp_oath::Key;
use pushotp_pin::{Arena, Pending as Attempt, Settlement};
use pushotp_types::{Code, DeviceId, HashAlgorithm, Secret, TenantId, TokenId, UnixTime};
use pushotp_wire::{
    device::{Device, HeldToken, SeenChallenge, SeenChallenges, Sending},
    message::Sent,
    terms::{ChallengeHash, ChallengeId, TokenPolicy},
};

use activation::Unlocked;
pub use activation::{Activation, Biometric};
pub use answer::{Answering, Denied, Finished, NotSent, Outcome, Unfinished};
use attempts::Attempts;
pub use enrol::{Confirming, DeviceSetup, Enrolling, NotEnrolled, Protection, Unconfirmed};
pub use error::AuthenticatorError;
pub use keys::{DeviceKeys, SoftwareKeys};
pub use prompt::{Fetching, Incoming, Prompt};
pub use rotate::{ConfirmingRotation, Relock, Rotating, Rotation, Unrotated};
use state::{Memory, State, Token};
pub use storage::{DeviceStorage, MemoryStorage, StorageError};
pub use update::{DeviceUpdate, Updating};

use crate::{Rng, passcode};

/// The device side of push login: it opens challenges, unlocks tokens and seals the answers.
///
/// It holds one enrolment: one server, one device, its tokens. Its state goes through [`DeviceStorage`] before anything
/// that depends on it leaves; the keys stay apart in [`DeviceKeys`].
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::{Incoming, Outcome, pin::Pin};
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let login = world.start(NOW);
/// let Incoming::Login(prompt) = world.device.open(&login.pushes[0].envelope, NOW)? else { panic!() };
/// assert_eq!((prompt.application(), prompt.user()), ("Intranet", "alice"));
///
/// let (number, pin) = (world.number(&login), Pin::entered("271846")?);
/// let (message, answering) = world.device.approve(prompt, (world.bank, &number, Some(&pin)), NOW, &mut world.rng)?;
/// let reply = block_on(world.server.receive(&message, NOW, &mut world.rng))?.into_reply()?;
/// assert!(matches!(world.device.finish(answering, &reply, NOW)?.outcome, Outcome::Accepted { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Authenticator {
    device: Device,
    keys: DeviceKeys,
    memory: Memory,
    arena: Arena,
}

/// A token as its user sees it.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// let mut world = World::new(); // a server with one user, and the user's device
/// world.device.set_push(world.mail, false)?;
/// let [bank, mail] = &world.device.tokens()[..] else { panic!() };
/// let (bank, mail) = if bank.id == world.bank { (bank, mail) } else { (mail, bank) };
/// assert!(bank.pin_protected && bank.push);
/// assert!(!mail.pin_protected && !mail.push);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceToken {
    /// Its id.
    pub id: TokenId,
    /// Its name, as the server gave it.
    pub name: String,
    /// Whether every passcode needs the PIN.
    pub pin_protected: bool,
    /// Whether a fingerprint or a face may take the place of the PIN, and does.
    pub biometric: Biometric,
    /// Whether logins for it are shown.
    pub push: bool,
}

impl Authenticator {
    /// An authenticator as it was stored, with the keys that it was enrolled with.
    ///
    /// # Errors
    /// [`AuthenticatorError::State`] if the bytes are no state of this version.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{Authenticator, AuthenticatorError, SoftwareKeys};
    ///
    /// let world = World::new(); // a server with one user, and the user's device
    /// let keys = || SoftwareKeys::from_bytes(&world.keys).into_device_keys();
    /// let device = Authenticator::load(&world.storage.saved(), keys(), world.storage.clone())?;
    /// assert_eq!((device.id(), device.url()), (world.device.id(), "https://login.example.com/push"));
    ///
    /// let broken = Authenticator::load(b"not a state", keys(), world.storage.clone());
    /// assert_eq!(broken.unwrap_err(), AuthenticatorError::State);
    /// # Ok::<(), AuthenticatorError>(())
    /// ```
    pub fn load(
        state: &[u8],
        keys: DeviceKeys,
        storage: impl DeviceStorage + 'static,
    ) -> Result<Self, AuthenticatorError> {
        let state = State::decode(state).map_err(|_| AuthenticatorError::State)?;
        Self::new(Memory { state, storage: Box::new(storage) }, keys)
    }

    fn new(memory: Memory, keys: DeviceKeys) -> Result<Self, AuthenticatorError> {
        let device = memory.state.device().ok_or(AuthenticatorError::State)?;
        Ok(Self { device, keys, memory, arena: Arena::new() })
    }

    /// The organisation that the device is enrolled with.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let world = World::new(); // a server with one user, and the user's device
    /// assert_eq!(world.device.tenant().as_bytes(), b"example.com");
    /// ```
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.device.binding().tenant
    }

    /// The device's id at the server.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let world = World::new(); // a server with one user, and the user's device
    /// assert_eq!(world.device.id(), world.offer.device);
    /// ```
    #[must_use]
    pub fn id(&self) -> DeviceId {
        self.device.binding().device
    }

    /// Where the device sends its messages.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let world = World::new(); // a server with one user, and the user's device
    /// assert_eq!(world.device.url(), "https://login.example.com/push");
    /// ```
    #[must_use]
    pub fn url(&self) -> &str {
        &self.memory.state.url
    }

    /// The tokens on this device.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let world = World::new(); // a server with one user, and the user's device
    /// let names: Vec<String> = world.device.tokens().into_iter().map(|token| token.name).collect();
    /// assert!(names.contains(&"Bank".to_owned()) && names.contains(&"Mail".to_owned()));
    /// ```
    #[must_use]
    pub fn tokens(&self) -> Vec<DeviceToken> {
        self.memory.state.tokens.iter().map(Token::view).collect()
    }

    /// Switches push for a token on or off, on this device: with it off, its logins are no longer shown.
    ///
    /// # Errors
    /// [`AuthenticatorError::NoToken`], [`AuthenticatorError::Storage`]; then it is as it was.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let tokens = [world.bank, world.mail];
    /// for token in tokens {
    ///     world.device.set_push(token, false)?;
    /// }
    /// let login = world.start(NOW);
    /// assert!(world.device.open(&login.pushes[0].envelope, NOW).is_err()); // nothing is shown
    /// # Ok::<(), pushotp::AuthenticatorError>(())
    /// ```
    pub fn set_push(&mut self, token: TokenId, on: bool) -> Result<(), AuthenticatorError> {
        let before = core::mem::replace(&mut self.memory.token_mut(token)?.push, on.into());
        if let Err(error) = self.memory.save() {
            self.memory.token_mut(token)?.push = before;
            return Err(error.into());
        }
        Ok(())
    }

    /// A passcode to be typed by hand: TOTP, HMAC-SHA-256, 30 s, 8 digits, and the last second of its step. A token with a
    /// PIN needs it, or a presence key: see [`Activation`].
    ///
    /// A wrong PIN gives a wrong passcode, which the server refuses and counts. Whoever sees the passcode and steals
    /// the device's files **and** its keys can check guesses at the PIN; the server takes such passcodes only for tokens
    /// that permit it.
    ///
    /// # Errors
    /// [`AuthenticatorError::NoToken`], [`AuthenticatorError::PinNeeded`], [`AuthenticatorError::PresenceForbidden`],
    /// [`AuthenticatorError::Attempt`] if the next attempt has to wait, and what else unlocking can say.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{AuthenticatorError, pin::Pin};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (code, until) = world.device.passcode(world.mail, None, NOW)?;
    /// assert_eq!((code.expose().len(), until), (8, later(29)));
    ///
    /// assert_eq!(world.device.passcode(world.bank, None, NOW).unwrap_err(), AuthenticatorError::PinNeeded);
    /// let (wrong, _) = world.device.passcode(world.bank, Some(&Pin::entered("271847")?), NOW)?;
    /// assert_eq!(wrong.expose().len(), 8); // a wrong PIN does not show
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn passcode<'a>(
        &mut self,
        token: TokenId,
        activation: impl Into<Activation<'a>>,
        now: UnixTime,
    ) -> Result<(Code, UnixTime), AuthenticatorError> {
        let typed = |secret: &Secret| passcode::TYPED.generate(&key_of(secret), now);
        let Unlocked { made: code, attempt, .. } = self.unlock(token, activation.into(), now, typed)?;
        // Nobody will tell this device whether it was right; the server counts what is typed.
        self.settle(attempt, Settlement::Unjudged, now).transpose()?;
        let left = 29 - now.as_secs() % 30;
        Ok((code, UnixTime::from_secs(now.as_secs().saturating_add(left))))
    }

    fn settle(
        &mut self,
        attempt: Option<Attempt>,
        settlement: Settlement,
        now: UnixTime,
    ) -> Option<Result<pushotp_pin::Settled, pushotp_pin::SettleError>> {
        let attempts = Attempts::new(&mut self.memory);
        attempt.map(|attempt| attempt.settle(settlement, &attempts, &*self.keys.unlock, now))
    }

    /// A sequence number of its own for one message; it is stored before the message exists.
    fn next(&mut self, now: UnixTime) -> Result<Sent, AuthenticatorError> {
        self.memory.state.sequence = self.memory.state.sequence.saturating_add(1);
        self.memory.save()?;
        Ok(Sent { at: now, sequence: self.memory.state.sequence })
    }

    fn sending<'a>(keys: &'a DeviceKeys, sent: Sent, rng: Rng<'a>) -> Sending<'a> {
        Sending { signer: &*keys.signer, rng, sent }
    }

    fn held(&self) -> Vec<HeldToken> {
        let held = |token: &Token| {
            let policy = TokenPolicy::from_bits(token.policy).ok()?;
            Some(HeldToken { id: TokenId::from_bytes(*token.id), policy, push: token.push != 0 })
        };
        self.memory.state.tokens.iter().filter_map(held).collect()
    }

    fn seen(&self) -> SeenChallenges {
        SeenChallenges::from_entries(self.memory.state.seen.iter().map(|seen| SeenChallenge {
            id: ChallengeId::from_bytes(*seen.id),
            hash: ChallengeHash::from_bytes(*seen.hash),
            expires: UnixTime::from_secs(seen.expires),
        }))
    }
}

/// The key of a token's passcodes.
fn key_of(secret: &Secret) -> Key {
    Key::new(HashAlgorithm::Sha256, secret)
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("device", &self.id())
            .field("tokens", &self.tokens())
            .finish_non_exhaustive()
    }
}
