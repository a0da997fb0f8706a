use std::{future::Future, pin::Pin};

use crate::{Cas, Expect, Hint, Key, Store, StoreError, Versioned};

/// A future on the heap.
///
/// ```
/// use pushotp_store::BoxFuture;
///
/// let future: BoxFuture<'_, u8> = Box::pin(async { 7 });
/// assert_eq!(pollster::block_on(future), 7);
/// ```
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// [`Store`] for a store whose type is not known: `Arc<dyn DynStore>`.
///
/// Every [`Store`] is one; do not implement it by hand. One allocation for each operation is nothing beside a durable
/// write. The methods have the names of [`Store`]: import the one trait or the other.
///
/// ```
/// use std::sync::Arc;
/// use pushotp_store::{DynStore, Key, MemoryStore};
///
/// # pollster::block_on(async {
/// let store: Arc<dyn DynStore> = Arc::new(MemoryStore::new());
/// assert_eq!(store.get(&Key::new("account/alice")?).await?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub trait DynStore: Send + Sync {
    /// [`Store::get`].
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use pushotp_store::{DynStore, Key, MemoryStore};
    /// # pollster::block_on(async {
    /// let store: Arc<dyn DynStore> = Arc::new(MemoryStore::new());
    /// assert!(store.get(&Key::new("account/alice")?).await?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// Those of [`Store::get`].
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Versioned>, StoreError>>;

    /// [`Store::get_many`].
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use pushotp_store::{DynStore, Key, MemoryStore};
    /// # pollster::block_on(async {
    /// let store: Arc<dyn DynStore> = Arc::new(MemoryStore::new());
    /// assert_eq!(store.get_many(&[Key::new("account/alice")?]).await?, [None]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// Those of [`Store::get_many`].
    fn get_many<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Versioned>>, StoreError>>;

    /// [`Store::put_if`].
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use pushotp_store::{Cas, DynStore, Expect, Hint, Key, MemoryStore};
    /// # pollster::block_on(async {
    /// let (store, key): (Arc<dyn DynStore>, _) = (Arc::new(MemoryStore::new()), Key::new("account/alice")?);
    /// assert!(matches!(store.put_if(&key, Expect::Absent, Some(b"1"), Hint::NONE).await?, Cas::Won(_)));
    /// assert_eq!(store.put_if(&key, Expect::Absent, Some(b"2"), Hint::NONE).await?, Cas::Lost);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// Those of [`Store::put_if`].
    fn put_if<'a>(
        &'a self,
        key: &'a Key,
        expect: Expect,
        value: Option<&'a [u8]>,
        hint: Hint,
    ) -> BoxFuture<'a, Result<Cas, StoreError>>;

    /// [`Store::scan`].
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use pushotp_store::{DynStore, Expect, Hint, Key, MemoryStore};
    /// # pollster::block_on(async {
    /// let (store, key): (Arc<dyn DynStore>, _) = (Arc::new(MemoryStore::new()), Key::new("account/alice")?);
    /// let _ = store.put_if(&key, Expect::Absent, Some(b"1"), Hint::NONE).await?;
    /// assert_eq!(store.scan(None, 10).await?.len(), 1);
    /// assert!(store.scan(Some(&key), 10).await?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// Those of [`Store::scan`].
    fn scan<'a>(
        &'a self,
        after: Option<&'a Key>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<(Key, Versioned)>, StoreError>>;
}

impl<S: Store> DynStore for S {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Versioned>, StoreError>> {
        Box::pin(Store::get(self, key))
    }

    fn get_many<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Versioned>>, StoreError>> {
        Box::pin(Store::get_many(self, keys))
    }

    fn put_if<'a>(
        &'a self,
        key: &'a Key,
        expect: Expect,
        value: Option<&'a [u8]>,
        hint: Hint,
    ) -> BoxFuture<'a, Result<Cas, StoreError>> {
        Box::pin(Store::put_if(self, key, expect, value, hint))
    }

    fn scan<'a>(
        &'a self,
        after: Option<&'a Key>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<(Key, Versioned)>, StoreError>> {
        Box::pin(Store::scan(self, after, limit))
    }
}
