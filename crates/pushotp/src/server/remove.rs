//! Removing tokens, devices and accounts: the record first, then what it referred to, so that a crash leaves orphans for
//! [`sweep`](LoginServer::sweep) and never a reference to nothing.

use pushotp_types::{DeviceId, EnrolmentId, TokenId, UnixTime};
use pushotp_wire::terms::CancelReason;

use super::{
    AccountId, AuditEvent, AuditKind, LoginServer, Push, Rng, ServerError,
    enrol::void_logins,
    record::{Device, Enrolment, Id, Name, Record},
    secret::Leftovers,
    trace,
    vault::Change,
};

/// What an account leaves that was removed.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::AuditKind;
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// world.start(NOW);
/// let removed = block_on(world.server.remove_account(&world.user, NOW, &mut world.rng))?;
/// assert_eq!(removed.pushes.len(), 1); // takes the login from the phone's screen
/// assert_eq!(removed.events.last().map(|event| event.kind()), Some(AuditKind::AccountRemoved));
/// # Ok::<(), pushotp::ServerError>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct RemovedAccount {
    /// To be handed to the push carrier: what withdraws its open logins.
    pub pushes: Vec<Push>,
    /// Its last events, which were removed with it: for a log that outlives the account.
    pub events: Vec<AuditEvent>,
}

/// A device or a token that a write removed, and what goes with it.
struct Removal {
    before: Record,
    device: Option<Device>,
    /// Logins that are withdrawn.
    void: Vec<Id>,
    /// Enrolments that are void.
    enrolments: Vec<Enrolment>,
    leftovers: Leftovers,
}

impl LoginServer {
    /// Removes a device: its keys, its address, the secrets of its tokens, its enrolments on the way. The tokens stay, and
    /// may be enrolled on another one.
    ///
    /// Every login that it was asked about is withdrawn, also one that was approved and not collected: whoever has the
    /// device may have been who approved it. The pushes tell the devices. What the device sends from now on gets the
    /// constant reject.
    ///
    /// # Errors
    /// [`ServerError::NoDevice`], [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (message, _, login) = world.approval(NOW);
    /// let lost = (&world.user, world.device.id());
    /// let pushes = block_on(world.server.remove_device(lost, NOW, &mut world.rng))?;
    /// assert_eq!(pushes.len(), 1);
    /// assert!(world.send(&message, NOW).is_none() && !world.redeem(&login, NOW));
    /// assert!(!world.token(world.bank).enrolled);
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    pub async fn remove_device(
        &self,
        (account, device): (&AccountId, DeviceId),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Vec<Push>, ServerError> {
        let span = trace::span!("remove_device").account(self, account);
        let event = async {
            let happened = Self::happened(now, &mut *rng);
            let id = Id::new(*device.as_bytes());
            let decide = |record: &mut Record| {
                let before = record.clone();
                let device = record.device(&id).cloned().ok_or(ServerError::NoDevice)?;
                record.devices.retain(|device| device.id != id);
                for token in record.tokens.iter_mut().filter(|token| token.device == id) {
                    token.release();
                }
                let enrolments = record.enrolments.extract_if(.., |enrolment| enrolment.device == id).collect();
                let void = void_logins(record, |login| login.devices.contains(&id), now)?;
                happened.log(record, AuditKind::DeviceRemoved, None);
                let leftovers = Leftovers::default();
                Ok(Change::Write(Removal { before, device: Some(device), void, enrolments, leftovers }))
            };
            let removal = self.vault.update(account, happened.attempt, decide).await?;
            Ok(self.clear(account, &removal, (now, rng)).await)
        };
        span.trace(event).await
    }

    /// Removes a token and its secret; whatever device holds it, and whether it is disabled.
    ///
    /// Every login that names it is withdrawn: the pushes tell the devices.
    ///
    /// # Errors
    /// [`ServerError::NoToken`], [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// block_on(world.server.remove_token((&world.user, world.mail), NOW, &mut world.rng))?;
    /// let left = block_on(world.server.tokens(&world.user))?;
    /// assert!(left.iter().map(|token| token.id).eq([world.bank]));
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    pub async fn remove_token(
        &self,
        (account, token): (&AccountId, TokenId),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Vec<Push>, ServerError> {
        let span = trace::span!("remove_token").account(self, account).token(token);
        let event = async {
            let happened = Self::happened(now, &mut *rng);
            let id = Id::new(*token.as_bytes());
            let decide = |record: &mut Record| {
                let before = record.clone();
                let secrets = record.token(&id).ok_or(ServerError::NoToken)?.names().map(|name| (id, name)).collect();
                record.tokens.retain(|token| token.id != id);
                let mut leftovers = Leftovers { secrets, ..Leftovers::default() };
                let enrolments = drop_from_enrolments(record, &id, &mut leftovers);
                let void = void_logins(record, |login| login.tokens.contains(&id), now)?;
                happened.log(record, AuditKind::TokenRemoved, Some(id));
                Ok(Change::Write(Removal { before, device: None, void, enrolments, leftovers }))
            };
            let removal = self.vault.update(account, happened.attempt, decide).await?;
            Ok(self.clear(account, &removal, (now, rng)).await)
        };
        span.trace(event).await
    }

    /// Removes an account with all its tokens, devices, enrolments and logins.
    ///
    /// With the record everything is decided: what is left of it after a crash refers to nothing, and
    /// [`sweep`](Self::sweep) removes it. An account of the same name may be made at once, and has nothing of this one.
    ///
    /// # Errors
    /// [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::ServerError;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// block_on(world.server.remove_account(&world.user, NOW, &mut world.rng))?;
    /// assert_eq!(world.stored(), 0); // nothing is left
    /// let again = block_on(world.server.remove_account(&world.user, NOW, &mut world.rng));
    /// assert!(matches!(again, Err(ServerError::NoAccount)));
    /// # Ok::<(), ServerError>(())
    /// ```
    pub async fn remove_account(
        &self,
        account: &AccountId,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<RemovedAccount, ServerError> {
        let span = trace::span!("remove_account").account(self, account);
        let event = async {
            let happened = Self::happened(now, &mut *rng);
            let mut before = self.vault.delete(account).await?;
            happened.log(&mut before, AuditKind::AccountRemoved, None);
            let events = before.audit.iter().map(AuditEvent::read).collect();
            // What cannot be sealed or removed any more undoes nothing.
            let void = void_logins(&mut before.clone(), |_| true, now).unwrap_or_default();
            let reason = CancelReason::Administrator;
            let pushes = self.cancel_for(account, (&before, &void), reason, (now, rng)).await;
            let secrets = before.tokens.iter().flat_map(|token| token.names().map(|name| (token.id, name)));
            self.forget(account, &Leftovers { secrets: secrets.collect(), ..Leftovers::default() }).await;
            for enrolment in &before.enrolments {
                self.clear_enrolment(account, enrolment).await;
            }
            for device in &before.devices {
                let _ = self.forget_epoch(account, (&before, device), None).await;
            }
            Ok(RemovedAccount { pushes, events })
        };
        span.trace(event).await
    }

    /// Withdraws and removes what a write made void. It was decided without this, so a failure undoes nothing.
    async fn clear(&self, account: &AccountId, removal: &Removal, (now, rng): (UnixTime, Rng<'_>)) -> Vec<Push> {
        let Removal { before, device, void, enrolments, leftovers } = removal;
        let reason = CancelReason::Administrator;
        let pushes = self.cancel_for(account, (before, void), reason, (now, rng)).await;
        self.forget(account, leftovers).await;
        for enrolment in enrolments {
            self.clear_enrolment(account, enrolment).await;
        }
        if let Some(device) = device {
            let _ = self.forget_epoch(account, (before, device), None).await;
        }
        pushes
    }

    async fn clear_enrolment(&self, account: &AccountId, enrolment: &Enrolment) {
        let id = EnrolmentId::from_bytes(*enrolment.id);
        let _ = self.vault.remove(("offer", &id.to_string())).await;
        let _ = self.forget_enrolment(account, enrolment).await;
    }
}

/// Takes a token out of the enrolments on the way, and those that are for no other one out of the record.
fn drop_from_enrolments(record: &mut Record, token: &Id, leftovers: &mut Leftovers) -> Vec<Enrolment> {
    for enrolment in record.enrolments.iter_mut().filter(|enrolment| enrolment.tokens.contains(token)) {
        enrolment.tokens.retain(|other| other != token);
        let made = enrolment.opened.iter().map(|opened| (*token, Name::new(*opened.kid)));
        leftovers.secrets.extend(made);
    }
    record.enrolments.extract_if(.., |enrolment| enrolment.tokens.is_empty()).collect()
}
