//! A fingerprint that nobody asks for: it stands where a real device would have its sensor.

use std::{fs, path::PathBuf};

use data_encoding::BASE64;
use pushotp::pin::{Assurance, PresenceError, PresenceKey, SoftwarePresenceKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{file, keys::rng};

/// Names the kind of key in the lock, so that none takes it for a real one.
const PROVIDER: &str = "simulated";

/// A presence key in a file of its own. Whoever has the file needs no finger.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedFinger {
    path: PathBuf,
}

impl SimulatedFinger {
    /// Beside the state; the key is made when it is first needed.
    pub(crate) fn beside(state: &std::path::Path) -> Self {
        Self { path: state.with_added_extension("finger") }
    }

    /// Once it opens nothing any more.
    pub(crate) fn forget(&self) {
        // If it stays, it opens nothing that is still in use.
        let _ = fs::remove_file(&self.path);
    }

    fn read(&self) -> Result<SoftwarePresenceKey, PresenceError> {
        let text = fs::read(&self.path).map(Zeroizing::new).map_err(|_| PresenceError::Unavailable)?;
        let bytes = BASE64.decode(text.trim_ascii()).map(Zeroizing::new).map_err(|_| PresenceError::Unavailable)?;
        let bytes = bytes.first_chunk().filter(|_| bytes.len() == 32).ok_or(PresenceError::Unavailable)?;
        Ok(SoftwarePresenceKey::from_bytes(bytes).simulating(PROVIDER, b""))
    }

    fn make(&self) -> Result<SoftwarePresenceKey, PresenceError> {
        let key = SoftwarePresenceKey::generate(&mut rng()).simulating(PROVIDER, b"");
        let text = Zeroizing::new(BASE64.encode(key.expose()));
        file::replace(&self.path, text.as_bytes()).map_err(|_| PresenceError::Unavailable)?;
        Ok(key)
    }
}

impl PresenceKey for SimulatedFinger {
    fn provider(&self) -> &str {
        PROVIDER
    }

    fn enrolment(&self) -> Vec<u8> {
        Vec::new()
    }

    fn assurance(&self) -> Assurance {
        Assurance::Software
    }

    fn wrap(&self, aad: &[u8], plain: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, PresenceError> {
        let key = if self.path.exists() { self.read()? } else { self.make()? };
        key.wrap(aad, plain, rng)
    }

    /// A real one would show the prompt, and wait for the finger.
    fn unwrap(&self, aad: &[u8], wrapped: &[u8], prompt: &str) -> Result<Zeroizing<Vec<u8>>, PresenceError> {
        self.read()?.unwrap(aad, wrapped, prompt)
    }
}
