//! The thief at home, with the files: every PIN of four digits, as fast as he can.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use pushotp::{
    Authenticator, MemoryStorage, SoftwareKeys,
    pin::{Arena, Blob, Cost, MemoryAttempts, Pin, SoftwareKey},
};
use pushotp_oath::{DataInput, Key, OcraSuite, Question};
use pushotp_types::{HashAlgorithm, Secret};

use crate::{
    conventional::{Conventional, Stretch},
    owner::START,
    story::Failure,
};

/// How many PINs there are.
pub(crate) const PINS: u32 = 10_000;

/// All PINs of four digits, in order.
pub(crate) fn pins() -> impl Iterator<Item = String> {
    (0..PINS).map(|pin| format!("{pin:04}"))
}

/// What was copied from the phone, also what a good key store would have kept back.
pub(crate) struct Loot {
    state: Vec<u8>,
    keys: [u8; 80],
}

impl Loot {
    pub(crate) fn new((state, keys): (Vec<u8>, Vec<u8>)) -> Result<Self, Failure> {
        Ok(Self { state, keys: keys.try_into().map_err(|_| "the key file has not 80 bytes")? })
    }

    /// The stolen phone as it was: as often as the thief likes, since he has the files.
    pub(crate) fn phone(&self) -> Result<Authenticator, Failure> {
        let keys = SoftwareKeys::from_bytes(&self.keys).into_device_keys();
        Ok(Authenticator::load(&self.state, keys, MemoryStorage::default())?)
    }

    /// The key that takes part in each unlocking, and its id: behind the signing key.
    fn unlocking_key(&self) -> Result<SoftwareKey, Failure> {
        let (key, id) = self.keys.get(32..).and_then(|rest| rest.split_first_chunk::<32>()).ok_or("no key")?;
        Ok(SoftwareKey::from_bytes(*id.first_chunk().ok_or("no id")?, key))
    }

    /// The token's locked secret, which begins with its magic: of what stands there, one length makes a blob.
    pub(crate) fn blob(&self) -> Result<Blob, Failure> {
        let at =
            self.state.windows(6).position(|part| part == b"\x85\x44OPP1").ok_or("no locked secret in the file")?;
        let from = self.state.get(at..).unwrap_or_default();
        let blob = (1..=from.len().min(Blob::MAX_LEN)).find_map(|len| Blob::decode(from.get(..len)?).ok());
        Ok(blob.ok_or("the locked secret is damaged")?)
    }
}

/// What trying PINs at a file that shows a wrong one came to.
pub(crate) struct Found {
    pub(crate) pin: String,
    pub(crate) guesses: u32,
    pub(crate) took: Duration,
}

/// Tries one PIN after the other until one opens the file of an app as most are.
pub(crate) fn search(file: &Conventional) -> Result<Found, Failure> {
    let mut stretch = Stretch::new(file.cost())?;
    let start = Instant::now();
    for (guesses, pin) in (1..).zip(pins()) {
        if file.open(&pin, &mut stretch)?.is_some() {
            return Ok(Found { pin, guesses, took: start.elapsed() });
        }
    }
    Err("no PIN opens the conventional file".into())
}

/// What trying every PIN at a camouflaged file came to.
pub(crate) struct Opened {
    /// In the order of the PINs.
    pub(crate) secrets: Vec<Secret>,
    pub(crate) took: Duration,
}

/// Opens the file with every PIN there is.
pub(crate) fn open_all(loot: &Loot) -> Result<Opened, Failure> {
    let (blob, device, mut arena) = (loot.blob()?, loot.unlocking_key()?, Arena::new());
    let start = Instant::now();
    let secrets = pins().map(|pin| open(&blob, &device, &pin, &mut arena)).collect::<Result<_, _>>()?;
    Ok(Opened { secrets, took: start.elapsed() })
}

/// The secret of one PIN. The phone's count of attempts does not stop a thief, who begins a new one each time.
fn open(blob: &Blob, device: &SoftwareKey, pin: &str, arena: &mut Arena) -> Result<Secret, Failure> {
    let attempts = MemoryAttempts::new();
    blob.arm(&attempts, device)?;
    let candidate = blob.begin(&attempts, device, START)?.open(&Pin::entered(pin)?, device, arena)?;
    Ok(Secret::new(candidate.secret().expose())?)
}

impl Opened {
    /// How many different secrets there are.
    pub(crate) fn distinct(&self) -> usize {
        self.secrets.iter().map(Secret::expose).collect::<HashSet<_>>().len()
    }

    /// The passcode of a PIN's secret for a login.
    pub(crate) fn passcode(&self, pin: usize, login: &[u8; 32]) -> Result<String, Failure> {
        let key = Key::new(HashAlgorithm::Sha256, self.secrets.get(pin).ok_or("no such PIN")?);
        let code = OcraSuite::PUSH.generate(&key, &DataInput::new(Question::Hash(login)))?;
        Ok(code.expose().to_owned())
    }
}

/// How long one guess takes here at the recommended cost, in memory that was used before.
pub(crate) fn recommended_guess() -> Result<Duration, Failure> {
    let mut stretch = Stretch::new(Cost::RECOMMENDED)?;
    stretch.key("0000", &[7; 16])?;
    let start = Instant::now();
    stretch.key("0001", &[7; 16])?;
    Ok(start.elapsed())
}
