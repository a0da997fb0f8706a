//! Tokens: codes to be typed, push on and off, another PIN.

use std::time::Duration;

use pushotp::{
    AuthenticatorError, ConfirmingRotation, DeviceUpdate, Relock, Rotating, Rotation, Updating, pin::Pin,
    types::TokenId, wire::terms::Status,
};
use zeroize::Zeroizing;

use super::{Done, Engine, GRACE, Kind, unix};
use crate::{
    keys::rng,
    message::{Event, PinChange, Token, Words},
    words,
};

impl Engine {
    pub(super) fn code(&mut self, token: TokenId, pin: Option<&Pin>, now: Duration) {
        match self.with(|device| device.passcode(token, pin, unix(now))) {
            Ok((code, until)) => {
                let code = Zeroizing::new(code.expose().to_owned());
                self.say(Event::Code { token, code, until });
            }
            Err(error) => self.say(Event::NoCode(words::of(&error, unix(now)))),
        }
    }

    /// Off counts here at once, whatever the server says; on counts once it agrees.
    pub(super) fn switch_push(&mut self, token: TokenId, on: bool, now: Duration) {
        let update = DeviceUpdate::new().push(token, on);
        let sent = self.with(|device| {
            if !on {
                device.set_push(token, false)?;
            }
            device.update(&update, unix(now), &mut rng())
        });
        self.say_tokens();
        match sent {
            Ok((message, updating)) => {
                let url = self.url.clone();
                self.post(Kind::Update { updating, on }, (message, url), now + GRACE);
            }
            Err(error) => self.say(Event::Push(words::of(&error, unix(now)))),
        }
    }

    pub(super) fn updated(&mut self, updating: Updating, on: bool, reply: &[u8], now: Duration) -> Done {
        match self.with(|device| device.updated(&updating, reply, unix(now))) {
            Ok(Status::Accepted) => {
                self.say_tokens();
                self.say(Event::Push(if on {
                    "Logins come to this device again.".into()
                } else {
                    "No more logins come for it.".into()
                }));
                Ok(())
            }
            Ok(Status::RetryLater) | Err(AuthenticatorError::OtherReply | AuthenticatorError::Message(_)) => {
                Err(Kind::Update { updating, on })
            }
            Ok(_) => {
                self.say(Event::Push("It stays off: somebody at your organisation has to switch it on first.".into()));
                Ok(())
            }
            Err(error) => {
                self.say(Event::Push(words::of(&error, unix(now))));
                Ok(())
            }
        }
    }

    fn say_tokens(&mut self) {
        if let Some(device) = &self.device {
            let tokens = Token::list(&device.tokens());
            self.say(Event::Tokens(tokens));
        }
    }

    pub(super) fn change_pin(&mut self, token: TokenId, old: &Pin, new: Pin, now: Duration) {
        match self.with(|device| device.rotate(token, Some(old), unix(now), &mut rng())) {
            Ok((message, rotating)) => {
                let url = self.url.clone();
                self.post(Kind::Rotate { token, rotating: Box::new(rotating), new }, (message, url), now + GRACE);
            }
            Err(error) => self.not_changed(words::of(&error, unix(now))),
        }
    }

    pub(super) fn not_changed(&mut self, why: Words) {
        self.say(Event::PinChange(PinChange::Failed(why)));
    }

    pub(super) fn rotated(
        &mut self,
        token: TokenId,
        rotating: Rotating,
        (reply, new): (&[u8], Pin),
        now: Duration,
    ) -> Done {
        let relock = Relock { pin: Some(&new), presence: None, cost: (self.setup.cost)() };
        let Some(device) = self.device.as_mut() else { return Ok(()) };
        let change = match device.rotated(rotating, (reply, &relock), unix(now), &mut rng()) {
            Ok(Rotation::Locked { message, confirming }) => {
                let url = self.url.clone();
                self.post(Kind::Confirm(confirming), (message, url), now + GRACE);
                PinChange::Changed
            }
            Ok(Rotation::TryAgain { left }) => PinChange::WrongPin { left },
            Ok(Rotation::RetryLater(rotating)) => return Err(Kind::Rotate { token, rotating, new }),
            Ok(_) => PinChange::NotGranted,
            Err(unrotated) => match unrotated.rotating {
                Some(rotating) => return Err(Kind::Rotate { token, rotating, new }),
                None => PinChange::Failed(words::of(&unrotated.error, unix(now))),
            },
        };
        self.say(Event::PinChange(change));
        Ok(())
    }

    pub(super) fn rotation_confirmed(&mut self, confirming: ConfirmingRotation, reply: &[u8], now: Duration) -> Done {
        match self.with(|device| device.rotation_confirmed(&confirming, reply, unix(now))) {
            Ok(Status::RetryLater) | Err(_) => Err(Kind::Confirm(confirming)),
            Ok(_) => Ok(()),
        }
    }
}
