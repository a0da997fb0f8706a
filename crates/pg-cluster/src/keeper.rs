//! Who clears up, whatever becomes of the caller.

use std::{
    io,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::account::{self, Account};

/// A shell that waits for the end of its input, which comes when the caller lets go of it or ends in any way.
#[derive(Debug)]
pub(crate) struct Keeper(Child);

/// The folder's owner may remove what is in it. `pg_ctl` finds the server by its pid file.
const SCRIPT: &str = r#"
read -r _
"$1/pg_ctl" -D data -m immediate -w stop
cd /
rm -rf "$2"
"#;

impl Keeper {
    pub(crate) fn start(programs: &Path, folder: &Path, account: Option<&Account>) -> io::Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "keeper"]).arg(programs).arg(folder);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self(account::prepare(&mut shell, folder, account).spawn()?))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
