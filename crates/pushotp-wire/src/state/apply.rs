use alloc::vec::Vec;

use pushotp_types::{DeviceId, UnixTime};

use super::{
    Answer, Approval, Audit, COLLECT_GRACE, Collected, Denial, Effect, Event, Incident, MAX_ANSWERS, MAX_TRIES,
    NumberVerdict, PasscodeVerdict, REPORT_WINDOW, Reply, Request, State, TokenStanding, Transition,
};
use crate::{
    Error,
    terms::{
        CancelReason, ChallengeHash, ChallengePolicy, MessageHash, PasscodeKind, Status, TokenPolicy, UserVerification,
    },
};

/// What `event` does to `request` at the server's time `now`.
///
/// The order of the checks is part of the protocol: the bytes of an earlier answer, the state, the deadline, the
/// challenge hash, the token, the user's verification, the number, the passcode. Only the caller's `now` decides about
/// deadlines; the last second of each still counts.
///
/// See [the module](super) for the table of states, and an example.
///
/// ```
/// # use pushotp_types::{DeviceId, TokenId, UnixTime};
/// # use pushotp_wire::{state::*, terms::*};
/// # let request = Request {
/// #     id: ChallengeId::from_bytes([1; 16]), hash: ChallengeHash::from_bytes([2; 32]), tokens: vec![],
/// #     policy: ChallengePolicy::VERIFY_USER, otp: OtpSpec::BOUND, expires: UnixTime::from_secs(1_800_000_000),
/// #     state: State::Pending { wrong: 0 }, answers: vec![],
/// # };
/// use pushotp_wire::state::{Event, State, apply};
///
/// let now = request.expires; // the last second still counts
/// let cancelled = apply(&request, &Event::Cancel(CancelReason::PageClosed), now).next.ok_or("nothing to store")?;
/// assert_eq!(cancelled.state, State::Cancelled);
/// assert_eq!(apply(&cancelled, &Event::Tick, now).next, None); // for ever
/// # Ok::<(), &str>(())
/// ```
pub fn apply(request: &Request, event: &Event, now: UnixTime) -> Transition {
    let sender = event.sender();
    if let Some(earlier) = request.answers.iter().find(|answer| sender.is_some_and(|(_, rh)| rh == answer.rh)) {
        return Transition { reply: Some(earlier.reply), ..Transition::default() };
    }
    let step = Step::new(request, now);
    match event {
        Event::Approve(approval) => step.approve(approval, now),
        Event::Deny(denial) => step.deny(denial),
        Event::Report(report) => step.report(report, now),
        Event::Cancel(reason) => step.cancel(*reason),
        Event::Tick => step.done(),
        Event::Collect => step.collect(),
    }
}

/// A decision in the making: the request as it will be, and what goes with it.
struct Step {
    request: Request,
    changed: bool,
    effects: Vec<Effect>,
}

impl Step {
    /// Starts from the request as the clock left it.
    fn new(request: &Request, now: UnixTime) -> Self {
        let mut step = Self { request: request.clone(), changed: false, effects: Vec::new() };
        let deadline = match request.state {
            State::Pending { .. } => Some(request.expires),
            State::Approved { at, .. } => Some(at.saturating_add(COLLECT_GRACE)),
            _ => None,
        };
        if deadline.is_some_and(|deadline| now > deadline) {
            step.enter(State::Expired, Audit::Expired);
        }
        step
    }

    fn enter(&mut self, state: State, audit: Audit) {
        self.request.state = state;
        self.changed = true;
        self.effects.push(Effect::Audit(audit));
    }

    /// The other devices need not ask their user any more.
    fn withdraw_from_others(&mut self, device: DeviceId) {
        self.effects.push(Effect::Withdraw { reason: CancelReason::AnsweredElsewhere, except: Some(device) });
    }

    fn done(self) -> Transition {
        Transition { next: self.changed.then_some(self.request), effects: self.effects, ..Transition::default() }
    }

    /// Tells the device, and remembers that it was told.
    fn answer(mut self, (device, rh): (DeviceId, MessageHash), reply: Reply, error: Option<Error>) -> Transition {
        if self.request.answers.len() < MAX_ANSWERS {
            self.request.answers.push(Answer { rh, device, reply });
            self.changed = true;
        }
        Transition { reply: Some(reply), error, ..self.done() }
    }

    /// Tells the device without a trace: nothing about the request was judged.
    fn refuse(self, status: Status, error: Error) -> Transition {
        Transition { reply: Some(Reply::new(status)), error: Some(error), ..self.done() }
    }

    /// The refusal of a state that takes no more answers; `None` while the request is pending.
    fn closed(&self) -> Option<(Status, Error)> {
        match self.request.state {
            State::Pending { .. } => None,
            State::Approved { .. } | State::Consumed | State::Denied { .. } | State::Reported => {
                Some((Status::AlreadyAnswered, Error::AlreadyAnswered))
            }
            State::Failed => Some((Status::Refused, Error::AlreadyAnswered)),
            State::Expired => Some((Status::Expired, Error::Expired)),
            State::Cancelled => Some((Status::Cancelled, Error::Cancelled)),
        }
    }

    /// What refuses an answer before anything in it is judged.
    fn refusal(&self, ch: ChallengeHash) -> Option<(Status, Error)> {
        let mismatch = (ch != self.request.hash).then_some((Status::Refused, Error::HashMismatch));
        self.closed().or(mismatch)
    }

    fn approve(self, approval: &Approval, now: UnixTime) -> Transition {
        if let Some((status, error)) = self.refusal(approval.ch) {
            return self.refuse(status, error);
        }
        match approval.standing {
            TokenStanding::Usable if self.request.tokens.contains(&approval.token) => {}
            TokenStanding::Disabled if self.request.tokens.contains(&approval.token) => {
                return self.refuse(Status::Refused, Error::TokenDisabled);
            }
            _ => return self.refuse(Status::Refused, Error::TokenMismatch),
        }
        if !verified(self.request.policy, approval.token_policy, approval.verification) {
            return self.fail(approval, Audit::NotVerified(approval.token), Error::UvRequired);
        }
        match (approval.number, approval.passcode) {
            (NumberVerdict::Wrong, _) => self.fail(approval, Audit::WrongNumber(approval.token), Error::Number),
            (NumberVerdict::Right, PasscodeVerdict::Wrong) => self.wrong_passcode(approval),
            (NumberVerdict::Right, PasscodeVerdict::Right) => self.grant(approval, now),
        }
    }

    fn grant(mut self, approval: &Approval, now: UnixTime) -> Transition {
        let &Approval { device, rh, token, failures, .. } = approval;
        self.effects.push(Effect::ResetFailures(token));
        if self.request.otp.kind() != PasscodeKind::Bound {
            self.effects.push(Effect::AdvanceCounter(token));
        }
        self.enter(State::Approved { token, device, at: now }, Audit::Approved(token));
        self.withdraw_from_others(device);
        self.answer((device, rh), Reply { status: Status::Accepted, left: 0, failures }, None)
    }

    fn wrong_passcode(mut self, approval: &Approval) -> Transition {
        let State::Pending { wrong } = self.request.state else {
            return self.refuse(Status::AlreadyAnswered, Error::AlreadyAnswered);
        };
        self.effects.push(Effect::CountFailure(approval.token));
        let wrong = wrong.saturating_add(1);
        let left = MAX_TRIES.saturating_sub(wrong);
        if left == 0 {
            return self.fail(approval, Audit::TooManyPasscodes(approval.token), Error::Code);
        }
        self.enter(State::Pending { wrong }, Audit::WrongPasscode(approval.token));
        let reply = Reply { status: Status::WrongPasscode, left, failures: 0 };
        self.answer((approval.device, approval.rh), reply, Some(Error::Code))
    }

    fn fail(mut self, approval: &Approval, audit: Audit, error: Error) -> Transition {
        self.enter(State::Failed, audit);
        self.withdraw_from_others(approval.device);
        self.answer((approval.device, approval.rh), Reply::new(Status::Refused), Some(error))
    }

    fn deny(mut self, denial: &Denial) -> Transition {
        if let Some((status, error)) = self.refusal(denial.ch) {
            return self.refuse(status, error);
        }
        self.enter(State::Denied { device: denial.device }, Audit::Denied(denial.reason));
        self.withdraw_from_others(denial.device);
        self.answer((denial.device, denial.rh), Reply::new(Status::Accepted), None)
    }

    fn report(self, report: &Denial, now: UnixTime) -> Transition {
        let known = report.ch == self.request.hash;
        match self.request.state {
            State::Denied { device } if device == report.device => {
                if now > self.request.expires.saturating_add(REPORT_WINDOW) {
                    self.refuse(Status::Expired, Error::Expired)
                } else if known {
                    self.accept_report(report)
                } else {
                    self.refuse(Status::Refused, Error::HashMismatch)
                }
            }
            State::Pending { .. } if known => {
                let mut step = self;
                step.withdraw_from_others(report.device);
                step.accept_report(report)
            }
            State::Approved { .. } | State::Consumed if known => {
                self.late_report(report, Incident::ReportAfterApproval)
            }
            State::Expired if known => self.late_report(report, Incident::ReportAfterExpiry),
            _ => match self.refusal(report.ch) {
                Some((status, error)) => self.refuse(status, error),
                None => self.refuse(Status::Refused, Error::HashMismatch),
            },
        }
    }

    fn accept_report(mut self, report: &Denial) -> Transition {
        self.effects.push(Effect::BlockPush);
        self.effects.push(Effect::RaiseIncident(Incident::Report));
        self.enter(State::Reported, Audit::Reported(report.reason));
        self.answer((report.device, report.rh), Reply::new(Status::Accepted), None)
    }

    /// A report that comes too late to change anything is still an alarm. Once the memory is full there has been one.
    fn late_report(mut self, report: &Denial, incident: Incident) -> Transition {
        let Some((status, error)) = self.closed() else { return self.done() };
        if self.request.answers.len() >= MAX_ANSWERS {
            return self.refuse(status, error);
        }
        self.effects.push(Effect::RaiseIncident(incident));
        self.effects.push(Effect::Audit(Audit::Reported(report.reason)));
        self.answer((report.device, report.rh), Reply::new(status), Some(error))
    }

    fn cancel(mut self, reason: CancelReason) -> Transition {
        match self.request.state {
            State::Pending { .. } => {
                self.enter(State::Cancelled, Audit::Cancelled(reason));
                self.effects.push(Effect::Withdraw { reason, except: None });
            }
            State::Approved { .. } => self.enter(State::Cancelled, Audit::Cancelled(reason)),
            _ => {}
        }
        self.done()
    }

    fn collect(mut self) -> Transition {
        let collected = match self.request.state {
            State::Pending { .. } => Collected::Pending,
            State::Approved { .. } => {
                self.enter(State::Consumed, Audit::Collected);
                Collected::Granted
            }
            State::Consumed => Collected::Used,
            _ => Collected::Refused,
        };
        Transition { collected: Some(collected), ..self.done() }
    }
}

/// Whether the user was verified as both the challenge and the token's enrolled policy ask.
pub(crate) fn verified(challenge: ChallengePolicy, token: TokenPolicy, verification: UserVerification) -> bool {
    let pin = matches!(verification, UserVerification::Pin | UserVerification::Both);
    let any = verification != UserVerification::None;
    if token.contains(TokenPolicy::PIN_PROTECTED) {
        return pin || (any && token.contains(TokenPolicy::BIOMETRIC));
    }
    any || !challenge.contains(ChallengePolicy::VERIFY_USER)
}
