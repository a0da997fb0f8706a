use pushotp_types::{Code, Digits, UnixTime};

use crate::{
    Key, Period, Step, Window,
    counter::ResyncWindow,
    scan,
    step::Drift,
    store::{Advance, AsyncReplayStore, Authenticated, CommitError, ReplayStore},
};

/// TOTP: codes that follow the clock, which the caller reads.
///
/// ```
/// use pushotp_oath::{Key, Step, Totp, Verdict, Window};
/// use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let now = UnixTime::from_secs(59);
/// let code = Totp::DEFAULT.generate(&key, now);
/// assert_eq!(code.expose(), "287082");
///
/// let Verdict::Match(found) = Totp::DEFAULT.verify(&key, "287082", now, Window::ONE, None) else {
///     panic!("it is the code of this step")
/// };
/// assert_eq!(found.step(), Step::new(1)); // store this before telling anybody
///
/// // The same code again: the stored step refuses it.
/// let again = Totp::DEFAULT.verify(&key, "287082", now, Window::ONE, Some(found.step()));
/// assert_eq!(again, Verdict::Replay);
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
///
/// It counts from the epoch; [`T0`](crate::T0) is for tokens that do not.
///
/// Source: RFC 6238.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totp {
    digits: Digits,
    period: Period,
}

/// What became of a typed TOTP code.
///
/// ```
/// use pushotp_oath::{Key, Step, Totp, Verdict, Window};
/// use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let typed = |code, last| Totp::DEFAULT.verify(&key, code, UnixTime::from_secs(59), Window::ONE, last);
/// assert!(matches!(typed("287082", None), Verdict::Match(_)));
/// assert_eq!(typed("287082", Some(Step::new(1))), Verdict::Replay);
/// assert_eq!(typed("287083", None), Verdict::Mismatch);
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Verdict {
    /// It is the code of a step that was not used.
    Match(Match),
    /// It is the code of a step in the window, and was used: that step, a later one, or one with the same digits.
    Replay,
    /// It is none of the window's codes.
    Mismatch,
}

/// A code that is right: [`commit`](Self::commit) it, and it is accepted once.
///
/// ```
/// use pushotp_oath::{Key, Step, Totp, Verdict, Window};
/// use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// // The server's clock is one step further than the token's.
/// let verdict = Totp::DEFAULT.verify(&key, "287082", UnixTime::from_secs(61), Window::ONE, None);
/// let Verdict::Match(found) = verdict else { panic!("it is the code of the step before") };
/// assert_eq!((found.step(), found.drift().steps()), (Step::new(1), -1));
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the step must be stored, or the code can be used again"]
pub struct Match {
    pub(crate) step: Step,
    pub(crate) drift: Drift,
    pub(crate) last: Option<Step>,
}

impl Match {
    /// The last step that is used up from now on.
    ///
    /// ```
    /// # use pushotp_oath::{Key, Totp, Verdict, Window};
    /// # use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verify = |secs, last| Totp::DEFAULT.verify(&key, "287082", UnixTime::from_secs(secs), Window::ONE, last);
    /// let Verdict::Match(found) = verify(59, None) else { panic!("it is the code of this step") };
    /// assert_eq!(verify(61, Some(found.step())), Verdict::Replay);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn step(&self) -> Step {
        self.step
    }

    /// How far the token's clock was from the caller's, to be stored with the step and given to
    /// [`Window::around`] the next time.
    ///
    /// ```
    /// # use pushotp_oath::{Key, Totp, Verdict, Window};
    /// # use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verify = |secs, window| Totp::DEFAULT.verify(&key, "287082", UnixTime::from_secs(secs), window, None);
    /// let Verdict::Match(found) = verify(61, Window::ONE) else { panic!("it is the code of the step before") };
    /// assert!(matches!(verify(91, Window::ONE.around(found.drift())), Verdict::Match(_))); // a step slower
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn drift(&self) -> Drift {
        self.drift
    }

    /// What the store has to write: from the step that verification was given to the one that matched.
    ///
    /// ```
    /// # use pushotp_oath::{Key, Step, Totp, Verdict, Window};
    /// # use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let (now, last) = (UnixTime::from_secs(59), Some(Step::new(0)));
    /// let verdict = Totp::DEFAULT.verify(&key, "287082", now, Window::ONE, last);
    /// let Verdict::Match(found) = verdict else { panic!("it is the code of this step") };
    /// assert_eq!((found.advance().from(), found.advance().to()), (Some(0), 1)); // SET last = 1 … WHERE last = 0
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn advance(&self) -> Advance {
        let last = match self.last {
            Some(last) => Some(last.get()),
            None => None,
        };
        Advance::new(last, self.step.get()).with_drift(self.drift)
    }

    /// Uses the code up, and so authenticates whoever `id` names.
    ///
    /// The store decides: of any number of commits that are tried at the same time, on any number of machines, one wins.
    ///
    /// ```
    /// use std::{cell::Cell, convert::Infallible};
    /// use pushotp_oath::{Advance, Advanced, CommitError, Key, ReplayStore, Step, Totp, Verdict, Window};
    /// use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    ///
    /// /// A row of a database: UPDATE token SET last = to WHERE id = … AND last IS NOT DISTINCT FROM from.
    /// struct Row(Cell<Option<u64>>);
    ///
    /// impl ReplayStore<&str> for Row {
    ///     type Error = Infallible;
    ///     fn advance(&self, _: &&str, advance: Advance) -> Result<Advanced, Infallible> {
    ///         if self.0.get() != advance.from() {
    ///             return Ok(Advanced::Stale);
    ///         }
    ///         self.0.set(Some(advance.to()));
    ///         Ok(Advanced::Done)
    ///     }
    /// }
    ///
    /// let (row, now) = (Row(Cell::new(None)), UnixTime::from_secs(59));
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verify = || Totp::DEFAULT.verify(&key, "287082", now, Window::ONE, row.0.get().map(Step::new));
    /// // Two requests with the same code, verified before either is committed:
    /// let (Verdict::Match(one), Verdict::Match(two)) = (verify(), verify()) else { panic!("both are right") };
    /// assert_eq!(one.commit("alice", &row).unwrap().id(), &"alice");
    /// assert_eq!(two.commit("alice", &row).unwrap_err(), CommitError::Stale);
    /// assert_eq!(verify(), Verdict::Replay);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// # Errors
    /// [`CommitError::Stale`] if the stored step is no longer the one that verification was given: verify again.
    /// [`CommitError::Store`] if the store failed. Either way nobody is authenticated.
    pub fn commit<Id, S: ReplayStore<Id>>(self, id: Id, store: &S) -> Result<Authenticated<Id>, CommitError<S::Error>> {
        self.advance().commit(id, store)
    }

    /// [`commit`](Self::commit) for a store that is waited for.
    ///
    /// ```
    /// # use pushotp_oath::{Advance, Advanced, AsyncReplayStore, Key, Totp, Verdict, Window};
    /// # use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    /// # use std::{pin::pin, sync::Mutex, task::{Context, Waker}};
    /// # struct Row(Mutex<Option<u64>>);
    /// # impl AsyncReplayStore<&str> for Row {
    /// #     type Error = std::convert::Infallible;
    /// #     async fn advance(&self, _: &&str, advance: Advance) -> Result<Advanced, Self::Error> {
    /// #         let mut last = self.0.lock().unwrap();
    /// #         if *last != advance.from() { return Ok(Advanced::Stale) }
    /// #         *last = Some(advance.to());
    /// #         Ok(Advanced::Done)
    /// #     }
    /// # }
    /// # let login = async {
    /// let row = Row(None.into()); // of a database; the column is the last step, NULL at first
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890").unwrap());
    /// let verdict = Totp::DEFAULT.verify(&key, "287082", UnixTime::from_secs(59), Window::ONE, None);
    /// let Verdict::Match(found) = verdict else { panic!("it is the code of this step") };
    /// assert_eq!(found.commit_async("alice", &row).await.unwrap().id(), &"alice");
    /// assert_eq!(*row.0.lock().unwrap(), Some(1));
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

impl Totp {
    /// Six digits, 30 s: what every authenticator does.
    ///
    /// ```
    /// # use pushotp_oath::{Period, Totp};
    /// # use pushotp_types::Digits;
    /// assert_eq!(Totp::DEFAULT, Totp::new(Digits::SIX, Period::from_secs(30)?));
    /// # Ok::<(), pushotp_oath::RangeError>(())
    /// ```
    pub const DEFAULT: Self = Self::new(Digits::SIX, Period::THIRTY);

    /// TOTP with codes of so many digits that change with each period.
    ///
    /// ```
    /// # use pushotp_oath::{Key, Period, Totp};
    /// # use pushotp_types::{Digits, HashAlgorithm, SecretRef, UnixTime};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let totp = Totp::new(Digits::EIGHT, Period::THIRTY);
    /// assert_eq!(totp.generate(&key, UnixTime::from_secs(59)).expose(), "94287082"); // RFC 6238, appendix B
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn new(digits: Digits, period: Period) -> Self {
        Self { digits, period }
    }

    /// How many digits its codes have.
    ///
    /// ```
    /// # use pushotp_oath::{Period, Totp};
    /// # use pushotp_types::Digits;
    /// assert_eq!(Totp::new(Digits::EIGHT, Period::THIRTY).digits().get(), 8); // places in the form
    /// ```
    #[must_use]
    pub const fn digits(&self) -> Digits {
        self.digits
    }

    /// How long a code is shown.
    ///
    /// ```
    /// # use pushotp_oath::Totp;
    /// # use pushotp_types::UnixTime;
    /// let (period, now) = (Totp::DEFAULT.period(), UnixTime::from_secs(50));
    /// assert_eq!(period.valid_until(period.step_at(now)).since(now).as_secs(), 10); // for a time bar
    /// ```
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// The step that a time falls into.
    ///
    /// ```
    /// # use pushotp_oath::{Step, Totp};
    /// # use pushotp_types::UnixTime;
    /// // RFC 6238, appendix B.
    /// assert_eq!(Totp::DEFAULT.step_at(UnixTime::from_secs(1_111_111_109)), Step::new(0x23523ec));
    /// ```
    #[must_use]
    pub const fn step_at(&self, time: UnixTime) -> Step {
        self.period.step_at(time)
    }

    /// The code of a time.
    ///
    /// ```
    /// # use pushotp_oath::{Key, Totp};
    /// # use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let shown = |secs| Totp::DEFAULT.generate(&key, UnixTime::from_secs(secs));
    /// assert_eq!((shown(29).expose(), shown(59).expose()), ("755224", "287082"));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// Source: RFC 6238 §4.
    #[must_use]
    pub fn generate(&self, key: &Key, time: UnixTime) -> Code {
        key.code(self.step_at(time).get(), self.digits)
    }

    /// Whether `typed` is the code of a step in the window that was not used: later than `last`, the step of the last
    /// match, or `None` if there was none yet.
    ///
    /// Two steps near each other have the same digits about once in 10^6. So a step counts only if none of the steps
    /// before it, as far as the window is wide, has its digits and is used up; and the latest of several is stored.
    /// Every code of window and look-back is computed, whatever matches.
    ///
    /// A text of another length, or with anything but ASCII digits, is a mismatch.
    ///
    /// ```
    /// # use pushotp_oath::{Key, Step, Totp, Verdict, Window};
    /// # use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// // The steps 62,075,368 and 62,075,369 have the same code.
    /// let now = UnixTime::from_secs(62_075_369 * 30);
    /// let verify = |last| Totp::DEFAULT.verify(&key, "235522", now, Window::ONE, Some(Step::new(last)));
    /// assert!(matches!(verify(62_075_367), Verdict::Match(found) if found.step() == Step::new(62_075_369)));
    /// assert_eq!(verify(62_075_368), Verdict::Replay); // it was used half a minute ago
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// Source: RFC 6238 §5.2.
    pub fn verify(
        &self,
        key: &Key,
        typed: impl AsRef<[u8]>,
        now: UnixTime,
        window: Window,
        last: Option<Step>,
    ) -> Verdict {
        let typed = Key::typed(typed.as_ref(), self.digits);
        scan::verdict(|steps| key.values(steps, self.digits), typed, (self.step_at(now).get(), window), last)
    }

    /// Whether `typed` are the codes of two or more steps in a row, all of them later than `last`.
    ///
    /// For a token whose clock left the window: ask for a code and then for the next one. The match has the drift to
    /// store; so far the token's clock is off, so far the window is moved from then on. The window reaches as far into
    /// the past as into the future.
    ///
    /// ```
    /// use pushotp_oath::{Key, ResyncWindow, Totp, Verdict, Window};
    /// use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    ///
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let (totp, now) = (Totp::DEFAULT, UnixTime::from_secs(1_800_000_000));
    /// // A hardware token whose clock is four minutes behind.
    /// let shown = |secs: u64| totp.generate(&key, UnixTime::from_secs(1_800_000_000 - 240 + secs));
    /// let (first, second) = (shown(0), shown(30));
    /// let typed = [first.expose(), second.expose()];
    /// let Verdict::Match(found) = totp.resync(&key, typed, now, ResyncWindow::new(20).unwrap(), None) else {
    ///     panic!("they are codes of steps in a row")
    /// };
    /// assert_eq!(found.drift().steps(), -7); // the second code
    ///
    /// // From now on:
    /// let (window, last) = (Window::ONE.around(found.drift()), Some(found.step()));
    /// assert!(matches!(totp.verify(&key, shown(60).expose(), now, window, last), Verdict::Match(_)));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// Source: RFC 6238 §6.
    pub fn resync<T: AsRef<[u8]>, const N: usize>(
        &self,
        key: &Key,
        typed: [T; N],
        now: UnixTime,
        window: ResyncWindow,
        last: Option<Step>,
    ) -> Verdict {
        let present = self.step_at(now).get();
        let reach = u64::from(window.get());
        let steps = (present.saturating_sub(reach), present.saturating_add(reach));
        let typed = typed.map(|typed| Key::typed(typed.as_ref(), self.digits));
        match scan::runs(|steps| key.values(steps, self.digits), typed, steps, last.map(Step::get)) {
            (_, Some(step)) => {
                Verdict::Match(Match { step: Step::new(step), drift: Drift::between(present, step), last })
            }
            (Some(_), None) => Verdict::Replay,
            (None, None) => Verdict::Mismatch,
        }
    }
}
