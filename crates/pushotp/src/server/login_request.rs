use std::net::IpAddr;

use pushotp_wire::{Error, message::Context};

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
    /// A tap is enough. Weaker: a tired user approves the attacker's login.
    WeakerTapOnly,
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
}

impl LoginRequest {
    /// A login to an application, by its name: 1 to 64 bytes.
    #[must_use]
    pub fn new(application: impl Into<String>) -> Self {
        let application = application.into();
        Self { application, ip: None, place: None, client: None, action: None, number: NumberMatching::default() }
    }

    /// The address that the login comes from.
    #[must_use]
    pub fn ip(mut self, ip: IpAddr) -> Self {
        self.ip = Some(ip);
        self
    }

    /// The place that the login comes from, as text: at most 64 bytes.
    #[must_use]
    pub fn place(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// The client software, as text: at most 128 bytes.
    #[must_use]
    pub fn client(mut self, client: impl Into<String>) -> Self {
        self.client = Some(client.into());
        self
    }

    /// What is to be approved, if it is more than a login: at most 256 bytes.
    #[must_use]
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// How the number is matched.
    #[must_use]
    pub fn number_matching(mut self, number: NumberMatching) -> Self {
        self.number = number;
        self
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
