//! What unlocks a token's secret for one use.

use core::fmt;

use pushotp_pin::{Locks, OpenError, Pending as Attempt, Pin, PresenceKey, Settlement};
use pushotp_types::{Secret, TokenId, UnixTime};
use pushotp_wire::terms::{TokenPolicy, UserVerification};

use super::{Authenticator, AuthenticatorError, attempts::Attempts};

/// What unlocks a token's secret, once: nothing, its PIN, or a presence key in the place of the PIN.
///
/// An `Option<&Pin>` is turned into it, so most calls need not name it. The approval tells the server which it was.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::{Activation, AuthenticatorError, pin::{OpenError, SoftwarePresenceKey}};
///
/// let (mut world, key, vpn) = World::with_presence(); // its VPN token was enrolled with a PIN and a presence key
/// let finger = Activation::Presence { key: &key, prompt: "Show a passcode for the VPN" };
/// let (code, _) = world.device.passcode(vpn, finger, NOW)?;
/// assert_eq!(code.expose().len(), 8);
///
/// let stranger = SoftwarePresenceKey::from_bytes(&[7; 32]);
/// let finger = Activation::Presence { key: &stranger, prompt: "Show a passcode for the VPN" };
/// let refused = world.device.passcode(vpn, finger, NOW).unwrap_err(); // the PIN still opens it
/// assert!(matches!(refused, AuthenticatorError::Unlock(OpenError::Presence(_))));
/// # Ok::<(), AuthenticatorError>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Activation<'a> {
    /// For a token without a PIN.
    Nothing,
    /// The PIN, as it was typed.
    Pin(&'a Pin),
    /// A fingerprint or a face, where the token's policy permits it and its lock has a place for this key.
    ///
    /// It is not an attempt at the PIN, and changes nothing about their count. While that makes the user wait, or is
    /// locked, no presence key opens the token either.
    Presence {
        /// The platform's key, which decrypts once the person has proved to be there.
        key: &'a dyn PresenceKey,
        /// What the platform asks the person.
        prompt: &'a str,
    },
}

impl<'a> From<Option<&'a Pin>> for Activation<'a> {
    fn from(pin: Option<&'a Pin>) -> Self {
        pin.map_or(Self::Nothing, Self::Pin)
    }
}

impl fmt::Debug for Activation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Pin(_) => "Pin(..)",
            Self::Presence { .. } => "Presence { .. }",
        })
    }
}

/// Whether a fingerprint or a face unlocks a token on this device.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::Biometric;
///
/// let (world, _, vpn) = World::with_presence(); // its VPN token was enrolled with a PIN and a presence key
/// for token in world.device.tokens() {
///     let expected = if token.id == vpn { Biometric::On } else { Biometric::Forbidden };
///     assert_eq!(token.biometric, expected);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Biometric {
    /// Its policy does not permit it.
    Forbidden,
    /// Its policy permits it, and no presence key opens it: [`rotate`](Authenticator::rotate) adds one.
    Off,
    /// A presence key opens it, as the PIN does.
    On,
}

impl Biometric {
    /// What a policy permits to a lock with or without a place for a presence key.
    pub(super) const fn of(policy: TokenPolicy, on: bool) -> Self {
        if !policy.contains(TokenPolicy::PIN_PROTECTED) || !policy.contains(TokenPolicy::BIOMETRIC) {
            Self::Forbidden
        } else if on {
            Self::On
        } else {
            Self::Off
        }
    }

    pub(super) fn is_permitted(self) -> Result<(), AuthenticatorError> {
        if self == Self::Forbidden { Err(AuthenticatorError::PresenceForbidden) } else { Ok(()) }
    }
}

/// The locks for a token: a missing PIN is refused, and so is a presence key where the policy forbids it.
pub(super) fn locks<'a>(
    (needs_pin, biometric): (bool, Biometric),
    pin: Option<&'a Pin>,
    presence: Option<&'a dyn PresenceKey>,
) -> Result<Locks<'a>, AuthenticatorError> {
    if presence.is_some() {
        biometric.is_permitted()?;
    }
    if !needs_pin {
        return Ok(Locks::device());
    }
    let locks = Locks::pin(pin.ok_or(AuthenticatorError::PinNeeded)?);
    Ok(match presence {
        Some(key) => locks.or_presence(key),
        None => locks,
    })
}

/// What was made with an unlocked secret, and how it was unlocked.
pub(super) struct Unlocked<T> {
    pub(super) made: T,
    /// The attempt at the PIN, if it was one.
    pub(super) attempt: Option<Attempt>,
    pub(super) verification: UserVerification,
}

impl Authenticator {
    /// Unlocks a token's secret for one passcode; with a PIN the attempt is counted before.
    pub(super) fn unlock<T>(
        &mut self,
        token: TokenId,
        activation: Activation<'_>,
        now: UnixTime,
        generate: impl FnOnce(&Secret) -> T,
    ) -> Result<Unlocked<T>, AuthenticatorError> {
        let blob = self.blob(token)?;
        if !blob.needs_pin() {
            let made = generate(&blob.open_device(&*self.keys.unlock)?);
            return Ok(Unlocked { made, attempt: None, verification: UserVerification::None });
        }
        match activation {
            Activation::Nothing => return Err(AuthenticatorError::PinNeeded),
            Activation::Pin(_) => {}
            Activation::Presence { .. } => self.memory.token_mut(token)?.view().biometric.is_permitted()?,
        }
        let (unlock, attempts) = (&*self.keys.unlock, Attempts::new(&mut self.memory));
        let attempt = blob.begin(&attempts, unlock, now)?;
        let opened = match activation {
            Activation::Nothing => Err(OpenError::NeedsPin),
            Activation::Pin(pin) => attempt.open(pin, unlock, &mut self.arena),
            Activation::Presence { key, prompt } => attempt.open_presence(key, unlock, prompt),
        };
        match opened {
            Ok(candidate) => {
                let made = generate(candidate.secret());
                let attempt = candidate.into_pending();
                if matches!(activation, Activation::Pin(_)) {
                    return Ok(Unlocked { made, attempt: Some(attempt), verification: UserVerification::Pin });
                }
                // No PIN was tried: the count is as it was.
                attempt.settle(Settlement::Unjudged, &attempts, unlock, now)?;
                Ok(Unlocked { made, attempt: None, verification: UserVerification::Biometric })
            }
            Err(error) => {
                // No PIN was tried: the attempt is taken back, and counts as failed should that not be possible.
                if let Ok(attempt) = Attempt::resume(blob.token(), blob.generation(), &attempts, unlock) {
                    let _ = attempt.settle(Settlement::Unjudged, &attempts, unlock, now);
                }
                Err(error.into())
            }
        }
    }
}
