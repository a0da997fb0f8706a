//! Judging a device's answer against the login that it names.

use pushotp_cbor::ByteBuf;
use pushotp_oath::Key;
use pushotp_types::{DeviceId, HashAlgorithm, Secret, TokenId};
use pushotp_wire::{
    Error as WireError,
    message::Approve,
    state::{self, Approval, Effect, Event, NumberVerdict, PasscodeVerdict, Reply, TokenStanding, Transition},
    terms::{CancelReason, ChallengeHash, MessageHash, Status, TokenPolicy},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    AuditKind, LoginServer, PushSwitch, ServerError,
    answer::Sender,
    audit::Happened,
    enrol::secret_name,
    record::{Id, Login, Record},
    request::{audit_kind, store_request},
};
use crate::passcode;

/// What a device is told, and what else follows.
pub(super) struct Told {
    pub(super) reply: Reply,
    pub(super) error: Option<WireError>,
    /// Why the prompts of other devices are void, if they are.
    pub(super) withdrawn: Option<CancelReason>,
}

impl Told {
    pub(super) const fn refused(error: WireError) -> Self {
        Self { reply: Reply::new(Status::Refused), error: Some(error), withdrawn: None }
    }

    pub(super) fn read(transition: &Transition) -> Self {
        let reply = transition.reply.unwrap_or(Reply::new(Status::Refused));
        let withdrawn = transition.effects.iter().find_map(|effect| match effect {
            Effect::Withdraw { reason, .. } => Some(*reason),
            _ => None,
        });
        Self { reply, error: transition.error, withdrawn }
    }
}

/// An approval with what the record alone cannot tell about it.
pub(super) struct Judging<'a> {
    pub(super) server: &'a LoginServer,
    pub(super) sender: &'a Sender,
    pub(super) approve: &'a Approve,
    /// The hash of the message.
    pub(super) hash: MessageHash,
    /// The token's key, if this device holds the token.
    pub(super) key: Option<Key>,
}

impl Judging<'_> {
    /// The approval with all verdicts; number and passcode are both compared, in constant time, whatever else is wrong.
    pub(super) fn event(&self, record: &Record, login: &Login) -> Result<Event, ServerError> {
        let approve = self.approve;
        let id = Id::new(*approve.token().as_bytes());
        let held = record.token(&id).filter(|token| token.device == self.sender.device && self.key.is_some());
        let standing = match held {
            Some(token) if token.can_be_pushed() => TokenStanding::Usable,
            Some(_) => TokenStanding::Disabled,
            None => TokenStanding::NotHeld,
        };
        let token_policy = match held {
            Some(token) => TokenPolicy::from_bits(token.policy).map_err(|_| ServerError::Record)?,
            None => TokenPolicy::NONE,
        };
        let number = self.server.number_hash(&login.id, approve.expose_number())?;
        Ok(Event::Approve(Approval {
            device: DeviceId::from_bytes(*self.sender.device),
            rh: self.hash,
            ch: approve.hash(),
            token: approve.token(),
            standing,
            token_policy,
            verification: approve.verification(),
            number: if number.ct_eq(login.number.as_slice()).into() {
                NumberVerdict::Right
            } else {
                NumberVerdict::Wrong
            },
            passcode: self.passcode(&ChallengeHash::from_bytes(*login.hash)),
            failures: held.map_or(0, |token| token.failures),
        }))
    }

    fn passcode(&self, hash: &ChallengeHash) -> PasscodeVerdict {
        let expected = self.key.as_ref().and_then(|key| passcode::bound(key, hash));
        match expected {
            Some(code) if code.matches(self.approve.expose_code()) => PasscodeVerdict::Right,
            _ => PasscodeVerdict::Wrong,
        }
    }
}

impl LoginServer {
    /// The key of a token, if the device with this kid holds it.
    pub(super) async fn token_key(&self, sender: &Sender, token: &TokenId) -> Result<Option<Key>, ServerError> {
        let place = secret_name(&sender.account, token, sender.kid);
        let Some(secret) = self.vault.get_sealed::<ByteBuf>(("secret", &place)).await? else { return Ok(None) };
        let secret = Zeroizing::new(secret.into_vec());
        let secret = Secret::new(&secret).map_err(|_| ServerError::Record)?;
        Ok(Some(Key::new(HashAlgorithm::Sha256, &secret)))
    }

    /// Writes what a transition says into the record; `false` if it says nothing.
    pub(super) fn carry_out(
        &self,
        record: &mut Record,
        (login, device): (Id, Id),
        transition: &Transition,
        happened: &Happened,
    ) -> bool {
        for effect in &transition.effects {
            self.effect(record, (login, device), effect, happened);
        }
        if let (Some(next), Some(login)) = (&transition.next, record.login_mut(&login)) {
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
            Effect::Audit(audit) => {
                let (kind, token) = audit_kind(*audit);
                happened.log(record, kind, token.map(|token| Id::new(*token.as_bytes())));
            }
            Effect::RaiseIncident(state::Incident::ReportAfterApproval) => {
                happened.log(record, AuditKind::ReportedAfterApproval, None);
            }
            Effect::BlockPush if self.policy.report_blocks_push => {
                let named = record.login_mut(&login).map(|login| login.tokens.clone()).unwrap_or_default();
                for token in record.tokens.iter_mut().filter(|t| t.device == device && named.contains(&t.id)) {
                    token.push = PushSwitch::Blocked.code();
                }
                happened.log(record, AuditKind::PushBlocked, None);
            }
            // Withdrawing is told to the other devices; other effects of this protocol version need no write.
            _ => {}
        }
    }

    /// One more failed passcode of a token; the limits of the policy disable it.
    pub(super) fn count_failure(&self, record: &mut Record, token: &Id, happened: &Happened) {
        let policy = &self.policy;
        let Some(token) = record.token_mut(token) else { return };
        token.failures = token.failures.saturating_add(1);
        token.month = passcode::leaky_bucket(token.month, happened.at);
        let over = token.failures >= policy.max_consecutive_failures || token.month.0 >= policy.max_monthly_failures;
        if over && token.disabled == 0 {
            token.disabled = 1;
            let id = token.id;
            happened.log(record, AuditKind::TokenDisabled, Some(id));
        }
    }
}
