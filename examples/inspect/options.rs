use std::{ffi::OsString, path::PathBuf};

use data_encoding::HEXLOWER_PERMISSIVE;
use pushotp_provision::{KdfLimits, Policy};
use zeroize::Zeroizing;

use crate::failure::Failure;

pub(crate) const USAGE: &str = "usage: inspect [OPTION]... FILE|-

Tells what a provisioning text or file is, and prints a JSON array with an object for each token. FILE may hold a key
URI, the text of a QR code, a bare secret, a PSKC container, a CSV or seed file, or the export of an authenticator app.

The exit status is 0 if every record was read, 1 if some were refused or could not be written, 2 if the format is not
known or the whole cannot be used, which is explained on standard error.

  --policy app|server   app (the default) takes what other apps take and warns; server guesses nothing
  --password-file FILE  the password of an encrypted file is the first line of FILE; a key derivation may then take 1 GiB
                        with the policy app
  --key-hex KEY         the pre-shared key of a PSKC file; with --to pskc it encrypts what is written as well
  --show-secrets        adds the secret to each object
  --to FORMAT           json (the default), or the same tokens as otpauth, pskc, oath-csv, entra-csv or duo-csv: all but
                        json hold the secrets; duo-csv holds no names, and tokens of the first one's type only
  --help
";

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Json,
    Otpauth,
    Pskc,
    OathCsv,
    EntraCsv,
    DuoCsv,
}

const TARGETS: [(&str, Target); 6] = [
    ("json", Target::Json),
    ("otpauth", Target::Otpauth),
    ("pskc", Target::Pskc),
    ("oath-csv", Target::OathCsv),
    ("entra-csv", Target::EntraCsv),
    ("duo-csv", Target::DuoCsv),
];

/// What the command line asks for.
pub(crate) enum Request {
    Help,
    Inspect(Options),
}

pub(crate) struct Options {
    pub(crate) policy: Policy,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) key: Option<Zeroizing<Vec<u8>>>,
    pub(crate) show_secrets: bool,
    pub(crate) to: Target,
    /// Nothing for standard input.
    pub(crate) file: Option<PathBuf>,
}

impl Options {
    /// Options and the file in any order; `--name value` and `--name=value`; nothing but a file after `--`.
    pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Request, Failure> {
        let mut given = Given::default();
        let mut arguments = (1..).zip(arguments);
        let mut only_files = false;
        while let Some((place, argument)) = arguments.next() {
            let text = argument.to_str().filter(|text| !only_files && text.starts_with("--"));
            let Some(text) = text else {
                // A name of a file may be anything.
                set("FILE", &mut given.file, argument).map_err(|_| Failure::File)?;
                continue;
            };
            let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
            let mut value = |name| match value {
                Some(value) => Ok(OsString::from(value)),
                None => arguments.next().map(|(_, value)| value).ok_or(Failure::NoValue(name)),
            };
            match name {
                "--" => only_files = true,
                "--help" => return Ok(Request::Help),
                "--show-secrets" if text == name => given.show_secrets = true,
                "--policy" => set("--policy", &mut given.policy, policy(&utf8(value("--policy")?, place)?)?)?,
                "--to" => set("--to", &mut given.to, target(&utf8(value("--to")?, place)?)?)?,
                "--key-hex" => set("--key-hex", &mut given.key, key(&utf8(value("--key-hex")?, place)?)?)?,
                "--password-file" => {
                    set("--password-file", &mut given.password_file, value("--password-file")?.into())?;
                }
                _ => return Err(Failure::Unknown(place)),
            }
        }
        given.finish().map(Request::Inspect)
    }
}

#[derive(Default)]
struct Given {
    policy: Option<Policy>,
    password_file: Option<PathBuf>,
    key: Option<Zeroizing<Vec<u8>>>,
    show_secrets: bool,
    to: Option<Target>,
    file: Option<OsString>,
}

impl Given {
    fn finish(self) -> Result<Options, Failure> {
        let file = self.file.ok_or(Failure::File)?;
        Ok(Options {
            policy: self.policy.unwrap_or_else(app),
            password_file: self.password_file,
            key: self.key,
            show_secrets: self.show_secrets,
            to: self.to.unwrap_or(Target::Json),
            file: (file != "-").then(|| file.into()),
        })
    }
}

fn set<T>(name: &'static str, place: &mut Option<T>, value: T) -> Result<(), Failure> {
    if place.replace(value).is_some() { Err(Failure::Repeated(name)) } else { Ok(()) }
}

fn utf8(value: OsString, place: usize) -> Result<Zeroizing<String>, Failure> {
    value.into_string().map(Zeroizing::new).map_err(|_| Failure::NotUtf8(place))
}

/// Whoever names a password means to open the file, and can stop the program: Ente's highest level takes a gibibyte.
fn app() -> Policy {
    Policy::app().kdf_limits(KdfLimits { argon2_bytes: 1 << 30, ..KdfLimits::default() })
}

fn policy(name: &str) -> Result<Policy, Failure> {
    match name {
        "app" => Ok(app()),
        "server" => Ok(Policy::server()),
        _ => Err(Failure::Not("--policy", "app or server")),
    }
}

fn target(name: &str) -> Result<Target, Failure> {
    let known = TARGETS.iter().find(|(known, _)| *known == name);
    known.map(|(_, target)| *target).ok_or(Failure::Not("--to", "a format that can be written; --help lists them"))
}

fn key(hex: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).map(Zeroizing::new).map_err(|_| Failure::Not("--key-hex", "hexadecimal"))
}
