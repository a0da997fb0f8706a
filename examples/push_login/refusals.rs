//! What is refused, and what a user and an operator see of it.

use pollster::block_on;
use pushotp::{
    AuditKind, LoginFailure, LoginStart, LoginState, Outcome, PasscodeVerdict, Started, Ticket,
    wire::terms::{Reason, Status},
};

use crate::{
    device,
    screen::Screen,
    server::rng,
    story::{Cast, Failure, PIN, redeemed_once, state_is},
};

/// All refusals, one after the other.
pub(crate) fn tell(cast: &mut Cast, screen: &mut Screen<'_>) -> Result<(), Failure> {
    screen.title("4. What is refused")?;
    let approval = wrong_pin(cast, screen)?;
    same_approval_again(cast, screen, &approval)?;
    wrong_number(cast, screen)?;
    deny_then_report(cast, screen)?;
    after_expiry(cast, screen)?;
    one_bit(cast, screen)?;
    push_off(cast, screen)?;
    typed_twice(cast, screen)
}

/// A login that waits: what the page holds, the number, the push.
fn waiting(cast: &mut Cast) -> Result<(Started, String, Vec<u8>), Failure> {
    // After five pushes without a success there is at most one an hour in the end; the story has more to tell.
    cast.clock.pass(3_600);
    let started = cast.server.started("Intranet", cast.now())?;
    let number = cast.server.login.number(&started.ticket)?;
    let push = started.pushes.first().ok_or("nobody to push to")?.envelope.clone();
    Ok((started, number, push))
}

fn held(screen: &mut Screen<'_>, step: &str, (user, operator): (&str, &str)) -> Result<(), Failure> {
    screen.held(step, format_args!("user sees \"{user}\"; operator sees \"{operator}\""))?;
    Ok(())
}

/// An approval that was accepted, and its login's ticket.
struct Approved {
    message: Vec<u8>,
    ticket: Ticket,
}

fn wrong_pin(cast: &mut Cast, screen: &mut Screen<'_>) -> Result<Approved, Failure> {
    let (started, number, push) = waiting(cast)?;
    let (_, outcome) = cast.approve(&push, ("Bank", &number, Some("271847")))?;
    let user = device::words(&outcome);
    let Outcome::TryAgain { prompt, left: 2, .. } = outcome else {
        return Err(format!("a wrong PIN gave {outcome:?}").into());
    };
    let operator = cast.server.operator_sees(AuditKind::WrongPasscode)?;
    held(screen, "wrong PIN", (&user, &operator))?;
    let (message, outcome) = cast.approve_prompt(prompt, ("Bank", &number, Some(PIN)))?;
    if !matches!(outcome, Outcome::Accepted { failures: 1 }) {
        return Err(format!("the right PIN gave {outcome:?}").into());
    }
    screen.say("device", device::words(&outcome))?;
    redeemed_once(cast, &started.ticket)?;
    Ok(Approved { message, ticket: started.ticket })
}

fn same_approval_again(cast: &Cast, screen: &mut Screen<'_>, approved: &Approved) -> Result<(), Failure> {
    let before = cast.server.newest_event()?;
    let (reply, why) = cast.server.receive(&approved.message, cast.now())?;
    if reply.is_none() || why.is_some() {
        return Err(format!("the same approval got another answer: {why:?}").into());
    }
    if block_on(cast.server.login.redeem(&approved.ticket, cast.now(), &mut rng()))?.is_some() {
        return Err("an approval counted twice".into());
    }
    state_is(cast, &approved.ticket, &LoginState::Redeemed)?;
    if cast.server.newest_event()? != before {
        return Err("the same approval changed something".into());
    }
    let operator = format!("{}, and nothing after it", before.kind());
    held(screen, "same approval again", ("the same answer as before, and no second login", &operator))
}

fn wrong_number(cast: &mut Cast, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let (started, number, push) = waiting(cast)?;
    let wrong = if number == "000000" { "000001" } else { "000000" };
    let (_, outcome) = cast.approve(&push, ("Bank", wrong, Some(PIN)))?;
    if !matches!(outcome, Outcome::Refused(Status::Refused)) {
        return Err(format!("a wrong number gave {outcome:?}").into());
    }
    state_is(cast, &started.ticket, &LoginState::Failed(LoginFailure::WrongNumber))?;
    let operator = cast.server.operator_sees(AuditKind::WrongNumber)?;
    held(screen, "wrong number", (&device::words(&outcome), &operator))
}

fn deny_then_report(cast: &mut Cast, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let (started, _, push) = waiting(cast)?;
    let now = cast.now();
    let prompt = device::open(&mut cast.device, &push, now)?;
    let (message, denied) = cast.device.deny(prompt, Reason::Unspecified, now, &mut rng())?;
    let (reply, _) = cast.server.receive(&message, now)?;
    if cast.device.denied(&denied, &reply.ok_or("no reply")?, now)? != Status::Accepted {
        return Err("the denial was not accepted".into());
    }
    state_is(cast, &started.ticket, &LoginState::Denied)?;
    let denial = cast.server.operator_sees(AuditKind::Denied)?;
    let (message, reported) = cast.device.report(denied, Reason::NotMe, now, &mut rng())?;
    let (reply, _) = cast.server.receive(&message, now)?;
    if cast.device.reported(&reported, &reply.ok_or("no reply")?, now)? != Status::Accepted {
        return Err("the report was not accepted".into());
    }
    state_is(cast, &started.ticket, &LoginState::Reported)?;
    let operator = format!("{denial}; {}", cast.server.operator_sees(AuditKind::Reported)?);
    if !matches!(cast.server.begin("Intranet", now)?, LoginStart::NoToken) {
        return Err("a login was pushed after a report".into());
    }
    let user = "denied; reported: push is off until an administrator looks";
    held(screen, "deny, then report", (user, &operator))?;
    for token in [cast.server.bank, cast.server.mail] {
        block_on(cast.server.login.set_push((&cast.server.user, token), true, now, &mut rng()))?;
    }
    screen.say("server", "an administrator has looked and switches push on again")?;
    Ok(())
}

fn after_expiry(cast: &mut Cast, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let (started, number, push) = waiting(cast)?;
    let now = cast.now();
    let prompt = device::open(&mut cast.device, &push, now)?;
    let mail = device::named(prompt.tokens(), "Mail")?;
    let (message, answering) = cast.device.approve(prompt, (mail, &number, None), now, &mut rng())?;
    // The message was on its way for two minutes and a second.
    cast.clock.pass(121);
    let (reply, _) = cast.server.receive(&message, cast.now())?;
    let outcome = cast.device.finish(answering, &reply.ok_or("no reply")?, cast.clock.now())?.outcome;
    if !matches!(outcome, Outcome::Refused(Status::Expired)) {
        return Err(format!("a late approval gave {outcome:?}").into());
    }
    state_is(cast, &started.ticket, &LoginState::Expired)?;
    let operator = cast.server.operator_sees(AuditKind::Expired)?;
    held(screen, "approval after expiry", (&device::words(&outcome), &operator))
}

fn one_bit(cast: &mut Cast, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let (_, _, push) = waiting(cast)?;
    let now = cast.now();
    for bit in 0..push.len() * 8 {
        let mut altered = push.clone();
        if let Some(byte) = altered.get_mut(bit / 8) {
            *byte ^= 1 << (bit % 8);
        }
        if cast.device.open(&altered, now).is_ok() {
            return Err(format!("the device took a challenge with bit {bit} altered").into());
        }
    }
    let _ = device::open(&mut cast.device, &push, now)?;
    let operator = format!("{}, and no answer", cast.server.operator_sees(AuditKind::LoginStarted)?);
    let user = format!("nothing: the device refuses each of {} altered challenges", push.len() * 8);
    held(screen, "altered in one bit", (&user, &operator))
}

fn push_off(cast: &mut Cast, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let (started, number, push) = waiting(cast)?;
    let (bank, mail, now) = (cast.server.bank, cast.server.mail, cast.now());
    block_on(cast.server.login.set_push((&cast.server.user, bank), false, now, &mut rng()))?;
    let (_, outcome) = cast.approve(&push, ("Bank", &number, Some(PIN)))?;
    if !matches!(outcome, Outcome::Refused(Status::Refused)) {
        return Err(format!("push is off, and yet {outcome:?}").into());
    }
    block_on(cast.server.login.cancel_login(&started.ticket, now, &mut rng()))?;
    let started = cast.server.started("Intranet", now)?;
    let push = started.pushes.first().ok_or("nobody to push to")?.envelope.clone();
    let prompt = device::open(&mut cast.device, &push, now)?;
    if prompt.tokens().len() != 1 || device::named(prompt.tokens(), "Mail").is_err() {
        return Err("a login names a token whose push is off".into());
    }
    block_on(cast.server.login.set_push((&cast.server.user, mail), false, now, &mut rng()))?;
    if !matches!(cast.server.begin("Intranet", now)?, LoginStart::NoToken) {
        return Err("a login was pushed with push off for every token".into());
    }
    let operator = cast.server.operator_sees(AuditKind::PushOff)?;
    let user = format!("{}; the page: type a passcode", device::words(&outcome));
    held(screen, "push switched off", (&user, &operator))
}

fn typed_twice(cast: &mut Cast, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let now = cast.now();
    let mail = device::named(&cast.device.tokens(), "Mail")?;
    let (code, _) = cast.device.passcode(mail, None, now)?;
    screen.say("device", format_args!("passcode {}", code.expose()))?;
    let verify = |typed: &str| block_on(cast.server.login.verify_passcode(&cast.server.user, typed, now, &mut rng()));
    if verify(code.expose())? != (PasscodeVerdict::Accepted { token: cast.server.mail }) {
        return Err("a typed passcode was not accepted".into());
    }
    if verify(code.expose())? != PasscodeVerdict::Replayed {
        return Err("a typed passcode was accepted twice".into());
    }
    let operator = cast.server.operator_sees(AuditKind::PasscodeReplayed)?;
    held(screen, "typed passcode, twice", ("logged in; the second time: wait for the next passcode", &operator))
}
