//! The state in one file: replaced as a whole or not at all, read by its owner only.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use data_encoding::BASE64;
use pushotp::{DeviceStorage, StorageError};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{keys::KeptKeys, message::Past};

const VERSION: u32 = 1;
/// So many requests of the past are kept.
const HISTORY: usize = 20;
/// The longest file that is read, in bytes.
const MAX_LEN: u64 = 1 << 20;

#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("is in use by another authenticator")]
    InUse,
    #[error("was written by a newer version of this program")]
    Newer,
    #[error("is not a state of this program")]
    Format,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Contents {
    version: u32,
    /// Where messages go, if not where the enrolment says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    keys: KeptKeys,
    /// What the authenticator stores, in base64.
    authenticator: String,
    /// The newest first.
    #[serde(default)]
    history: Vec<Past>,
}

impl Drop for Contents {
    fn drop(&mut self) {
        self.authenticator.zeroize();
    }
}

/// The file; clones write the same one.
#[derive(Clone)]
pub(crate) struct StateFile(Arc<Inner>);

struct Inner {
    path: PathBuf,
    contents: Mutex<Option<Contents>>,
    /// Held as long as the program runs: two of them would write over each other's counts.
    _lock: File,
}

/// An enrolment as it was stored.
pub(crate) struct Stored {
    pub(crate) keys: KeptKeys,
    pub(crate) authenticator: Zeroizing<Vec<u8>>,
    pub(crate) server: Option<String>,
}

impl StateFile {
    /// Takes the file for this program, and reads it if there is one.
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        let lock = private().create(true).truncate(false).open(path.with_added_extension("lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => FileError::InUse,
            TryLockError::Error(error) => error.into(),
        })?;
        let contents = match File::open(path) {
            Ok(file) => Some(read(file)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self(Arc::new(Inner { path: path.to_owned(), contents: Mutex::new(contents), _lock: lock })))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// What was stored, if a device was enrolled.
    pub(crate) fn stored(&self) -> Result<Option<Stored>, FileError> {
        self.with(|contents| {
            let Some(contents) = contents.as_ref() else { return Ok(None) };
            let authenticator = BASE64.decode(contents.authenticator.as_bytes()).map_err(|_| FileError::Format)?;
            Ok(Some(Stored {
                keys: contents.keys.clone(),
                authenticator: Zeroizing::new(authenticator),
                server: contents.server.clone(),
            }))
        })
    }

    pub(crate) fn history(&self) -> Vec<Past> {
        self.with(|contents| contents.as_ref().map(|contents| contents.history.clone()).unwrap_or_default())
    }

    /// Writes down how a request ended; of one that stands there, how it ended after all.
    pub(crate) fn remember(&self, past: Past) -> Result<(), StorageError> {
        self.with(|contents| {
            let Some(contents) = contents else { return Ok(()) };
            match contents.history.iter_mut().find(|known| known.login == past.login) {
                Some(known) => *known = past,
                None => contents.history.insert(0, past),
            }
            contents.history.truncate(HISTORY);
            self.write(contents)
        })
    }

    /// Storage for a new enrolment. The old one, if there is one, stays until the new one is first stored.
    pub(crate) fn enrolment(&self, keys: KeptKeys, server: Option<String>) -> EnrolmentFile {
        EnrolmentFile { file: self.clone(), keys, server }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Option<Contents>) -> T) -> T {
        look(&mut self.0.contents.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, contents: &Contents) -> Result<(), StorageError> {
        let text = serde_json::to_vec_pretty(contents).map(Zeroizing::new).map_err(|_| StorageError)?;
        replace(&self.0.path, &text).map_err(|_| StorageError)
    }
}

/// Where the authenticator of one enrolment stores its state.
pub(crate) struct EnrolmentFile {
    file: StateFile,
    keys: KeptKeys,
    server: Option<String>,
}

impl DeviceStorage for EnrolmentFile {
    fn save(&mut self, state: &[u8]) -> Result<(), StorageError> {
        self.file.with(|held| {
            let history = held.as_ref().map(|held| held.history.clone()).unwrap_or_default();
            let contents = Contents {
                version: VERSION,
                server: self.server.clone(),
                keys: self.keys.clone(),
                authenticator: BASE64.encode(state),
                history,
            };
            self.file.write(&contents)?;
            *held = Some(contents);
            Ok(())
        })
    }
}

fn read(file: File) -> Result<Contents, FileError> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let mut text = Zeroizing::new(Vec::new());
    file.take(MAX_LEN).read_to_end(&mut text)?;
    let Version { version } = serde_json::from_slice(&text).map_err(|_| FileError::Format)?;
    if version > VERSION {
        return Err(FileError::Newer);
    }
    let mut contents: Contents = serde_json::from_slice(&text).map_err(|_| FileError::Format)?;
    contents.history.truncate(HISTORY);
    Ok(contents)
}

/// The new bytes reach the medium first, then take the name of the old ones, then the folder reaches it, too.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_added_extension("new");
    // One that is there was left by a crash; this program holds the lock.
    let _ = fs::remove_file(&fresh);
    let mut file = private().create_new(true).open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// For its owner only.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
