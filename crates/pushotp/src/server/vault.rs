//! Typed access to the store: account records by compare-and-swap, everything else sealed.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use pushotp_cbor::{decode, encode_secret};
use pushotp_store::{Cas, DynStore, Expect, Hint, Key, StoreError, Version, Versioned};
use rand_core::CryptoRng;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    account::AccountId,
    drain::{self, AuditSink},
    error::ServerError,
    kek::KeyEncryptionKey,
    recent::Recent,
    record::{Id, Record},
    trace,
};

/// How often a decision is made anew because somebody else wrote first.
const TRIES: u32 = 8;

/// What a decision did to the record.
pub(crate) enum Change<T> {
    /// The record must be written before `T` is told.
    Write(T),
    /// Nothing to write.
    Keep(T),
}

impl<T> Change<T> {
    /// What is told, and the bytes that must be written before, if any.
    fn encode(self, record: &mut Record, attempt: Id) -> Result<(T, Option<Vec<u8>>), ServerError> {
        match self {
            Self::Keep(told) => Ok((told, None)),
            Self::Write(told) => {
                record.last_attempt = attempt;
                Ok((told, Some(record.encode().map_err(|_| ServerError::Full("bytes"))?)))
            }
        }
    }
}

pub(crate) struct Vault {
    pub(crate) store: Arc<dyn DynStore>,
    pub(crate) kek: Arc<dyn KeyEncryptionKey>,
    pub(crate) sink: Option<Arc<dyn AuditSink>>,
    recent: Recent,
}

impl Vault {
    pub(crate) fn new(store: Arc<dyn DynStore>, kek: Arc<dyn KeyEncryptionKey>) -> Self {
        Self { store, kek, sink: None, recent: Recent::default() }
    }

    pub(crate) async fn create(&self, account: &AccountId) -> Result<(), ServerError> {
        let bytes = Record::new().encode()?;
        match self.store.put_if(&key("account", account.as_str())?, Expect::Absent, Some(&bytes), Hint::NONE).await? {
            Cas::Won(_) => Ok(()),
            Cas::Lost => Err(ServerError::AccountExists),
        }
    }

    /// An account's record as it is stored now.
    pub(crate) async fn load(&self, account: &AccountId) -> Result<Arc<Record>, ServerError> {
        let (version, record) = self.read(account).await?;
        self.recent.keep(account, version, Arc::clone(&record));
        Ok(record)
    }

    /// The same with its version, and not remembered: for whoever looks at every account.
    pub(crate) async fn read(&self, account: &AccountId) -> Result<(Version, Arc<Record>), ServerError> {
        let found = self.store.get(&key("account", account.as_str())?).await?.ok_or(ServerError::NoAccount)?;
        let record = match self.recent.get(account) {
            // A version never names two contents.
            Some((version, record)) if version == found.version => record,
            _ => Arc::new(Record::decode(&found.value)?),
        };
        Ok((found.version, record))
    }

    /// An account's record as it was lately. It decides nothing alone: another server may have written since.
    ///
    /// For what an [`update`](Self::update) needs beside the record, and compares with the record that it decides on, and
    /// for what follows one.
    pub(crate) async fn recall(&self, account: &AccountId) -> Result<Arc<Record>, ServerError> {
        match self.recent.get(account) {
            Some((_, record)) => Ok(record),
            None => self.load(account).await,
        }
    }

    /// Decides and writes until the write is won; tells nothing before that.
    ///
    /// The first decision is about the record as it was lately, and counts only if that is what the write replaces; any
    /// other, an error too, is made anew about the record as it is stored.
    ///
    /// `attempt` names the event, over all its tries: with it a write of unknown fate is recognised.
    pub(crate) async fn update<T>(
        &self,
        account: &AccountId,
        attempt: Id,
        mut decide: impl FnMut(&mut Record) -> Result<Change<T>, ServerError>,
    ) -> Result<T, ServerError> {
        let key = key("account", account.as_str())?;
        let mut lately = self.recent.take(account);
        // What a write of unknown fate would have told, and the version that it was against.
        let mut unknown: Option<(T, Version)> = None;
        for tries in 1..=TRIES + u32::from(lately.is_some()) {
            trace::tries(tries);
            let is_lately = lately.is_some();
            let loaded = match lately.take() {
                Some(lately) => Ok(lately),
                None => self.read(account).await,
            };
            // After a write of unknown fate, "nothing was written" would be true of this read only.
            let (version, record) =
                loaded.map_err(|error| if unknown.is_some() { ServerError::Unknown } else { error })?;
            let ambiguous = match unknown.take() {
                // Only one write of this attempt can have won, for all were against the same version.
                Some((told, _)) if record.carries(&attempt) => {
                    let written = record.audit.iter().filter(|event| event.attempt == attempt);
                    drain::tell(self.sink.as_ref(), account, written);
                    return Ok(told);
                }
                // Somebody wrote, and what is stored does not tell any more: fail closed.
                Some((_, before)) if before != version => return Err(ServerError::Unknown),
                other => other.is_some(),
            };
            let first = record.next_event;
            let mut record = Arc::unwrap_or_clone(record);
            let (told, bytes) = match decide(&mut record).and_then(|change| change.encode(&mut record, attempt)) {
                Ok((told, Some(bytes))) => (told, bytes),
                _ if is_lately => continue,
                Ok((told, None)) => return Ok(told),
                Err(error) => return Err(error),
            };
            match self.store.put_if(&key, Expect::Version(version), Some(&bytes), Hint::NONE).await {
                Ok(Cas::Won(version)) => {
                    let written = record.audit.iter().filter(|event| event.number >= first);
                    drain::tell(self.sink.as_ref(), account, written);
                    self.recent.keep(account, version, Arc::new(record));
                    return Ok(told);
                }
                Ok(Cas::Lost) if !ambiguous => {}
                Err(error @ StoreError::NotApplied(_)) if !ambiguous => return Err(error.into()),
                _ => unknown = Some((told, version)),
            }
        }
        Err(if unknown.is_some() { ServerError::Unknown } else { ServerError::Busy })
    }

    /// Deletes an account's record, and with it all that it decides; what it was.
    ///
    /// After a write of unknown fate an account that is gone was deleted by this, or by another who wanted the same.
    pub(crate) async fn delete(&self, account: &AccountId) -> Result<Record, ServerError> {
        let key = key("account", account.as_str())?;
        let mut unknown: Option<Record> = None;
        let _ = self.recent.take(account);
        for _ in 0..TRIES {
            let ambiguous = unknown.is_some();
            let (version, record) = match (self.read(account).await, unknown.take()) {
                (Ok((version, record)), _) => (version, Arc::unwrap_or_clone(record)),
                (Err(ServerError::NoAccount), Some(record)) => return Ok(record),
                (Err(_), Some(_)) => return Err(ServerError::Unknown),
                (Err(error), None) => return Err(error),
            };
            match self.store.put_if(&key, Expect::Version(version), None, Hint::NONE).await {
                Ok(Cas::Won(_)) => return Ok(record),
                Ok(Cas::Lost) if !ambiguous => {}
                Err(error @ StoreError::NotApplied(_)) if !ambiguous => return Err(error.into()),
                // An earlier one of these writes may still land.
                _ => unknown = Some(record),
            }
        }
        Err(if unknown.is_some() { ServerError::Unknown } else { ServerError::Busy })
    }

    /// Stores a value under `kind/name`, sealed and bound to that key; replaces what is there.
    pub(crate) async fn put_sealed<T: Serialize + ?Sized>(
        &self,
        place: (&str, &str),
        value: &T,
        rng: &mut (dyn CryptoRng + Send),
    ) -> Result<(), ServerError> {
        let key = key(place.0, place.1)?;
        let plain = encode_secret(value).map_err(|_| ServerError::Record)?;
        let sealed = self.kek.seal(key.as_bytes(), &plain, rng)?;
        for _ in 0..TRIES {
            let expect = match self.store.get(&key).await? {
                Some(found) => Expect::Version(found.version),
                None => Expect::Absent,
            };
            if let Cas::Won(_) = self.store.put_if(&key, expect, Some(&sealed), Hint::NONE).await? {
                return Ok(());
            }
        }
        Err(ServerError::Busy)
    }

    /// Stores a value under a key that must be free: `false` if it is taken.
    pub(crate) async fn insert_sealed<T: Serialize>(
        &self,
        place: (&str, &str),
        value: &T,
        rng: &mut (dyn CryptoRng + Send),
    ) -> Result<bool, ServerError> {
        let key = key(place.0, place.1)?;
        let plain = encode_secret(value).map_err(|_| ServerError::Record)?;
        let sealed = self.kek.seal(key.as_bytes(), &plain, rng)?;
        Ok(matches!(self.store.put_if(&key, Expect::Absent, Some(&sealed), Hint::NONE).await?, Cas::Won(_)))
    }

    pub(crate) async fn get_sealed<T: DeserializeOwned + Serialize>(
        &self,
        place: (&str, &str),
    ) -> Result<Option<T>, ServerError> {
        let key = key(place.0, place.1)?;
        let Some(found) = self.store.get(&key).await? else { return Ok(None) };
        self.open(&key, &found).map(Some)
    }

    /// The entries of one kind under these names, in their order, still sealed: opened when they are needed.
    pub(crate) async fn get_many(
        &self,
        kind: &str,
        names: &[String],
    ) -> Result<Vec<(Key, Option<Versioned>)>, ServerError> {
        let keys = names.iter().map(|name| key(kind, name)).collect::<Result<Vec<_>, _>>()?;
        let found = self.store.get_many(&keys).await?;
        if found.len() != keys.len() {
            return Err(ServerError::Record);
        }
        Ok(keys.into_iter().zip(found).collect())
    }

    /// What a sealed entry says.
    pub(crate) fn open<T: DeserializeOwned + Serialize>(&self, key: &Key, found: &Versioned) -> Result<T, ServerError> {
        let plain = self.kek.open(key.as_bytes(), &found.value)?;
        decode(&plain).map_err(|_| ServerError::Record)
    }

    /// Removes an entry if it is still this version of it: whether it was.
    pub(crate) async fn remove_version(&self, key: &Key, version: Version) -> Result<bool, ServerError> {
        let removed = self.store.put_if(key, Expect::Version(version), None, Hint::NONE).await?;
        Ok(matches!(removed, Cas::Won(_)))
    }

    pub(crate) async fn remove(&self, place: (&str, &str)) -> Result<(), ServerError> {
        let key = key(place.0, place.1)?;
        for _ in 0..TRIES {
            let Some(found) = self.store.get(&key).await? else { return Ok(()) };
            if let Cas::Won(_) = self.store.put_if(&key, Expect::Version(found.version), None, Hint::NONE).await? {
                return Ok(());
            }
        }
        Err(ServerError::Busy)
    }
}

fn key(kind: &str, name: &str) -> Result<Key, ServerError> {
    Key::new(format!("{kind}/{name}")).map_err(|_| ServerError::Name)
}

/// Lower-case hexadecimal, as in the names of stored entries.
pub(crate) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}
