use core::{cell::Cell, convert::Infallible};

use pushotp_oath::{Advance, Advanced, Authenticated, ReplayStore, Step, Verdict, Window};
use pushotp_types::{TokenId, UnixTime};

use super::{
    AccountId, AuditKind, LoginServer, Rng, ServerError,
    answer::TRIES,
    audit::Happened,
    record::{Id, Record},
    secret::TokenKeys,
    vault::Change,
};
use crate::passcode::TYPED;

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
    /// Each is accepted once. A wrong one counts against every token that it might have been for.
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
        for _ in 0..TRIES {
            let (_, record) = self.vault.load(account).await?;
            let mut candidates = Vec::new();
            for token in record.tokens.iter().filter(|token| token.by_hand != 0 && token.epoch > 0) {
                if let Some(keys) = self.token_keys(account, token).await? {
                    candidates.push(Candidate { id: token.id, keys });
                }
            }
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
        for token in record.tokens.iter().filter(|token| token.by_hand != 0 && token.epoch > 0 && token.disabled == 0) {
            match candidates.iter().find(|candidate| candidate.id == token.id && candidate.keys.are_of(token)) {
                Some(candidate) => usable.push(candidate),
                None => return Ok(Change::Keep(None)),
            }
        }
        if usable.is_empty() {
            return Ok(Change::Keep(Some(PasscodeVerdict::NoToken)));
        }
        let mut replayed = None;
        for candidate in &usable {
            let token = record.token_mut(&candidate.id).ok_or(ServerError::NoToken)?;
            let last = token.next_step.checked_sub(1).map(Step::new);
            for key in candidate.keys.keys() {
                match TYPED.verify(key, typed, happened.at, Window::ONE, last) {
                    Verdict::Match(found) => {
                        let row = NextStep(Cell::from_mut(&mut token.next_step));
                        // Never stale: both steps are those of this version of the record.
                        let used = found.commit(candidate.id, &row).map_err(|_| ServerError::Busy)?;
                        return Ok(Change::Write(Some(accept(record, &used, happened))));
                    }
                    Verdict::Replay => replayed = Some(candidate.id),
                    _ => {}
                }
            }
        }
        // A used passcode is no guess: whoever typed it had it, or looked over a shoulder. It is not counted, and noted
        // once, so that who repeats it does not push the other events out.
        if let Some(token) = replayed {
            if record.ends_with(AuditKind::PasscodeReplayed.code(), Some(token)) {
                return Ok(Change::Keep(Some(PasscodeVerdict::Replayed)));
            }
            happened.log(record, AuditKind::PasscodeReplayed, Some(token));
            return Ok(Change::Write(Some(PasscodeVerdict::Replayed)));
        }
        for candidate in usable {
            self.count_failure(record, &candidate.id, happened);
        }
        happened.log(record, AuditKind::PasscodeRefused, None);
        Ok(Change::Write(Some(PasscodeVerdict::Refused)))
    }
}

/// The only way to an accepted passcode: from a step that is used up in the record that carries the verdict.
fn accept(record: &mut Record, used: &Authenticated<Id>, happened: &Happened) -> PasscodeVerdict {
    let id = *used.id();
    if let Some(token) = record.token_mut(&id) {
        token.failures = 0;
    }
    record.pushes = (0, 0);
    happened.log(record, AuditKind::PasscodeAccepted, Some(id));
    PasscodeVerdict::Accepted { token: TokenId::from_bytes(*id) }
}

/// A token's `next_step`, in a record that is about to be written.
///
/// The store's compare-and-swap is that of the whole record: [`Change::Write`] tells nothing before it is won, and after a
/// lost one everything is decided anew.
struct NextStep<'a>(&'a Cell<u64>);

impl ReplayStore<Id> for NextStep<'_> {
    type Error = Infallible;

    fn advance(&self, _: &Id, advance: Advance) -> Result<Advanced, Infallible> {
        if self.0.get().checked_sub(1) != advance.from() {
            return Ok(Advanced::Stale);
        }
        self.0.set(advance.to().saturating_add(1));
        Ok(Advanced::Done)
    }
}
