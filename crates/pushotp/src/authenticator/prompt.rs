use core::{fmt, net::IpAddr, time::Duration};

use pushotp_cbor::ByteArray;
use pushotp_types::{TokenId, UnixTime};
use pushotp_wire::{
    device::{self, Opened, Seen, SeenChallenges, Shown},
    message::Cancel,
    terms::{ChallengeId, Nonce, NumberMode},
};

use super::{Authenticator, AuthenticatorError, DeviceToken, state};
use crate::Rng;

/// What a message from the server is.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::Incoming;
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let login = world.start(NOW);
/// let push = &login.pushes[0].envelope;
/// assert!(matches!(world.device.open(push, NOW)?, Incoming::Login(_)));
/// assert!(matches!(world.device.open(push, NOW)?, Incoming::Again(_))); // pushed twice, or fetched too: one prompt
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Incoming {
    /// A login to be shown.
    Login(Prompt),
    /// A login that came before: show it only if it is no longer on the screen, as after a restart.
    Again(Prompt),
    /// A login is void: take its prompt from the screen.
    Withdrawn(ChallengeId),
    /// A result or a list that nobody waits for.
    Late,
}

/// A login as the user sees it: opened, checked, not yet answered.
///
/// Approving or denying takes it by value, so it is answered once.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// let mut world = World::new(); // a server with one user, and the user's device
/// let (prompt, login) = world.prompt(NOW);
/// assert_eq!((prompt.application(), prompt.user(), prompt.place()), ("Intranet", "alice", None));
/// assert_eq!(prompt.age(later(20)).as_secs(), 20);
/// assert_eq!(prompt.number_digits(), 6);
/// for token in prompt.tokens() {
///     assert_eq!(prompt.needs_pin(token.id), token.pin_protected);
/// }
/// ```
#[must_use]
pub struct Prompt {
    pub(super) shown: Shown,
    tokens: Vec<DeviceToken>,
}

/// A fetch that waits for its list.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::Incoming;
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// world.start(NOW); // and its push is lost
/// let (message, fetching) = world.device.fetch(NOW, &mut world.rng)?;
/// let reply = world.send(&message, NOW).expect("an answer");
/// let incoming = world.device.fetched(&fetching, &reply, NOW)?;
/// assert!(matches!(incoming[..], [Ok(Incoming::Login(_))]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Fetching(Nonce);

impl Prompt {
    pub(super) const fn new(shown: Shown, tokens: Vec<DeviceToken>) -> Self {
        Self { shown, tokens }
    }

    pub(super) fn into_parts(self) -> (Shown, Vec<DeviceToken>) {
        (self.shown, self.tokens)
    }

    /// The login's id; a [`Incoming::Withdrawn`] names it.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::Incoming;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, login) = world.prompt(NOW);
    /// let cancel = block_on(world.server.cancel_login(&login.ticket, NOW, &mut world.rng))?;
    /// let Incoming::Withdrawn(id) = world.device.open(&cancel[0].envelope, NOW)? else { panic!() };
    /// assert_eq!(prompt.id(), id); // take it from the screen
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn id(&self) -> ChallengeId {
        self.shown.id()
    }

    /// The application that is logged in to.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, _) = world.prompt(NOW);
    /// assert_eq!(prompt.application(), "Intranet");
    /// ```
    #[must_use]
    pub fn application(&self) -> &str {
        self.shown.context().application()
    }

    /// Who logs in.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, _) = world.prompt(NOW);
    /// assert_eq!(prompt.user(), "alice");
    /// ```
    #[must_use]
    pub fn user(&self) -> &str {
        self.shown.context().user()
    }

    /// The address that the login comes from.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Incoming, LoginRequest, LoginStart};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (server, rng) = (&world.server, &mut world.rng);
    /// let request = LoginRequest::new("Intranet").ip([192, 0, 2, 7].into());
    /// let start = block_on(server.start_login(&world.user, &request, NOW, rng))?;
    /// let LoginStart::Started(login) = start else { panic!() };
    /// let Incoming::Login(prompt) = world.device.open(&login.pushes[0].envelope, NOW)? else { panic!() };
    /// assert_eq!(prompt.ip(), Some([192, 0, 2, 7].into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.shown.context().ip()
    }

    /// The place that the login comes from.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Incoming, LoginRequest, LoginStart};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (server, rng) = (&world.server, &mut world.rng);
    /// let request = LoginRequest::new("Intranet").place("Vienna, Austria");
    /// let start = block_on(server.start_login(&world.user, &request, NOW, rng))?;
    /// let LoginStart::Started(login) = start else { panic!() };
    /// let Incoming::Login(prompt) = world.device.open(&login.pushes[0].envelope, NOW)? else { panic!() };
    /// assert_eq!(prompt.place(), Some("Vienna, Austria"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.shown.context().place()
    }

    /// The client software that logs in.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Incoming, LoginRequest, LoginStart};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (server, rng) = (&world.server, &mut world.rng);
    /// let request = LoginRequest::new("Intranet").client("Firefox on Linux");
    /// let start = block_on(server.start_login(&world.user, &request, NOW, rng))?;
    /// let LoginStart::Started(login) = start else { panic!() };
    /// let Incoming::Login(prompt) = world.device.open(&login.pushes[0].envelope, NOW)? else { panic!() };
    /// assert_eq!(prompt.client(), Some("Firefox on Linux"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        self.shown.context().client()
    }

    /// What is to be approved, if it is more than a login.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Incoming, LoginRequest, LoginStart};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (server, rng) = (&world.server, &mut world.rng);
    /// let request = LoginRequest::new("Bank").action("Pay 100 to Bob");
    /// let start = block_on(server.start_login(&world.user, &request, NOW, rng))?;
    /// let LoginStart::Started(login) = start else { panic!() };
    /// let Incoming::Login(prompt) = world.device.open(&login.pushes[0].envelope, NOW)? else { panic!() };
    /// assert_eq!(prompt.action(), Some("Pay 100 to Bob"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn action(&self) -> Option<&str> {
        self.shown.context().action()
    }

    /// How long ago the login was started, by the device's clock.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, _) = world.prompt(NOW);
    /// assert_eq!(prompt.age(later(20)).as_secs(), 20); // an old one is suspicious: show it
    /// ```
    #[must_use]
    pub const fn age(&self, now: UnixTime) -> Duration {
        self.shown.age(now)
    }

    /// The last second at which an answer counts.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, _) = world.prompt(NOW);
    /// assert_eq!(prompt.expires(), later(120));
    /// ```
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        self.shown.expires()
    }

    /// The tokens to choose from, at least one.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// world.device.set_push(world.bank, false)?;
    /// let (prompt, _) = world.prompt(NOW);
    /// let [mail] = prompt.tokens() else { panic!() }; // the one with push on
    /// assert_eq!(mail.id, world.mail);
    /// # Ok::<(), pushotp::AuthenticatorError>(())
    /// ```
    #[must_use]
    pub fn tokens(&self) -> &[DeviceToken] {
        &self.tokens
    }

    /// How many digits the number has that the login page shows: 0 for none.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, login) = world.prompt(NOW);
    /// assert_eq!(usize::from(prompt.number_digits()), world.number(&login).len());
    /// ```
    #[must_use]
    pub const fn number_digits(&self) -> u8 {
        self.shown.number_mode().digits()
    }

    /// The numbers to pick from, two digits each, if the number is picked and not typed.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Incoming, LoginRequest, LoginStart, NumberMatching};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let request = LoginRequest::new("Canteen").number_matching(NumberMatching::WeakerPickOne);
    /// let start = block_on(world.server.start_login(&world.user, &request, NOW, &mut world.rng))?;
    /// let LoginStart::Started(login) = start else { panic!() };
    /// let Incoming::Login(prompt) = world.device.open(&login.pushes[0].envelope, NOW)? else { panic!() };
    /// let choices = prompt.number_choices().expect("three of them");
    /// assert!(choices.contains(&world.number(&login))); // the one that the page shows
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn number_choices(&self) -> Option<[String; 3]> {
        match self.shown.number_mode() {
            NumberMode::PickOne { choices } => Some(choices.map(|number| format!("{number:02}"))),
            _ => None,
        }
    }

    /// The same login with the tokens alone that may be approved right from a notification or the lock screen.
    ///
    /// Number and PIN are asked for as ever. A login can always be denied from there.
    ///
    /// # Errors
    /// The prompt itself, if the login or every token forbids it: then it can be approved in the app only.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, _) = world.prompt(NOW);
    /// let prompt = prompt.quick().unwrap_err(); // its tokens do not permit it
    /// assert_eq!(prompt.tokens().len(), 2);
    /// ```
    pub fn quick(self) -> Result<Self, Box<Self>> {
        let (shown, mut tokens) = self.into_parts();
        match device::Notification::from(shown).quick() {
            Ok(shown) => {
                tokens.retain(|token| shown.tokens().iter().any(|held| held.id == token.id));
                Ok(Self::new(shown, tokens))
            }
            Err(notification) => Err(Box::new(Self::new(notification.open(), tokens))),
        }
    }

    /// Whether approving with this token needs its PIN.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, _) = world.prompt(NOW);
    /// assert!(prompt.needs_pin(world.bank) && !prompt.needs_pin(world.mail));
    /// ```
    #[must_use]
    pub fn needs_pin(&self, token: TokenId) -> bool {
        self.tokens.iter().any(|held| held.id == token && held.pin_protected)
    }

    /// Whether the user may report the login after denying it.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, _) = world.prompt(NOW);
    /// assert!(prompt.report_offered());
    /// ```
    #[must_use]
    pub const fn report_offered(&self) -> bool {
        self.shown.report_offered()
    }
}

impl Authenticator {
    /// Opens a message from the server, as it was pushed.
    ///
    /// # Errors
    /// [`AuthenticatorError::Message`] for anything that is not from this device's server, or too old, or for none of
    /// its tokens with push on: show nothing.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::Incoming;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let login = world.start(NOW);
    /// assert!(matches!(world.device.open(&login.pushes[0].envelope, NOW)?, Incoming::Login(_)));
    /// assert!(world.device.open(b"from a stranger", NOW).is_err()); // show nothing
    /// # Ok::<(), pushotp::AuthenticatorError>(())
    /// ```
    pub fn open(&mut self, message: &[u8], now: UnixTime) -> Result<Incoming, AuthenticatorError> {
        let incoming = self.device.open(message, now)?;
        self.incoming(incoming, now)
    }

    /// Asks the server for everything that waits for this device.
    ///
    /// # Errors
    /// [`AuthenticatorError::Storage`], [`AuthenticatorError::Message`] if the signing key refused.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (message, _) = world.device.fetch(NOW, &mut world.rng)?;
    /// assert!(world.send(&message, NOW).is_some()); // the list
    /// # Ok::<(), pushotp::AuthenticatorError>(())
    /// ```
    pub fn fetch(&mut self, now: UnixTime, rng: Rng<'_>) -> Result<(Vec<u8>, Fetching), AuthenticatorError> {
        let sent = self.next(now)?;
        let (message, nonce) = self.device.fetch(&mut Self::sending(&self.keys, sent, rng))?;
        Ok((message, Fetching(nonce)))
    }

    /// Opens the list that a fetch was answered with, item by item.
    ///
    /// # Errors
    /// [`AuthenticatorError::OtherReply`], [`AuthenticatorError::Message`]: then nothing of it counts.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (message, fetching) = world.device.fetch(NOW, &mut world.rng)?;
    /// let reply = world.send(&message, NOW).expect("an answer");
    /// assert!(world.device.fetched(&fetching, &reply, NOW)?.is_empty()); // nothing waits
    /// # Ok::<(), pushotp::AuthenticatorError>(())
    /// ```
    pub fn fetched(
        &mut self,
        fetching: &Fetching,
        reply: &[u8],
        now: UnixTime,
    ) -> Result<Vec<Result<Incoming, AuthenticatorError>>, AuthenticatorError> {
        let device::Incoming::Pending(pending) = self.device.open(reply, now)? else {
            return Err(AuthenticatorError::OtherReply);
        };
        let items = self.device.items(&pending, &fetching.0, now)?;
        Ok(items.into_iter().map(|item| self.incoming(item?, now)).collect())
    }

    fn incoming(&mut self, incoming: device::Incoming, now: UnixTime) -> Result<Incoming, AuthenticatorError> {
        match incoming {
            device::Incoming::Challenge(opened) => self.show(opened, now),
            device::Incoming::Cancel(cancel) => Ok(Incoming::Withdrawn(Cancel::challenge(&cancel))),
            _ => Ok(Incoming::Late),
        }
    }

    fn show(&mut self, opened: Opened, now: UnixTime) -> Result<Incoming, AuthenticatorError> {
        let mut seen = self.seen();
        let noted = seen.note(&opened, now);
        let shown = opened.show(&self.held())?;
        let chosen = |token: &DeviceToken| shown.tokens().iter().any(|held| held.id == token.id);
        let tokens = self.tokens().into_iter().filter(chosen).collect();
        let prompt = Prompt::new(shown, tokens);
        match noted {
            Seen::New => {
                self.remember(&seen)?;
                Ok(Incoming::Login(prompt))
            }
            Seen::Again => Ok(Incoming::Again(prompt)),
            Seen::Conflict => Err(AuthenticatorError::Conflict),
        }
    }

    fn remember(&mut self, seen: &SeenChallenges) -> Result<(), AuthenticatorError> {
        let entry = |seen: &device::SeenChallenge| state::Seen {
            id: ByteArray::new(*seen.id.as_bytes()),
            hash: ByteArray::new(*seen.hash.as_bytes()),
            expires: seen.expires.as_secs(),
        };
        self.memory.state.seen = seen.entries().iter().map(entry).collect();
        Ok(self.memory.save()?)
    }
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt")
            .field("id", &self.id())
            .field("application", &self.application())
            .field("user", &self.user())
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}
