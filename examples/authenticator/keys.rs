//! The device's keys: in the kernel's keyring where there is one, else in the file.

use data_encoding::BASE64;
use getrandom::{SysRng, rand_core::UnwrapErr};
#[cfg(target_os = "linux")]
use pushotp::wire::signer::Ed25519Signer;
use pushotp::{DeviceKeys, SoftwareKeys};
#[cfg(target_os = "linux")]
use pushotp_keyring::{KeyringKey, Ring};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

/// The system's generator.
pub(crate) fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// Why there are no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoKeys {
    /// As after a restart of the machine.
    Gone,
    Unreadable,
}

/// What the file says of the keys.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kept")]
pub(crate) enum KeptKeys {
    /// The 80 bytes of [`SoftwareKeys`], in base64.
    InFile { bytes: String },
    /// The seed of the key that signs, and the id of the one that locks, both in base64.
    InKeyring { signer: String, id: String },
}

impl Drop for KeptKeys {
    fn drop(&mut self) {
        let (Self::InFile { bytes: secret } | Self::InKeyring { signer: secret, .. }) = self;
        secret.zeroize();
    }
}

impl KeptKeys {
    /// Fresh keys, in the best place that there is.
    pub(crate) fn generate(in_file: bool) -> (Self, DeviceKeys) {
        #[cfg(target_os = "linux")]
        if !in_file && let Some(generated) = in_keyring() {
            return generated;
        }
        let _ = in_file;
        let keys = SoftwareKeys::generate(&mut rng());
        (Self::InFile { bytes: BASE64.encode(keys.expose()) }, keys.into_device_keys())
    }

    /// The keys of an earlier start.
    pub(crate) fn open(&self) -> Result<DeviceKeys, NoKeys> {
        match self {
            Self::InFile { bytes } => {
                let keys = SoftwareKeys::from_bytes(&*decode(bytes)?);
                Ok(keys.into_device_keys())
            }
            #[cfg(target_os = "linux")]
            Self::InKeyring { signer, id } => {
                let unlock = KeyringKey::open(Ring::User, *decode(id)?).map_err(|_| NoKeys::Gone)?;
                Ok(DeviceKeys::new(Ed25519Signer::from_bytes(&*decode(signer)?), unlock))
            }
            #[cfg(not(target_os = "linux"))]
            Self::InKeyring { .. } => Err(NoKeys::Gone),
        }
    }

    /// Takes the key out of the keyring: whatever it locked opens no more.
    pub(crate) fn erase(&self) {
        #[cfg(target_os = "linux")]
        if let Self::InKeyring { id, .. } = self
            && let Ok(id) = decode(id)
            && let Ok(mut key) = KeyringKey::open(Ring::User, *id)
        {
            // If it stays, it locks nothing that is still in use.
            let _ = pushotp::pin::DeviceKey::erase(&mut key);
        }
    }

    /// Where the key is and what that is worth, for the person.
    pub(crate) const fn words(&self) -> &'static str {
        match self {
            Self::InFile { .. } => {
                "In the same file. Whoever copies the file has the key, too, and needs only your PIN. Do not share it \
                 or back it up."
            }
            Self::InKeyring { .. } => {
                "In the keyring of this system, not in the file: a copy of the file is worth nothing. It is gone after \
                 a restart of the machine; then enrol again."
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn in_keyring() -> Option<(KeptKeys, DeviceKeys)> {
    use rand_core::Rng as _;

    let unlock = KeyringKey::generate(Ring::User, &mut rng()).ok()?;
    let mut seed = Zeroizing::new([0; 32]);
    rng().fill_bytes(seed.as_mut_slice());
    let id = BASE64.encode(&pushotp::pin::DeviceKey::id(&unlock));
    let kept = KeptKeys::InKeyring { signer: BASE64.encode(seed.as_slice()), id };
    Some((kept, DeviceKeys::new(Ed25519Signer::from_bytes(&seed), unlock)))
}

fn decode<const N: usize>(text: &str) -> Result<Zeroizing<[u8; N]>, NoKeys> {
    let bytes = BASE64.decode(text.as_bytes()).map(Zeroizing::new).map_err(|_| NoKeys::Unreadable)?;
    <[u8; N]>::try_from(bytes.as_slice()).map(Zeroizing::new).map_err(|_| NoKeys::Unreadable)
}
