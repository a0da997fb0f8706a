use std::path::PathBuf;

/// What the command line says.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The server's SQLite file, or the URL of a PostgreSQL database; a fresh temporary file without it.
    pub(crate) db: Option<String>,
    /// The server's keys, if not in the file beside the database.
    pub(crate) keys: Option<PathBuf>,
    /// The device's state; a temporary file without it.
    pub(crate) device: Option<PathBuf>,
    /// A person does it.
    pub(crate) interactive: bool,
    /// One line per step.
    pub(crate) quiet: bool,
}

const USAGE: &str = "usage: push_login [--db DB] [--keys FILE] [--device FILE] [--interactive | --quiet]
  --db DB        the login server's database: an SQLite file, or postgres://USER@HOST/DATABASE; one of an earlier run gets a
                 new user
  --keys FILE    the login server's keys; without it DB.keys beside an SQLite file, and keys for this run with PostgreSQL
  --device FILE  the device's state, with its keys in FILE.keys; must not exist yet
  --interactive  you are the user: choose the token, type number and PIN, approve, deny, report
  --quiet        one line per step";

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, &'static str> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--db" => options.db = Some(arguments.next().ok_or(USAGE)?),
                "--keys" => options.keys = Some(arguments.next().ok_or(USAGE)?.into()),
                "--device" => options.device = Some(arguments.next().ok_or(USAGE)?.into()),
                "--interactive" => options.interactive = true,
                "--quiet" => options.quiet = true,
                _ => return Err(USAGE),
            }
        }
        // Who is asked has to see what about.
        if options.interactive && options.quiet { Err(USAGE) } else { Ok(options) }
    }
}
