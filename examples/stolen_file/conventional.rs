//! The file of an app as most are: the secret encrypted under a key that comes from the PIN, with a tag.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, aead::Aead};
use pushotp::pin::Cost;
use rand_core::Rng as _;
use zeroize::Zeroizing;

use crate::{owner::rng, story::Failure};

/// What is in the file.
pub(crate) struct Conventional {
    cost: Cost,
    salt: [u8; 16],
    nonce: [u8; 12],
    ciphertext: Vec<u8>,
}

impl Conventional {
    pub(crate) fn seal(secret: &[u8], pin: &str, cost: Cost) -> Result<Self, Failure> {
        let mut sealed = Self { cost, salt: [0; 16], nonce: [0; 12], ciphertext: Vec::new() };
        rng().fill_bytes(&mut sealed.salt);
        rng().fill_bytes(&mut sealed.nonce);
        let key = Stretch::new(cost)?.key(pin, &sealed.salt)?;
        let cipher = ChaCha20Poly1305::new((&*key).into());
        sealed.ciphertext = cipher.encrypt(&sealed.nonce.into(), secret).map_err(|_| "not encrypted")?;
        Ok(sealed)
    }

    /// The secret, or that the PIN is wrong: this answer is all that a thief needs.
    pub(crate) fn open(&self, pin: &str, stretch: &mut Stretch) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let key = stretch.key(pin, &self.salt)?;
        let cipher = ChaCha20Poly1305::new((&*key).into());
        Ok(cipher.decrypt(&self.nonce.into(), self.ciphertext.as_slice()).ok().map(Zeroizing::new))
    }

    pub(crate) const fn cost(&self) -> Cost {
        self.cost
    }
}

/// Argon2id at one cost, in memory that is kept from guess to guess.
pub(crate) struct Stretch {
    argon2: Argon2<'static>,
    memory: Vec<Block>,
}

impl Stretch {
    pub(crate) fn new(cost: Cost) -> Result<Self, Failure> {
        let params = Params::new(cost.memory_kib(), cost.passes(), cost.lanes(), Some(32))?;
        let memory = vec![Block::new(); params.block_count()];
        Ok(Self { argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params), memory })
    }

    pub(crate) fn key(&mut self, pin: &str, salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, Failure> {
        let mut key = Zeroizing::new([0; 32]);
        self.argon2.hash_password_into_with_memory(pin.as_bytes(), salt, key.as_mut_slice(), &mut self.memory)?;
        Ok(key)
    }
}
