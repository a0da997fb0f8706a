//! The thief at the server: he has the password as well, and answers the logins that he starts from the copied phone.

use pushotp::{Incoming, LoginStart, Outcome, Prompt, Started, pin::Pin, types::UnixTime, wire::terms::Status};

use crate::{
    offline::{Loot, PINS},
    options::may_be_chosen,
    owner::{START, Server, rng},
    screen::Screen,
    story::Failure,
};

/// More than any server should allow; a loop has to end.
const ENOUGH: u32 = 100;

/// How it ended, after how many guesses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The server takes no more passcodes of the token, not even the right one.
    Stopped(u32),
    /// It took the right one after all, or goes on for ever.
    NotStopped(u32),
    /// He is in: which happens.
    Lucky(u32),
}

/// PINs that the owner may have, in an order that says nothing.
pub(crate) fn guesses() -> impl Iterator<Item = String> {
    (0..PINS).map(|place| format!("{:04}", (place * 7_919 + 4_713) % PINS)).filter(|pin| may_be_chosen(pin))
}

/// Guesses until the server stops him. That he is stopped is seen by the right PIN, which is refused then, too.
pub(crate) fn attack(server: &Server, loot: &Loot, right: &str, screen: &mut Screen<'_>) -> Result<End, Failure> {
    let (mut pins, mut now, mut count) = (guesses(), START, 0);
    while count < ENOUGH {
        // As patient as the limit on pushes wants him, at the most: an hour.
        now = UnixTime::from_secs(now.as_secs() + 3600);
        let started = match server.begin(now)? {
            LoginStart::Started(started) => started,
            LoginStart::NoToken => return Ok(End::Stopped(count)),
            other => return Err(format!("no login to answer: {other:?}").into()),
        };
        let mut login = Login::open(server, loot, &started, now)?;
        while let Some(prompt) = login.prompt.take() {
            let stopped = server.has_disabled_it()?;
            let pin = if stopped { right.to_owned() } else { pins.next().ok_or("no PIN is left")? };
            let answer = login.guess(prompt, &pin)?;
            if stopped {
                screen.say("thief", format_args!("even Alice's own PIN, {pin}: the server says {answer}"))?;
                return Ok(if answer == ACCEPTED { End::NotStopped(count) } else { End::Stopped(count) });
            }
            count += 1;
            screen.say("thief", format_args!("guess {count}, PIN {pin}: the server says {answer}"))?;
            if answer == ACCEPTED {
                return Ok(End::Lucky(count));
            }
        }
    }
    Ok(End::NotStopped(count))
}

const ACCEPTED: &str = "welcome";

/// A login on the copied phone.
struct Login<'a> {
    server: &'a Server,
    phone: pushotp::Authenticator,
    number: String,
    now: UnixTime,
    /// As long as it can be answered.
    prompt: Option<Prompt>,
}

impl<'a> Login<'a> {
    /// The copy is a fresh one each time, so the phone's own count of attempts begins anew.
    fn open(server: &'a Server, loot: &Loot, started: &Started, now: UnixTime) -> Result<Self, Failure> {
        let (mut phone, number) = (loot.phone()?, server.login.number(&started.ticket)?);
        let push = started.pushes.first().ok_or("nobody to push to")?;
        match phone.open(&push.envelope, now)? {
            Incoming::Login(prompt) => Ok(Self { server, phone, number, now, prompt: Some(prompt) }),
            other => Err(format!("not a login: {other:?}").into()),
        }
    }

    /// One guess, and what the server says.
    fn guess(&mut self, prompt: Prompt, pin: &str) -> Result<&'static str, Failure> {
        let (pin, token, now) = (Pin::entered(pin)?, self.server.token, self.now);
        let (message, answering) = self.phone.approve(prompt, (token, &self.number, Some(&pin)), now, &mut rng())?;
        let reply = self.server.receive(&message, now)?;
        match self.phone.finish(answering, &reply, now)?.outcome {
            Outcome::Accepted { .. } => Ok(ACCEPTED),
            Outcome::TryAgain { prompt, .. } => {
                self.prompt = Some(prompt);
                Ok("no")
            }
            Outcome::Refused(Status::Refused) => Ok("no, and this login is over"),
            other => Err(format!("no answer to a guess: {other:?}").into()),
        }
    }
}
