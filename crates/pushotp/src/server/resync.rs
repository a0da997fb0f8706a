//! A token whose clock or counter left the window, and its way back.

use pushotp_types::{TokenId, UnixTime};

use super::{
    AccountId, AuditKind, LoginServer, PasscodeVerdict, Rng, ServerError,
    answer::TRIES,
    audit::Happened,
    method::Judgement,
    passcode::{accept, commit, note_replay},
    record::{Id, Record},
    secret::TokenKeys,
    trace,
    vault::Change,
};

impl LoginServer {
    /// Finds a token's clock or counter again, by two or more of its passcodes in a row, that are typed one after the other.
    ///
    /// It looks further than a login does, as far as [`resync_steps`](crate::ServerPolicy::resync_steps) and
    /// [`resync_counters`](crate::ServerPolicy::resync_counters) say. From then on the window lies where the token's clock
    /// is. Nothing else moves it: one passcode alone does not tell a slow clock from a slow typist. All that it matched is
    /// used up, and what was used up stays so. A wrong one counts as one failure. A lock stays.
    ///
    /// # Errors
    /// [`ServerError::NoToken`] if the account has no such token, [`ServerError::NoAccount`], or the store's; then nothing
    /// was accepted.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::PasscodeVerdict;
    ///
    /// let mut world = World::new(); // the user's device is ten minutes slow
    /// let codes = [0, 30, 60].map(|seconds| world.device.passcode(world.mail, None, later(seconds)).map(|(code, _)| code));
    /// let [first, second, third] = codes.map(Result::unwrap);
    /// let (now, token) = (later(630), world.mail);
    /// let typed = block_on(world.server.verify_passcode(&world.user, second.expose(), now, &mut world.rng))?;
    /// assert_eq!(typed, PasscodeVerdict::Refused);
    ///
    /// let (place, typed) = ((&world.user, token), [first.expose(), second.expose()]);
    /// let found = block_on(world.server.resync_passcodes(place, typed, now, &mut world.rng))?;
    /// assert_eq!(found, PasscodeVerdict::Accepted { token });
    /// let typed = block_on(world.server.verify_passcode(&world.user, third.expose(), later(660), &mut world.rng))?;
    /// assert_eq!(typed, PasscodeVerdict::Accepted { token });
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    ///
    /// One passcode alone does not compile:
    /// ```compile_fail
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new();
    /// let place = (&world.user, world.mail);
    /// let _ = pollster::block_on(world.server.resync_passcodes(place, ["755224"], NOW, &mut world.rng));
    /// ```
    pub async fn resync_passcodes<const N: usize>(
        &self,
        (account, token): (&AccountId, TokenId),
        typed: [&str; N],
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<PasscodeVerdict, ServerError> {
        let span = trace::span!("resync_passcodes").account(self, account).token(token);
        let event = async {
            let id = Id::new(*token.as_bytes());
            for _ in 0..TRIES {
                let record = self.vault.load(account).await?;
                let token = record.token(&id).ok_or(ServerError::NoToken)?;
                let keys = if token.can_be_typed() { self.token_keys(account, token).await? } else { None };
                let happened = Self::happened(now, &mut *rng);
                let decide = |record: &mut Record| self.judge_resync(record, (&id, keys.as_ref()), typed, &happened);
                if let Some(verdict) = self.vault.update(account, happened.attempt, decide).await? {
                    return Ok(verdict);
                }
            }
            Err(ServerError::Busy)
        };
        span.trace(event).await
    }

    /// `None` if the keys are no longer those of the record.
    fn judge_resync<const N: usize>(
        &self,
        record: &mut Record,
        (id, keys): (&Id, Option<&TokenKeys>),
        typed: [&str; N],
        happened: &Happened,
    ) -> Result<Change<Option<PasscodeVerdict>>, ServerError> {
        let token = record.token_mut(id).ok_or(ServerError::NoToken)?;
        if !token.can_be_typed() || token.disabled != 0 {
            return Ok(Change::Keep(Some(PasscodeVerdict::NoToken)));
        }
        let Some(keys) = keys.filter(|keys| keys.are_of(token)) else { return Ok(Change::Keep(None)) };
        let (method, about) = (token.method()?, (happened.at, &self.policy));
        let verdicts = keys.keys().map(|key| method.resync(key, typed, about));
        match verdicts.fold(Judgement::Wrong, Judgement::or) {
            Judgement::Right(advance) => {
                let used = commit(token, advance)?;
                token.set_drift(advance.drift().unwrap_or_default());
                let verdict = accept(record, &used, (AuditKind::Resynchronised, happened));
                Ok(Change::Write(Some(verdict)))
            }
            Judgement::Replay => Ok(note_replay(record, (id, AuditKind::PasscodeReplayed), happened)),
            Judgement::Wrong => {
                self.count_failure(record, id, happened);
                happened.log(record, AuditKind::ResyncRefused, Some(*id));
                Ok(Change::Write(Some(PasscodeVerdict::Refused)))
            }
        }
    }
}
