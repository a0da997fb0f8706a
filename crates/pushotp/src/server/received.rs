use core::fmt;

use pushotp_wire::Error as WireError;

use super::{AccountId, Push};

/// What to send back for a device's message, and what an operator may know of it.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let (message, _) = world.device.fetch(NOW, &mut world.rng)?;
/// let received = block_on(world.server.receive(&message, NOW, &mut world.rng))?;
/// assert_eq!((received.account(), received.error()), (Some(&world.user), None));
/// assert!(received.into_reply().is_ok());
///
/// let received = block_on(world.server.receive(b"from a stranger", NOW, &mut world.rng))?;
/// assert!(received.error().is_some()); // for the log
/// assert!(received.into_reply().is_err()); // for the stranger: HTTP 400, nothing more
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Received {
    account: Option<AccountId>,
    error: Option<WireError>,
    reply: Result<Vec<u8>, Reject>,
    pushes: Vec<Push>,
    idle: bool,
}

impl Received {
    /// The sealed reply, or the one reject for everything that was not authenticated: HTTP 400 with an empty body.
    ///
    /// # Errors
    /// [`Reject`], which says nothing.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (message, _, _login) = world.approval(NOW);
    /// let received = block_on(world.server.receive(&message, NOW, &mut world.rng))?;
    /// assert!(received.into_reply().is_ok()); // HTTP 200, and these bytes
    /// let received = block_on(world.server.receive(b"from a stranger", NOW, &mut world.rng))?;
    /// assert!(received.into_reply().is_err()); // HTTP 400, and none
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    pub fn into_reply(self) -> Result<Vec<u8>, Reject> {
        self.reply
    }

    /// The account that it concerned; `None` if the message was not authenticated.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (message, _, _login) = world.approval(NOW);
    /// let received = block_on(world.server.receive(&message, NOW, &mut world.rng))?;
    /// assert_eq!(received.account(), Some(&world.user));
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    #[must_use]
    pub const fn account(&self) -> Option<&AccountId> {
        self.account.as_ref()
    }

    /// Why the message was refused, for the operator's log; never for the outside.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::wire::Error;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let received = block_on(world.server.receive(b"", NOW, &mut world.rng))?;
    /// assert_eq!(received.error(), Some(&Error::Truncated)); // for the log
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    #[must_use]
    pub const fn error(&self) -> Option<&WireError> {
        self.error.as_ref()
    }

    /// For the push carrier: the account's other devices need not ask their user any more.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (message, _, _login) = world.approval(NOW);
    /// let received = block_on(world.server.receive(&message, NOW, &mut world.rng))?;
    /// assert!(received.pushes().is_empty()); // the user has no second device
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    #[must_use]
    pub fn pushes(&self) -> &[Push] {
        &self.pushes
    }

    /// Whether a device asked what is open, and nothing is.
    ///
    /// For a long poll: hold the reply back, and take the same message again when something happened to the account. A
    /// fetch changes nothing, so it can be taken any number of times.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (message, fetching) = world.device.fetch(NOW, &mut world.rng)?;
    /// let received = block_on(world.server.receive(&message, NOW, &mut world.rng))?;
    /// assert!(received.is_idle()); // wait, then take it again
    /// world.start(later(9));
    /// let received = block_on(world.server.receive(&message, later(9), &mut world.rng))?;
    /// assert!(!received.is_idle());
    /// assert_eq!(world.device.fetched(&fetching, &received.into_reply()?, later(9))?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.idle
    }

    #[cfg(feature = "tracing")]
    pub(super) fn as_reply(&self) -> Result<&[u8], Reject> {
        self.reply.as_deref().map_err(|refused| *refused)
    }

    pub(super) const fn reject(error: WireError) -> Self {
        Self { account: None, error: Some(error), reply: Err(Reject), pushes: Vec::new(), idle: false }
    }

    pub(super) fn reply(account: &AccountId, reply: Vec<u8>) -> Self {
        Self { account: Some(account.clone()), error: None, reply: Ok(reply), pushes: Vec::new(), idle: false }
    }

    /// The reply to a fetch, which found nothing if it `is_idle`.
    pub(super) fn fetched(account: &AccountId, reply: Vec<u8>, idle: bool) -> Self {
        Self { idle, ..Self::reply(account, reply) }
    }

    pub(super) fn with(self, error: Option<WireError>, pushes: Vec<Push>) -> Self {
        Self { error, pushes, ..self }
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("account", &self.account)
            .field("error", &self.error)
            .field("bytes", &self.reply.as_ref().map(Vec::len))
            .field("pushes", &self.pushes)
            .field("idle", &self.idle)
            .finish()
    }
}

/// The message was refused before it was authenticated; which check refused it is not said.
///
/// ```
/// assert_eq!(pushotp::Reject.to_string(), "refused");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused")]
pub struct Reject;
