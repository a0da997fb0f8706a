use alloc::{boxed::Box, vec::Vec};

use pushotp_types::{TokenId, UnixTime};

use super::{Denied, Device, Sending, Shown, Unsent, shown::Prompt};
use crate::{
    Error,
    message::{Cancel, Challenge},
    terms::{ChallengeHash, ChallengeId, ChallengePolicy, Kid, NumberMode, Reason, TokenPolicy},
};

/// A challenge that the server sealed for this device and that is of now; the user has not seen it yet.
///
/// Give it to [`SeenChallenges::note`](super::SeenChallenges::note) first: a challenge is shown once.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::terms::TokenPolicy;
///
/// let mut world = World::new(); // both ends of one channel
/// let opened = world.opened(parts());
/// assert_eq!((opened.id(), opened.expires()), (parts().id, parts().expires));
/// let shown = opened.show(&[held(TOKEN, TokenPolicy::PIN_PROTECTED)]).unwrap();
/// assert_eq!(shown.context().user(), "alice");
/// ```
#[derive(Debug)]
#[must_use]
pub struct Opened {
    prompt: Box<Prompt>,
}

/// A token that this device holds, as it was enrolled.
///
/// ```
/// use pushotp_types::TokenId;
/// use pushotp_wire::{device::HeldToken, terms::TokenPolicy};
///
/// let held = HeldToken { id: TokenId::from_bytes([1; 16]), policy: TokenPolicy::PIN_PROTECTED, push: true };
/// assert!(held.policy.contains(TokenPolicy::PIN_PROTECTED));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldToken {
    /// Its id.
    pub id: TokenId,
    /// Its enrolled policy: a floor under every challenge.
    pub policy: TokenPolicy,
    /// Whether the user wants pushes for it on this device.
    pub push: bool,
}

impl Opened {
    pub(super) fn new(challenge: Challenge, hash: ChallengeHash, kid: Kid) -> Self {
        Self { prompt: Box::new(Prompt { challenge, hash, kid }) }
    }

    /// The challenge's id.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // both ends of one channel
    /// assert_eq!(world.opened(parts()).id(), parts().id);
    /// ```
    #[must_use]
    pub const fn id(&self) -> ChallengeId {
        self.prompt.challenge.id()
    }

    /// Its hash.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // both ends of one channel
    /// assert_eq!(world.opened(parts()).hash(), payload(parts()).challenge_hash(&tenant()));
    /// ```
    #[must_use]
    pub const fn hash(&self) -> ChallengeHash {
        self.prompt.hash
    }

    /// Its last second, by the server's clock.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // both ends of one channel
    /// assert_eq!(world.opened(parts()).expires(), at(NOW + 120));
    /// ```
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        self.prompt.challenge.expires()
    }

    /// For the app's own screen: what to display, and the tokens that can answer.
    ///
    /// A token can if the challenge names it, this device holds it, its push is on, and its floor can be met: a token
    /// whose number must be typed does not answer a challenge that has no number to type.
    ///
    /// # Errors
    /// [`Error::TokenMismatch`] if the challenge names no token of this device, [`Error::TokenDisabled`] if all those
    /// have push off, [`Error::Number`] if none of the others can meet its floor. Then nothing is shown.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{Error, device::HeldToken, terms::TokenPolicy};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let token = held(TOKEN, TokenPolicy::PIN_PROTECTED);
    /// assert_eq!(world.opened(parts()).show(&[token]).unwrap().tokens(), [token]);
    /// let off = HeldToken { push: false, ..token };
    /// assert_eq!(world.opened(parts()).show(&[off]).unwrap_err(), Error::TokenDisabled);
    /// ```
    pub fn show(self, held: &[HeldToken]) -> Result<Shown, Error> {
        let challenge = &self.prompt.challenge;
        let named: Vec<HeldToken> =
            held.iter().filter(|token| challenge.tokens().contains(&token.id)).copied().collect();
        if named.is_empty() {
            return Err(Error::TokenMismatch);
        }
        if !named.iter().any(|token| token.push) {
            return Err(Error::TokenDisabled);
        }
        let typed = matches!(challenge.number(), NumberMode::TypeIn { .. });
        let meets = |token: &HeldToken| token.push && (typed || !token.policy.contains(TokenPolicy::TYPE_NUMBER));
        let tokens: Vec<HeldToken> = named.into_iter().filter(meets).collect();
        if tokens.is_empty() { Err(Error::Number) } else { Ok(Shown::new(self.prompt, tokens)) }
    }

    /// For the lock screen or a notification: see [`Notification`].
    ///
    /// # Errors
    /// As [`show`](Self::show).
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::TokenPolicy;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let notification = world.opened(parts()).notify(&[held(TOKEN, TokenPolicy::PIN_PROTECTED)]).unwrap();
    /// assert_eq!(notification.open().id(), parts().id);
    /// ```
    pub fn notify(self, held: &[HeldToken]) -> Result<Notification, Error> {
        self.show(held).map(|shown| Notification { shown })
    }
}

/// A challenge outside the app, where anybody who holds the device can press a button.
///
/// It can be denied, or opened in the app. It can be approved only through [`quick`](Self::quick), which the challenge
/// and the token must both permit.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::terms::TokenPolicy;
///
/// let mut world = World::new(); // both ends of one channel
/// let notification = world.opened(parts()).notify(&[held(TOKEN, TokenPolicy::PIN_PROTECTED)]).unwrap();
/// let notification = notification.quick().unwrap_err(); // this token may be approved in the app only
/// assert_eq!(notification.open().tokens().len(), 1);
/// ```
#[derive(Debug)]
#[must_use]
pub struct Notification {
    shown: Shown,
}

/// Of a challenge that was opened to be shown, before it is.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::device::Notification;
///
/// let mut world = World::new(); // both ends of one channel
/// let notification = Notification::from(world.shown());
/// assert!(notification.quick().is_err()); // its token may be approved in the app only
/// ```
impl From<Shown> for Notification {
    fn from(shown: Shown) -> Self {
        Self { shown }
    }
}

impl Notification {
    /// The user opened the app.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::TokenPolicy;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let notification = world.opened(parts()).notify(&[held(TOKEN, TokenPolicy::PIN_PROTECTED)]).unwrap();
    /// let shown = notification.open();
    /// assert_eq!(shown.context().user(), "alice"); // now all of it is displayed
    /// ```
    pub fn open(self) -> Shown {
        self.shown
    }

    /// The challenge, to be answered right here with one of the tokens that permit it.
    ///
    /// Number, verification and passcode are asked for as ever.
    ///
    /// # Errors
    /// The notification itself, if the challenge or every token forbids it: then it can only be opened or denied.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::TokenPolicy;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (quick, slow) = (held(TOKEN, TokenPolicy::FROM_NOTIFICATION), held(OTHER_TOKEN, TokenPolicy::NONE));
    /// let notification = world.opened(parts()).notify(&[quick, slow]).unwrap();
    /// assert_eq!(notification.quick().unwrap().tokens(), [quick]);
    /// assert!(world.opened(parts()).notify(&[slow]).unwrap().quick().is_err());
    /// ```
    pub fn quick(self) -> Result<Shown, Self> {
        let forbidden = self.shown.policy().contains(ChallengePolicy::NOT_FROM_NOTIFICATION);
        let permits = |token: &HeldToken| token.policy.contains(TokenPolicy::FROM_NOTIFICATION);
        if forbidden || !self.shown.tokens().iter().any(permits) {
            return Err(self);
        }
        Ok(self.shown.only(permits))
    }

    /// Denies, as [`Shown::deny`].
    ///
    /// # Errors
    /// As [`Shown::deny`], with the notification back.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{message::FromDevice, terms::{Reason, TokenPolicy}};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let notification = world.opened(parts()).notify(&[held(TOKEN, TokenPolicy::PIN_PROTECTED)]).unwrap();
    /// let (frame, _) = world.send(|device, sending| notification.deny(Reason::NotMe, device, sending)).unwrap();
    /// assert!(matches!(world.receive(&frame), (FromDevice::Deny(_), _))); // at the server
    /// ```
    pub fn deny(
        self,
        reason: Reason,
        device: &Device,
        sending: &mut Sending<'_>,
    ) -> Result<(Vec<u8>, Denied), Unsent<Self>> {
        self.shown
            .deny(reason, device, sending)
            .map_err(|unsent| Unsent { state: Self { shown: unsent.state }, error: unsent.error })
    }

    /// Whether a cancel message is about it: then it is void.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{message::Cancel, terms::{CancelReason, TokenPolicy}};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let notification = world.opened(parts()).notify(&[held(TOKEN, TokenPolicy::PIN_PROTECTED)]).unwrap();
    /// assert!(notification.is_withdrawn_by(&Cancel::new(parts().id, CancelReason::PageClosed, at(NOW))));
    /// ```
    #[must_use]
    pub fn is_withdrawn_by(&self, cancel: &Cancel) -> bool {
        self.shown.is_withdrawn_by(cancel)
    }
}
