use std::path::PathBuf;

/// What the command line says.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The server's SQLite file; a fresh temporary one without it.
    pub(crate) db: Option<PathBuf>,
    /// The device's state; a temporary file without it.
    pub(crate) device: Option<PathBuf>,
    /// A person does it.
    pub(crate) interactive: bool,
    /// One line per step.
    pub(crate) quiet: bool,
}

const USAGE: &str = "usage: push_login [--db FILE] [--device FILE] [--interactive | --quiet]
  --db FILE      the login server's SQLite file, with its keys in FILE.keys; a file of an earlier run gets a new user
  --device FILE  the device's state, with its keys in FILE.keys; must not exist yet
  --interactive  you are the user: choose the token, type number and PIN, approve, deny, report
  --quiet        one line per step";

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, &'static str> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--db" => options.db = Some(arguments.next().ok_or(USAGE)?.into()),
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
