use core::future::Future;

use crate::Drift;

/// What one accepted code changes in a store: a compare-and-swap on one number of the token.
///
/// For TOTP the number is the last step that was used, absent at first; for HOTP it is the next counter, and there from
/// the start.
///
/// ```
/// use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead};
/// use pushotp_types::{Digits, HashAlgorithm, SecretRef};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let verdict = Hotp::new(Digits::SIX).verify(&key, "755224", Counter::new(0), LookAhead::ZERO);
/// let HotpVerdict::Match(found) = verdict else { panic!("it is the code of counter 0") };
/// assert_eq!((found.advance().from(), found.advance().to()), (Some(0), 1));
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advance {
    from: Option<u64>,
    to: u64,
    drift: Option<Drift>,
}

impl Advance {
    pub(crate) const fn new(from: Option<u64>, to: u64) -> Self {
        Self { from, to, drift: None }
    }

    pub(crate) const fn with_drift(self, drift: Drift) -> Self {
        Self { drift: Some(drift), ..self }
    }

    /// The number that verification was given, which must still be stored; `None`: nothing may be stored yet.
    ///
    /// ```
    /// # use pushotp_oath::{Key, Totp, Verdict, Window};
    /// # use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verdict = Totp::DEFAULT.verify(&key, "287082", UnixTime::from_secs(59), Window::ONE, None);
    /// // The first code of a token: an INSERT, or an UPDATE where the column is NULL.
    /// assert!(matches!(verdict, Verdict::Match(found) if found.advance().from().is_none()));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn from(&self) -> Option<u64> {
        self.from
    }

    /// The number to store instead; always larger.
    ///
    /// ```
    /// # use pushotp_oath::{Key, Step, Totp, Verdict, Window};
    /// # use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let last = Some(Step::new(0));
    /// let verdict = Totp::DEFAULT.verify(&key, "287082", UnixTime::from_secs(59), Window::ONE, last);
    /// assert!(matches!(verdict, Verdict::Match(found) if found.advance().to() == 1));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn to(&self) -> u64 {
        self.to
    }

    /// The drift to store in the same write; `None` for HOTP.
    ///
    /// ```
    /// # use pushotp_oath::{Drift, Key, Totp, Verdict, Window};
    /// # use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verdict = Totp::DEFAULT.verify(&key, "287082", UnixTime::from_secs(61), Window::ONE, None);
    /// let Verdict::Match(found) = verdict else { panic!("it is the code of the step before") };
    /// assert_eq!(found.advance().drift().map(Drift::steps), Some(-1)); // SET last = …, drift = -1 …
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn drift(&self) -> Option<Drift> {
        self.drift
    }

    /// Writes it, and so authenticates whoever `id` names: what [`Match::commit`](crate::Match::commit) does.
    ///
    /// ```
    /// # use pushotp_oath::{Advance, Advanced, Counter, DataInput, Key, OcraSuite, OcraVerdict, Question, ReplayStore};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// # struct Row(std::cell::Cell<u64>);
    /// # impl ReplayStore<&str> for Row {
    /// #     type Error = std::convert::Infallible;
    /// #     fn advance(&self, _: &&str, advance: Advance) -> Result<Advanced, Self::Error> {
    /// #         if advance.from() != Some(self.0.get()) { return Ok(Advanced::Stale) }
    /// #         self.0.set(advance.to());
    /// #         Ok(Advanced::Done)
    /// #     }
    /// # }
    /// let row = Row(0.into()); // of a database; the column is the counter of an OCRA token
    /// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let input = DataInput { counter: Some(Counter::new(0)), ..DataInput::new(Question::Numeric("12345678")) };
    /// let verdict = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:C-QN08").unwrap().verify(&key, "897640", &input);
    /// let Ok(OcraVerdict::Match(found)) = verdict else { panic!("it is the response") };
    /// let advance = found.advance().expect("the suite counts");
    /// assert_eq!(advance.commit("alice", &row).unwrap().id(), &"alice");
    /// assert_eq!(row.0.get(), 1);
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// # Errors
    /// The same.
    pub fn commit<Id, S>(self, id: Id, store: &S) -> Result<Authenticated<Id>, CommitError<S::Error>>
    where
        S: ReplayStore<Id> + ?Sized,
    {
        let advanced = store.advance(&id, self);
        decide(id, advanced)
    }

    /// [`commit`](Self::commit) for a store that is waited for.
    ///
    /// ```
    /// # use pushotp_oath::{Advance, Advanced, AsyncReplayStore};
    /// # use pushotp_oath::{Counter, DataInput, Key, OcraSuite, OcraVerdict, Question};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
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
    /// # let row = Row(0.into());
    /// # let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890").unwrap());
    /// let input = DataInput { counter: Some(Counter::new(0)), ..DataInput::new(Question::Numeric("12345678")) };
    /// let verdict = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:C-QN08").unwrap().verify(&key, "897640", &input);
    /// let Ok(OcraVerdict::Match(found)) = verdict else { panic!("it is the response") };
    /// let advance = found.advance().expect("the suite counts");
    /// assert!(advance.commit_async("alice", &row).await.is_ok());
    /// assert!(advance.commit_async("alice", &row).await.is_err());
    /// # };
    /// # assert!(pin!(login).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    /// ```
    ///
    /// # Errors
    /// The same.
    pub async fn commit_async<Id, S>(self, id: Id, store: &S) -> Result<Authenticated<Id>, CommitError<S::Error>>
    where
        S: AsyncReplayStore<Id> + ?Sized,
    {
        let advanced = store.advance(&id, self).await;
        decide(id, advanced)
    }
}

/// The only place where an [`Authenticated`] comes from.
fn decide<Id, E>(id: Id, advanced: Result<Advanced, E>) -> Result<Authenticated<Id>, CommitError<E>> {
    match advanced {
        Ok(Advanced::Done) => Ok(Authenticated { id }),
        Ok(Advanced::Stale) => Err(CommitError::Stale),
        Err(error) => Err(CommitError::Store(error)),
    }
}

/// What became of an [`Advance`].
///
/// ```
/// use pushotp_oath::Advanced;
///
/// // The number of rows that a conditional UPDATE changed:
/// let rows = 1;
/// let advanced = if rows == 1 { Advanced::Done } else { Advanced::Stale };
/// assert_eq!(advanced, Advanced::Done);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Advanced {
    /// The stored number was the expected one, and is the new one now, durably.
    Done,
    /// The stored number is another one, or the token is unknown: nothing was written.
    Stale,
}

/// A store that remembers how far each token is used up.
///
/// One conditional write is all that it takes: in SQL an `UPDATE … SET last = to WHERE id = … AND last = from` that
/// changed one row. [`Match::commit`](crate::Match::commit) has an example; the feature `conformance` has tests that a
/// store of yours must pass.
///
/// ```
/// use std::{convert::Infallible, sync::atomic::{AtomicU64, Ordering::SeqCst}};
/// use pushotp_oath::{Advance, Advanced, CommitError, Counter, Hotp, HotpVerdict, Key, LookAhead, ReplayStore};
/// # use pushotp_types::{Digits, HashAlgorithm, SecretRef};
///
/// /// The next counter of one HOTP token, in memory.
/// struct Next(AtomicU64);
///
/// impl ReplayStore<&str> for Next {
///     type Error = Infallible;
///     fn advance(&self, _: &&str, advance: Advance) -> Result<Advanced, Infallible> {
///         let Some(from) = advance.from() else { return Ok(Advanced::Stale) };
///         let swapped = self.0.compare_exchange(from, advance.to(), SeqCst, SeqCst);
///         Ok(swapped.map_or(Advanced::Stale, |_| Advanced::Done))
///     }
/// }
///
/// let next = Next(AtomicU64::new(1)); // the code of counter 0 was used a moment ago
/// # let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let verdict = Hotp::new(Digits::SIX).verify(&key, "755224", Counter::new(0), LookAhead::ZERO);
/// let HotpVerdict::Match(found) = verdict else { panic!("it is the code of counter 0") };
/// assert_eq!(found.commit("alice", &next), Err(CommitError::Stale));
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
pub trait ReplayStore<Id: ?Sized> {
    /// Why it could not be decided; answered like a wrong code, but not counted as one.
    type Error;

    /// Replaces the number `from` of token `id` by `to`, if it is still `from`: compared and written in one step that
    /// nothing comes between, and durable before it returns.
    ///
    /// Where the number is a part of a record that is replaced as a whole, by a compare-and-swap of that record, it may be
    /// advanced in a copy: it is durable with the record. Then nobody is told anything before that swap is won, and after
    /// a lost one all is decided anew.
    ///
    /// ```
    /// # use pushotp_oath::{Advance, Advanced, Key, ReplayStore, Totp, Verdict, Window};
    /// # use pushotp_types::{HashAlgorithm, SecretRef, UnixTime};
    /// # use std::{convert::Infallible, sync::Mutex};
    /// /// One record: the last step that was used, and the failures since.
    /// struct Account(Mutex<(Option<u64>, u32)>);
    ///
    /// impl ReplayStore<&str> for Account {
    ///     type Error = Infallible;
    ///     fn advance(&self, _: &&str, advance: Advance) -> Result<Advanced, Infallible> {
    ///         let mut record = self.0.lock().unwrap();
    ///         if record.0 != advance.from() {
    ///             return Ok(Advanced::Stale);
    ///         }
    ///         *record = (Some(advance.to()), 0); // both or none
    ///         Ok(Advanced::Done)
    ///     }
    /// }
    ///
    /// let account = Account(Mutex::new((None, 3)));
    /// # let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// # let verdict = Totp::DEFAULT.verify(&key, "287082", UnixTime::from_secs(59), Window::ONE, None);
    /// # let Verdict::Match(found) = verdict else { panic!("it is the code of this step") };
    /// assert_eq!(account.advance(&"alice", found.advance()), Ok(Advanced::Done));
    /// assert_eq!(account.advance(&"alice", found.advance()), Ok(Advanced::Stale));
    /// assert_eq!(*account.0.lock().unwrap(), (Some(1), 0));
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    ///
    /// # Errors
    /// The store's own. If it cannot tell whether the write happened, that is an error too.
    fn advance(&self, id: &Id, advance: Advance) -> Result<Advanced, Self::Error>;
}

/// A [`ReplayStore`] that is waited for.
///
/// ```
/// use pushotp_oath::{Advance, Advanced, AsyncReplayStore};
///
/// struct Database; // of yours
///
/// impl AsyncReplayStore<str> for Database {
///     type Error = std::io::Error;
///     async fn advance(&self, id: &str, advance: Advance) -> Result<Advanced, Self::Error> {
///         let _statement = (id, advance.from(), advance.to(), advance.drift());
///         Ok(Advanced::Stale)
///     }
/// }
/// ```
pub trait AsyncReplayStore<Id: ?Sized> {
    /// As [`ReplayStore::Error`].
    type Error;

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
    /// # let row = Row(None.into());
    /// # let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890").unwrap());
    /// let verdict = Totp::DEFAULT.verify(&key, "287082", UnixTime::from_secs(59), Window::ONE, None);
    /// let Verdict::Match(found) = verdict else { panic!("it is the code of this step") };
    /// assert_eq!(row.advance(&"alice", found.advance()).await, Ok(Advanced::Done));
    /// assert_eq!(row.advance(&"alice", found.advance()).await, Ok(Advanced::Stale));
    /// # };
    /// # assert!(pin!(login).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    /// ```
    ///
    /// As [`ReplayStore::advance`].
    ///
    /// # Errors
    /// The same.
    fn advance(&self, id: &Id, advance: Advance) -> impl Future<Output = Result<Advanced, Self::Error>> + Send;
}

impl<Id: ?Sized, S: ReplayStore<Id> + ?Sized> ReplayStore<Id> for &S {
    type Error = S::Error;

    fn advance(&self, id: &Id, advance: Advance) -> Result<Advanced, S::Error> {
        (**self).advance(id, advance)
    }
}

/// The proof that a code was right and was used up with this: it comes from a commit and from nowhere else.
///
/// Ask for it where a session is opened, and no path can open one without a commit.
///
/// ```
/// use pushotp_oath::Authenticated;
///
/// fn open_session(user: Authenticated<String>) -> String {
///     format!("session of {}", user.id())
/// }
/// # let _ = open_session;
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Authenticated<Id> {
    id: Id,
}

impl<Id> Authenticated<Id> {
    /// Who.
    ///
    /// ```
    /// # use pushotp_oath::{Advance, Advanced, Counter, Hotp, HotpVerdict, Key, LookAhead, ReplayStore};
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
    /// # let (row, next) = (Row(0.into()), Counter::new(0));
    /// # let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verdict = Hotp::new(Digits::SIX).verify(&key, "755224", next, LookAhead::ZERO);
    /// let HotpVerdict::Match(found) = verdict else { panic!("it is the code of counter 0") };
    /// let user = found.commit("alice", &row).unwrap();
    /// assert_eq!(format!("{} has logged in", user.id()), "alice has logged in");
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub const fn id(&self) -> &Id {
        &self.id
    }

    /// Who, taken out.
    ///
    /// ```
    /// # use pushotp_oath::{Advance, Advanced, Counter, Hotp, HotpVerdict, Key, LookAhead, ReplayStore};
    /// # use pushotp_types::{Digits, HashAlgorithm, SecretRef};
    /// # struct Row(std::cell::Cell<u64>);
    /// # impl ReplayStore<String> for Row {
    /// #     type Error = std::convert::Infallible;
    /// #     fn advance(&self, _: &String, advance: Advance) -> Result<Advanced, Self::Error> {
    /// #         if advance.from() != Some(self.0.get()) { return Ok(Advanced::Stale) }
    /// #         self.0.set(advance.to());
    /// #         Ok(Advanced::Done)
    /// #     }
    /// # }
    /// # let (row, next) = (Row(0.into()), Counter::new(0));
    /// # let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
    /// let verdict = Hotp::new(Digits::SIX).verify(&key, "755224", next, LookAhead::ZERO);
    /// let HotpVerdict::Match(found) = verdict else { panic!("it is the code of counter 0") };
    /// let session: String = found.commit("alice".to_owned(), &row).unwrap().into_id(); // no copy
    /// assert_eq!(session, "alice");
    /// # Ok::<(), pushotp_types::SecretError>(())
    /// ```
    #[must_use]
    pub fn into_id(self) -> Id {
        self.id
    }
}

/// Why a right code authenticates nobody.
///
/// ```
/// use pushotp_oath::CommitError;
///
/// let error = CommitError::<std::io::Error>::Stale;
/// assert_eq!(error.to_string(), "the token was used in between");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError<E> {
    /// The stored number is no longer the one that verification was given: read it and verify again.
    #[error("the token was used in between")]
    Stale,
    /// The store failed: whether the code is used up is not known, and nobody is authenticated.
    #[error("the store failed")]
    Store(#[source] E),
}
