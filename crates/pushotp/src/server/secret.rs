//! The secrets of tokens: where they are stored, and which of them count.

use pushotp_cbor::{ByteBuf, Bytes};
use pushotp_oath::{Advance, Counter, HotpVerdict, Key, LookAhead, Step, Verdict, Window};
use pushotp_store::{Key as StoreKey, Versioned};
use pushotp_types::{Secret, TokenId, UnixTime};
use pushotp_wire::{state::housekeeping::Under, terms::PasscodeKind};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{
    AccountId, LoginServer, Rng, ServerError,
    duress::Whose,
    method::{Judgement, Method},
    record::{Id, Name, Secrets, Token},
    vault::hex,
};
use crate::passcode;

/// How many counters a device may have used up for approvals that never came.
pub(super) const AHEAD: LookAhead = match LookAhead::new(10) {
    Ok(ahead) => ahead,
    Err(_) => LookAhead::ZERO,
};

/// A token's secret, under the name that it is stored under.
struct Named {
    name: Name,
    secret: Secret,
    /// In a box, since what is moved leaves a copy behind.
    key: Box<Key>,
}

/// The secrets of one token, as one version of the account's record names them.
pub(super) struct TokenKeys {
    current: Named,
    pending: Option<Named>,
    /// That of the duress PIN. Where there is none the current one stands here, read, opened and compared once more: the
    /// time tells nobody who has one.
    duress: Named,
}

impl TokenKeys {
    /// Whether a record still names these: else a rotation or an enrolment came in between.
    pub(super) fn are_of(&self, token: &Token) -> bool {
        let pending = self.pending.as_ref().map(|pending| pending.name);
        let duress = token.secrets.duress.first().unwrap_or(&token.secrets.current);
        let is_current = self.current.name == token.secrets.current && self.duress.name == *duress;
        is_current && pending == token.secrets.pending.first().copied()
    }

    /// Whether `secret` is that of the token, now or soon; in constant time.
    pub(super) fn include(&self, secret: &Secret) -> bool {
        let is = |named: &Named| bool::from(named.secret.expose().ct_eq(secret.expose()));
        is(&self.current) | self.pending.as_ref().is_some_and(is)
    }

    /// Under which secret a passcode answers a question; both are compared, in constant time.
    pub(super) fn under(&self, question: &[u8; 32], code: &str) -> Option<Under> {
        let answers = |named: &Named| named.answers(question, code);
        let (current, pending) = (answers(&self.current), self.pending.as_ref().is_some_and(answers));
        match (current, pending) {
            (true, _) => Some(Under::Current),
            (false, true) => Some(Under::Pending),
            (false, false) => None,
        }
    }

    /// Whether a passcode answers a question under the duress PIN.
    pub(super) fn under_duress(&self, question: &[u8; 32], code: &str) -> bool {
        self.duress.answers(question, code) & self.has_duress()
    }

    fn has_duress(&self) -> bool {
        self.duress.name != self.current.name
    }

    /// Under which secret the passcode of an approval is right, and what it uses up if the approval is accepted. Under all
    /// it is judged, whatever the first says.
    pub(super) fn judge(
        &self,
        kind: PasscodeKind,
        (question, code): (&[u8; 32], &str),
        (token, now): (&Token, UnixTime),
    ) -> Option<Whose> {
        let judge = |named: &Named| named.judge(kind, (question, code), (token, now));
        let (current, pending) = (judge(&self.current), self.pending.as_ref().map(judge));
        let duress = Some(judge(&self.duress)).filter(|_| self.has_duress());
        match (current, pending, duress) {
            (Answer::Right(spent), ..) => Some(Whose::Token(Under::Current, spent)),
            (_, Some(Answer::Right(spent)), _) => Some(Whose::Token(Under::Pending, spent)),
            (.., Some(Answer::Right(spent))) => Some(Whose::Duress(Some(spent))),
            (.., Some(Answer::Used)) => Some(Whose::Duress(None)),
            _ => None,
        }
    }

    /// What a typed passcode is under the duress PIN.
    pub(super) fn typed_under_duress(&self, method: &Method, typed: &str, now: UnixTime) -> Judgement {
        let judgement = method.judge(&self.duress.key, typed, now);
        if self.has_duress() { judgement } else { Judgement::Wrong }
    }

    /// The secret that a rotation starts from.
    pub(super) const fn current(&self) -> &Secret {
        &self.current.secret
    }

    /// The keys under which a typed passcode is right.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        core::iter::once(&self.current).chain(&self.pending).map(|named| &*named.key)
    }
}

impl Named {
    /// Whether a passcode answers a question.
    fn answers(&self, question: &[u8; 32], code: &str) -> bool {
        passcode::bound(&self.key, question).is_some_and(|right| right.matches(code))
    }

    /// What the passcode of an approval is under this secret alone.
    fn judge(
        &self,
        kind: PasscodeKind,
        (question, code): (&[u8; 32], &str),
        (token, now): (&Token, UnixTime),
    ) -> Answer {
        match kind {
            PasscodeKind::Totp => {
                let last = token.next_step.checked_sub(1).map(Step::new);
                match passcode::TYPED.verify(&self.key, code, now, Window::ONE.around(token.drift()), last) {
                    Verdict::Match(found) => Answer::Right(Spent::Step(found.advance())),
                    Verdict::Replay => Answer::Used,
                    _ => Answer::Wrong,
                }
            }
            PasscodeKind::Hotp => {
                let next = Counter::new(token.next_counter);
                match passcode::COUNTED.verify(&self.key, code, next, AHEAD) {
                    HotpVerdict::Match(found) => Answer::Right(Spent::Counter(found.advance())),
                    _ => Answer::Wrong,
                }
            }
            _ if self.answers(question, code) => Answer::Right(Spent::Nothing),
            _ => Answer::Wrong,
        }
    }
}

/// What a passcode is under one secret.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Right(Spent),
    /// It was right once.
    Used,
    Wrong,
}

/// What an accepted passcode uses up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spent {
    /// Nothing: it answers one challenge alone.
    Nothing,
    /// A TOTP step.
    Step(Advance),
    /// A HOTP counter.
    Counter(Advance),
}

impl Token {
    /// Which secrets a passcode is judged by: the current one, that of the duress PIN, and the pending one if there is.
    fn judged_by(&self) -> impl Iterator<Item = Name> {
        let Secrets { current, pending, duress, .. } = &self.secrets;
        [*current, *duress.first().unwrap_or(current)].into_iter().chain(pending.first().copied())
    }

    /// Uses it up, in the write that tells the verdict.
    ///
    /// # Errors
    /// [`ServerError::Busy`] if it was judged against another version of the record.
    pub(super) fn spend(&mut self, spent: Spent) -> Result<(), ServerError> {
        let (next, from, to) = match spent {
            Spent::Nothing => return Ok(()),
            Spent::Step(advance) => {
                let from = advance.from().map_or(0, |last| last.saturating_add(1));
                (&mut self.next_step, from, advance.to().saturating_add(1))
            }
            Spent::Counter(advance) => (&mut self.next_counter, advance.from().unwrap_or(0), advance.to()),
        };
        if *next != from {
            return Err(ServerError::Busy);
        }
        *next = to;
        Ok(())
    }
}

/// Entries beside a record that a write made superfluous.
#[derive(Clone, Debug, Default)]
pub(super) struct Leftovers {
    /// Secrets, by token.
    pub(super) secrets: Vec<(Id, Name)>,
    /// Tickets of rotations.
    pub(super) tickets: Vec<Name>,
    /// Push addresses.
    pub(super) addresses: Vec<Name>,
}

impl LoginServer {
    /// The secrets of a token; `None` if one is gone, because the record has changed since.
    pub(super) async fn token_keys(
        &self,
        account: &AccountId,
        token: &Token,
    ) -> Result<Option<TokenKeys>, ServerError> {
        Ok(self.keys_of(account, &[token]).await?.pop().flatten())
    }

    /// [`token_keys`](Self::token_keys) of several, in their order and with one question to the store.
    pub(super) async fn keys_of(
        &self,
        account: &AccountId,
        tokens: &[&Token],
    ) -> Result<Vec<Option<TokenKeys>>, ServerError> {
        let mut places = Vec::new();
        for token in tokens {
            places.extend(token.judged_by().map(|name| secret_place(account, &token.id, name)));
        }
        let mut stored = self.vault.get_many("secret", &places).await?.into_iter();
        tokens.iter().map(|token| self.open_keys(token, &mut stored)).collect()
    }

    /// Takes as much of `stored` as the token has.
    fn open_keys(
        &self,
        token: &Token,
        stored: &mut impl Iterator<Item = (StoreKey, Option<Versioned>)>,
    ) -> Result<Option<TokenKeys>, ServerError> {
        let mut named = Some(Vec::new());
        for name in token.judged_by() {
            match (stored.next(), &mut named) {
                (Some((key, Some(found))), Some(named)) => named.push(self.open_secret(token, name, (&key, &found))?),
                _ => named = None,
            }
        }
        let mut named = named.into_iter().flatten();
        let (Some(current), Some(duress)) = (named.next(), named.next()) else { return Ok(None) };
        Ok(Some(TokenKeys { current, duress, pending: named.next() }))
    }

    fn open_secret(
        &self,
        token: &Token,
        name: Name,
        (key, found): (&StoreKey, &Versioned),
    ) -> Result<Named, ServerError> {
        let secret = Zeroizing::new(self.vault.open::<ByteBuf>(key, found)?.into_vec());
        // Whether a weak one was permitted was decided when it was imported.
        let read = if token.is_imported() { Secret::danger_import_weak } else { Secret::new };
        let secret = read(&secret).map_err(|_| ServerError::Record)?;
        let key = Box::new(Key::new(token.algorithm()?, &secret));
        Ok(Named { name, secret, key })
    }

    /// Stores a secret under a name that the account's record will refer to.
    pub(super) async fn keep_secret(
        &self,
        account: &AccountId,
        (token, name): (&TokenId, Name),
        secret: &Secret,
        rng: Rng<'_>,
    ) -> Result<(), ServerError> {
        let place = secret_place(account, &Id::new(*token.as_bytes()), name);
        self.vault.put_sealed(("secret", &place), Bytes::new(secret.expose()), rng).await
    }

    pub(super) async fn keep_ticket(
        &self,
        account: &AccountId,
        (name, ticket): (Name, &[u8]),
        rng: Rng<'_>,
    ) -> Result<(), ServerError> {
        self.vault.put_sealed(("ticket", &ticket_place(account, name)), Bytes::new(ticket), rng).await
    }

    pub(super) async fn ticket(&self, account: &AccountId, name: Name) -> Result<Option<Vec<u8>>, ServerError> {
        let stored: Option<ByteBuf> = self.vault.get_sealed(("ticket", &ticket_place(account, name))).await?;
        Ok(stored.map(ByteBuf::into_vec))
    }

    /// Removes what nothing refers to any more. It was decided and written without this, so a failure undoes nothing.
    pub(super) async fn forget(&self, account: &AccountId, leftovers: &Leftovers) {
        for (token, name) in &leftovers.secrets {
            let _ = self.vault.remove(("secret", &secret_place(account, token, *name))).await;
        }
        for name in &leftovers.tickets {
            let _ = self.vault.remove(("ticket", &ticket_place(account, *name))).await;
        }
        for name in &leftovers.addresses {
            let _ = self.forget_address(account, *name).await;
        }
    }
}

fn secret_place(account: &AccountId, token: &Id, name: Name) -> String {
    format!("{account}/{}/{}", hex(&**token), hex(&*name))
}

fn ticket_place(account: &AccountId, name: Name) -> String {
    format!("{account}/{}", hex(&*name))
}

/// A fresh name for an entry.
pub(super) fn fresh_name(rng: Rng<'_>) -> Name {
    let mut bytes = [0; 8];
    rng.fill_bytes(&mut bytes);
    Name::new(bytes)
}
