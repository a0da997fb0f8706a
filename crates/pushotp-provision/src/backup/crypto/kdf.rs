use alloc::vec::Vec;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::{Zeroize, Zeroizing};

use super::Opening;
use crate::{Error, KdfLimits, KdfUnit, Part, Warning};

/// A key of AES-256 or ChaCha20.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// A key derivation with its cost.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kdf {
    Pbkdf2Sha1 { iterations: u64 },
    Pbkdf2Sha256 { iterations: u64 },
    Pbkdf2Sha512 { iterations: u64 },
    Scrypt { n: u64, r: u64, p: u64 },
    Argon2id { kib: u64, passes: u64, lanes: u64 },
}

const NOT_VALID: Error = Error::Invalid(Part::Field("cost of the key derivation"));

impl Kdf {
    /// Derives the key, unless it costs more than the policy permits.
    pub(super) fn derive(self, opening: &mut Opening<'_>, salt: &[u8]) -> Result<Key, Error> {
        self.permit(&opening.policy.kdf)?;
        if self.is_weak() {
            opening.warnings.add(Warning::WeakKdf);
        }
        let mut key = Key::default();
        match self {
            Self::Pbkdf2Sha1 { iterations } => {
                pbkdf2::pbkdf2_hmac::<Sha1>(opening.password, salt, int(iterations)?, key.as_mut_slice());
            }
            Self::Pbkdf2Sha256 { iterations } => {
                pbkdf2::pbkdf2_hmac::<Sha256>(opening.password, salt, int(iterations)?, key.as_mut_slice());
            }
            Self::Pbkdf2Sha512 { iterations } => {
                pbkdf2::pbkdf2_hmac::<Sha512>(opening.password, salt, int(iterations)?, key.as_mut_slice());
            }
            Self::Scrypt { n, r, p } => {
                let log_n = u8::try_from(n.ilog2()).map_err(|_| NOT_VALID)?;
                let params = scrypt::Params::new(log_n, int(r)?, int(p)?).map_err(|_| NOT_VALID)?;
                scrypt::scrypt(opening.password, salt, &params, key.as_mut_slice()).map_err(|_| NOT_VALID)?;
            }
            Self::Argon2id { kib, passes, lanes } => {
                let params = Params::new(int(kib)?, int(passes)?, int(lanes)?, Some(32)).map_err(|_| NOT_VALID)?;
                argon2id(opening.password, salt, params, &mut key)?;
            }
        }
        Ok(key)
    }

    /// Judges the cost. A file chooses it, so its products may overflow.
    fn permit(self, limits: &KdfLimits) -> Result<(), Error> {
        let at_most = |needed: u64, limit: u64, unit| {
            if needed > limit { Err(Error::KdfTooExpensive { needed, unit }) } else { Ok(()) }
        };
        match self {
            Self::Pbkdf2Sha1 { iterations } | Self::Pbkdf2Sha256 { iterations } | Self::Pbkdf2Sha512 { iterations } => {
                if iterations == 0 {
                    return Err(NOT_VALID);
                }
                at_most(iterations, limits.pbkdf2_iterations, KdfUnit::Iterations)
            }
            Self::Scrypt { n, r, p } => {
                if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 {
                    return Err(NOT_VALID);
                }
                at_most(p, limits.scrypt_parallelism.into(), KdfUnit::Lanes)?;
                at_most(n.saturating_mul(r).saturating_mul(128), limits.scrypt_bytes, KdfUnit::Bytes)?;
                // RFC 7914, section 2. It also bounds what the lanes take together.
                at_most(r.saturating_mul(p).saturating_mul(128), limits.scrypt_bytes, KdfUnit::Bytes)?;
                if r.saturating_mul(p) < 1 << 30 { Ok(()) } else { Err(NOT_VALID) }
            }
            Self::Argon2id { kib, passes, lanes } => {
                if passes == 0 || lanes == 0 {
                    return Err(NOT_VALID);
                }
                at_most(passes, limits.argon2_passes.into(), KdfUnit::Iterations)?;
                at_most(kib.saturating_mul(1024), limits.argon2_bytes, KdfUnit::Bytes)
            }
        }
    }

    /// Below what is recommended for passwords today by more than an order of magnitude.
    const fn is_weak(self) -> bool {
        match self {
            Self::Pbkdf2Sha1 { iterations } | Self::Pbkdf2Sha256 { iterations } | Self::Pbkdf2Sha512 { iterations } => {
                iterations < 50_000
            }
            Self::Scrypt { n, r, .. } => n.saturating_mul(r) < 1 << 14,
            Self::Argon2id { kib, .. } => kib < 4096,
        }
    }
}

fn int(number: u64) -> Result<u32, Error> {
    u32::try_from(number).map_err(|_| NOT_VALID)
}

/// In memory of its own, which is wiped; where there is not as much, the derivation is too expensive.
fn argon2id(password: &[u8], salt: &[u8], params: Params, key: &mut Key) -> Result<(), Error> {
    let mut blocks: Vec<Block> = Vec::new();
    let count = params.block_count();
    let needed = u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(1024);
    let too_expensive = |_| Error::KdfTooExpensive { needed, unit: KdfUnit::Bytes };
    blocks.try_reserve_exact(count).map_err(too_expensive)?;
    blocks.resize(count, Block::default());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let derived = argon2.hash_password_into_with_memory(password, salt, key.as_mut_slice(), &mut blocks);
    blocks.zeroize();
    derived.map_err(|_| Error::Invalid(Part::Field("salt")))
}
