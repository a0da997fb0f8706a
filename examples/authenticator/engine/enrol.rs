//! Enrolment: the text or the image, the request, the codes that a person compares.

use std::{path::Path, time::Duration};

use pushotp::{
    Authenticator, DeviceSetup, Enrolling, NotEnrolled, Protection, pin::Pin, provision::enrolment, types::TokenId,
    wire::terms::PushAddress,
};

use super::{Comparing, Done, Engine, Kind, unix};
use crate::{
    http,
    keys::{KeptKeys, rng},
    message::{Event, Token, Words},
    qr, words,
};

/// What an enrolment text begins with.
const SCHEME: &str = "pushotp:";

impl Engine {
    pub(super) fn enrol(&mut self, text: &str, now: Duration) {
        if let Err(why) = self.ask(text, now) {
            self.say(Event::NotEnrolled(why));
        }
    }

    fn ask(&mut self, text: &str, now: Duration) -> Result<(), Words> {
        let text = text.trim();
        let is_uri = text.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME));
        let from_image = if is_uri { None } else { Some(zeroize::Zeroizing::new(qr::read(Path::new(text))?)) };
        let uri = from_image.as_ref().map_or(text, |read| read.as_str());
        let offer = enrolment::parse(uri).map_err(words::of_text)?;
        let url = self.setup.server.clone().unwrap_or_else(|| offer.url.clone());
        if let Some(why) = http::refuse(&url) {
            return Err(why.into());
        }
        let (kept, keys) = KeptKeys::generate(self.setup.key_in_file);
        let setup = DeviceSetup { name: self.setup.name.clone(), push: PushAddress::POLL, keys };
        match Authenticator::enrol(&offer, setup, unix(now), &mut rng()) {
            Ok((message, enrolling)) => {
                let kind = Kind::Enrol { enrolling: Box::new(enrolling), kept, server: self.setup.server.clone() };
                self.jobs.retain(|job| !matches!(job.kind, Kind::Enrol { .. }));
                self.post(kind, (message, url), Duration::from_secs(offer.expires.as_secs()));
                self.say(Event::Asked);
                Ok(())
            }
            Err(error) => {
                kept.erase();
                Err(words::of(&error, unix(now)))
            }
        }
    }

    pub(super) fn enrolled(
        &mut self,
        enrolling: Enrolling,
        (kept, server): (KeptKeys, Option<String>),
        reply: &[u8],
    ) -> Done {
        match enrolling.finish(reply) {
            Ok(confirming) => {
                self.compare(Comparing { confirming, kept, server }, None);
                Ok(())
            }
            Err(NotEnrolled::Waiting { enrolling, .. }) => Err(Kind::Enrol { enrolling, kept, server }),
            Err(_) => {
                kept.erase();
                self.say(Event::NotEnrolled("The server refused. Ask for a new enrolment.".into()));
                Ok(())
            }
        }
    }

    fn compare(&mut self, comparing: Comparing, problem: Option<Words>) {
        let (code, tokens) = (comparing.confirming.code().to_owned(), Token::list(&comparing.confirming.tokens()));
        self.comparing = Some(comparing);
        self.say(Event::Compare { code, tokens, problem });
    }

    /// The person says that the codes are the same, and has chosen the PINs.
    pub(super) fn agree(&mut self, pins: &[(TokenId, Pin)], now: Duration) {
        let Some(Comparing { confirming, kept, server }) = self.comparing.take() else { return };
        let before = self.file.stored().ok().flatten();
        let storage = self.file.enrolment(kept.clone(), server.clone());
        let protection = Protection { pins, presence: &[], cost: (self.setup.cost)() };
        match confirming.confirm(&protection, storage, &mut rng()) {
            Ok(device) => {
                if let Some(before) = before {
                    before.keys.erase();
                }
                self.forget();
                self.finger.forget();
                self.begin(device, server);
            }
            Err(unconfirmed) => {
                // The offer is used up, so this must not be lost.
                let problem = Some(words::of(&unconfirmed.error, unix(now)));
                self.compare(Comparing { confirming: *unconfirmed.confirming, kept, server }, problem);
            }
        }
    }

    pub(super) fn disagree(&mut self) {
        if let Some(comparing) = self.comparing.take() {
            comparing.kept.erase();
        }
    }

    /// What belonged to an enrolment that was replaced.
    fn forget(&mut self) {
        self.jobs.clear();
        self.open.clear();
        self.denied.clear();
        self.seen.clear();
    }
}
