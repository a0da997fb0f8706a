//! A duress PIN: the secret that it yields, for the server.

use pushotp_pin::{DuressPin, OpenError, Settlement, Stored};
use pushotp_types::{Secret, TokenId, UnixTime};

use super::{Activation, Authenticator, AuthenticatorError, Unlocked, rotate::copy};

impl Authenticator {
    /// The secret that a duress PIN yields, for [`LoginServer::set_duress`](crate::LoginServer::set_duress).
    ///
    /// **The caller** carries it there, inside its own encryption, and drops it: in person at an enrolment, or to a page
    /// where the user has logged in. No message of the protocol does: it would show that there is a duress PIN, and let
    /// whoever holds the unlocked device set another.
    ///
    /// The device keeps nothing of it. After a rotation the same PIN yields another secret: set it anew. The opening is
    /// counted as an attempt before, and taken back after, for no passcode leaves that the server could judge.
    ///
    /// # Errors
    /// [`AuthenticatorError::Unlock`] with `NoPin` for a token without a PIN; [`AuthenticatorError::Unconfirmed`] while a
    /// rotation is under way, which decides between two secrets; [`AuthenticatorError::NoToken`],
    /// [`AuthenticatorError::Attempt`] if the next attempt has to wait, and what else unlocking can say.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{AuthenticatorError, pin::{DuressPin, OpenError, Pin, PinPolicy}};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let pin = DuressPin::choose("905317", &Pin::entered("271846")?, &PinPolicy::DEFAULT)?; // the PIN is typed as well
    /// let secret = world.device.duress_secret(world.bank, &pin, NOW)?;
    /// assert_eq!(secret.expose(), world.device.duress_secret(world.bank, &pin, NOW)?.expose()); // always the same
    ///
    /// let refused = world.device.duress_secret(world.mail, &pin, NOW).unwrap_err();
    /// assert_eq!(refused, AuthenticatorError::Unlock(OpenError::NoPin)); // a token without one
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn duress_secret(
        &mut self,
        token: TokenId,
        pin: &DuressPin,
        now: UnixTime,
    ) -> Result<Secret, AuthenticatorError> {
        match self.stored(token)? {
            // Else its own secret would come out.
            Stored::Sealed(blob) if !blob.needs_pin() => return Err(OpenError::NoPin.into()),
            Stored::Sealed(_) => {}
            Stored::Rotating(_) => return Err(AuthenticatorError::Unconfirmed),
        }
        let Unlocked { made: secret, attempt, .. } = self.unlock(token, Activation::Pin(pin.pin()), now, copy)?;
        self.settle(attempt, Settlement::Unjudged, now).transpose()?;
        Ok(secret?)
    }
}
