//! The web server's own entries in the store: sealed, as JSON, under names that the login server does not use.

use std::sync::Arc;

use pushotp::{
    KeyEncryptionKey,
    store::{Cas, DynStore, Expect, Hint, Key, Version},
    types::UnixTime,
};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{app::rng, failure::Failure};

/// What all names here begin with.
const PREFIX: &str = "web/";
const PAGE: u32 = 100;

pub(crate) struct Entries {
    pub(crate) store: Arc<dyn DynStore>,
    pub(crate) kek: Arc<dyn KeyEncryptionKey>,
}

impl Entries {
    /// The value under a name, and the version to expect when it is replaced.
    pub(crate) async fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<(T, Version)>, Failure> {
        let key = Key::new([PREFIX, name].concat())?;
        let Some(found) = self.store.get(&key).await? else { return Ok(None) };
        let plain = self.kek.open(key.as_bytes(), &found.value)?;
        Ok(Some((serde_json::from_slice(&plain)?, found.version)))
    }

    /// Writes a value if what is stored is what was expected: `false` if somebody else was faster.
    pub(crate) async fn put<T: Serialize>(
        &self,
        (name, expect): (&str, Expect),
        value: &T,
        until: Option<UnixTime>,
    ) -> Result<bool, Failure> {
        let key = Key::new([PREFIX, name].concat())?;
        let plain = Zeroizing::new(serde_json::to_vec(value)?);
        let sealed = self.kek.seal(key.as_bytes(), &plain, &mut rng())?;
        let hint = until.map_or(Hint::NONE, Hint::expires_at);
        Ok(matches!(self.store.put_if(&key, expect, Some(&sealed), hint).await?, Cas::Won(_)))
    }

    /// Removes the value, if it is still this version of it.
    pub(crate) async fn remove(&self, name: &str, version: Version) -> Result<(), Failure> {
        let key = Key::new([PREFIX, name].concat())?;
        let _ = self.store.put_if(&key, Expect::Version(version), None, Hint::NONE).await?;
        Ok(())
    }

    /// The names below `folder`, in their order. For the operator, never on the path of a login.
    pub(crate) async fn names(&self, folder: &str) -> Result<Vec<String>, Failure> {
        let prefix = [PREFIX, folder].concat();
        let mut after = Key::new(prefix.as_bytes())?;
        let mut names = Vec::new();
        loop {
            let page = self.store.scan(Some(&after), PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok(names) };
            after = last.clone();
            for (key, _) in &page {
                let Some(name) = key.as_bytes().strip_prefix(prefix.as_bytes()) else { return Ok(names) };
                names.push(String::from_utf8_lossy(name).into_owned());
            }
        }
    }

    /// 32 bytes that only a server with the keys can compute.
    pub(crate) fn mac(&self, context: &[u8], message: &[u8]) -> Result<[u8; 32], Failure> {
        Ok(self.kek.mac(context, message)?)
    }
}
