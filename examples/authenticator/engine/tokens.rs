//! Tokens: codes to be typed, push on and off, another PIN.

use std::time::Duration;

use pushotp::{
    Authenticator, AuthenticatorError, Biometric, ConfirmingRotation, DeviceUpdate, Relock, Rotating, Rotation,
    Updating,
    pin::{Pin, PresenceKey},
    types::TokenId,
    wire::terms::{Status, UserVerification},
};
use zeroize::Zeroizing;

use super::{Done, Engine, GRACE, Kind, unix};
use crate::{
    keys::rng,
    message::{Event, PinChange, Token, Unlock, Words},
    words,
};

impl Engine {
    pub(super) fn code(&mut self, token: TokenId, how: &Unlock, now: Duration) {
        let finger = self.finger.clone();
        let how_now = how.activation(&finger, "Show a code?");
        match self.with(|device| device.passcode(token, how_now, unix(now))) {
            Ok((code, until)) => {
                let code = Zeroizing::new(code.expose().to_owned());
                self.say(Event::Code { token, code, until, typed: matches!(how, Unlock::Pin(_)) });
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

    pub(super) fn change_pin(&mut self, token: TokenId, old: &Unlock, (new, finger): (Pin, bool), now: Duration) {
        let sensor = self.finger.clone();
        let old = old.activation(&sensor, "Change the PIN?");
        match self.with(|device| device.rotate(token, old, unix(now), &mut rng())) {
            Ok((message, rotating)) => {
                let kind = Kind::Rotate { token, rotating: Box::new(rotating), new, finger };
                let url = self.url.clone();
                self.post(kind, (message, url), now + GRACE);
            }
            Err(error) => self.not_changed(words::of(&error, unix(now))),
        }
    }

    pub(super) fn not_changed(&mut self, why: Words) {
        self.say(Event::PinChange(PinChange::Failed(why)));
    }

    pub(super) fn rotated(
        &mut self,
        (token, rotating): (TokenId, Rotating),
        reply: &[u8],
        (new, finger): (Pin, bool),
        now: Duration,
    ) -> Done {
        let presence = finger.then_some(&self.finger as &dyn PresenceKey);
        let relock = Relock { pin: Some(&new), presence, cost: (self.setup.cost)() };
        let Some(device) = self.device.as_mut() else { return Ok(()) };
        let change = match device.rotated(rotating, (reply, &relock), unix(now), &mut rng()) {
            Ok(Rotation::Locked { message, confirming }) => {
                let url = self.url.clone();
                self.post(Kind::Confirm(confirming), (message, url), now + GRACE);
                PinChange::Changed(self.relocked(token))
            }
            Ok(Rotation::TryAgain { left, verification: UserVerification::Pin }) => PinChange::WrongPin { left },
            Ok(Rotation::TryAgain { .. }) => PinChange::NotAccepted,
            Ok(Rotation::RetryLater(rotating)) => return Err(Kind::Rotate { token, rotating, new, finger }),
            Ok(_) => PinChange::NotGranted,
            Err(unrotated) => match unrotated.rotating {
                Some(rotating) => return Err(Kind::Rotate { token, rotating, new, finger }),
                None => PinChange::Failed(words::of(&unrotated.error, unix(now))),
            },
        };
        self.say(Event::PinChange(change));
        Ok(())
    }

    /// A token has a new lock: whether a fingerprint opens it. A key that opens none any more is not kept.
    fn relocked(&mut self, token: TokenId) -> Biometric {
        self.say_tokens();
        let tokens = self.device.as_ref().map(Authenticator::tokens).unwrap_or_default();
        if tokens.iter().all(|held| held.biometric != Biometric::On) {
            self.finger.forget();
        }
        tokens.iter().find(|held| held.id == token).map_or(Biometric::Forbidden, |held| held.biometric)
    }

    pub(super) fn rotation_confirmed(&mut self, confirming: ConfirmingRotation, reply: &[u8], now: Duration) -> Done {
        match self.with(|device| device.rotation_confirmed(&confirming, reply, unix(now))) {
            Ok(Status::RetryLater) | Err(_) => Err(Kind::Confirm(confirming)),
            Ok(_) => Ok(()),
        }
    }
}
