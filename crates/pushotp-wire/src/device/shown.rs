use alloc::{boxed::Box, vec::Vec};
use core::time::Duration;

use pushotp_types::{Code, TokenId, UnixTime};

use super::{Answering, Denied, Device, HeldToken, Sending, Unsent, still_valid};
use crate::{
    Error,
    message::{Approve, ApproveParts, Cancel, Challenge, Context, Deny, FromDevice, Report, Sent},
    state::verified,
    terms::{
        ChallengeHash, ChallengeId, ChallengePolicy, Kid, MessageHash, NumberMode, OtpSpec, Reason, TokenPolicy,
        UserVerification,
    },
};

/// What the server asks, and whose channel it came through.
#[derive(Debug)]
pub(super) struct Prompt {
    pub(super) challenge: Challenge,
    pub(super) hash: ChallengeHash,
    pub(super) kid: Kid,
}

impl Prompt {
    /// Seals an answer, if it goes back where the question came from.
    fn answer(
        &self,
        device: &Device,
        sending: &mut Sending<'_>,
        message: impl FnOnce(&Self, Sent) -> Result<FromDevice, Error>,
    ) -> Result<(Vec<u8>, MessageHash), Error> {
        if device.keys().d2s_kid() != self.kid {
            return Err(Error::UnknownKid);
        }
        device.seal(&message(self, sending.sent)?, sending)
    }

    fn about(&self) -> (ChallengeId, ChallengeHash) {
        (self.challenge.id(), self.hash)
    }

    pub(super) fn report(
        &self,
        reason: Reason,
        device: &Device,
        sending: &mut Sending<'_>,
    ) -> Result<(Vec<u8>, MessageHash), Error> {
        self.answer(device, sending, |prompt, sent| Ok(FromDevice::Report(Report::new(prompt.about(), reason, sent)?)))
    }

    pub(super) const fn report_offered(&self) -> bool {
        self.challenge.policy().contains(ChallengePolicy::REPORT_OFFERED)
    }
}

/// A challenge in front of the user, who answers it once.
///
/// Display all of [`context`](Self::context), and the [`age`](Self::age). Let the user choose among the
/// [`tokens`](Self::tokens), type the number, and unlock the token.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::terms::NumberMode;
///
/// let mut world = World::new(); // both ends of one channel
/// let shown = world.shown();
/// assert_eq!((shown.context().application(), shown.context().user()), ("Intranet", "alice"));
/// assert_eq!(shown.number_mode(), NumberMode::TypeIn { digits: 6 });
/// assert!(shown.requires_verification(&TOKEN));
/// ```
#[derive(Debug)]
#[must_use]
pub struct Shown {
    prompt: Box<Prompt>,
    tokens: Vec<HeldToken>,
}

/// What an approval takes from the user.
///
/// ```
/// use pushotp_types::{Code, Digits, TokenId};
/// use pushotp_wire::{device::Approval, terms::UserVerification};
///
/// let code = Code::from_value(64_727_617, Digits::EIGHT);
/// let token = TokenId::from_bytes([1; 16]);
/// let approval = Approval { token, number: "482913", code: &code, verification: UserVerification::Pin };
/// assert!(!format!("{approval:?}").contains("482913"));
/// ```
#[derive(Clone, Copy)]
pub struct Approval<'a> {
    /// The token that the user chose.
    pub token: TokenId,
    /// The number as it was typed or picked, with leading zeros; empty if none is asked for.
    pub number: &'a str,
    /// The token's passcode for [`Shown::hash`].
    pub code: &'a Code,
    /// How the user was verified.
    pub verification: UserVerification,
}

/// The number is what ties the approval to the page.
impl core::fmt::Debug for Approval<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Approval").field("token", &self.token).finish_non_exhaustive()
    }
}

impl Shown {
    pub(super) const fn new(prompt: Box<Prompt>, tokens: Vec<HeldToken>) -> Self {
        Self { prompt, tokens }
    }

    pub(super) fn only(mut self, keep: impl FnMut(&HeldToken) -> bool) -> Self {
        self.tokens.retain(keep);
        self
    }

    /// The challenge's id.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// assert_eq!(World::new().shown().id(), parts().id);
    /// ```
    #[must_use]
    pub const fn id(&self) -> ChallengeId {
        self.prompt.challenge.id()
    }

    /// The challenge's hash: the question that the passcode answers.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// assert_eq!(World::new().shown().hash(), payload(parts()).challenge_hash(&tenant()));
    /// ```
    #[must_use]
    pub const fn hash(&self) -> ChallengeHash {
        self.prompt.hash
    }

    /// All that must be displayed.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// assert_eq!(World::new().shown().context().application(), "Intranet");
    /// ```
    #[must_use]
    pub const fn context(&self) -> &Context {
        self.prompt.challenge.context()
    }

    /// What the challenge asks for.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::ChallengePolicy;
    ///
    /// assert!(World::new().shown().policy().contains(ChallengePolicy::VERIFY_USER));
    /// ```
    #[must_use]
    pub const fn policy(&self) -> ChallengePolicy {
        self.prompt.challenge.policy()
    }

    /// How the number gets into the device.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// assert_eq!(World::new().shown().number_mode().digits(), 6); // ask for as many
    /// ```
    #[must_use]
    pub const fn number_mode(&self) -> NumberMode {
        self.prompt.challenge.number()
    }

    /// Which passcode is to be sent.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::PasscodeKind;
    ///
    /// assert_eq!(World::new().shown().otp().kind(), PasscodeKind::Bound);
    /// ```
    #[must_use]
    pub const fn otp(&self) -> OtpSpec {
        self.prompt.challenge.otp()
    }

    /// The last second at which an answer counts, by the server's clock.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// assert_eq!(World::new().shown().expires(), at(NOW + 120));
    /// ```
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        self.prompt.challenge.expires()
    }

    /// How long ago the server issued it; zero if the device's clock is behind.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// let shown = World::new().shown();
    /// assert_eq!(shown.age(at(NOW + 7)).as_secs(), 7);
    /// assert_eq!(shown.age(at(NOW - 7)).as_secs(), 0);
    /// ```
    #[must_use]
    pub const fn age(&self, now: UnixTime) -> Duration {
        now.since(self.prompt.challenge.issued())
    }

    /// The tokens that can answer, in the order in which they were given; never none.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// let shown = World::new().shown();
    /// assert_eq!(shown.tokens().len(), 1); // of the two that it names, this device holds one
    /// assert_eq!(shown.tokens()[0].id, TOKEN);
    /// ```
    #[must_use]
    pub fn tokens(&self) -> &[HeldToken] {
        &self.tokens
    }

    /// Whether an approval with this token needs a verified user, by the challenge or by the token's own floor.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// assert!(World::new().shown().requires_verification(&TOKEN)); // ask for the PIN
    /// ```
    #[must_use]
    pub fn requires_verification(&self, token: &TokenId) -> bool {
        !self.is_verified(token, UserVerification::None)
    }

    /// Whether this way to verify the user is enough for this token; never for one that cannot answer.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::UserVerification;
    ///
    /// let shown = World::new().shown();
    /// assert!(shown.is_verified(&TOKEN, UserVerification::Pin));
    /// assert!(!shown.is_verified(&TOKEN, UserVerification::Biometric)); // its policy does not permit that
    /// assert!(!shown.is_verified(&OTHER_TOKEN, UserVerification::Pin)); // not on this device
    /// ```
    #[must_use]
    pub fn is_verified(&self, token: &TokenId, verification: UserVerification) -> bool {
        self.floor(token).is_some_and(|floor| verified(self.policy(), floor, verification))
    }

    /// Whether to offer a report after a denial.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// assert!(World::new().shown().report_offered());
    /// ```
    #[must_use]
    pub const fn report_offered(&self) -> bool {
        self.prompt.report_offered()
    }

    /// Whether a cancel message is about it: then it is void, and there is nothing left to answer.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{message::Cancel, terms::{CancelReason, ChallengeId}};
    ///
    /// let shown = World::new().shown();
    /// let cancel = |id| Cancel::new(id, CancelReason::PageClosed, at(NOW));
    /// assert!(shown.is_withdrawn_by(&cancel(parts().id)));
    /// assert!(!shown.is_withdrawn_by(&cancel(ChallengeId::from_bytes([9; 16]))));
    /// ```
    #[must_use]
    pub fn is_withdrawn_by(&self, cancel: &Cancel) -> bool {
        cancel.challenge() == self.id()
    }

    /// Approves: the frame to send, and what waits for its result.
    ///
    /// If it has to be sent again, send these same bytes. Keep them in memory only.
    ///
    /// # Errors
    /// [`Unsent`] with the challenge back: [`Error::TokenMismatch`] for a token that cannot answer,
    /// [`Error::UvRequired`] for a user who is not verified enough, [`Error::Number`] for a number of another form than
    /// the one that is asked for, [`Error::Code`] for a passcode of another length, [`Error::Expired`] if it is plainly
    /// too late, [`Error::UnknownKid`] for another device than the one that opened it, or what kept the message from
    /// being sealed.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{Error, device::Approval, message::FromDevice};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (shown, code) = (world.shown(), code());
    /// let short = Approval { number: "48291", ..approval(&code) };
    /// let unsent = world.send(|device, sending| shown.approve(&short, device, sending)).unwrap_err();
    /// assert_eq!(unsent.error, Error::Number); // nothing was sent, and the challenge is back
    ///
    /// let shown = unsent.state;
    /// let (frame, _) = world.send(|device, sending| shown.approve(&approval(&code), device, sending)).unwrap();
    /// assert!(matches!(world.receive(&frame), (FromDevice::Approve(_), _))); // at the server
    /// ```
    pub fn approve(
        self,
        approval: &Approval<'_>,
        device: &Device,
        sending: &mut Sending<'_>,
    ) -> Result<(Vec<u8>, Answering), Unsent<Self>> {
        match self.sealed_approval(approval, device, sending) {
            Ok((bytes, rh)) => Ok((bytes, Answering::new(self, rh))),
            Err(error) => Err(Unsent { state: self, error }),
        }
    }

    /// Denies: the frame to send, and what may still be reported. It needs neither number nor PIN.
    ///
    /// # Errors
    /// [`Unsent`] with the challenge back: [`Error::UnknownKid`] for another device than the one that opened it, or what
    /// kept the message from being sealed.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{message::FromDevice, terms::Reason};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let shown = world.shown();
    /// let (frame, _) = world.send(|device, sending| shown.deny(Reason::WrongDetails, device, sending)).unwrap();
    /// let (FromDevice::Deny(deny), _) = world.receive(&frame) else { panic!() }; // at the server
    /// assert_eq!(deny.reason(), Reason::WrongDetails);
    /// ```
    pub fn deny(
        self,
        reason: Reason,
        device: &Device,
        sending: &mut Sending<'_>,
    ) -> Result<(Vec<u8>, Denied), Unsent<Self>> {
        let deny = |prompt: &Prompt, sent| Ok(FromDevice::Deny(Deny::new(prompt.about(), reason, sent)?));
        match self.prompt.answer(device, sending, deny) {
            Ok((bytes, rh)) => Ok((bytes, Denied::new(self.prompt, rh))),
            Err(error) => Err(Unsent { state: self, error }),
        }
    }

    fn sealed_approval(
        &self,
        approval: &Approval<'_>,
        device: &Device,
        sending: &mut Sending<'_>,
    ) -> Result<(Vec<u8>, MessageHash), Error> {
        still_valid(self.expires(), sending.sent.at)?;
        self.check(approval)?;
        self.prompt.answer(device, sending, |prompt, sent| {
            let (challenge, hash) = prompt.about();
            let &Approval { token, number, code, verification } = approval;
            let parts = ApproveParts { challenge, hash, token, verification, number, code, sent };
            Ok(FromDevice::Approve(Approve::new(&parts)?))
        })
    }

    /// What the server would refuse, found before it costs a try.
    fn check(&self, approval: &Approval<'_>) -> Result<(), Error> {
        if self.floor(&approval.token).is_none() {
            return Err(Error::TokenMismatch);
        }
        if !self.is_verified(&approval.token, approval.verification) {
            return Err(Error::UvRequired);
        }
        if !fits(self.number_mode(), approval.number) {
            return Err(Error::Number);
        }
        if approval.code.digits() == self.otp().digits() { Ok(()) } else { Err(Error::Code) }
    }

    fn floor(&self, token: &TokenId) -> Option<TokenPolicy> {
        self.tokens.iter().find(|held| held.id == *token).map(|held| held.policy)
    }
}

/// Whether a number has the form that is asked for; whether it is right, only the server can tell.
fn fits(mode: NumberMode, number: &str) -> bool {
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let picked = |choices: &[u8; 3]| number.parse().is_ok_and(|number: u8| choices.contains(&number));
    digits
        && number.len() == usize::from(mode.digits())
        && match mode {
            NumberMode::PickOne { choices } => picked(&choices),
            NumberMode::None | NumberMode::TypeIn { .. } => true,
        }
}
