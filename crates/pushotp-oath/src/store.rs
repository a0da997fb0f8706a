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
    #[must_use]
    pub const fn from(&self) -> Option<u64> {
        self.from
    }

    /// The number to store instead; always larger.
    #[must_use]
    pub const fn to(&self) -> u64 {
        self.to
    }

    /// The drift to store in the same write; `None` for HOTP.
    #[must_use]
    pub const fn drift(&self) -> Option<Drift> {
        self.drift
    }

    /// Writes it, and so authenticates whoever `id` names: what [`Match::commit`](crate::Match::commit) does.
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
pub trait ReplayStore<Id: ?Sized> {
    /// Why it could not be decided; answered like a wrong code, but not counted as one.
    type Error;

    /// Replaces the number `from` of token `id` by `to`, if it is still `from`: compared and written in one step that
    /// nothing comes between, and durable before it returns.
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
    #[must_use]
    pub const fn id(&self) -> &Id {
        &self.id
    }

    /// Who, taken out.
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
