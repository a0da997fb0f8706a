//! The PIN of a token: another one by leave of the server, and a count of wrong ones that is locked.

use pushotp::{
    Authenticator, ConfirmingRotation, Relock, Rng, Rotating, Rotation, UnlockCode,
    pin::{Cost, Pin},
    types::{TokenId, UnixTime},
    wire::terms::Status,
};

use crate::{
    answer::{Told, Verdict},
    failure::Failure,
    text::Secret,
};

/// One change at a time; each step takes what the one before left.
pub(crate) struct Pins {
    /// What a guess at a new PIN shall cost.
    cost: Cost,
    /// With the new PIN, which leaves the page once.
    rotating: Option<(Rotating, Pin)>,
    confirming: Option<ConfirmingRotation>,
}

impl Pins {
    pub(crate) const fn new(cost: Cost) -> Self {
        Self { cost, rotating: None, confirming: None }
    }

    pub(crate) fn rotate(
        &mut self,
        device: &mut Authenticator,
        (token, old, new): (TokenId, &Pin, Pin),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Told, Failure> {
        let (message, rotating) = device.rotate(token, Some(old), now, rng)?;
        self.rotating = Some((rotating, new));
        Ok(Told::Message { message: message.into() })
    }

    /// With the server's leave the token is locked with the new PIN, which is stored with this answer.
    pub(crate) fn rotated(
        &mut self,
        device: &mut Authenticator,
        reply: &[u8],
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Told, Failure> {
        let (rotating, new) = self.rotating.take().ok_or(Failure::ORDER)?;
        let relock = Relock { pin: Some(&new), presence: None, cost: self.cost };
        let verdict = match device.rotated(rotating, (reply, &relock), now, rng) {
            Ok(Rotation::Locked { message, confirming }) => {
                self.confirming = Some(confirming);
                return Ok(Told::Changed { word: "changed", message: message.into() });
            }
            Ok(Rotation::TryAgain { left, .. }) => Verdict::new("try-again", Some(left)),
            Ok(Rotation::RetryLater(rotating)) => {
                self.rotating = Some((*rotating, new));
                Verdict::new("retry-later", None)
            }
            Ok(Rotation::Refused(status)) => status.into(),
            Ok(_) => Status::Refused.into(),
            Err(unrotated) => {
                self.rotating = unrotated.rotating.map(|rotating| (*rotating, new));
                return Err(unrotated.error.into());
            }
        };
        Ok(Told::Verdict(verdict))
    }

    /// The server uses the new secret from now on. Where this reply is lost, the next approval says the same.
    pub(crate) fn confirmed(
        &mut self,
        device: &mut Authenticator,
        reply: &[u8],
        now: UnixTime,
    ) -> Result<Told, Failure> {
        let confirming = self.confirming.as_ref().ok_or(Failure::ORDER)?;
        let status = device.rotation_confirmed(confirming, reply, now)?;
        if status != Status::RetryLater {
            self.confirming = None;
        }
        Ok(Told::Verdict(status.into()))
    }
}

/// What an operator is to be given, as text; no secret.
pub(crate) fn unlock_request(device: &mut Authenticator, token: TokenId) -> Result<Told, Failure> {
    Ok(Told::UnlockRequest { request: device.unlock_request(token)?.to_text() })
}

/// The operator's code for it, as it was typed or pasted.
pub(crate) fn unlock(device: &mut Authenticator, token: TokenId, code: &Secret) -> Result<Told, Failure> {
    let settled = device.unlock_attempts(token, &UnlockCode::from_text(&code.0)?)?;
    Ok(Told::Unlocked { attempts: settled.left() })
}
