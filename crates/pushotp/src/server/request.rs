//! The protocol's request, as the account record stores it.

use pushotp_types::{DeviceId, Digits, TokenId, UnixTime};
use pushotp_wire::{
    state::{self, Audit, Effect, Reply, Request, State},
    terms::{ChallengeHash, ChallengeId, ChallengePolicy, MessageHash, OtpSpec, PasscodeKind, Status},
};

use super::{
    AuditKind, LoginFailure, ServerError,
    record::{Answer, Hash, Id, Login},
};

const NOBODY: [u8; 16] = [0; 16];

/// The code of a request that waits for its answer.
pub(super) const PENDING: u8 = 0;
/// The code of one that an answer ended; the number next to it says why.
const FAILED: u8 = 5;
/// The code of one that seems approved: with a passcode under a duress PIN.
pub(super) const UNDER_DURESS: u8 = 8;

/// Reads the request of a login.
pub(super) fn stored_request(login: &Login) -> Result<Request, ServerError> {
    let (code, number, token, device) = &login.state;
    let (token, device) = (TokenId::from_bytes(**token), DeviceId::from_bytes(**device));
    let state = match code {
        0 => State::Pending { wrong: u8::try_from(*number).map_err(|_| ServerError::Record)? },
        &(1 | UNDER_DURESS) => State::Approved { token, device, at: UnixTime::from_secs(*number) },
        2 => State::Consumed,
        3 => State::Denied { device },
        4 => State::Reported,
        &FAILED => State::Failed,
        6 => State::Expired,
        7 => State::Cancelled,
        _ => return Err(ServerError::Record),
    };
    Ok(Request {
        id: ChallengeId::from_bytes(*login.id),
        hash: ChallengeHash::from_bytes(*login.hash),
        tokens: login.tokens.iter().map(|token| TokenId::from_bytes(**token)).collect(),
        policy: ChallengePolicy::from_bits(login.policy).map_err(|_| ServerError::Record)?,
        otp: otp_of(login)?,
        expires: UnixTime::from_secs(login.expires),
        state,
        answers: login.answers.iter().map(stored_answer).collect::<Result<_, _>>()?,
    })
}

/// Which passcode a login's approvals carry: always 8 digits.
pub(super) fn otp_of(login: &Login) -> Result<OtpSpec, ServerError> {
    let kind = PasscodeKind::from_code(login.otp).map_err(|_| ServerError::Record)?;
    OtpSpec::new(kind, Digits::EIGHT).map_err(|_| ServerError::Record)
}

fn stored_answer(answer: &Answer) -> Result<state::Answer, ServerError> {
    let status = Status::from_code(answer.status).map_err(|_| ServerError::Record)?;
    Ok(state::Answer {
        rh: MessageHash::from_bytes(*answer.hash),
        device: DeviceId::from_bytes(*answer.device),
        reply: Reply { status, left: answer.left, failures: answer.failures },
    })
}

/// Writes what changes about a request: its state and the answers that were judged.
pub(super) fn store_request(login: &mut Login, request: &Request) {
    let nobody = Id::new(NOBODY);
    let approved = if login.state.0 == UNDER_DURESS { UNDER_DURESS } else { 1 };
    login.state = match request.state {
        State::Pending { wrong } => (PENDING, wrong.into(), nobody, nobody),
        State::Approved { token, device, at } => {
            (approved, at.as_secs(), Id::new(*token.as_bytes()), Id::new(*device.as_bytes()))
        }
        State::Consumed => (2, 0, nobody, nobody),
        State::Denied { device } => (3, 0, nobody, Id::new(*device.as_bytes())),
        State::Reported => (4, 0, nobody, nobody),
        State::Failed => (FAILED, LoginFailure::Unknown.code().into(), nobody, nobody),
        State::Expired => (6, 0, nobody, nobody),
        State::Cancelled => (7, 0, nobody, nobody),
    };
    let answer = |answer: &state::Answer| Answer {
        hash: Hash::new(*answer.rh.as_bytes()),
        device: Id::new(*answer.device.as_bytes()),
        status: answer.reply.status.code(),
        left: answer.reply.left,
        failures: answer.reply.failures,
    };
    login.answers = request.answers.iter().map(answer).collect();
}

/// Writes why a login failed, if a transition with these effects has just ended it so.
pub(super) fn store_failure(login: &mut Login, effects: &[Effect]) {
    let why = effects.iter().find_map(|effect| match effect {
        Effect::Audit(Audit::WrongNumber(_)) => Some(LoginFailure::WrongNumber),
        Effect::Audit(Audit::TooManyPasscodes(_)) => Some(LoginFailure::TooManyPasscodes),
        Effect::Audit(Audit::NotVerified(_)) => Some(LoginFailure::NotVerified),
        _ => None,
    });
    if let Some(why) = why.filter(|_| login.state.0 == FAILED) {
        login.state.1 = why.code().into();
    }
}

/// What the audit log says of a decision, and about which token.
pub(super) fn audit_kind(audit: Audit) -> (AuditKind, Option<TokenId>) {
    match audit {
        Audit::Approved(token) => (AuditKind::Approved, Some(token)),
        Audit::WrongPasscode(token) => (AuditKind::WrongPasscode, Some(token)),
        Audit::TooManyPasscodes(token) => (AuditKind::TooManyPasscodes, Some(token)),
        Audit::WrongNumber(token) => (AuditKind::WrongNumber, Some(token)),
        Audit::NotVerified(token) => (AuditKind::NotVerified, Some(token)),
        Audit::Denied(_) => (AuditKind::Denied, None),
        Audit::Reported(_) => (AuditKind::Reported, None),
        Audit::Cancelled(_) => (AuditKind::Cancelled, None),
        Audit::Expired => (AuditKind::Expired, None),
        Audit::Collected => (AuditKind::Redeemed, None),
        _ => (AuditKind::Unknown, None),
    }
}
