use std::{net::SocketAddr, path::PathBuf, time::Duration};

use pushotp::ServerPolicy;

/// What the command line says.
#[derive(Debug)]
pub(crate) struct Options {
    /// Where the state lies: a path, `sqlite:PATH` or a URL of PostgreSQL.
    pub(crate) db: String,
    pub(crate) listen: SocketAddr,
    /// The public address, if a proxy stands in front.
    pub(crate) url: Option<String>,
    /// The file of the keys, if it is not the one beside the database.
    pub(crate) keys: Option<PathBuf>,
    /// The folder of the authenticator in a browser, if it is not where it was built.
    pub(crate) device: Option<PathBuf>,
    /// How long things are open.
    pub(crate) policy: ServerPolicy,
    /// What happens goes to standard error.
    pub(crate) verbose: bool,
}

const USAGE: &str = "usage: login_server [--db DB] [--listen ADDR] [--url URL] [--keys FILE] [--device DIR]
                    [--challenge-seconds N] [--offer-seconds N] [--verbose]
  --db DB        the database: an SQLite file, or postgres://USER@HOST/DATABASE; without it login_server.db
  --listen ADDR  127.0.0.1:8088; port 0 takes a free one
  --url URL      the public address, such as https://login.example.com, if a proxy stands in front
  --keys FILE    the server's keys; without it the database's name and .keys; servers that share a\n                 database share this, too
  --device DIR   the authenticator for a browser, as examples/web_device/build leaves it in the target folder
  --challenge-seconds N  how long a request to the phone is open: 120, at most 600
  --offer-seconds N      how long the code for a new phone is good: 600, at most 3600
  --verbose      what happens goes to standard error";

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, &'static str> {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8088));
        let (db, policy) = ("login_server.db".into(), ServerPolicy::default());
        let mut options = Self { db, listen, url: None, keys: None, device: None, policy, verbose: false };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().filter(|value| !value.is_empty()).ok_or(USAGE);
            match argument.as_str() {
                "--db" => options.db = value()?,
                "--listen" => options.listen = value()?.parse().map_err(|_| USAGE)?,
                "--url" => options.url = Some(value()?),
                "--keys" => options.keys = Some(value()?.into()),
                "--device" => options.device = Some(value()?.into()),
                "--challenge-seconds" => options.policy.challenge_life = seconds(&value()?, 600)?,
                "--offer-seconds" => options.policy.offer_life = seconds(&value()?, 3600)?,
                "--verbose" => options.verbose = true,
                _ => return Err(USAGE),
            }
        }
        Ok(options)
    }
}

/// A whole number of seconds, from one on.
fn seconds(text: &str, longest: u64) -> Result<Duration, &'static str> {
    text.parse().ok().filter(|seconds| (1..=longest).contains(seconds)).map(Duration::from_secs).ok_or(USAGE)
}
