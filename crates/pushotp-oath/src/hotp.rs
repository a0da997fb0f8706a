use pushotp_types::{Code, Digits};

use crate::{
    Counter, Key, LookAhead,
    counter::ResyncWindow,
    scan,
    store::{Advance, AsyncReplayStore, Authenticated, CommitError, ReplayStore},
};

/// HOTP: codes that count.
///
/// ```
/// use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead};
/// use pushotp_types::{Digits, HashAlgorithm, SecretRef};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let hotp = Hotp::new(Digits::SIX);
/// assert_eq!(hotp.generate(&key, Counter::new(1)).expose(), "287082");
///
/// // The server expects 0; the user has made one passcode without using it.
/// let HotpVerdict::Match(found) = hotp.verify(&key, "287082", Counter::new(0), LookAhead::new(5).unwrap()) else {
///     panic!("it is the code of counter 1")
/// };
/// assert_eq!(found.next(), Counter::new(2)); // store this before telling anybody
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
///
/// Source: RFC 4226.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hotp {
    digits: Digits,
}

/// What became of a typed HOTP code.
///
/// ```
/// use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead};
/// use pushotp_types::{Digits, HashAlgorithm, SecretRef};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let typed = |code| Hotp::new(Digits::SIX).verify(&key, code, Counter::new(1), LookAhead::new(5).unwrap());
/// assert!(matches!(typed("287082"), HotpVerdict::Match(_)));
/// assert_eq!(typed("755224"), HotpVerdict::Mismatch); // the code of counter 0
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum HotpVerdict {
    /// It is the code of a counter that was not used.
    Match(HotpMatch),
    /// It is none of them; also the code of a counter before the expected one.
    Mismatch,
}

/// A HOTP code that is right: [`commit`](Self::commit) it, and it is accepted once.
///
/// ```
/// use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead};
/// use pushotp_types::{Digits, HashAlgorithm, SecretRef};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let verdict = Hotp::new(Digits::SIX).verify(&key, "287082", Counter::new(0), LookAhead::new(5).unwrap());
/// let HotpVerdict::Match(found) = verdict else { panic!("it is the code of counter 1") };
/// assert_eq!((found.counter(), found.next()), (Counter::new(1), Counter::new(2)));
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the next counter must be stored, or the code can be used again"]
pub struct HotpMatch {
    counter: Counter,
    next: Counter,
    expected: Counter,
}

impl HotpMatch {
    /// The counter that matched.
    ///
    /// ```
    /// # use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead};
    /// # use pushotp_types::{Digits, HashAlgorithm, SecretRef};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verdict = Hotp::new(Digits::SIX).verify(&key, "287082", Counter::new(0), LookAhead::new(5).unwrap());
    /// // One passcode, that of counter 0, was made and not used.
    /// assert!(matches!(verdict, HotpVerdict::Match(found) if found.counter() == Counter::new(1)));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn counter(&self) -> Counter {
        self.counter
    }

    /// The counter to expect from now on.
    ///
    /// ```
    /// # use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead};
    /// # use pushotp_types::{Digits, HashAlgorithm, SecretRef};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verify = |next| Hotp::new(Digits::SIX).verify(&key, "287082", next, LookAhead::new(5).unwrap());
    /// let HotpVerdict::Match(found) = verify(Counter::new(0)) else { panic!("it is the code of counter 1") };
    /// assert_eq!(verify(found.next()), HotpVerdict::Mismatch); // it is used up
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn next(&self) -> Counter {
        self.next
    }

    /// What the store has to write: from the counter that verification was given to the next one.
    ///
    /// ```
    /// # use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead};
    /// # use pushotp_types::{Digits, HashAlgorithm, SecretRef};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verdict = Hotp::new(Digits::SIX).verify(&key, "287082", Counter::new(0), LookAhead::new(5).unwrap());
    /// let HotpVerdict::Match(found) = verdict else { panic!("it is the code of counter 1") };
    /// assert_eq!((found.advance().from(), found.advance().to()), (Some(0), 2)); // SET next = 2 … WHERE next = 0
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn advance(&self) -> Advance {
        Advance::new(Some(self.expected.get()), self.next.get())
    }

    /// Uses the code up, and so authenticates whoever `id` names.
    ///
    /// ```
    /// # use pushotp_oath::{Advance, Advanced, CommitError, Counter, Hotp, HotpVerdict, Key, LookAhead, ReplayStore};
    /// # use pushotp_types::{Digits, HashAlgorithm, SecretRef};
    /// # struct Row(std::cell::Cell<u64>);
    /// # impl ReplayStore<&str> for Row {
    /// #     type Error = std::convert::Infallible;
    /// #     fn advance(&self, _: &&str, advance: Advance) -> Result<Advanced, Self::Error> {
    /// #         if advance.from() != Some(self.0.get()) { return Ok(Advanced::Stale) }
    /// #         self.0.set(advance.to());
    /// #         Ok(Advanced::Done)
    /// #     }
    /// # }
    /// let row = Row(0.into()); // of a database; the column is the next counter
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verify = || Hotp::new(Digits::SIX).verify(&key, "755224", Counter::new(0), LookAhead::ZERO);
    /// let (HotpVerdict::Match(one), HotpVerdict::Match(two)) = (verify(), verify()) else { panic!("both are right") };
    /// assert_eq!(one.commit("alice", &row).unwrap().id(), &"alice");
    /// assert_eq!(two.commit("alice", &row).unwrap_err(), CommitError::Stale);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// # Errors
    /// [`CommitError::Stale`] if somebody else was faster, [`CommitError::Store`] if the store failed: then nobody is
    /// authenticated.
    pub fn commit<Id, S: ReplayStore<Id>>(self, id: Id, store: &S) -> Result<Authenticated<Id>, CommitError<S::Error>> {
        self.advance().commit(id, store)
    }

    /// [`commit`](Self::commit) for a store that is waited for.
    ///
    /// ```
    /// # use pushotp_oath::{Advance, Advanced, AsyncReplayStore, Counter, Hotp, HotpVerdict, Key, LookAhead};
    /// # use pushotp_types::{Digits, HashAlgorithm, SecretRef};
    /// # use std::{pin::pin, sync::Mutex, task::{Context, Waker}};
    /// # struct Row(Mutex<u64>);
    /// # impl AsyncReplayStore<&str> for Row {
    /// #     type Error = std::convert::Infallible;
    /// #     async fn advance(&self, _: &&str, advance: Advance) -> Result<Advanced, Self::Error> {
    /// #         let mut next = self.0.lock().unwrap();
    /// #         if advance.from() != Some(*next) { return Ok(Advanced::Stale) }
    /// #         *next = advance.to();
    /// #         Ok(Advanced::Done)
    /// #     }
    /// # }
    /// # let login = async {
    /// let row = Row(0.into()); // of a database; the column is the next counter
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890").unwrap());
    /// let verdict = Hotp::new(Digits::SIX).verify(&key, "755224", Counter::new(0), LookAhead::ZERO);
    /// let HotpVerdict::Match(found) = verdict else { panic!("it is the code of counter 0") };
    /// assert_eq!(found.commit_async("alice", &row).await.unwrap().id(), &"alice");
    /// assert_eq!(*row.0.lock().unwrap(), 1);
    /// # };
    /// # assert!(pin!(login).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    /// ```
    ///
    /// # Errors
    /// The same.
    pub async fn commit_async<Id, S: AsyncReplayStore<Id>>(
        self,
        id: Id,
        store: &S,
    ) -> Result<Authenticated<Id>, CommitError<S::Error>> {
        self.advance().commit_async(id, store).await
    }
}

impl Hotp {
    /// HOTP with codes of so many digits.
    ///
    /// ```
    /// # use pushotp_oath::{Counter, Hotp, Key};
    /// # use pushotp_types::{Digits, HashAlgorithm, SecretRef};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// assert_eq!(Hotp::new(Digits::EIGHT).generate(&key, Counter::new(0)).expose(), "84755224");
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn new(digits: Digits) -> Self {
        Self { digits }
    }

    /// How many digits its codes have.
    ///
    /// ```
    /// # use pushotp_oath::Hotp;
    /// # use pushotp_types::Digits;
    /// assert_eq!(Hotp::new(Digits::EIGHT).digits().get(), 8); // places in the form
    /// ```
    #[must_use]
    pub const fn digits(&self) -> Digits {
        self.digits
    }

    /// The code of a counter.
    ///
    /// ```
    /// # use pushotp_oath::{Counter, Hotp, Key};
    /// # use pushotp_types::{Digits, HashAlgorithm, SecretRef};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let shown = [0, 1].map(|counter| Hotp::new(Digits::SIX).generate(&key, Counter::new(counter)));
    /// assert_eq!(shown.each_ref().map(|code| code.expose()), ["755224", "287082"]);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// Source: RFC 4226 §5.3.
    #[must_use]
    pub fn generate(&self, key: &Key, counter: Counter) -> Code {
        key.code(counter.get(), self.digits)
    }

    /// Whether `typed` is the code of `next` or of one of the counters after it.
    ///
    /// It only looks forward, and computes every code whatever matches. If two counters of the window have the code, the
    /// later one is taken: the other way round the same digits would be accepted again. The last counter of all, 2^64-1,
    /// is not accepted, for there is none after it to expect.
    ///
    /// ```
    /// # use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead};
    /// # use pushotp_types::{Digits, HashAlgorithm, SecretRef};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let (hotp, ahead) = (Hotp::new(Digits::SIX), LookAhead::new(5).unwrap());
    /// let verify = |next| hotp.verify(&key, "287082", Counter::new(next), ahead);
    /// assert!(matches!(verify(0), HotpVerdict::Match(_))); // the code of counter 1 lies ahead
    /// assert_eq!(verify(2), HotpVerdict::Mismatch); // now it lies behind
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// Source: RFC 4226 §7.2, §7.4.
    pub fn verify(&self, key: &Key, typed: impl AsRef<[u8]>, next: Counter, look_ahead: LookAhead) -> HotpVerdict {
        let Some(range) = counters(next, look_ahead.get().into()) else { return HotpVerdict::Mismatch };
        let typed = Key::typed(typed.as_ref(), self.digits);
        let found = scan::matches(|counters| key.values(counters, self.digits), typed, range);
        verdict(found.checked_ilog2().map(|place| next.get() + u64::from(place)), next)
    }

    /// Whether `typed` are the codes of two or more counters in a row, of which the first is `next` or later.
    ///
    /// For a token that was used so often without logging in that its counter left the look-ahead. Ask for a code and
    /// then for the next one; with two codes of six digits and a window of 1000 a guess is right once in 10^9.
    ///
    /// ```
    /// use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, ResyncWindow};
    /// use pushotp_types::{Digits, HashAlgorithm, SecretRef};
    ///
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let hotp = Hotp::new(Digits::SIX);
    /// let [first, second] = [700, 701].map(|counter| hotp.generate(&key, Counter::new(counter)));
    /// let typed = [first.expose(), second.expose()];
    /// let verdict = hotp.resync(&key, typed, Counter::new(2), ResyncWindow::new(1000).unwrap());
    /// assert!(matches!(verdict, HotpVerdict::Match(found) if found.next() == Counter::new(702)));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// One code alone does not compile:
    /// ```compile_fail
    /// # use pushotp_oath::{Counter, Hotp, Key, ResyncWindow};
    /// # use pushotp_types::{Digits, HashAlgorithm, SecretRef};
    /// # let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890").unwrap());
    /// let _ = Hotp::new(Digits::SIX).resync(&key, ["755224"], Counter::new(0), ResyncWindow::MAX);
    /// ```
    ///
    /// Source: RFC 4226 §7.4.
    pub fn resync<T: AsRef<[u8]>, const N: usize>(
        &self,
        key: &Key,
        typed: [T; N],
        next: Counter,
        window: ResyncWindow,
    ) -> HotpVerdict {
        // The last place of the window may begin a run.
        let reach = u64::from(window.get()) + N as u64 - 2;
        let Some(range) = counters(next, reach) else { return HotpVerdict::Mismatch };
        let typed = typed.map(|typed| Key::typed(typed.as_ref(), self.digits));
        let (found, _) = scan::runs(|counters| key.values(counters, self.digits), typed, range, None);
        verdict(found, next)
    }
}

/// From the expected counter on, so many more; none if the expected one is the last of all.
fn counters(next: Counter, more: u64) -> Option<(u64, u64)> {
    next.next()?;
    Some((next.get(), next.get().saturating_add(more)))
}

/// A match if there is a counter to expect after it.
fn verdict(found: Option<u64>, expected: Counter) -> HotpVerdict {
    match found.map(Counter::new).map(|counter| (counter, counter.next())) {
        Some((counter, Some(next))) => HotpVerdict::Match(HotpMatch { counter, next, expected }),
        _ => HotpVerdict::Mismatch,
    }
}
