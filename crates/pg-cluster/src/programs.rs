//! Where the server's programs are.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Debian keeps them out of the path, a folder for each version. The newest counts.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The folder that holds all of them.
pub(crate) fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    debian().or_else(|| env::split_paths(&path).find(|folder| is_complete(folder)))
}

fn debian() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).ok()?.flatten();
    let number = |folder: &Path| folder.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    versions.map(|version| version.path().join("bin")).filter(|bin| is_complete(bin)).max_by_key(|bin| number(bin))
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres", "psql"].iter().all(|program| folder.join(program).is_file())
}
