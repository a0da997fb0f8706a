use core::fmt;

use pushotp_types::{TokenId, UnixTime};
use pushotp_wire::{
    message::{Changes, PushSwitch},
    terms::{MessageHash, PushAddress, Status},
};

use super::{Authenticator, AuthenticatorError};
use crate::Rng;

/// What a device tells its server about itself; what is not set stays as it is.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::{DeviceUpdate, PushSwitch, wire::terms::Status};
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let update = DeviceUpdate::new().name("Alice's new phone").push(world.mail, false);
/// let (message, updating) = world.device.update(&update, NOW, &mut world.rng)?;
/// let reply = world.send(&message, NOW).expect("an answer");
/// assert_eq!(world.device.updated(&updating, &reply, NOW)?, Status::Accepted);
///
/// assert_eq!(world.token(world.mail).push, PushSwitch::Muted); // at the server
/// assert!(world.device.tokens().iter().any(|token| token.id == world.mail && !token.push)); // and here
/// # Ok::<(), pushotp::AuthenticatorError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct DeviceUpdate(Changes);

impl DeviceUpdate {
    /// Nothing yet.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::DeviceUpdate;
    ///
    /// let mut world = World::new();
    /// assert!(world.device.update(&DeviceUpdate::new(), NOW, &mut world.rng).is_err()); // nothing to say
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the device can be pushed from now on.
    ///
    /// ```
    /// use pushotp::{DeviceUpdate, wire::terms::{PushAddress, PushKind}};
    ///
    /// let address = PushAddress::new(PushKind::Fcm, b"a new registration".to_vec())?;
    /// assert_ne!(DeviceUpdate::new().address(address), DeviceUpdate::new());
    /// # Ok::<(), pushotp::wire::Error>(())
    /// ```
    pub fn address(mut self, address: PushAddress) -> Self {
        self.0.address = Some(address);
        self
    }

    /// Whether logins for a token come to this device; at most eight tokens at once.
    ///
    /// ```
    /// use pushotp::{DeviceUpdate, types::TokenId};
    ///
    /// let token = TokenId::from_bytes([7; 16]);
    /// assert_ne!(DeviceUpdate::new().push(token, true), DeviceUpdate::new().push(token, false));
    /// ```
    pub fn push(mut self, token: TokenId, on: bool) -> Self {
        self.0.push.push(PushSwitch { token, on });
        self
    }

    /// The device's name, as an operator sees it: 1 to 64 bytes.
    ///
    /// ```
    /// assert_ne!(pushotp::DeviceUpdate::new().name("phone"), pushotp::DeviceUpdate::new());
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.0.name = Some(name.into());
        self
    }
}

/// An update on its way: it waits for the server's result.
///
/// [`DeviceUpdate`] shows it.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::{AuthenticatorError, DeviceUpdate};
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let (message, updating) = world.device.update(&DeviceUpdate::new().name("phone"), NOW, &mut world.rng)?;
/// let other = world.start(NOW).pushes.remove(0).envelope; // a challenge is no result
/// assert_eq!(world.device.updated(&updating, &other, NOW), Err(AuthenticatorError::OtherReply));
/// let reply = world.send(&message, NOW).expect("an answer"); // it still waits for this one
/// assert!(world.device.updated(&updating, &reply, NOW).is_ok());
/// # Ok::<(), AuthenticatorError>(())
/// ```
#[must_use]
pub struct Updating {
    about: MessageHash,
    push: Vec<PushSwitch>,
}

impl Authenticator {
    /// Tells the server of a new push address, name or switch. It needs no PIN.
    ///
    /// A switch counts on this device once the server has accepted it; to show nothing from now on, whatever the server
    /// says, use [`set_push`](Self::set_push).
    ///
    /// # Errors
    /// [`AuthenticatorError::NoToken`] for a token that is not on this device, [`AuthenticatorError::Message`] if nothing
    /// changes, for a name that cannot be displayed, or more than eight tokens; [`AuthenticatorError::Storage`].
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::DeviceUpdate;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (message, _) = world.device.update(&DeviceUpdate::new().name("Alice's tablet"), NOW, &mut world.rng)?;
    /// assert!(world.send(&message, NOW).is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn update(
        &mut self,
        update: &DeviceUpdate,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<(Vec<u8>, Updating), AuthenticatorError> {
        for switch in &update.0.push {
            self.memory.token_mut(switch.token)?;
        }
        let sent = self.next(now)?;
        let (message, about) = self.device.update(update.0.clone(), &mut Self::sending(&self.keys, sent, rng))?;
        Ok((message, Updating { about, push: update.0.push.clone() }))
    }

    /// The status in the server's reply to an update; [`Status::Refused`] where push stays off, since an operator, a report
    /// or too many wrong passcodes switched it off.
    ///
    /// # Errors
    /// [`AuthenticatorError::OtherReply`], [`AuthenticatorError::Message`]: send the same bytes again;
    /// [`AuthenticatorError::Storage`] if the server's switches could not be stored here.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{DeviceUpdate, wire::terms::Status};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let update = DeviceUpdate::new().push(world.bank, false);
    /// let (message, updating) = world.device.update(&update, NOW, &mut world.rng)?;
    /// let reply = world.send(&message, NOW).expect("an answer");
    /// assert_eq!(world.device.updated(&updating, &reply, NOW)?, Status::Accepted);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn updated(&mut self, updating: &Updating, reply: &[u8], now: UnixTime) -> Result<Status, AuthenticatorError> {
        let result = self.result(reply, now)?;
        if result.about() != updating.about {
            return Err(AuthenticatorError::OtherReply);
        }
        if result.reply().status == Status::Accepted {
            for switch in &updating.push {
                self.memory.token_mut(switch.token)?.push = switch.on.into();
            }
            self.memory.save()?;
        }
        Ok(result.reply().status)
    }
}

impl fmt::Debug for Updating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Updating").field("push", &self.push).finish_non_exhaustive()
    }
}
