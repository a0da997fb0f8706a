//! The two keys that must not lie in the database: the tenant's, and the one that seals what the database holds.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use pushotp::{KeyEncryptionKey, SoftwareKek, wire::keys::ServerKey};
use zeroize::Zeroizing;

use crate::{app::rng, failure::Failure, store};

pub(crate) struct Keys {
    pub(crate) server: ServerKey,
    pub(crate) kek: Arc<dyn KeyEncryptionKey>,
}

impl Keys {
    /// Reads the file, or makes it if the database `is_new`: an old one can be read by nobody without its keys.
    pub(crate) fn open(path: &Path, is_new: bool) -> Result<Self, Failure> {
        if !path.exists() {
            if !is_new {
                let path = path.display();
                return Err(format!("{path} is missing: nothing in an old database can be read without it").into());
            }
            create(path)?;
        }
        let mut file = File::open(path)?;
        refuse_if_open_to_others(&file, path)?;
        let mut bytes = Zeroizing::new([0; 64]);
        file.read_exact(bytes.as_mut_slice()).map_err(|_| "the file of the keys is too short")?;
        let (server, kek) = bytes.split_first_chunk::<32>().ok_or("the file of the keys is too short")?;
        let kek = kek.first_chunk::<32>().ok_or("the file of the keys is too short")?;
        Ok(Self { server: ServerKey::from_bytes(server), kek: Arc::new(SoftwareKek::from_bytes(*kek)) })
    }
}

/// The file of the keys that belongs to a store, unless the command line names one.
pub(crate) fn file_of(db: &str, named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let beside = || store::file_of(db).map(|path| path.with_added_extension("keys"));
    named.or_else(beside).ok_or_else(|| "name the file of the keys: --keys FILE".into())
}

/// 64 random bytes, for their owner alone. Of two servers that start at once the first one's stay.
fn create(path: &Path) -> Result<(), Failure> {
    let mut bytes = Zeroizing::new([0; 64]);
    rand_core::Rng::fill_bytes(&mut rng(), bytes.as_mut_slice());
    let fresh = path.with_added_extension(std::process::id().to_string());
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&fresh)?;
    file.write_all(bytes.as_slice())?;
    file.sync_all()?;
    // A link takes no place that is taken, and whoever finds the file finds it whole.
    let linked = fs::hard_link(&fresh, path);
    fs::remove_file(&fresh)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn refuse_if_open_to_others(file: &File, path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    // The last six bits are what the group and others may do.
    if file.metadata()?.permissions().mode().trailing_zeros() >= 6 {
        return Ok(());
    }
    let path = path.display();
    Err(format!("others can read {path}, which holds the server's keys: chmod 600 it").into())
}

#[cfg(not(unix))]
fn refuse_if_open_to_others(_: &File, _: &Path) -> Result<(), Failure> {
    Ok(())
}
