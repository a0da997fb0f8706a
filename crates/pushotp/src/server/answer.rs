//! A device's message: opened, judged, written, answered.

use core::time::Duration;

use pushotp_types::{DeviceId, Epoch, UnixTime};
use pushotp_wire::{
    Error as WireError, envelope,
    frame::{Frame, FrameId, Recipient, Signed},
    keys::{Binding, ChannelKeys},
    message::{Approve, Cancel, Fetch, FromDevice, Pending, ResultMessage, Sent},
    state::{self, Effect, Event, Reply},
    terms::{ChallengeId, Kid, Status},
};

use super::{
    AccountId, AuditKind, LoginServer, Push, Received, Rng, ServerError,
    audit::Happened,
    device::{KidOwner, StoredDevice, device_name},
    duress::{self, Whose},
    judge::{Judged, Judging, Told},
    record::{Id, Login, Record},
    request::{PENDING, stored_request},
    trace,
    vault::Change,
};

/// How often an answer is judged anew because the secrets of its token changed meanwhile.
pub(super) const TRIES: u32 = 8;
/// How far a device's clock may be off before an operator should know.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(300);

/// The device behind an authenticated message.
pub(super) struct Sender {
    pub(super) account: AccountId,
    pub(super) device: Id,
    binding: Binding,
    keys: ChannelKeys,
}

impl Sender {
    pub(super) const fn binding(&self) -> &Binding {
        &self.binding
    }

    pub(super) const fn keys(&self) -> &ChannelKeys {
        &self.keys
    }
}

impl LoginServer {
    /// Takes any message of a device: an enrolment request, an approval, a denial, a report, a fetch, an update, a
    /// rotation.
    ///
    /// Nothing is written before the message's seal and signature have verified, and no verdict is told before it is
    /// stored. The same bytes again get the same verdict.
    ///
    /// # Errors
    /// [`ServerError`] if the server itself could not do its work: answer as if nothing had arrived, the device retries.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (message, _, login) = world.approval(NOW);
    /// let received = block_on(world.server.receive(&message, NOW, &mut world.rng))?;
    /// assert!(received.into_reply().is_ok()); // goes back to the device
    /// assert!(world.redeem(&login, NOW)); // and the page logs in
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn receive(&self, message: &[u8], now: UnixTime, rng: Rng<'_>) -> Result<Received, ServerError> {
        trace::span!("receive").trace(self.open_and_answer(message, now, rng)).await
    }

    async fn open_and_answer(&self, message: &[u8], now: UnixTime, rng: Rng<'_>) -> Result<Received, ServerError> {
        let frame = match Frame::parse(message) {
            Ok(frame) => frame,
            Err(error) => return Ok(Received::reject(error)),
        };
        let kid = match frame.id() {
            FrameId::Enrolment(enrolment) => return self.receive_enrolment(&frame, enrolment, now, rng).await,
            FrameId::Device(kid) => kid,
        };
        let Some((sender, stored)) = self.sender(kid).await? else {
            return Ok(Received::reject(frame.open_unknown(&self.key, self.tenant)));
        };
        let verifying_key = stored.verifying_key()?;
        let recipient = Recipient {
            server_key: &self.key,
            binding: &sender.binding,
            keys: &sender.keys,
            verifying_key: &verifying_key,
        };
        match frame.open(&recipient) {
            Ok(signed) => self.answer(&sender, &signed, now, rng).await,
            Err(error) => {
                // What opens under the channel's keys was sealed by somebody who has them.
                if !matches!(error, WireError::UnknownKid | WireError::BadSeal) {
                    self.note(&sender.account, AuditKind::BadSignature, now, rng).await?;
                }
                Ok(Received::reject(error))
            }
        }
    }

    /// The device that a kid names, if its epoch counts.
    async fn sender(&self, kid: Kid) -> Result<Option<(Sender, StoredDevice)>, ServerError> {
        let Some(owner) = self.vault.get_sealed::<KidOwner>(("kid", &kid.to_string())).await? else {
            return Ok(None);
        };
        let account = AccountId::new(owner.account.clone())?;
        trace::account(self, &account);
        let record = match self.vault.load(&account).await {
            Ok(record) => record,
            // The account was removed, and this entry is still to be swept.
            Err(ServerError::NoAccount) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(device) = record.devices.iter().find(|device| *device.kid == *kid.as_bytes()) else {
            return Ok(None);
        };
        let Some(stored) = self.vault.get_sealed::<StoredDevice>(("device", &device_name(&account, kid))).await? else {
            return Ok(None);
        };
        let binding = Binding {
            tenant: self.tenant,
            device: DeviceId::from_bytes(*device.id),
            epoch: Epoch::new(device.epoch).map_err(|_| ServerError::Record)?,
        };
        let keys = stored.keys()?;
        Ok(Some((Sender { account, device: device.id, binding, keys }, stored)))
    }

    /// An authenticated message: decoded, judged, answered.
    async fn answer(
        &self,
        sender: &Sender,
        signed: &Signed,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Received, ServerError> {
        let message = match signed.decode() {
            Ok(message) => message,
            Err(error) => {
                return self.tell(sender, (signed, ChallengeId::NONE), Told::refused(error), (now, rng)).await;
            }
        };
        match self.judge(sender, (signed, &message), now, &mut *rng).await {
            // Nothing was decided or written: the device may send the same bytes again.
            Err(ServerError::Busy) => {
                let told = Told::of(Reply::new(Status::RetryLater));
                self.tell(sender, (signed, ChallengeId::NONE), told, (now, rng)).await
            }
            judged => judged,
        }
    }

    async fn judge(
        &self,
        sender: &Sender,
        (signed, message): (&Signed, &FromDevice),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Received, ServerError> {
        let device = sender.binding.device;
        let denial = |ch, reason| state::Denial { device, rh: signed.hash(), ch, reason };
        let (challenge, told) = match message {
            FromDevice::Fetch(fetch) => return self.fetch(sender, fetch, now, rng).await,
            FromDevice::Update(update) => return self.receive_update(sender, (signed, update), now, rng).await,
            FromDevice::Rotate(rotate) => return self.receive_rotate(sender, (signed, rotate), now, rng).await,
            FromDevice::Approve(approve) => {
                trace::token(approve.token());
                (approve.challenge(), self.approve(sender, (signed, approve), now, &mut *rng).await?)
            }
            FromDevice::Deny(deny) => {
                let event = Event::Deny(denial(deny.hash(), deny.reason()));
                (deny.challenge(), self.deny(sender, (deny.challenge(), deny.sent()), event, (now, &mut *rng)).await?)
            }
            FromDevice::Report(report) => {
                let event = Event::Report(denial(report.hash(), report.reason()));
                let about = (report.challenge(), report.sent());
                (report.challenge(), self.deny(sender, about, event, (now, &mut *rng)).await?)
            }
            _ => (ChallengeId::NONE, Told::refused(WireError::Direction)),
        };
        trace::challenge(challenge);
        self.tell(sender, (signed, challenge), told, (now, rng)).await
    }

    async fn approve(
        &self,
        sender: &Sender,
        (signed, approve): (&Signed, &Approve),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Told, ServerError> {
        for _ in 0..TRIES {
            let keys = self.held_keys(sender, &approve.token()).await?;
            let judging = Judging { server: self, sender, approve, hash: signed.hash(), keys };
            let judge = |record: &Record, login: &Login| judging.event(record, login, now);
            let about = (approve.challenge(), approve.sent());
            if let Some(told) = self.decide(sender, about, (now, &mut *rng), judge).await? {
                return Ok(told);
            }
        }
        Err(ServerError::Busy)
    }

    async fn deny(
        &self,
        sender: &Sender,
        about: (ChallengeId, Sent),
        event: Event,
        (now, rng): (UnixTime, Rng<'_>),
    ) -> Result<Told, ServerError> {
        let told = self.decide(sender, about, (now, rng), |_, _| Ok(Some(Judged::new(event)))).await?;
        told.ok_or(ServerError::Busy)
    }

    /// One event against the login that it names: the state machine's decision, written before it is told.
    ///
    /// `None` if `judge` needs another look at the store.
    async fn decide(
        &self,
        sender: &Sender,
        (challenge, sent): (ChallengeId, Sent),
        (now, rng): (UnixTime, Rng<'_>),
        judge: impl Fn(&Record, &Login) -> Result<Option<Judged>, ServerError>,
    ) -> Result<Option<Told>, ServerError> {
        let happened = Self::happened(now, rng);
        let id = Id::new(*challenge.as_bytes());
        let decide = |record: &mut Record| {
            let Some(login) = record.logins.iter().find(|login| login.id == id) else {
                return Ok(Change::Keep(Some(Told::refused(WireError::UnknownChallenge))));
            };
            if !login.devices.contains(&sender.device) {
                return Ok(Change::Keep(Some(Told::refused(WireError::TokenMismatch))));
            }
            let Some(Judged { event, right }) = judge(record, login)? else { return Ok(Change::Keep(None)) };
            let mut transition = state::apply(&stored_request(login)?, &event, now);
            let accepted = transition.effects.iter().any(|effect| matches!(effect, Effect::ResetFailures(_)));
            if matches!(right, Some((_, Whose::Duress(_)))) {
                duress::keep_failures(&mut transition);
            }
            let mut told = Told::read(&transition);
            if !self.carry_out(record, (id, sender.device), &transition, &happened) {
                return Ok(Change::Keep(Some(told)));
            }
            match right {
                Some((token, Whose::Token(under, spending))) if accepted => {
                    told.leftovers = self.after_approval(record, sender, (token, under), &happened)?;
                    record.token_mut(&Id::new(*token.as_bytes())).ok_or(ServerError::Record)?.spend(spending)?;
                }
                Some((token, Whose::Duress(spending))) => {
                    let spending = spending.filter(|_| accepted);
                    duress::note(record, (id, token), (spending, transition.error), &happened)?;
                }
                _ => {}
            }
            flag(record, sender.device, sent, &happened);
            Ok(Change::Write(Some(told)))
        };
        let told = self.vault.update(&sender.account, happened.attempt, decide).await?;
        if let Some(told) = &told {
            self.forget(&sender.account, &told.leftovers).await;
        }
        Ok(told)
    }

    /// Everything that is open for this device, as the same bytes that were pushed.
    fn pending_items(record: &Record, device: Id, now: UnixTime) -> Vec<Vec<u8>> {
        let open = record.logins.iter().filter(|login| login.state.0 == PENDING && login.expires >= now.as_secs());
        open.flat_map(|login| &login.sealed)
            .filter(|sealed| sealed.device == device)
            .map(|sealed| sealed.bytes.clone().into_vec())
            .collect()
    }

    async fn fetch(
        &self,
        sender: &Sender,
        fetch: &Fetch,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Received, ServerError> {
        if is_off(fetch.at(), now) {
            self.note(&sender.account, AuditKind::ClockOff, now, &mut *rng).await?;
        }
        let record = self.vault.load(&sender.account).await?;
        let items = Self::pending_items(&record, sender.device, now);
        let idle = items.is_empty();
        let payload = Pending::new(fetch.nonce(), now, items)?.encode()?;
        let reply = envelope::seal(&payload, &sender.keys, &self.tenant, rng)?;
        Ok(Received::fetched(&sender.account, reply, idle))
    }

    /// The sealed result of one message, and the cancels for the other devices.
    pub(super) async fn tell(
        &self,
        sender: &Sender,
        (signed, challenge): (&Signed, ChallengeId),
        told: Told,
        (now, rng): (UnixTime, Rng<'_>),
    ) -> Result<Received, ServerError> {
        let result = ResultMessage::new(challenge, signed.hash(), told.reply, now)?;
        let reply = envelope::seal(&result.encode()?, &sender.keys, &self.tenant, &mut *rng)?;
        let pushes = match told.withdrawn {
            Some(reason) => {
                let cancel = Cancel::new(challenge, reason, now);
                self.cancels(&sender.account, &cancel, Some(sender.device), rng).await?
            }
            None => Vec::new(),
        };
        Ok(Received::reply(&sender.account, reply).with(told.error, pushes))
    }

    /// A cancel message for every device that was asked about a challenge, `except` for one.
    pub(super) async fn cancels(
        &self,
        account: &AccountId,
        cancel: &Cancel,
        except: Option<Id>,
        rng: Rng<'_>,
    ) -> Result<Vec<Push>, ServerError> {
        let record = self.vault.recall(account).await?;
        let Some(login) = record.logins.iter().find(|login| *login.id == *cancel.challenge().as_bytes()) else {
            return Ok(Vec::new());
        };
        let payload = cancel.encode()?;
        let mut pushes = Vec::new();
        for device in record.devices.iter().filter(|d| login.devices.contains(&d.id) && Some(d.id) != except) {
            pushes.push(self.seal_for(account, device, &payload, &mut *rng).await?);
        }
        Ok(pushes)
    }
}

/// Notes what a device says of itself and should not. It decides nothing.
pub(super) fn flag(record: &mut Record, device: Id, sent: Sent, happened: &Happened) {
    if is_off(sent.at, happened.at) {
        happened.log(record, AuditKind::ClockOff, None);
    }
    let Some(device) = record.devices.iter_mut().find(|known| known.id == device) else { return };
    if sent.sequence > device.sequence {
        device.sequence = sent.sequence;
    } else {
        happened.log(record, AuditKind::SequenceRepeated, None);
    }
}

fn is_off(device: UnixTime, now: UnixTime) -> bool {
    device.since(now).max(now.since(device)) > CLOCK_TOLERANCE
}
