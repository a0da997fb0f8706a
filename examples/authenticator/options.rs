use std::path::PathBuf;

use zeroize::Zeroizing;

pub(crate) const USAGE: &str = "\
usage: authenticator [--state FILE] [--enrol URI|IMAGE] [--server URL] [--name NAME] [--key file]

  --state FILE   where this device keeps what it holds [authenticator.state]
  --enrol TEXT   enrol with the text of a QR code, pushotp://enrol#…, or with a PNG or JPEG image of one. Other users of
                 the machine can see what stands in a command: rather paste it into the program
  --server URL   send there, not to the address in the enrolment
  --name NAME    what the organisation shall call this device [terminal]
  --key file     keep the device's key in FILE also where the system has a place for it";

/// What was asked for on the command line.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) state: PathBuf,
    pub(crate) enrol: Option<Zeroizing<String>>,
    pub(crate) server: Option<String>,
    pub(crate) name: String,
    /// Never the keyring of the system.
    pub(crate) key_in_file: bool,
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, &'static str> {
        let mut options = Self {
            state: "authenticator.state".into(),
            enrol: None,
            server: None,
            name: "terminal".into(),
            key_in_file: false,
        };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(USAGE);
            match argument.as_str() {
                "--state" => options.state = value()?.into(),
                "--enrol" => options.enrol = Some(Zeroizing::new(value()?)),
                "--server" => options.server = Some(value()?),
                "--name" => options.name = value()?,
                "--key" if value()? == "file" => options.key_in_file = true,
                _ => return Err(USAGE),
            }
        }
        Ok(options)
    }
}
