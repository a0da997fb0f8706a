use std::{
    error::Error,
    fs,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use pollster::block_on;
use pushotp::{
    Authenticator, LoginState, NotEnrolled, Outcome, Prompt, Ticket, pin::Pin, provision::enrolment, types::UnixTime,
};

use crate::{
    device, interactive,
    options::Options,
    refusals,
    screen::Screen,
    server::{Server, rng},
    store::file_of,
};

pub(crate) type Failure = Box<dyn Error>;

/// The PIN of the story's user.
pub(crate) const PIN: &str = "271846";

/// The real clock, and time that the story lets pass.
#[derive(Default)]
pub(crate) struct Clock(Duration);

impl Clock {
    pub(crate) fn now(&self) -> UnixTime {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixTime::from_secs((real + self.0).as_secs())
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        self.0 += Duration::from_secs(seconds);
    }
}

/// Everybody in the story. Server and device hold nothing in common: what passes between them are bytes.
pub(crate) struct Cast {
    pub(crate) clock: Clock,
    pub(crate) server: Server,
    pub(crate) device: Authenticator,
}

impl Cast {
    pub(crate) fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// The device approves with a token, and the server answers: the message, its reply, what the device makes of it.
    pub(crate) fn approve(
        &mut self,
        push: &[u8],
        answer: (&str, &str, Option<&str>),
    ) -> Result<(Vec<u8>, Outcome), Failure> {
        let now = self.now();
        let prompt = device::open(&mut self.device, push, now)?;
        self.approve_prompt(prompt, answer)
    }

    pub(crate) fn approve_prompt(
        &mut self,
        prompt: Prompt,
        (token, number, pin): (&str, &str, Option<&str>),
    ) -> Result<(Vec<u8>, Outcome), Failure> {
        let (now, token) = (self.now(), device::named(prompt.tokens(), token)?);
        let pin = pin.map(Pin::entered).transpose()?;
        let (message, answering) = self.device.approve(prompt, (token, number, pin.as_ref()), now, &mut rng())?;
        let (reply, _) = self.server.receive(&message, now)?;
        let finished = self.device.finish(answering, &reply.ok_or("no reply")?, now)?;
        Ok((message, finished.outcome))
    }
}

/// The whole story; an error where a step did not hold.
pub(crate) fn tell(options: &Options, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let db = options.db.clone().unwrap_or_else(|| folder.path().join("login.db").display().to_string());
    let beside = options.keys.clone().or_else(|| file_of(&db).map(|file| file.with_added_extension("keys")));
    let of_the_run = beside.is_none();
    let keys = beside.unwrap_or_else(|| folder.path().join("login.keys"));
    let state = options.device.clone().unwrap_or_else(|| folder.path().join("device.state"));
    device::must_be_new(&state)?;
    screen.title("1. A login server starts")?;
    let clock = Clock::default();
    let server = Server::start(&db, (&keys, of_the_run), clock.now())?;
    // Again, now that the server's own files are there.
    device::must_be_new(&state)?;
    match file_of(&db) {
        Some(file) => screen.say("server", format_args!("SQLite file {}", file.display()))?,
        None => screen.say("server", "a PostgreSQL database")?,
    }
    let mut cast = enrol(screen, (clock, server), &state, options.interactive)?;
    if options.interactive { interactive::play(&mut cast, screen) } else { play(&mut cast, screen) }
}

/// The login and all that is refused.
pub(crate) fn play(cast: &mut Cast, screen: &mut Screen<'_>) -> Result<(), Failure> {
    log_in(cast, screen)?;
    refusals::tell(cast, screen)?;
    screen.held("all", "every step held")?;
    Ok(())
}

pub(crate) fn enrol(
    screen: &mut Screen<'_>,
    (clock, server): (Clock, Server),
    state: &Path,
    interactive: bool,
) -> Result<Cast, Failure> {
    screen.held("server", format_args!("user {}, tokens Bank (PIN protected) and Mail", server.user))?;
    screen.title("2. Enrolment")?;
    let offer = block_on(server.login.offer_enrolment(&server.user, clock.now(), &mut rng()))?;
    let uri = enrolment::write(&offer)?;
    screen.say("server", "scan this with the authenticator (it is a secret, good for ten minutes and once):")?;
    screen.qr(&uri)?;
    screen.say("server", uri.as_str())?;
    let (request, enrolling) = device::enrol(&uri, state, clock.now())?;
    let (response, _) = server.receive(&request, clock.now())?;
    // The request has used the offer up: what arrives in the response's place must not cost the enrolment.
    let Err(NotEnrolled::Waiting { enrolling, .. }) = enrolling.finish(b"502 Bad Gateway") else {
        return Err("the device took something else for the response".into());
    };
    screen.say("device", "an error page arrives in the response's place: the device goes on waiting")?;
    let confirming = enrolling.finish(&response.ok_or("the enrolment was refused")?)?;

    let shown = block_on(server.login.confirmation_code(offer.enrolment))?.ok_or("the server has no code")?;
    screen.say("server", format_args!("confirmation code {shown}"))?;
    screen.say("device", format_args!("confirmation code {}", confirming.code()))?;
    if shown != confirming.code() {
        return Err("the confirmation codes differ".into());
    }
    let pin = if interactive { interactive::choose_pin(screen)? } else { PIN.to_owned() };
    // First the device stores what it holds, then the server counts on it.
    drop(device::confirm(confirming, state, &pin)?);
    block_on(server.login.confirm_enrolment((&server.user, offer.enrolment), true, clock.now(), &mut rng()))?;
    let device = device::restart(state)?;
    screen.say("device", format_args!("state in {}, {} bytes", state.display(), fs::metadata(state)?.len()))?;
    screen.held(
        "enrolment",
        format_args!("both show the same code; request {} bytes; the device restarts from its file", request.len()),
    )?;
    Ok(Cast { clock, server, device })
}

fn log_in(cast: &mut Cast, screen: &mut Screen<'_>) -> Result<(), Failure> {
    screen.title("3. A login")?;
    let started = cast.server.started("Intranet", cast.now())?;
    let number = cast.server.login.number(&started.ticket)?;
    let push = started.pushes.first().ok_or("nobody to push to")?.envelope.clone();
    screen.say("page", format_args!("type {number} into your authenticator"))?;
    screen.say("push", format_args!("challenge, {} bytes sealed", push.len()))?;

    cast.clock.pass(5);
    let prompt = window(cast, screen, &push)?;
    screen.say("user", "types the number and the PIN")?;
    let (message, outcome) = cast.approve_prompt(prompt, ("Bank", &number, Some(PIN)))?;
    screen.say("device", format_args!("approval, {} bytes sealed and signed", message.len()))?;
    if !matches!(outcome, Outcome::Accepted { failures: 0 }) {
        return Err(format!("not accepted: {outcome:?}").into());
    }
    screen.say("device", device::words(&outcome))?;
    if push.len() > 384 || message.len() > 320 {
        return Err("a message is longer than it may be".into());
    }
    redeemed_once(cast, &started.ticket)?;
    screen.say("page", format_args!("logged in as {}", cast.server.user))?;
    screen.held(
        "login",
        format_args!(
            "challenge {} bytes (384 at most), approval {} (320 at most), redeemed once",
            push.len(),
            message.len()
        ),
    )?;
    Ok(())
}

/// The request window: who asks, from where, how long ago; the user steps through the tokens to Bank.
fn window(cast: &mut Cast, screen: &mut Screen<'_>, push: &[u8]) -> Result<Prompt, Failure> {
    let now = cast.now();
    let prompt = device::open(&mut cast.device, push, now)?;
    if prompt.tokens().len() != 2 {
        return Err("the device does not offer both tokens".into());
    }
    for line in device::describe(&prompt, now) {
        screen.say("device", line)?;
    }
    for (step, line) in device::switch_to(prompt.tokens(), "Bank").iter().enumerate() {
        if step > 0 {
            screen.say("user", "switches to the next token")?;
        }
        screen.say("device", line)?;
    }
    Ok(prompt)
}

/// The page collects the login; a second time there is nothing to collect.
pub(crate) fn redeemed_once(cast: &Cast, ticket: &Ticket) -> Result<(), Failure> {
    let redeem = || block_on(cast.server.login.redeem(ticket, cast.now(), &mut rng()));
    if redeem()?.as_ref() != Some(&cast.server.user) || redeem()?.is_some() {
        return Err("a login was not redeemed exactly once".into());
    }
    state_is(cast, ticket, &LoginState::Redeemed)
}

/// What the page sees must be this.
pub(crate) fn state_is(cast: &Cast, ticket: &Ticket, expected: &LoginState) -> Result<(), Failure> {
    let state = block_on(cast.server.login.login_state(ticket, cast.now()))?;
    if state == *expected { Ok(()) } else { Err(format!("the page sees {state:?}, not {expected:?}").into()) }
}
