use core::fmt;

use pushotp_oath::{Counter, Hotp, Period, Totp};
use pushotp_pin::{Pending as Attempt, SettleError, Settled, Settlement};
use pushotp_types::{Code, Secret, TokenId, UnixTime};
use pushotp_wire::{
    Error as WireError,
    device::{self, Approval},
    message::{ResultMessage, Sent},
    terms::{PasscodeKind, Reason, Status, UserVerification},
};

use super::{Activation, Authenticator, AuthenticatorError, DeviceToken, Prompt, Unlocked, key_of};
use crate::{Rng, passcode};

/// An approval on its way: it waits for the server's result.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::{AuthenticatorError, Outcome};
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let (prompt, login) = world.prompt(NOW);
/// let number = world.number(&login);
/// let (message, answering) = world.device.approve(prompt, (world.mail, &number, None), NOW, &mut world.rng)?;
///
/// // A reply to something else loses nothing: the right one may still come.
/// let reply = world.send(&message, NOW).expect("an answer");
/// let unfinished = world.device.finish(answering, &login.pushes[0].envelope, NOW).unwrap_err();
/// assert_eq!(unfinished.error, AuthenticatorError::OtherReply);
/// let finished = world.device.finish(*unfinished.answering, &reply, NOW)?;
/// assert!(matches!(finished.outcome, Outcome::Accepted { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Answering {
    sent: device::Answering,
    /// The token that the user chose.
    token: TokenId,
    attempt: Option<Attempt>,
    verification: UserVerification,
    tokens: Vec<DeviceToken>,
}

/// A denial on its way, or done: the user may still report the login.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::wire::terms::{Reason, Status};
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let (prompt, login) = world.prompt(NOW);
/// let (message, denied) = world.device.deny(prompt, Reason::NotMe, NOW, &mut world.rng)?;
/// let reply = world.send(&message, NOW).expect("an answer");
/// assert_eq!(world.device.denied(&denied, &reply, NOW)?, Status::Accepted);
///
/// assert!(denied.report_offered());
/// let (message, reported) = world.device.report(denied, Reason::NotMe, NOW, &mut world.rng)?;
/// let reply = world.send(&message, NOW).expect("an answer");
/// assert_eq!(world.device.reported(&reported, &reply, NOW)?, Status::Accepted);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Denied(device::Denied);

/// A result, and what it did to the count of PIN attempts.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::{Outcome, pin::Pin};
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let (prompt, login) = world.prompt(NOW);
/// let (number, wrong) = (world.number(&login), Pin::entered("271847")?);
/// let (message, answering) = world.device.approve(prompt, (world.bank, &number, Some(&wrong)), NOW, &mut world.rng)?;
/// let reply = world.send(&message, NOW).expect("an answer");
/// let finished = world.device.finish(answering, &reply, NOW)?;
/// // The server refused the passcode; the device counts one attempt at the PIN.
/// assert!(matches!(finished.outcome, Outcome::TryAgain { .. }));
/// assert!(finished.attempts.expect("a PIN was tried").is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Finished {
    /// What became of the approval.
    pub outcome: Outcome,
    /// The attempts left, if a PIN was used; on an error the attempt counts as failed on this device.
    pub attempts: Option<Result<Settled, SettleError>>,
}

/// What became of an approval.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::{Outcome, wire::terms::UserVerification};
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let (prompt, login) = world.prompt(NOW);
/// let number = world.number(&login);
/// let text = match world.approve(prompt, (&number, "271847"), NOW) {
///     Outcome::Accepted { .. } => "you are logged in".to_owned(),
///     Outcome::TryAgain { left, verification: UserVerification::Pin, .. } => format!("wrong PIN? {left} more tries"),
///     Outcome::TryAgain { left, .. } => format!("not accepted, and no PIN was typed; {left} more tries"),
///     _ => "refused".to_owned(),
/// };
/// assert_eq!(text, "wrong PIN? 2 more tries");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The page logs in.
    Accepted {
        /// Wrong passcodes of this token before this one: tell the user, it may have been somebody else.
        failures: u8,
    },
    /// The passcode was wrong; the login can be answered again.
    TryAgain {
        /// The login, to be shown again.
        prompt: Prompt,
        /// How many tries are left for it.
        left: u8,
        /// How the token was unlocked. By its PIN: that was wrong, most likely. Else no PIN was: the token's secret is not the
        /// one that the server knows, as in an old copy of the device, or a clock is off where the passcode depends on it.
        verification: UserVerification,
    },
    /// The server could not judge it: send the same bytes again, and finish with the reply to them.
    RetryLater(Box<Answering>),
    /// It is over, and the status says how.
    Refused(Status),
}

/// Nothing was sent; the prompt is as it was.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::AuthenticatorError;
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let (prompt, login) = world.prompt(NOW);
/// let number = world.number(&login);
/// let not_sent = world.device.approve(prompt, (world.bank, &number, None), NOW, &mut world.rng).unwrap_err();
/// assert_eq!(not_sent.error, AuthenticatorError::PinNeeded);
/// assert_eq!(not_sent.prompt.user(), "alice"); // ask for the PIN, and try again
/// ```
#[derive(Debug, thiserror::Error)]
#[error("not sent: {error}")]
pub struct NotSent<T: fmt::Debug> {
    /// As it was.
    pub prompt: Box<T>,
    /// What stood in the way.
    #[source]
    pub error: AuthenticatorError,
}

/// The reply was none: the approval still waits.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// let mut world = World::new(); // a server with one user, and the user's device
/// let (prompt, login) = world.prompt(NOW);
/// let number = world.number(&login);
/// let (message, answering) = world.device.approve(prompt, (world.mail, &number, None), NOW, &mut world.rng)?;
/// let unfinished = world.device.finish(answering, b"not a reply", NOW).unwrap_err();
/// let answering = *unfinished.answering; // the same message may be sent again, and gets the same reply
/// let reply = world.send(&message, NOW).expect("an answer");
/// assert!(world.device.finish(answering, &reply, NOW).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[error("no result: {error}")]
pub struct Unfinished {
    /// As it was.
    pub answering: Box<Answering>,
    /// What the reply was.
    #[source]
    pub error: AuthenticatorError,
}

impl Authenticator {
    /// Approves a login with one of its tokens, the number from the login page, and the token's PIN, or a presence key in
    /// its place where the token's policy permits it: see [`Activation`].
    ///
    /// With a PIN this takes as long as the blob's Argon2id cost says, and the attempt is counted on the device before.
    /// A wrong PIN is not noticed here: the server refuses the passcode.
    ///
    /// # Errors
    /// [`NotSent`] with the prompt in it; a missing PIN, a presence key that does not open the token or a number of another
    /// length costs no attempt.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{AuthenticatorError, pin::Pin};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, login) = world.prompt(NOW);
    /// let (number, pin) = (world.number(&login), Pin::entered("271846")?);
    /// let short = world.device.approve(prompt, (world.bank, "48", Some(&pin)), NOW, &mut world.rng).unwrap_err();
    /// assert_eq!(short.error, AuthenticatorError::Number); // nothing was sent, and no attempt was counted
    ///
    /// let (message, _) = world.device.approve(*short.prompt, (world.bank, &number, Some(&pin)), NOW, &mut world.rng)?;
    /// assert!(world.send(&message, NOW).is_some());
    /// assert!(world.redeem(&login, NOW)); // the page logs in
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn approve<'a>(
        &mut self,
        prompt: Prompt,
        (token, number, activation): (TokenId, &str, impl Into<Activation<'a>>),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<(Vec<u8>, Answering), NotSent<Prompt>> {
        let unlocked = match self.passcode_for(&prompt, (token, number, activation.into()), now) {
            Ok(unlocked) => unlocked,
            Err(error) => return Err(NotSent { prompt: Box::new(prompt), error }),
        };
        let Unlocked { made: (code, sent), attempt, verification } = unlocked;
        let (shown, tokens) = prompt.into_parts();
        let approval = Approval { token, number, code: &code, verification };
        match shown.approve(&approval, &self.device, &mut Self::sending(&self.keys, sent, rng)) {
            Ok((message, sent)) => Ok((message, Answering { sent, token, attempt, verification, tokens })),
            Err(unsent) => {
                let prompt = Box::new(Prompt::new(unsent.state, tokens));
                let settled = self.settle(attempt, Settlement::Unjudged, now).transpose();
                let error = settled.map_or_else(AuthenticatorError::from, |_| unsent.error.into());
                Err(NotSent { prompt, error })
            }
        }
    }

    fn passcode_for(
        &mut self,
        prompt: &Prompt,
        (token, number, activation): (TokenId, &str, Activation<'_>),
        now: UnixTime,
    ) -> Result<Unlocked<(Code, Sent)>, AuthenticatorError> {
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || number.len() != usize::from(prompt.number_digits()) {
            return Err(AuthenticatorError::Number);
        }
        if !prompt.tokens().iter().any(|held| held.id == token) {
            return Err(AuthenticatorError::NoToken);
        }
        let (otp, hash) = (prompt.shown.otp(), prompt.shown.hash());
        let counter = Counter::new(self.memory.token_mut(token)?.counter);
        let sent = self.next(now)?;
        let generate = |secret: &Secret| {
            let key = key_of(secret);
            match otp.kind() {
                PasscodeKind::Totp => Some(Totp::new(otp.digits(), Period::THIRTY).generate(&key, now)),
                PasscodeKind::Hotp => Some(Hotp::new(otp.digits()).generate(&key, counter)),
                _ => passcode::bound(&key, hash.as_bytes()),
            }
        };
        let Unlocked { made: code, attempt, verification } = self.unlock(token, activation, now, generate)?;
        let used = if otp.kind() == PasscodeKind::Hotp { self.use_counter(token) } else { Ok(()) };
        match (code, used) {
            (Some(code), Ok(())) => Ok(Unlocked { made: (code, sent), attempt, verification }),
            (_, used) => {
                self.settle(attempt, Settlement::Unjudged, now).transpose()?;
                used.and(Err(AuthenticatorError::Message(WireError::Code)))
            }
        }
    }

    /// Uses a HOTP counter up, before its passcode leaves.
    fn use_counter(&mut self, token: TokenId) -> Result<(), AuthenticatorError> {
        let held = self.memory.token_mut(token)?;
        held.counter = held.counter.saturating_add(1);
        Ok(self.memory.save()?)
    }

    /// Takes the server's reply to an approval.
    ///
    /// # Errors
    /// [`Unfinished`] with the approval in it, if the reply is not the server's result of it: send the bytes again.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::Outcome;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (message, answering, _) = world.approval(NOW);
    /// let reply = world.send(&message, NOW).expect("an answer");
    /// assert!(matches!(world.device.finish(answering, &reply, NOW)?.outcome, Outcome::Accepted { failures: 0 }));
    /// # Ok::<(), pushotp::Unfinished>(())
    /// ```
    pub fn finish(&mut self, answering: Answering, reply: &[u8], now: UnixTime) -> Result<Finished, Unfinished> {
        let result = match self.result(reply, now) {
            Ok(result) => result,
            Err(error) => return Err(Unfinished { answering: Box::new(answering), error }),
        };
        let Answering { sent, token, attempt, verification, tokens } = answering;
        let outcome = match sent.finish(&result) {
            Ok(outcome) => outcome,
            Err(sent) => {
                let answering = Box::new(Answering { sent, token, attempt, verification, tokens });
                return Err(Unfinished { answering, error: AuthenticatorError::OtherReply });
            }
        };
        let (outcome, settlement) = match outcome {
            device::Outcome::Accepted { failures } => {
                // If that cannot be stored now, the next accepted approval does it.
                let _ = self.forget_old_lock(token);
                (Outcome::Accepted { failures }, Settlement::Accepted)
            }
            device::Outcome::TryAgain { shown, left } => {
                let prompt = Prompt::new(shown, tokens);
                (Outcome::TryAgain { prompt, left, verification }, Settlement::WrongPasscode)
            }
            device::Outcome::RetryLater(sent) => {
                let outcome = Outcome::RetryLater(Box::new(Answering { sent, token, attempt, verification, tokens }));
                return Ok(Finished { outcome, attempts: None });
            }
            // The device cannot tell a wrong number from the last wrong passcode.
            device::Outcome::Final(Status::Refused) => (Outcome::Refused(Status::Refused), Settlement::WrongPasscode),
            device::Outcome::Final(status) => (Outcome::Refused(status), Settlement::Unjudged),
            _ => (Outcome::Refused(Status::Refused), Settlement::WrongPasscode),
        };
        Ok(Finished { outcome, attempts: self.settle(attempt, settlement, now) })
    }

    /// Denies a login: refused at once. The reason is for the operator; [`Reason::Unspecified`] where nobody asked.
    ///
    /// # Errors
    /// [`NotSent`] with the prompt in it.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{LoginState, wire::terms::Reason};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, login) = world.prompt(NOW);
    /// let (message, _) = world.device.deny(prompt, Reason::WrongDetails, NOW, &mut world.rng)?;
    /// world.send(&message, NOW);
    /// assert_eq!(world.state(&login, NOW), LoginState::Denied);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn deny(
        &mut self,
        prompt: Prompt,
        reason: Reason,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<(Vec<u8>, Denied), NotSent<Prompt>> {
        let sent = match self.next(now) {
            Ok(sent) => sent,
            Err(error) => return Err(NotSent { prompt: Box::new(prompt), error }),
        };
        let (shown, tokens) = prompt.into_parts();
        match shown.deny(reason, &self.device, &mut Self::sending(&self.keys, sent, rng)) {
            Ok((message, denied)) => Ok((message, Denied(denied))),
            Err(unsent) => {
                let prompt = Box::new(Prompt::new(unsent.state, tokens));
                Err(NotSent { prompt, error: unsent.error.into() })
            }
        }
    }

    /// Reports a denied login: this was not the user.
    ///
    /// # Errors
    /// [`NotSent`] with the denial in it.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::{LoginState, wire::terms::Reason};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, login) = world.prompt(NOW);
    /// let (message, denied) = world.device.deny(prompt, Reason::NotMe, NOW, &mut world.rng)?;
    /// world.send(&message, NOW);
    /// let (message, _) = world.device.report(denied, Reason::NotMe, NOW, &mut world.rng)?;
    /// world.send(&message, NOW);
    /// assert_eq!(world.state(&login, NOW), LoginState::Reported);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn report(
        &mut self,
        denied: Denied,
        reason: Reason,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<(Vec<u8>, device::Reported), NotSent<Denied>> {
        let sent = match self.next(now) {
            Ok(sent) => sent,
            Err(error) => return Err(NotSent { prompt: Box::new(denied), error }),
        };
        denied
            .0
            .report(reason, &self.device, &mut Self::sending(&self.keys, sent, rng))
            .map_err(|unsent| NotSent { prompt: Box::new(Denied(unsent.state)), error: unsent.error.into() })
    }

    /// The status in the server's reply to a denial.
    ///
    /// # Errors
    /// [`AuthenticatorError::OtherReply`], [`AuthenticatorError::Message`].
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::wire::terms::{Reason, Status};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, _) = world.prompt(NOW);
    /// let (message, denied) = world.device.deny(prompt, Reason::NotMe, later(121), &mut world.rng)?;
    /// let reply = world.send(&message, later(121)).expect("an answer");
    /// assert_eq!(world.device.denied(&denied, &reply, later(121))?, Status::Expired); // too late
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn denied(&self, denied: &Denied, reply: &[u8], now: UnixTime) -> Result<Status, AuthenticatorError> {
        denied.0.finish(&self.result(reply, now)?).ok_or(AuthenticatorError::OtherReply)
    }

    /// The status in the server's reply to a report.
    ///
    /// # Errors
    /// [`AuthenticatorError::OtherReply`], [`AuthenticatorError::Message`].
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::wire::terms::{Reason, Status};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, _) = world.prompt(NOW);
    /// let (message, denied) = world.device.deny(prompt, Reason::NotMe, NOW, &mut world.rng)?;
    /// world.send(&message, NOW);
    /// let (message, reported) = world.device.report(denied, Reason::NotMe, NOW, &mut world.rng)?;
    /// let reply = world.send(&message, NOW).expect("an answer");
    /// assert_eq!(world.device.reported(&reported, &reply, NOW)?, Status::Accepted);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reported(
        &self,
        reported: &device::Reported,
        reply: &[u8],
        now: UnixTime,
    ) -> Result<Status, AuthenticatorError> {
        reported.finish(&self.result(reply, now)?).ok_or(AuthenticatorError::OtherReply)
    }

    pub(super) fn result(&self, reply: &[u8], now: UnixTime) -> Result<ResultMessage, AuthenticatorError> {
        match self.device.open(reply, now)? {
            device::Incoming::Result(result) => Ok(result),
            _ => Err(AuthenticatorError::OtherReply),
        }
    }
}

impl Denied {
    /// Whether the user may report the login.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::wire::terms::Reason;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (prompt, _) = world.prompt(NOW);
    /// let (_, denied) = world.device.deny(prompt, Reason::NotMe, NOW, &mut world.rng)?;
    /// assert!(denied.report_offered()); // ask: was it you?
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn report_offered(&self) -> bool {
        self.0.report_offered()
    }
}

impl fmt::Debug for Answering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answering").field("id", &self.sent.id()).finish_non_exhaustive()
    }
}
