//! Judging a device's answer against the login that it names.

use pushotp_types::{DeviceId, TokenId, UnixTime};
use pushotp_wire::{
    Error as WireError,
    message::Approve,
    state::{self, Approval, Effect, Event, NumberVerdict, PasscodeVerdict, Reply, TokenStanding, Transition},
    terms::{CancelReason, MessageHash, Status, TokenPolicy},
};

use super::{
    AuditKind, LoginServer, PushSwitch, ServerError,
    answer::Sender,
    audit::Happened,
    duress::Whose,
    record::{Id, Login, Record, Token},
    request::{audit_kind, otp_of, store_failure, store_request},
    secret::{Leftovers, TokenKeys},
};
use crate::passcode;

/// What a device is told, and what else follows.
pub(super) struct Told {
    pub(super) reply: Reply,
    pub(super) error: Option<WireError>,
    /// Why the prompts of other devices are void, if they are.
    pub(super) withdrawn: Option<CancelReason>,
    /// What nothing refers to any more once this is written.
    pub(super) leftovers: Leftovers,
}

impl Told {
    pub(super) fn of(reply: Reply) -> Self {
        Self { reply, error: None, withdrawn: None, leftovers: Leftovers::default() }
    }

    pub(super) fn refused(error: WireError) -> Self {
        Self { error: Some(error), ..Self::of(Reply::new(Status::Refused)) }
    }

    pub(super) fn read(transition: &Transition) -> Self {
        let reply = transition.reply.unwrap_or(Reply::new(Status::Refused));
        let withdrawn = transition.effects.iter().find_map(|effect| match effect {
            Effect::Withdraw { reason, .. } => Some(*reason),
            _ => None,
        });
        Self { error: transition.error, withdrawn, ..Self::of(reply) }
    }
}

/// An event, and for an approval the secret under which its passcode is right.
#[derive(Clone, Copy)]
pub(super) struct Judged {
    pub(super) event: Event,
    pub(super) right: Option<(TokenId, Whose)>,
}

impl Judged {
    pub(super) const fn new(event: Event) -> Self {
        Self { event, right: None }
    }
}

/// An approval with what the record alone cannot tell about it.
pub(super) struct Judging<'a> {
    pub(super) server: &'a LoginServer,
    pub(super) sender: &'a Sender,
    pub(super) approve: &'a Approve,
    /// The hash of the message.
    pub(super) hash: MessageHash,
    /// The token's keys, if this device holds the token.
    pub(super) keys: Option<TokenKeys>,
}

impl Judging<'_> {
    /// The approval with all verdicts; number and passcode are both compared, in constant time, whatever else is wrong.
    ///
    /// `None` if the keys are no longer those that the record names.
    pub(super) fn event(&self, record: &Record, login: &Login, now: UnixTime) -> Result<Option<Judged>, ServerError> {
        let approve = self.approve;
        let id = Id::new(*approve.token().as_bytes());
        let held = record.token(&id).filter(|token| token.device == self.sender.device);
        if held.is_some_and(|token| self.keys.as_ref().is_none_or(|keys| !keys.are_of(token))) {
            return Ok(None);
        }
        let standing = match held {
            Some(token) if token.can_be_pushed() => TokenStanding::Usable,
            Some(_) => TokenStanding::Disabled,
            None => TokenStanding::NotHeld,
        };
        let token_policy = match held {
            Some(token) => TokenPolicy::from_bits(token.policy).map_err(|_| ServerError::Record)?,
            None => TokenPolicy::NONE,
        };
        let number = self.server.number_hash_as(&login.id, approve.expose_number(), &login.number)?;
        let answer = (&*login.hash, approve.expose_code());
        let kind = otp_of(login)?.kind();
        let right = self.keys.as_ref().zip(held).and_then(|(keys, token)| keys.judge(kind, answer, (token, now)));
        let event = Event::Approve(Approval {
            device: DeviceId::from_bytes(*self.sender.device),
            rh: self.hash,
            ch: approve.hash(),
            token: approve.token(),
            standing,
            token_policy,
            verification: approve.verification(),
            number: NumberVerdict::of(login.number.as_slice(), number.as_slice()),
            passcode: right.map_or(PasscodeVerdict::Wrong, |whose| self.server.policy.duress.verdict(whose)),
            failures: held.map_or(0, Token::shown_failures),
        });
        Ok(Some(Judged { event, right: right.map(|whose| (approve.token(), whose)) }))
    }
}

impl LoginServer {
    /// The keys of a token, if the sender holds it and they are all there.
    pub(super) async fn held_keys(&self, sender: &Sender, token: &TokenId) -> Result<Option<TokenKeys>, ServerError> {
        let record = self.vault.recall(&sender.account).await?;
        let held = record.token(&Id::new(*token.as_bytes())).filter(|token| token.device == sender.device);
        match held {
            Some(token) => self.token_keys(&sender.account, token).await,
            None => Ok(None),
        }
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
            store_failure(login, &transition.effects);
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
        // Those that have ended since are not hidden any more.
        token.secrets.hidden = token.secrets.hidden.min(token.failures);
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
