//! The device's side: its files, and what its user does.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use pushotp::{
    Authenticator, Confirming, DeviceSetup, DeviceStorage, Incoming, Prompt, Protection, SoftwareKeys, StorageError,
    pin::{Cost, Pin, PinPolicy},
    provision::enrolment,
    types::{TokenId, UnixTime},
    wire::terms::PushAddress,
};

use crate::{server::rng, story::Failure};

/// The state in one file, replaced as a whole.
pub(crate) struct StateFile(pub(crate) PathBuf);

impl DeviceStorage for StateFile {
    fn save(&mut self, state: &[u8]) -> Result<(), StorageError> {
        let fresh = self.0.with_added_extension("new");
        let replace = || -> io::Result<()> {
            write_private(&fresh, state)?;
            fs::rename(&fresh, &self.0)?;
            File::open(self.0.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))?
                .sync_all()
        };
        replace().map_err(|_| StorageError)
    }
}

/// Writes a file that only its owner can read, down to the medium.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The device reads the URI and asks to be enrolled: the message and the rest of the enrolment.
pub(crate) fn enrol(uri: &str, keys_file: &Path, now: UnixTime) -> Result<(Vec<u8>, pushotp::Enrolling), Failure> {
    let offer = enrolment::parse(uri)?;
    let keys = SoftwareKeys::generate(&mut rng());
    write_private(keys_file, keys.expose())?;
    let setup = DeviceSetup { name: "Alice's phone".into(), push: PushAddress::POLL, keys: keys.into_device_keys() };
    Ok(Authenticator::enrol(&offer, setup, now, &mut rng())?)
}

/// The codes agree: the secrets are sealed, the PIN token's with the recommended cost of Argon2id.
pub(crate) fn confirm(confirming: Confirming, state: &Path, pin: &str) -> Result<Authenticator, Failure> {
    let pins: Vec<(TokenId, Pin)> = confirming
        .tokens()
        .iter()
        .filter(|token| token.pin_protected)
        .map(|token| Ok((token.id, Pin::choose(pin, &PinPolicy::DEFAULT)?)))
        .collect::<Result<_, Failure>>()?;
    let protection = Protection { pins: &pins, cost: Cost::RECOMMENDED };
    Ok(confirming.confirm(&protection, StateFile(state.to_owned()), &mut rng())?)
}

/// The device as a restarted program finds it: from its two files.
pub(crate) fn restart(state: &Path, keys_file: &Path) -> Result<Authenticator, Failure> {
    let keys: [u8; 80] = fs::read(keys_file)?.try_into().map_err(|_| "the key file has not 80 bytes")?;
    let keys = SoftwareKeys::from_bytes(&keys).into_device_keys();
    Ok(Authenticator::load(&fs::read(state)?, keys, StateFile(state.to_owned()))?)
}

/// A push arrives that must be a login.
pub(crate) fn open(device: &mut Authenticator, push: &[u8], now: UnixTime) -> Result<Prompt, Failure> {
    match device.open(push, now)? {
        Incoming::Login(prompt) | Incoming::Again(prompt) => Ok(prompt),
        other => Err(format!("not a login: {other:?}").into()),
    }
}

/// What the screen says.
pub(crate) fn describe(prompt: &Prompt, now: UnixTime) -> Vec<String> {
    let tokens: Vec<&str> = prompt.tokens().iter().map(|token| token.name.as_str()).collect();
    vec![
        format!("{} asks: is this you, {}?", prompt.application(), prompt.user()),
        format!(
            "from {} ({}), with {}, {} s ago",
            prompt.place().unwrap_or("an unknown place"),
            prompt.ip().map_or_else(|| "no address".into(), |ip| ip.to_string()),
            prompt.client().unwrap_or("an unknown client"),
            prompt.age(now).as_secs()
        ),
        format!("tokens: {}", tokens.join(", ")),
    ]
}
