//! The logins that the device knows of, and where each of them stands.

use std::collections::BTreeMap;

use pushotp::{
    Answering, Authenticator, Denied, Finished, Incoming, Outcome, Prompt, Rng,
    pin::Pin,
    types::{TokenId, UnixTime},
    wire::{device::Reported, terms::Reason},
};

use crate::{
    answer::{LoginView, Told, Verdict},
    failure::Failure,
    text::Id,
};

enum Login {
    Open(Prompt),
    Answering(Answering),
    Denied(Denied),
    Reported(Reported),
}

/// An answer is made once: each step takes what the one before left.
#[derive(Default)]
pub(crate) struct Logins(BTreeMap<Id, Login>);

impl Logins {
    /// Takes the server's list: what is not in it is over, unless this device has answered it.
    pub(crate) fn update(&mut self, list: Vec<Incoming>, now: UnixTime) -> Told {
        let mut listed = Vec::new();
        for incoming in list {
            if let Incoming::Login(prompt) | Incoming::Again(prompt) = incoming {
                let id = Id(*prompt.id().as_bytes());
                listed.push(id);
                self.0.entry(id).or_insert(Login::Open(prompt));
            }
        }
        let open = |id: &Id, prompt: &Prompt| listed.contains(id) && prompt.expires() >= now;
        self.0.retain(|id, login| !matches!(login, Login::Open(prompt) if !open(id, prompt)));
        let views = self.0.values().filter_map(|login| match login {
            Login::Open(prompt) => Some(LoginView::new(prompt, now)),
            _ => None,
        });
        Told::Logins { logins: views.collect() }
    }

    pub(crate) fn forget(&mut self, id: Id) -> Told {
        self.0.remove(&id);
        Told::Nothing {}
    }

    pub(crate) fn approve(
        &mut self,
        device: &mut Authenticator,
        (id, token, number, pin): (Id, TokenId, &str, Option<&Pin>),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Told, Failure> {
        let prompt = match self.0.remove(&id) {
            Some(Login::Open(prompt)) => prompt,
            other => return Err(self.stays(id, other)),
        };
        match device.approve(prompt, (token, number, pin), now, rng) {
            Ok((message, answering)) => Ok(self.sent(id, Login::Answering(answering), message)),
            Err(unsent) => Err(self.back(id, Login::Open(*unsent.prompt), unsent.error.into())),
        }
    }

    pub(crate) fn approved(
        &mut self,
        device: &mut Authenticator,
        (id, reply): (Id, &[u8]),
        now: UnixTime,
    ) -> Result<Told, Failure> {
        let answering = match self.0.remove(&id) {
            Some(Login::Answering(answering)) => answering,
            other => return Err(self.stays(id, other)),
        };
        match device.finish(answering, reply, now) {
            Ok(finished) => Ok(Told::Verdict(self.finished(id, finished))),
            Err(unfinished) => Err(self.back(id, Login::Answering(*unfinished.answering), unfinished.error.into())),
        }
    }

    fn finished(&mut self, id: Id, Finished { outcome, attempts, .. }: Finished) -> Verdict {
        let verdict = match outcome {
            Outcome::Accepted { failures } => Verdict::new("accepted", Some(failures)),
            Outcome::TryAgain { prompt, left, .. } => {
                self.0.insert(id, Login::Open(prompt));
                Verdict::new("try-again", Some(left))
            }
            Outcome::RetryLater(answering) => {
                self.0.insert(id, Login::Answering(*answering));
                Verdict::new("retry-later", None)
            }
            Outcome::Refused(status) => status.into(),
            _ => Verdict::new("refused", None),
        };
        verdict.with(attempts.and_then(Result::ok))
    }

    pub(crate) fn deny(
        &mut self,
        device: &mut Authenticator,
        id: Id,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Told, Failure> {
        let prompt = match self.0.remove(&id) {
            Some(Login::Open(prompt)) => prompt,
            other => return Err(self.stays(id, other)),
        };
        match device.deny(prompt, Reason::Unspecified, now, rng) {
            Ok((message, denied)) => Ok(self.sent(id, Login::Denied(denied), message)),
            Err(unsent) => Err(self.back(id, Login::Open(*unsent.prompt), unsent.error.into())),
        }
    }

    pub(crate) fn denied(&self, device: &Authenticator, id: Id, reply: &[u8], now: UnixTime) -> Result<Told, Failure> {
        let Some(Login::Denied(denied)) = self.0.get(&id) else { return Err(Failure::NO_LOGIN) };
        Ok(Told::Verdict(device.denied(denied, reply, now)?.into()))
    }

    pub(crate) fn report(
        &mut self,
        device: &mut Authenticator,
        id: Id,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Told, Failure> {
        let denied = match self.0.remove(&id) {
            Some(Login::Denied(denied)) => denied,
            other => return Err(self.stays(id, other)),
        };
        match device.report(denied, Reason::NotMe, now, rng) {
            Ok((message, reported)) => Ok(self.sent(id, Login::Reported(reported), message)),
            Err(unsent) => Err(self.back(id, Login::Denied(*unsent.prompt), unsent.error.into())),
        }
    }

    pub(crate) fn reported(
        &self,
        device: &Authenticator,
        id: Id,
        reply: &[u8],
        now: UnixTime,
    ) -> Result<Told, Failure> {
        let Some(Login::Reported(reported)) = self.0.get(&id) else { return Err(Failure::NO_LOGIN) };
        Ok(Told::Verdict(device.reported(reported, reply, now)?.into()))
    }

    /// A login that is not in the state that a step needs.
    fn stays(&mut self, id: Id, login: Option<Login>) -> Failure {
        login.map_or(Failure::NO_LOGIN, |login| self.back(id, login, Failure::ORDER))
    }

    fn back(&mut self, id: Id, login: Login, failure: Failure) -> Failure {
        self.0.insert(id, login);
        failure
    }

    fn sent(&mut self, id: Id, login: Login, message: Vec<u8>) -> Told {
        self.0.insert(id, login);
        Told::Message { message: message.into() }
    }
}
