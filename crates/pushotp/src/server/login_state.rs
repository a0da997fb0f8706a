use core::fmt;

use pushotp_types::{DeviceId, UnixTime};
use pushotp_wire::terms::PushAddress;

use super::Ticket;

/// A sealed message on its way to a device.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::wire::terms::PushKind;
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let login = world.start(NOW);
/// let push = &login.pushes[0];
/// assert_eq!((push.device, push.address.kind()), (world.device.id(), PushKind::Poll)); // nothing to carry: it fetches
/// assert!(push.envelope.len() <= 384);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Push {
    /// The device.
    pub device: DeviceId,
    /// Where the device wants to be pushed.
    pub address: PushAddress,
    /// The envelope: the same bytes by push and by fetch.
    pub envelope: Vec<u8>,
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push")
            .field("device", &self.device)
            .field("bytes", &self.envelope.len())
            .finish_non_exhaustive()
    }
}

/// A login that waits for its answer.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// let mut world = World::new(); // a server with one user, and the user's device
/// let login = world.start(NOW);
/// assert_eq!(login.expires, later(120));
/// let cookie = login.ticket.as_bytes(); // for the browser
/// assert!(cookie.len() < 200);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Started {
    /// For the browser's session.
    pub ticket: Ticket,
    /// To be handed to the push carrier: the challenges, then what withdraws an earlier login. Losing one loses
    /// nothing, for devices can fetch.
    pub pushes: Vec<Push>,
    /// The last second at which an answer counts.
    pub expires: UnixTime,
}

/// What came of the wish to push a login.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::{AccountId, LoginRequest, LoginStart};
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let bob = AccountId::new("bob")?;
/// block_on(world.server.add_account(&bob))?;
/// let start = block_on(world.server.start_login(&bob, &LoginRequest::new("Intranet"), NOW, &mut world.rng))?;
/// assert!(matches!(start, LoginStart::NoToken)); // let the user log in another way
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum LoginStart {
    /// The challenge is stored and sealed.
    Started(Started),
    /// No usable token of the account has push switched on: let the user type a passcode.
    NoToken,
    /// A login of the account is open, and the request does not supersede it.
    ///
    /// Whoever has that one's ticket goes on with it: a second page of the same browser has, in its session. Nobody else
    /// gets one, for it would let them in with an approval that was meant for another page.
    Open {
        /// The last second at which an answer to it counts.
        expires: UnixTime,
    },
    /// Too many pushes without a success: let the user type a passcode, or wait.
    TooMany {
        /// When the next push may be tried.
        retry_at: UnixTime,
    },
}

/// What a waiting page shows.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::LoginState;
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let login = world.start(NOW);
/// assert_eq!(world.state(&login, NOW), LoginState::Waiting { expires: later(120) });
/// assert_eq!(world.state(&login, later(121)), LoginState::Expired);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginState {
    /// Waiting for an answer.
    Waiting {
        /// The last second at which an answer counts.
        expires: UnixTime,
    },
    /// Approved: redeem it now, within 60 s.
    Approved,
    /// Redeemed already.
    Redeemed,
    /// Denied by the user.
    Denied,
    /// Denied and reported: this was not the user.
    Reported,
    /// Ended by an answer that was not accepted, for this reason.
    Failed(LoginFailure),
    /// Nobody answered, or nobody collected the approval.
    Expired,
    /// Withdrawn.
    Cancelled,
}

/// Why a login failed: the flaw of the answer that ended it.
///
/// It is for the login page, so for anybody who knows the user's password. It names no token, and does not say how many
/// failures there were before, nor whether one more has disabled the token: that is for the audit log. A passcode under a
/// duress PIN that seems wrong is a wrong one here as well.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::{LoginFailure, LoginState};
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let (prompt, login) = world.prompt(NOW);
/// let other = if world.number(&login) == "000000" { "000001" } else { "000000" };
/// world.approve(prompt, (other, "271846"), NOW);
/// let LoginState::Failed(why) = world.state(&login, NOW) else { panic!() };
/// let words = match why {
///     LoginFailure::WrongNumber => "That was not the number on this page.",
///     LoginFailure::TooManyPasscodes => "The PIN was wrong three times, most likely.",
///     LoginFailure::NotVerified => "The phone did not show that it was you.",
///     _ => "The answer was not accepted.",
/// };
/// assert_eq!(words, "That was not the number on this page.");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoginFailure {
    /// Not known: a version of this crate judged the answer that keeps no reason, or one of its own.
    Unknown,
    /// The number was not the one on the page.
    WrongNumber,
    /// Three passcodes were wrong; so most likely the PIN was, where one was typed.
    TooManyPasscodes,
    /// The device did not verify its user as the policy asks.
    NotVerified,
}

impl LoginFailure {
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::WrongNumber => 1,
            Self::TooManyPasscodes => 2,
            Self::NotVerified => 3,
        }
    }

    /// The one that a record names: none in those of earlier versions.
    pub(super) const fn from_code(code: u64) -> Self {
        match code {
            1 => Self::WrongNumber,
            2 => Self::TooManyPasscodes,
            3 => Self::NotVerified,
            _ => Self::Unknown,
        }
    }
}
