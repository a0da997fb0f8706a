//! A count of PIN attempts that is locked, and the server's leave to start it again.

use pushotp_pin::{Denied, Settled, UnlockTicket};
use pushotp_types::TokenId;

use super::{Authenticator, AuthenticatorError, attempts::Attempts};
use crate::{UnlockCode, UnlockRequest};

impl Authenticator {
    /// What to ask the server with once [`Denied::Locked`] says that there were ten attempts in a row without success.
    ///
    /// It goes to the operator, who makes sure that it is the user and has the server make the code:
    /// [`LoginServer::unlock_device`](crate::LoginServer::unlock_device).
    ///
    /// # Errors
    /// [`AuthenticatorError::NoToken`], [`AuthenticatorError::Attempt`] for a token without a PIN, or if the count cannot
    /// be read.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{AuthenticatorError, pin::Denied};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// assert_eq!(world.device.unlock_request(world.bank)?.token(), world.bank);
    /// let without_pin = world.device.unlock_request(world.mail);
    /// assert_eq!(without_pin.unwrap_err(), AuthenticatorError::Attempt(Denied::NoPin));
    /// # Ok::<(), AuthenticatorError>(())
    /// ```
    pub fn unlock_request(&mut self, token: TokenId) -> Result<UnlockRequest, AuthenticatorError> {
        let blob = self.blob(token)?;
        if !blob.needs_pin() {
            return Err(Denied::NoPin.into());
        }
        let attempts = blob.attempts(&Attempts::new(&mut self.memory), &*self.keys.unlock).map_err(Denied::Record)?;
        Ok(UnlockRequest { token, generation: blob.generation(), number: attempts.number() })
    }

    /// Starts the count of attempts at a token's PIN again, by the server's leave; how it stands then.
    ///
    /// # Errors
    /// [`AuthenticatorError::UnlockCode`] if the code is for another device or token, was used, or further attempts have
    /// begun since it was asked for; what [`unlock_request`](Self::unlock_request) can say;
    /// [`AuthenticatorError::Unlocked`] if the new count could not be stored.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let request = world.device.unlock_request(world.bank)?;
    /// let code = block_on(world.server.unlock_device(&world.user, &request, NOW, &mut world.rng))?;
    /// assert_eq!(world.device.unlock_attempts(world.bank, &code)?.left(), 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unlock_attempts(&mut self, token: TokenId, code: &UnlockCode) -> Result<Settled, AuthenticatorError> {
        let request = self.unlock_request(token)?;
        let right = request.code(self.device.keys(), self.device.binding()).ok_or(AuthenticatorError::State)?;
        if !right.is(code) {
            return Err(AuthenticatorError::UnlockCode);
        }
        let ticket = UnlockTicket::new(token, request.generation, request.number);
        let blob = self.blob(token)?;
        Ok(blob.unlock(ticket, &Attempts::new(&mut self.memory), &*self.keys.unlock)?)
    }
}
