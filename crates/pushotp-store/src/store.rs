use std::{future::Future, sync::Arc};

use crate::{Cas, Expect, Hint, Key, StoreError, Versioned};

/// Three operations over bytes, each a single statement in every engine; all that a login server needs. A fourth,
/// [`get_many`](Self::get_many), is there to be asked once where it would be asked often.
///
/// What every implementation promises, and the `conformance!` suite tests:
///
/// * Each operation takes effect at one instant between its call and its reply, for all handles, processes and machines
///   alike (it is linearizable): no lagging replica, no cache.
/// * Of any number of `put_if` that expect the same version at most one is won.
/// * A reply of [`Cas::Won`] means that the write outlives a crash, as far as the store outlives anything.
/// * Versions never repeat for a key, see [`Version`](crate::Version).
/// * A future that is dropped leaves the store usable; its write has happened, will happen, or never does.
///
/// The futures need no particular runtime and may be awaited on any thread. A store reads no clock and draws no random
/// numbers. Where the type of the store is not known, use [`DynStore`](crate::DynStore).
///
/// ```
/// use pushotp_store::{Cas, Expect, Hint, Key, MemoryStore, Store};
///
/// # pollster::block_on(async {
/// let (store, key) = (MemoryStore::new(), Key::new("account/alice")?);
/// let Cas::Won(first) = store.put_if(&key, Expect::Absent, Some(b"1"), Hint::NONE).await? else { panic!() };
/// assert_eq!(store.get(&key).await?.unwrap().value, b"1");
///
/// // Two want to replace what both have read: one of them has to look again.
/// let expect = Expect::Version(first);
/// assert!(matches!(store.put_if(&key, expect, Some(b"2"), Hint::NONE).await?, Cas::Won(_)));
/// assert_eq!(store.put_if(&key, expect, Some(b"3"), Hint::NONE).await?, Cas::Lost);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub trait Store: Send + Sync {
    /// What is stored under `key` now.
    ///
    /// ```
    /// # use pushotp_store::{Expect, Hint, Key, MemoryStore, Store};
    /// # pollster::block_on(async {
    /// let (store, key) = (MemoryStore::new(), Key::new("account/alice")?);
    /// assert_eq!(store.get(&key).await?, None);
    /// let _ = store.put_if(&key, Expect::Absent, Some(b""), Hint::NONE).await?;
    /// assert_eq!(store.get(&key).await?.unwrap().value, b""); // empty is not absent
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`StoreError::NotApplied`] if it cannot be read.
    fn get(&self, key: &Key) -> impl Future<Output = Result<Option<Versioned>, StoreError>> + Send;

    /// What is stored under each of these keys, in their order; a key may occur twice.
    ///
    /// It is what [`get`](Self::get) says of each, between the call and the reply, and not of all at the same instant.
    /// Unless a store knows better, it asks once for each key.
    ///
    /// ```
    /// # use pushotp_store::{Expect, Hint, Key, MemoryStore, Store};
    /// # pollster::block_on(async {
    /// let (store, keys) = (MemoryStore::new(), [Key::new("secret/1")?, Key::new("secret/2")?]);
    /// let _ = store.put_if(&keys[1], Expect::Absent, Some(b"2"), Hint::NONE).await?;
    /// let found = store.get_many(&keys).await?;
    /// assert!(found[0].is_none());
    /// assert_eq!(found[1].as_ref().unwrap().value, b"2");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`StoreError::NotApplied`] if one of them cannot be read.
    fn get_many(&self, keys: &[Key]) -> impl Future<Output = Result<Vec<Option<Versioned>>, StoreError>> + Send {
        async move {
            let mut found = Vec::with_capacity(keys.len());
            for key in keys {
                found.push(self.get(key).await?);
            }
            Ok(found)
        }
    }

    /// Writes `value` if what is stored is what was expected; `None` deletes.
    ///
    /// To delete what is absent is won and changes nothing.
    ///
    /// ```
    /// # use pushotp_store::{Cas, Expect, Hint, Key, MemoryStore, Store};
    /// # pollster::block_on(async {
    /// let (store, key) = (MemoryStore::new(), Key::new("challenge/7")?);
    /// let won = store.put_if(&key, Expect::Absent, Some(b"open"), Hint::NONE).await?;
    /// let Cas::Won(version) = won else { panic!("nothing was there") };
    /// // It is answered twice at the same time; who deletes it has answered.
    /// assert!(matches!(store.put_if(&key, Expect::Version(version), None, Hint::NONE).await?, Cas::Won(_)));
    /// assert_eq!(store.put_if(&key, Expect::Version(version), None, Hint::NONE).await?, Cas::Lost);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`StoreError::NotApplied`] if certainly nothing was written, such as for a value beyond
    /// [`MAX_VALUE`](crate::MAX_VALUE); [`StoreError::Unknown`] if nobody knows.
    fn put_if(
        &self,
        key: &Key,
        expect: Expect,
        value: Option<&[u8]>,
        hint: Hint,
    ) -> impl Future<Output = Result<Cas, StoreError>> + Send;

    /// One page of what is stored, in the order of the keys, from the first key greater than `after`.
    ///
    /// A page has at most `limit` entries and at most [`MAX_PAGE`](crate::MAX_PAGE), and may be shorter for the store's
    /// own reasons. Only an empty page for a `limit` above zero means that nothing follows. Entries that nobody touches
    /// while the pages are read occur exactly once. `after` need not exist: the keys of a prefix follow the prefix.
    ///
    /// For sweeping, audit and export; never on the path of a login.
    ///
    /// ```
    /// # use pushotp_store::{Expect, Hint, Key, MemoryStore, Store};
    /// # pollster::block_on(async {
    /// let store = MemoryStore::new();
    /// for name in ["account/bob", "account/alice", "kid/1"] {
    ///     let _ = store.put_if(&Key::new(name)?, Expect::Absent, Some(b"1"), Hint::NONE).await?;
    /// }
    /// let (mut after, mut names) = (None, Vec::new());
    /// loop {
    ///     let page = store.scan(after.as_ref(), 2).await?;
    ///     let Some((last, _)) = page.last() else { break };
    ///     after = Some(last.clone());
    ///     names.extend(page.into_iter().map(|(key, _)| key));
    /// }
    /// assert_eq!(names, [Key::new("account/alice")?, Key::new("account/bob")?, Key::new("kid/1")?]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`StoreError::NotApplied`] if the page cannot be read.
    fn scan(
        &self,
        after: Option<&Key>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<(Key, Versioned)>, StoreError>> + Send;
}

/// Handles to one store in one process.
impl<S: Store> Store for Arc<S> {
    fn get(&self, key: &Key) -> impl Future<Output = Result<Option<Versioned>, StoreError>> + Send {
        S::get(self, key)
    }

    fn get_many(&self, keys: &[Key]) -> impl Future<Output = Result<Vec<Option<Versioned>>, StoreError>> + Send {
        S::get_many(self, keys)
    }

    fn put_if(
        &self,
        key: &Key,
        expect: Expect,
        value: Option<&[u8]>,
        hint: Hint,
    ) -> impl Future<Output = Result<Cas, StoreError>> + Send {
        S::put_if(self, key, expect, value, hint)
    }

    fn scan(
        &self,
        after: Option<&Key>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<(Key, Versioned)>, StoreError>> + Send {
        S::scan(self, after, limit)
    }
}
