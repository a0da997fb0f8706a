//! A person is the user.

use pollster::block_on;
use pushotp::{
    LoginStart, LoginState, Outcome, Prompt,
    pin::{Pin, PinPolicy},
    wire::terms::{Reason, Status},
};

use crate::{
    device,
    screen::Screen,
    server::{page_words, rng},
    story::{Cast, Failure, redeemed_once},
};

/// A PIN that the policy takes.
pub(crate) fn choose_pin(screen: &mut Screen<'_>) -> Result<String, Failure> {
    loop {
        let pin = screen.ask("choose a PIN for the token Bank (6 to 16 digits):")?;
        match Pin::choose(&pin, &PinPolicy::DEFAULT) {
            Ok(_) => return Ok(pin),
            Err(error) => screen.say("device", error)?,
        }
    }
}

/// Logins until the person has enough.
pub(crate) fn play(cast: &mut Cast, screen: &mut Screen<'_>) -> Result<(), Failure> {
    loop {
        screen.title("A login")?;
        let started = match cast.server.begin("Intranet", cast.now())? {
            LoginStart::Started(started) => started,
            LoginStart::TooMany { .. } => {
                screen.say("page", "too many pushes without a login: type a passcode, or wait a little")?;
                return Ok(());
            }
            // Of `Open` there is none: this request takes the place of an open one.
            _ => {
                screen.say("page", "no token has push on: type a passcode")?;
                return Ok(());
            }
        };
        let number = cast.server.login.number(&started.ticket)?;
        screen.say("page", format_args!("type {number} into your authenticator"))?;
        let push = started.pushes.first().ok_or("nobody to push to")?.envelope.clone();
        let now = cast.now();
        let mut prompt = Some(device::open(&mut cast.device, &push, now)?);
        while let Some(open) = prompt.take() {
            prompt = answer(cast, screen, open)?;
        }
        let state = block_on(cast.server.login.login_state(&started.ticket, cast.now()))?;
        screen.say("page", page_words(&state))?;
        if state == LoginState::Approved {
            redeemed_once(cast, &started.ticket)?;
            screen.say("page", format_args!("logged in as {}", cast.server.user))?;
        }
        if screen.ask("another login? [y/n]")? != "y" {
            return Ok(());
        }
    }
}

/// One answer of the person; the prompt again, if the login can be answered again.
fn answer(cast: &mut Cast, screen: &mut Screen<'_>, prompt: Prompt) -> Result<Option<Prompt>, Failure> {
    for line in device::describe(&prompt, cast.now()) {
        screen.say("device", line)?;
    }
    match screen.ask("[a]pprove, [d]eny?")?.as_str() {
        "a" => approve(cast, screen, prompt),
        "d" => deny(cast, screen, prompt).map(|()| None),
        _ => Ok(Some(prompt)),
    }
}

fn approve(cast: &mut Cast, screen: &mut Screen<'_>, prompt: Prompt) -> Result<Option<Prompt>, Failure> {
    for (index, token) in prompt.tokens().iter().enumerate() {
        screen.say("device", format_args!("{}: {}", index + 1, token.name))?;
    }
    let chosen: usize = screen.ask("which token?")?.parse().unwrap_or(0);
    let Some(token) = chosen.checked_sub(1).and_then(|index| prompt.tokens().get(index)).map(|token| token.id) else {
        return Ok(Some(prompt));
    };
    let number = screen.ask("the number on the login page:")?;
    let pin = if prompt.needs_pin(token) { Some(screen.ask("PIN:")?) } else { None };
    let pin = match pin.as_deref().map(Pin::entered).transpose() {
        Ok(pin) => pin,
        Err(error) => {
            screen.say("device", error)?;
            return Ok(Some(prompt));
        }
    };
    let now = cast.now();
    let (message, answering) = match cast.device.approve(prompt, (token, &number, pin.as_ref()), now, &mut rng()) {
        Ok(sent) => sent,
        Err(not_sent) => {
            screen.say("device", &not_sent.error)?;
            return Ok(Some(*not_sent.prompt));
        }
    };
    let now = cast.now();
    let (reply, _) = cast.server.receive(&message, now)?;
    let outcome = cast.device.finish(answering, &reply.ok_or("no reply")?, now)?.outcome;
    screen.say("device", device::words(&outcome))?;
    screen.say("server", format_args!("audit log: {}", cast.server.newest_event()?.kind()))?;
    match outcome {
        Outcome::TryAgain { prompt, .. } => Ok(Some(prompt)),
        _ => Ok(None),
    }
}

fn deny(cast: &mut Cast, screen: &mut Screen<'_>, prompt: Prompt) -> Result<(), Failure> {
    let now = cast.now();
    let (message, denied) = cast.device.deny(prompt, Reason::Unspecified, now, &mut rng())?;
    let (reply, _) = cast.server.receive(&message, now)?;
    let status = cast.device.denied(&denied, &reply.ok_or("no reply")?, now)?;
    screen.say("device", if status == Status::Accepted { "denied" } else { "the login was over already" })?;
    if !denied.report_offered() || screen.ask("report: was this not you? [y/n]")? != "y" {
        return Ok(());
    }
    let (message, reported) = cast.device.report(denied, Reason::NotMe, now, &mut rng())?;
    let (reply, _) = cast.server.receive(&message, now)?;
    if cast.device.reported(&reported, &reply.ok_or("no reply")?, now)? == Status::Accepted {
        screen.say("device", "reported: push is off until an administrator looks")?;
    }
    Ok(())
}
