use core::{cell::Cell, convert::Infallible};

use pushotp_oath::{Advance, Advanced, Authenticated, ReplayStore};
use pushotp_types::{TokenId, UnixTime};

use super::{
    AccountId, AuditKind, DuressResponse, LoginServer, Rng, ServerError,
    answer::TRIES,
    audit::Happened,
    duress::seem_accepted,
    method::Judgement,
    record::{Id, Record, Token},
    secret::{Spent, TokenKeys},
    trace,
    vault::Change,
};

/// What became of a passcode that was typed by hand.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::PasscodeVerdict;
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let (code, _) = world.device.passcode(world.mail, None, NOW)?;
/// let mut typed = |code: &str| block_on(world.server.verify_passcode(&world.user, code, NOW, &mut world.rng));
/// assert_eq!(typed(code.expose())?, PasscodeVerdict::Accepted { token: world.mail });
/// assert_eq!(typed(code.expose())?, PasscodeVerdict::Replayed);
/// assert_eq!(typed("not a passcode")?, PasscodeVerdict::Refused);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum PasscodeVerdict {
    /// Right, and used up: it is accepted this once.
    Accepted {
        /// The token that it came from.
        token: TokenId,
    },
    /// Right under the token's duress PIN, and used up: the user is being forced. Only under
    /// [`DuressResponse::SeemAccepted`]; it grants nothing, the page looks as if it did.
    UnderDuress {
        /// The token that it came from.
        token: TokenId,
    },
    /// It was right once, and is used up.
    Replayed,
    /// Wrong; counted.
    Refused,
    /// No usable token of the account may be used by typing, also if all that may are disabled: nothing was judged, counted
    /// or written. A page says what it says for [`Refused`](Self::Refused): a stranger learns nothing of the account.
    NoToken,
}

/// A token whose passcode may be typed, ready to verify with.
struct Candidate {
    id: Id,
    /// Of one version of the record, which may have moved on.
    keys: TokenKeys,
}

impl LoginServer {
    /// Verifies a passcode that was typed into the login page.
    ///
    /// It may be of any token of the account that permits it: TOTP of one that a device holds, or what an imported one has.
    /// Each is accepted once. A wrong one counts against every token that it might have been for: those whose passcodes are
    /// as long, else all.
    ///
    /// # Errors
    /// [`ServerError::NoAccount`], or the store's; then nothing was accepted.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::PasscodeVerdict;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (code, _) = world.device.passcode(world.mail, None, NOW)?;
    /// let (server, user, rng) = (&world.server, &world.user, &mut world.rng);
    /// let accepted = block_on(server.verify_passcode(user, code.expose(), NOW, rng))?;
    /// assert_eq!(accepted, PasscodeVerdict::Accepted { token: world.mail });
    /// assert_eq!(block_on(server.verify_passcode(user, "0", NOW, rng))?, PasscodeVerdict::Refused); // and counted
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn verify_passcode(
        &self,
        account: &AccountId,
        typed: &str,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<PasscodeVerdict, ServerError> {
        let span = trace::span!("verify_passcode").account(self, account);
        span.trace(self.verify_typed(account, typed, now, rng)).await
    }

    async fn verify_typed(
        &self,
        account: &AccountId,
        typed: &str,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<PasscodeVerdict, ServerError> {
        for _ in 0..TRIES {
            let record = self.vault.recall(account).await?;
            let tokens: Vec<&Token> = record.tokens.iter().filter(|token| token.can_be_typed()).collect();
            let keys = self.keys_of(account, &tokens).await?.into_iter();
            let candidates: Vec<_> =
                keys.zip(&tokens).filter_map(|(keys, token)| Some(Candidate { id: token.id, keys: keys? })).collect();
            // The update then has it for itself, and need not copy it.
            drop(record);
            let happened = Self::happened(now, &mut *rng);
            let decide = |record: &mut Record| self.judge_typed(record, (&candidates, typed), &happened);
            if let Some(verdict) = self.vault.update(account, happened.attempt, decide).await? {
                return Ok(verdict);
            }
        }
        Err(ServerError::Busy)
    }

    /// `None` if the candidates are no longer those of the record.
    fn judge_typed(
        &self,
        record: &mut Record,
        (candidates, typed): (&[Candidate], &str),
        happened: &Happened,
    ) -> Result<Change<Option<PasscodeVerdict>>, ServerError> {
        let mut usable = Vec::new();
        for token in record.tokens.iter().filter(|token| token.can_be_typed() && token.disabled == 0) {
            match candidates.iter().find(|candidate| candidate.id == token.id && candidate.keys.are_of(token)) {
                Some(candidate) => usable.push(candidate),
                None => return Ok(Change::Keep(None)),
            }
        }
        if usable.is_empty() {
            return Ok(Change::Keep(Some(PasscodeVerdict::NoToken)));
        }
        let mut found = Found::default();
        // All of them under all of their keys, whatever the first says.
        for candidate in &usable {
            let token = record.token(&candidate.id).ok_or(ServerError::NoToken)?;
            found.judge(candidate, token, (typed, happened))?;
        }
        if let Some(change) = found.used(record, self.policy.duress, happened)? {
            return Ok(change);
        }
        for id in meant(record, &usable, typed)? {
            self.count_failure(record, &id, happened);
        }
        happened.log(record, AuditKind::PasscodeRefused, None);
        if let Some((token, _)) = found.duress {
            happened.log(record, AuditKind::Duress, Some(token));
        }
        Ok(Change::Write(Some(PasscodeVerdict::Refused)))
    }
}

/// What a typed passcode is found to be.
#[derive(Default)]
struct Found {
    /// The tokens that it is right for, and what it uses up.
    right: Vec<(Id, Advance)>,
    /// A token that it was right for once.
    replayed: Option<Id>,
    /// A token under whose duress PIN it is right, with what it uses up, or was right once.
    duress: Option<(Id, Option<Advance>)>,
}

impl Found {
    fn judge(
        &mut self,
        candidate: &Candidate,
        token: &Token,
        (typed, happened): (&str, &Happened),
    ) -> Result<(), ServerError> {
        let (id, method) = (candidate.id, token.method()?);
        let verdicts = candidate.keys.keys().map(|key| method.judge(key, typed, happened.at));
        match verdicts.fold(Judgement::Wrong, Judgement::or) {
            Judgement::Right(advance) => self.right.push((id, advance)),
            Judgement::Replay => self.replayed = Some(id),
            Judgement::Wrong => {}
        }
        match candidate.keys.typed_under_duress(&method, typed, happened.at) {
            Judgement::Right(advance) => self.duress = self.duress.or(Some((id, Some(advance)))),
            Judgement::Replay => self.duress = self.duress.or(Some((id, None))),
            Judgement::Wrong => {}
        }
        Ok(())
    }

    /// What becomes of one that is right or was, or seems to be; `None` of a wrong one.
    fn used(
        &self,
        record: &mut Record,
        duress: DuressResponse,
        happened: &Happened,
    ) -> Result<Option<Change<Option<PasscodeVerdict>>>, ServerError> {
        if let Some(token) = self.replayed {
            return Ok(Some(note_replay(record, (&token, AuditKind::PasscodeReplayed), happened)));
        }
        let mut accepted = None;
        // Where two tokens have the same digits, both have used them: typed again they open nothing.
        for (id, advance) in &self.right {
            let used = commit(record.token_mut(id).ok_or(ServerError::NoToken)?, *advance)?;
            accepted.get_or_insert(used);
        }
        if let Some(used) = accepted {
            let verdict = accept(record, &used, (AuditKind::PasscodeAccepted, happened));
            return Ok(Some(Change::Write(Some(verdict))));
        }
        match self.duress.filter(|_| duress == DuressResponse::SeemAccepted) {
            None => Ok(None),
            Some((token, None)) => Ok(Some(note_replay(record, (&token, AuditKind::Duress), happened))),
            Some((token, Some(advance))) => {
                seem_accepted(record, &token, Spent::Step(advance))?;
                happened.log(record, AuditKind::Duress, Some(token));
                Ok(Some(Change::Write(Some(PasscodeVerdict::UnderDuress { token: TokenId::from_bytes(*token) }))))
            }
        }
    }
}

/// The tokens that a wrong passcode may have been for: those of its length, else all.
fn meant(record: &Record, usable: &[&Candidate], typed: &str) -> Result<Vec<Id>, ServerError> {
    let mut meant = Vec::new();
    for candidate in usable {
        if record.token(&candidate.id).ok_or(ServerError::NoToken)?.method()?.is_as_long_as(typed) {
            meant.push(candidate.id);
        }
    }
    Ok(if meant.is_empty() { usable.iter().map(|candidate| candidate.id).collect() } else { meant })
}

/// A used passcode is no guess: whoever typed it had it, or looked over a shoulder. It is not counted, and noted once, so that
/// who repeats it does not push the other events out.
pub(super) fn note_replay(
    record: &mut Record,
    (token, kind): (&Id, AuditKind),
    happened: &Happened,
) -> Change<Option<PasscodeVerdict>> {
    if record.ends_with(kind.code(), Some(*token)) {
        return Change::Keep(Some(PasscodeVerdict::Replayed));
    }
    happened.log(record, kind, Some(*token));
    Change::Write(Some(PasscodeVerdict::Replayed))
}

/// Uses a passcode up, in the record that carries the verdict.
pub(super) fn commit(token: &mut Token, advance: Advance) -> Result<Authenticated<Id>, ServerError> {
    let counts = token.is_counted();
    let next = if counts { &mut token.next_counter } else { &mut token.next_step };
    // Never stale: both numbers are those of this version of the record.
    advance.commit(token.id, &Next { row: Cell::from_mut(next), counts }).map_err(|_| ServerError::Busy)
}

/// The only way to an accepted passcode: from a step or counter that is used up in the record that carries the verdict.
pub(super) fn accept(
    record: &mut Record,
    used: &Authenticated<Id>,
    (kind, happened): (AuditKind, &Happened),
) -> PasscodeVerdict {
    let id = *used.id();
    if let Some(token) = record.token_mut(&id) {
        token.failures = 0;
    }
    record.pushes = (0, 0);
    happened.log(record, kind, Some(id));
    PasscodeVerdict::Accepted { token: TokenId::from_bytes(*id) }
}

/// A token's `next_step` or `next_counter`, in a record that is about to be written.
///
/// The store's compare-and-swap is that of the whole record: [`Change::Write`] tells nothing before it is won, and after a
/// lost one everything is decided anew.
struct Next<'a> {
    row: &'a Cell<u64>,
    /// A counter is stored as the next one, a step as the last one + 1.
    counts: bool,
}

impl ReplayStore<Id> for Next<'_> {
    type Error = Infallible;

    fn advance(&self, _: &Id, advance: Advance) -> Result<Advanced, Infallible> {
        let stored = self.row.get();
        if advance.from() != if self.counts { Some(stored) } else { stored.checked_sub(1) } {
            return Ok(Advanced::Stale);
        }
        self.row.set(if self.counts { advance.to() } else { advance.to().saturating_add(1) });
        Ok(Advanced::Done)
    }
}
