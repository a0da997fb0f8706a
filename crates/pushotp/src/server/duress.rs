//! Duress PINs: the server knows the secret that one yields, and what its passcodes seem to be.

use pushotp_types::{Secret, TokenId, UnixTime};
use pushotp_wire::{
    Error as WireError,
    state::{Effect, PasscodeVerdict, Transition, housekeeping::Under},
};

use super::{
    AccountId, AuditKind, LoginServer, Rng, ServerError, Ticket,
    answer::TRIES,
    audit::Happened,
    record::{Id, Record, Token},
    request::UNDER_DURESS,
    secret::{Leftovers, Spent, fresh_name},
    trace,
    vault::Change,
};

/// What a passcode under a token's duress PIN seems to be to whoever forces the user. In the audit log it is an alarm.
///
/// [`SeemWrong`](Self::SeemWrong) is the default: it grants nothing, and asks nothing of the page.
///
/// ```
/// use pushotp::{DuressResponse, ServerPolicy};
///
/// let mut policy = ServerPolicy::default();
/// assert_eq!(policy.duress, DuressResponse::SeemWrong);
/// policy.duress = DuressResponse::SeemAccepted; // the page has a harmless session to show
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DuressResponse {
    /// Wrong: it is refused and counted as that of any other wrong PIN.
    #[default]
    SeemWrong,
    /// Right: the device is told what it is told of a right one. The page gets no grant, but
    /// [`Redeemed::UnderDuress`] or [`PasscodeVerdict::UnderDuress`](super::PasscodeVerdict::UnderDuress).
    SeemAccepted,
}

impl DuressResponse {
    /// What the protocol is told of a passcode.
    pub(super) const fn verdict(self, whose: Whose) -> PasscodeVerdict {
        match (whose, self) {
            (Whose::Token(..), _) | (Whose::Duress(Some(_)), Self::SeemAccepted) => PasscodeVerdict::Right,
            _ => PasscodeVerdict::Wrong,
        }
    }
}

/// An approved login that was collected.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::Redeemed;
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let (message, _, login) = world.approval(NOW);
/// world.send(&message, NOW);
/// let redeemed = block_on(world.server.redeem_even_under_duress(&login.ticket, NOW, &mut world.rng))?;
/// let session = match redeemed {
///     Some(Redeemed::Login(account)) => format!("of {account}"),
///     Some(Redeemed::UnderDuress(_)) => "a harmless one".to_owned(),
///     _ => "none".to_owned(),
/// };
/// assert_eq!(session, "of alice");
/// # Ok::<(), pushotp::ServerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Redeemed {
    /// Start the account's session.
    Login(AccountId),
    /// The user is being forced: show a session that does no harm, or none, and do not let it show.
    UnderDuress(AccountId),
}

/// With whose secret a right passcode was made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose {
    /// The token's, and what the passcode uses up.
    Token(Under, Spent),
    /// That of its duress PIN; nothing if a passcode of this step was accepted before.
    Duress(Option<Spent>),
}

impl LoginServer {
    /// Sets a token's duress PIN, by the secret that it yields on the token's device; an earlier one is void.
    ///
    /// The device yields it by [`Authenticator::duress_secret`](crate::Authenticator::duress_secret), and **the caller**
    /// carries it here: in person at an enrolment, or on a page with a login of its own, inside its own encryption. No
    /// message of the protocol does. Take it as seriously as an enrolment: who may call this plants a secret whose
    /// passcodes raise an alarm or, under [`DuressResponse::SeemAccepted`], open whatever the page shows then.
    ///
    /// When the token gets a new secret, by a rotation or another enrolment, its duress PIN is void
    /// ([`AuditKind::DuressVoid`]) and has to be set anew: the same PIN yields another secret then.
    ///
    /// # Errors
    /// [`ServerError::NoPin`] for a token without a PIN or a device, [`ServerError::DuressSecret`] if the secret is the
    /// token's own, so the duress PIN is the PIN, or is of another length; [`ServerError::NoToken`],
    /// [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{AuditKind, Outcome, pin::{DuressPin, Pin, PinPolicy}};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let pin = DuressPin::choose("905317", &Pin::entered("271846")?, &PinPolicy::DEFAULT)?;
    /// let secret = world.device.duress_secret(world.bank, &pin, NOW)?;
    /// let bank = (&world.user, world.bank);
    /// block_on(world.server.set_duress(bank, &secret, NOW, &mut world.rng))?;
    ///
    /// // Forced to log in, the user types it: it seems to be wrong.
    /// let outcome = world.approve_with(world.bank, Some("905317"), NOW);
    /// assert!(matches!(outcome, Outcome::TryAgain { left: 2, .. }));
    /// assert!(world.logged(AuditKind::Duress)); // an operator is alarmed
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn set_duress(
        &self,
        (account, token): (&AccountId, TokenId),
        secret: &Secret,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<(), ServerError> {
        let span = trace::span!("set_duress").account(self, account).token(token);
        let event = async {
            let id = Id::new(*token.as_bytes());
            for _ in 0..TRIES {
                let record = self.vault.load(account).await?;
                let held = record.token(&id).ok_or(ServerError::NoToken)?;
                if held.epoch == 0 || !held.needs_pin() {
                    return Err(ServerError::NoPin);
                }
                let Some(keys) = self.token_keys(account, held).await? else { continue };
                if keys.include(secret) || secret.expose().len() != keys.current().expose().len() {
                    return Err(ServerError::DuressSecret);
                }
                let name = fresh_name(&mut *rng);
                self.keep_secret(account, (&token, name), secret, &mut *rng).await?;
                let happened = Self::happened(now, &mut *rng);
                let decide = |record: &mut Record| {
                    let token = record.token_mut(&id).ok_or(ServerError::NoToken)?;
                    if !keys.are_of(token) {
                        return Ok(Change::Keep(None));
                    }
                    let before = core::mem::replace(&mut token.secrets.duress, vec![name]);
                    happened.log(record, AuditKind::DuressSet, Some(id));
                    Ok(Change::Write(Some(before)))
                };
                let before = self.vault.update(account, happened.attempt, decide).await;
                // If the write may have happened, what was stored stays.
                let void = match &before {
                    Ok(Some(before)) => before.clone(),
                    Ok(None) | Err(ServerError::NoToken) => vec![name],
                    Err(_) => Vec::new(),
                };
                self.forget(account, &leftovers(id, void)).await;
                if before?.is_some() {
                    return Ok(());
                }
            }
            Err(ServerError::Busy)
        };
        span.trace(event).await
    }

    /// Clears a token's duress PIN, if it has one: its passcodes are those of any other wrong PIN from now on.
    ///
    /// # Errors
    /// [`ServerError::NoToken`], [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{AuditKind, types::Secret};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (server, rng, bank) = (&world.server, &mut world.rng, (&world.user, world.bank));
    /// let secret = Secret::new(&[0x5e; 32])?; // a device yields it
    /// block_on(server.set_duress(bank, &secret, NOW, rng))?;
    /// block_on(server.clear_duress(bank, NOW, rng))?;
    /// assert!(world.logged(AuditKind::DuressCleared));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn clear_duress(
        &self,
        (account, token): (&AccountId, TokenId),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<(), ServerError> {
        let span = trace::span!("clear_duress").account(self, account).token(token);
        let event = async {
            let id = Id::new(*token.as_bytes());
            let happened = Self::happened(now, rng);
            let decide = |record: &mut Record| {
                let token = record.token_mut(&id).ok_or(ServerError::NoToken)?;
                let void = core::mem::take(&mut token.secrets.duress);
                if void.is_empty() {
                    return Ok(Change::Keep(void));
                }
                happened.log(record, AuditKind::DuressCleared, Some(id));
                Ok(Change::Write(void))
            };
            let void = self.vault.update(account, happened.attempt, decide).await?;
            self.forget(account, &leftovers(id, void)).await;
            Ok(())
        };
        span.trace(event).await
    }

    /// As [`redeem`](Self::redeem), and also collects a login that was approved under a duress PIN: for pages that have a
    /// session to show then. There are such logins only under [`DuressResponse::SeemAccepted`].
    ///
    /// # Errors
    /// As [`redeem`](Self::redeem).
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{DuressResponse, Outcome, Redeemed, ServerPolicy, pin::{DuressPin, Pin, PinPolicy}};
    ///
    /// let mut policy = ServerPolicy::default();
    /// policy.duress = DuressResponse::SeemAccepted;
    /// let mut world = World::with(policy); // a server with one user, and the user's device
    /// let pin = DuressPin::choose("905317", &Pin::entered("271846")?, &PinPolicy::DEFAULT)?;
    /// let secret = world.device.duress_secret(world.bank, &pin, NOW)?;
    /// block_on(world.server.set_duress((&world.user, world.bank), &secret, NOW, &mut world.rng))?;
    ///
    /// let (prompt, login) = world.prompt(NOW);
    /// let number = world.number(&login);
    /// assert!(matches!(world.approve(prompt, (&number, "905317"), NOW), Outcome::Accepted { .. })); // on the device
    /// let (server, rng) = (&world.server, &mut world.rng);
    /// assert_eq!(block_on(server.redeem(&login.ticket, NOW, rng))?, None);
    /// let redeemed = block_on(server.redeem_even_under_duress(&login.ticket, NOW, rng))?;
    /// assert_eq!(redeemed, Some(Redeemed::UnderDuress(world.user)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn redeem_even_under_duress(
        &self,
        ticket: &Ticket,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Option<Redeemed>, ServerError> {
        let collected = trace::span!("redeem").trace(self.collect(ticket, true, now, rng)).await?;
        Ok(collected.map(
            |(account, under_duress)| {
                if under_duress { Redeemed::UnderDuress(account) } else { Redeemed::Login(account) }
            },
        ))
    }
}

fn leftovers(token: Id, names: Vec<super::record::Name>) -> Leftovers {
    Leftovers { secrets: names.into_iter().map(|name| (token, name)).collect(), ..Leftovers::default() }
}

impl Token {
    /// The failures since the last success, as a device is told of them: also one under duress was told to be a success.
    pub(super) fn shown_failures(&self) -> u8 {
        self.failures.saturating_sub(self.secrets.hidden)
    }
}

/// An approval under duress that seems accepted does not end the count of failures.
pub(super) fn keep_failures(transition: &mut Transition) {
    transition.effects.retain(|effect| !matches!(effect, Effect::ResetFailures(_)));
}

/// Notes an approval whose passcode was made under duress. `spent` is what it uses up if it seems accepted; if it was
/// judged at all and seems wrong, `error` says so. Where no passcode would have been judged nothing is written either.
pub(super) fn note(
    record: &mut Record,
    (login, token): (Id, TokenId),
    (spent, error): (Option<Spent>, Option<WireError>),
    happened: &Happened,
) -> Result<(), ServerError> {
    let token = Id::new(*token.as_bytes());
    match (spent, error) {
        (Some(spent), _) => {
            record.login_mut(&login).ok_or(ServerError::Record)?.state.0 = UNDER_DURESS;
            seem_accepted(record, &token, spent)?;
        }
        (None, Some(WireError::Code)) => {}
        _ => return Ok(()),
    }
    happened.log(record, AuditKind::Duress, Some(token));
    Ok(())
}

/// What a right passcode does, as far as it is seen from outside: the next push need not wait, the passcode is used up, and
/// its failures are not told again. They count all the same, so that no guesses are won.
pub(super) fn seem_accepted(record: &mut Record, token: &Id, spent: Spent) -> Result<(), ServerError> {
    record.pushes = (0, 0);
    let token = record.token_mut(token).ok_or(ServerError::Record)?;
    token.secrets.hidden = token.failures;
    token.spend(spent)
}
