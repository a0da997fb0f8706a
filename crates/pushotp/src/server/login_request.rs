use std::net::IpAddr;

use pushotp_wire::{Error, message::Context, terms::PasscodeKind};

use super::AccountId;

/// Whether the user types a number from the login page into the device.
///
/// ```
/// use pushotp::{LoginRequest, NumberMatching};
///
/// let request = LoginRequest::new("Coffee machine").number_matching(NumberMatching::WeakerTapOnly);
/// # let _ = request;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NumberMatching {
    /// Six digits by default; stops approvals that the user did not start.
    #[default]
    TypeIn,
    /// The user picks the number among three. Weaker: one guess in three is right.
    WeakerPickOne,
    /// A tap is enough. Weaker: a tired user approves the attacker's login.
    WeakerTapOnly,
}

/// What becomes of a wish to push while a login of the account is open. Two open ones there are never.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::{LoginRequest, LoginStart, LoginState, WhileOpen};
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let first = world.start(NOW);
/// let retry = LoginRequest::new("VPN gateway").while_open(WhileOpen::Refuse);
/// let start = block_on(world.server.start_login(&world.user, &retry, later(1), &mut world.rng))?;
/// assert!(matches!(start, LoginStart::Open { expires } if expires == later(120))); // and nothing was pushed
/// assert!(matches!(world.state(&first, later(1)), LoginState::Waiting { .. }));
/// # Ok::<(), pushotp::ServerError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhileOpen {
    /// The open one is withdrawn, and the new one pushed: for a page whose user asks for it once more.
    #[default]
    Supersede,
    /// The open one stays, and nothing is pushed: for gateways that repeat a request, and pages that open twice.
    Refuse,
}

/// What the user sees on the device, and how the login is to be approved.
///
/// ```
/// use pushotp::LoginRequest;
///
/// let request = LoginRequest::new("Intranet").place("Vienna, Austria").ip([192, 0, 2, 7].into());
/// assert!(format!("{request:?}").contains("Intranet"));
/// ```
#[derive(Clone, Debug)]
pub struct LoginRequest {
    application: String,
    ip: Option<IpAddr>,
    place: Option<String>,
    client: Option<String>,
    action: Option<String>,
    number: NumberMatching,
    in_app: bool,
    passcode: PasscodeKind,
    while_open: WhileOpen,
}

impl LoginRequest {
    /// A login to an application, by its name: 1 to 64 bytes.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Incoming, LoginRequest, LoginStart};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (server, rng) = (&world.server, &mut world.rng);
    /// let request = LoginRequest::new("Intranet");
    /// let start = block_on(server.start_login(&world.user, &request, NOW, rng))?;
    /// let LoginStart::Started(login) = start else { panic!() };
    /// let Incoming::Login(prompt) = world.device.open(&login.pushes[0].envelope, NOW)? else { panic!() };
    /// assert_eq!(prompt.application(), "Intranet");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(application: impl Into<String>) -> Self {
        let application = application.into();
        Self {
            application,
            ip: None,
            place: None,
            client: None,
            action: None,
            number: NumberMatching::default(),
            in_app: false,
            passcode: PasscodeKind::Bound,
            while_open: WhileOpen::default(),
        }
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
    pub fn ip(mut self, ip: IpAddr) -> Self {
        self.ip = Some(ip);
        self
    }

    /// The place that the login comes from, as text: at most 64 bytes.
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
    pub fn place(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// The client software, as text: at most 128 bytes.
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
    pub fn client(mut self, client: impl Into<String>) -> Self {
        self.client = Some(client.into());
        self
    }

    /// What is to be approved, if it is more than a login: at most 256 bytes.
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
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// How the number is matched.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Incoming, LoginRequest, LoginStart, NumberMatching};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (server, rng) = (&world.server, &mut world.rng);
    /// let request = LoginRequest::new("Intranet").number_matching(NumberMatching::WeakerTapOnly);
    /// let start = block_on(server.start_login(&world.user, &request, NOW, rng))?;
    /// let LoginStart::Started(login) = start else { panic!() };
    /// let Incoming::Login(prompt) = world.device.open(&login.pushes[0].envelope, NOW)? else { panic!() };
    /// assert_eq!((prompt.number_digits(), server.number(&login.ticket)?.as_str()), (0, ""));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn number_matching(mut self, number: NumberMatching) -> Self {
        self.number = number;
        self
    }

    /// It must be approved in the app, whatever the token permits: not from a notification or the lock screen.
    ///
    /// ```
    /// use pushotp::LoginRequest;
    ///
    /// let request = LoginRequest::new("Treasury").in_app_only();
    /// # let _ = request;
    /// ```
    #[must_use]
    pub fn in_app_only(mut self) -> Self {
        self.in_app = true;
        self
    }

    /// What becomes of it while a login of the account is open.
    ///
    /// ```
    /// use pushotp::{LoginRequest, WhileOpen};
    ///
    /// let request = LoginRequest::new("VPN gateway").while_open(WhileOpen::Refuse);
    /// # let _ = request;
    /// ```
    #[must_use]
    pub fn while_open(mut self, while_open: WhileOpen) -> Self {
        self.while_open = while_open;
        self
    }

    /// Which passcode the approval carries, 8 digits of HMAC-SHA-256 each; by default the one that is bound to this login.
    ///
    /// Weaker: [`PasscodeKind::Hotp`] and [`PasscodeKind::Totp`] answer any login. They are for agents that forward a
    /// passcode to another validator; here each is accepted once, and a TOTP passcode also uses up the one to be typed.
    ///
    /// ```
    /// use pushotp::{LoginRequest, wire::terms::PasscodeKind};
    ///
    /// let request = LoginRequest::new("VPN gateway").passcode(PasscodeKind::Totp);
    /// assert!(format!("{request:?}").contains("Totp"));
    /// ```
    #[must_use]
    pub fn passcode(mut self, kind: PasscodeKind) -> Self {
        self.passcode = kind;
        self
    }

    pub(super) const fn passcode_kind(&self) -> PasscodeKind {
        self.passcode
    }

    pub(super) const fn is_in_app_only(&self) -> bool {
        self.in_app
    }

    pub(super) fn supersedes(&self) -> bool {
        self.while_open == WhileOpen::Supersede
    }

    pub(super) const fn number(&self) -> NumberMatching {
        self.number
    }

    /// What the device displays.
    pub(super) fn context(&self, user: &AccountId) -> Result<Context, Error> {
        let mut context = Context::new(self.application.clone(), user.as_str())?;
        if let Some(ip) = self.ip {
            context = context.with_ip(ip);
        }
        if let Some(place) = &self.place {
            context = context.with_place(place.clone())?;
        }
        if let Some(client) = &self.client {
            context = context.with_client(client.clone())?;
        }
        match &self.action {
            Some(action) => context.with_action(action.clone()),
            None => Ok(context),
        }
    }
}
