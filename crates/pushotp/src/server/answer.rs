use core::fmt;

use pushotp_cbor::{ByteArray, ByteBuf};
use pushotp_oath::Key;
use pushotp_types::{Code, DeviceId, Epoch, HashAlgorithm, Secret, TokenId, UnixTime};
use pushotp_wire::{
    Class, Error as WireError, envelope,
    frame::{Frame, FrameId, Recipient, Signed},
    keys::{Binding, ChannelKeys},
    message::{Approve, Fetch, FromDevice, Pending, ResultMessage},
    signer::VerifyingKey,
    state::{self, Effect, Event, Request, Transition},
    terms::{ChallengeId, Kid, PushAddress, PushKind, Status},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::{
    AccountId, AuditKind, LoginServer, PushSwitch, Rng, ServerError,
    audit::Happened,
    enrol::{device_name, secret_name},
    record::{Id, Login, Record},
    vault::Change,
};
use crate::{passcode, tuple::tuple_struct};

/// What to send back for a device's message, and what an operator may know of it.
#[derive(Debug)]
#[must_use]
pub struct Received {
    account: Option<AccountId>,
    error: Option<WireError>,
    reply: Result<Vec<u8>, Reject>,
}

impl Received {
    /// The sealed reply, or the one reject for everything that was not authenticated: HTTP 400 with an empty body.
    ///
    /// # Errors
    /// [`Reject`], which says nothing.
    pub fn into_reply(self) -> Result<Vec<u8>, Reject> {
        self.reply
    }

    /// The account that it concerned; `None` if the message was not authenticated.
    #[must_use]
    pub const fn account(&self) -> Option<&AccountId> {
        self.account.as_ref()
    }

    /// Why the message was refused, for the operator's log; never for the outside.
    #[must_use]
    pub const fn error(&self) -> Option<&WireError> {
        self.error.as_ref()
    }

    pub(super) const fn reject(error: WireError) -> Self {
        Self { account: None, error: Some(error), reply: Err(Reject) }
    }

    pub(super) fn reply(account: &AccountId, error: Option<WireError>, reply: Vec<u8>) -> Self {
        Self { account: Some(account.clone()), error, reply: Ok(reply) }
    }
}

/// The message was refused before it was authenticated; which check refused it is not said.
///
/// ```
/// assert_eq!(pushotp::Reject.to_string(), "refused");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused")]
pub struct Reject;

tuple_struct! {
    /// Whom the kid of a frame belongs to.
    #[derive(PartialEq)]
    pub(super) struct KidOwner {
        account: String,
        device: Id,
        epoch: u32,
    }

    /// What one epoch of a device needs: sealed in the store.
    pub(super) struct StoredDevice {
        keys: ByteArray<80>,
        verifying_key: ByteBuf,
        push_kind: u8,
        push_address: ByteBuf,
    }
}

impl Drop for StoredDevice {
    fn drop(&mut self) {
        self.keys.zeroize();
    }
}

impl StoredDevice {
    pub(super) fn new(keys: &ChannelKeys, verifying_key: &VerifyingKey, address: &PushAddress) -> Self {
        Self {
            keys: ByteArray::new(*keys.expose()),
            verifying_key: ByteBuf::from(verifying_key.as_bytes()),
            push_kind: address.kind().code(),
            push_address: ByteBuf::from(address.addr()),
        }
    }

    pub(super) fn keys(&self) -> Result<ChannelKeys, ServerError> {
        ChannelKeys::from_exposed(&self.keys).map_err(|_| ServerError::Record)
    }

    pub(super) fn push_address(&self) -> Result<PushAddress, ServerError> {
        let kind = PushKind::from_code(self.push_kind).map_err(|_| ServerError::Record)?;
        PushAddress::new(kind, self.push_address.clone().into_vec()).map_err(|_| ServerError::Record)
    }
}

/// An authenticated message and where it came from.
struct Sender {
    account: AccountId,
    device: Id,
    kid: Kid,
    keys: ChannelKeys,
}

/// What the record alone cannot tell about an approval.
struct Judging<'a> {
    server: &'a LoginServer,
    sender: &'a Sender,
    approve: &'a Approve,
    hash: pushotp_wire::terms::MessageHash,
    /// The token's key, if this device holds the token.
    key: Option<Key>,
}

impl LoginServer {
    /// Takes any message of a device: an enrolment request, an approval, a denial, a report, a fetch.
    ///
    /// Nothing is written before the message's seal and signature have verified, and no verdict is told before it is
    /// stored. The same bytes again get the same verdict.
    ///
    /// # Errors
    /// [`ServerError`] if the server itself could not do its work: answer as if nothing had arrived, the device retries.
    pub async fn receive(&self, message: &[u8], now: UnixTime, rng: Rng<'_>) -> Result<Received, ServerError> {
        let frame = match Frame::parse(message) {
            Ok(frame) => frame,
            Err(error) => return Ok(Received::reject(error)),
        };
        let kid = match frame.id() {
            FrameId::Enrolment(enrolment) => return self.receive_enrolment(&frame, enrolment, now, rng).await,
            FrameId::Device(kid) => kid,
        };
        let Some((sender, stored)) = self.sender(kid).await? else {
            return Ok(Received::reject(frame.open_unknown(&self.key)));
        };
        let verifying_key = VerifyingKey::parse(&stored.verifying_key).map_err(|_| ServerError::Record)?;
        let binding = self.binding(&sender).await?;
        let recipient = Recipient {
            server_key: &self.key,
            binding: &binding,
            keys: &sender.keys,
            verifying_key: &verifying_key,
        };
        match frame.open(&recipient) {
            Ok(signed) => self.answer(&sender, &signed, now, rng).await,
            Err(error) => {
                if error == WireError::BadSignature {
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
        let (_, record) = self.vault.load(&account).await?;
        if !record.devices.iter().any(|device| *device.kid == *kid.as_bytes()) {
            return Ok(None);
        }
        let place = device_name(&account, &kid);
        let Some(stored) = self.vault.get_sealed::<StoredDevice>(("device", &place)).await? else {
            return Ok(None);
        };
        let keys = stored.keys()?;
        Ok(Some((Sender { account, device: owner.device, kid, keys }, stored)))
    }

    async fn binding(&self, sender: &Sender) -> Result<Binding, ServerError> {
        let (_, record) = self.vault.load(&sender.account).await?;
        let device = record.devices.iter().find(|device| device.id == sender.device).ok_or(ServerError::Record)?;
        Ok(Binding {
            tenant: self.tenant,
            device: DeviceId::from_bytes(*device.id),
            epoch: Epoch::new(device.epoch).map_err(|_| ServerError::Record)?,
        })
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
                let refused = Told::refused(Status::Refused, error);
                return self.tell(sender, (signed, ChallengeId::NONE), refused, (now, rng));
            }
        };
        let (challenge, told) = match &message {
            FromDevice::Approve(approve) => (approve.challenge(), self.approve(sender, (signed, approve), now, &mut *rng).await?),
            FromDevice::Deny(deny) => {
                let event = state::Denial {
                    device: DeviceId::from_bytes(*sender.device),
                    rh: signed.hash(),
                    ch: deny.hash(),
                    reason: deny.reason(),
                };
                (deny.challenge(), self.decide(sender, deny.challenge(), (now, &mut *rng), |_| Ok(Event::Deny(event))).await?)
            }
            FromDevice::Report(report) => {
                let event = state::Denial {
                    device: DeviceId::from_bytes(*sender.device),
                    rh: signed.hash(),
                    ch: report.hash(),
                    reason: report.reason(),
                };
                let told = self.decide(sender, report.challenge(), (now, &mut *rng), |_| Ok(Event::Report(event))).await?;
                (report.challenge(), told)
            }
            FromDevice::Fetch(fetch) => return self.fetch(sender, fetch, now, rng).await,
            _ => (ChallengeId::NONE, Told::refused(Status::Refused, WireError::Direction)),
        };
        self.tell(sender, (signed, challenge), told, (now, rng))
    }

    async fn approve(
        &self,
        sender: &Sender,
        (signed, approve): (&Signed, &Approve),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Told, ServerError> {
        let place = secret_name(&sender.account, &approve.token(), &sender.kid);
        let key = self.vault.get_sealed::<ByteBuf>(("secret", &place)).await?.map(|secret| {
            let secret = zeroize::Zeroizing::new(secret.into_vec());
            Secret::new(&secret).map(|secret| Key::new(HashAlgorithm::Sha256, &secret))
        });
        let key = key.transpose().map_err(|_| ServerError::Record)?;
        let judging = Judging { server: self, sender, approve, hash: signed.hash(), key };
        self.decide(sender, approve.challenge(), (now, rng), |record| judging.event(record)).await
    }

    /// One event against the login that it names: the state machine's decision, written before it is told.
    async fn decide(
        &self,
        sender: &Sender,
        challenge: ChallengeId,
        (now, rng): (UnixTime, Rng<'_>),
        event: impl Fn(&Record) -> Result<Event, ServerError>,
    ) -> Result<Told, ServerError> {
        let happened = Self::happened(now, rng);
        let id = Id::new(*challenge.as_bytes());
        let decide = |record: &mut Record| {
            let Some(login) = record.logins.iter().find(|login| login.id == id) else {
                return Ok(Change::Keep(Told::refused(Status::Refused, WireError::UnknownChallenge)));
            };
            if !login.sealed.is_empty() && !login.sealed.iter().any(|sealed| sealed.device == sender.device) {
                return Ok(Change::Keep(Told::refused(Status::Refused, WireError::TokenMismatch)));
            }
            let request = stored_request(login)?;
            let event = event(record)?;
            let transition = state::apply(&request, &event, now);
            let told = Told::read(&transition);
            Ok(if self.carry_out(record, (id, sender.device), &transition, &happened) {
                Change::Write(told)
            } else {
                Change::Keep(told)
            })
        };
        self.vault.update(&sender.account, happened.attempt, decide).await
    }

    /// Writes what a transition says into the record; `false` if it says nothing.
    fn carry_out(
        &self,
        record: &mut Record,
        (login, device): (Id, Id),
        transition: &Transition,
        happened: &Happened,
    ) -> bool {
        for effect in &transition.effects {
            self.effect(record, (login, device), effect, happened);
        }
        if let Some(next) = &transition.next
            && let Some(login) = record.login_mut(&login)
        {
            store_request(login, next);
        }
        transition.next.is_some() || !transition.effects.is_empty()
    }

    fn effect(&self, record: &mut Record, (login, device): (Id, Id), effect: &Effect, happened: &Happened) {
        match effect {
            Effect::CountFailure(token) => self.count_failure(record, &Id::new(*token.as_bytes()), happened),
            Effect::ResetFailures(token) => {
                record.pushes = (0, 0);
                if let Some(token) = record.token_mut(&Id::new(*token.as_bytes())) {
                    token.failures = 0;
                }
            }
            Effect::Audit(kind) => happened.log(record, audit_kind(*kind), None),
            Effect::BlockPush if self.policy.report_blocks_push => {
                let named = record.login_mut(&login).map(|login| login.tokens.clone()).unwrap_or_default();
                for token in record.tokens.iter_mut().filter(|t| t.device == device && named.contains(&t.id)) {
                    token.push = PushSwitch::Blocked.code();
                }
                happened.log(record, AuditKind::PushBlocked, None);
            }
            _ => {}
        }
    }

    /// One more failed passcode of a token; the limits of the policy disable it.
    pub(super) fn count_failure(&self, record: &mut Record, token: &Id, happened: &Happened) {
        let policy = &self.policy;
        let Some(token) = record.token_mut(token) else { return };
        token.failures = token.failures.saturating_add(1);
        token.month = passcode::leaky_bucket(token.month, happened.at);
        let over = token.failures >= policy.max_consecutive_failures || token.month.0 > policy.max_monthly_failures;
        if over && token.disabled == 0 {
            token.disabled = 1;
            let id = token.id;
            happened.log(record, AuditKind::TokenDisabled, Some(id));
        }
    }

    /// Everything that is open for this device, as the same bytes that were pushed.
    async fn fetch(
        &self,
        sender: &Sender,
        fetch: &Fetch,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Received, ServerError> {
        let (_, record) = self.vault.load(&sender.account).await?;
        let open = record.logins.iter().filter(|login| login.state.0 == 0 && login.expires >= now.as_secs());
        let items = open
            .flat_map(|login| &login.sealed)
            .filter(|sealed| sealed.device == sender.device)
            .map(|sealed| sealed.bytes.clone().into_vec())
            .collect();
        let payload = Pending::new(fetch.nonce(), now, items)?.encode()?;
        let reply = envelope::seal(&payload, &sender.keys, &self.tenant, rng)?;
        Ok(Received::reply(&sender.account, None, reply))
    }

    /// The sealed result of one message.
    fn tell(
        &self,
        sender: &Sender,
        (signed, challenge): (&Signed, ChallengeId),
        told: Told,
        (now, rng): (UnixTime, Rng<'_>),
    ) -> Result<Received, ServerError> {
        let result = ResultMessage::new(challenge, signed.hash(), told.reply, now);
        let reply = envelope::seal(&result.encode()?, &sender.keys, &self.tenant, rng)?;
        Ok(Received::reply(&sender.account, told.error, reply))
    }
}
