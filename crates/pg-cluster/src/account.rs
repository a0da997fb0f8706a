//! Whose processes they are: the caller's, or those of the account `postgres` where the caller is root.

use std::{
    fs, io,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::Path,
    process::Command,
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Account {
    /// The owner of what the caller creates is the caller.
    pub(crate) fn for_owner_of(path: &Path) -> io::Result<Option<Self>> {
        if path.metadata()?.uid() != 0 {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd")?;
        let found = accounts.lines().find_map(|line| Self::parse(line.strip_prefix("postgres:")?));
        found
            .map(Some)
            .ok_or_else(|| io::Error::other("there is no account postgres, and the server refuses to be root"))
    }

    /// After the name: password, user, group.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(':').skip(1).map(str::parse);
        Some(Self { user: fields.next()?.ok()?, group: fields.next()?.ok()? })
    }
}

/// In the folder, for the account may not enter the current one.
pub(crate) fn prepare<'a>(command: &'a mut Command, folder: &Path, account: Option<&Account>) -> &'a mut Command {
    if let Some(account) = account {
        command.uid(account.user).gid(account.group);
    }
    command.current_dir(folder).env("LC_ALL", "C")
}

/// What it wrote.
pub(crate) fn run(command: &mut Command, folder: &Path, account: Option<&Account>) -> io::Result<String> {
    let ended = prepare(command, folder, account).output()?;
    if ended.status.success() {
        return Ok(String::from_utf8_lossy(&ended.stdout).into_owned());
    }
    let program = Path::new(command.get_program()).display();
    Err(io::Error::other(format!("{program}: {}", String::from_utf8_lossy(&ended.stderr))))
}
