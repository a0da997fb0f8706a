//! The way back after too many failures: an operator's word, for the server's count and for the device's own.

use pushotp_types::{DeviceId, Epoch, TokenId, UnixTime};
use pushotp_wire::{keys::Binding, terms::Kid};

use super::{
    AccountId, AuditKind, LoginServer, Rng, ServerError, ServerPolicy,
    answer::TRIES,
    audit::Happened,
    device::{StoredDevice, device_name},
    record::{Id, Record, Token},
    trace,
    vault::Change,
};
use crate::{UnlockCode, UnlockRequest, passcode};

impl LoginServer {
    /// Lets a token be used again that too many failures disabled: an operator's decision, about a person who has shown
    /// who they are.
    ///
    /// The failures in a row begin anew. Those of 30 days are not forgotten: of them, as many are taken back as it needs
    /// for a full row, so that each unlocking gives away ten guesses and no more.
    ///
    /// # Errors
    /// [`ServerError::NoToken`], [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// for _ in 0..10 {
    ///     let _ = block_on(world.server.verify_passcode(&world.user, "wrong", NOW, &mut world.rng))?;
    /// }
    /// assert!(world.token(world.mail).disabled);
    /// block_on(world.server.unlock_token((&world.user, world.mail), NOW, &mut world.rng))?;
    /// assert!(!world.token(world.mail).disabled);
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    pub async fn unlock_token(
        &self,
        (account, token): (&AccountId, TokenId),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<(), ServerError> {
        let span = trace::span!("unlock_token").account(self, account).token(token);
        let event = async {
            let happened = Self::happened(now, rng);
            let id = Id::new(*token.as_bytes());
            let decide = |record: &mut Record| {
                unlock(record, &id, (&self.policy, &happened))?;
                Ok(Change::Write(()))
            };
            self.vault.update(account, happened.attempt, decide).await
        };
        span.trace(event).await
    }

    /// Does the same, and lets the device that holds the token count the attempts at its PIN anew.
    ///
    /// Request and code go through the operator, or over any channel of the caller's: version 1 of the protocol has no
    /// message for them. The code is made with the keys of the device's epoch, and helps no other device.
    ///
    /// # Errors
    /// [`ServerError::NoDevice`] if no device holds the token, [`ServerError::NoToken`], [`ServerError::NoAccount`], or the
    /// store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let request = world.device.unlock_request(world.bank)?; // the user tells the operator
    /// let code = block_on(world.server.unlock_device(&world.user, &request, NOW, &mut world.rng))?;
    /// assert_eq!(world.device.unlock_attempts(world.bank, &code)?.left(), 10); // the operator tells the user
    /// assert!(world.device.unlock_attempts(world.bank, &pushotp::UnlockCode::from_bytes([0; 32])).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn unlock_device(
        &self,
        account: &AccountId,
        request: &UnlockRequest,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<UnlockCode, ServerError> {
        let span = trace::span!("unlock_device").account(self, account).token(request.token);
        let event = async {
            let id = Id::new(*request.token.as_bytes());
            for _ in 0..TRIES {
                let record = self.vault.load(account).await?;
                let kid = holder(&record, &id)?;
                let Some(code) = self.unlock_code(account, &record, (&id, kid), request).await? else { continue };
                let happened = Self::happened(now, &mut *rng);
                let decide = |record: &mut Record| {
                    if holder(record, &id)? != kid {
                        return Ok(Change::Keep(false));
                    }
                    unlock(record, &id, (&self.policy, &happened))?;
                    happened.log(record, AuditKind::DeviceUnlocked, Some(id));
                    Ok(Change::Write(true))
                };
                if self.vault.update(account, happened.attempt, decide).await? {
                    return Ok(code);
                }
            }
            Err(ServerError::Busy)
        };
        span.trace(event).await
    }

    /// `None` if the device was replaced while this looked.
    async fn unlock_code(
        &self,
        account: &AccountId,
        record: &Record,
        (token, kid): (&Id, Kid),
        request: &UnlockRequest,
    ) -> Result<Option<UnlockCode>, ServerError> {
        let device = record.token(token).and_then(|token| record.device(&token.device)).ok_or(ServerError::NoDevice)?;
        let binding = Binding {
            tenant: self.tenant,
            device: DeviceId::from_bytes(*device.id),
            epoch: Epoch::new(device.epoch).map_err(|_| ServerError::Record)?,
        };
        let stored: Option<StoredDevice> = self.vault.get_sealed(("device", &device_name(account, kid))).await?;
        let Some(stored) = stored else { return Ok(None) };
        Ok(request.code(&stored.keys()?, &binding))
    }
}

/// The kid of the device that holds a token.
fn holder(record: &Record, token: &Id) -> Result<Kid, ServerError> {
    let token = record.token(token).ok_or(ServerError::NoToken)?;
    let device = record.device(&token.device).filter(|_| token.epoch > 0).ok_or(ServerError::NoDevice)?;
    Ok(Kid::from_bytes(*device.kid))
}

fn unlock(record: &mut Record, id: &Id, (policy, happened): (&ServerPolicy, &Happened)) -> Result<(), ServerError> {
    let token = record.token_mut(id).ok_or(ServerError::NoToken)?;
    token.unlock(policy, happened.at);
    happened.log(record, AuditKind::TokenUnlocked, Some(*id));
    Ok(())
}

impl Token {
    fn unlock(&mut self, policy: &ServerPolicy, now: UnixTime) {
        self.disabled = 0;
        self.failures = 0;
        let (level, since) = passcode::leaked(self.month, now);
        // Else the thirtieth of a month would disable it again at the next slip.
        let room = policy.max_monthly_failures.saturating_sub(policy.max_consecutive_failures);
        self.month = (level.min(room), since);
    }
}
