//! The device's side: its files, and what its user does.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use pushotp::{
    Authenticator, Confirming, DeviceSetup, DeviceStorage, DeviceToken, Incoming, Outcome, Prompt, Protection,
    SoftwareKeys, StorageError,
    pin::{Cost, Pin, PinPolicy},
    provision::enrolment,
    types::{TokenId, UnixTime},
    wire::terms::{PushAddress, Status},
};

use crate::{server::rng, story::Failure};

/// The state in one file, replaced as a whole.
pub(crate) struct StateFile(pub(crate) PathBuf);

impl DeviceStorage for StateFile {
    fn save(&mut self, state: &[u8]) -> Result<(), StorageError> {
        let fresh = self.0.with_added_extension("new");
        let replace = || -> io::Result<()> {
            // One that is there was left by a crash.
            let _ = fs::remove_file(&fresh);
            create_private(&fresh, state)?;
            fs::rename(&fresh, &self.0)?;
            File::open(self.0.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))?
                .sync_all()
        };
        replace().map_err(|_| StorageError)
    }
}

/// Makes a file that only its owner can read, down to the medium. Replaces none.
pub(crate) fn create_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The file of a device's keys, beside its state.
pub(crate) fn keys_file(state: &Path) -> PathBuf {
    state.with_added_extension("keys")
}

/// Refuses a state that exists, for nothing may be replaced, and any other file that the device would write.
pub(crate) fn must_be_new(state: &Path) -> Result<(), Failure> {
    for path in [state.to_owned(), keys_file(state), state.with_added_extension("new")] {
        if path.symlink_metadata().is_ok() {
            let path = path.display();
            return Err(format!("{path} exists, it may be somebody's: name another file with --device").into());
        }
    }
    Ok(())
}

/// The device reads the URI and asks to be enrolled: the message and the rest of the enrolment.
pub(crate) fn enrol(uri: &str, state: &Path, now: UnixTime) -> Result<(Vec<u8>, pushotp::Enrolling), Failure> {
    let offer = enrolment::parse(uri)?;
    let keys = SoftwareKeys::generate(&mut rng());
    create_private(&keys_file(state), keys.expose())?;
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
    let protection = Protection { pins: &pins, presence: &[], cost: Cost::RECOMMENDED };
    Ok(confirming.confirm(&protection, StateFile(state.to_owned()), &mut rng())?)
}

/// The device as a restarted program finds it: from its two files.
pub(crate) fn restart(state: &Path) -> Result<Authenticator, Failure> {
    let keys: [u8; 80] = fs::read(keys_file(state))?.try_into().map_err(|_| "the key file has not 80 bytes")?;
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

/// The token of this name.
pub(crate) fn named(tokens: &[DeviceToken], name: &str) -> Result<TokenId, Failure> {
    let found = tokens.iter().find(|token| token.name == name);
    Ok(found.ok_or_else(|| format!("the device does not offer the token {name}"))?.id)
}

/// What the window shows while the user steps through the tokens, from the first one on to that of this name.
pub(crate) fn switch_to(tokens: &[DeviceToken], name: &str) -> Vec<String> {
    let wanted = tokens.iter().position(|token| token.name == name).unwrap_or_default();
    // The first one is on the screen already: to come back to it takes a whole round.
    let steps = if wanted == 0 { tokens.len() } else { wanted };
    let shown = tokens.iter().enumerate().cycle().take(steps + 1);
    shown.map(|(at, token)| format!("token {} of {}: {}", at + 1, tokens.len(), token.name)).collect()
}

/// What the user is told of an approval.
pub(crate) fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted { failures: 0 } => "the server confirms: you are logged in".into(),
        Outcome::Accepted { failures } => format!("the server confirms: you are logged in; failed before: {failures}"),
        Outcome::TryAgain { left, .. } => format!("the server refused the passcode, {left} tries left"),
        Outcome::Refused(Status::Expired) => "too late, start again at the login page".into(),
        Outcome::Refused(Status::Cancelled) => "the login was withdrawn".into(),
        Outcome::Refused(Status::AlreadyAnswered) => "the login was answered already".into(),
        Outcome::RetryLater(_) => "the server is busy, try again".into(),
        _ => "refused, start again at the login page".into(),
    }
}
