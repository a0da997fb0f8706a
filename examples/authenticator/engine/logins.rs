//! Logins: they are fetched, answered once, and their results waited for.

use std::time::Duration;

use pushotp::{
    Answering, AuthenticatorError, Fetching, Finished, Incoming, Outcome, Prompt,
    types::TokenId,
    wire::{
        device::Reported,
        terms::{ChallengeId, Reason, Status, UserVerification},
    },
};

use super::{Done, Engine, GRACE, Kind, LONG_POLL, OVER, POLL, unix, wait};
use crate::{
    keys::rng,
    message::{Answer, End, Event, Link, Past, Request, Unlock},
    words,
};

impl Engine {
    pub(super) fn fetch(&mut self, now: Duration) {
        match self.with(|device| device.fetch(unix(now), &mut rng())) {
            Ok((message, fetching)) => {
                let (url, held) = (self.url.clone(), if self.linked { LONG_POLL } else { Duration::ZERO });
                self.post(Kind::Fetch { fetching, sent: now, held }, (message, url), now);
            }
            Err(_) => self.not_fetched(false, now),
        }
    }

    pub(super) fn not_fetched(&mut self, rejected: bool, now: Duration) {
        self.fetch_at = now + wait(self.fetch_failures);
        self.fetch_failures = self.fetch_failures.saturating_add(1);
        self.linked = false;
        // One message that is lost says nothing.
        if self.fetch_failures > 1 {
            self.say(Event::Link(if rejected { Link::Stranger } else { Link::Down }));
        }
    }

    pub(super) fn fetched(
        &mut self,
        fetching: Fetching,
        (sent, held): (Duration, Duration),
        reply: &[u8],
        now: Duration,
    ) -> Done {
        let Ok(items) = self.with(|device| device.fetched(&fetching, reply, unix(now))) else {
            return Err(Kind::Fetch { fetching, sent, held });
        };
        // A server that holds the request up is asked again at once, and whether it does is not known before it was asked to.
        self.fetch_at = match (items.is_empty(), held.is_zero()) {
            (true, true) => now,
            (true, false) => now.max(sent + POLL),
            (false, _) => now + POLL,
        };
        (self.fetch_failures, self.linked) = (0, true);
        self.say(Event::Link(Link::Up));
        for item in items {
            match item {
                Ok(Incoming::Login(prompt) | Incoming::Again(prompt)) => self.show(prompt, now),
                Ok(Incoming::Withdrawn(login)) => self.withdraw(login),
                // What is not from the server, or too old, is not shown.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    fn show(&mut self, prompt: Prompt, now: Duration) {
        let (id, request) = (prompt.id(), Request::of(&prompt, unix(now)));
        if self.over.iter().chain(&self.seen).any(|known| known.id == id) {
            return;
        }
        self.seen.push(request.clone());
        self.open.push(prompt);
        self.say(Event::Login(request));
    }

    fn withdraw(&mut self, login: ChallengeId) {
        if self.taken(login).is_some() {
            self.end(login, End::Withdrawn);
            self.say(Event::Withdrawn(login));
        }
    }

    pub(super) fn expire(&mut self, now: Duration) {
        let late: Vec<_> = self.open.iter().filter(|open| open.expires() < unix(now)).map(Prompt::id).collect();
        for login in late {
            let _ = self.taken(login);
            self.end(login, End::Expired);
            self.say(Event::Answer(login, Answer::Expired));
        }
    }

    fn taken(&mut self, login: ChallengeId) -> Option<Prompt> {
        let at = self.open.iter().position(|open| open.id() == login)?;
        Some(self.open.swap_remove(at))
    }

    pub(super) fn approve(
        &mut self,
        login: ChallengeId,
        (token, number, how): (TokenId, &str, &Unlock),
        now: Duration,
    ) {
        let (Some(prompt), Some(device)) = (self.taken(login), self.device.as_mut()) else { return };
        let until = deadline(&prompt);
        let how = how.activation(&self.finger, "Approve this login?");
        match device.approve(prompt, (token, number, how), unix(now), &mut rng()) {
            Ok((message, answering)) => {
                let url = self.url.clone();
                self.post(Kind::Approve(login, Box::new(answering)), (message, url), until);
            }
            Err(not_sent) => self.not_sent(*not_sent.prompt, &not_sent.error, now),
        }
    }

    fn not_sent(&mut self, prompt: Prompt, error: &AuthenticatorError, now: Duration) {
        self.say(Event::Answer(prompt.id(), Answer::NotSent(words::of(error, unix(now)))));
        self.open.push(prompt);
    }

    pub(super) fn approved(&mut self, login: ChallengeId, answering: Answering, reply: &[u8], now: Duration) -> Done {
        let Some(device) = self.device.as_mut() else { return Ok(()) };
        let Finished { outcome, attempts, .. } = match device.finish(answering, reply, unix(now)) {
            Ok(finished) => finished,
            Err(unfinished) => return Err(Kind::Approve(login, unfinished.answering)),
        };
        match outcome {
            Outcome::Accepted { failures } => {
                self.end(login, End::Approved);
                self.say(Event::Answer(login, Answer::Accepted { failures }));
            }
            Outcome::TryAgain { prompt, left, verification } => {
                let device = attempts.and_then(Result::ok).map(|settled| settled.left());
                self.open.push(prompt);
                self.say(Event::Answer(
                    login,
                    match verification {
                        UserVerification::Pin => Answer::WrongPin { left, device },
                        _ => Answer::NotAccepted { left },
                    },
                ));
            }
            Outcome::RetryLater(answering) => return Err(Kind::Approve(login, answering)),
            Outcome::Refused(status) => self.over_with(login, status),
            _ => self.over_with(login, Status::Refused),
        }
        Ok(())
    }

    pub(super) fn deny(&mut self, login: ChallengeId, now: Duration) {
        let (Some(prompt), Some(device)) = (self.taken(login), self.device.as_mut()) else { return };
        let until = deadline(&prompt);
        match device.deny(prompt, Reason::Unspecified, unix(now), &mut rng()) {
            Ok((message, denied)) => {
                self.denied.push((login, denied));
                let url = self.url.clone();
                self.post(Kind::Deny(login), (message, url), until);
            }
            Err(not_sent) => self.not_sent(*not_sent.prompt, &not_sent.error, now),
        }
    }

    pub(super) fn denied(&mut self, login: ChallengeId, reply: &[u8], now: Duration) -> Done {
        let found = self.denied.iter().find(|(id, _)| *id == login);
        let (Some(device), Some((_, denied))) = (&self.device, found) else { return Ok(()) };
        let report = denied.report_offered();
        match device.denied(denied, reply, unix(now)) {
            Ok(Status::Accepted) => {
                self.end(login, End::Denied);
                self.say(Event::Answer(login, Answer::Denied { report }));
            }
            Ok(Status::RetryLater) | Err(_) => return Err(Kind::Deny(login)),
            Ok(status) => self.over_with(login, status),
        }
        Ok(())
    }

    pub(super) fn report(&mut self, login: ChallengeId, now: Duration) {
        let found = self.denied.iter().position(|(id, _)| *id == login);
        let (Some(at), Some(device)) = (found, self.device.as_mut()) else { return };
        let (_, denied) = self.denied.swap_remove(at);
        match device.report(denied, Reason::NotMe, unix(now), &mut rng()) {
            Ok((message, reported)) => {
                let url = self.url.clone();
                self.post(Kind::Report(login, reported), (message, url), now + GRACE);
            }
            Err(not_sent) => {
                self.denied.push((login, *not_sent.prompt));
                self.say(Event::Answer(login, Answer::NotSent(words::of(&not_sent.error, unix(now)))));
            }
        }
    }

    pub(super) fn reported(&mut self, login: ChallengeId, reported: Reported, reply: &[u8], now: Duration) -> Done {
        let Some(device) = &self.device else { return Ok(()) };
        match device.reported(&reported, reply, unix(now)) {
            Ok(Status::Accepted) => {
                self.end(login, End::Reported);
                self.say(Event::Answer(login, Answer::Reported));
            }
            Ok(Status::RetryLater) | Err(_) => return Err(Kind::Report(login, reported)),
            Ok(_) => self.say(Event::Answer(login, Answer::Refused)),
        }
        Ok(())
    }

    /// The server's last word, other than yes.
    fn over_with(&mut self, login: ChallengeId, status: Status) {
        let (end, answer) = match status {
            Status::Expired => (End::Expired, Answer::Expired),
            Status::Cancelled => (End::Withdrawn, Answer::Cancelled),
            Status::AlreadyAnswered => (End::Elsewhere, Answer::Elsewhere),
            _ => (End::Refused, Answer::Refused),
        };
        self.end(login, end);
        self.say(Event::Answer(login, answer));
    }

    /// No reply came, and none will.
    pub(super) fn silence(&mut self, login: ChallengeId) {
        self.end(login, End::Unknown);
        self.say(Event::Answer(login, Answer::Silence));
    }

    /// A login is over: it does not come to the screen again, and stands in the history.
    fn end(&mut self, login: ChallengeId, end: End) {
        if let Some(at) = self.seen.iter().position(|seen| seen.id == login) {
            self.over.push_back(self.seen.swap_remove(at));
        }
        if self.over.len() > OVER {
            self.over.pop_front();
        }
        let Some(request) = self.over.iter().find(|over| over.id == login) else { return };
        // What cannot be written now is missing in the history, no more.
        let _ = self.file.remember(Past::of(request, end));
        self.say(Event::History(self.file.history()));
    }
}

/// Until when the result of an answer is asked for.
fn deadline(prompt: &Prompt) -> Duration {
    Duration::from_secs(prompt.expires().as_secs()) + GRACE
}
