//! The person's verdict about an enrolment: a device counts, takes the place of an earlier one, or is forgotten.

use pushotp_types::{EnrolmentId, UnixTime};
use pushotp_wire::{
    message::Cancel,
    state,
    terms::{CancelReason, ChallengeId, Kid},
};

use crate::server::{
    AccountId, AuditKind, LoginServer, Push, Rng, ServerError,
    device::{StoredDevice, device_name},
    record::{Device, Enrolment, Id, Login, Name, Opened, Record, Secrets, Token},
    request::{store_request, stored_request},
    secret::Leftovers,
    trace,
    vault::Change,
};

/// What a person's verdict did.
enum Confirmed {
    No(Enrolment),
    New,
    Replaces(Box<Replacement>),
}

/// A device that took the place of an earlier one.
struct Replacement {
    before: Record,
    replaced: Device,
    /// Logins that nobody can answer any more.
    void: Vec<Id>,
    kid: Kid,
}

impl LoginServer {
    /// The person compared the codes: if they `agree`, the device counts from now on; if not, nothing of it is kept.
    ///
    /// A device that takes the place of an earlier one voids the logins that wait for it: the pushes tell the devices.
    ///
    /// # Errors
    /// [`ServerError::NoEnrolment`] unless the device has answered an offer that is still open and whose tokens no other
    /// device got meanwhile, [`ServerError::Full`] if others have filled the account, which changes nothing: remove one, and
    /// confirm again; or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Authenticator, DeviceSetup, NewToken, SoftwareKeys, wire::terms::PushAddress};
    ///
    /// let mut world = World::new(); // a server with one user
    /// block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng))?;
    /// let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng))?;
    /// let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
    /// let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
    /// let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng)?;
    /// enrolling.finish(&world.send(&request, NOW).expect("an answer"))?;
    ///
    /// let enrolment = (&world.user, offer.enrolment);
    /// block_on(world.server.confirm_enrolment(enrolment, true, NOW, &mut world.rng))?; // the person says that the codes agree
    /// assert!(block_on(world.server.tokens(&world.user))?.iter().all(|token| token.enrolled));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn confirm_enrolment(
        &self,
        (account, enrolment): (&AccountId, EnrolmentId),
        agree: bool,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Vec<Push>, ServerError> {
        let span = trace::span!("confirm_enrolment").account(self, account);
        span.trace(self.decide_enrolment((account, enrolment), agree, now, rng)).await
    }

    async fn decide_enrolment(
        &self,
        (account, enrolment): (&AccountId, EnrolmentId),
        agree: bool,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Vec<Push>, ServerError> {
        let happened = Self::happened(now, &mut *rng);
        let id = Id::new(*enrolment.as_bytes());
        let decide = |record: &mut Record| {
            let before = record.clone();
            let at = record.enrolments.iter().position(|e| e.id == id).ok_or(ServerError::NoEnrolment)?;
            let enrolment = record.enrolments.remove(at);
            let opened = enrolment.opened.first().ok_or(ServerError::NoEnrolment)?;
            if enrolment.expires < now.as_secs() {
                return Err(ServerError::NoEnrolment);
            }
            if !agree {
                happened.log(record, AuditKind::EnrolmentRefused, None);
                return Ok(Change::Write(Confirmed::No(enrolment)));
            }
            if is_taken(record, &enrolment) {
                return Err(ServerError::NoEnrolment);
            }
            // Two offers may have been open when there was room for one.
            if before.device(&enrolment.device).is_none() && self.policy.is_full(before.devices.len()) {
                return Err(ServerError::Full("devices"));
            }
            activate(record, &enrolment, opened);
            let Some(replaced) = before.device(&enrolment.device).cloned() else {
                happened.log(record, AuditKind::DeviceEnrolled, None);
                return Ok(Change::Write(Confirmed::New));
            };
            happened.log(record, AuditKind::DeviceReplaced, None);
            for token in before.tokens.iter().filter(|token| enrolment.tokens.contains(&token.id)) {
                if !token.secrets.duress.is_empty() {
                    happened.log(record, AuditKind::DuressVoid, Some(token.id));
                }
            }
            let void = void_logins(record, |login| login.devices.contains(&enrolment.device), now)?;
            let kid = Kid::from_bytes(*opened.kid);
            Ok(Change::Write(Confirmed::Replaces(Box::new(Replacement { before, replaced, void, kid }))))
        };
        let confirmed = self.vault.update(account, happened.attempt, decide).await?;
        // Decided and written: what cannot be removed now refers to nothing, and does not undo the decision.
        let _ = self.vault.remove(("offer", &enrolment.to_string())).await;
        match confirmed {
            Confirmed::New => Ok(Vec::new()),
            Confirmed::No(enrolment) => {
                let _ = self.forget_enrolment(account, &enrolment).await;
                Ok(Vec::new())
            }
            Confirmed::Replaces(replacement) => {
                let Replacement { before, replaced, void, kid } = &*replacement;
                let reason = CancelReason::DeviceReplaced;
                let pushes = self.cancel_for(account, (before, void), reason, (now, rng)).await;
                let _ = self.forget_epoch(account, (before, replaced), Some(*kid)).await;
                Ok(pushes)
            }
        }
    }

    /// Removes what [`keep_device`](Self::keep_device) stored, and gives the signing key back.
    pub(in crate::server) async fn forget_enrolment(
        &self,
        account: &AccountId,
        enrolment: &Enrolment,
    ) -> Result<(), ServerError> {
        let Some(opened) = enrolment.opened.first() else { return Ok(()) };
        let name = Name::new(*opened.kid);
        let secrets = enrolment.tokens.iter().map(|token| (*token, name)).collect();
        self.forget(account, &Leftovers { secrets, addresses: vec![name], tickets: Vec::new() }).await;
        let in_force = match self.vault.load(account).await {
            Ok(record) => record.device(&enrolment.device).map(|device| Kid::from_bytes(*device.kid)),
            Err(ServerError::NoAccount) => None,
            Err(error) => return Err(error),
        };
        self.forget_keys(account, enrolment.device, (Kid::from_bytes(*opened.kid), in_force)).await
    }

    /// Removes what an epoch of a device had: keys, address, secrets, tickets.
    pub(in crate::server) async fn forget_epoch(
        &self,
        account: &AccountId,
        (before, gone): (&Record, &Device),
        in_force: Option<Kid>,
    ) -> Result<(), ServerError> {
        let held = before.tokens.iter().filter(|token| token.device == gone.id);
        let secrets = held.flat_map(|token| token.names().map(|name| (token.id, name))).collect();
        let tickets = gone.told.iter().flat_map(|told| told.ticket.iter().copied()).collect();
        self.forget(account, &Leftovers { secrets, tickets, addresses: vec![gone.address] }).await;
        self.forget_keys(account, gone.id, (Kid::from_bytes(*gone.kid), in_force)).await
    }

    /// Removes the keys of one epoch; the signing key is given back unless the epoch that is in force has the same one.
    async fn forget_keys(
        &self,
        account: &AccountId,
        device: Id,
        (kid, in_force): (Kid, Option<Kid>),
    ) -> Result<(), ServerError> {
        let name = device_name(account, kid);
        if let Some(stored) = self.vault.get_sealed::<StoredDevice>(("device", &name)).await? {
            let key = stored.verifying_key()?;
            let same = match in_force {
                None => false,
                Some(kid) => {
                    let other: Option<StoredDevice> =
                        self.vault.get_sealed(("device", &device_name(account, kid))).await?;
                    other.map(|other| other.verifying_key()).transpose()?.is_some_and(|other| other == key)
                }
            };
            if !same {
                self.release_signing_key(&key, device).await?;
            }
        }
        self.vault.remove(("device", &name)).await?;
        self.vault.remove(("kid", &kid.to_string())).await
    }

    /// Cancel messages for logins that were voided, as far as their devices can be reached.
    pub(in crate::server) async fn cancel_for(
        &self,
        account: &AccountId,
        (before, void): (&Record, &[Id]),
        reason: CancelReason,
        (now, rng): (UnixTime, Rng<'_>),
    ) -> Vec<Push> {
        let mut pushes = Vec::new();
        for login in before.logins.iter().filter(|login| void.contains(&login.id)) {
            let cancel = Cancel::new(ChallengeId::from_bytes(*login.id), reason, now);
            let Ok(payload) = cancel.encode() else { continue };
            for device in before.devices.iter().filter(|device| login.devices.contains(&device.id)) {
                pushes.extend(self.seal_for(account, device, &payload, &mut *rng).await);
            }
        }
        pushes
    }
}

/// Whether another enrolment of the same tokens was confirmed first: it stays, for nobody asked to replace it.
fn is_taken(record: &Record, enrolment: &Enrolment) -> bool {
    let taken = |token: &Token| match token.epoch {
        0 => false,
        epoch => token.device != enrolment.device || epoch >= enrolment.epoch,
    };
    record.tokens.iter().any(|token| enrolment.tokens.contains(&token.id) && taken(token))
}

/// Starts the epoch: the device counts, and its tokens have secrets.
fn activate(record: &mut Record, enrolment: &Enrolment, opened: &Opened) {
    record.devices.retain(|device| device.id != enrolment.device);
    record.devices.push(Device {
        id: enrolment.device,
        epoch: enrolment.epoch,
        name: opened.name.clone(),
        kid: opened.kid,
        address: Name::new(*opened.kid),
        sequence: 0,
        judged: Vec::new(),
        told: Vec::new(),
    });
    for token in record.tokens.iter_mut().filter(|token| enrolment.tokens.contains(&token.id)) {
        token.device = enrolment.device;
        token.epoch = enrolment.epoch;
        token.secrets = Secrets::first(Name::new(*opened.kid));
        token.muted = 0;
        token.next_step = 0;
        token.next_counter = 0;
        token.drift = (0, 0);
        token.failures = 0;
        token.disabled = 0;
    }
}

/// Ends logins that are open, or approved and not collected; their ids.
pub(in crate::server) fn void_logins(
    record: &mut Record,
    which: impl Fn(&Login) -> bool,
    now: UnixTime,
) -> Result<Vec<Id>, ServerError> {
    let mut void = Vec::new();
    for login in record.logins.iter_mut().filter(|login| which(login)) {
        // Which reason it is, only the devices are told.
        let event = state::Event::Cancel(CancelReason::DeviceReplaced);
        let transition = state::apply(&stored_request(login)?, &event, now);
        if let Some(next) = transition.next {
            store_request(login, &next);
            void.push(login.id);
        }
    }
    Ok(void)
}
